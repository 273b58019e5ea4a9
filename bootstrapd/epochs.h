/**
 * epochs.h - which of several accepted key epochs a device has. Its identity
 * does not say. The ledger knows the one it was minted with or has proved; where
 * that fails, or nothing is known, the keeper offers another a handshake.
 *
 * Where the client's Finished comes together with its identity none of this is
 * needed: the key that opens it is the one (issue_psk_by_evidence). Where it
 * comes too late for that, the doctor may find the epoch after the failure.
 *
 * Learned per identity and source address, so that a stranger who plays with
 * an identity does not lead the device's own handshakes astray. When all
 * epochs have failed it was a wrong key and no other epoch: for a minute the
 * first one is offered whatever fails.
 *
 * A table of fixed size, keyed by a keyed hash: two who share a slot cost a
 * handshake, never a wrong answer.
 */
#ifndef BOOTSTRAPD_EPOCHS_H
#define BOOTSTRAPD_EPOCHS_H

#include "base/address.h"

enum {
	EPOCHS_SLOTS = 8192,
	EPOCHS_HOLD_MS = 60000,
	/** Failures until a known epoch is doubted. */
	EPOCHS_PATIENCE = 2,
};

struct epoch_slot {
	uint64_t hash;
	uint64_t hold_until_ms;
	uint32_t failures; /**< since the last success */
	uint32_t known; /**< opened a handshake that had failed; 0: none */
};

struct epochs {
	uint8_t secret[16];
	struct epoch_slot slots[EPOCHS_SLOTS];
};

void epochs_init(struct epochs *e);

/** Failures of this identity from this address. */
uint32_t epochs_failures(
    const struct epochs *e, struct span identity, const struct address *from);

/** The epoch that this identity has used from this address under the key of
 *  another one; 0: not known. */
uint32_t epochs_known(
    const struct epochs *e, struct span identity, const struct address *from);
void epochs_found(struct epochs *e, struct span identity,
    const struct address *from, uint32_t epoch);

/** A handshake failed; the identity's document accepts `accepted` epochs. */
void epochs_failed(struct epochs *e, struct span identity,
    const struct address *from, size_t accepted, uint64_t now_ms);
void epochs_worked(
    struct epochs *e, struct span identity, const struct address *from);

#endif
