/**
 * seal.h - secrets at rest: encrypted under a key that only the token can make,
 * and bound to the place where they lie.
 *
 * Each record has a data key of its own,
 *
 *   DEK = HMAC-SHA256(master in the token,
 *           "lwm2m-bs/dek" 00 | version (u32) | length (u16) | record)
 *
 * under which AES-256-GCM encrypts the secret with a random nonce of 96 bits.
 * Additional data is the place, each part with its length before it: table,
 * record, column, version. So a sealed secret that is copied to another row or
 * column, or of which one bit changes, does not open.
 *
 *   sealed = 01 | nonce (12) | ciphertext | tag (16)
 *
 * The master is one of hsm_master_generate, used for nothing else.
 */
#ifndef HSM_SEAL_H
#define HSM_SEAL_H

#include "hsm/hsm.h"

enum {
	SEAL_OVERHEAD = 29, /**< bytes that a sealed secret is longer */
	SEAL_SECRET_MAX = 4096, /**< bytes of a secret, from 1 */
	SEAL_NAME_MAX = 64, /**< bytes of a table's or column's name */
	SEAL_RECORD_MAX = 640, /**< bytes of a record's id */
	SEAL_DATA_KEY_LEN = 32, /**< bytes of a data key of one's own */
	SEAL_DATA_OVERHEAD = 16, /**< bytes that seal_data_close adds */
};

/** Where a sealed secret lies. All is borrowed. */
struct seal_place {
	const char *master; /**< label of the sealing key */
	uint32_t version; /**< of the sealing key's use, from 1 */
	const char *table, *column; /**< 1..SEAL_NAME_MAX bytes */
	struct span record; /**< 1..SEAL_RECORD_MAX bytes: which row */
};

/**
 * Append the sealed secret to `out`: SEAL_OVERHEAD bytes more than it has.
 * Errors: as hsm_derive; RC_MALFORMED (place), RC_TOO_LARGE.
 */
MUST_CHECK enum rc seal_close(struct hsm_session *s,
    const struct seal_place *place, const struct secret *secret,
    struct writer *out);

/**
 * Open it. `out` is empty or initialised; it is wiped on failure.
 * Errors: as hsm_derive; RC_MALFORMED (place, or no sealed secret), RC_DENIED
 * (changed, of another place, or of another key).
 */
MUST_CHECK enum rc seal_open(struct hsm_session *s,
    const struct seal_place *place, struct span sealed, struct secret *out);

/*
 * Many secrets in one file: a data key of the file's own, random and sealed by
 * seal_close, encrypts them while the token is not asked. AES-256-GCM; the nonce
 * is 0000 0000 | number (u64), so a key takes each number once.
 */

/**
 * Encrypt `plain` as the secret of that number: appends ciphertext and tag to
 * `out`. `key` has SEAL_DATA_KEY_LEN bytes. Errors: RC_MALFORMED (key),
 * RC_TOO_LARGE, RC_MEMORY.
 */
MUST_CHECK enum rc seal_data_close(const struct secret *key, uint64_t number,
    struct span aad, struct span plain, struct writer *out);

/**
 * Open it. `out` is empty or initialised; it is wiped on failure. Errors:
 * RC_DENIED (changed, of another number, or of another key), RC_MALFORMED (key,
 * or nothing sealed), RC_TOO_LARGE, RC_MEMORY.
 */
MUST_CHECK enum rc seal_data_open(const struct secret *key, uint64_t number,
    struct span aad, struct span sealed, struct secret *out);

#endif
