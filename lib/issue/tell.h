/**
 * tell.h - a decision told to people and to machines: which policies were near,
 * what was chosen for the device, and the plan step by step, key bytes as their
 * labels. `provisioning-tool policy explain` tells it before the fact, and
 * `bootstrapctl device` after it, from the set that is kept in the ledger.
 *
 * Text goes to a stdio stream, in two columns; names of peers are quoted. JSON
 * goes into an object that the caller has begun.
 */
#ifndef ISSUE_TELL_H
#define ISSUE_TELL_H

#include "base/json_out.h"
#include "bootstrap/plan.h"
#include "policy/decide.h"
#include "policy/why.h"

enum {
	TELL_NEAR_MAX = 20, /**< policies that are named as near */
};

/** `"meters"  (policies.yaml:3)` and a newline. */
void tell_place(FILE *f, const char *name, struct policy_place at);
/** `policies.yaml:3`: bare, so that a terminal takes it for a place. */
void tell_place_alone(FILE *f, struct policy_place at);

/** What the caller alone can tell of a document that fits as far as is seen;
 *  false: nothing, it would fit. */
typedef bool (*tell_more_fn)(
    const void *ctx, const struct identity *id, struct identity_unmet *out);

/** The identity documents, nearest first, and what of each does not fit the
 *  device. `more` may be NULL. Errors: RC_MEMORY (nothing is told). */
MUST_CHECK enum rc tell_identities(FILE *f, const struct policy_set *s,
    const struct identity_facts *facts, tell_more_fn more, const void *ctx);
/** The same: a member `identities`. */
MUST_CHECK enum rc tell_identities_json(struct json_out *j,
    const struct policy_set *s, const struct identity_facts *facts,
    tell_more_fn more, const void *ctx);

/** The policy that a device gets, or `none`. */
void tell_policy(FILE *f, const struct policy *own);
/** Those that were near, and each condition of them that does not hold. */
void tell_policies(FILE *f, const struct policy_set *s,
    const struct policy_facts *facts, const struct policy *own);
/** Both: members `policy`, `near` and `others`. */
void tell_policies_json(struct json_out *j, const struct policy_set *s,
    const struct policy_facts *facts, const struct policy *own);

/** Why these servers, what was said for this device alone, and what it is that
 *  it was here before. Nothing for a policy that has none of that. */
void tell_choices(FILE *f, const struct policy_decided *d);
/** Members `servers`, `overrides`, `again`, `turn`. */
void tell_choices_json(struct json_out *j, const struct policy_decided *d);

/** All steps. Instances that the session will choose stand as x. */
void tell_plan(FILE *f, const struct plan *p);
/** A member `steps`. */
void tell_plan_json(struct json_out *j, const struct plan *p);

#endif
