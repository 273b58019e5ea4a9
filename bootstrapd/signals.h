/**
 * signals.h - what the supervisor says to its children by signal.
 *
 * SIGTERM, SIGINT and SIGHUP are for the supervisor alone: a terminal sends
 * them to a whole process group, a service manager to a whole control group,
 * and a child that obeyed would hear everything twice. Children keep those
 * blocked, and take these two by descriptor.
 */
#ifndef BOOTSTRAPD_SIGNALS_H
#define BOOTSTRAPD_SIGNALS_H

#include <signal.h>

enum {
	/** Worker: drain; the second time, end. Keeper: end. */
	SIGNAL_END = SIGUSR1,
	SIGNAL_RELOAD = SIGUSR2, /**< keeper: load the policies again */
};

#endif
