#include "issue/issue.h"

/** Names that people write: host names and URIs. */
static bool
next_name(struct span *rest, struct span *name)
{
	struct cert_name n;

	while (cert_name_next(rest, &n)) {
		if (n.kind != CERT_NAME_DNS && n.kind != CERT_NAME_URI)
			continue;
		*name = n.value;
		return true;
	}
	return false;
}

struct policy_facts
issue_facts(const struct issue_request *rq, const struct issue_peer *peer)
{
	struct policy_facts f = {
	    .identity = peer->identity,
	    .endpoint = peer->endpoint,
	    .from = &rq->address,
	};

	/* what nobody has verified is no fact */
	if (rq->proof != PROOF_CERTIFICATE || !peer->has_issuer_key)
		return f;
	f.has_issuer = true;
	memcpy(f.issuer_key, peer->issuer_key, DIGEST_LEN);
	f.issuer_cn = peer->issuer_cn;
	f.san_next = next_name;
	f.sans = peer->san;
	return f;
}
