/**
 * worker.h - the process that talks to devices and keeps no keys. One per
 * core, each with its own sockets; it parses hostile bytes inside a jail and
 * asks the keeper for everything that matters.
 */
#ifndef BOOTSTRAPD_WORKER_H
#define BOOTSTRAPD_WORKER_H

#include "config.h"
#include "dtls/cid.h"

struct worker_args {
	unsigned index;
	const struct config *config;
	/** One socket for each of config->listen, opened by the supervisor. */
	int sockets[LISTENERS_MAX];
	struct dtls_cid_key cid_key; /**< of all workers the same */
	int keeper; /**< this worker's end of the link */
	int idle; /**< pipe to the supervisor: its number, once drained */
	bool as_root; /**< become config->user_worker */
};

/** Runs until SIGNAL_END (drains first) and returns the exit code. */
int worker_run(const struct worker_args *args);

#endif
