#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

enum { CHUNK_LEN = 16384 /* bytes, unless one allocation needs more */ };

struct chunk {
	struct chunk *next;
	size_t used; /* bytes */
	size_t cap; /* bytes */
	alignas(max_align_t) uint8_t bytes[];
};

struct arena {
	struct chunk *chunks; /* the newest first */
	size_t total; /* bytes given out, with padding */
	size_t limit;
};

struct arena *
arena_new(size_t limit)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (a)
		a->limit = limit ? limit : SIZE_MAX;
	return a;
}

void
arena_free(struct arena *a)
{
	if (!a)
		return;
	while (a->chunks) {
		struct chunk *c = a->chunks;

		a->chunks = c->next;
		free(c);
	}
	free(a);
}

static struct chunk *
add_chunk(struct arena *a, size_t size)
{
	size_t cap = size > CHUNK_LEN ? size : CHUNK_LEN;
	struct chunk *c;

	if (cap > SIZE_MAX - sizeof(*c))
		return NULL;
	c = calloc(1, sizeof(*c) + cap);
	if (!c)
		return NULL;
	c->cap = cap;
	/*
	 * A chunk made for one large allocation goes behind the one in use,
	 * whose room is not lost.
	 */
	if (size > CHUNK_LEN / 4 && a->chunks) {
		c->next = a->chunks->next;
		a->chunks->next = c;
	} else {
		c->next = a->chunks;
		a->chunks = c;
	}
	return c;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct chunk *c = a->chunks;
	void *p;

	/* Every allocation has an address of its own, the empty ones too. */
	if (size == 0)
		size = 1;
	if (size > SIZE_MAX - align)
		return NULL;
	size = (size + align - 1) / align * align;
	if (size > a->limit - a->total)
		return NULL;
	if (!c || size > c->cap - c->used) {
		c = add_chunk(a, size);
		if (!c)
			return NULL;
	}
	p = c->bytes + c->used;
	c->used += size;
	a->total += size;
	return p;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return arena_alloc(a, total);
}

struct span
arena_copy(struct arena *a, struct span s)
{
	uint8_t *p = s.len < SIZE_MAX ? arena_alloc(a, s.len + 1) : NULL;

	if (!p)
		return span_of(NULL, 0);
	if (s.len)
		memcpy(p, s.p, s.len);
	return span_of(p, s.len);
}

char *
arena_str(struct arena *a, const char *s)
{
	size_t len = strlen(s);
	char *p = arena_alloc(a, len + 1);

	if (p)
		memcpy(p, s, len);
	return p;
}
