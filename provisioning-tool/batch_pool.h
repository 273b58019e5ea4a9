/**
 * batch_pool.h - threads that mint a group of jobs, each with a connection to
 * the ledger of its own. Two share a session of the token: while one waits for
 * it, the other encodes what it was given.
 */
#ifndef TOOL_BATCH_POOL_H
#define TOOL_BATCH_POOL_H

#include "batch_job.h"
#include "buffer_station.h"

enum {
	BATCH_SESSIONS_MAX = 64,
	/** Threads for each of them. */
	BATCH_THREADS_EACH = 2,
};

struct batch_pool;

/**
 * `r`, `token`, `buffer` (where accounts come from, unsealed; NULL: the token) and
 * `ledger` (its path; NULL: none) are borrowed. The token's own session is not
 * used. Said on stderr. EX_OK, EX_UNAVAILABLE, EX_IOERR,
 * EX_DATAERR, EX_SOFTWARE.
 */
MUST_CHECK int batch_pool_start(const struct image_recipe *r,
    const struct token *token, const struct buffer *buffer, const char *ledger,
    unsigned sessions, struct batch_pool **out);

/** Begin a group. Not before the one before has been waited for. */
void batch_pool_begin(
    struct batch_pool *p, struct batch_job *jobs, size_t count);
/** All of the group are done, or one has a fault that stops the run, and then
 *  the rest is left. Harmless without a group. */
void batch_pool_wait(struct batch_pool *p);

/** Harmless with NULL. */
void batch_pool_free(struct batch_pool *p);

#endif
