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

enum reason
issue_turned_away(struct issue_decision *d)
{
	const struct policy_refusal *r = &d->policy->refusal;

	if (r->kind == POLICY_GIVES)
		return REASON_NONE;
	(void)snprintf(d->detail, sizeof(d->detail), "%s", r->why);
	if (r->kind == POLICY_DENIES)
		return REASON_DENIED;
	d->wait_s = r->retry_s;
	return REASON_QUARANTINED;
}

/** For who it is and what it asks for, once it is known who it is. */
static enum reason
choose_policy(const struct issuer *i, const struct issue_request *rq,
    struct issue_decision *d)
{
	const struct policy_facts facts = issue_facts(rq, &d->peer);
	enum reason why;

	/* one value is no configuration */
	if (rq->pct != -1 && !format_writable(rq->pct))
		return REASON_PCT_UNSUPPORTED;
	d->policy = policy_for(issue_rules_set(i->rules), &facts);
	if (!d->policy)
		return REASON_NO_POLICY;
	why = issue_turned_away(d);
	if (why != REASON_NONE)
		return why;
	if (rq->pack && !gives_pack(d->policy))
		return REASON_PACK_REFUSED;
	return REASON_NONE;
}

void
issue_begin(const struct issuer *i, const struct issue_request *rq,
    struct issue_decision *out)
{
	enum reason why;
	enum rc rc;

	*out = (struct issue_decision){0};
	why = identify(i, rq, out);
	if (!out->peer.identity)
		out->peer.endpoint = rq->endpoint;
	if (rq->fault != REASON_NONE)
		why = rq->fault;
	else if (why == REASON_NONE)
		why = admit(rq, out);
	if (why == REASON_NONE)
		why = choose_policy(i, rq, out);
	if (why != REASON_NONE) {
		refuse(out, why);
		return;
	}
	out->peer.epoch = rq->proof == PROOF_PSK ? rq->epoch : 0;
	rc = issue_plan(i, out->policy, out->peer.endpoint, out);
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
