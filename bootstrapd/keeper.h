/**
 * keeper.h - the process that keeps the keys and talks to no device: PKCS#11
 * module, ledger, policies, and the control socket.
 *
 * It decides, and it commits the row of every decision before anything leaves
 * it. When it dies the supervisor starts another one on the same links; the
 * workers ask again.
 */
#ifndef BOOTSTRAPD_KEEPER_H
#define BOOTSTRAPD_KEEPER_H

#include "config.h"

enum {
	INSTANCE_TEXT = 17 /**< 16 hex digits and NUL: one run of the daemon */
};

struct keeper_args {
	const struct config *config;
	const char *instance;
	bool first; /**< not a replacement of one that died */
	int links[WORKERS_MAX]; /**< the keeper's ends */
	unsigned link_count;
	int control; /**< listening socket, -1: none */
	int supervisor; /**< pipe to the supervisor */
	bool as_root; /**< become config->user_keeper */
};

/** What the keeper writes to the supervisor, one byte each. */
enum keeper_note {
	KEEPER_READY = 'R',
	KEEPER_ALIVE = 'A',
	KEEPER_PIN_REFUSED = 'P', /**< end the daemon: never tried again */
	KEEPER_STOP = 'S', /**< an operator says stop */
	KEEPER_RELOADING = 'L', /**< ended by KEEPER_RELOADED, */
	KEEPER_RELOADED = 'D', /**< however it went */
	KEEPER_HALTED = 'H', /**< a rollout was halted; until */
	KEEPER_NOT_HALTED = 'G', /**< it goes on, or is over */
};

/** Runs until SIGNAL_END and returns the exit code. */
int keeper_run(const struct keeper_args *args);

#endif
