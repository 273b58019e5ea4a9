/**
 * seal_internal.h - sealing without a token: for seal.c and its vectors.
 */
#ifndef HSM_SEAL_INTERNAL_H
#define HSM_SEAL_INTERNAL_H

#include "hsm/seal.h"

enum {
	SEAL_KEY_LEN = 32,
	SEAL_NONCE_LEN = 12,
	SEAL_TAG_LEN = 16,
	SEAL_CONTEXT_MAX = 19 + SEAL_RECORD_MAX,
	SEAL_AAD_MAX = 10 + 2 * SEAL_NAME_MAX + SEAL_RECORD_MAX,
};

/** What the data key is derived from. Errors: RC_MALFORMED. */
MUST_CHECK enum rc seal_context(
    const struct seal_place *place, struct writer *w);
/** The additional data. Errors: RC_MALFORMED. */
MUST_CHECK enum rc seal_aad(const struct seal_place *place, struct writer *w);

/** AES-256-GCM: `out` gets plain.len bytes, then the tag. Errors: RC_MEMORY. */
MUST_CHECK enum rc seal_encrypt(const uint8_t key[static SEAL_KEY_LEN],
    const uint8_t nonce[static SEAL_NONCE_LEN], struct span aad,
    struct span plain, uint8_t *out);
/** Back: `out` gets cipher.len - SEAL_TAG_LEN bytes. Errors: RC_DENIED,
 *  RC_MEMORY. */
MUST_CHECK enum rc seal_decrypt(const uint8_t key[static SEAL_KEY_LEN],
    const uint8_t nonce[static SEAL_NONCE_LEN], struct span aad,
    struct span cipher, uint8_t *out);

#endif
