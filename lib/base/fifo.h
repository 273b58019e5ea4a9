/**
 * fifo.h - bytes of a stream that wait, in their order: for a socket that has
 * not taken them yet, or for the rest of a record. Memory is taken as it is
 * needed, and wiped as it is given up, because plain CoAP carries keys.
 */
#ifndef BASE_FIFO_H
#define BASE_FIFO_H

#include "base/rc.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/** Zero before first use. */
struct fifo {
	uint8_t *bytes; /**< owned */
	size_t cap, start, len; /**< bytes; `len` wait, from `start` on */
};

void fifo_fini(struct fifo *f);

/** Append, copied. Errors: RC_FULL (more than `max` would wait), RC_MEMORY;
 *  then nothing has changed. */
MUST_CHECK enum rc fifo_put(struct fifo *f, struct span bytes, size_t max);

/** All that waits; borrowed until the next call. */
struct span fifo_span(const struct fifo *f);

/** The first `len` bytes of it are gone. */
void fifo_drop(struct fifo *f, size_t len);

#endif
