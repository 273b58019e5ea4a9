/**
 * x509_internal.h - what certificates, requests and revocation lists share.
 */
#ifndef HSM_X509_INTERNAL_H
#define HSM_X509_INTERNAL_H

#include "hsm/cert.h"

/** Object identifiers, contents only. */
extern const struct span oid_common_name;
extern const struct span oid_eku_server, oid_eku_client, oid_eku_any;

enum { /* last byte of id-ce (2.5.29.x), RFC 5280 4.2.1 and 5.2 */
	CE_SUBJECT_KEY_ID = 14,
	CE_KEY_USAGE = 15,
	CE_SAN = 17,
	CE_BASIC_CONSTRAINTS = 19,
	CE_CRL_NUMBER = 20,
	CE_REASON = 21,
	CE_DELTA_CRL = 27,
	CE_NAME_CONSTRAINTS = 30,
	CE_AUTHORITY_KEY_ID = 35,
	CE_EKU = 37,
};

/** One of Extensions, RFC 5280 4.1. */
struct x509_extension {
	unsigned ce; /**< CE_, 0: not of id-ce */
	struct span oid;
	bool critical;
	const uint8_t *at; /**< of the value, for faults */
	struct span value;
};

/**
 * Read the extensions one by one; `seen` (64 bits, zeroed by the caller) finds
 * one that comes twice. False at the end, and after a fault.
 */
bool x509_extension_next(
    struct der_reader *list, struct x509_extension *out, uint64_t *seen);
/** A reader of an extension's value, with the offsets of the whole. */
struct der_reader x509_extension_reader(
    const struct der_reader *list, const struct x509_extension *e);

/** A Name, whole; `cn` (may be NULL) is set where there is exactly one. */
struct span x509_name_read(struct der_reader *r, struct span *cn);
/** GeneralNames: their contents, checked. */
struct span x509_general_names_read(struct der_reader *r);
/** keyIdentifier of an AuthorityKeyIdentifier. */
struct span x509_authority_key_read(struct der_reader *r);
/** SubjectPublicKeyInfo, whole. */
struct span x509_spki_read(struct der_reader *r, bool *p256);
/** AlgorithmIdentifier, whole. */
struct span x509_algorithm_read(struct der_reader *r);
/** The three parts of all that is signed: `tbs` still to be read. */
struct span x509_signed_read(struct span der, struct span *tbs,
    struct span *algorithm, struct span *signature, struct der_reader *tbs_r,
    struct der_fault *fault);

/** The same name, in whatever string types, letters and spaces (RFC 5280 7.1)?
 *  OpenSSL compares; false also where it cannot. */
bool x509_name_same(struct span a, struct span b);

/** An ECDSA-Sig-Value, RFC 3279 2.2.3: unsigned, without leading zeros. */
struct x509_ecdsa {
	struct span r, s;
};
/** Is this AlgorithmIdentifier ECDSA, with whatever hash? */
bool x509_ecdsa_is(struct span algorithm);
/** Read the signature; false where it is not in DER, so that nobody writes the
 *  same one twice. */
bool x509_ecdsa_read(struct span signature, struct x509_ecdsa *out);

/** Extension head: OID of id-ce and critical; what follows is its value.
 *  Close with x509_extension_close. */
struct x509_open {
	size_t extension, value;
};
struct x509_open x509_extension_open(
    struct writer *w, unsigned ce, bool critical);
void x509_extension_close(struct writer *w, struct x509_open at);
/** tbs, algorithm and signature, ecdsa-with-SHA256, as one SEQUENCE. */
void x509_signed_write(
    struct writer *w, struct span tbs, struct span signature);

struct cert_profile;
/** The subject of a profile, as a Name. */
void cert_put_subject(struct writer *w, const struct cert_profile *p);

/** Does the text stand for itself: no control character, UTF-8? */
bool x509_text_valid(struct span s);

#endif
