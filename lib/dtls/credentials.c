#include "dtls/internal.h"

#include "base/digest.h"
#include "dtls/der.h"
#include "dtls/pem.h"

#include <stdlib.h>

/* A buffer for what pem_unpack() finds. */
struct bytes {
	uint8_t *p;
	struct writer w;
};

static enum rc
bytes_init(struct bytes *b, size_t cap)
{
	b->p = malloc(cap ? cap : 1);
	writer_init(&b->w, b->p, b->p ? cap : 0);
	return b->p ? RC_OK : RC_MEMORY;
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, DTLS_DIGEST_LEN);
}

static bool
digests_have(const struct digests *d, const uint8_t digest[static DIGEST_LEN])
{
	return d->count > 0 &&
	    bsearch(digest, d->at, d->count, DTLS_DIGEST_LEN, compare);
}

static void
digests_sort(struct digests *d)
{
	if (d->count > 0)
		qsort(d->at, d->count, DTLS_DIGEST_LEN, compare);
}

/* A certificate's place in the table: the issuer ends by its own length. */
static void
name_of(struct span issuer, struct span serial, uint8_t out[static DIGEST_LEN])
{
	struct digest d;

	digest_init(&d);
	digest_put(&d, issuer);
	digest_put(&d, serial);
	digest_final(&d, out);
}

static enum rc
digests_grow(struct digests *d, size_t *cap)
{
	size_t more = *cap ? *cap * 2 : 64;
	void *p;

	if (d->count < *cap)
		return RC_OK;
	p = reallocarray(d->at, more, DTLS_DIGEST_LEN);
	if (!p)
		return RC_MEMORY;
	d->at = p;
	*cap = more;
	return RC_OK;
}

static enum rc
add_crl(struct digests *d, size_t *cap, struct span der)
{
	struct x509_crl crl;
	struct span serial;
	enum rc rc = x509_crl(der, &crl);

	if (rc)
		return rc;
	while ((rc = x509_revoked(&crl.entries, &serial)) == RC_OK) {
		rc = digests_grow(d, cap);
		if (rc)
			return rc;
		name_of(crl.issuer, serial, d->at[d->count++]);
	}
	return rc == RC_AGAIN ? RC_OK : rc;
}

static enum rc
set_crls(struct credentials *c, const struct dtls_credentials *in,
    struct dtls_fault *fault)
{
	size_t cap = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < in->crl_count; i++) {
		struct bytes b;
		struct span rest;
		struct der crl;

		*fault = (struct dtls_fault){"crl", i};
		rc = bytes_init(&b, in->crls[i].len);
		if (rc == RC_OK)
			rc = pem_unpack(in->crls[i], "X509 CRL", &b.w);
		rest = writer_span(&b.w);
		while (rc == RC_OK && der_next(&rest, &crl))
			rc = add_crl(&c->revoked, &cap, crl.raw);
		free(b.p);
	}
	digests_sort(&c->revoked);
	return rc == RC_NOT_FOUND ? RC_MALFORMED : rc;
}

static enum rc
set_raw_keys(struct credentials *c, const struct dtls_credentials *in)
{
	if (in->raw_key_count == 0)
		return RC_OK;
	c->raw_keys.at = reallocarray(NULL, in->raw_key_count, DTLS_DIGEST_LEN);
	if (!c->raw_keys.at)
		return RC_MEMORY;
	c->raw_keys.count = in->raw_key_count;
	memcpy(
	    c->raw_keys.at, in->raw_keys, in->raw_key_count * DTLS_DIGEST_LEN);
	digests_sort(&c->raw_keys);
	return RC_OK;
}

/* wolfSSL would let whatever is loaded sign others. */
static enum rc
check_anchors(struct span der)
{
	struct x509_certificate x;
	struct der anchor;

	while (der_next(&der, &anchor))
		if (x509_certificate(anchor.raw, &x) || !x.authority)
			return RC_MALFORMED;
	return RC_OK;
}

/* All anchors into one buffer of DER. */
static enum rc
unpack_trust(const struct dtls_credentials *in, struct bytes *trust,
    struct dtls_fault *fault)
{
	size_t cap = 0;
	enum rc rc;

	for (size_t i = 0; i < in->trust_count; i++)
		cap += in->trust[i].len;
	rc = bytes_init(trust, cap);
	for (size_t i = 0; rc == RC_OK && i < in->trust_count; i++) {
		size_t before = trust->w.len;

		*fault = (struct dtls_fault){"trust", i};
		rc = pem_unpack(in->trust[i], "CERTIFICATE", &trust->w);
		if (rc == RC_OK)
			rc = check_anchors(
			    span_from(writer_span(&trust->w), before));
	}
	return rc == RC_NOT_FOUND ? RC_MALFORMED : rc;
}

/* The chain of a server as DER, and its key. */
static enum rc
unpack_chain(const struct dtls_server_credential *s, struct bytes *chain,
    struct x509_certificate *leaf, struct span *public_key,
    struct dtls_fault *fault)
{
	struct span rest;
	struct der first;
	enum rc rc;

