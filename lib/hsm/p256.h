/**
 * p256.h - public keys of NIST P-256 as they stand in certificates and in raw
 * public keys: SubjectPublicKeyInfo of 91 bytes (RFC 5480 section 2, the named
 * curve, the point uncompressed). The only kind of key this project makes or
 * signs for.
 */
#ifndef HSM_P256_H
#define HSM_P256_H

#include "base/rc.h"
#include "base/span.h"

enum {
	P256_SPKI_LEN = 91, /**< bytes */
	P256_POINT_LEN = 65, /**< bytes: 04, x, y */
	P256_DIGEST_LEN = 32, /**< bytes that are signed: SHA-256 */
	P256_SIGNATURE_LEN = 64, /**< bytes: r, s (as PKCS#11 has it) */
	P256_SIGNATURE_DER_MAX = 72, /**< bytes: ECDSA-Sig-Value (RFC 3279) */
};

/** DER of the algorithm ecdsa-with-SHA256 (RFC 5758 section 3.2). */
extern const struct span p256_sha256_algorithm;

/**
 * Is this the SubjectPublicKeyInfo of a point on P-256?
 * Errors: RC_MALFORMED (another key, another form of it, not on the curve),
 * RC_MEMORY.
 */
MUST_CHECK enum rc p256_spki_check(struct span spki);

/** The SubjectPublicKeyInfo of a point. */
void p256_spki_of(const uint8_t point[static P256_POINT_LEN],
    uint8_t spki[static P256_SPKI_LEN]);

/**
 * Does `signature` (r, s) hold for the digest?
 * Errors: RC_DENIED (no), RC_MALFORMED (the key), RC_MEMORY.
 */
MUST_CHECK enum rc p256_verify(struct span spki,
    const uint8_t digest[static P256_DIGEST_LEN],
    const uint8_t signature[static P256_SIGNATURE_LEN]);

/** As p256_verify, of SHA-256 over `message`, the signature in DER. */
MUST_CHECK enum rc p256_verify_message(
    struct span spki, struct span message, struct span signature);

#endif
