/**
 * x509.h - what of certificates and CRLs (RFC 5280) has to be read here:
 * names to choose a server certificate by, issuer and serial number to look up
 * a revocation by. Everything else of them is wolfSSL's.
 *
 * Pure; everything returned is borrowed from the input.
 */
#ifndef DTLS_X509_H
#define DTLS_X509_H

#include "base/rc.h"
#include "base/span.h"

enum {
	/** Bytes of a SubjectPublicKeyInfo with a P-256 key, uncompressed. */
	X509_P256_KEY_LEN = 91,
};

struct x509_certificate {
	struct span serial; /**< of the INTEGER */
	struct span issuer; /**< the Name, with its header */
	struct span public_key; /**< SubjectPublicKeyInfo, with its header */
	struct span common_name; /**< of the subject; empty: none */
	struct span alt_names; /**< of subjectAltName; empty: none */
	bool authority; /**< basicConstraints say that it may sign others */
};

/** Errors: RC_MALFORMED. */
MUST_CHECK enum rc x509_certificate(
    struct span der, struct x509_certificate *out);

/**
 * Is it for that host? A dNSName is, where there is one, else the common name
 * (RFC 6125 6.4): without regard to case; "*" stands for one whole label, the
 * leftmost.
 */
bool x509_is_for(const struct x509_certificate *c, struct span host);

/** A SubjectPublicKeyInfo of X509_P256_KEY_LEN bytes and its one form. */
bool x509_is_p256_key(struct span der);

struct x509_crl {
	struct span issuer; /**< the Name, with its header */
	struct span entries; /**< for x509_revoked */
};

/**
 * The signature is not looked at: who hands over a CRL has verified it.
 * Errors: RC_MALFORMED, RC_UNSUPPORTED (a delta or an indirect CRL).
 */
MUST_CHECK enum rc x509_crl(struct span der, struct x509_crl *out);

/**
 * Take the next serial number from the front of `entries`. RC_AGAIN: none is
 * left. Errors: as x509_crl.
 */
MUST_CHECK enum rc x509_revoked(struct span *entries, struct span *serial);

#endif
