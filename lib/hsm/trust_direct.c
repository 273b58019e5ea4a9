/*
 * Most certificates of devices are the same few hundred bytes under the same
 * CA. OpenSSL takes five times as long to read one as to verify its signature;
 * so what has nothing but what our own reader knows is judged here, and OpenSSL
 * is asked about all else, and about everything that is not good.
 */
#include "base/digest.h"
#include "hsm/p256_internal.h"
#include "hsm/trust_internal.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

/* RFC 5280 4.2.1.9, 4.2.1.3; constraints and uses of a CA are for OpenSSL. */
static bool
serves(const struct cert *c)
{
	return c->is_ca && !c->other && !c->unknown_critical &&
	    !c->has_constraints && !c->has_eku &&
	    (!c->has_key_usage || (c->key_usage & CERT_KEY_CERT_SIGN));
}

static void
find_signer(struct trust_list *l, const struct trust_anchor *a)
{
	for (; a && !l->signer; a = a->next)
		if (crl_verify(&l->crl, &a->cert) == RC_OK)
			l->signer = a;
}

enum rc
trust_direct_anchor(struct trust *t, const struct cert *c)
{
	struct trust_anchor *a;
	struct der_fault fault;
	enum rc rc;

	if (!c->p256)
		return RC_OK;
	a = calloc(1, sizeof(*a) + c->der.len);
	if (!a)
		return RC_MEMORY;
	memcpy(a->der, c->der.p, c->der.len);
	rc = cert_read(span_of(a->der, c->der.len), &a->cert, &fault);
	if (!rc)
		rc = p256_load(a->cert.spki, &a->key);
	if (rc) {
		free(a);
		return RC_MEMORY;
	}
	a->serves = serves(&a->cert);
	a->next = t->anchors;
	t->anchors = a;
	for (struct trust_list *l = t->lists; l; l = l->next)
		find_signer(l, a);
	return RC_OK;
}

static int
by_bytes(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return span_compare(*x, *y);
}

/* A list may have a million entries, and is asked by every device. */
static bool
sort_serials(struct trust_list *l)
{
	struct span rest = l->crl.entries;
	struct crl_entry e;
	size_t n = 0;

	l->serials = calloc(l->crl.entry_count + 1, sizeof(*l->serials));
	if (!l->serials)
		return false;
	while (n < l->crl.entry_count && crl_next(&rest, &e))
		l->serials[n++] = e.serial;
	qsort(l->serials, n, sizeof(*l->serials), by_bytes);
	return n == l->crl.entry_count;
}

static void
list_free(struct trust_list *l)
{
	free(l->serials);
	free(l);
}

enum rc
trust_direct_list(struct trust *t, const struct crl *c)
{
	struct trust_list *l = calloc(1, sizeof(*l) + c->der.len);
	struct der_fault fault;

	if (!l)
		return RC_MEMORY;
	memcpy(l->der, c->der.p, c->der.len);
	if (crl_parse(span_of(l->der, c->der.len), &l->crl, &fault) ||
	    !sort_serials(l)) {
		list_free(l);
		return RC_MEMORY;
	}
	find_signer(l, t->anchors);
	l->next = t->lists;
	t->lists = l;
	return RC_OK;
}

void
trust_direct_fini(struct trust *t)
{
	while (t->anchors) {
		struct trust_anchor *next = t->anchors->next;

		EVP_PKEY_free(t->anchors->key);
		free(t->anchors);
		t->anchors = next;
	}
	while (t->lists) {
		struct trust_list *next = t->lists->next;

		list_free(t->lists);
		t->lists = next;
	}
}

static bool
is_on(const struct trust_list *l, const struct cert *c)
{
	return bsearch(&c->serial, l->serials, l->crl.entry_count,
		   sizeof(*l->serials), by_bytes) != NULL;
}

/* A CA may have several certificates with one key. */
static bool
is_anothers(const struct trust_list *l, const struct trust_anchor *a)
{
	return l->signer && !span_equal(l->signer->cert.spki, a->cert.spki);
}

/*
 * The anchor's own list, signed by it, is looked up; one that is known to be
 * another anchor's says nothing here. Any other might be its own, or name it:
 * a case for OpenSSL, whatever name the list has, and however it is written.
 */
static bool
on_no_list(
    const struct trust *t, const struct trust_anchor *a, const struct cert *c)
{
	unsigned own = 0;

	for (const struct trust_list *l = t->lists; l; l = l->next) {
		if (is_anothers(l, a))
			continue;
		if (!l->signer || ++own > 1 || is_on(l, c) ||
		    is_on(l, &a->cert))
			return false;
	}
	return true;
}

static bool
is_time(const struct cert *c, int64_t now_s)
{
	return c->not_before_s <= now_s && now_s <= c->not_after_s;
}

/* RFC 5280 4.2.1.3, 4.2.1.12; as a client or a server, whatever TLS does. */
static bool
is_use(const struct cert *c, enum cert_eku eku)
{
	return (eku == CERT_CLIENT_AUTH || eku == CERT_SERVER_AUTH) &&
	    (!c->has_eku || (c->eku & eku)) &&
	    (!c->has_key_usage || (c->key_usage & CERT_DIGITAL_SIGNATURE));
}

/* RFC 5280 6.1.3 (a)(4), 4.2.1.1. */
static bool
is_issuer(const struct trust_anchor *a, const struct cert *c)
{
	return span_equal(a->cert.subject, c->issuer) &&
	    (c->issuer_key_id.len == 0 || a->cert.key_id.len == 0 ||
		span_equal(c->issuer_key_id, a->cert.key_id));
}

static bool
is_signed(const struct trust_anchor *a, const struct cert *c)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx &&
	    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, a->key) == 1 &&
	    EVP_DigestVerify(ctx, c->signature.p, c->signature.len, c->tbs.p,
		c->tbs.len) == 1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

bool
trust_direct(const struct trust *t, const struct cert *c, enum cert_eku eku,
    int64_t now_s, const struct trust_anchor **by)
{
	if (c->other || c->unknown_critical || c->is_ca || c->has_constraints ||
	    !c->p256 || !span_equal(c->algorithm, p256_sha256_algorithm) ||
	    span_equal(c->subject, c->issuer) || !is_time(c, now_s) ||
	    !is_use(c, eku))
		return false;
	for (const struct trust_anchor *a = t->anchors; a; a = a->next) {
		if (!a->serves || !is_issuer(a, c) ||
		    !is_time(&a->cert, now_s) || !on_no_list(t, a, c) ||
		    !is_signed(a, c))
			continue;
		*by = a;
		return true;
	}
	return false;
}
