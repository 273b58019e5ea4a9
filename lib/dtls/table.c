#include "dtls/table.h"

#include <stdlib.h>

enum rc
table_init(struct table *t, size_t expected)
{
	size_t count = 16;

	while (count < expected)
		count *= 2;
	*t = (struct table){.mask = count - 1};
	t->buckets = calloc(count, sizeof(struct node *));
	return t->buckets ? RC_OK : RC_MEMORY;
}

void
table_fini(struct table *t)
{
	free(t->buckets);
	*t = (struct table){0};
}

void
table_add(struct table *t, struct node *n, uint64_t hash)
{
	struct node **head = &t->buckets[hash & t->mask];

	*n = (struct node){*head, hash, true};
	*head = n;
	t->count++;
}

void
table_remove(struct table *t, struct node *n)
{
	struct node **link;

	if (!n->linked)
		return;
	link = &t->buckets[n->hash & t->mask];
	while (*link != n)
		link = &(*link)->next;
	*link = n->next;
	*n = (struct node){0};
	t->count--;
}

/* `n` or the first one behind it with the hash. */
static struct node *
same_hash(struct node *n, uint64_t hash)
{
	while (n && n->hash != hash)
		n = n->next;
	return n;
}

struct node *
table_first(const struct table *t, uint64_t hash)
{
	return same_hash(t->buckets[hash & t->mask], hash);
}

struct node *
table_next(const struct node *n)
{
	return same_hash(n->next, n->hash);
}
