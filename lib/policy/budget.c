/* budget: what one bootstrap may cost, and breaking it is a finding. */
#include "policy/load.h"

static void
read_count(const struct yaml_ctx *c, struct yaml_node *n, uint32_t *out)
{
	int64_t v;

	if (n && yaml_number(c, n, 1, UINT32_MAX, &v) == RC_OK)
		*out = (uint32_t)v;
}

static void
read_duration(const struct yaml_ctx *c, struct yaml_node *n, uint32_t *out)
{
	uint64_t ms;

	if (n && yaml_duration_ms(c, n, 1, UINT32_MAX, &ms) == RC_OK)
		*out = (uint32_t)ms;
}

void
load_budget(
    const struct yaml_ctx *c, struct yaml_node *n, struct policy_budget *out)
{
	static const char *const names[BUDGET_KEYS] = {
	    [BUDGET_DATAGRAMS] = "datagrams",
	    [BUDGET_BYTES] = "bytes",
	    [BUDGET_ROUND_TRIPS] = "round_trips",
	    [BUDGET_BLOCKS] = "blocks",
	    [BUDGET_NB_IOT] = "nb_iot",
	    [BUDGET_LTE_M] = "lte_m",
	};
	struct yaml_node *at[BUDGET_KEYS];
	uint64_t size;

	if (!n || yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	out->line = n->key->line;
	for (size_t i = 0; i < BUDGET_KEYS; i++) {
		at[i] = yaml_get(n, names[i]);
		out->at[i].line = at[i] ? at[i]->line : 0;
		out->at[i].column = at[i] ? at[i]->column : 0;
	}
	read_count(c, at[BUDGET_DATAGRAMS], &out->datagrams);
	read_count(c, at[BUDGET_ROUND_TRIPS], &out->round_trips);
	read_count(c, at[BUDGET_BLOCKS], &out->blocks);
	if (at[BUDGET_BYTES] &&
	    yaml_size(c, at[BUDGET_BYTES], 1, UINT32_MAX, &size) == RC_OK)
		out->bytes = (uint32_t)size;
	read_duration(c, at[BUDGET_NB_IOT], &out->nb_iot_ms);
	read_duration(c, at[BUDGET_LTE_M], &out->lte_m_ms);
	if (n->count == 0)
		yaml_error(c, n, "policy-budget",
		    "nothing is limited; one of datagrams, bytes, round_trips, "
		    "blocks, nb_iot and lte_m is expected");
	yaml_rest(c, n, &grammar_budget);
}
