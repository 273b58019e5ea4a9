#include "issue/identify_cert.h"

#include "hsm/trust.h"
#include "issue/revoked.h"
#include "issue/rules_internal.h"

enum {
	CHAIN_MAX = 10, /**< as trust_verify */
	ISSUERS_MAX = 8, /**< CAs of one name: a key and its successors */
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

/** Is what the verdict says of the certificate itself, whose signature holds?
 *  Anybody can write the name of a device into one that nobody has signed. */
static bool
is_genuine(const struct trust_verdict *v)
{
	return v->revoked || ((v->expired || v->not_yet) && v->depth == 0);
}

/** One document. RC_OK and an identity without a reason: it is let in. */
static enum rc
try_document(const struct issuer *i, const struct identity *id,
    const struct shown *s, struct issue_peer *out)
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
	endpoint = endpoint_of(id, &s->cert, out->sha256);
	if (why == REASON_NONE && endpoint.len == 0)
		why = REASON_NO_IDENTITY;
	if (endpoint.len > 0 && (why == REASON_NONE || is_genuine(&v)) &&
	    (why == REASON_NONE || !out->identity)) {
		out->identity = id;
		out->endpoint = endpoint;
	}
	if (why == REASON_NONE)
		out->why = REASON_NONE;
	else
		note(out, why);
	return RC_OK;
}

/* --- what the ledger has taken back --------------------------------------- */

struct issuers {
	struct cert cas[ISSUERS_MAX];
	uint8_t keys[ISSUERS_MAX][DIGEST_LEN];
	size_t count;
};

static void
add_issuer(struct issuers *all, const struct cert *child, const struct cert *ca)
{
	if (all->count == ISSUERS_MAX ||
	    !span_equal(child->issuer, ca->subject))
		return;
	for (size_t n = 0; n < all->count; n++)
		if (span_equal(all->cas[n].spki, ca->spki))
			return;
	digest_of(ca->spki, all->keys[all->count]);
	all->cas[all->count++] = *ca;
}

/** The CA that has signed it, of those that are known or came along. The chain
 *  holds, so where one has that name it is the one; a CA that shares its name
 *  with another must be told from it by the signature. */
static void
find_issuers(
    const struct issue_rules *r, const struct shown *s, struct issuers *out)
{
	size_t kept = 0;

	out->count = 0;
	for (const struct rules_anchor *a = r->anchors; a; a = a->next)
		add_issuer(out, &s->cert, &a->cert);
	for (size_t n = 0; n < s->chain_count; n++) {
		struct der_fault fault;
		struct cert ca;

		if (cert_read(s->chain[n], &ca, &fault) == RC_OK)
			add_issuer(out, &s->cert, &ca);
	}
	if (out->count < 2)
		return;
	for (size_t n = 0; n < out->count; n++)
		if (cert_signed_by(&s->cert, out->cas[n].spki) != RC_DENIED)
			memmove(out->keys[kept++], out->keys[n], DIGEST_LEN);
	out->count = kept;
}

static enum rc
check_ledger(
    const struct issuer *i, const struct shown *s, struct issue_peer *out)
{
	struct issuers issuers;
	bool revoked;
	enum rc rc;

	find_issuers(i->rules, s, &issuers);
	out->has_issuer_key = issuers.count == 1;
	if (out->has_issuer_key)
		memcpy(out->issuer_key, issuers.keys[0], DIGEST_LEN);
	rc = revoked_fingerprint(
	    i->store, span_of(out->sha256, sizeof(out->sha256)), &revoked);
	if (rc == RC_OK && !revoked)
		rc = revoked_serial(i->store, s->cert.serial, issuers.keys,
		    issuers.count, &revoked);
	if (rc == RC_OK && revoked)
		out->why = REASON_REVOKED;
	return rc;
}

enum rc
identify_certificate(const struct issuer *i, const struct issue_request *rq,
    struct issue_peer *out)
{
	const struct policy_set *set = issue_rules_set(i->rules);
	struct shown s;
	enum rc rc = RC_OK;

	digest_of(rq->peer, out->sha256);
	if (!take_apart(rq, &s)) {
		out->why = REASON_CERTIFICATE;
		return RC_OK;
	}
	out->cn = s.cert.cn;
	out->serial = s.cert.serial;
	out->why = REASON_UNTRUSTED;
	for (size_t n = 0; n < set->identity_count; n++) {
		const struct identity *id = &set->identities[n];

		if (id->kind != IDENTITY_CERTIFICATE)
			continue;
		rc = try_document(i, id, &s, out);
		if (rc || out->why == REASON_NONE)
			break;
	}
	if (rc || !out->identity)
		return rc;
	return check_ledger(i, &s, out);
}
