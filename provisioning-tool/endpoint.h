/**
 * endpoint.h - an endpoint client name as it is typed.
 */
#ifndef TOOL_ENDPOINT_H
#define TOOL_ENDPOINT_H

#include "base/rc.h"

/** Can `--endpoint` be one that a device sends? EX_OK, EX_USAGE (said). */
MUST_CHECK int endpoint_option(const char *endpoint);

#endif
