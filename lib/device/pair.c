#include "device/pair.h"

#include "device/account.h"

#include "dtls/der.h"
#include "dtls/keypair.h"

static struct lwm2m_path
at(uint16_t instance, uint16_t resource)
{
	return LWM2M_RESOURCE(OBJECT_SECURITY, instance, resource);
}

/** The key of the first; the others, which lead to an anchor, must be
 *  certificates too (TS 1.2.1). */
static const char *
certificate_fault(struct span chain, struct span *public_key)
{
	struct x509_certificate c;
	struct der d;
	bool first = true;

	while (chain.len > 0) {
		if (!der_next(&chain, &d) ||
		    x509_certificate(d.raw, &c) != RC_OK)
			return "a certificate that cannot be read";
		if (first)
			*public_key = c.public_key;
		first = false;
	}
	if (!x509_is_p256_key(*public_key))
		return "a certificate whose key is not on P-256";
	return NULL;
}

static const char *
private_key_fault(struct span key, struct span public_key)
{
	uint8_t own[X509_P256_KEY_LEN];

	if (!keypair_is_pkcs8(key))
		return "a private key that is not PKCS #8";
	if (keypair_public(key, own) != RC_OK)
		return "a private key that is none on P-256";
	if (!span_equal(span_of(own, sizeof(own)), public_key))
		return "a private key that does not belong to its public key";
	return NULL;
}

/** An absent one is as the standard says; one of a wrong type is none. */
static uint64_t
number(const struct held *s, struct lwm2m_path path, uint64_t otherwise)
{
	uint64_t n = UINT64_MAX;

	if (!held_has(s, path))
		return otherwise;
	(void)held_unsigned(s, path, &n);
	return n;
}

static const char *
server_key_fault(const struct held *s, uint16_t i, int64_t mode)
{
	struct span key = held_bytes(s, at(i, SECURITY_SERVER_KEY));
	size_t len = account_matching_len(
	    number(s, at(i, SECURITY_MATCHING_TYPE), MATCHING_EXACT));
	struct x509_certificate c;

	if (number(s, at(i, SECURITY_CERTIFICATE_USAGE), USAGE_DOMAIN_ISSUED) >
	    USAGE_DOMAIN_ISSUED)
		return "a Certificate Usage that is none";
	if (len == SIZE_MAX)
		return "a Matching Type that is none";
	if (key.len == 0)
		return "no Server Public Key";
	if (len != 0)
		return key.len == len ? NULL
				      : "a Server Public Key that is not of "
					"its Matching Type";
	if (mode == MODE_RPK && !x509_is_p256_key(key))
		return "a Server Public Key that is no key on P-256";
	if (mode == MODE_CERTIFICATE && x509_certificate(key, &c) != RC_OK)
		return "a Server Public Key that is no certificate";
	return NULL;
}

const char *
pair_fault(const struct held *s, uint16_t i, int64_t mode)
{
	struct span public_key = held_bytes(s, at(i, SECURITY_IDENTITY));
	struct span key = held_bytes(s, at(i, SECURITY_SECRET_KEY));
	const char *why = NULL;

	if (mode == MODE_CERTIFICATE && (public_key.len == 0 || key.len == 0))
		return "certificate mode without certificate or key";
	if (mode == MODE_RPK && !x509_is_p256_key(public_key))
		return "a public key that is none on P-256";
	if (mode == MODE_CERTIFICATE)
		why = certificate_fault(public_key, &public_key);
	if (!why)
		why = private_key_fault(key, public_key);
	return why ? why : server_key_fault(s, i, mode);
}
