/**
 * shelf.h - what the device of the model holds: the values that it was given,
 * sorted by path. Internal to lib/cost.
 */
#ifndef COST_SHELF_H
#define COST_SHELF_H

#include "base/arena.h"
#include "lwm2m/value.h"

enum {
	SHELF_ENTRIES_MAX = 1024,
	SHELF_BYTES_MAX = 1 << 20, /**< of all values, the replaced ones too */
};

struct shelf {
	struct arena *arena;
	struct lwm2m_entry *entries; /**< sorted by path_compare */
	size_t count;
};

/** Errors: RC_MEMORY. */
MUST_CHECK enum rc shelf_init(struct shelf *s);
void shelf_fini(struct shelf *s);

/** Put a value, or another in its place. Copies. Errors: RC_MEMORY (also: one
 *  of the limits). */
MUST_CHECK enum rc shelf_put(struct shelf *s, const struct lwm2m_entry *e);

/** Take away all within `path`; instance `keep` of /0 stays. */
void shelf_delete(struct shelf *s, struct lwm2m_path path, uint16_t keep);

/** The entries within `path`: as many as returned, from `*first` on. */
size_t shelf_within(
    const struct shelf *s, struct lwm2m_path path, size_t *first);

/** The value at that path; NULL: none. */
const struct lwm2m_value *shelf_get(
    const struct shelf *s, struct lwm2m_path path);

/** The first instance of `object` from `*instance` on. False: there is none. */
bool shelf_instance(const struct shelf *s, uint16_t object, uint16_t *instance);

#endif
