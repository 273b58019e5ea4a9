#include "issue/issue.h"

#include <stdio.h>

enum { FIELDS_MAX = 24, PLACE_MAX = 512 };

/** What both kinds of row say of the peer. */
static size_t
peer_fields(struct field *f, const struct issue_request *rq,
    const struct issue_decision *d, const char *instance, struct writer *addr)
{
	size_t n = 0;

	address_print(addr, &rq->address);
	f[n++] = F_TEXT("instance", instance);
	f[n++] = F_INT("worker", rq->worker);
	f[n++] = F_TEXT("credential", rq->credential);
	f[n++] = F_TEXT("kind", issue_proof_name(rq->proof));
	if (d->peer.identity)
		f[n++] = F_TEXT("identity", d->peer.identity->name);
	f[n++] = F_TEXT("address", writer_span(addr));
	f[n++] =
	    F_TEXT("transport", rq->proof == PROOF_NONE ? "coap" : "coaps");
	return n;
}

static void
place(char *out, size_t cap, struct policy_place p)
{
	snprintf(out, cap, "%s:%u", p.file, p.line);
}

static enum rc
record_refusal(struct ledger *l, const struct issue_request *rq,
    const struct issue_decision *d, const char *instance)
{
	struct field f[FIELDS_MAX];
	uint8_t buf[ADDRESS_TEXT_MAX];
	struct writer addr;
	size_t n;

	writer_init(&addr, buf, sizeof(buf));
	n = peer_fields(f, rq, d, instance, &addr);
	f[n++] = F_TEXT("reason", reason_code(d->reason));
	f[n++] = F_TEXT("sentence", reason_sentence(d->reason));
	f[n++] = F_TEXT("remedy", reason_remedy(d->reason));
	if (rq->has_endpoint)
		f[n++] = F_TEXT("claimed", rq->endpoint);
	return ledger_append(l,
	    &(struct ledger_event){
		.kind = "bootstrap_refused",
		.session = span_of(rq->session, LEDGER_SESSION_LEN),
		.endpoint = d->peer.endpoint,
		.fields = f,
		.field_count = n,
	    },
	    NULL);
}

static enum rc
record_credential(struct ledger *l, const struct issue_request *rq,
    const struct issue_decision *d, const struct issue_credential *c)
{
	const struct field f[] = {
	    F_TEXT("kind", "psk"),
	    F_TEXT("purpose", "server"),
	    F_INT("short_server_id", c->short_server_id),
	    F_TEXT("master", c->master),
	    F_INT("epoch", c->epoch),
	    F_BYTES(
		"fingerprint", span_of(c->fingerprint, sizeof(c->fingerprint))),
	};

	return ledger_append(l,
	    &(struct ledger_event){
		.kind = "credential_issued",
		.session = span_of(rq->session, LEDGER_SESSION_LEN),
		.endpoint = d->peer.endpoint,
		.fields = f,
		.field_count = sizeof(f) / sizeof(f[0]),
	    },
	    NULL);
}

enum rc
issue_record(struct ledger *l, const struct issue_rules *rules,
    const struct issue_request *rq, const struct issue_decision *d,
    const char *instance, bool again)
{
	const struct policy_set *set = issue_rules_set(rules);
	struct field f[FIELDS_MAX];
	char identity_at[PLACE_MAX], policy_at[PLACE_MAX];
	uint8_t buf[ADDRESS_TEXT_MAX];
	struct writer addr;
	enum rc rc;
	size_t n;

	if (again)
		return RC_OK; /* derived keys are the same each time */
	if (!d->granted)
		return record_refusal(l, rq, d, instance);
	writer_init(&addr, buf, sizeof(buf));
	n = peer_fields(f, rq, d, instance, &addr);
	place(identity_at, sizeof(identity_at), d->peer.identity->place);
	place(policy_at, sizeof(policy_at), d->policy->place);
	f[n++] = F_TEXT("identity_at", identity_at);
	if (rq->proof == PROOF_PSK)
		f[n++] = F_INT("epoch", rq->epoch);
	if (rq->pct >= 0)
		f[n++] = F_INT("pct", rq->pct);
	f[n++] = F_TEXT("policy", d->policy->name);
	f[n++] = F_TEXT("policy_at", policy_at);
	f[n++] = F_BYTES("plan", span_of(d->plan_digest, DIGEST_LEN));
	f[n++] = F_BYTES("policy_set", span_of(set->digest, DIGEST_LEN));
	f[n++] = F_INT("steps", d->steps);
	rc = ledger_append(l,
	    &(struct ledger_event){
		.kind = "bootstrap_begin",
		.session = span_of(rq->session, LEDGER_SESSION_LEN),
		.endpoint = d->peer.endpoint,
		.fields = f,
		.field_count = n,
	    },
	    NULL);
	for (size_t i = 0; rc == RC_OK && i < d->credential_count; i++)
		rc = record_credential(l, rq, d, &d->credentials[i]);
	return rc;
}
