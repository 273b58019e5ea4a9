#include "cost/shelf.h"

#include "lwm2m/object.h"

enum rc
shelf_init(struct shelf *s)
{
	*s = (struct shelf){.arena = arena_new(SHELF_BYTES_MAX)};
	if (s->arena)
		s->entries = arena_array(
		    s->arena, SHELF_ENTRIES_MAX, sizeof(*s->entries));
	if (s->entries)
		return RC_OK;
	shelf_fini(s);
	return RC_MEMORY;
}

void
shelf_fini(struct shelf *s)
{
	if (s->arena)
		arena_free(s->arena);
	*s = (struct shelf){0};
}

/** Where `path` is, or belongs. */
static size_t
place_of(const struct shelf *s, struct lwm2m_path path)
{
	size_t i = 0;

	while (i < s->count && path_compare(s->entries[i].path, path) < 0)
		i++;
	return i;
}

static bool
holds_bytes(enum lwm2m_type t)
{
	return t == LWM2M_STRING || t == LWM2M_OPAQUE || t == LWM2M_CORELNK;
}

enum rc
shelf_put(struct shelf *s, const struct lwm2m_entry *e)
{
	size_t i = place_of(s, e->path);
	struct lwm2m_entry copy = *e;

	if (holds_bytes(e->value.type) && e->value.bytes.len > 0) {
		copy.value.bytes = arena_copy(s->arena, e->value.bytes);
		if (!copy.value.bytes.p)
			return RC_MEMORY;
	}
	if (i == s->count || path_compare(s->entries[i].path, e->path) != 0) {
		if (s->count == SHELF_ENTRIES_MAX)
			return RC_MEMORY;
		memmove(&s->entries[i + 1], &s->entries[i],
		    (s->count - i) * sizeof(*s->entries));
		s->count++;
	}
	s->entries[i] = copy;
	return RC_OK;
}

void
shelf_delete(struct shelf *s, struct lwm2m_path path, uint16_t keep)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct lwm2m_path at = s->entries[i].path;
		bool kept = at.object == OBJECT_SECURITY && at.instance == keep;

		if (kept || !path_within(at, path))
			s->entries[n++] = s->entries[i];
	}
	s->count = n;
}

size_t
shelf_within(const struct shelf *s, struct lwm2m_path path, size_t *first)
{
	size_t i = 0, end;

	while (i < s->count && !path_within(s->entries[i].path, path))
		i++;
	end = i;
	while (end < s->count && path_within(s->entries[end].path, path))
		end++;
	*first = i;
	return end - i;
}

const struct lwm2m_value *
shelf_get(const struct shelf *s, struct lwm2m_path path)
{
	size_t i = place_of(s, path);

	if (i == s->count || path_compare(s->entries[i].path, path) != 0)
		return NULL;
	return &s->entries[i].value;
}

bool
shelf_instance(const struct shelf *s, uint16_t object, uint16_t *instance)
{
	size_t i = place_of(s, LWM2M_INSTANCE(object, *instance));

	if (i == s->count || s->entries[i].path.object != object)
		return false;
	*instance = s->entries[i].path.instance;
	return true;
}
