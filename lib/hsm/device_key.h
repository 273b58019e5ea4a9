/**
 * device_key.h - the key pair of a device, made here and handed out once.
 *
 * The private key is a number below the order of P-256 from 384 random bits of
 * the token (and the kernel), reduced as FIPS 186-5 A.2.1 has it. It is never an
 * object in the token, because tokens are small, and stands in a struct secret
 * alone, as the PKCS#8 that the device gets (LwM2M Core: `/0/x/5`).
 */
#ifndef HSM_DEVICE_KEY_H
#define HSM_DEVICE_KEY_H

#include "hsm/hsm.h"
#include "hsm/p256.h"

enum {
	DEVICE_KEY_SEED_LEN = 48, /**< bytes of randomness */
	DEVICE_KEY_DER_LEN = 138, /**< bytes of the private key */
};

/** A key pair. An all-zero struct is the empty one. */
struct device_key {
	/** OneAsymmetricKey version 1 = PKCS#8 (RFC 5958), with the public
	 *  key inside (RFC 5915); DEVICE_KEY_DER_LEN bytes. */
	struct secret private_key;
	uint8_t spki[P256_SPKI_LEN]; /**< the public key */
};

/** Make one; `out` is empty or initialised. Errors: RC_TOKEN (the session's
 *  error says why), RC_MEMORY. */
MUST_CHECK enum rc device_key_make(
    struct hsm_session *s, struct device_key *out);

/** The key of a seed of DEVICE_KEY_SEED_LEN bytes. Errors: RC_MALFORMED (the
 *  seed's length), RC_MEMORY. */
MUST_CHECK enum rc device_key_of(
    const struct secret *seed, struct device_key *out);

/**
 * Is `pkcs8` (version 1 of P-256 in DER, not encrypted, all of it) the private
 * key of the public key `spki`? For keys in images, before a device has them.
 * Errors: RC_MALFORMED (no PKCS#8, or its own halves differ), RC_DENIED (that
 * of another).
 */
MUST_CHECK enum rc device_key_agrees(struct span pkcs8, struct span spki);

/** Wipe. Harmless twice. */
void device_key_fini(struct device_key *k);

#endif
