#include "epochs.h"

#include "base/digest.h"

void
epochs_init(struct epochs *e)
{
	memset(e, 0, sizeof(*e));
	random_bytes(e->secret, sizeof(e->secret));
}

void
epochs_next(const struct epochs *e, struct span identity, uint32_t *first,
    unsigned *attempt)
{
	uint64_t hash = hash_keyed(e->secret, identity);
	const struct epoch_slot *s = &e->slots[hash % EPOCHS_SLOTS];

	*first = s->hash == hash ? s->first : 0;
	*attempt = s->hash == hash ? s->attempt : 0;
}

/** The identity's slot; it takes it over from another one. */
static struct epoch_slot *
slot(struct epochs *e, struct span identity)
{
	uint64_t hash = hash_keyed(e->secret, identity);
	struct epoch_slot *s = &e->slots[hash % EPOCHS_SLOTS];

	if (s->hash != hash)
		*s = (struct epoch_slot){.hash = hash};
	return s;
}

void
epochs_failed(struct epochs *e, struct span identity)
{
	slot(e, identity)->attempt++;
}

void
epochs_worked(struct epochs *e, struct span identity, uint32_t epoch)
{
	struct epoch_slot *s = slot(e, identity);

	s->first = epoch;
	s->attempt = 0;
}
