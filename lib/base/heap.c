#include "base/heap.h"

#include <stdlib.h>

enum { FIRST_CAP = 64 };

static void
place(struct timer_heap *h, size_t i, struct timer *t)
{
	h->items[i] = t;
	t->index = i + 1;
}

/* Move `t` from the free place `i` toward the root, to where it belongs. */
static void
sift_up(struct timer_heap *h, size_t i, struct timer *t)
{
	while (i > 0) {
		size_t parent = (i - 1) / 2;

		if (h->items[parent]->at_ms <= t->at_ms)
			break;
		place(h, i, h->items[parent]);
		i = parent;
	}
	place(h, i, t);
}

static void
sift_down(struct timer_heap *h, size_t i, struct timer *t)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= h->count)
			break;
		if (child + 1 < h->count &&
		    h->items[child + 1]->at_ms < h->items[child]->at_ms)
			child++;
		if (t->at_ms <= h->items[child]->at_ms)
			break;
		place(h, i, h->items[child]);
		i = child;
	}
	place(h, i, t);
}

/* Put `t` at the free place `i`, then up or down. */
static void
settle(struct timer_heap *h, size_t i, struct timer *t)
{
	if (i > 0 && t->at_ms < h->items[(i - 1) / 2]->at_ms)
		sift_up(h, i, t);
	else
		sift_down(h, i, t);
}

void
timer_heap_init(struct timer_heap *h)
{
	*h = (struct timer_heap){0};
}

void
timer_heap_fini(struct timer_heap *h)
{
	/* The timers are not touched: their owners may have gone before. */
	free(h->items);
	*h = (struct timer_heap){0};
}

enum rc
timer_arm(struct timer_heap *h, struct timer *t, uint64_t at_ms)
{
	if (t->index) {
		t->at_ms = at_ms;
		settle(h, t->index - 1, t);
		return RC_OK;
	}
	if (h->count == h->cap) {
		size_t cap = h->cap ? h->cap * 2 : FIRST_CAP;
		struct timer **items =
		    reallocarray(h->items, cap, sizeof(struct timer *));

		if (!items)
			return RC_MEMORY;
		h->items = items;
		h->cap = cap;
	}
	t->at_ms = at_ms;
	sift_up(h, h->count++, t);
	return RC_OK;
}

void
timer_disarm(struct timer_heap *h, struct timer *t)
{
	size_t hole = t->index - 1;
	struct timer *last;

	if (!t->index)
		return;
	t->index = 0;
	last = h->items[--h->count];
	if (last != t)
		settle(h, hole, last);
}

uint64_t
timer_next(const struct timer_heap *h)
{
	return h->count ? h->items[0]->at_ms : TIME_NEVER;
}

struct timer *
timer_pop(struct timer_heap *h, uint64_t now_ms)
{
	struct timer *t;

	if (timer_next(h) > now_ms || h->count == 0)
		return NULL;
	t = h->items[0];
	timer_disarm(h, t);
	return t;
}
