/**
 * cover.h - what two policies have in common, told from what they match: does
 * one leave the other nothing, may one device fit both?
 *
 * Every answer is safe to warn by: where it cannot be told (two regular
 * expressions), neither is claimed.
 */
#ifndef POLICY_COVER_H
#define POLICY_COVER_H

#include "policy/set.h"

/** Does every text that fits `b` fit `a`? Both are globs. */
bool glob_covers(const char *a, const char *b);
/** Is there a text that fits both? */
bool glob_meets(const char *a, const char *b);

/** The same of patterns of endpoints. */
bool pattern_covers(
    const struct policy_pattern *a, const struct policy_pattern *b);
bool pattern_meets(
    const struct policy_pattern *a, const struct policy_pattern *b);
/** May an endpoint of the glob `a` fit a pattern? */
bool pattern_meets_glob(const struct policy_pattern *p, const char *a);

/** Does `a` take every device that `b` would take? Identities are not looked
 *  at. */
bool match_covers(const struct policy *a, const struct policy *b);
/** May a device fit both? Likewise. */
bool match_meets(const struct policy *a, const struct policy *b);
/** May an endpoint of the glob `glob` be one of the policy's? */
bool match_meets_glob(const struct policy *p, const char *glob);

#endif
