/**
 * index.h - the policies of a set by what endpoints begin with and by identity
 * document, so that a device is compared with those few that may be for it.
 * Within this module.
 *
 * Nothing is decided here: each policy that is found is asked (policy_miss),
 * and the first in order wins, as if all had been asked one after the other.
 */
#ifndef POLICY_INDEX_H
#define POLICY_INDEX_H

#include "base/arena.h"
#include "policy/match.h"

struct policy_index;

/** Of the identities and policies of `s`, in `a`; `scratch` is not needed
 *  afterwards. NULL: memory. */
const struct policy_index *index_new(
    struct arena *a, struct arena *scratch, const struct policy_set *s);

/** The first policy that fits; NULL: none. `asked` (may be NULL) is set to how
 *  many were. */
const struct policy *index_find(
    const struct policy_set *s, const struct policy_facts *f, size_t *asked);

#endif