	fault->what = "chain";
	*leaf = (struct x509_certificate){0};
	*public_key = s->public_key;
	rc = bytes_init(chain, s->chain.len);
	if (rc || s->chain.len == 0)
		goto key;
	rc = pem_unpack(s->chain, "CERTIFICATE", &chain->w);
	if (rc)
		return rc == RC_NOT_FOUND ? RC_MALFORMED : rc;
	rest = writer_span(&chain->w);
	if (!der_next(&rest, &first) || x509_certificate(first.raw, leaf))
		return RC_MALFORMED;
	if (public_key->len == 0)
		*public_key = leaf->public_key;
	else if (!span_equal(*public_key, leaf->public_key))
		return RC_CONFLICT;
key:
	fault->what = s->chain.len ? "chain" : "public-key";
	if (rc == RC_OK && !x509_is_p256_key(*public_key))
		rc = RC_MALFORMED;
	return rc;
}

static enum rc
add_site(struct site *s, const struct context_setup *setup,
    const struct dtls_server_credential *in,
    const struct x509_certificate *leaf, struct dtls_fault *fault)
{
	enum rc rc = context_server(setup, &s->ctx);

	if (rc == RC_DENIED) {
		*fault = (struct dtls_fault){"trust", 0};
		return RC_MALFORMED;
	}
	s->shows = true;
	s->key = in->key;
	s->names = *leaf;
	return rc;
}

static enum rc
add_server(struct credentials *c, size_t i, struct context_setup setup,
    const struct dtls_server_credential *in, struct dtls_fault *fault)
{
	struct site *site = &c->sites[1 + 2 * i];
	struct x509_certificate leaf;
	struct bytes chain;
	enum rc rc;

	fault->index = i;
	rc = unpack_chain(in, &chain, &leaf, &setup.public_key, fault);
	c->leaves[i] = chain.p;
	setup.chain = writer_span(&chain.w);
	if (rc == RC_OK && setup.chain.len > 0)
		rc = add_site(&site[0], &setup, in, &leaf, fault);
	setup.raw = true;
	if (rc == RC_OK && DTLS_HAVE_RPK)
		rc = add_site(&site[1], &setup, in, &leaf, fault);
	return rc;
}

static enum rc
fill(struct credentials *c, const struct dtls_credentials *in, bool stream,
    struct dtls_fault *fault)
{
	struct context_setup setup = {
		.stream = stream,
		.key_of = psk_callback,
#if DTLS_HAVE_13
		.key_of_13 = psk_callback_13,
#endif
		.sign = sign_callback,
		.proof = proof_callback,
		.verify = peer_callback,
	};
	struct bytes trust = {0};
	enum rc rc = context_server(&setup, &c->sites[0].ctx);

	if (rc || !in)
		return rc;
	if (in->server_count > DTLS_SERVERS_MAX)
		return RC_TOO_LARGE;
	rc = unpack_trust(in, &trust, fault);
	setup.trust = writer_span(&trust.w);
	for (size_t i = 0; rc == RC_OK && i < in->server_count; i++)
		rc = add_server(c, i, setup, &in->servers[i], fault);
	free(trust.p);
	if (rc == RC_OK)
		rc = set_crls(c, in, fault);
	if (rc == RC_OK)
		rc = set_raw_keys(c, in);
	return rc;
}

enum rc
credentials_new(const struct dtls_credentials *in, bool stream,
    struct dtls_fault *fault, struct credentials **out)
{
	struct credentials *c = calloc(1, sizeof(*c));
	struct dtls_fault found = {"", 0};
	enum rc rc = RC_MEMORY;

	*out = NULL;
	if (c) {
		c->refs = 1;
		rc = fill(c, in, stream, &found);
	}
	if (fault)
		*fault = found;
	if (rc) {
		credentials_unref(c);
		return rc;
	}
	*out = c;
	return RC_OK;
}

struct credentials *
credentials_ref(struct credentials *c)
{
	c->refs++;
	return c;
}

void
credentials_unref(struct credentials *c)
{
	if (!c || --c->refs > 0)
		return;
	for (size_t i = 0; i < CREDENTIALS_SITES; i++)
		wolfSSL_CTX_free(c->sites[i].ctx);
	for (size_t i = 0; i < DTLS_SERVERS_MAX; i++)
		free(c->leaves[i]);
	free(c->revoked.at);
	free(c->raw_keys.at);
	free(c);
}

const struct site *
credentials_choose(const struct credentials *c, const struct peek_hello *hello)
{
	bool raw = hello->raw_key && DTLS_HAVE_RPK;
	const struct site *first = NULL;

	for (size_t i = raw ? 2 : 1; i < CREDENTIALS_SITES; i += 2) {
		const struct site *s = &c->sites[i];

		if (!s->ctx)
			continue;
		if (hello->server_name.len > 0 &&
		    x509_is_for(&s->names, hello->server_name))
			return s;
		if (!first)
			first = s;
	}
	return first ? first : &c->sites[0];
}

bool
credentials_bare(const struct site *s)
{
	return !s->shows;
}

bool
credentials_know_raw_key(const struct credentials *c, struct span public_key)
{
	uint8_t digest[DIGEST_LEN];

	digest_of(public_key, digest);
	return x509_is_p256_key(public_key) &&
	    digests_have(&c->raw_keys, digest);
}

enum rc
credentials_revoked(const struct credentials *c, struct span certificate)
{
	uint8_t digest[DIGEST_LEN];
	struct x509_certificate x;
	enum rc rc = x509_certificate(certificate, &x);

	if (rc)
		return rc;
	name_of(x.issuer, x.serial, digest);
	return digests_have(&c->revoked, digest) ? RC_DENIED : RC_OK;
}
