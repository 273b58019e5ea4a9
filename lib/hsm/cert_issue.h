/**
 * cert_issue.h - X.509 certificates, made: from a profile to a draft, from a
 * draft to what is wrong with it, to the bytes that would be signed, to the
 * certificate with the signature of a key in the token.
 *
 * The encoding is as short as DER and RFC 5280 allow, because a device may
 * have little room: a device certificate carries CN, SAN and clientAuth, and
 * key identifiers only where the profile asks for them.
 *
 * Keys are on P-256, signatures ECDSA with SHA-256, serial numbers 128 random
 * bits of the token.
 */
#ifndef HSM_CERT_ISSUE_H
#define HSM_CERT_ISSUE_H

#include "hsm/cert.h"
#include "hsm/ec.h"

enum {
	CERT_SUBJECT_MAX = 8, /**< attributes of a subject */
	CERT_SAN_MAX = 16,
	CERT_PERMITTED_MAX = 16,
	CERT_SERIAL_LEN = 16, /**< bytes: 128 random bits */
	CERT_FINDINGS_MAX = 24,
	CERT_PRINT_MAX = 4096, /**< bytes of cert_draft_print, usual case */
};

/** `cert_profile.validity_s`: to 9999-12-31 (RFC 5280 4.1.2.5). */
#define CERT_FOREVER INT64_MAX

enum cert_kind {
	CERT_ROOT, /**< self-signed CA */
	CERT_ISSUING, /**< CA under another */
	CERT_SERVER,
	CERT_DEVICE,
};

enum cert_attribute {
	CERT_CN,
	CERT_O,
	CERT_OU,
	CERT_C, /**< two capital letters */
	CERT_L,
	CERT_ST,
	CERT_SERIAL_NUMBER, /**< of the thing, not of the certificate */
};

struct cert_rdn {
	enum cert_attribute attribute;
	struct span value; /**< UTF-8, borrowed */
};

/**
 * What a certificate says. All text is borrowed for as long as the profile is
 * used; copying the struct is cheap: a profile from YAML, and a copy of it
 * with the names of one device.
 */
struct cert_profile {
	enum cert_kind kind;
	struct cert_rdn subject[CERT_SUBJECT_MAX]; /**< in this order */
	size_t subject_count;
	struct cert_name san[CERT_SAN_MAX]; /**< DNS, URI, IP */
	size_t san_count;
	unsigned key_usage; /**< enum cert_key_usage; 0: not said */
	unsigned eku; /**< CERT_SERVER_AUTH, CERT_CLIENT_AUTH; 0: not said */
	int path_len; /**< CAs: how many CAs below; -1: any number */
	struct cert_name permitted[CERT_PERMITTED_MAX]; /**< CAs: DNS, URI */
	size_t permitted_count;
	bool key_ids; /**< with subject and authority key identifier */
	/** notBefore lies this long before now, but not before the issuer's:
	 *  for devices whose clock is behind. */
	int64_t backdate_s;
	int64_t validity_s; /**< from now on, or CERT_FOREVER */
	/** Where it would outlive its issuer: end with it. Otherwise that is
	 *  an error. */
	bool clip;
};

/**
 * The usual of a kind, without names (years of 365 days):
 *   root     CA, keyCertSign and cRLSign, key identifiers, 20 years
 *   issuing  as root, path length 0, 10 years
 *   server   digitalSignature, serverAuth, key identifiers, 1 year
 *   device   clientAuth, 10 years, 1 day back; nothing else
 */
void cert_profile_init(struct cert_profile *p, enum cert_kind kind);

/** A certificate that is not signed yet. */
struct cert_draft {
	const struct cert_profile *profile; /**< borrowed */
	const struct cert *issuer; /**< borrowed; NULL: signs itself */
	struct span spki; /**< borrowed */
	int64_t not_before_s, not_after_s;
	uint8_t serial[CERT_SERIAL_LEN];
	bool has_serial; /**< else cert_issue takes one from the token */
	int64_t now_s;
};

/** All is borrowed; nothing is checked yet. `issuer` NULL with CERT_ROOT. */
void cert_draft_init(struct cert_draft *d, const struct cert_profile *profile,
    const struct cert *issuer, struct span spki, int64_t now_s);

struct cert_finding {
	bool error; /**< else a warning */
	const char *code; /**< stable, "cert-path-len"; static */
	const char *clause; /**< static */
	char text[200]; /**< what is wrong; printable */
};

struct cert_findings {
	struct cert_finding list[CERT_FINDINGS_MAX];
	size_t count, errors;
};

/**
 * Everything that is wrong with a draft, before it is signed: key, validity
 * within the issuer's, key usage, path length, name constraints, names,
 * serial number. `findings` is cleared first.
 * Errors: RC_DENIED (there are errors: it must not be signed).
 */
MUST_CHECK enum rc cert_lint(
    const struct cert_draft *d, struct cert_findings *findings);

/** The bytes that are signed. Errors: RC_TOO_LARGE, RC_MALFORMED (a time out
 *  of range, a name of no kind that is written). */
MUST_CHECK enum rc cert_tbs(const struct cert_draft *d, struct writer *w);

/** What would be signed, read back from the bytes of cert_tbs, in words.
 *  Errors: as cert_tbs. */
MUST_CHECK enum rc cert_draft_print(
    const struct cert_draft *d, struct writer *w);

/**
 * Lint and sign with the key `ca` in the token, appending the certificate in
 * DER to `out`. The key must be the issuer's, or the subject's own for a root.
 * Except for devices, the signature is verified before it is returned.
 * `findings` may be NULL. The session's error says why.
 * Errors: RC_DENIED (lint), RC_CONFLICT (the key is not the issuer's), those of
 * hsm_ec_sign, RC_TOO_LARGE.
 */
MUST_CHECK enum rc cert_issue(struct hsm_session *s,
    const struct hsm_ec_ref *ca, struct cert_draft *d, struct writer *out,
    struct cert_findings *findings);

#endif
