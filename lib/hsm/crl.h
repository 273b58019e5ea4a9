/**
 * crl.h - certificate revocation lists (RFC 5280 section 5), made and read.
 *
 * A list is complete and direct: of one CA, for all reasons, all its
 * certificates. It is signed by the CA's key in the token; a list of another
 * kind (delta, indirect, in parts) is refused, not half understood.
 */
#ifndef HSM_CRL_H
#define HSM_CRL_H

#include "hsm/cert.h"
#include "hsm/ec.h"

enum crl_reason { /* RFC 5280 5.3.1 */
	CRL_UNSPECIFIED = 0,
	CRL_KEY_COMPROMISE = 1,
	CRL_CA_COMPROMISE = 2,
	CRL_AFFILIATION_CHANGED = 3,
	CRL_SUPERSEDED = 4,
	CRL_CESSATION = 5,
	CRL_HOLD = 6,
	CRL_PRIVILEGE_WITHDRAWN = 9,
	CRL_AA_COMPROMISE = 10,
};

/** "keyCompromise"; NULL for a number that is no reason. */
const char *crl_reason_name(unsigned reason);
/** By that name. Errors: RC_NOT_FOUND. */
MUST_CHECK enum rc crl_reason_of(const char *name, enum crl_reason *out);

struct crl_entry {
	struct span serial; /**< unsigned, 1..CERT_SERIAL_MAX bytes */
	int64_t revoked_s; /**< since 1970 */
	enum crl_reason reason;
};

/** A list to be signed. All is borrowed. */
struct crl_draft {
	const struct cert *issuer;
	int64_t this_update_s, next_update_s; /**< since 1970 */
	uint64_t number; /**< larger than of the list before (5.2.3) */
	const struct crl_entry *entries;
	size_t entry_count;
};

enum {
	CRL_BASE_MAX = 1024, /**< bytes of a list without entries, at most */
	CRL_ENTRY_MAX = 56, /**< bytes of an entry, at most */
};

/** Bytes that a list of so many entries may need. */
size_t crl_size_max(size_t entry_count);

/**
 * Make and sign with the key `ca`, which is the issuer's; the list in DER is
 * appended to `out`. The session's error says why not. May reopen the token, as
 * cert_issue.
 * Errors: RC_DENIED (the issuer may not sign lists: cRLSign), RC_MALFORMED
 * (a date, serial or reason), RC_CONFLICT, RC_TOO_LARGE, those of hsm_ec_sign.
 */
MUST_CHECK enum rc crl_sign(struct hsm_session *s, const struct hsm_ec_ref *ca,
    const struct crl_draft *d, struct writer *out);

/** A list as it was read. Spans are borrowed from its DER. */
struct crl {
	struct span der, tbs, algorithm, signature;
	struct span issuer; /**< Name, DER */
	int64_t this_update_s, next_update_s; /**< since 1970 */
	struct span number; /**< unsigned; empty: none */
	struct span issuer_key_id;
	struct span entries; /**< for crl_next */
	size_t entry_count;
};

/**
 * Read a list, all of it. Checks no signature and no date.
 * Errors: RC_MALFORMED (`fault`), RC_UNSUPPORTED (a critical extension: delta,
 * indirect, in parts).
 */
MUST_CHECK enum rc crl_parse(
    struct span der, struct crl *out, struct der_fault *fault);

/**
 * Is it the list of this CA, signed by it? Its name may be written otherwise
 * than in the certificate (RFC 5280 7.1).
 * Errors: RC_CONFLICT (of another issuer), RC_DENIED (signature, or the CA may
 * not sign lists), RC_UNSUPPORTED (algorithm), RC_MEMORY.
 */
MUST_CHECK enum rc crl_verify(const struct crl *c, const struct cert *issuer);

/** Next of `entries`; false at the end. */
bool crl_next(struct span *rest, struct crl_entry *out);
/** The entry of a serial number; reads the whole list. False: not there. */
bool crl_find(const struct crl *c, struct span serial, struct crl_entry *out);

#endif
