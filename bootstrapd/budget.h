/**
 * budget.h - how often something is done for one source address: a bucket of
 * tokens each, and one for all of them together.
 *
 * A table of fixed size, keyed by a keyed hash: who gets the slot of another
 * begins with a full bucket, so the bucket of all is what limits a stranger
 * with many addresses.
 */
#ifndef BOOTSTRAPD_BUDGET_H
#define BOOTSTRAPD_BUDGET_H

#include "base/address.h"

enum {
	BUDGET_SLOTS = 1024,
	BUDGET_BURST = 8, /**< tokens of one address */
	BUDGET_REFILL_MS = 10000, /**< one more of them */
	BUDGET_ALL_BURST = 64,
	BUDGET_ALL_REFILL_MS = 1000,
};

struct bucket {
	uint32_t tokens;
	uint64_t at_ms; /**< when they were so many */
};

struct budget_slot {
	uint64_t hash;
	struct bucket bucket;
};

struct budget {
	uint8_t secret[16];
	struct bucket all;
	struct budget_slot slots[BUDGET_SLOTS];
};

void budget_init(struct budget *b, uint64_t now_ms);

/** Take a token, whatever the port. False: there is none. */
bool budget_take(struct budget *b, const struct address *from, uint64_t now_ms);

#endif
