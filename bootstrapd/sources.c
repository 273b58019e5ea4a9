#include "sources.h"

#include <stdlib.h>

enum {
	IPV6_LEN = 8, /**< bytes that tell hosts apart */
	KEY_LEN = 1 + IPV6_LEN + 4, /**< family, IP, scope */
};

struct source {
	struct table_item item;
	size_t count;
	uint8_t key[KEY_LEN];
};

enum rc
sources_init(struct sources *s)
{
	return table_init(&s->table);
}

void
sources_fini(struct sources *s)
{
	struct table_item *item;

	while ((item = table_any(&s->table))) {
		table_remove(&s->table, item);
		free(item); /* the first member */
	}
	table_fini(&s->table);
}

static void
key_of(const struct address *a, uint8_t out[static KEY_LEN])
{
	memset(out, 0, KEY_LEN);
	out[0] = a->family;
	memcpy(out + 1, a->ip, a->family == 4 ? 4 : IPV6_LEN);
	memcpy(out + 1 + IPV6_LEN, &a->scope, sizeof(a->scope));
}

struct source *
sources_join(struct sources *s, const struct address *a, size_t max)
{
	uint8_t key[KEY_LEN];
	struct source *found;

	key_of(a, key);
	/* the item is the first member */
	found =
	    (struct source *)table_get(&s->table, span_of(key, sizeof(key)));
	if (found && found->count >= max)
		return NULL;
	if (!found && max > 0) {
		found = calloc(1, sizeof(*found));
		if (!found)
			return NULL;
		memcpy(found->key, key, sizeof(key));
		found->item.key = span_of(found->key, sizeof(found->key));
		table_put(&s->table, &found->item);
	}
	if (found)
		found->count++;
	return found;
}

void
sources_leave(struct sources *s, struct source *source)
{
	if (!source || --source->count > 0)
		return;
	table_remove(&s->table, &source->item);
	free(source);
}
