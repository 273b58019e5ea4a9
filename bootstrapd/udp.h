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

/** What is taken, or sent, by one system call. */
enum { UDP_BATCH = 32 };

/**
 * Take what has come, up to UDP_BATCH datagrams; returns how many. They stay
 * for udp_get until the next call: a process has one thread for its sockets.
 */
unsigned udp_receive(int fd);

/** The i-th of them. False: it is dropped, being too long or from nowhere. */
bool udp_get(unsigned i, struct address *from, struct span *datagram);

/** Copied, and on its way with udp_flush at the latest; longer ones than
 *  UDP_DATAGRAM_MAX are dropped. A full socket buffer loses the datagram, as a
 *  network would. */
void udp_send(int fd, const struct address *to, struct span datagram);
void udp_flush(void);

#endif
