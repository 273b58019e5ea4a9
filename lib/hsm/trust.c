/* Chains, verified by OpenSSL; what it is given was read by us before. */
#include "hsm/hsm_internal.h"
#include "hsm/trust_internal.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	CHAIN_MAX = 10,
	SECURITY_LEVEL = 2, /* 112 bits, no SHA-1 */
};

struct trust *
trust_new(void)
{
	struct trust *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->store = X509_STORE_new();
	if (!t->store) {
		free(t);
		return NULL;
	}
	return t;
}

void
trust_free(struct trust *t)
{
	if (!t)
		return;
	trust_direct_fini(t);
	free(t->keys);
	X509_STORE_free(t->store);
	free(t);
}

/* Once by each of two readers of different hands (cert_parse): NULL when
 * either refuses it. */
static X509 *
load(struct span der)
{
	const uint8_t *at = der.p;
	struct der_fault fault;
	struct cert c;
	X509 *x;

	if (cert_read(der, &c, &fault))
		return NULL;
	x = d2i_X509(NULL, &at, (long)der.len);
	if (!x || at == der.p + der.len)
		return x;
	X509_free(x);
	return NULL;
}

static enum rc
add_key(struct trust *t, struct span spki)
{
	uint8_t(*more)[DIGEST_LEN];

	more = reallocarray(t->keys, t->key_count + 1, sizeof(*more));
	if (!more)
		return RC_MEMORY;
	t->keys = more;
	digest_of(spki, t->keys[t->key_count++]);
	return RC_OK;
}

bool
trust_has_key(const struct trust *t, const uint8_t sha256[static DIGEST_LEN])
{
	for (size_t i = 0; i < t->key_count; i++)
		if (memcmp(t->keys[i], sha256, DIGEST_LEN) == 0)
			return true;
	return false;
}

enum rc
trust_add(struct trust *t, struct span der, struct der_fault *fault)
{
	struct cert c;
	X509 *x;
	enum rc rc = cert_parse(der, &c, fault);

	if (rc)
		return rc;
	if (!c.is_ca) {
		*fault = (struct der_fault){
		    "not the certificate of a CA", "RFC 5280 4.2.1.9", 0};
		return RC_DENIED;
	}
	x = load(der);
	rc = x && X509_STORE_add_cert(t->store, x) ? RC_OK : RC_MEMORY;
	if (!rc)
		rc = trust_direct_anchor(t, &c);
	if (!rc)
		rc = add_key(t, c.spki);
	X509_free(x);
	ERR_clear_error();
	return rc;
}

enum rc
trust_add_crl(struct trust *t, struct span der, struct der_fault *fault)
{
	const uint8_t *at = der.p;
	struct crl c;
	X509_CRL *x;
	enum rc rc = crl_parse(der, &c, fault);

	if (rc)
		return rc;
	x = d2i_X509_CRL(NULL, &at, (long)der.len);
	if (!x) {
		*fault = (struct der_fault){
		    "OpenSSL cannot read it", "RFC 5280 5.1", 0};
		rc = RC_MALFORMED;
	} else if (!X509_STORE_add_crl(t->store, x)) {
		rc = RC_MEMORY;
	} else {
		t->crl = true;
		rc = trust_direct_list(t, &c);
	}
	X509_CRL_free(x);
	ERR_clear_error();
	return rc;
}

/* One verification. */
struct check {
	const struct trust *trust;
	bool revoked;
	int revoked_depth;
};

static bool
is_stale(int error)
{
	return error == X509_V_ERR_CRL_HAS_EXPIRED ||
	    error == X509_V_ERR_CRL_NOT_YET_VALID;
}

/*
 * A CA without a list is no error. A list that is out of date counts on:
 * what it names stays revoked. That a certificate is on a list is noted, and
 * verification goes on: OpenSSL looks at lists before signatures, and what
 * nobody has signed is not revoked but forged.
 */
static int
each_error(int ok, X509_STORE_CTX *ctx)
{
	struct check *check = X509_STORE_CTX_get_app_data(ctx);
	int error = X509_STORE_CTX_get_error(ctx);
	int depth = X509_STORE_CTX_get_error_depth(ctx);

	if (ok)
		return ok;
	if (error == X509_V_ERR_UNABLE_TO_GET_CRL || is_stale(error))
		return 1;
	if (error != X509_V_ERR_CERT_REVOKED)
		return 0;
	if (!check->revoked || depth < check->revoked_depth)
		check->revoked_depth = depth;
	check->revoked = true;
	return 1;
}

static enum rc
load_chain(const struct span *chain, size_t count, STACK_OF(X509) * stack)
{
	for (size_t i = 0; i < count; i++) {
		X509 *x = load(chain[i]);

		if (!x)
			return RC_MALFORMED;
		if (!sk_X509_push(stack, x)) {
			X509_free(x);
			return RC_MEMORY;
		}
	}
	return RC_OK;
}

static bool
set_up(
    struct check *check, X509_STORE_CTX *ctx, enum cert_eku eku, int64_t now_s)
{
	X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;

