/**
 * request.h - what a device may ask of us, as a table of routes: `POST /bs`,
 * `GET /bspack` (LwM2M Core 6.1.7; bootstrap.md section 4).
 *
 * Pure: a message goes in, a decision comes out.
 */
#ifndef BOOTSTRAPD_REQUEST_H
#define BOOTSTRAPD_REQUEST_H

#include "bootstrap/reason.h"
#include "coap/message.h"

enum request_kind {
	REQUEST_ANSWER, /**< answer with `code` at once; nothing more */
	REQUEST_BOOTSTRAP, /**< a Bootstrap-Request: ask the keeper */
};

struct request {
	enum request_kind kind;
	uint8_t code; /**< REQUEST_ANSWER */
	/* REQUEST_BOOTSTRAP */
	enum reason fault; /**< what is wrong with it already */
	bool has_endpoint;
	struct span endpoint; /**< borrowed from the message */
	int32_t pct; /**< -1: not there */
};

void request_read(const struct coap_message *m, struct request *out);

/** The Content-Formats for Writes, in the order to try, by `pct` (-1: none);
 *  ended by -1. `out` takes `cap` of them (bootstrap.md 4.1, encodings.md
 *  section 2). */
void request_formats(int32_t pct, int *out, size_t cap);

#endif
