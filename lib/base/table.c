#include "base/table.h"

#include "base/digest.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 64 };

enum rc
table_init(struct table *t)
{
	*t = (struct table){.slot_count = SLOTS_FIRST};
	t->slots = calloc(t->slot_count, sizeof(struct table_item *));
	if (!t->slots)
		return RC_MEMORY;
	random_bytes(t->secret, sizeof(t->secret));
	return RC_OK;
}

void
table_fini(struct table *t)
{
	free(t->slots);
	*t = (struct table){0};
}

static struct table_item **
slot(const struct table *t, uint64_t hash)
{
	return &t->slots[hash & (t->slot_count - 1)];
}

/** Twice the slots; without memory for them the chains just get longer. */
static void
grow(struct table *t)
{
	struct table_item **old = t->slots;
	size_t n = t->slot_count;
	struct table_item **wide = calloc(n * 2, sizeof(struct table_item *));

	if (!wide)
		return;
	t->slots = wide;
	t->slot_count = n * 2;
	t->first = 0;
	for (size_t i = 0; i < n; i++) {
		while (old[i]) {
			struct table_item *item = old[i];
			struct table_item **s = slot(t, item->hash);

			old[i] = item->next;
			item->next = *s;
			*s = item;
		}
	}
	free(old);
}

void
table_put(struct table *t, struct table_item *item)
{
	struct table_item **s;

	if (t->count >= t->slot_count)
		grow(t);
	item->hash = hash_keyed(t->secret, item->key);
	s = slot(t, item->hash);
	item->next = *s;
	*s = item;
	if (s < &t->slots[t->first])
		t->first = (size_t)(s - t->slots);
	t->count++;
}

struct table_item *
table_get(const struct table *t, struct span key)
{
	uint64_t hash;

	if (t->count == 0)
		return NULL;
	hash = hash_keyed(t->secret, key);
	for (struct table_item *i = *slot(t, hash); i; i = i->next)
		if (i->hash == hash && span_equal(i->key, key))
			return i;
	return NULL;
}

void
table_remove(struct table *t, struct table_item *item)
{
	if (t->count == 0)
		return;
	for (struct table_item **s = slot(t, item->hash); *s; s = &(*s)->next) {
		if (*s != item)
			continue;
		*s = item->next;
		item->next = NULL;
		t->count--;
		return;
	}
}

struct table_item *
table_any(struct table *t)
{
	if (t->count == 0)
		return NULL;
	while (!t->slots[t->first])
		t->first++;
	return t->slots[t->first];
}

void
table_each(struct table *t, table_fn each, void *ctx)
{
	for (size_t i = 0; i < t->slot_count; i++) {
		struct table_item *item = t->slots[i];

		while (item) {
			struct table_item *next = item->next;

			each(ctx, item);
			item = next;
		}
	}
}
