/**
 * table.h - a hash table of things that carry their own key, for bytes that
 * peers choose: the hash is keyed with a secret of the table, so no peer can
 * make it slow.
 *
 * Intrusive: a struct table_item lives in its owner, the key's bytes too.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include "base/rc.h"
#include "base/span.h"

struct table_item {
	struct table_item *next;
	struct span key; /**< borrowed from the owner while it is in a table */
	uint64_t hash;
};

struct table {
	struct table_item **slots;
	size_t slot_count; /**< a power of two */
	size_t count;
	size_t first; /**< no item below this slot */
	uint8_t secret[16];
};

/** Errors: RC_MEMORY. */
MUST_CHECK enum rc table_init(struct table *t);
/** Releases the table's own memory; the items belong to their owners. */
void table_fini(struct table *t);

/** Add an item whose `key` is set. Equal keys are the caller's to avoid. */
void table_put(struct table *t, struct table_item *item);

/** NULL: none. */
struct table_item *table_get(const struct table *t, struct span key);

/** Harmless when it is not there. */
void table_remove(struct table *t, struct table_item *item);

/** Any item, for taking a table apart; NULL when empty. */
struct table_item *table_any(struct table *t);

/** Call `each` once an item; it may remove that item. */
typedef void (*table_fn)(void *ctx, struct table_item *item);
void table_each(struct table *t, table_fn each, void *ctx);

#endif
