/**
 * socket.h - a connected UDP socket to where a Server URI points.
 */
#ifndef DEVICE_SOCKET_H
#define DEVICE_SOCKET_H

#include "base/rc.h"
#include "base/span.h"

/**
 * coap://HOST[:PORT] or coaps://HOST[:PORT], HOST a name, an IPv4 address or an
 * IPv6 address in brackets; default ports 5683 and 5684. `secure` says which
 * of the two it must be.
 * Errors: RC_MALFORMED (no such URI, or of the other kind), RC_NOT_FOUND (no
 * such host), RC_IO.
 */
MUST_CHECK enum rc socket_to(struct span uri, bool secure, int *fd);

#endif
