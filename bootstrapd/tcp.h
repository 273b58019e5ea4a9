/**
 * tcp.h - the daemon's TCP sockets: listening ones are opened by the
 * supervisor, one for each worker (SO_REUSEPORT spreads the connections), and
 * each connection belongs to the worker that has accepted it.
 *
 * An IPv6 socket takes IPv4 connections too: `[::]` is for all. Accepted
 * sockets have TCP_NODELAY and keepalive from their listener: a worker sets no
 * options.
 */
#ifndef BOOTSTRAPD_TCP_H
#define BOOTSTRAPD_TCP_H

#include "base/address.h"

/**
 * Open, bind and listen. `bound` receives the real address (port 0: what was
 * free). Errors: RC_IO (errno says why), RC_CONFLICT (in use by another
 * program).
 */
MUST_CHECK enum rc tcp_listen(const struct address *where, bool reuse_port,
    int *fd, struct address *bound);

/**
 * The next connection. Errors: RC_AGAIN (none has come), RC_FULL (none can be
 * had as long as descriptors or memory are short, though one may wait).
 */
MUST_CHECK enum rc tcp_accept(int fd, int *out, struct address *from);

/** What has come, at most `cap` bytes, at least one. Errors: RC_AGAIN,
 *  RC_NOT_FOUND (the peer says no more), RC_IO (it is gone). */
MUST_CHECK enum rc tcp_read(int fd, uint8_t *buf, size_t cap, size_t *len);

/** Send what the socket takes now; `taken` may be less, or nothing. Errors:
 *  RC_IO (the peer is gone). */
MUST_CHECK enum rc tcp_write(int fd, struct span bytes, size_t *taken);

/** We say no more (FIN). */
void tcp_finish(int fd);
void tcp_close(int fd);

#endif
