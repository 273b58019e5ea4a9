/**
 * arena.h - memory that ends all at once: policy sets, parsed documents.
 *
 * Allocations are aligned for any type, zeroed, and live until arena_free.
 * Not thread-safe while it grows.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/rc.h"
#include "base/span.h"

struct arena;

/** `limit`: bytes it may grow to in all (0: no limit). Owned. NULL: memory. */
struct arena *arena_new(size_t limit);
void arena_free(struct arena *a);

/** Zeroed. NULL when the limit or the memory is exhausted. Owned by `a`. */
void *arena_alloc(struct arena *a, size_t size);

/** `count` * `size` with a check for overflow. */
void *arena_array(struct arena *a, size_t count, size_t size);

/** A copy with a NUL behind it (not counted in .len); .p is NULL on failure. */
struct span arena_copy(struct arena *a, struct span s);
char *arena_str(struct arena *a, const char *s);

#endif
