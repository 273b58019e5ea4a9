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

static bool
is_ours(const struct known_instance *k)
{
	return k->object != OBJECT_SERVER && !k->has_ssid;
}

/** True: an object whose instances are chosen, and remembered. */
static bool
matters(struct lwm2m_path p)
{
	return path_depth(p) == 2 &&
	    (p.object == OBJECT_SECURITY || p.object == OBJECT_SERVER ||
		p.object == OBJECT_OSCORE);
}

void
accounts_own(struct accounts *a, struct lwm2m_path path)
{
	if (a->discovered || !matters(path) || path.object == OBJECT_SERVER ||
	    !add(a, path.object, path.instance))
		return;
	if (path.object == OBJECT_SECURITY) {
		a->own_said = true;
		a->own = path.instance;
	}
}

static void
note(struct accounts *a, const struct lwm2m_link *link)
{
	struct known_instance *k =
	    add(a, link->path.object, link->path.instance);

	if (!k)
		return;
	/* ssid=0 is no account: Zephyr lists its empty slots so */
	k->has_ssid = link->has_ssid;
	k->ssid = link->ssid;
}

/** How many instances of /0 have no ssid; `instance`: the first of them. */
static size_t
count_ours(const struct accounts *a, uint16_t *instance)
{
	size_t n = 0;

	for (size_t i = 0; i < a->count; i++) {
		const struct known_instance *k = &a->known[i];

		if (k->object != OBJECT_SECURITY || k->has_ssid)
			continue;
		if (n++ == 0)
			*instance = k->instance;
	}
	return n;
}

bool
accounts_discovered(struct accounts *a, struct span body)
{
	struct accounts seen = {.own_said = a->own_said, .own = a->own};
	struct link_reader r;
	struct lwm2m_link link;
	uint16_t instance;

	link_reader_init(&r, body);
	while (link_next(&r, &link))
		if (matters(link.path))
			note(&seen, &link);
	/* no account of ours in it: better treated as unknown */
	if (count_ours(&seen, &instance) == 0)
		return false;
	/* what could not be read may be an instance, even ours: choose as if
	 * nothing was known, but stay away from what is */
	seen.discovered = r.skipped == 0;
	if (!seen.discovered && seen.own_said &&
	    !find(&seen, OBJECT_SECURITY, seen.own))
		accounts_own(&seen, LWM2M_INSTANCE(OBJECT_SECURITY, seen.own));
	*a = seen;
	return true;
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
accounts_ours(const struct accounts *a, uint16_t *instance)
{
	if (a->overflow || (!a->discovered && !a->own_said) ||
	    count_ours(a, instance) != 1)
		return false;
	/* half a list that contradicts what was said decides nothing */
	return a->discovered || *instance == a->own;
}

bool
accounts_may_touch(const struct accounts *a, uint16_t object, uint16_t instance)
{
	if (object == OBJECT_SECURITY &&
	    ((!a->discovered && !a->own_said) || a->overflow))
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->known[i].object == object &&
		    a->known[i].instance == instance && is_ours(&a->known[i]))
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
	if (object != OBJECT_SERVER && a->overflow)
		return RC_CONFLICT;
	for (size_t n = 0; n < a->count; n++) {
		k = &a->known[n];
		if (k->object == object && k->has_ssid && k->ssid == ssid) {
			k->chosen = true;
			*instance = k->instance;
			return RC_OK;
		}
	}
	if (object != OBJECT_SERVER && !a->discovered)
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
