#include "issue/identify_cert.h"

#include "hsm/trust.h"
#include "issue/revoked.h"
#include "issue/rules_internal.h"

enum {
	CHAIN_MAX = 10, /**< as trust_verify */
};

/** What a peer has shown, taken apart. */
struct shown {
	struct cert cert;
	struct span chain[CHAIN_MAX];
	size_t chain_count;
};

static bool
take_apart(const struct issue_request *rq, struct shown *out)
{
	struct der_fault fault;
	struct der_reader r;

	out->chain_count = 0;
	if (rq->peer.len > ISSUE_PEER_MAX || rq->chain.len > ISSUE_CHAIN_MAX ||
	    cert_read(rq->peer, &out->cert, &fault) != RC_OK)
		return false;
	der_reader_init(&r, rq->chain, &fault);
	while (r.p < r.end) {
		struct span one = der_take_whole(&r, DER_SEQUENCE);

		if (!der_ok(&r) || out->chain_count == CHAIN_MAX)
			return false;
		out->chain[out->chain_count++] = one;
	}
	return true;
}

/** The more a reason tells an operator, the higher. */
static unsigned
rank(enum reason why)
{
	static const enum reason order[] = {
	    REASON_UNTRUSTED,
	    REASON_CERTIFICATE,
	    REASON_NO_IDENTITY, /* good, but for no endpoint of ours */
	    REASON_EXPIRED,
	    REASON_REVOKED,
	};
	unsigned n = 0;

	while (n < sizeof(order) / sizeof(order[0]) && order[n] != why)
		n++;
	return n;
}

static void
note(struct issue_peer *out, enum reason why)
{
	if (rank(why) > rank(out->why))
		out->why = why;
}

/** Which endpoint the certificate names, as the document says where to look.
 *  Empty: none. */
static struct span
endpoint_of(const struct identity *id, const struct cert *c,
    const uint8_t sha256[static DIGEST_LEN])
{
	struct span name = {0};

	switch (id->endpoint_from) {
	case ENDPOINT_CN:
		name = c->cn;
		break;
	case ENDPOINT_SAN_URI:
		/* two of them say not who it is */
		if (cert_san_uri(c, "urn:", &name) != RC_OK)
			name = span_of(NULL, 0);
		break;
	case ENDPOINT_TABLE:
		name = identity_table_find(id, sha256);
		break;
	}
	if (name.len > 0 && !identity_fits(id, name))
		name = span_of(NULL, 0);
	return name;
}

static enum reason
reason_of(const struct trust_verdict *v)
{
	if (v->revoked)
		return REASON_REVOKED;
	if (v->expired || v->not_yet)
		return REASON_EXPIRED;
	if (v->misused)
		return REASON_CERTIFICATE;
	return REASON_UNTRUSTED;
}

/** As which the certificate may come again, see trust_verdict. */
struct twin {
	bool has;
	uint8_t sha256[DIGEST_LEN];
};

/** It is that document's: `v` says who has signed it. */
static void
assign(struct issue_peer *out, const struct identity *id, struct span endpoint,
    const struct trust_verdict *v, struct twin *twin)
{
	out->identity = id;
	out->endpoint = endpoint;
	out->has_issuer_key = true;
	memcpy(out->issuer_key, v->issuer_key, DIGEST_LEN);
	memcpy(out->anchor_key, v->anchor_key, DIGEST_LEN);
	twin->has = v->has_twin;
	memcpy(twin->sha256, v->twin, DIGEST_LEN);
}

/** One document. RC_OK and an identity without a reason: it is let in. */
static enum rc
try_document(const struct issuer *i, const struct identity *id,
    const struct shown *s, struct twin *twin, struct issue_peer *out)
{
	const struct trust *trust = rules_trust(i->rules, id);
	struct trust_verdict v;
	struct span endpoint;
	enum reason why;
	enum rc rc;

	if (!trust)
		return RC_OK;
	rc = trust_verify(trust, s->cert.der, s->chain, s->chain_count,
	    CERT_CLIENT_AUTH, i->now_s, &v);
	if (rc == RC_MALFORMED) {
		note(out, REASON_CERTIFICATE);
		return RC_OK;
	}
	if (rc != RC_OK && rc != RC_DENIED)
		return rc;
	why = rc == RC_OK ? REASON_NONE : reason_of(&v);
	/* an anchor that comes itself: nobody could take it back */
	if (why == REASON_NONE && !v.has_issuer)
		why = REASON_CERTIFICATE;
	endpoint = endpoint_of(id, &s->cert, out->sha256);
	if (why == REASON_NONE && endpoint.len == 0)
		why = REASON_NO_IDENTITY;
	/* anybody can write a device's name into what nobody has signed */
	if (endpoint.len > 0 && v.has_issuer &&
	    (why == REASON_NONE || !out->identity))
		assign(out, id, endpoint, &v, twin);
	if (why == REASON_NONE)
		out->why = REASON_NONE;
	else
		note(out, why);
	return RC_OK;
}

/* --- what the ledger has taken back --------------------------------------- */

/** By both fingerprints that it has: who took one back has seen one of them. */
static enum rc
check_ledger(
    const struct issuer *i, const struct twin *twin, struct issue_peer *out)
{
	bool revoked;
	enum rc rc;

	rc = revoked_fingerprint(
	    i->store, span_of(out->sha256, sizeof(out->sha256)), &revoked);
	if (rc == RC_OK && !revoked && twin->has)
		rc = revoked_fingerprint(
		    i->store, span_of(twin->sha256, DIGEST_LEN), &revoked);
	if (rc == RC_OK && !revoked)
		rc = revoked_serial(
		    i->store, out->serial, out->issuer_key, &revoked);
	if (rc == RC_OK && revoked)
		out->why = REASON_REVOKED;
	return rc;
}

enum rc
identify_certificate(const struct issuer *i, const struct issue_request *rq,
    struct issue_peer *out)
{
	const struct policy_set *set = issue_rules_set(i->rules);
	struct twin twin = {0};
	struct shown s;
	enum rc rc = RC_OK;

	digest_of(rq->peer, out->sha256);
	if (!take_apart(rq, &s)) {
		out->why = REASON_CERTIFICATE;
		return RC_OK;
	}
	out->cn = s.cert.cn;
	out->serial = s.cert.serial;
	out->issuer_cn = s.cert.issuer_cn;
	out->san = s.cert.san;
	if (s.cert.is_ca) {
		/* whatever its name and its use: no device signs others */
		out->why = REASON_CERTIFICATE;
		return RC_OK;
	}
	out->why = REASON_UNTRUSTED;
	for (size_t n = 0; n < set->identity_count; n++) {
		const struct identity *id = &set->identities[n];

		if (id->kind != IDENTITY_CERTIFICATE)
			continue;
		rc = try_document(i, id, &s, &twin, out);
		if (rc || out->why == REASON_NONE)
			break;
	}
	if (rc || !out->identity)
		return rc;
	return check_ledger(i, &twin, out);
}
