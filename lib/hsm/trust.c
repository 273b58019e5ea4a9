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

void
trust_require_crl(struct trust *t)
{
	t->crl_required = true;
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
 * A CA without a list is no error unless lists are required, and then not for
 * the anchor, which is believed as it is. A list that is out of date counts on:
 * what it names stays revoked. That a certificate is on a list is noted, and
 * verification goes on: OpenSSL looks at lists before signatures, and what
 * nobody has signed is not revoked but forged.
 */
static int
each_error(int ok, X509_STORE_CTX *ctx)
{
	struct check *check = X509_STORE_CTX_get_app_data(ctx);
	int anchor = sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) - 1;
	int error = X509_STORE_CTX_get_error(ctx);
	int depth = X509_STORE_CTX_get_error_depth(ctx);

	if (ok)
		return ok;
	if (error == X509_V_ERR_UNABLE_TO_GET_CRL || is_stale(error))
		return !check->trust->crl_required || depth == anchor;
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
	const struct trust *t = check->trust;
	X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;

	if (t->crl || t->crl_required)
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
verify_chain(const struct trust *t, struct span der, const struct span *chain,
    size_t chain_count, enum cert_eku eku, int64_t now_s,
    struct trust_verdict *verdict)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *stack = sk_X509_new_null();
	struct check check = {.trust = t};
	X509 *x = load(der);
	enum rc rc = RC_OK;

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
out:
	X509_STORE_CTX_free(ctx);
	sk_X509_pop_free(stack, X509_free);
	X509_free(x);
	ERR_clear_error();
	return rc;
}

enum rc
trust_verify(const struct trust *t, struct span der, const struct span *chain,
    size_t chain_count, enum cert_eku eku, int64_t now_s,
    struct trust_verdict *verdict)
{
	struct der_fault fault;
	struct cert c;

	*verdict = (struct trust_verdict){0};
	if (cert_read(der, &c, &fault))
		return RC_MALFORMED;
	if (trust_direct(t, &c, eku, now_s))
		return RC_OK;
	return verify_chain(t, der, chain, chain_count, eku, now_s, verdict);
}
