#include "policy/override.h"

#include <stdio.h>
#include <string.h>

/* --- keys of a profile ---------------------------------------------------- */

static const struct {
	const char *key;
	size_t at, size;
} device_fields[] = {
#define FIELD(key, member) \
	{ \
		(key), offsetof(struct policy_profile, member), \
		    sizeof(((struct policy_profile *)NULL)->member) \
	}
    FIELD("version", version),
    FIELD("formats", formats),
    FIELD("level", level),
    FIELD("levels", levels),
    FIELD("discover", discover),
    FIELD("read", read),
    FIELD("pack", pack),
    FIELD("empty_keys", empty_keys),
    FIELD("strict_delete", strict_delete),
    FIELD("unknown_resources", refuses_unknown),
    FIELD("zero_retries", refuses_zero_retries),
    FIELD("max_message", max_message),
    FIELD("block_size", block_size),
    FIELD("account_instance", account_instance),
    FIELD("security", modes),
    FIELD("oscore", oscore),
    FIELD("access_control", access_control),
    FIELD("key_max", key_max),
    FIELD("endpoint_max", endpoint_max),
    FIELD("discover_reply", discover_reply),
#undef FIELD
};

enum { DEVICE_FIELDS = sizeof(device_fields) / sizeof(device_fields[0]) };

const char *
policy_override_device_key(size_t n)
{
	return n < DEVICE_FIELDS ? device_fields[n].key : NULL;
}

void
policy_override_device(
    struct policy_profile *to, const struct policy_profile *from, uint32_t keys)
{
	for (size_t i = 0; i < DEVICE_FIELDS; i++) {
		const size_t at = device_fields[i].at;

		if (!(keys & UINT32_C(1) << i))
			continue;
		memcpy((uint8_t *)to + at, (const uint8_t *)from + at,
		    device_fields[i].size);
		if (at == offsetof(struct policy_profile, formats))
			to->format_count = from->format_count;
	}
}

/* --- for whom ------------------------------------------------------------- */

bool
policy_override_fits(const struct policy_set *s,
    const struct policy_override *o, const struct policy_facts *f)
{
	for (int m = MISS_IDENTITY; m <= MISS_BATCH; m++)
		if (!policy_holds(s, &o->of, f, (enum policy_miss)m))
			return false;
	return true;
}

enum rc
policy_overrides_for(const struct policy_set *s, const struct policy *p,
    const struct policy_facts *f, const struct policy_override **out,
    size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < p->overriding_count; i++) {
		const struct policy_override *o = p->overriding[i].override;

		if (!policy_override_fits(s, o, f))
			continue;
		if (*count == POLICY_OVERRIDES_MAX)
			return RC_TOO_LARGE;
		out[(*count)++] = o;
	}
	return RC_OK;
}

/* --- values of an instance ------------------------------------------------ */

/* Room for `count` values; NULL: there is none. */
static struct lwm2m_entry *
take(struct policy_decided *d, size_t count)
{
	struct lwm2m_entry *out = d->entries + d->entry_count;

	if (count > POLICY_OVERRIDE_ENTRIES_MAX - d->entry_count)
		return NULL;
	d->entry_count += count;
	return out;
}

static enum rc
no_room(struct policy_decided *d, const char *what)
{
	(void)snprintf(d->why, sizeof(d->why),
	    "overrides: more %s than there is room for", what);
	return RC_TOO_LARGE;
}

/* Below 0: `a` comes first. `whole`: a resource with all its instances. */
static int
compare(const struct lwm2m_entry *a, const struct lwm2m_entry *b, bool whole)
{
	struct lwm2m_path x = a->path, y = b->path;

	/* those of servers are of /1/0, wherever they will be */
	y.object = x.object;
	y.instance = x.instance;
	if (whole)
		x.resource_instance = y.resource_instance = LWM2M_ID_NONE;
	return path_compare(x, y);
}

/* Two sorted lists as one; of the same place, that of `over`. Where those of
 * `base` went is in `moved`, -1 for the replaced; it may be NULL. */
static size_t
merge(const struct lwm2m_entry *base, size_t base_count,
    const struct lwm2m_entry *over, size_t over_count, bool whole,
    struct lwm2m_entry *out, int *moved)
{
	size_t n = 0, i = 0, k = 0;

	while (i < base_count || k < over_count) {
		int c = i == base_count ? 1
		    : k == over_count   ? -1
					: compare(&base[i], &over[k], whole);

		if (c < 0) {
			if (moved)
				moved[i] = (int)n;
			out[n++] = base[i++];
		} else if (c == 0) {
			if (moved)
				moved[i] = -1;
			i++;
			/* of a whole resource, once its last instance went */
			if (!whole || i == base_count ||
			    compare(&base[i], &over[k], true) != 0)
				out[n++] = over[k++];
		} else {
			out[n++] = over[k++];
		}
	}
	return n;
}

