#include "name_set.h"

#include "base/digest.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 1024 };

void
name_set_init(struct name_set *s)
{
	*s = (struct name_set){0};
	random_bytes(s->key, sizeof(s->key));
}

void
name_set_fini(struct name_set *s)
{
	free(s->slots);
	s->slots = NULL;
	s->cap = s->count = 0;
}

/** Its place, or that where it would be. */
static uint64_t *
find(uint64_t *slots, size_t cap, uint64_t hash)
{
	size_t at = (size_t)hash & (cap - 1);

	while (slots[at] != 0 && slots[at] != hash)
		at = (at + 1) & (cap - 1);
	return &slots[at];
}

static enum rc
grow(struct name_set *s)
{
	size_t cap = s->cap ? 2 * s->cap : SLOTS_FIRST;
	uint64_t *slots = calloc(cap, sizeof(*slots));

	if (!slots)
		return RC_MEMORY;
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i] != 0)
			*find(slots, cap, s->slots[i]) = s->slots[i];
	free(s->slots);
	s->slots = slots;
	s->cap = cap;
	return RC_OK;
}

/** 0 is an empty place. */
static uint64_t
hash_of(const struct name_set *s, struct span name)
{
	uint64_t hash = hash_keyed(s->key, name);

	return hash ? hash : 1;
}

bool
name_set_has(const struct name_set *s, struct span name)
{
	uint64_t hash = hash_of(s, name);

	return s->cap > 0 && *find(s->slots, s->cap, hash) == hash;
}

enum rc
name_set_add(struct name_set *s, struct span name)
{
	uint64_t hash = hash_of(s, name), *slot;

	if (2 * s->count >= s->cap) {
		enum rc rc = grow(s);

		if (rc != RC_OK)
			return rc;
	}
	slot = find(s->slots, s->cap, hash);
	if (*slot == hash)
		return RC_CONFLICT;
	*slot = hash;
	s->count++;
	return RC_OK;
}
