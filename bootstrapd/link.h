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

enum {
	LINK_WITH_MAX = 64, /**< bytes of a packet with a descriptor */
};

/** Make a pair of non-blocking, close-on-exec ends. Errors: RC_IO. */
MUST_CHECK enum rc link_pair(int ends[static 2]);

/**
 * Send one question: it leaves with link_flush at the latest, in its place
 * behind those before it. What the other side has no room for then is lost, as
 * it is when a process dies: whoever waits for an answer asks again.
 * Errors: RC_TOO_LARGE, RC_MEMORY.
 */
MUST_CHECK enum rc link_send(int fd, const struct question *q);
/** Send what was gathered, by one system call a link, and wipe it. */
void link_flush(void);

/**
 * Send a question with a descriptor at once, behind what was gathered for that
 * link. The other side gets a copy of it; `passed` is borrowed.
 * Errors: RC_AGAIN (no room: again later), RC_TOO_LARGE (LINK_WITH_MAX), RC_IO.
 */
MUST_CHECK enum rc link_send_with(int fd, const struct question *q, int passed);

/**
 * Receive one. Spans in `q` borrow from a buffer of the link until the next
 * call; the caller ends with question_fini.
 * Errors: RC_AGAIN (none), RC_MALFORMED, RC_UNSUPPORTED, RC_MEMORY, RC_IO.
 */
MUST_CHECK enum rc link_receive(int fd, struct question *q);

/**
 * The same, and the descriptor that came with it; -1: none. Owned, whatever is
 * returned. link_receive() takes none: the sender is not to fill our table.
 */
MUST_CHECK enum rc link_receive_with(int fd, struct question *q, int *passed);

#endif
