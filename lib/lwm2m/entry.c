#include "lwm2m/entry.h"

#include "base/text.h"

enum { VALUE_DEPTH = 3 /* "/o/i/r": nothing above it has a value */ };

bool
entry_path_valid(struct lwm2m_path path)
{
	return path_depth(path) >= VALUE_DEPTH;
}

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

static bool
value_valid(const struct lwm2m_value *v)
{
	if (v->type == LWM2M_STRING || v->type == LWM2M_CORELNK)
		return text_utf8_valid(v->bytes);
	return v->type != LWM2M_NONE;
}

bool
entries_valid(
    struct lwm2m_path base, const struct lwm2m_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct lwm2m_path p = entries[i].path;

		if (!entry_path_valid(p) || !path_within(p, base) ||
		    !multiplicity_right(p) || !value_valid(&entries[i].value))
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
entries_single(
    struct lwm2m_path base, const struct lwm2m_entry *entries, size_t count)
{
	if (!entry_path_valid(base))
		return RC_UNSUPPORTED;
	if (count == 0 || !entries_valid(base, entries, count))
		return RC_MALFORMED;
	/* Of a multiple resource there may be an instance or more below. */
	return path_compare(entries[0].path, base) == 0 ? RC_OK
							: RC_UNSUPPORTED;
}

size_t
entries_run(const struct lwm2m_entry *entries, size_t count, unsigned depth)
{
	struct lwm2m_path head = path_upper(entries[0].path, depth);
	size_t n = 1;

	while (n < count && path_within(entries[n].path, head))
		n++;
	return n;
}

enum rc
entry_add(
    struct entry_list *l, struct lwm2m_path path, struct lwm2m_value value)
{
	if (!entry_path_valid(path) || !path_within(path, l->base))
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