/* --- servers -------------------------------------------------------------- */

static void
put_fields(struct policy_server *to, const struct policy_override_server *o)
{
	const struct policy_server *from = &o->value;

	if (o->fields & OVERRIDE_URI)
		to->uri = from->uri;
	if (o->fields & OVERRIDE_LIFETIME)
		to->lifetime_s = from->lifetime_s;
	if (o->fields & OVERRIDE_BINDING)
		to->binding = from->binding;
	if (o->fields & OVERRIDE_STORING)
		to->storing = from->storing;
	if (o->fields & OVERRIDE_MIN_PERIOD)
		to->min_period_s = from->min_period_s;
	if (o->fields & OVERRIDE_MAX_PERIOD)
		to->max_period_s = from->max_period_s;
	if (o->fields & OVERRIDE_DISABLE_TIMEOUT)
		to->disable_timeout_s = from->disable_timeout_s;
}

static enum rc
put_server(
    struct policy_decided *d, size_t at, const struct policy_override_server *o)
{
	const size_t over = o->value.server_entry_count;
	struct policy_server *to;
	struct lwm2m_entry *out;

	policy_own_servers(d);
	to = &d->servers[at];
	put_fields(to, o);
	if (over == 0)
		return RC_OK;
	out = take(d, to->server_entry_count + over);
	if (!out)
		return no_room(d, "values");
	to->server_entry_count =
	    merge(to->server_entries, to->server_entry_count,
		o->value.server_entries, over, true, out, NULL);
	to->server_entries = out;
	return RC_OK;
}

/* --- objects -------------------------------------------------------------- */

static void
own_objects(struct policy_decided *d)
{
	if (d->given.objects == d->objects)
		return;
	if (d->given.object_count > 0)
		memcpy(d->objects, d->given.objects,
		    d->given.object_count * sizeof(d->objects[0]));
	d->given.objects = d->objects;
}

/* Its values that wait for an account's instance, where they are now. */
static void
move_accounts(
    struct policy_decided *d, struct policy_object *to, const int *moved)
{
	struct policy_account_of *out = d->account_of + d->account_of_count;
	size_t n = 0;

	for (size_t i = 0; i < to->account_of_count; i++) {
		struct policy_account_of a = to->account_of[i];

		if (moved[a.entry] < 0)
			continue;
		a.entry = (size_t)moved[a.entry];
		out[n++] = a;
	}
	d->account_of_count += n;
	to->account_of = out;
	to->account_of_count = n;
}

static enum rc
put_values(struct policy_decided *d, struct policy_object *to,
    const struct policy_object *o)
{
	int moved[POLICY_ENTRIES_MAX];
	struct lwm2m_entry *out;

	if (to->entry_count > POLICY_ENTRIES_MAX)
		return no_room(d, "values");
	out = take(d, to->entry_count + o->entry_count);
	if (!out)
		return no_room(d, "values");
	to->entry_count = merge(to->entries, to->entry_count, o->entries,
	    o->entry_count, false, out, moved);
	to->entries = out;
	if (to->entry_count > POLICY_ENTRIES_MAX)
		return no_room(d, "values of one instance");
	/* never more of them than entries, which had room */
	move_accounts(d, to, moved);
	return RC_OK;
}

static enum rc
put_object(struct policy_decided *d, const struct policy_object *o)
{
	size_t at = 0;

	own_objects(d);
	while (at < d->given.object_count &&
	    path_compare(d->objects[at].path, o->path) < 0)
		at++;
	if (at < d->given.object_count &&
	    path_compare(d->objects[at].path, o->path) == 0)
		return put_values(d, &d->objects[at], o);
	if (d->given.object_count == POLICY_STEPS_MAX)
		return no_room(d, "objects");
	memmove(&d->objects[at + 1], &d->objects[at],
	    (d->given.object_count - at) * sizeof(d->objects[0]));
	d->objects[at] = *o;
	d->given.object_count++;
	return RC_OK;
}

/* --- all of it ------------------------------------------------------------ */

enum rc
policy_override_apply(struct policy_decided *d, const struct policy_override *o)
{
	enum rc rc = RC_OK;

	if (d->override_count == POLICY_OVERRIDES_MAX)
		return no_room(d, "of them");
	d->overrides[d->override_count++] = o;
	for (size_t i = 0; i < o->server_count; i++)
		for (size_t k = 0; rc == RC_OK && k < d->given.server_count;
		     k++)
			if (strcmp(d->given.servers[k].name,
				o->servers[i].name) == 0)
				rc = put_server(d, k, &o->servers[i]);
	for (size_t i = 0; rc == RC_OK && i < o->object_count; i++)
		rc = put_object(d, &o->objects[i]);
	policy_override_device(&d->given.device, &o->device, o->device_keys);
	if (o->has_verify)
		d->given.verify = o->verify;
	if (o->has_failure)
		d->given.on_failure = o->on_failure;
	return rc;
}
