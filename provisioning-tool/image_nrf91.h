/**
 * image_nrf91.h - the two halves of the format nrf91-at: what image_nrf91_at.c
 * writes, image_nrf91_read.c reads.
 */
#ifndef TOOL_IMAGE_NRF91_H
#define TOOL_IMAGE_NRF91_H

#include "image_format.h"

enum {
	NRF91_TYPE_CA = 0,
	NRF91_TYPE_CERTIFICATE = 1,
	NRF91_TYPE_KEY = 2,
	NRF91_TYPE_PSK = 3,
	NRF91_TYPE_IDENTITY = 4,
	NRF91_TAG_MAX = 2147483647,
};

/** What PEM calls them. */
#define NRF91_CERTIFICATE "CERTIFICATE"
#define NRF91_KEY "PRIVATE KEY"

/** The credentials of one instance of /0. */
struct nrf91_credentials {
	bool bootstrap;
	bool known; /**< it says which it is */
	int64_t mode;
	struct span identity, server, key; /**< /0/x/3, 4, 5; .p NULL: none */
};

/** Append the whole script. Errors: as image_format.write; `why`: static text,
 *  or left as it is. */
MUST_CHECK enum rc nrf91_script(const struct image *image,
    const struct image_geometry *g, struct writer *w, const char **why);

/** See image_format.read. */
MUST_CHECK enum rc image_nrf91_read(struct span bytes, struct image_reading *r);

#endif
