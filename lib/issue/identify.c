/* Whose credential is it: the first document in order that fits. */
#include "issue/issue.h"

#include "issue/claim.h"
#include "issue/identify_cert.h"
#include "issue/revoked.h"

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

/** The key that the handshake had: of the epoch that the worker names, or the
 *  first where it names none. False: not accepted (any more). */
static bool
used_key(const struct claim *c, uint32_t epoch, size_t *n)
{
	*n = 0;
	if (!c->identity)
		return false;
	while (epoch != 0 && *n < c->count && c->keys[*n].epoch != epoch)
		(*n)++;
	return *n < c->count;
}

/**
 * Imported: what a row says is believed because it opens, now as in the
 * handshake; somebody may have changed the file. Derived: only where a key of
 * that endpoint was taken back there is something to ask the token.
 */
static enum rc
check_key(const struct issuer *i, const struct claim *c, size_t n,
    struct issue_peer *out)
{
	struct secret key = {0};
	bool revoked, any = true;
	enum rc rc = RC_OK;

	if (!i->hsm)
		return RC_OK;
	if (c->identity->kind == IDENTITY_PSK)
		rc = revoked_any(i->store, out->endpoint, &any);
	if (rc || !any)
		return rc;
	rc = claim_open(i, c, n, &key, &revoked);
	secret_fini(&key);
	if (rc == RC_NOT_FOUND && c->identity->kind == IDENTITY_IMPORTED) {
		out->why = REASON_KEY_MISSING;
		return RC_OK;
	}
	if (rc == RC_OK && revoked)
		out->why = REASON_REVOKED;
	return rc;
}

static enum rc
by_psk(const struct issuer *i, const struct issue_request *rq,
    struct issue_peer *out)
{
	struct claim c;
	struct span endpoint;
	size_t n;
	enum rc rc = claim_find(i, rq->credential, rq->epoch, &c);

	if (rc)
		return rc;
	if (!used_key(&c, rq->epoch, &n)) {
		out->why = REASON_NO_IDENTITY;
		return RC_OK;
	}
	endpoint = c.keys[n].endpoint;
	out->identity = c.identity;
	out->endpoint = endpoint;
	if (c.identity->kind == IDENTITY_IMPORTED) {
		memcpy(out->room, endpoint.p, endpoint.len);
		out->endpoint = span_of(out->room, endpoint.len);
	}
	return check_key(i, &c, n, out);
}

void
identify_raw_key(const struct policy_set *set, struct issue_peer *out)
{
	out->why = REASON_RAW_KEY;
	for (size_t n = 0; n < set->identity_count && !out->identity; n++) {
		const struct identity *id = &set->identities[n];
		struct span endpoint;

		if (id->kind != IDENTITY_RPK)
			continue;
		endpoint = identity_table_find(id, out->sha256);
		if (endpoint.len == 0 || !identity_fits(id, endpoint))
			continue;
		out->identity = id;
		out->endpoint = endpoint;
		out->why = REASON_NONE;
	}
}

static enum rc
by_raw_key(const struct issuer *i, const struct issue_request *rq,
    struct issue_peer *out)
{
	bool revoked;
	enum rc rc;

	digest_of(rq->peer, out->sha256);
	identify_raw_key(issue_rules_set(i->rules), out);
	if (!out->identity)
		return RC_OK;
	rc = revoked_fingerprint(
	    i->store, span_of(out->sha256, sizeof(out->sha256)), &revoked);
	if (rc == RC_OK && revoked)
		out->why = REASON_REVOKED;
	return rc;
}

enum rc
issue_identify(const struct issuer *i, const struct issue_request *rq,
    struct issue_peer *out)
{
	*out = (struct issue_peer){0};
	switch (rq->proof) {
	case PROOF_NONE:
		by_nosec(issue_rules_set(i->rules), rq, out);
		break;
	case PROOF_PSK:
		return by_psk(i, rq, out);
	case PROOF_CERTIFICATE:
		return identify_certificate(i, rq, out);
	case PROOF_RAW_KEY:
		return by_raw_key(i, rq, out);
	}
	return RC_OK;
}
