#include "issue/issue.h"

#include "issue/renewal.h"
#include "lwm2m/format.h"

#include <stdio.h>

void
issue_decision_fini(struct issue_decision *d)
{
	secret_fini(&d->plan);
}

static void
refuse(struct issue_decision *d, enum reason why)
{
	d->granted = false;
	d->reason = why;
	d->credential_count = 0;
	d->sealed_count = 0;
	secret_fini(&d->plan);
}

static enum reason
reason_for(enum rc rc)
{
	if (rc == RC_TOO_LARGE || rc == RC_MALFORMED)
		return REASON_PLAN_TOO_LARGE;
	if (rc == RC_DENIED)
		return REASON_CERTIFICATE_REFUSED;
	if (rc == RC_DB)
		return REASON_LEDGER_AWAY;
	if (rc == RC_MEMORY)
		return REASON_BUSY;
	if (rc == RC_CONFIG)
		return REASON_NOT_POSSIBLE;
	return REASON_TOKEN_AWAY;
}

static enum reason
identify(const struct issuer *i, const struct issue_request *rq,
    struct issue_decision *d)
{
	enum rc rc = issue_identify(i, rq, &d->peer);

	if (rc != RC_OK)
		return reason_for(rc);
	if (d->peer.why != REASON_NONE)
		return d->peer.why;
	/* bootstrap.md 4.1: `ep` alone is never trusted; absent, it is what
	 * the credential says */
	if (rq->has_endpoint && !span_equal(rq->endpoint, d->peer.endpoint)) {
		d->peer.endpoint = rq->endpoint;
		return REASON_ENDPOINT_MISMATCH;
	}
	return REASON_NONE;
}

/** What the device must do first, or may not do now. */
static enum reason
admit(const struct issue_request *rq, const struct issue_decision *d)
{
	if (rq->proof == PROOF_NONE && d->peer.identity->echo && !rq->fresh)
		return REASON_ECHO_WANTED;
	return rq->too_often ? REASON_TOO_OFTEN : REASON_NONE;
}

/** A pack cannot change the device's own account (bootstrap.md section 11). */
static bool
gives_pack(const struct policy *p)
{
	return p->device.pack && p->account.change == ACCOUNT_KEEP;
}

static enum reason
reason_of(enum policy_answer a)
{
	switch (a) {
	case POLICY_GIVEN:
		return REASON_NONE;
	case POLICY_NONE:
		return REASON_NO_POLICY;
	case POLICY_DENIED:
		return REASON_DENIED;
	case POLICY_HELD:
		return REASON_QUARANTINED;
	case POLICY_PROVISIONED:
		return REASON_PROVISIONED;
	case POLICY_NO_SERVER:
		return REASON_NO_SERVER;
	case POLICY_FULL:
		return REASON_SERVERS_FULL;
	}
	return REASON_NO_POLICY;
}

/** What goes into the row, and what issue_record looks at once more. */
static void
note_servers(struct issue_decision *d, const struct policy_decided *decided)
{
	const struct policy *p = &decided->given;
	struct writer w;

	writer_init(&w, d->servers, sizeof(d->servers) - 1);
	for (size_t i = 0; i < p->server_count; i++) {
		const struct policy_server *s = &p->servers[i];

		writer_fmt(&w, "%s%s", i ? " " : "", s->name);
		if (s->share.capacity > 0)
			d->limits[d->limit_count++] =
			    (struct issue_limit){s->name, s->share.capacity};
	}
	d->servers[w.len] = '\0';
	d->turn = decided->turn;
	d->again = decided->again;
}

/** Where servers are all that is asked for, who knows them already will do;
 *  but not where keys of devices were rotated. */
static bool
asks_ledger(const struct issuer *i, const struct policy *p,
    const struct policy_facts *by)
{
	return i->store && policy_asks_history(p) &&
	    (!by->history || p->reprovision != REPROVISION_KEEP ||
		ledger_history_turned(i->store) != RC_NOT_FOUND);
}