	if (check->trust->crl)
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
	X509_STORE_CTX_set_verify_cb(ctx, each_error);
	if (!X509_STORE_CTX_set_app_data(ctx, check))
		return false;
	X509_VERIFY_PARAM_set_time(p, (time_t)now_s);
	X509_VERIFY_PARAM_set_auth_level(p, SECURITY_LEVEL);
	X509_VERIFY_PARAM_set_depth(p, CHAIN_MAX);
	if (!X509_VERIFY_PARAM_set_flags(p, flags))
		return false;
	switch (eku) {
	case CERT_CLIENT_AUTH:
		return X509_VERIFY_PARAM_set_purpose(
			   p, X509_PURPOSE_SSL_CLIENT) == 1;
	case CERT_SERVER_AUTH:
		return X509_VERIFY_PARAM_set_purpose(
			   p, X509_PURPOSE_SSL_SERVER) == 1;
	case CERT_ANY_EKU:
	case CERT_OTHER_EKU:
	default:
		return true;
	}
}

/* Is nothing wrong with its signature? Dates are looked at after it. */
static bool
holds(const struct trust_verdict *v)
{
	return v->revoked || ((v->expired || v->not_yet) && v->depth == 0);
}

static enum rc
judge(X509_STORE_CTX *ctx, const struct check *check, struct trust_verdict *v)
{
	int error = X509_verify_cert(ctx) == 1 ? X509_V_OK
					       : X509_STORE_CTX_get_error(ctx);

	v->depth = X509_STORE_CTX_get_error_depth(ctx);
	v->expired = error == X509_V_ERR_CERT_HAS_EXPIRED;
	v->not_yet = error == X509_V_ERR_CERT_NOT_YET_VALID;
	v->misused = error == X509_V_ERR_INVALID_PURPOSE;
	/* dates come after the signature: at its own, all of them hold */
	v->revoked = check->revoked &&
	    (error == X509_V_OK ||
		((v->expired || v->not_yet) && v->depth == 0));
	if (v->revoked) {
		error = X509_V_ERR_CERT_REVOKED;
		v->depth = check->revoked_depth;
	}
	v->code = error;
	if (error == X509_V_OK) {
		*v = (struct trust_verdict){0};
		return RC_OK;
	}
	snprintf(v->text, sizeof(v->text), "%s",
	    X509_verify_cert_error_string(error));
	return error == X509_V_ERR_OUT_OF_MEM ? RC_MEMORY : RC_DENIED;
}

static enum rc
digest_key(X509 *ca, uint8_t sha256[static DIGEST_LEN])
{
	uint8_t *spki = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(ca), &spki);

	if (len <= 0)
		return RC_MEMORY;
	digest_of(span_of(spki, (size_t)len), sha256);
	OPENSSL_free(spki);
	return RC_OK;
}

/* Of the chain that was verified, what is above the certificate itself. */
static enum rc
note_issuer(X509_STORE_CTX *ctx, const struct cert *c, struct trust_verdict *v)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	X509 *ca = sk_X509_value(chain, 1);
	uint8_t *spki = NULL;
	int len;
	enum rc rc;

	if (!ca)
		return RC_OK; /* an anchor itself */
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(ca), &spki);
	if (len <= 0)
		return RC_MEMORY;
	rc = trust_issuer(
	    c, span_of(spki, (size_t)len), X509_get0_pubkey(ca), v);
	OPENSSL_free(spki);
	if (rc == RC_OK)
		rc = digest_key(sk_X509_value(chain, sk_X509_num(chain) - 1),
		    v->anchor_key);
	return rc;
}

static enum rc
verify_chain(const struct trust *t, const struct cert *c,
    const struct span *chain, size_t chain_count, enum cert_eku eku,
    int64_t now_s, struct trust_verdict *verdict)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *stack = sk_X509_new_null();
	struct check check = {.trust = t};
	X509 *x = load(c->der);
	enum rc rc = RC_OK, noted;

	if (!x || chain_count > CHAIN_MAX)
		rc = RC_MALFORMED;
	if (!rc && (!ctx || !stack))
		rc = RC_MEMORY;
	if (!rc)
		rc = load_chain(chain, chain_count, stack);
	if (rc)
		goto out;
	if (!X509_STORE_CTX_init(ctx, t->store, x, stack) ||
	    !set_up(&check, ctx, eku, now_s))
		rc = RC_MEMORY;
	else
		rc = judge(ctx, &check, verdict);
	if (rc == RC_OK || (rc == RC_DENIED && holds(verdict))) {
		noted = note_issuer(ctx, c, verdict);
		rc = noted ? noted : rc;
	}
out:
	X509_STORE_CTX_free(ctx);
	sk_X509_pop_free(stack, X509_free);
	X509_free(x);
	ERR_clear_error();
	return rc;
}

static enum rc
note_anchor(const struct cert *c, const struct trust_anchor *by,
    struct trust_verdict *v)
{
	enum rc rc = trust_issuer(c, by->cert.spki, by->key, v);

	memcpy(v->anchor_key, v->issuer_key, DIGEST_LEN);
	return rc;
}

enum rc
trust_verify(const struct trust *t, struct span der, const struct span *chain,
    size_t chain_count, enum cert_eku eku, int64_t now_s,
    struct trust_verdict *verdict)
{
	const struct trust_anchor *by;
	struct der_fault fault;
	struct cert c;

	*verdict = (struct trust_verdict){0};
	if (cert_read(der, &c, &fault))
		return RC_MALFORMED;
	if (trust_direct(t, &c, eku, now_s, &by))
		return note_anchor(&c, by, verdict);
	return verify_chain(t, &c, chain, chain_count, eku, now_s, verdict);
}
