/**
 * claim.h - whose PSK identity is it, and which keys may go with it? Within
 * this module.
 */
#ifndef ISSUE_CLAIM_H
#define ISSUE_CLAIM_H

#include "issue/issue.h"

enum { CLAIM_SEALED_MAX = SEAL_OVERHEAD + 64 /**< bytes */ };

/** One key that is accepted now. */
struct claim_key {
	uint32_t epoch;
	/** Whose it is: of the identity by its template, or what a row of the
	 *  store says, which is believed once the key has opened. Borrowed of
	 *  the PSK identity, or of `room`. */
	struct span endpoint;
	/* of the store */
	uint8_t room[LEDGER_NAME_MAX];
	char master[HSM_LABEL_MAX + 1];
	uint8_t sealed[CLAIM_SEALED_MAX];
	size_t sealed_len;
};

struct claim {
	struct span psk_identity; /**< borrowed */
	const struct identity *identity; /**< NULL: nobody's */
	struct claim_key keys[POLICY_EPOCHS_MAX]; /**< in order of trial */
	size_t count; /**< from 1 where there is an identity */
};

/**
 * Find it: the first document in order that fits. Keys are those that it
 * accepts now, `first` (0: none) in front, the others from the newest down.
 * Errors: RC_DB.
 */
MUST_CHECK enum rc claim_find(const struct issuer *i, struct span psk_identity,
    uint32_t first, struct claim *out);

/**
 * The n-th key, out of the token. `revoked`: the ledger has taken it back, and
 * `key` is empty. Errors: RC_NOT_FOUND (of the store: it does not open), those
 * of hsm_derive, RC_DB.
 */
MUST_CHECK enum rc claim_open(const struct issuer *i, const struct claim *c,
    size_t n, struct secret *key, bool *revoked);

/** What an unknown identity costs the token: as much as a known one. The key
 *  goes nowhere. */
void claim_open_in_vain(const struct issuer *i, struct span psk_identity);

#endif
