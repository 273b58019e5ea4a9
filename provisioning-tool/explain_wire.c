/* What a bootstrap costs, and each of its messages: held with the session that
 * the daemon has (lib/bootstrap), and a device of the policy's profile. */
#include "cost_rows.h"
#include "explain.h"
#include "explain_message.h"
#include "tool.h"

#include <stdlib.h>

/* --- costs ---------------------------------------------------------------- */

static void
row_json(struct json_out *j, const struct cost_row *row)
{
	static const char *const times[] = {
	    [COST_NB_IOT] = "nb_iot_ms",
	    [COST_LTE_M] = "lte_m_ms",
	};
	const struct cost *c = &row->cost;

	jout_begin(j, NULL, '{');
	jout_str(j, "transport", cost_transport_name(row->transport));
	jout_str(j, "proof", cost_proof_name(row->proof));
	jout_str(j, "outcome", outcome_name(c->outcome));
	jout_int(j, "datagrams_up", c->up.datagrams);
	jout_int(j, "datagrams_down", c->down.datagrams);
	jout_int(j, "bytes_up", c->up.bytes);
	jout_int(j, "bytes_down", c->down.bytes);
	jout_int(j, "round_trips", c->round_trips);
	jout_int(j, "blocks", c->blocks);
	for (size_t i = 0; i < COST_LINKS; i++)
		if (c->worst_ms[i] != TIME_NEVER)
			jout_int(j, times[i], (int64_t)c->worst_ms[i]);
	jout_end(j, '}');
}

static enum rc
measure(const struct question *qn, const struct answer *a,
    const struct cost_given *given, struct cost_rows *out)
{
	struct cost_bench bench = {
	    .rules = qn->rules,
	    .given = given,
	    .meter = cost_meter_new(),
	    .now_s = qn->now_s,
	};
	enum rc rc = RC_MEMORY;

	if (bench.meter)
		rc = cost_rows_of(&bench, &a->decided.given,
		    a->decision.peer.identity, a->decision.peer.endpoint,
		    a->plan, out);
	cost_meter_free(bench.meter);
	return rc;
}

int
explain_costs(
    const struct question *qn, const struct answer *a, struct json_out *json)
{
	struct cost_rows rows;
	struct cost_given given;
	int code = cost_given_read(qn->o, &given);
	enum rc rc;

	if (code != EX_OK)
		return code;
	rc = measure(qn, a, &given, &rows);
	if (rc != RC_OK)
		return tool_fault(rc, "costs");
	if (!json) {
		cost_rows_print(&a->decided.given, &rows, &given);
		return EX_OK;
	}
	jout_begin(json, "costs", '[');
	for (size_t i = 0; i < rows.count; i++)
		row_json(json, &rows.rows[i]);
	jout_end(json, ']');
	return EX_OK;
}

/* --- messages ------------------------------------------------------------- */

struct showing {
	struct json_out *json; /* NULL: for people */
	struct message_body body;
	size_t count;
};

static enum rc
show(void *ctx, const struct cost_message *m)
{
	struct showing *s = ctx;

	s->count++;
	if (s->json)
		message_json(s->json, s->count, m, &s->body);
	else
		message_tell(stdout, s->count, m, &s->body);
	return RC_OK;
}

/** It comes to no good end: where, and why. */
static void
tell_end(const struct cost *end, struct json_out *json)
{
	if (json) {
		jout_str(json, "wire_outcome", outcome_name(end->outcome));
		jout_str(json, "wire_reason", reason_code(end->reason));
	} else if (end->outcome != OUTCOME_OK) {
		printf("  ends at step %u of %u: %s\n", end->step + 1,
		    end->steps, reason_code(end->reason));
	}
}

int
explain_wire(
    const struct question *qn, const struct answer *a, struct json_out *json)
{
	const struct policy *p = &a->decided.given;
	const struct identity *id = a->decision.peer.identity;
	const struct cost_case c = {
	    .device = &p->device,
	    .endpoint = a->decision.peer.endpoint,
	    .plan = a->plan,
	    .echo = id->kind == IDENTITY_NOSEC && id->echo,
	};
	struct showing s = {.json = json};
	struct cost end = {0};
	enum rc rc = message_body_init(&s.body);

	(void)qn;
	if (json)
		jout_begin(json, "wire", '[');
	else
		puts("wire        > to the device, < from it; message IDs and "
		     "tokens are others each time");
	if (rc == RC_OK)
		rc = cost_wire(&c, show, &s, &end);
	if (json)
		jout_end(json, ']');
	message_body_fini(&s.body);
	if (rc != RC_OK)
		return tool_fault(rc, "wire");
	tell_end(&end, json);
	return EX_OK;
}
