/**
 * output.h - a file that is there whole or not at all: written without a name
 * (or under another, where the file system has no such files) and with mode
 * 0600 (0644 where it is public), then given its own. Or standard output.
 */
#ifndef TOOL_OUTPUT_H
#define TOOL_OUTPUT_H

#include "base/rc.h"
#include "base/span.h"

struct output {
	const char *path; /**< borrowed; NULL: standard output */
	char *temp; /**< its other name, owned; NULL: none yet */
	int fd; /**< -1: none */
	bool force;
	/** Set behind output_begin: it need not last when it has its name;
	 *  output_settle makes many last at once. */
	bool later;
};

/**
 * Begin `path` (NULL or "-": standard output). What is there already is never
 * touched without `force`, and only a regular file with it. Every failure of
 * these calls has been said on stderr when they return.
 * Returns an exit code: EX_OK, EX_CANTCREAT.
 */
MUST_CHECK int output_begin(struct output *o, const char *path, bool force);

/** The same for what anybody may read: mode 0644. */
MUST_CHECK int output_begin_public(
    struct output *o, const char *path, bool force);

/**
 * Write everything and make it durable, not yet under its name. For standard
 * output this does nothing: output_commit writes. EX_OK, EX_IOERR.
 */
MUST_CHECK int output_write(struct output *o, struct span bytes);

/** A part of what is to be written, for who has not all of it at once; in the
 *  end output_write and output_commit, of nothing. EX_OK, EX_IOERR. */
MUST_CHECK int output_more(struct output *o, struct span bytes);

/** Give it its name. EX_OK, EX_CANTCREAT, EX_IOERR. */
MUST_CHECK int output_commit(struct output *o, struct span bytes);

/** Make all that was written below `folder` last. EX_OK, EX_IOERR. */
MUST_CHECK int output_settle(const char *folder);

/** Take away what output_commit has not named. Harmless afterwards. */
void output_end(struct output *o);

#endif
