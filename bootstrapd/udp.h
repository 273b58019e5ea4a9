/**
 * udp.h - the daemon's UDP sockets: opened by the supervisor, used by one
 * worker each (SO_REUSEPORT spreads the peers over the workers by address).
 *
 * An answer leaves from the address that the request came to (IP_PKTINFO),
 * because LwM2M clients use connected sockets.
 */
#ifndef BOOTSTRAPD_UDP_H
#define BOOTSTRAPD_UDP_H

#include "base/address.h"

enum { UDP_DATAGRAM_MAX = 2048 /**< bytes read; longer ones are dropped */ };

/**
 * Open and bind. `bound` receives the real address (port 0: what was free).
 * Errors: RC_IO (errno says why), RC_CONFLICT (in use by another program).
 */
MUST_CHECK enum rc udp_open(const struct address *where, bool reuse_port,
    int *fd, struct address *bound);

/** One datagram. Errors: RC_AGAIN (none), RC_TOO_LARGE (dropped), RC_IO. */
MUST_CHECK enum rc udp_receive(
    int fd, struct address *from, void *buf, size_t cap, size_t *len);

/** A full socket buffer loses the datagram, as a network would. */
void udp_send(int fd, const struct address *to, struct span datagram);

#endif
