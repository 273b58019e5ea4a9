#include "share.h"

#include "base/digest.h"

void
rates_init(struct rates *r)
{
	memset(r, 0, sizeof(*r));
	random_bytes(r->secret, sizeof(r->secret));
}

bool
rates_take(struct rates *r, struct span key, uint32_t most, uint32_t window_ms,
    uint64_t now_ms)
{
	uint64_t hash = hash_keyed(r->secret, key);
	struct rate_slot *s = &r->slots[hash % SHARE_SLOTS];

	if (s->hash != hash || now_ms >= s->until_ms)
		*s = (struct rate_slot){hash, now_ms + window_ms, 0};
	if (s->count >= most)
		return false;
	s->count++;
	return true;
}

void
crowd_init(struct crowd *c)
{
	memset(c, 0, sizeof(*c));
	random_bytes(c->secret, sizeof(c->secret));
}

bool
crowd_enter(
    struct crowd *c, const struct address *from, uint16_t most, size_t *slot)
{
	/* an IPv6 host has a /64 to choose from */
	size_t len = from->family == 4 ? 4 : 8;

	*slot = hash_keyed(c->secret, span_of(from->ip, len)) % SHARE_SLOTS;
	if (c->counts[*slot] >= most)
		return false;
	c->counts[*slot]++;
	return true;
}

void
crowd_leave(struct crowd *c, size_t slot)
{
	if (slot < SHARE_SLOTS && c->counts[slot] > 0)
		c->counts[slot]--;
}
