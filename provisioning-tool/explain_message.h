/**
 * explain_message.h - one CoAP message told: its bytes in hex, what is secret
 * as XX, and what they say. Of --wire.
 */
#ifndef TOOL_EXPLAIN_MESSAGE_H
#define TOOL_EXPLAIN_MESSAGE_H

#include "base/json_out.h"
#include "base/secret.h"
#include "cost/wire.h"

enum {
	/** Of a body in blocks, which is told with its last one. */
	MESSAGE_BODY_MAX = SECRET_MAX,
};

/** A body that comes in blocks, and the other one of the same length. */
struct message_body {
	uint8_t *bytes, *other; /**< owned, MESSAGE_BODY_MAX each */
	size_t len;
	int format; /**< Content-Format; -1: none */
	char path[64]; /**< what the request goes to */
};

/** Zeroed memory is an empty one. Errors: RC_MEMORY. */
MUST_CHECK enum rc message_body_init(struct message_body *b);
void message_body_fini(struct message_body *b);

/** The n-th message. `b` gathers what comes in blocks. */
void message_tell(
    FILE *f, size_t n, const struct cost_message *m, struct message_body *b);
/** The same as an object of a list. */
void message_json(struct json_out *j, size_t n, const struct cost_message *m,
    struct message_body *b);

#endif
