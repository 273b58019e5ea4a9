#include "dtls/internal.h"

#include <wolfssl/wolfcrypt/error-crypt.h>

#include <stdlib.h>

/*
 * Who shows a certificate or a raw public key. wolfSSL has verified the chain
 * of the former; of the latter it accepts any. What it calls good is let in
 * only by peer_callback(), and conn_established() holds it to that.
 */

static struct datum *
datum_new(size_t len)
{
	struct datum *d = malloc(sizeof(*d) + len);

	if (d)
		d->len = len;
	return d;
}

/* For the owner, whether it is let in or not. */
static bool
keep(struct conn *c, struct span shown)
{
	struct datum *copy = datum_new(shown.len);

	peer_forget(c);
	c->peer = copy;
	if (copy)
		memcpy(copy->bytes, shown.p, shown.len);
	return copy != NULL;
}

/* What stands behind the leaf, for the owner of who is let in. */
static bool
keep_chain(struct conn *c, const WOLFSSL_X509_STORE_CTX *store, size_t len)
{
	struct datum *copy = len ? datum_new(len) : NULL;
	size_t at = 0;

	c->chain = copy;
	for (int i = 1; copy && i < store->totalCerts; i++) {
		memcpy(copy->bytes + at, store->certs[i].buffer,
		    store->certs[i].length);
		at += store->certs[i].length;
	}
	return copy || len == 0;
}

static size_t
chain_len(const WOLFSSL_X509_STORE_CTX *store)
{
	size_t len = 0;

	for (int i = 1; i < store->totalCerts; i++)
		len += store->certs[i].length;
	return len;
}

void
peer_forget(struct conn *c)
{
	free(c->peer);
	free(c->chain);
	c->peer = c->chain = NULL;
}

static enum dtls_close_reason
fault(int error)
{
	switch (error) {
	case ASN_NO_SIGNER_E:
	case ASN_SELF_SIGNED_E:
	case ASN_SIG_CONFIRM_E:
	case ASN_PATHLEN_INV_E:
	case ASN_PATHLEN_SIZE_E:
	case ASN_NAME_INVALID_E:
		return DTLS_FAILED_UNTRUSTED;
	case ASN_BEFORE_DATE_E:
	case ASN_AFTER_DATE_E:
		return DTLS_FAILED_EXPIRED;
	default:
		return DTLS_FAILED_CERTIFICATE;
	}
}

static bool
is_raw(WOLFSSL *ssl)
{
#if DTLS_HAVE_RPK
	int type = WOLFSSL_CERT_TYPE_UNKNOWN;

	return wolfSSL_get_negotiated_client_cert_type(ssl, &type) ==
	    WOLFSSL_SUCCESS &&
	    type == WOLFSSL_CERT_TYPE_RPK;
#else
	(void)ssl;
	return false;
#endif
}

static bool
let_in(struct conn *c, const WOLFSSL_X509_STORE_CTX *store, struct span leaf)
{
	if (is_raw(c->ssl)) {
		c->credential = DTLS_RPK;
		c->fault = DTLS_FAILED_RAW_KEY;
		return store->totalCerts == 1 &&
		    credentials_know_raw_key(c->credentials, leaf);
	}
	c->credential = DTLS_X509;
	for (int i = 0; i < store->totalCerts; i++) {
		struct span s =
		    span_of(store->certs[i].buffer, store->certs[i].length);
		enum rc rc = credentials_revoked(c->credentials, s);

		if (rc) {
			c->fault = rc == RC_DENIED ? DTLS_FAILED_REVOKED
						   : DTLS_FAILED_CERTIFICATE;
			return false;
		}
	}
	return true;
}

/* The first reason counts. */
static void
deny(struct conn *c, enum dtls_close_reason reason)
{
	if (!c->peer_refused)
		c->fault = reason;
	c->peer_refused = true;
}

/* The leaf, good in wolfSSL's eyes. */
static bool
look_at(struct conn *c, const WOLFSSL_X509_STORE_CTX *store, struct span leaf)
{
	size_t behind = chain_len(store);

	if (behind > DTLS_CHAIN_MAX) {
		c->fault = DTLS_FAILED_CERTIFICATE;
		return false;
	}
	if (!let_in(c, store, leaf))
		return false;
	if (!keep_chain(c, store, behind)) {
		c->fault = DTLS_FAILED_RESOURCES;
		return false;
	}
	return true;
}

/* Kept for the owner. */
static bool
take_leaf(
    struct conn *c, const WOLFSSL_X509_STORE_CTX *store, struct span *leaf)
{
	enum dtls_close_reason reason = DTLS_FAILED_NO_CERTIFICATE;

	if (store->totalCerts >= 1) {
		*leaf = span_of(store->certs[0].buffer, store->certs[0].length);
		if (leaf->len > DTLS_PEER_MAX)
			reason = DTLS_FAILED_CERTIFICATE;
		else if (keep(c, *leaf))
			return true;
		else
			reason = DTLS_FAILED_RESOURCES;
	}
	deny(c, reason);
	return false;
}

/* Will it be asked to prove that the key is its own, by proof_callback()? */
static bool
must_prove(const struct conn *c, struct span leaf)
{
	struct x509_certificate x;

	return c->peer &&
	    (x509_is_p256_key(leaf) ||
		(x509_certificate(leaf, &x) == RC_OK &&
		    x509_is_p256_key(x.public_key)));
}

int
peer_callback(int good, WOLFSSL_X509_STORE_CTX *store)
{
	struct conn *c = store->userCtx;
	struct span leaf = {0};

	/*
	 * Who is not let in is refused, once and for all, but not at once:
	 * wolfSSL goes on as if all were good, up to the proof. What stands
	 * above the leaf it may trust meanwhile: see conn_accept().
	 */
	if (store->error_depth > 0) {
		if (!good)
			deny(c, fault(store->error));
		return 1;
	}
	c->peer_good = false;
	if (take_leaf(c, store, &leaf) && !good)
		deny(c, fault(store->error));
	if (!c->peer_refused && !look_at(c, store, leaf))
		c->peer_refused = true;
	if (c->peer_refused)
		return must_prove(c, leaf);
	c->peer_good = true;
	c->fault = DTLS_FAILED_PROTOCOL;
	limit_heard(c);
	return 1;
}
