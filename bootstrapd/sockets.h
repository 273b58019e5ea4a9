/**
 * sockets.h - what the supervisor opens before anybody is jailed: the UDP
 * and listening TCP sockets of all workers, and the control socket.
 */
#ifndef BOOTSTRAPD_SOCKETS_H
#define BOOTSTRAPD_SOCKETS_H

#include "config.h"
#include "dtls/cid.h"

/**
 * One socket for each worker on each listener, fds[worker][listener]; port 0
 * is settled by the first. Says in the log where the daemon listens.
 * Errors: RC_IO, RC_CONFLICT (logged with the configuration's line).
 */
MUST_CHECK enum rc sockets_open(
    const struct config *c, int fds[][LISTENERS_MAX]);

/**
 * Let the records of a device that has changed its address find its worker
 * (steer.h), on each DTLS listener. Where the kernel cannot, that is said, once.
 */
void sockets_steer(const struct config *c, int fds[][LISTENERS_MAX],
    const struct dtls_cid_key *key);

/**
 * The control socket, mode 0660, owned by the keeper's user; -1 when none is
 * configured. A file that a killed daemon left behind is replaced.
 * Errors: RC_IO, RC_CONFIG (logged).
 */
MUST_CHECK enum rc sockets_control(
    const struct config *c, bool as_root, int *out);

#endif
