/**
 * sample.h - what a policy leads to, without a token and without a device: a
 * name that such devices have, the plan that one of them would get with zeros
 * where the keys belong, and how long its certificate is. To measure with.
 */
#ifndef ISSUE_SAMPLE_H
#define ISSUE_SAMPLE_H

#include "issue/issue.h"

/**
 * A name as the policy's devices have it, about as long: its glob with six
 * digits for each `*`; of a policy that takes any endpoint the glob of the
 * first identity document that it names. Into `room`.
 */
struct span issue_sample_endpoint(const struct policy_set *set,
    const struct policy *p, uint8_t room[static POLICY_ENDPOINT_MAX]);

/** The same of an endpoint glob. */
struct span issue_sample_name(
    const char *glob, uint8_t room[static POLICY_ENDPOINT_MAX]);

/**
 * The plan that `policy`, as it is given (policy_sample), leads to. Secrets are zeros and certificates without
 * meaning, of the largest size that they can have. Fills `out` as issue_plan.
 * Errors: as issue_plan, but for those of the token and the store.
 */
MUST_CHECK enum rc issue_sample_plan(const struct issue_rules *rules,
    const struct policy *policy, struct span endpoint, int64_t now_s,
    struct issue_decision *out);

/**
 * The plan of a device that is known, as issue_plan makes it, with zeros for
 * what is secret, of the lengths that it will have: of an imported key the one
 * in the store, where `i` has one. What is made anew each time (certificates) is
 * of the largest size. Its digest is that of the plan that the device will get.
 * Errors: as issue_plan, but for those of the token.
 */
MUST_CHECK enum rc issue_shape_plan(const struct issuer *i,
    const struct policy *policy, struct span endpoint,
    struct issue_decision *out);

/** The same for a policy of the set: of its samples (policy_sample) the one
 *  with the most bytes. */
MUST_CHECK enum rc issue_sample_largest(const struct issue_rules *rules,
    const struct policy *policy, struct span endpoint, int64_t now_s,
    struct issue_decision *out);

/** Bytes in DER, at the most, of a certificate that `issue` would make.
 *  Errors: RC_DENIED (none would be signed), RC_NOT_FOUND (its CA is not of
 *  these rules). */
MUST_CHECK enum rc issue_sample_certificate(const struct issue_rules *rules,
    const struct policy_issue *issue, struct span endpoint, int64_t now_s,
    size_t *len);

#endif
