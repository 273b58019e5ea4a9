/**
 * trust.h - which certificates are believed: trust anchors, revocation lists,
 * and chains that are verified against them (RFC 5280 section 6, by OpenSSL;
 * what is signed by an anchor itself and good beyond doubt without it).
 *
 * An anchor may be any CA, also an issuing one without its root. Keys below 112
 * bits of strength and SHA-1 are refused. Not thread-safe while it is built;
 * then any number of threads may verify.
 */
#ifndef HSM_TRUST_H
#define HSM_TRUST_H

#include "base/digest.h"
#include "hsm/cert.h"

struct trust; /* anchors and lists */

/** Owned by the caller. NULL when out of memory. */
struct trust *trust_new(void);
void trust_free(struct trust *t);

/** Believe this CA, in DER. Copied. Errors: RC_MALFORMED (`fault`), RC_DENIED
 *  (not a CA: RFC 5280 4.2.1.9), RC_MEMORY. */
MUST_CHECK enum rc trust_add(
    struct trust *t, struct span der, struct der_fault *fault);
/** Is the key of that SHA-256 (of its SubjectPublicKeyInfo) an anchor's? */
bool trust_has_key(
    const struct trust *t, const uint8_t sha256[static DIGEST_LEN]);

/** Honour a revocation list, in DER. Copied. It counts where there is one, and
 *  goes on counting when it is out of date: what it names stays revoked, what
 *  it does not name is believed. Errors: RC_MALFORMED, RC_UNSUPPORTED (`fault`), RC_MEMORY. */
MUST_CHECK enum rc trust_add_crl(
    struct trust *t, struct span der, struct der_fault *fault);

/** Why a chain was refused, and whose certificate it is. */
struct trust_verdict {
	int depth; /**< 0: the certificate itself, 1: its issuer, ... */
	int code; /**< X509_V_ERR_ of OpenSSL */
	/** On a list, and else as it should be: its signature holds. */
	bool revoked;
	/** Not valid any more, or not yet: with depth 0, its signature holds. */
	bool expired, not_yet;
	bool misused; /**< not for `eku` */
	char text[120]; /**< of OpenSSL: "certificate has expired" */

	/** It is believed; or revoked, or out of date itself, and else as it
	 *  should be. Then these say more. */
	bool has_issuer;
	/** SHA-256 of the SubjectPublicKeyInfo of the CA that has signed it. */
	uint8_t issuer_key[DIGEST_LEN];
	/** The same of the anchor that the chain ends at: the CA itself, or one
	 *  above it. */
	uint8_t anchor_key[DIGEST_LEN];
	/** Signed by ECDSA: SHA-256 of its twin (cert_twin), as which it may
	 *  come the next time. */
	bool has_twin;
	uint8_t twin[DIGEST_LEN];
};

/**
 * Verify a certificate at a time, for `eku` (CERT_CLIENT_AUTH or
 * CERT_SERVER_AUTH; 0: any use), with the `chain_count` certificates that came
 * with it. All is DER and borrowed. Of a certificate that is good without them
 * the others are not read.
 * Errors: RC_DENIED (`verdict`), RC_MALFORMED (one cannot be read), RC_MEMORY.
 */
MUST_CHECK enum rc trust_verify(const struct trust *t, struct span der,
    const struct span *chain, size_t chain_count, enum cert_eku eku,
    int64_t now_s, struct trust_verdict *verdict);

#endif
