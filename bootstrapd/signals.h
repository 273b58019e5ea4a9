/**
 * signals.h - what the supervisor says to its children by signal.
 *
 * SIGTERM, SIGINT and SIGHUP are for the supervisor alone: a terminal sends
 * them to a whole process group, a service manager to a whole control group,
 * and a child that obeyed would hear everything twice. Children keep those
 * blocked, and take these by descriptor. Each means one thing only, because two
 * of a kind that wait are one.
 */
#ifndef BOOTSTRAPD_SIGNALS_H
#define BOOTSTRAPD_SIGNALS_H

#include <signal.h>

enum {
	SIGNAL_END = SIGUSR1, /**< worker: cancel what runs, end; keeper: end */
	SIGNAL_DRAIN = SIGUSR2, /**< worker: what runs may end, no more */
	SIGNAL_RELOAD = SIGUSR2, /**< keeper: load the policies again */
};

#endif
