#include "often.h"

#include "base/digest.h"

void
often_init(struct often *o)
{
	memset(o, 0, sizeof(*o));
	random_bytes(o->secret, sizeof(o->secret));
}

static size_t
slot_of(const struct often *o, struct span name, uint64_t *hash)
{
	*hash = hash_keyed(o->secret, name);
	return *hash % OFTEN_SLOTS;
}

uint32_t
often_wait_s(
    const struct often *o, struct span name, uint32_t most, uint64_t now_ms)
{
	uint64_t hash, free_ms;
	const struct often_slot *s = &o->slots[slot_of(o, name, &hash)];

	if (most == 0 || s->hash != hash)
		return 0;
	/* all but one of its share may still be used then */
	free_ms = now_ms + OFTEN_WINDOW_MS - OFTEN_WINDOW_MS / most;
	if (s->paid_ms <= free_ms)
		return 0;
	return (uint32_t)((s->paid_ms - free_ms + 999) / 1000);
}

void
often_count(struct often *o, struct span name, uint32_t most, uint64_t now_ms)
{
	uint64_t hash;
	struct often_slot *s = &o->slots[slot_of(o, name, &hash)];

	if (most == 0)
		return;
	if (s->hash != hash) {
		if (s->paid_ms > now_ms + OFTEN_WINDOW_MS / 2)
			return;
		*s = (struct often_slot){.hash = hash};
	}
	if (s->paid_ms < now_ms)
		s->paid_ms = now_ms;
	s->paid_ms += OFTEN_WINDOW_MS / most;
	s->said = false;
}

bool
often_is_said(const struct often *o, struct span name)
{
	uint64_t hash;
	const struct often_slot *s = &o->slots[slot_of(o, name, &hash)];

	return s->hash == hash && s->said;
}

void
often_say(struct often *o, struct span name)
{
	uint64_t hash;
	struct often_slot *s = &o->slots[slot_of(o, name, &hash)];

	s->said |= s->hash == hash;
}
