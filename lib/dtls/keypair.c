#include "dtls/keypair.h"

#include "dtls/context.h"
#include "dtls/der.h"

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

static enum rc
read_key(struct span in, ecc_key *key)
{
	word32 at = 0;
	struct span rest = in;
	struct der whole;
	int ret;

	if (!der_next_tag(&rest, DER_SEQUENCE, &whole) || rest.len > 0)
		return RC_MALFORMED;
	ret = wc_EccPrivateKeyDecode(in.p, &at, key, (word32)in.len);
	if (ret == MEMORY_E)
		return RC_MEMORY;
	if (ret != 0)
		return RC_MALFORMED;
	if (wc_ecc_get_curve_id(key->idx) != ECC_SECP256R1)
		return RC_UNSUPPORTED;
	return RC_OK;
}

static enum rc
write_public(ecc_key *key, WC_RNG *rng, uint8_t out[static X509_P256_KEY_LEN])
{
	uint8_t der[X509_P256_KEY_LEN + 64];
	int len;

	if (wc_ecc_make_pub_ex(key, NULL, rng) != 0)
		return RC_MALFORMED; /* 0, or not below the order */
	len = wc_EccPublicKeyToDer(key, der, sizeof(der), 1);
	if (len < 0 || !x509_is_p256_key(span_of(der, (size_t)len)))
		return RC_UNSUPPORTED;
	memcpy(out, der, X509_P256_KEY_LEN);
	return RC_OK;
}

enum rc
keypair_public(struct span private_key, uint8_t out[static X509_P256_KEY_LEN])
{
	ecc_key key;
	WC_RNG rng;
	enum rc rc;

	if (!context_library() || wc_InitRng(&rng) != 0)
		return RC_MEMORY;
	if (wc_ecc_init(&key) != 0) {
		(void)wc_FreeRng(&rng);
		return RC_MEMORY;
	}
	rc = read_key(private_key, &key);
	if (rc == RC_OK)
		rc = write_public(&key, &rng, out);
	(void)wc_ecc_free(&key);
	(void)wc_FreeRng(&rng);
	return rc;
}

bool
keypair_is_pkcs8(struct span in)
{
	struct der whole, version, algorithm, key;

	if (!der_next_tag(&in, DER_SEQUENCE, &whole) || in.len > 0)
		return false;
	in = whole.value;
	return der_next_tag(&in, DER_INTEGER, &version) &&
	    span_equal(version.value, SPAN_LIT("\0")) &&
	    der_next_tag(&in, DER_SEQUENCE, &algorithm) &&
	    der_next_tag(&in, DER_OCTET_STRING, &key);
}
