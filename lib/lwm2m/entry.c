#include "lwm2m/entry.h"

enum { VALUE_DEPTH = 3 /* "/o/i/r": nothing above it has a value */ };

static bool
multiplicity_right(struct lwm2m_path p)
{
	const struct lwm2m_resource *r = resource_find(p.object, p.resource);
	bool given = p.resource_instance != LWM2M_ID_NONE;

	return !r || ((r->flags & RES_MULTIPLE) != 0) == given;
}

static bool
overlap(struct lwm2m_path a, struct lwm2m_path b)
{
	return path_within(a, b) || path_within(b, a);
}

bool
entries_valid(
    struct lwm2m_path base, const struct lwm2m_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct lwm2m_path p = entries[i].path;

		if (path_depth(p) < VALUE_DEPTH || !path_within(p, base) ||
		    !multiplicity_right(p) ||
		    entries[i].value.type == LWM2M_NONE)
			return false;
		/* In order, a parent stands right before its first child. */
		if (i > 0 &&
		    (path_compare(entries[i - 1].path, p) >= 0 ||
			overlap(entries[i - 1].path, p)))
			return false;
	}
	return true;
}

enum rc
entry_add(
    struct entry_list *l, struct lwm2m_path path, struct lwm2m_value value)
{
	if (path_depth(path) < VALUE_DEPTH || !path_within(path, l->base))
		return RC_MALFORMED;
	for (size_t i = 0; i < l->count; i++) {
		if (overlap(l->entries[i].path, path))
			return RC_MALFORMED;
	}
	if (l->count == l->cap)
		return RC_TOO_LARGE;
	l->entries[l->count++] = (struct lwm2m_entry){path, value};
	return RC_OK;
}
