/* Public keys on P-256, checked and used by OpenSSL. */
#include "hsm/p256_internal.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>

/* RFC 5480 section 2: id-ecPublicKey, secp256r1, a BIT STRING of the point. */
static const uint8_t spki_head[P256_SPKI_LEN - P256_POINT_LEN] = {0x30, 0x59,
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

static const uint8_t algorithm[] = {
    0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};

const struct span p256_sha256_algorithm = {algorithm, sizeof(algorithm)};

void
p256_spki_of(const uint8_t point[static P256_POINT_LEN],
    uint8_t spki[static P256_SPKI_LEN])
{
	memcpy(spki, spki_head, sizeof(spki_head));
	memcpy(spki + sizeof(spki_head), point, P256_POINT_LEN);
}

/* Made once: it takes as long as a tenth of a signature. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static EC_GROUP *the_group;

static void
make_group(void)
{
	the_group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
}

const EC_GROUP *
p256_group(void)
{
	pthread_once(&once, make_group);
	return the_group;
}

/* The same key comes several times in a row: as it is made or read, drafted,
 * read back, verified. */
static _Thread_local uint8_t good[P256_SPKI_LEN];

void
p256_made(const uint8_t spki[static P256_SPKI_LEN])
{
	memcpy(good, spki, sizeof(good));
}

/* Also says whether it lies on the curve. */
static enum rc
point_check(struct span point)
{
	const EC_GROUP *group = p256_group();
	EC_POINT *p = group ? EC_POINT_new(group) : NULL;
	enum rc rc = RC_MEMORY;

	if (p)
		rc = EC_POINT_oct2point(group, p, point.p, point.len, NULL) == 1
		    ? RC_OK
		    : RC_MALFORMED;
	EC_POINT_free(p);
	ERR_clear_error();
	return rc;
}

enum rc
p256_spki_check(struct span spki)
{
	struct span point = span_from(spki, sizeof(spki_head));
	enum rc rc;

	if (spki.len != P256_SPKI_LEN ||
	    !span_starts(spki, span_of(spki_head, sizeof(spki_head))) ||
	    point.p[0] != POINT_CONVERSION_UNCOMPRESSED)
		return RC_MALFORMED;
	if (memcmp(good, spki.p, sizeof(good)) == 0)
		return RC_OK;
	rc = point_check(point);
	if (rc == RC_OK)
		p256_made(spki.p);
	return rc;
}

enum rc
p256_load(struct span spki, EVP_PKEY **key)
{
	const uint8_t *at = spki.p;
	enum rc rc = p256_spki_check(spki);

	if (rc)
		return rc;
	*key = d2i_PUBKEY(NULL, &at, (long)spki.len);
	return *key ? RC_OK : RC_MEMORY;
}

enum rc
p256_verify(struct span spki, const uint8_t digest[static P256_DIGEST_LEN],
    const uint8_t signature[static P256_SIGNATURE_LEN])
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx = NULL;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, 32, NULL);
	BIGNUM *s = BN_bin2bn(signature + 32, 32, NULL);
	uint8_t *der = NULL;
	int der_len;
	enum rc rc = p256_load(spki, &key);

	if (rc)
		goto out;
	rc = RC_MEMORY;
	if (!sig || !r || !s || !ECDSA_SIG_set0(sig, r, s))
		goto out;
	r = s = NULL;
	der_len = i2d_ECDSA_SIG(sig, &der);
	ctx = EVP_PKEY_CTX_new(key, NULL);
	if (der_len <= 0 || !ctx || EVP_PKEY_verify_init(ctx) != 1)
		goto out;
	rc = EVP_PKEY_verify(
		 ctx, der, (size_t)der_len, digest, P256_DIGEST_LEN) == 1
	    ? RC_OK
	    : RC_DENIED;
out:
	OPENSSL_free(der);
	EVP_PKEY_CTX_free(ctx);
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return rc;
}

enum rc
p256_verify_message(
    struct span spki, struct span message, struct span signature)
{
	EVP_PKEY *key = NULL;
	EVP_MD_CTX *ctx = NULL;
	enum rc rc = p256_load(spki, &key);

	if (rc)
		goto out;
	rc = RC_MEMORY;
	ctx = EVP_MD_CTX_new();
	if (!ctx ||
	    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) != 1)
		goto out;
	rc = EVP_DigestVerify(
		 ctx, signature.p, signature.len, message.p, message.len) == 1
	    ? RC_OK
	    : RC_DENIED;
out:
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return rc;
}
