#include "device/held.h"

#include <stdlib.h>

void
held_fini(struct held *s)
{
	for (size_t i = 0; i < s->count; i++)
		secret_fini(&s->values[i].bytes);
	free(s->values);
	*s = (struct held){0};
}

/** The first value that is not before `path`. */
static size_t
place(const struct held *s, struct lwm2m_path path)
{
	size_t i = 0;

	while (i < s->count && path_compare(s->values[i].entry.path, path) < 0)
		i++;
	return i;
}

static bool
has_bytes(enum lwm2m_type t)
{
	return t == LWM2M_STRING || t == LWM2M_OPAQUE || t == LWM2M_CORELNK;
}

static enum rc
value_set(struct held_value *v, const struct lwm2m_entry *e)
{
	enum rc rc = RC_OK;

	secret_fini(&v->bytes);
	v->entry = *e;
	if (!has_bytes(e->value.type))
		return RC_OK;
	rc = secret_set(&v->bytes, e->value.bytes);
	v->entry.value.bytes = secret_expose(&v->bytes);
	return rc;
}

static enum rc
open_gap(struct held *s, size_t at)
{
	if (s->count == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 32;
		struct held_value *v = reallocarray(s->values, cap, sizeof(*v));

		if (!v)
			return RC_MEMORY;
		s->values = v;
		s->cap = cap;
	}
	memmove(&s->values[at + 1], &s->values[at],
	    (s->count - at) * sizeof(s->values[0]));
	s->values[at] = (struct held_value){0};
	s->count++;
	return RC_OK;
}

enum rc
held_put(struct held *s, const struct lwm2m_entry *e)
{
	size_t at = place(s, e->path);
	enum rc rc = RC_OK;

	if (at == s->count ||
	    path_compare(s->values[at].entry.path, e->path) != 0)
		rc = open_gap(s, at);
	return rc == RC_OK ? value_set(&s->values[at], e) : rc;
}

const struct lwm2m_value *
held_get(const struct held *s, struct lwm2m_path path)
{
	size_t at = place(s, path);

	if (at == s->count || path_compare(s->values[at].entry.path, path) != 0)
		return NULL;
	return &s->values[at].entry.value;
}

bool
held_has(const struct held *s, struct lwm2m_path path)
{
	size_t at = place(s, path);

	return at < s->count && path_within(s->values[at].entry.path, path);
}

void
held_remove(struct held *s, struct lwm2m_path path)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (path_within(s->values[i].entry.path, path))
			secret_fini(&s->values[i].bytes);
		else
			s->values[kept++] = s->values[i];
	}
	s->count = kept;
}

bool
held_instance(const struct held *s, uint16_t object, uint16_t *instance)
{
	size_t at = place(s, LWM2M_INSTANCE(object, *instance));

	if (*instance == LWM2M_ID_NONE || at == s->count ||
	    s->values[at].entry.path.object != object)
		return false;
	*instance = s->values[at].entry.path.instance;
	return true;
}

bool
held_integer(const struct held *s, struct lwm2m_path path, int64_t *out)
{
	const struct lwm2m_value *v = held_get(s, path);

	if (!v || v->type != LWM2M_INTEGER)
		return false;
	*out = v->integer;
	return true;
}

bool
held_unsigned(const struct held *s, struct lwm2m_path path, uint64_t *out)
{
	const struct lwm2m_value *v = held_get(s, path);

	if (!v || v->type != LWM2M_UNSIGNED)
		return false;
	*out = v->number;
	return true;
}

bool
held_boolean(const struct held *s, struct lwm2m_path path, bool *out)
{
	const struct lwm2m_value *v = held_get(s, path);

	if (!v || v->type != LWM2M_BOOLEAN)
		return false;
	*out = v->boolean;
	return true;
}

struct span
held_bytes(const struct held *s, struct lwm2m_path path)
{
	const struct lwm2m_value *v = held_get(s, path);

	return v && has_bytes(v->type) ? v->bytes : (struct span){0};
}

bool
held_ssid(
    const struct held *s, uint16_t object, uint16_t instance, uint16_t *ssid)
{
	uint16_t resource =
	    object == OBJECT_SECURITY ? SECURITY_SSID : SERVER_SSID;
	int64_t n;

	if (!held_integer(s, LWM2M_RESOURCE(object, instance, resource), &n) ||
	    n < 0 || n > 0xffff)
		return false;
	*ssid = (uint16_t)n;
	return true;
}

static bool
is_account(const struct held *s, uint16_t instance)
{
	bool bootstrap = false;

	return held_boolean(s,
		   LWM2M_RESOURCE(
		       OBJECT_SECURITY, instance, SECURITY_BOOTSTRAP),
		   &bootstrap) &&
	    bootstrap;
}

bool
held_account(const struct held *s, uint16_t *instance)
{
	uint16_t i = 0;

	for (; held_instance(s, OBJECT_SECURITY, &i); i++) {
		if (is_account(s, i)) {
			*instance = i;
			return true;
		}
	}
	return false;
}

size_t
held_accounts(const struct held *s)
{
	size_t count = 0;
	uint16_t i = 0;

	for (; held_instance(s, OBJECT_SECURITY, &i); i++)
		count += is_account(s, i);
	return count;
}

bool
held_protected(const struct held *s, uint16_t object, uint16_t instance)
{
	const struct lwm2m_value *v;
	uint16_t account;

	if (object == OBJECT_DEVICE)
		return instance == 0;
	if (!held_account(s, &account))
		return false;
	if (object == OBJECT_SECURITY)
		return is_account(s, instance);
	if (object != OBJECT_OSCORE)
		return false;
	v = held_get(s, LWM2M_RESOURCE(OBJECT_SECURITY, account, 17));
	return v && v->type == LWM2M_OBJLNK && v->link.object == object &&
	    v->link.instance == instance;
}
