/**
 * policies.h - the policy documents as a verb opens them. Failures have been
 * said on stderr when a call returns; exit codes.
 */
#ifndef TOOL_POLICIES_H
#define TOOL_POLICIES_H

#include "issue/rules.h"

/**
 * Load the documents at `path` and the files that they name; findings of a set
 * that cannot be used are printed. Both results are owned. EX_OK, EX_DATAERR,
 * EX_SOFTWARE.
 */
MUST_CHECK int policies_load(
    const char *path, struct policy_set **set, struct issue_rules **rules);

/** The name of the i-th of a list of documents. */
typedef const char *(*policies_name_fn)(const void *list, size_t i);

/** No document of that kind ("identity document") has the name `wanted`: say so
 *  with the nearest that there is. Returns EX_DATAERR. */
int policies_no_name(const char *path, const char *kind, const char *wanted,
    const void *list, size_t count, policies_name_fn name_of);

#endif
