#include "epochs.h"

#include "base/digest.h"

void
epochs_init(struct epochs *e)
{
	memset(e, 0, sizeof(*e));
	random_bytes(e->secret, sizeof(e->secret));
}

/** Of identity and IP address: a device's port changes with each handshake. */
static uint64_t
hash_of(
    const struct epochs *e, struct span identity, const struct address *from)
{
	uint8_t key[256];
	struct writer w;

	writer_init(&w, key, sizeof(key));
	writer_be(&w, from->family, 1);
	writer_put(&w, span_of(from->ip, sizeof(from->ip)));
	writer_put(&w, identity);
	return hash_keyed(e->secret, writer_span(&w));
}

uint32_t
epochs_failures(
    const struct epochs *e, struct span identity, const struct address *from)
{
	uint64_t hash = hash_of(e, identity, from);
	const struct epoch_slot *s = &e->slots[hash % EPOCHS_SLOTS];

	return s->hash == hash ? s->failures : 0;
}

uint32_t
epochs_known(
    const struct epochs *e, struct span identity, const struct address *from)
{
	uint64_t hash = hash_of(e, identity, from);
	const struct epoch_slot *s = &e->slots[hash % EPOCHS_SLOTS];

	return s->hash == hash ? s->known : 0;
}

/** The slot; it is taken over from whoever had it. */
static struct epoch_slot *
slot(struct epochs *e, struct span identity, const struct address *from)
{
	uint64_t hash = hash_of(e, identity, from);
	struct epoch_slot *s = &e->slots[hash % EPOCHS_SLOTS];

	if (s->hash != hash)
		*s = (struct epoch_slot){.hash = hash};
	return s;
}

void
epochs_failed(struct epochs *e, struct span identity,
    const struct address *from, size_t accepted, uint64_t now_ms)
{
	struct epoch_slot *s = slot(e, identity, from);

	s->known = 0;
	if (now_ms < s->hold_until_ms)
		return;
	if (++s->failures < accepted * EPOCHS_PATIENCE)
		return;
	s->failures = 0;
	s->hold_until_ms = now_ms + EPOCHS_HOLD_MS;
}

void
epochs_found(struct epochs *e, struct span identity, const struct address *from,
    uint32_t epoch)
{
	slot(e, identity, from)->known = epoch;
}

void
epochs_worked(
    struct epochs *e, struct span identity, const struct address *from)
{
	struct epoch_slot *s = slot(e, identity, from);

	*s = (struct epoch_slot){.hash = s->hash};
}
