/* Whether a private key that came from elsewhere is one, and of whom. */
#include "hsm/der.h"
#include "hsm/device_key.h"
#include "hsm/p256_internal.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>

/* Clients take version 1 alone, which is written 0 (RFC 5958 section 2), in DER
 * and without attributes; OpenSSL takes more. */
static bool
is_strict(struct span pkcs8, struct span *number, struct span *public)
{
	/* id-ecPublicKey and secp256r1 (RFC 5480 section 2.1) */
	static const uint8_t p256[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
	    0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
	    0x07};
	struct der_fault fault;
	struct der_reader r, info, key, point;
	struct span inner, algorithm;
	unsigned unused = 0;

	der_reader_init(&r, pkcs8, &fault);
	info = der_enter(&r, DER_SEQUENCE);
	der_end(&r);
	der_small(&info, DER_INTEGER, 0);
	algorithm = der_take(&info, DER_SEQUENCE);
	inner = der_take(&info, DER_OCTET_STRING);
	der_end(&info);
	if (!der_ok(&r) || !span_equal(algorithm, span_of(p256, sizeof(p256))))
		return false;
	/* RFC 5915 section 3 */
	der_reader_init(&r, inner, &fault);
	key = der_enter(&r, DER_SEQUENCE);
	der_end(&r);
	if (der_small(&key, DER_INTEGER, 1) != 1)
		return false;
	*number = der_take(&key, DER_OCTET_STRING);
	*public = (struct span){0};
	if (der_peek(&key) == DER_CONTEXT_CONSTRUCTED + 1) {
		point = der_enter(&key, DER_CONTEXT_CONSTRUCTED + 1);
		*public = der_bits(&point, &unused);
		der_end(&point);
	}
	der_end(&key);
	return der_ok(&r) && number->len == 32 && unused == 0;
}

/** The point that belongs to the number, uncompressed. False: the number is
 *  none of the curve's. */
static bool
point_of(struct span number, uint8_t out[static P256_POINT_LEN])
{
	const EC_GROUP *group = p256_group();
	EC_POINT *point = group ? EC_POINT_new(group) : NULL;
	BIGNUM *d = BN_secure_new();
	bool made = false;

	if (point && d && BN_bin2bn(number.p, (int)number.len, d)) {
		BN_set_flags(d, BN_FLG_CONSTTIME);
		made = !BN_is_zero(d) &&
		    BN_cmp(d, EC_GROUP_get0_order(group)) < 0 &&
		    EC_POINT_mul(group, point, d, NULL, NULL, NULL) == 1 &&
		    EC_POINT_point2oct(group, point,
			POINT_CONVERSION_UNCOMPRESSED, out, P256_POINT_LEN,
			NULL) == P256_POINT_LEN;
	}
	BN_clear_free(d);
	EC_POINT_free(point);
	return made;
}

/* By the numbers: OpenSSL's own way to a key and its check takes a millisecond,
 * and a factory asks for each image. */
enum rc
device_key_agrees(struct span pkcs8, struct span spki)
{
	uint8_t point[P256_POINT_LEN], own[P256_SPKI_LEN];
	struct span number, public;
	enum rc rc = RC_MALFORMED;

	/* the public half may stand in the PKCS#8, too: it is held to it */
	if (is_strict(pkcs8, &number, &public) && point_of(number, point) &&
	    (public.len == 0 ||
		span_equal(public, span_of(point, sizeof(point))))) {
		p256_spki_of(point, own);
		rc = span_equal(span_of(own, sizeof(own)), spki) ? RC_OK
								 : RC_DENIED;
	}
	ERR_clear_error();
	return rc;
}
