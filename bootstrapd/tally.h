/**
 * tally.h - how distinct devices have ended, the last ending of each: 24 bytes
 * a device, by the 64 bits of its place (rollout.h). Two devices of a million
 * that share a place, once in thirty million rollouts, are counted as one.
 */
#ifndef BOOTSTRAPD_TALLY_H
#define BOOTSTRAPD_TALLY_H

#include "base/rc.h"
#include "bootstrap/reason.h"
#include "rollout.h"

struct tally_slot {
	uint64_t place;
	uint64_t when; /**< of its last ending; 0: the slot is free */
	uint32_t era;
	uint8_t outcome; /**< enum outcome */
};

struct tally {
	struct tally_slot *slots;
	size_t slot_count; /**< a power of two */
	size_t count; /**< devices */
	uint32_t era;
	uint64_t last; /**< the greatest `when` */
	uint8_t secret[16];
	struct rollout_counts now; /**< whose last ending is of this era */
	struct rollout_counts all;
};

void tally_init(struct tally *t);
void tally_fini(struct tally *t);

/** From now on others are counted in `now`; `all` goes on. */
void tally_fresh(struct tally *t);

/**
 * A device at that place has ended. `when` tells which of its endings is the
 * last one, from 1 (a row's number), 0: this one. `now`: it counts for this
 * era, too. Errors: RC_MEMORY (it is not counted).
 */
MUST_CHECK enum rc tally_note(struct tally *t, uint64_t place,
    enum outcome outcome, uint64_t when, bool now);

#endif
