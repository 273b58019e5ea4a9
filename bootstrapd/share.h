/**
 * share.h - nobody gets more than a share: counters over keys that peers
 * choose (an endpoint, a source address), in tables of fixed size under a keyed
 * hash. Two keys may meet in one slot. Of rates the newer takes it over, and
 * the older begins to count anew; of crowds both count as one, and where one of
 * them fills the slot the other is turned away until some have left. Whom that
 * meets nobody can choose: the hash is keyed anew with each keeper.
 */
#ifndef BOOTSTRAPD_SHARE_H
#define BOOTSTRAPD_SHARE_H

#include "base/address.h"

enum { SHARE_SLOTS = 4096 };

/** So many in a window of time. */
struct rate_slot {
	uint64_t hash;
	uint64_t until_ms;
	uint32_t count;
};

struct rates {
	uint8_t secret[16];
	struct rate_slot slots[SHARE_SLOTS];
};

void rates_init(struct rates *r);
/** May it, once more? At most `most` in `window_ms`. */
bool rates_take(struct rates *r, struct span key, uint32_t most,
    uint32_t window_ms, uint64_t now_ms);

/** So many at the same time. */
struct crowd {
	uint8_t secret[16];
	uint16_t counts[SHARE_SLOTS];
};

void crowd_init(struct crowd *c);
/** Enter by the IP address, if fewer than `most` are there. `slot` is for
 *  crowd_leave. */
bool crowd_enter(
    struct crowd *c, const struct address *from, uint16_t most, size_t *slot);
void crowd_leave(struct crowd *c, size_t slot);

#endif
