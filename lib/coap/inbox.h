/**
 * inbox.h - the frames of a stream, whole, out of bytes that come in any
 * pieces (RFC 8323 section 3.2). Internal to lib/coap.
 *
 * A frame that came in one piece is shown where it lies. One in several is
 * gathered in memory that grows with what has come, never with what its header
 * announces: a peer pays for what it takes from us.
 */
#ifndef COAP_INBOX_H
#define COAP_INBOX_H

#include "coap/frame.h"

/** All zero is an empty one. */
struct inbox {
	uint8_t *buf; /**< owned: a frame that came in pieces */
	size_t len; /**< bytes of it that are here */
	size_t cap; /**< bytes */
	bool shown; /**< it is whole and was shown */
	struct span rest; /**< borrowed: what was not looked at */
};

/** New bytes, borrowed until inbox_next() says RC_AGAIN. False: those before
 *  were not read to their end. */
bool inbox_put(struct inbox *in, struct span bytes);

/**
 * The next whole frame, borrowed until the next call. `rest_max` as for
 * coap_frame_measure(). Errors: RC_AGAIN (all bytes are used up: wait for
 * more); RC_MALFORMED, RC_TOO_LARGE (the stream cannot be read on), RC_MEMORY.
 */
MUST_CHECK enum rc inbox_next(
    struct inbox *in, size_t rest_max, struct span *frame);

void inbox_fini(struct inbox *in);

#endif
