#include "bootstrap/choose.h"

#include "lwm2m/object.h"

static struct known_instance *
find(struct accounts *a, uint16_t object, uint16_t instance)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->known[i].object == object &&
		    a->known[i].instance == instance)
			return &a->known[i];
	return NULL;
}

static struct known_instance *
add(struct accounts *a, uint16_t object, uint16_t instance)
{
	struct known_instance *k = find(a, object, instance);

	if (k)
		return k;
	if (a->count == CHOOSE_KNOWN_MAX) {
		a->overflow = true;
		return NULL;
	}
	k = &a->known[a->count++];
	*k = (struct known_instance){.object = object, .instance = instance};
	return k;
}

bool
accounts_discovered(struct accounts *a, struct span body)
{
	struct link_reader r;
	struct lwm2m_link link;
	bool ours = false;

	*a = (struct accounts){0};
	link_reader_init(&r, body);
	while (link_next(&r, &link)) {
		struct known_instance *k;

		if (path_depth(link.path) != 2 ||
		    link.path.object > OBJECT_SERVER)
			continue;
		k = add(a, link.path.object, link.path.instance);
		if (!k)
			continue;
		/* ssid=0 is no account: Zephyr lists its empty slots so */
		k->has_ssid = link.has_ssid;
		k->ssid = link.ssid;
		if (k->object == OBJECT_SECURITY && !k->has_ssid)
			ours = true;
	}
	if (!ours) {
		/* no account of ours in it: better treated as unknown */
		*a = (struct accounts){0};
		return false;
	}
	/* what could not be read may be an instance, even ours: choose as if
	 * nothing was known, but stay away from what is */
	a->discovered = r.skipped == 0;
	return true;
}

static bool
is_ours(const struct known_instance *k)
{
	return k->object == OBJECT_SECURITY && !k->has_ssid;
}

void
accounts_deleted(struct accounts *a, struct lwm2m_path path)
{
	bool by_id = path_depth(path) == 2;
	size_t kept = 0;

	for (size_t i = 0; i < a->count; i++) {
		struct known_instance *k = &a->known[i];
		struct lwm2m_path p = LWM2M_INSTANCE(k->object, k->instance);

		if (path_within(p, path) && (by_id || !is_ours(k)))
			continue;
		a->known[kept++] = *k;
	}
	a->count = kept;
}

bool
accounts_may_touch(const struct accounts *a, uint16_t instance)
{
	if (!a->discovered || a->overflow)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->known[i].instance == instance && is_ours(&a->known[i]))
			return false;
	return true;
}

bool
accounts_chosen(const struct accounts *a, uint16_t object, uint16_t ssid,
    uint16_t *instance)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct known_instance *k = &a->known[i];

		if (k->object == object && k->chosen && k->ssid == ssid) {
			*instance = k->instance;
			return true;
		}
	}
	return false;
}

/** An instance that may be written: not there, or an empty slot. */
static bool
is_free(struct accounts *a, uint16_t object, uint16_t instance)
{
	const struct known_instance *k = find(a, object, instance);

	return !k || (k->has_ssid && k->ssid == 0 && !k->chosen);
}

enum rc
accounts_choose(struct accounts *a, uint16_t object, unsigned account,
    uint16_t ssid, uint16_t *instance)
{
	struct known_instance *k;
	uint16_t i;

	if (accounts_chosen(a, object, ssid, instance))
		return RC_OK;
	/* a list that did not fit may hide our own account */
	if (object == OBJECT_SECURITY && a->overflow)
		return RC_CONFLICT;
	for (size_t n = 0; n < a->count; n++) {
		k = &a->known[n];
		if (k->object == object && k->has_ssid && k->ssid == ssid) {
			k->chosen = true;
			*instance = k->instance;
			return RC_OK;
		}
	}
	if (object == OBJECT_SECURITY && !a->discovered)
		i = (uint16_t)(CHOOSE_HIGH + account - 1);
	else
		i = 0;
	while (!is_free(a, object, i))
		if (++i == LWM2M_ID_NONE)
			return RC_CONFLICT;
	k = add(a, object, i);
	if (!k)
		return RC_CONFLICT;
	k->has_ssid = true;
	k->ssid = ssid;
	k->chosen = true;
	*instance = i;
	return RC_OK;
}
