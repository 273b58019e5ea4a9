/* Which wrong key was it? Asked for by workers after the handshake is over,
 * worked on when the token has nothing else to do, and said in the ledger. */
#include "keeper_state.h"

void
doctor_ask(struct link *l, const struct q_evidence *q)
{
	struct keeper *k = l->keeper;
	struct span endpoint;
	struct job *j;

	if (!identity_for_psk(k->policies.set, q->identity, &endpoint) ||
	    !budget_take(&k->budget, &q->address, clock_now_ms()))
		return;
	j = job_doctor(l->worker, k->policies.rules, q);
	if (j)
		(void)!jobs_put(k->jobs, j);
}

bool
doctor_has_row(const struct job *j)
{
	return j->kind == JOB_DOCTOR && j->rc == RC_OK &&
	    doctor_result(j->doctor)->verdict != DOCTOR_RIGHT;
}

enum rc
doctor_append(struct keeper *k, const struct job *j)
{
	const struct doctor_result *r = doctor_result(j->doctor);
	uint8_t text[ADDRESS_TEXT_MAX];
	struct span endpoint = {0};
	const struct identity *id;
	struct writer address;
	struct field f[12];
	size_t n = 0;

	writer_init(&address, text, sizeof(text));
	address_print(&address, &j->request.address);
	id = identity_for_psk(
	    issue_rules_set(j->rules), j->request.credential, &endpoint);
	f[n++] =
	    F_TEXT("credential", issue_row_psk_identity(j->request.credential));
	f[n++] = F_TEXT("address", writer_span(&address));
	f[n++] = F_TEXT("diagnosis", (const char *)r->code);
	f[n++] = F_TEXT("sentence", (const char *)r->sentence);
	f[n++] = F_TEXT("remedy", r->remedy);
	if (r->epoch)
		f[n++] = F_INT("epoch", r->epoch);
	if (id)
		f[n++] = F_TEXT("identity", id->name);
	f[n++] = F_INT("tried", r->tried);
	f[n++] = F_INT("worker", j->worker);
	f[n++] = F_TEXT("instance", k->args->instance);
	LOG(LOG_NOTICE, "psk_mismatch",
	    F_TEXT("address", writer_span(&address)),
	    F_TEXT("identity", issue_row_psk_identity(j->request.credential)),
	    F_TEXT("diagnosis", (const char *)r->code),
	    F_TEXT("sentence", (const char *)r->sentence),
	    F_TEXT("remedy", r->remedy));
	return record_append(k,
	    &(struct ledger_event){
		.kind = "psk_mismatch",
		/* anybody can claim a name; what only that device, or its
		 * maker, can have done is said of the device */
		.endpoint = r->proves ? endpoint : (struct span){0},
		.fields = f,
		.field_count = n,
	    },
	    issue_rules_set(j->rules));
}

void
doctor_settle(struct keeper *k, const struct job *j)
{
	const struct doctor_result *r;

	if (j->rc != RC_OK)
		return;
	r = doctor_result(j->doctor);
	if (r->verdict == DOCTOR_RIGHT)
		epochs_found(&k->epochs, j->request.credential,
		    &j->request.address, r->epoch);
}
