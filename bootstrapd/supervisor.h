/**
 * supervisor.h - the process that holds the sockets and the links, starts
 * keeper and workers, and replaces whichever of them dies. It reads the
 * configuration and nothing else; it parses nothing from the network.
 */
#ifndef BOOTSTRAPD_SUPERVISOR_H
#define BOOTSTRAPD_SUPERVISOR_H

#include "config.h"

/** Run the daemon in the foreground until SIGTERM or SIGINT. `config` is
 *  borrowed. Returns the exit code. */
int supervisor_run(const struct config *config);

#endif
