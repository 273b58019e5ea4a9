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
	static const char *const known[] = {"datagrams", "bytes", "round_trips",
	    "blocks", "nb_iot", "lte_m", NULL};
	struct yaml_node *bytes;
	uint64_t size;

	if (!n || yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	out->line = n->key->line;
	read_count(c, yaml_get(n, "datagrams"), &out->datagrams);
	read_count(c, yaml_get(n, "round_trips"), &out->round_trips);
	read_count(c, yaml_get(n, "blocks"), &out->blocks);
	bytes = yaml_get(n, "bytes");
	if (bytes && yaml_size(c, bytes, 1, UINT32_MAX, &size) == RC_OK)
		out->bytes = (uint32_t)size;
	read_duration(c, yaml_get(n, "nb_iot"), &out->nb_iot_ms);
	read_duration(c, yaml_get(n, "lte_m"), &out->lte_m_ms);
	if (n->count == 0)
		yaml_error(c, n, "policy-budget",
		    "nothing is limited; one of datagrams, bytes, round_trips, "
		    "blocks, nb_iot and lte_m is expected");
	yaml_leftover(c, n, known);
}
