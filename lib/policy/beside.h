/**
 * beside.h - what lies beside the documents of a policy set and is no part of
 * it: its MANIFEST, and the signatures of that.
 */
#ifndef POLICY_BESIDE_H
#define POLICY_BESIDE_H

#include "base/arena.h"

/** The folder of documents that were loaded from `path`, as source.h has it:
 *  "policies.d/", or "". In `a`; NULL: memory. */
const char *beside_folder(struct arena *a, const char *path);

/**
 * The names in `folder` (of beside_folder) that begin with `front` and end with
 * `end`, which may overlap, sorted, in `a`; none where it cannot be read.
 * Errors: RC_MEMORY.
 */
MUST_CHECK enum rc beside_list(struct arena *a, const char *folder,
    const char *front, const char *end, const char ***out, size_t *count);

#endif
