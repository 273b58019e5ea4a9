/**
 * speed.h - what the token does a second, called by several threads as
 * bootstrapd does: each call takes a session from the pool.
 */
#ifndef HSM_SPEED_H
#define HSM_SPEED_H

#include "hsm/ec.h"

enum { SPEED_THREADS_MAX = 16 };

enum speed_operation {
	SPEED_HMAC, /**< hsm_derive */
	SPEED_RANDOM, /**< hsm_random, 32 bytes */
	SPEED_SIGN, /**< hsm_ec_sign */
};

/** With what the token works. An empty label: nothing of the kind. */
struct speed_keys {
	char master[HSM_LABEL_MAX + 1];
	struct hsm_ec_ref signer;
};

/** "hmac", "random", "sign". */
const char *speed_name(enum speed_operation op);

/**
 * Put in the first key of the token that can, where `k` names none; it stays
 * empty where the token has none.
 * Errors: as hsm_master_list and hsm_ec_list.
 */
MUST_CHECK enum rc speed_find_keys(struct hsm_session *s, struct speed_keys *k);

/** Is the key for it there? */
bool speed_possible(enum speed_operation op, const struct speed_keys *k);

/**
 * Call the token from 1..SPEED_THREADS_MAX threads for that long. More threads
 * than the pool has sessions wait for each other, as they would in earnest. The
 * caller holds no session.
 * Errors: RC_MEMORY (no thread), RC_MALFORMED (threads), those of the operation
 * (`err`).
 */
MUST_CHECK enum rc speed_measure(struct hsm *h, const struct speed_keys *keys,
    enum speed_operation op, unsigned threads, unsigned duration_ms,
    double *per_second, struct hsm_error *err);

#endif
