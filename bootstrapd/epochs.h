/**
 * epochs.h - which of several accepted key epochs a device has. Its identity
 * does not say, so the keeper offers one a handshake and learns from the
 * failures; the one that worked is offered first from then on.
 *
 * A table of fixed size, keyed by a keyed hash of the identity: two identities
 * that share a slot cost a handshake, never a wrong answer.
 */
#ifndef BOOTSTRAPD_EPOCHS_H
#define BOOTSTRAPD_EPOCHS_H

#include "base/span.h"

enum { EPOCHS_SLOTS = 8192 };

struct epoch_slot {
	uint64_t hash;
	uint32_t first; /**< the epoch that worked; 0: none yet */
	uint32_t attempt; /**< failures since */
};

struct epochs {
	uint8_t secret[16];
	struct epoch_slot slots[EPOCHS_SLOTS];
};

void epochs_init(struct epochs *e);

/** What to pass to issue_psk. */
void epochs_next(const struct epochs *e, struct span identity, uint32_t *first,
    unsigned *attempt);
void epochs_failed(struct epochs *e, struct span identity);
void epochs_worked(struct epochs *e, struct span identity, uint32_t epoch);

#endif
