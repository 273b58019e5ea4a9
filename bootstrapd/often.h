/**
 * often.h - how often one device is bootstrapped: so many times in an hour,
 * then one more whenever its share has grown back. A device in a loop is put
 * off instead of being given keys without end, and is told for how long.
 *
 * A table of fixed size, keyed by a keyed hash. Of two names that meet in one
 * slot the one that has used up more of its share keeps it; the other is not
 * counted meanwhile. Whom that meets nobody can choose.
 */
#ifndef BOOTSTRAPD_OFTEN_H
#define BOOTSTRAPD_OFTEN_H

#include "base/span.h"

enum {
	OFTEN_SLOTS = 65536,
	OFTEN_WINDOW_MS = 3600000,
};

struct often_slot {
	uint64_t hash;
	uint64_t paid_ms; /**< when all that was used has grown back */
	bool said; /**< that it was put off since it was granted last */
};

struct often {
	uint8_t secret[16];
	struct often_slot slots[OFTEN_SLOTS];
};

void often_init(struct often *o);

/** For how many s `name` is put off; 0: it may. `most`: in OFTEN_WINDOW_MS; 0:
 *  any number. */
uint32_t often_wait_s(
    const struct often *o, struct span name, uint32_t most, uint64_t now_ms);

/** It was granted once more. */
void often_count(
    struct often *o, struct span name, uint32_t most, uint64_t now_ms);

/** Was it said that it is put off, since it was granted one? */
bool often_is_said(const struct often *o, struct span name);
void often_say(struct often *o, struct span name);

#endif
