/**
 * sample.h - certificates that nobody trusts and keys that guard nothing, made
 * to measure with: chains whose certificates have given lengths.
 */
#ifndef HSM_SAMPLE_H
#define HSM_SAMPLE_H

#include "base/secret.h"
#include "hsm/p256.h"

enum {
	SAMPLE_CHAIN_MAX = 4,
	SAMPLE_CERT_MAX = 4096, /**< bytes of one */
	SAMPLE_KEY_MAX = 160, /**< bytes */
};

struct sample {
	struct secret private_key; /**< PKCS#8 in DER */
	uint8_t spki[P256_SPKI_LEN];
	uint8_t
	    chain[SAMPLE_CHAIN_MAX * SAMPLE_CERT_MAX]; /**< DER, leaf first */
	size_t chain_len;
	uint8_t root[SAMPLE_CERT_MAX]; /**< the anchor, which is not shown */
	size_t root_len;
};

/**
 * A key pair, and for it `count` certificates (0: none) of just `len[i]` bytes
 * in DER, the pair's own first, each signed by the next and the last by a root.
 * `name` becomes its dNSName; NULL: it is a client's.
 * Errors: RC_MALFORMED (a length that no such certificate can have, less than
 * 300 bytes or so), RC_TOO_LARGE, RC_MEMORY.
 */
MUST_CHECK enum rc sample_make(
    struct sample *s, const char *name, const size_t *len, size_t count);

/** Sign with its key, so that the signature has 71 bytes in DER: as every
 *  second one. Errors: RC_MEMORY. */
MUST_CHECK enum rc sample_sign(const struct sample *s,
    const uint8_t digest[static P256_DIGEST_LEN],
    uint8_t signature[static P256_SIGNATURE_LEN]);

void sample_fini(struct sample *s);

#endif
