/**
 * csr.h - certification requests, PKCS#10 (RFC 2986), read strictly.
 *
 * A request is taken when it is DER throughout, its key lies on P-256, and it
 * is signed by that very key with ECDSA and SHA-256. What it asks for binds
 * nobody: names are for the caller to compare with who has authenticated.
 */
#ifndef HSM_CSR_H
#define HSM_CSR_H

#include "hsm/cert.h"

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

#endif
