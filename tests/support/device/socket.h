/**
 * socket.h - a connected UDP socket to where a Server URI points.
 */
#ifndef DEVICE_SOCKET_H
#define DEVICE_SOCKET_H

#include "base/rc.h"
#include "base/span.h"

/**
 * By a URI as uri.h reads it. `secure` says which of the two schemes it must
 * have.
 * Errors: RC_MALFORMED (no such URI, or of the other kind), RC_NOT_FOUND (no
 * such host), RC_IO.
 */
MUST_CHECK enum rc socket_to(struct span uri, bool secure, int *fd);

#endif
