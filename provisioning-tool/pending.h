/**
 * pending.h - a file of secret bytes that outlives a crash before it has its
 * name: they are durable beside the place first, in ".NAME.pending", mode 0600.
 * Whoever comes again finds them there, and by the ledger whether they count.
 * One process at a time has it (flock).
 */
#ifndef TOOL_PENDING_H
#define TOOL_PENDING_H

#include "base/secret.h"

struct pending {
	const char *path; /**< borrowed: the name that it is for */
	char *beside; /**< owned */
	int fd; /**< -1: none */
};

/**
 * Open what is pending for `path`, or make it, and lock it. `bytes` receives
 * what is there: empty where nothing was. Every failure of these calls has been
 * said on stderr. EX_OK, EX_CANTCREAT, EX_TEMPFAIL (another process has it),
 * EX_SOFTWARE.
 */
MUST_CHECK int pending_open(
    struct pending *p, const char *path, struct secret *bytes);

/** Write `bytes` in the place of what is there; durable. EX_OK, EX_IOERR. */
MUST_CHECK int pending_write(struct pending *p, struct span bytes);

/** Give it its name; `force`: also where that exists. What fails leaves it
 *  pending. EX_OK, EX_CANTCREAT, EX_IOERR. */
MUST_CHECK int pending_commit(struct pending *p, bool force);

/** Take it away. */
void pending_drop(struct pending *p);

/** Let go of it as it is. Harmless twice, and with fd -1. */
void pending_end(struct pending *p);

#endif
