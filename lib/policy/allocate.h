/**
 * allocate.h - which member of a pool a device gets. For decide.c.
 *
 * Hashed: weighted rendezvous hashing. Each member draws a number from the
 * endpoint by its own key (SipHash under SHA-256 of the names of pool and
 * member), the number becomes an exponentially distributed one by a logarithm
 * in integers, and the least of these divided by the weight wins. So a member
 * that is added takes its share and nothing else moves, shares are as the
 * weights, and every machine comes to the same.
 */
#ifndef POLICY_ALLOCATE_H
#define POLICY_ALLOCATE_H

#include "policy/decide.h"

/** The key of a member, from the names. */
void allocate_key(const char *pool, const char *member, uint8_t key[static 16]);

/** -log2 of hash / 2^64, in units of 2^-26; 0 counts as 1. */
uint64_t allocate_draw(uint64_t hash);

/** Choose. POLICY_GIVEN: `out` is filled in. Errors: of `f->load`. */
MUST_CHECK enum rc allocate(const struct policy *p,
    const struct policy_pool *pool, const struct policy_facts *f,
    struct policy_choice *out, enum policy_answer *answer);

#endif
