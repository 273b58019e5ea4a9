#include "budget.h"

#include "base/digest.h"

void
budget_init(struct budget *b, uint64_t now_ms)
{
	memset(b, 0, sizeof(*b));
	b->all = (struct bucket){BUDGET_ALL_BURST, now_ms};
	random_bytes(b->secret, sizeof(b->secret));
}

static void
refill(struct bucket *b, uint32_t burst, uint64_t refill_ms, uint64_t now_ms)
{
	uint64_t more;

	if (now_ms < b->at_ms)
		return;
	more = (now_ms - b->at_ms) / refill_ms;
	b->at_ms += more * refill_ms;
	b->tokens =
	    more >= burst - b->tokens ? burst : b->tokens + (uint32_t)more;
}

bool
budget_take(struct budget *b, const struct address *from, uint64_t now_ms)
{
	uint8_t key[sizeof(from->ip) + 1];
	struct budget_slot *s;
	uint64_t hash;

	key[0] = from->family;
	memcpy(key + 1, from->ip, sizeof(from->ip));
	hash = hash_keyed(b->secret, span_of(key, sizeof(key)));
	s = &b->slots[hash % BUDGET_SLOTS];
	if (s->hash != hash)
		*s = (struct budget_slot){hash, {BUDGET_BURST, now_ms}};
	refill(&s->bucket, BUDGET_BURST, BUDGET_REFILL_MS, now_ms);
	refill(&b->all, BUDGET_ALL_BURST, BUDGET_ALL_REFILL_MS, now_ms);
	if (s->bucket.tokens == 0 || b->all.tokens == 0)
		return false;
	s->bucket.tokens--;
	b->all.tokens--;
	return true;
}
