/**
 * policy_costs.h - the costs that `policy check` shows, and holds budgets
 * against. Measuring takes some milliseconds a policy, so not all are measured:
 * each whose costs are shown, and each that has a budget.
 */
#ifndef TOOL_POLICY_COSTS_H
#define TOOL_POLICY_COSTS_H

#include "issue/rules.h"
#include "options.h"

enum {
	POLICY_COSTS_AUTO = 20, /**< policies of one path, with `auto` */
};

struct policy_costs;

/**
 * What `--costs` asks for, with the certificates of the other options. Owned;
 * NULL with any other code than EX_OK, and it has been said on stderr why.
 */
MUST_CHECK int policy_costs_new(
    const struct options *o, struct policy_costs **out);
/** NULL is harmless. */
void policy_costs_free(struct policy_costs *c);

/** Measure those of a set; a budget that is not kept becomes a finding of `d`.
 *  `rules` is borrowed until policy_costs_forget. Errors: RC_MEMORY. */
MUST_CHECK enum rc policy_costs_measure(
    struct policy_costs *c, const struct issue_rules *rules, struct diag *d);
void policy_costs_print(const struct policy_costs *c, bool json);
/** The costs of that set. Harmless twice. */
void policy_costs_forget(struct policy_costs *c);

#endif
