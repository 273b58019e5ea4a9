/**
 * cert.h - X.509 certificates (RFC 5280), read.
 *
 * A certificate is read strictly: DER alone, no field that RFC 5280 section
 * 4.1 forbids, no extension twice, names without control characters. What is
 * refused is refused with clause and offset. Reading checks no signature and
 * no date: that is trust_verify's (hsm/trust.h).
 *
 * The result is a plain value of spans into the caller's DER: nothing is
 * allocated.
 */
#ifndef HSM_CERT_H
#define HSM_CERT_H

#include "hsm/der.h"

enum {
	CERT_SERIAL_MAX = 20, /**< bytes (RFC 5280 4.1.2.2) */
	CERT_CN_MAX =
	    64, /**< characters (RFC 5280 appendix A, ub-common-name) */
	CERT_DER_MAX = 4096, /**< bytes of one that is made here */
};

enum cert_key_usage { /* as named bits, RFC 5280 4.2.1.3 */
	CERT_DIGITAL_SIGNATURE = 1 << 0,
	CERT_NON_REPUDIATION = 1 << 1,
	CERT_KEY_ENCIPHERMENT = 1 << 2,
	CERT_DATA_ENCIPHERMENT = 1 << 3,
	CERT_KEY_AGREEMENT = 1 << 4,
	CERT_KEY_CERT_SIGN = 1 << 5,
	CERT_CRL_SIGN = 1 << 6,
	CERT_ENCIPHER_ONLY = 1 << 7,
	CERT_DECIPHER_ONLY = 1 << 8,
};

enum cert_eku { /* RFC 5280 4.2.1.12 */
	CERT_SERVER_AUTH = 1 << 0,
	CERT_CLIENT_AUTH = 1 << 1,
	CERT_ANY_EKU = 1 << 2,
	CERT_OTHER_EKU = 1 << 3, /**< one that has no name here */
};

enum cert_name_kind { /* context tag of GeneralName, RFC 5280 4.2.1.6 */
	CERT_NAME_DIRECTORY = 4,
	CERT_NAME_DNS = 2,
	CERT_NAME_URI = 6,
	CERT_NAME_IP = 7,
};

/** A GeneralName. */
struct cert_name {
	/** Or another context tag of GeneralName. */
	unsigned kind;
	/** DNS and URI: text; IP: 4 or 16 bytes, twice that in a constraint;
	 *  otherwise DER. */
	struct span value;
};

/** A certificate as it was read. Spans are borrowed from its DER. */
struct cert {
	struct span der; /**< all of it */
	struct span tbs; /**< what is signed */
	struct span algorithm; /**< of the signature, DER */
	struct span signature; /**< for ECDSA: DER */

	struct span serial; /**< unsigned, no leading zero, 1..20 bytes */
	struct span issuer; /**< Name, DER */
	struct span issuer_cn; /**< UTF-8; empty unless there is exactly one */
	struct span subject; /**< Name, DER */
	struct span cn; /**< UTF-8; empty unless there is exactly one */
	int64_t not_before_s; /**< since 1970 */
	int64_t not_after_s;
	struct span spki; /**< SubjectPublicKeyInfo, DER */
	bool p256; /**< `spki` has the form of one on P-256 */

	bool is_ca; /**< basicConstraints */
	int path_len; /**< -1: no limit */
	bool has_key_usage, has_eku;
	unsigned key_usage; /**< enum cert_key_usage */
	unsigned eku; /**< enum cert_eku */
	struct span san; /**< for cert_name_next; empty: none */
	bool has_constraints; /**< nameConstraints */
	struct span permitted, excluded; /**< for cert_subtree_next */
	struct span key_id; /**< subjectKeyIdentifier; empty: none */
	struct span issuer_key_id; /**< authorityKeyIdentifier */
	bool unknown_critical; /**< an extension that must be understood */
	bool other; /**< an extension, or a part of one, that is not in here */
};

/**
 * Read one certificate, all of `der`. OpenSSL must accept it too.
 * Errors: RC_MALFORMED (`fault`), RC_MEMORY.
 */
MUST_CHECK enum rc cert_parse(
    struct span der, struct cert *out, struct der_fault *fault);

/**
 * As cert_parse, but OpenSSL is not asked: for what trust_verify sees next,
 * which asks it. Errors: RC_MALFORMED (`fault`).
 */
MUST_CHECK enum rc cert_read(
    struct span der, struct cert *out, struct der_fault *fault);

/** As cert_parse, of the part that is signed; `der`, `algorithm` and
 *  `signature` stay empty. */
MUST_CHECK enum rc cert_parse_tbs(
    struct span tbs, struct cert *out, struct der_fault *fault);

/** Next name of `san`; false at its end. */
bool cert_name_next(struct span *rest, struct cert_name *out);
/** Next name of `permitted` or `excluded`; false at its end. */
bool cert_subtree_next(struct span *rest, struct cert_name *out);

/**
 * The first URI of the SAN that begins with `prefix` ("urn:" for endpoints).
 * Errors: RC_NOT_FOUND, RC_CONFLICT (there are two: it says not who it is).
 */
MUST_CHECK enum rc cert_san_uri(
    const struct cert *c, const char *prefix, struct span *uri);

/** Is the signature of `c` one of the key `spki`? ECDSA on P-256 with SHA-256
 *  only. Errors: RC_DENIED, RC_UNSUPPORTED, RC_MALFORMED, RC_MEMORY. */
MUST_CHECK enum rc cert_signed_by(const struct cert *c, struct span spki);

/**
 * Append the same certificate with the other signature that holds for it: of
 * (r, s), which is ECDSA's, anybody can make (r, n - s). `order` is n, of the
 * curve of its CA's key, big-endian.
 * Errors: RC_UNSUPPORTED (not signed by ECDSA; 72 bytes are the most of n),
 * RC_MALFORMED (no signature of that curve), RC_TOO_LARGE.
 */
MUST_CHECK enum rc cert_twin(
    const struct cert *c, struct span order, struct writer *out);

/** Text of several lines, for people: `pki show`, and what would be signed. */
void cert_print(const struct cert *c, struct writer *w);
/** A Name as `CN="x", O="y"`; anything else than text as hex. */
void cert_print_dn(struct span name, struct writer *w);
/** The set bits by their names, "digitalSignature, cRLSign". */
void cert_print_key_usage(unsigned bits, struct writer *w);
void cert_print_eku(unsigned bits, struct writer *w);
/** "URI "urn:dev:..."", "IP 192.0.2.1". */
void cert_print_name(const struct cert_name *n, struct writer *w);

#endif
