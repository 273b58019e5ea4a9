/**
 * server_uri.h - the URI of a server as it goes into /0/x/0: `coap://HOST:PORT`
 * or `coaps://HOST:PORT` (LwM2M Transport, "Server URI"), at most 255 bytes.
 */
#ifndef TOOL_SERVER_URI_H
#define TOOL_SERVER_URI_H

#include "base/span.h"

/**
 * NULL when `uri` can be written for a device that secures its transport
 * (`secure`) or does not; else what is wrong with it, in words.
 */
const char *server_uri_fault(const char *uri, bool secure);

#endif
