/**
 * outbox.h - frames that wait to be sent on a stream, one after another, and
 * leave in pieces of any size. Internal to lib/coap.
 *
 * What waits is bounded: a peer that asks and does not read fills it, and then
 * is told no. Memory is taken as it is needed, and wiped as it is given up,
 * because answers may carry keys.
 */
#ifndef COAP_OUTBOX_H
#define COAP_OUTBOX_H

#include "coap/frame.h"

struct outbox {
	uint8_t *buf; /**< owned */
	size_t cap; /**< bytes */
	size_t start; /**< of the first byte that waits */
	size_t len; /**< bytes that wait */
	size_t max; /**< bytes that may wait */
	size_t left; /**< of the first frame, not yet taken */
	bool begun; /**< a part of the first frame has left */
};

void outbox_init(struct outbox *o, size_t max);
void outbox_fini(struct outbox *o);

/** Let `m` wait behind the others. Errors: RC_FULL (no room beside what waits;
 *  RC_TOO_LARGE: nor ever), RC_MEMORY, RC_BUG (`m` cannot be encoded). */
MUST_CHECK enum rc outbox_put(struct outbox *o, const struct coap_message *m);

/** Drop all but the rest of a frame that has begun, and let `m` be the last,
 *  whatever the bound. Without memory for it, nothing follows. */
void outbox_end(struct outbox *o, const struct coap_message *m);

/** Append as much as `w` has room for. False: nothing waits, or no room. */
bool outbox_take(struct outbox *o, struct writer *w);

/** Drop all, for a stream that nobody reads any more. */
void outbox_clear(struct outbox *o);

#endif
