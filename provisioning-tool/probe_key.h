/**
 * probe_key.h - the key of the device on the bench, out of a file.
 */
#ifndef TOOL_PROBE_KEY_H
#define TOOL_PROBE_KEY_H

#include "base/secret.h"
#include "options.h"

/** From --psk-file (its bytes) or --key-hex-file; none of them: the empty
 *  secret. What is wrong has been said. EX_OK, EX_USAGE, EX_NOINPUT,
 *  EX_DATAERR, EX_SOFTWARE. */
MUST_CHECK int probe_key_read(const struct options *o, struct secret *out);

#endif
