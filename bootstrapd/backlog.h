/**
 * backlog.h - bytes that a socket has not taken yet, in their order. Bounded,
 * and wiped as they leave: plain CoAP carries keys.
 */
#ifndef BOOTSTRAPD_BACKLOG_H
#define BOOTSTRAPD_BACKLOG_H

#include "base/rc.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { BACKLOG_MAX = 128 << 10 /**< bytes */ };

/** Zero before first use. */
struct backlog {
	uint8_t *bytes; /**< owned */
	size_t cap, start, len; /**< bytes; `len` wait, from `start` on */
};

void backlog_fini(struct backlog *b);

/** Append, copied. Errors: RC_FULL (beyond BACKLOG_MAX), RC_MEMORY. */
MUST_CHECK enum rc backlog_put(struct backlog *b, struct span bytes);

/** All that waits; borrowed until the next call. */
struct span backlog_span(const struct backlog *b);

/** The first `len` bytes of it are gone. */
void backlog_drop(struct backlog *b, size_t len);

#endif
