/**
 * csr.h - certification requests, PKCS#10 (RFC 2986), read strictly.
 *
 * A request is taken when it is DER throughout, its key lies on P-256, and it
 * is signed by that very key with ECDSA and SHA-256. What it asks for binds
 * nobody: names are for the caller to compare with who has authenticated.
 */
#ifndef HSM_CSR_H
#define HSM_CSR_H

#include "hsm/cert_issue.h"

enum { CSR_DER_MAX = 8192 /**< bytes */ };

/** Spans are borrowed from the request's DER. */
struct csr {
	struct span der;
	struct span info; /**< what is signed */
	struct span algorithm, signature;
	struct span subject; /**< Name, DER */
	struct span cn; /**< empty unless there is exactly one */
	struct span spki; /**< on P-256 */
	struct span san; /**< asked for; for cert_name_next */
	bool asks_ca; /**< asks to be a CA */
};

/**
 * Read and verify. `fault` says why not: clause and offset.
 * Errors: RC_MALFORMED, RC_UNSUPPORTED (another key or algorithm), RC_DENIED
 * (not signed by its own key), RC_TOO_LARGE, RC_MEMORY.
 */
MUST_CHECK enum rc csr_parse(
    struct span der, struct csr *out, struct der_fault *fault);

/**
 * Make a request for the key `key` in the token, signed by it, with the subject
 * of `profile` and no attributes; the DER is appended to `out`. The session's
 * error says why not.
 * Errors: those of hsm_ec_public and hsm_ec_sign, RC_TOO_LARGE.
 */
MUST_CHECK enum rc csr_sign(struct hsm_session *s, const struct hsm_ec_ref *key,
    const struct cert_profile *profile, struct writer *out);

#endif