enum reason
issue_decide_policy(const struct issuer *i, const struct policy *policy,
    const struct policy_facts *by, struct issue_decision *d,
    struct policy_decided *decided)
{
	const struct policy_set *set = issue_rules_set(i->rules);
	struct policy_facts facts = *by;
	struct issue_history history;
	bool known = false;
	enum rc rc = RC_OK;

	d->policy = policy;
	if (asks_ledger(i, d->policy, by))
		rc = issue_history_read(
		    i->store, d->peer.endpoint, &history, &known);
	if (i->store && !facts.load) {
		facts.load = issue_history_load;
		facts.load_ctx = i->store;
	}
	if (known)
		facts.history = &history.value;
	if (rc == RC_OK)
		rc = policy_decide_by(set, d->policy, &facts, decided);
	if (rc != RC_OK)
		return reason_for(rc);
	if (decided->answer == POLICY_GIVEN) {
		note_servers(d, decided);
		return REASON_NONE;
	}
	(void)snprintf(d->detail, sizeof(d->detail), "%s", decided->why);
	d->wait_s = decided->wait_s;
	return reason_of(decided->answer);
}

enum reason
issue_decide_by(const struct issuer *i, const struct policy_facts *by,
    struct issue_decision *d, struct policy_decided *decided)
{
	return issue_decide_policy(
	    i, policy_for(issue_rules_set(i->rules), by), by, d, decided);
}

enum reason
issue_decide(const struct issuer *i, const struct issue_request *rq,
    struct issue_decision *d, struct policy_decided *decided)
{
	const struct policy_facts facts = issue_facts(rq, &d->peer);

	return issue_decide_by(i, &facts, d, decided);
}

/** For who it is and what it asks for, once it is known who it is. */
static enum reason
choose_policy(const struct issuer *i, const struct issue_request *rq,
    const struct policy_facts *facts, struct issue_decision *d,
    struct policy_decided *decided)
{
	enum reason why;

	/* one value is no configuration */
	if (rq->pct != -1 && !format_writable(rq->pct))
		return REASON_PCT_UNSUPPORTED;
	why = issue_decide_by(i, facts, d, decided);
	if (why != REASON_NONE)
		return why;
	if (rq->pack && !gives_pack(&decided->given))
		return REASON_PACK_REFUSED;
	return REASON_NONE;
}

void
issue_begin_by(const struct issuer *i, const struct issue_request *rq,
    enum reason why, const struct policy_facts *facts,
    struct policy_decided *decided, struct issue_decision *out)
{
	enum rc rc;

	if (!out->peer.identity)
		out->peer.endpoint = rq->endpoint;
	if (rq->fault != REASON_NONE)
		why = rq->fault;
	else if (why == REASON_NONE)
		why = admit(rq, out);
	if (why == REASON_NONE)
		why = choose_policy(i, rq, facts, out, decided);
	if (why != REASON_NONE) {
		refuse(out, why);
		return;
	}
	out->peer.epoch = rq->proof == PROOF_PSK ? rq->epoch : 0;
	rc = issue_plan(i, &decided->given, out->peer.endpoint, out);
	if (rc == RC_OK)
		rc = renewal_note(i, rq, out);
	if (rc != RC_OK) {
		/* a key of the store that is missing has said so itself */
		refuse(out,
		    out->reason != REASON_NONE ? out->reason : reason_for(rc));
		return;
	}
	out->granted = true;
	out->reason = REASON_NONE;
}

void
issue_begin(const struct issuer *i, const struct issue_request *rq,
    struct issue_decision *out)
{
	struct policy_decided decided;
	struct policy_facts facts;
	enum reason why;

	*out = (struct issue_decision){0};
	why = identify(i, rq, out);
	facts = issue_facts(rq, &out->peer);
	issue_begin_by(i, rq, why, &facts, &decided, out);
}
