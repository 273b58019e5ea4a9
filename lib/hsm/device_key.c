/* A key pair on P-256 from random bits, and its PKCS#8. */
#include "hsm/device_key.h"
#include "hsm/p256_internal.h"

#include <openssl/bn.h>
#include <openssl/err.h>

enum { SCALAR_LEN = 32 };

/* RFC 5958: version 0, id-ecPublicKey with secp256r1, and in an OCTET STRING
 * ECPrivateKey (RFC 5915): version 1, the number, [1] the point. */
static const uint8_t pkcs8_head[] = {0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30,
    0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b,
    0x02, 0x01, 0x01, 0x04, 0x20};
static const uint8_t pkcs8_middle[] = {0xa1, 0x44, 0x03, 0x42, 0x00};

_Static_assert(
    sizeof(pkcs8_head) + SCALAR_LEN + sizeof(pkcs8_middle) + P256_POINT_LEN ==
	DEVICE_KEY_DER_LEN,
    "RFC 5958");

/* FIPS 186-5 A.2.1: d = (c mod (n - 1)) + 1. */
static bool
reduce(const EC_GROUP *group, const struct secret *seed, BIGNUM *d, BN_CTX *ctx)
{
	BIGNUM *c = BN_secure_new();
	BIGNUM *limit = BN_dup(EC_GROUP_get0_order(group));
	bool done = c && limit && BN_sub_word(limit, 1) &&
	    BN_bin2bn(seed->bytes, (int)seed->len, c);

	if (done) {
		/* No branch may depend on the number. */
		BN_set_flags(c, BN_FLG_CONSTTIME);
		BN_set_flags(d, BN_FLG_CONSTTIME);
		done = BN_mod(d, c, limit, ctx) && BN_add_word(d, 1);
	}
	BN_clear_free(c);
	BN_free(limit);
	return done;
}

static bool
write_key(
    const EC_GROUP *group, const BIGNUM *d, BN_CTX *ctx, struct device_key *out)
{
	uint8_t point[P256_POINT_LEN];
	EC_POINT *q = EC_POINT_new(group);
	uint8_t *der = out->private_key.bytes;
	bool done = q && EC_POINT_mul(group, q, d, NULL, NULL, ctx) == 1 &&
	    EC_POINT_point2oct(group, q, POINT_CONVERSION_UNCOMPRESSED, point,
		sizeof(point), ctx) == sizeof(point);

	if (done) {
		memcpy(der, pkcs8_head, sizeof(pkcs8_head));
		der += sizeof(pkcs8_head);
		done = BN_bn2binpad(d, der, SCALAR_LEN) == SCALAR_LEN;
		der += SCALAR_LEN;
		memcpy(der, pkcs8_middle, sizeof(pkcs8_middle));
		memcpy(der + sizeof(pkcs8_middle), point, sizeof(point));
		out->private_key.len = DEVICE_KEY_DER_LEN;
		p256_spki_of(point, out->spki);
		p256_made(out->spki);
	}
	EC_POINT_clear_free(q);
	return done;
}

enum rc
device_key_of(const struct secret *seed, struct device_key *out)
{
	const EC_GROUP *group;
	BN_CTX *ctx = NULL;
	BIGNUM *d = NULL;
	enum rc rc = RC_MEMORY;

	if (seed->len != DEVICE_KEY_SEED_LEN)
		return RC_MALFORMED;
	if (secret_reserve(&out->private_key, DEVICE_KEY_DER_LEN))
		return RC_MEMORY;
	group = p256_group();
	ctx = BN_CTX_secure_new();
	d = BN_secure_new();
	if (group && ctx && d && reduce(group, seed, d, ctx) &&
	    write_key(group, d, ctx, out))
		rc = RC_OK;
	/* BN_CTX_free and BN_clear_free wipe; a plain BN_free would not. */
	BN_clear_free(d);
	BN_CTX_free(ctx);
	ERR_clear_error();
	if (rc)
		device_key_fini(out);
	return rc;
}

enum rc
device_key_make(struct hsm_session *s, struct device_key *out)
{
	struct secret seed = {0};
	enum rc rc = secret_reserve(&seed, DEVICE_KEY_SEED_LEN);

	if (rc)
		return rc;
	seed.len = DEVICE_KEY_SEED_LEN;
	rc = hsm_random(s, seed.bytes, seed.len);
	if (!rc)
		rc = device_key_of(&seed, out);
	secret_fini(&seed);
	return rc;
}

void
device_key_fini(struct device_key *k)
{
	secret_fini(&k->private_key);
	memset(k->spki, 0, sizeof(k->spki));
}
