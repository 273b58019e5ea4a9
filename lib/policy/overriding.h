/**
 * overriding.h - an override while a set is loaded. Within this module.
 */
#ifndef POLICY_OVERRIDING_H
#define POLICY_OVERRIDING_H

#include "policy/load.h"
#include "policy/override.h"

/** An override document, with its tree for findings. */
struct read_override {
	struct policy_override value;
	struct yaml_ctx ctx;
	struct yaml_node *root;
	struct read_policy match; /**< `of`, as the readers of match: fill it */
	struct yaml_node *policies; /**< `match.policy`, or NULL */
	size_t index; /**< among all overrides */
	const struct policy_override *kept; /**< in the set */
	const char *trial_file; /**< of the policy that is tried */
	struct read_override *next;
};

/**
 * override_check.c: which overrides may be for devices of which policy, what of
 * that cannot be, and a trial of each. `policies` are those of the set, in the
 * order of `tried`; they get their overrides.
 */
void check_overrides(struct load *l, struct read_policy *const *tried,
    struct policy *policies, const struct identity *identities,
    const struct policy_set *set);

/**
 * override_trial.c: the policy is read once more with these overrides put into
 * its tree, and all is checked that is checked of policies. What is found there
 * and was not found without them joins the findings of the load.
 */
void override_trial(struct load *l, const struct read_policy *p,
    struct read_override *const *with, size_t count,
    const struct identity *identities, const struct policy_set *set);

#endif
