/* What devices are to expect of servers: /0/x/4, as its usage wants it. */
#include "issue/rules_internal.h"

#include "hsm/p256.h"

enum usage { /* /0/x/15 */
	USAGE_CA = 0,
	USAGE_SERVICE = 1,
	USAGE_TRUST_ANCHOR = 2,
	USAGE_DOMAIN = 3, /**< where it is not said */
};

enum matching { /* /0/x/13 */
	MATCHING_SHA256 = 1,
	MATCHING_SHA512 = 3,
};

static const char *const usage_names[] = {
    "ca", "service", "trust-anchor", "domain"};

/** A document's `server_certificate:` or `server_key:`. */
struct expected {
	const struct policy_server_key *key;
	struct policy_place place;
	struct rules_shown name;
	enum usage usage;
};

/** The first certificate of the file that fits its usage; false: none does. */
static bool
choose(struct rules_build *b, const struct expected *e,
    const struct rules_parts *parts, struct cert *out)
{
	bool wants_ca = e->usage == USAGE_CA || e->usage == USAGE_TRUST_ANCHOR;

	for (size_t i = 0; i < parts->count; i++) {
		if (!rules_cert(b, parts->der[i], e->place, e->name.text, out))
			return false;
		if (out->is_ca == wants_ca)
			return true;
	}
	rules_say(b, DIAG_ERROR, e->place, "issue-usage",
	    wants_ca ? "%s: usage %s needs the certificate of a CA, and this "
		       "is of none"
		     : "%s: usage %s needs the server's own certificate, and "
		       "this is of a CA",
	    e->name.text, usage_names[e->usage]);
	return false;
}

/** What stands in the resource: the certificate, or its digest. */
static struct span
as_matched(struct arena *a, struct span der, int matching)
{
	uint8_t digest[DIGEST512_LEN];

	if (matching == MATCHING_SHA256) {
		digest_of(der, digest);
		return arena_copy(a, span_of(digest, DIGEST_LEN));
	}
	if (matching == MATCHING_SHA512) {
		digest512_of(der, digest);
		return arena_copy(a, span_of(digest, DIGEST512_LEN));
	}
	return arena_copy(a, der);
}

static struct span
take_certificate(struct rules_build *b, const struct expected *e)
{
	const struct policy_file *file = &e->key->file;
	struct rules_parts parts;
	struct span out = {0};
	struct cert c;
	enum rc rc =
	    rules_parts(b->rules->arena, file->bytes, "CERTIFICATE", &parts);

	if (rc == RC_MEMORY) {
		b->rc = rc;
		return out;
	}
	if (rc) {
		rules_say(b, DIAG_ERROR, e->place, "issue-certificate",
		    "%s: no certificate, neither PEM nor DER", e->name.text);
		return out;
	}
	if (!choose(b, e, &parts, &c))
		return out;
	(void)rules_dates(b, &c, e->place, e->name.text);
	if (e->usage == USAGE_DOMAIN || e->usage == USAGE_SERVICE)
		rules_say(b, DIAG_WARNING, e->place, "issue-usage-renewal",
		    "%s: usage %s pins this very certificate: once the server "
		    "renews it, no device with it connects any more; `usage: "
		    "trust-anchor` with the CA's certificate outlives that",
		    e->name.text, usage_names[e->usage]);
	out = as_matched(b->rules->arena, c.der, e->key->matching);
	if (!out.p)
		b->rc = RC_MEMORY;
	return out;
}

/** The key alone, or of a certificate. Empty: it is none. */
static struct span
find_raw_key(struct rules_build *b, struct span bytes)
{
	static const char *const labels[] = {"PUBLIC KEY", "CERTIFICATE"};
	struct rules_parts parts;
	struct der_fault fault;
	struct cert c;

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		enum rc rc =
		    rules_parts(b->rules->arena, bytes, labels[i], &parts);

		if (rc == RC_MEMORY)
			b->rc = rc;
		if (rc)
			continue;
		if (p256_spki_check(parts.der[0]) == RC_OK)
			return parts.der[0];
		if (cert_parse(parts.der[0], &c, &fault) == RC_OK && c.p256)
			return c.spki;
	}
	return span_of(NULL, 0);
}

static struct span
take_raw_key(struct rules_build *b, const struct expected *e)
{
	struct span spki = find_raw_key(b, e->key->file.bytes);

	if (spki.len == 0 && b->rc == RC_OK)
		rules_say(b, DIAG_ERROR, e->place, "issue-key",
		    "%s: neither a public key on P-256 nor a certificate of "
		    "one, in PEM or DER",
		    e->name.text);
	if (spki.len == 0)
		return spki;
	spki = arena_copy(b->rules->arena, spki);
	if (!spki.p)
		b->rc = RC_MEMORY;
	return spki;
}

static struct expected
expected(const struct policy_server_key *key)
{
	return (struct expected){
	    .key = key,
	    .place = key->file.place,
	    .name = rules_show(span_str(key->file.path)),
	    .usage = key->usage < 0 ? USAGE_DOMAIN : (enum usage)key->usage,
	};
}

static struct span
take_server(struct rules_build *b, const struct policy_server *s)
{
	const struct expected e = expected(&s->server);

	if (!s->server.file.name ||
	    (s->mode != SERVER_CERTIFICATE && s->mode != SERVER_RPK))
		return span_of(NULL, 0);
	return s->mode == SERVER_RPK ? take_raw_key(b, &e)
				     : take_certificate(b, &e);
}

void
rules_keys(struct rules_build *b)
{
	struct issue_rules *r = b->rules;
	const struct policy_set *set = r->set;

	for (size_t i = 0; i < set->identity_count; i++) {
		const struct policy_server_key *key =
		    &set->identities[i].server;
		const struct expected e = expected(key);

		if (set->identities[i].kind == IDENTITY_CERTIFICATE &&
		    key->file.name)
			r->identity_keys[i] = take_certificate(b, &e);
	}
	for (size_t i = 0; i < set->policy_count; i++) {
		const struct policy *p = &set->policies[i];

		for (size_t k = 0; k < p->server_count; k++)
			r->server_keys[p->servers[k].number] =
			    take_server(b, &p->servers[k]);
		if (p->account.change == ACCOUNT_HAND_OVER)
			r->server_keys[p->account.server.number] =
			    take_server(b, &p->account.server);
	}
}
