#include "dtls/internal.h"

#include <wolfssl/wolfcrypt/error-crypt.h>

#include <stdlib.h>

/*
 * Who shows a certificate or a raw public key. wolfSSL has verified the chain
 * of the former; of the latter it accepts any. What it calls good is let in
 * only by peer_callback(), and conn_established() holds it to that.
 */

/* For the owner, whether it is let in or not. */
static bool
keep(struct conn *c, struct span shown)
{
	struct datum *copy = malloc(sizeof(*copy) + shown.len);

	free(c->peer);
	c->peer = copy;
	if (!copy)
		return false;
	copy->len = shown.len;
	memcpy(copy->bytes, shown.p, shown.len);
	return true;
}

void
peer_forget(struct conn *c)
{
	free(c->peer);
	c->peer = NULL;
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

int
peer_callback(int good, WOLFSSL_X509_STORE_CTX *store)
{
	struct conn *c = store->userCtx;
	struct span leaf;

	/* What stands above the leaf: wolfSSL's word is enough. */
	if (store->error_depth > 0)
		return good;
	c->peer_good = false;
	c->fault = DTLS_FAILED_NO_CERTIFICATE;
	if (store->totalCerts < 1)
		return 0;
	leaf = span_of(store->certs[0].buffer, store->certs[0].length);
	if (!keep(c, leaf)) {
		c->fault = DTLS_FAILED_RESOURCES;
		return 0;
	}
	if (!good) {
		c->fault = fault(store->error);
		return 0;
	}
	if (!let_in(c, store, leaf))
		return 0;
	c->peer_good = true;
	c->fault = DTLS_FAILED_PROTOCOL;
	limit_heard(c);
	return 1;
}
