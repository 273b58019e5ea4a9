#include "dtls/client_internal.h"

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/sha512.h>

enum { SHA_384_LEN = 48, SHA_512_LEN = 64 };

/* False: there is no digest of that length. */
static bool
hash(struct span in, size_t len, uint8_t out[static CLIENT_DIGEST_MAX])
{
	switch (len) {
	case DIGEST_LEN:
		digest_of(in, out);
		return true;
#ifdef WOLFSSL_SHA384
	case SHA_384_LEN:
		return wc_Sha384Hash(in.p, (word32)in.len, out) == 0;
#endif
#ifdef WOLFSSL_SHA512
	case SHA_512_LEN:
		return wc_Sha512Hash(in.p, (word32)in.len, out) == 0;
#endif
	default:
		return false;
	}
}

static bool
fits(const struct client_pin *pin, struct span shown)
{
	uint8_t digest[CLIENT_DIGEST_MAX];

	return pin->len > 0 && hash(shown, pin->len, digest) &&
	    memcmp(digest, pin->digest, pin->len) == 0;
}

static enum rc
set_pin(struct client_pin *pin, struct span digest)
{
	uint8_t unused[CLIENT_DIGEST_MAX];

	if (digest.len == 0)
		return RC_OK;
	if (!hash(digest, digest.len, unused))
		return RC_UNSUPPORTED;
	memcpy(pin->digest, digest.p, digest.len);
	pin->len = digest.len;
	return RC_OK;
}

enum rc
judge_init(struct dtls_client *c, const struct dtls_client_config *config)
{
	struct span own = config->server_digest;
	uint8_t digest[DIGEST_LEN];
	size_t name_len = config->server_name ? strlen(config->server_name) : 0;
	enum rc rc;

	if (name_len > CLIENT_NAME_MAX)
		return RC_UNSUPPORTED;
	if (name_len > 0)
		memcpy(c->name, config->server_name, name_len + 1);
	if (config->server_key.len > 0) {
		digest_of(config->server_key, digest);
		own = span_of(digest, sizeof(digest));
	}
	rc = set_pin(&c->server, own);
	if (rc == RC_OK)
		rc = set_pin(&c->anchor, config->anchor_digest);
	c->anchored = config->trust.len > 0 || c->anchor.len > 0;
	return rc;
}

static struct span
certificate(const WOLFSSL_X509_STORE_CTX *store, int i)
{
	return span_of(store->certs[i].buffer, store->certs[i].length);
}

static bool
no_anchor(int error)
{
	return error == ASN_NO_SIGNER_E || error == ASN_SELF_SIGNED_E;
}

/* From the anchor down to the server's own, each by what stands above it. */
static bool
verifies(WOLFSSL_CERT_MANAGER *cm, const WOLFSSL_X509_STORE_CTX *store, int i)
{
	bool good = true;

	for (bool first = true; good && i >= 0; i--, first = false) {
		const unsigned char *p = store->certs[i].buffer;
		long len = (long)store->certs[i].length;

		if (!first)
			good = wolfSSL_CertManagerVerifyBuffer(cm, p, len,
				   WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS;
		if (good && i > 0)
			good = wolfSSL_CertManagerLoadCABuffer(cm, p, len,
				   WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS;
	}
	return good;
}

static bool
is_for_us(const struct dtls_client *c, struct span shown)
{
	struct x509_certificate names;

	return x509_certificate(shown, &names) == RC_OK &&
	    (!c->name[0] || x509_is_for(&names, span_str(c->name)));
}

/*
 * wolfSSL knows no anchor. Is it the one behind the server's own that we know
 * by its digest, and does that lead to the server?
 */
static bool
by_its_anchor(const struct dtls_client *c, const WOLFSSL_X509_STORE_CTX *store)
{
	WOLFSSL_CERT_MANAGER *cm;
	int i = store->totalCerts - 1;
	bool good;

	while (i > 0 && !fits(&c->anchor, certificate(store, i)))
		i--;
	if (i <= 0 || !is_for_us(c, certificate(store, 0)))
		return false;
	cm = wolfSSL_CertManagerNew();
	good = cm && verifies(cm, store, i);
	wolfSSL_CertManagerFree(cm);
	return good;
}

static enum dtls_client_fault
fault_of(int error)
{
	switch (error) {
	case DOMAIN_NAME_MISMATCH:
	case IPADDR_MISMATCH:
		return DTLS_CLIENT_NAME;
	case ASN_BEFORE_DATE_E:
		return DTLS_CLIENT_EARLY;
	case ASN_AFTER_DATE_E:
		return DTLS_CLIENT_LATE;
	case ASN_NO_SIGNER_E:
	case ASN_SELF_SIGNED_E:
	case ASN_SIG_CONFIRM_E:
		return DTLS_CLIENT_ANCHOR;
	default:
		return DTLS_CLIENT_OTHER;
	}
}

/*
 * wolfSSL asks about the server's own certificate in any case; about one of
 * its chain where it refuses it, but some builds of it refuse none there.
 */
int
judge(int good, WOLFSSL_X509_STORE_CTX *store)
{
	struct dtls_client *c = store->userCtx;
	int depth = store->error_depth;
	bool pinned = c->server.len > 0;
	bool fine = good != 0;
	struct span shown;

	if (depth < 0 || depth >= store->totalCerts)
		return 0;
	shown = certificate(store, depth);
	if (pinned && !c->anchored) {
		/* By its digest alone, whatever stands around it. */
		fine = true;
	} else if (!fine && c->anchor.len > 0 && no_anchor(store->error)) {
		fine = depth > 0 ? fits(&c->anchor, shown)
				 : by_its_anchor(c, store);
	}
	if (!fine && c->fault == DTLS_CLIENT_GOOD)
		c->fault = fault_of(store->error);
	if (depth == 0) {
		digest_of(shown, c->digest);
		c->seen = true;
		if (fine && pinned && !fits(&c->server, shown)) {
			fine = false;
			c->fault = DTLS_CLIENT_PIN;
		}
	}
	c->refused = c->refused || !fine;
	return fine;
}
