/* A policy's budget against what its bootstraps cost. */
#include "cost_rows.h"

#include <inttypes.h>
#include <stdio.h>

/** One line of a budget. */
struct limit {
	enum policy_budget_key key;
	const char *name, *unit;
	uint64_t most; /* 0: not limited */
	uint64_t (*of)(const struct cost *c);
};

static uint64_t
datagrams(const struct cost *c)
{
	return c->up.datagrams + c->down.datagrams;
}

static uint64_t
bytes(const struct cost *c)
{
	return c->up.bytes + c->down.bytes;
}

static uint64_t
round_trips(const struct cost *c)
{
	return c->round_trips;
}

static uint64_t
blocks(const struct cost *c)
{
	return c->blocks;
}

static uint64_t
nb_iot_ms(const struct cost *c)
{
	return c->worst_ms[COST_NB_IOT];
}

static uint64_t
lte_m_ms(const struct cost *c)
{
	return c->worst_ms[COST_LTE_M];
}

/** The costliest way to come. */
static const struct cost_row *
costliest(const struct cost_rows *r, const struct limit *l)
{
	const struct cost_row *most = NULL;

	for (size_t i = 0; i < r->count; i++)
		if (!most || l->of(&r->rows[i].cost) > l->of(&most->cost))
			most = &r->rows[i];
	return most;
}

static void
hold(const struct policy *p, const struct cost_rows *r, const struct limit *l,
    struct diag *d)
{
	const struct cost_row *row = l->most ? costliest(r, l) : NULL;
	const char *transport, *proof;
	unsigned line, column;
	uint64_t is = row ? l->of(&row->cost) : 0;

	if (is <= l->most)
		return;
	line = p->budget.at[l->key].line;
	column = p->budget.at[l->key].column;
	transport = cost_transport_name(row->transport);
	proof = cost_proof_name(row->proof);
	if (is == TIME_NEVER)
		diag_add(d, DIAG_ERROR, p->place.file, line, column,
		    "policy-over-budget",
		    "budget.%s: a bootstrap over %s (%s) does not come to its "
		    "end there",
		    l->name, transport, proof);
	else
		diag_add(d, DIAG_ERROR, p->place.file, line, column,
		    "policy-over-budget",
		    "budget.%s: a bootstrap over %s (%s) takes %" PRIu64
		    "%s, and the budget is %" PRIu64 "%s",
		    l->name, transport, proof, is, l->unit, l->most, l->unit);
}

void
cost_rows_budget(
    const struct policy *p, const struct cost_rows *r, struct diag *d)
{
	const struct limit limits[] = {
	    {BUDGET_DATAGRAMS, "datagrams", "", p->budget.datagrams, datagrams},
	    {BUDGET_BYTES, "bytes", " bytes", p->budget.bytes, bytes},
	    {BUDGET_ROUND_TRIPS, "round_trips", "", p->budget.round_trips,
		round_trips},
	    {BUDGET_BLOCKS, "blocks", "", p->budget.blocks, blocks},
	    {BUDGET_NB_IOT, "nb_iot", " ms", p->budget.nb_iot_ms, nb_iot_ms},
	    {BUDGET_LTE_M, "lte_m", " ms", p->budget.lte_m_ms, lte_m_ms},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		hold(p, r, &limits[i], d);
	for (size_t i = 0; i < r->count; i++)
		if (r->rows[i].cost.outcome != OUTCOME_OK)
			diag_add(d, DIAG_ERROR, p->place.file, p->budget.line,
			    0, "policy-over-budget",
			    "budget: a bootstrap over %s (%s) of a device as "
			    "profile %s has it does not come to its end: %s",
			    cost_transport_name(r->rows[i].transport),
			    cost_proof_name(r->rows[i].proof), p->device.name,
			    reason_sentence(r->rows[i].cost.reason));
}
