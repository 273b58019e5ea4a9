/**
 * policy_trust.h - signed sets in the tool: `policy check --trust`, and what
 * `policy manifest` gives to be signed.
 */
#ifndef TOOL_POLICY_TRUST_H
#define TOOL_POLICY_TRUST_H

#include "base/diag.h"
#include "options.h"
#include "policy/set.h"

/** Do --trust and --threshold go together? Returns an exit code, and has said
 *  what is wrong. */
MUST_CHECK int policy_trust_options(const struct options *o);

/**
 * Where --trust is given: is the set of `path` signed as it asks? Findings go
 * to `d`; else RC_OK. Errors: RC_CONFIG, RC_MEMORY.
 */
MUST_CHECK enum rc policy_trust_check(const struct options *o, const char *path,
    const struct policy_set *set, struct diag *d);

#endif
