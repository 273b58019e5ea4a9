/* Whether a private key that came from elsewhere is one, and of whom. */
#include "hsm/der.h"
#include "hsm/device_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* Clients take version 1 alone, which is written 0 (RFC 5958 section 2), in DER
 * and without attributes; OpenSSL takes more. */
static bool
is_strict(struct span pkcs8)
{
	struct der_fault fault;
	struct der_reader r, info, key, point;
	struct span inner, number;
	unsigned unused = 0;

	der_reader_init(&r, pkcs8, &fault);
	info = der_enter(&r, DER_SEQUENCE);
	der_end(&r);
	der_small(&info, DER_INTEGER, 0);
	der_take(&info, DER_SEQUENCE);
	inner = der_take(&info, DER_OCTET_STRING);
	der_end(&info);
	if (!der_ok(&r))
		return false;
	/* RFC 5915 section 3 */
	der_reader_init(&r, inner, &fault);
	key = der_enter(&r, DER_SEQUENCE);
	der_end(&r);
	if (der_small(&key, DER_INTEGER, 1) != 1)
		return false;
	number = der_take(&key, DER_OCTET_STRING);
	if (der_peek(&key) == DER_CONTEXT_CONSTRUCTED + 1) {
		point = der_enter(&key, DER_CONTEXT_CONSTRUCTED + 1);
		der_bits(&point, &unused);
		der_end(&point);
	}
	der_end(&key);
	return der_ok(&r) && number.len == 32 && unused == 0;
}

/** The key of all of `pkcs8`; NULL: it is none. */
static EVP_PKEY *
load(struct span pkcs8)
{
	const uint8_t *at = pkcs8.p;
	PKCS8_PRIV_KEY_INFO *info;
	EVP_PKEY *key = NULL;

	if (!is_strict(pkcs8))
		return NULL;
	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)pkcs8.len);
	if (info && at == pkcs8.p + pkcs8.len)
		key = EVP_PKCS82PKEY(info);
	PKCS8_PRIV_KEY_INFO_free(info);
	return key;
}

/* The public half may stand in the PKCS#8, too: it is held to the number. */
static bool
is_whole(EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool whole = ctx && EVP_PKEY_pairwise_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	return whole;
}

enum rc
device_key_agrees(struct span pkcs8, struct span spki)
{
	EVP_PKEY *key = load(pkcs8);
	enum rc rc = RC_MALFORMED;
	uint8_t *der = NULL;
	int len = 0;

	if (key && is_whole(key))
		len = i2d_PUBKEY(key, &der);
	if (len > 0)
		rc = span_equal(span_of(der, (size_t)len), spki) ? RC_OK
								 : RC_DENIED;
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return rc;
}
