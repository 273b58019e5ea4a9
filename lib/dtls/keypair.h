/**
 * keypair.h - private keys of devices as they are handed over: which public
 * key belongs to one. The virtual device judges with it what it was given.
 */
#ifndef DTLS_KEYPAIR_H
#define DTLS_KEYPAIR_H

#include "dtls/x509.h"

/**
 * The SubjectPublicKeyInfo of a private key on P-256: PKCS #8 (RFC 5958) or
 * SEC 1 (RFC 5915), DER, all of it. What the input itself says about its public
 * half is not believed but computed anew.
 * Errors: RC_MALFORMED, RC_UNSUPPORTED (another curve, or no key of a curve),
 * RC_MEMORY.
 */
MUST_CHECK enum rc keypair_public(
    struct span private_key, uint8_t out[static X509_P256_KEY_LEN]);

/** Is it PKCS #8 of version 1, as LwM2M wants it in `/0/x/5` (OneAsymmetricKey
 *  v1, not encrypted)? The key within is not looked at. */
bool keypair_is_pkcs8(struct span private_key);

#endif
