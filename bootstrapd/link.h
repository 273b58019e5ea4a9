/**
 * link.h - one end of the socket pair between a worker and the keeper.
 *
 * The supervisor keeps both ends of every pair open, so a link survives the
 * death of either side: the replacement inherits it, and what was lost is
 * asked again.
 */
#ifndef BOOTSTRAPD_LINK_H
#define BOOTSTRAPD_LINK_H

#include "question.h"

/** Make a pair of non-blocking, close-on-exec ends. Errors: RC_IO. */
MUST_CHECK enum rc link_pair(int ends[static 2]);

/** Send one question. Buffers that held keys are wiped.
 *  Errors: RC_AGAIN (the other side is behind: ask again later), RC_IO,
 *  RC_TOO_LARGE. */
MUST_CHECK enum rc link_send(int fd, const struct question *q);

/**
 * Receive one. Spans in `q` borrow from a buffer of the link until the next
 * call; the caller ends with question_fini.
 * Errors: RC_AGAIN (none), RC_MALFORMED, RC_UNSUPPORTED, RC_MEMORY, RC_IO.
 */
MUST_CHECK enum rc link_receive(int fd, struct question *q);

#endif
