/**
 * image_inspect.h - what image_inspect.c, which shows images to people, and
 * image_inspect_json.c, which does to machines, have in common.
 */
#ifndef TOOL_IMAGE_INSPECT_H
#define TOOL_IMAGE_INSPECT_H

#include "hsm/cert.h"
#include "image_files.h"
#include "image_reader.h"
#include "tool.h"

/** As what a value is shown. */
enum inspect_as {
	INSPECT_PLAIN,
	INSPECT_SECRET, /**< length and fingerprint alone */
	INSPECT_CERTIFICATE,
};

/** Of an entry of an image that was read; INSPECT_CERTIFICATE: `cert` is
 *  filled. */
enum inspect_as inspect_as(const struct image_reader *m,
    const struct lwm2m_entry *e, struct cert *cert);

/** The keyed fingerprint that the ledger has of a pre-shared key, in hex; "":
 *  a key of less than 16 bytes has none, and other secrets are no such key. */
const char *inspect_fingerprint(const struct image_reader *m,
    const struct lwm2m_entry *e, char out[static HEX_TEXT_MAX]);

/** Which sums were compared: of the formats that were found, in words. */
void inspect_sums(const struct image_reader *m, struct writer *w);

/** One object a line on stdout. */
void inspect_json(const struct image_file *f, const struct image_reader *m);

#endif
