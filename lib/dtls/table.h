/**
 * table.h - a hash table of things that hold their own links: associations by
 * number and by address. No allocation after table_init.
 */
#ifndef DTLS_TABLE_H
#define DTLS_TABLE_H

#include "base/rc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Embedded in what is found. All zero: in no table. */
struct node {
	struct node *next;
	uint64_t hash;
	bool linked;
};

struct table {
	struct node **buckets;
	size_t mask; /**< count of buckets - 1, a power of two - 1 */
	size_t count; /**< nodes */
};

/** For about `expected` nodes; more make it slower. Errors: RC_MEMORY. */
MUST_CHECK enum rc table_init(struct table *t, size_t expected);
/** The nodes belong to their owners. */
void table_fini(struct table *t);

/** `n` is in no table. */
void table_add(struct table *t, struct node *n, uint64_t hash);
/** Harmless when it is in none. */
void table_remove(struct table *t, struct node *n);

/** The first node with this hash, NULL: none. The caller compares keys. */
struct node *table_first(const struct table *t, uint64_t hash);
/** The next one with the same hash. */
struct node *table_next(const struct node *n);

#endif
