#include "issue/issue.h"

enum {
	PCT_SENML_CBOR = 112,
	PCT_TLV = 11542,
};

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
	secret_fini(&d->plan);
}

/** Which document admits the peer, and which endpoint that proves. */
static enum reason
identify(const struct policy_set *set, const struct issue_request *rq,
    struct issue_decision *d)
{
	struct span proved;

	d->endpoint = rq->endpoint;
	if (rq->nosec) {
		if (!rq->has_endpoint)
			return REASON_ENDPOINT_MISSING;
		d->identity =
		    identity_for_nosec(set, &rq->address, rq->endpoint);
		return d->identity ? REASON_NONE : REASON_NO_IDENTITY;
	}
	d->identity = identity_for_psk(set, rq->credential, &proved);
	if (!d->identity)
		return REASON_NO_IDENTITY;
	/* bootstrap.md 4.1: `ep` alone is never trusted; absent, it is what
	 * the credential says */
	if (rq->has_endpoint && !span_equal(rq->endpoint, proved))
		return REASON_ENDPOINT_MISMATCH;
	d->endpoint = proved;
	return REASON_NONE;
}

static enum reason
reason_for(enum rc rc)
{
	if (rc == RC_TOO_LARGE || rc == RC_MALFORMED)
		return REASON_PLAN_TOO_LARGE;
	return REASON_TOKEN_AWAY;
}

void
issue_begin(struct hsm_session *hsm, const struct policy_set *set,
    const struct issue_request *rq, struct issue_decision *out)
{
	enum reason why;
	enum rc rc;

	*out = (struct issue_decision){0};
	why = identify(set, rq, out);
	if (rq->fault != REASON_NONE)
		why = rq->fault;
	else if (why == REASON_NONE && rq->pct != -1 &&
	    rq->pct != PCT_SENML_CBOR && rq->pct != PCT_TLV)
		why = REASON_PCT_UNSUPPORTED;
	if (why == REASON_NONE) {
		out->policy = policy_for(set, out->identity, out->endpoint);
		if (!out->policy)
			why = REASON_NO_POLICY;
	}
	if (why != REASON_NONE) {
		refuse(out, why);
		return;
	}
	rc = issue_plan(hsm, out->policy, out->endpoint, out);
	if (rc != RC_OK) {
		refuse(out, reason_for(rc));
		return;
	}
	out->granted = true;
	out->reason = REASON_NONE;
}
