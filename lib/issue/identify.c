/* Whose credential is it: the first document in order that fits. */
#include "issue/issue.h"

const char *
issue_proof_name(enum issue_proof p)
{
	static const char *const names[] = {
	    [PROOF_NONE] = "nosec",
	    [PROOF_PSK] = "psk",
	    [PROOF_CERTIFICATE] = "certificate",
	    [PROOF_RAW_KEY] = "rpk",
	};

	return names[p];
}

static void
by_nosec(const struct policy_set *set, const struct issue_request *rq,
    struct issue_peer *out)
{
	if (!rq->has_endpoint) {
		out->why = REASON_ENDPOINT_MISSING;
		return;
	}
	out->identity = identity_for_nosec(set, &rq->address, rq->endpoint);
	if (!out->identity)
		out->why = REASON_NO_IDENTITY;
	else
		out->endpoint = rq->endpoint;
}

static void
by_psk(const struct policy_set *set, const struct issue_request *rq,
    struct issue_peer *out)
{
	out->identity = identity_for_psk(set, rq->credential, &out->endpoint);
	if (!out->identity)
		out->why = REASON_NO_IDENTITY;
}

enum rc
issue_identify(const struct issuer *i, const struct issue_request *rq,
    struct issue_peer *out)
{
	const struct policy_set *set = issue_rules_set(i->rules);

	*out = (struct issue_peer){0};
	switch (rq->proof) {
	case PROOF_NONE:
		by_nosec(set, rq, out);
		break;
	case PROOF_PSK:
		by_psk(set, rq, out);
		break;
	case PROOF_CERTIFICATE:
		out->why = REASON_UNTRUSTED; /* no document admits any */
		break;
	case PROOF_RAW_KEY:
		out->why = REASON_RAW_KEY;
		break;
	}
	return RC_OK;
}
