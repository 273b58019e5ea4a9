/* Without wolfSSL nothing can be measured: in place of policy_costs.c. */
#include "policy_costs.h"

#include "tool.h"

#include <string.h>

static struct policy_costs {
	bool asked;
} none;

int
policy_costs_new(const struct options *o, struct policy_costs **out)
{
	*out = NULL;
	none.asked = strcmp(o->costs, "always") == 0;
	if (none.asked)
		return tool_error(EX_UNAVAILABLE, NULL,
		    "costs: this build has no DTLS to measure with");
	*out = &none;
	return EX_OK;
}

void
policy_costs_free(struct policy_costs *c)
{
	(void)c;
}

enum rc
policy_costs_measure(
    struct policy_costs *c, const struct issue_rules *rules, struct diag *d)
{
	const struct policy_set *set = issue_rules_set(rules);

	(void)c;
	for (size_t i = 0; i < set->policy_count; i++) {
		const struct policy *p = &set->policies[i];

		if (p->budget.line)
			diag_add(d, DIAG_WARNING, p->place.file, p->budget.line,
			    0, "policy-over-budget",
			    "budget: not looked at: this build has no DTLS to "
			    "measure with");
	}
	return RC_OK;
}

void
policy_costs_print(const struct policy_costs *c, bool json)
{
	(void)c;
	(void)json;
}

void
policy_costs_forget(struct policy_costs *c)
{
	(void)c;
}
