/**
 * mint.h - one device's key pair and certificate, by an `issue:` of a policy
 * or identity document. For this module, and for whoever signs one by hand.
 */
#ifndef ISSUE_MINT_H
#define ISSUE_MINT_H

#include "issue/issue.h"
#include "policy/placeholder.h"

enum {
	MINT_TEXT_MAX = 8192, /**< bytes of all names of a certificate */
	MINT_DETAIL_MAX = 200, /**< bytes: why it was refused */
};

/** A certificate that is still to be signed. Not to be moved. */
struct mint {
	struct cert_profile profile;
	struct cert_draft draft;
	uint8_t text[MINT_TEXT_MAX];
};

/**
 * Fill `m` for that device and key. All is borrowed as long as `m` is used.
 * Errors: RC_DENIED (`detail`: names that are far too long; a placeholder of
 * which nobody says what it stands for).
 */
MUST_CHECK enum rc mint_draft(struct mint *m, const struct issue_authority *ca,
    const struct policy_issue *issue, const struct placeholder_values *device,
    struct span spki, int64_t now_s, char detail[static MINT_DETAIL_MAX]);

/** Would it be signed? Errors: RC_DENIED (`detail`). */
MUST_CHECK enum rc mint_lint(
    const struct mint *m, char detail[static MINT_DETAIL_MAX]);

/** What is public of the credential, but what only the signature brings. */
void mint_describe(const struct mint *m, const struct issue_authority *ca,
    const struct policy_issue *issue, struct issue_credential *c);

/**
 * Make the key pair (`pair`) and sign its certificate, into `der` (reserved
 * here). `c` receives the public facts, but the Short Server ID.
 * Errors: RC_DENIED (`detail`), RC_TOKEN (also: the CA's key in the token is
 * missing, or not the one of its certificate; the session's error says which),
 * RC_TOO_LARGE, RC_MEMORY.
 */
MUST_CHECK enum rc mint_certificate(const struct issuer *i,
    const struct issue_authority *ca, const struct policy_issue *issue,
    const struct placeholder_values *device, struct device_key *pair,
    struct secret *der, struct issue_credential *c,
    char detail[static MINT_DETAIL_MAX]);

/**
 * How long such a certificate is at most, without a token: with the longest
 * signature and serial number. Errors: RC_DENIED (`detail`).
 */
MUST_CHECK enum rc mint_size(const struct issue_authority *ca,
    const struct policy_issue *issue, const struct placeholder_values *device,
    int64_t now_s, size_t *len, char detail[static MINT_DETAIL_MAX]);

/** A public key that nobody has the private one of, to lint and measure by. */
void mint_sample_key(uint8_t spki[static P256_SPKI_LEN]);

#endif
