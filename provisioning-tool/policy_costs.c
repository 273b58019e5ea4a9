#include "policy_costs.h"

#include "cost_rows.h"
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct policy_costs {
	bool always, never;
	struct cost_given given;
	struct cost_meter *meter;
	/* of one set */
	const struct policy_set *set;
	struct cost_rows **rows; /* by policy; NULL: not measured */
	bool left_out; /* there are too many to show them */
};

int
policy_costs_new(const struct options *o, struct policy_costs **out)
{
	struct policy_costs *c = calloc(1, sizeof(*c));
	int code;

	*out = NULL;
	if (!c)
		return tool_fault(RC_MEMORY, "costs");
	c->always = strcmp(o->costs, "always") == 0;
	c->never = strcmp(o->costs, "never") == 0;
	code = cost_given_read(o, &c->given);
	if (code == EX_OK) {
		c->meter = cost_meter_new();
		if (!c->meter)
			code = tool_fault(RC_MEMORY, "costs");
	}
	if (code == EX_OK)
		*out = c;
	else
		policy_costs_free(c);
	return code;
}

void
policy_costs_free(struct policy_costs *c)
{
	if (!c)
		return;
	policy_costs_forget(c);
	cost_meter_free(c->meter);
	free(c);
}

void
policy_costs_forget(struct policy_costs *c)
{
	for (size_t i = 0; c->rows && i < c->set->policy_count; i++)
		free(c->rows[i]);
	free(c->rows);
	c->rows = NULL;
	c->set = NULL;
}

static bool
has_budget(const struct policy_budget *b)
{
	return b->datagrams || b->bytes || b->round_trips || b->blocks ||
	    b->nb_iot_ms || b->lte_m_ms;
}

static bool
shows(const struct policy_costs *c)
{
	return !c->never && !c->left_out;
}

static enum rc
measure_one(struct policy_costs *c, const struct cost_bench *bench, size_t i,
    struct diag *d)
{
	const struct policy *p = &c->set->policies[i];
	const struct policy_budget *b = &p->budget;
	bool times = shows(c) || b->nb_iot_ms || b->lte_m_ms;
	enum rc rc;

	/* who is turned away costs nothing that is measured */
	if ((!shows(c) && !has_budget(b)) || p->refusal.kind != POLICY_GIVES)
		return RC_OK;
	c->rows[i] = calloc(1, sizeof(*c->rows[i]));
	if (!c->rows[i])
		return RC_MEMORY;
	rc = cost_rows_measure(bench, p, times, c->rows[i]);
	if (rc == RC_OK && has_budget(b))
		cost_rows_budget(p, c->rows[i], d);
	return rc;
}

enum rc
policy_costs_measure(
    struct policy_costs *c, const struct issue_rules *rules, struct diag *d)
{
	const struct policy_set *set = issue_rules_set(rules);
	const struct cost_bench bench = {
	    .rules = rules,
	    .given = &c->given,
	    .meter = c->meter,
	    .now_s = time(NULL),
	};
	enum rc rc = RC_OK;

	if (set->policy_count == 0)
		return RC_OK;
	c->set = set;
	c->left_out = !c->always && set->policy_count > POLICY_COSTS_AUTO;
	c->rows = calloc(set->policy_count, sizeof(struct cost_rows *));
	if (!c->rows)
		return RC_MEMORY;
	for (size_t i = 0; rc == RC_OK && i < set->policy_count; i++)
		rc = measure_one(c, &bench, i, d);
	return rc;
}

void
policy_costs_print(const struct policy_costs *c, bool json)
{
	if (!c->rows)
		return;
	for (size_t i = 0; shows(c) && i < c->set->policy_count; i++) {
		const struct policy *p = &c->set->policies[i];

		if (!c->rows[i])
			continue;
		if (json)
			cost_rows_json(p, c->rows[i]);
		else
			cost_rows_print(p, c->rows[i], &c->given);
	}
	if (c->left_out && !c->never && !json)
		printf("costs of %zu policies are left out: --costs always "
		       "shows them\n",
		    c->set->policy_count);
}
