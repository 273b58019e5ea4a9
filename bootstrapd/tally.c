#include "tally.h"

#include "base/digest.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 256 };

void
tally_init(struct tally *t)
{
	*t = (struct tally){.era = 1};
	random_bytes(t->secret, sizeof(t->secret));
}

void
tally_fini(struct tally *t)
{
	free(t->slots);
	t->slots = NULL;
	t->slot_count = t->count = 0;
}

void
tally_fresh(struct tally *t)
{
	t->era++;
	t->now = (struct rollout_counts){0};
}

/** Its slot, or the one that is free for it. Names may be chosen so that their
 *  places are alike: the secret is not known. */
static struct tally_slot *
find(const struct tally *t, uint64_t place)
{
	size_t i = hash_keyed(t->secret, span_of(&place, sizeof(place))) &
	    (t->slot_count - 1);

	while (t->slots[i].when != 0 && t->slots[i].place != place)
		i = (i + 1) & (t->slot_count - 1);
	return &t->slots[i];
}

static enum rc
grow(struct tally *t)
{
	struct tally old = *t;

	t->slot_count = old.slots ? old.slot_count * 2 : SLOTS_FIRST;
	t->slots = calloc(t->slot_count, sizeof(*t->slots));
	if (!t->slots) {
		t->slots = old.slots;
		t->slot_count = old.slot_count;
		return RC_MEMORY;
	}
	for (size_t i = 0; old.slots && i < old.slot_count; i++)
		if (old.slots[i].when != 0)
			*find(t, old.slots[i].place) = old.slots[i];
	free(old.slots);
	return RC_OK;
}

static uint64_t *
counter(struct rollout_counts *c, uint8_t outcome)
{
	if (outcome == OUTCOME_OK)
		return &c->ok;
	return outcome == OUTCOME_FAILED ? &c->failed : &c->unknown;
}

enum rc
tally_note(struct tally *t, uint64_t place, enum outcome outcome, uint64_t when,
    bool now)
{
	struct tally_slot *s;

	if (t->count >= t->slot_count / 4 * 3 && grow(t) != RC_OK)
		return RC_MEMORY;
	s = find(t, place);
	if (when == 0)
		when = t->last + 1;
	if (when > t->last)
		t->last = when;
	if (s->when > when)
		return RC_OK;
	if (s->when == 0) {
		t->count++;
	} else {
		--*counter(&t->all, s->outcome);
		if (s->era == t->era)
			--*counter(&t->now, s->outcome);
	}
	*s = (struct tally_slot){
	    place, when, now ? t->era : 0, (uint8_t)outcome};
	++*counter(&t->all, s->outcome);
	if (now)
		++*counter(&t->now, s->outcome);
	return RC_OK;
}
