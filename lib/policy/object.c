/* objects: instances written as they stand, typed by the object tables. */
#include "policy/entry.h"

#include <stdlib.h>

enum {
	OWNER_NOBODY = 65535, /* /2/x/3: the bootstrap interface alone */
};

/*
 * A Write of an instance makes it, so what is mandatory has to be there. /3/0
 * is the exception: it always exists, and the device itself knows most of it.
 */
static void
check_mandatory(const struct entries *in, struct yaml_node *n)
{
	if (in->object->id == OBJECT_DEVICE)
		return;
	for (size_t i = 0; i < in->object->resource_count; i++) {
		const struct lwm2m_resource *r = &in->object->resources[i];
		char key[8];

		snprintf(key, sizeof(key), "%u", r->id);
		if (!(r->flags & RES_MANDATORY) || r->flags & RES_EXECUTABLE ||
		    yaml_get(n, key))
			continue;
		yaml_error(in->ctx, n, "policy-mandatory",
		    "resource %u (%s) is missing, which is mandatory", r->id,
		    r->name);
	}
}

/* OSCORE's, for one: a policy holds no secret, so it cannot write them whole. */
static bool
needs_secret(const struct lwm2m_object *o)
{
	for (size_t i = 0; i < o->resource_count; i++)
		if (o->resources[i].flags & RES_SECRET &&
		    o->resources[i].flags & RES_MANDATORY)
			return true;
	return false;
}

/* Which object and instance the key names; NULL: none that may be written. */
static const struct lwm2m_object *
find_object(
    const struct yaml_ctx *c, struct yaml_node *n, struct lwm2m_path *path)
{
	const struct lwm2m_object *o;

	if (path_parse(n->key->text, path) != RC_OK || path_depth(*path) != 2) {
		yaml_error(c, n, "policy-path",
		    "%s is no object instance; a path like /2/0 is expected",
		    YAML_SHOW(n->key->text));
		return NULL;
	}
	if (path->object == OBJECT_SECURITY || path->object == OBJECT_SERVER) {
		yaml_error(c, n, "policy-path",
		    "objects 0 and 1 are not written here but as `servers:`, "
		    "whose instances are chosen for each device");
		return NULL;
	}
	o = object_find(path->object);
	if (!o)
		yaml_error(c, n, "policy-object",
		    "object %u is not known; 2 (Access Control), 3 (Device), "
		    "11 (APN Connection Profile) and 24 (MQTT Server) are",
		    (unsigned)path->object);
	else if (o->id == OBJECT_OSCORE)
		yaml_error(c, n, "policy-path",
		    "object 21 is not written here but as `oscore:` of a "
		    "server, whose instance is chosen for each device");
	else if (needs_secret(o))
		yaml_error(c, n, "policy-secret",
		    "object %u (%s) needs a secret, and none is written in a "
		    "policy",
		    o->id, o->name);
	else if (o->single && path->instance != 0)
		yaml_error(c, n, "policy-path",
		    "object %u (%s) has one instance, /%u/0", o->id, o->name,
		    o->id);
	else
		return o;
	return NULL;
}

static void
read_object(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct policy *policy, struct policy_object *out)
{
	struct lwm2m_path path = LWM2M_ROOT;
	const struct lwm2m_object *o;
	struct entries in;

	*out = (struct policy_object){.line = n->key->line};
	o = find_object(c, n, &path);
	if (!o || yaml_expect(c, n, YAML_MAP) != RC_OK ||
	    !entries_init(&in, l, c, policy, o, path))
		return;
	for (struct yaml_node *r = n->children; r; r = r->next)
		entries_read(&in, r);
	check_mandatory(&in, n);
	if (n->count == 0)
		yaml_error(c, n, "policy-object", "nothing to write");
	out->path = path;
	entries_end(&in, &out->entries, &out->entry_count, &out->account_of,
	    &out->account_of_count);
}

static int
compare_objects(const void *x, const void *y)
{
	const struct policy_object *a = x, *b = y;

	return path_compare(a->path, b->path);
}

static bool
has_server(const struct policy *p, uint16_t short_server_id)
{
	for (size_t i = 0; i < p->server_count; i++)
		if (p->servers[i].short_server_id == short_server_id)
			return true;
	return false;
}

/* Access rights for a server that the device will not know. */
static void
check_access_control(const struct yaml_ctx *c, const struct yaml_node *at,
    const struct policy *p, const struct lwm2m_entry *e)
{
	char text[LWM2M_PATH_TEXT_MAX];
	int64_t ssid = -1;
	struct writer w;

	if (e->path.object != OBJECT_ACCESS_CONTROL)
		return;
	/* Resource instance 0 of the ACL is everybody else's right. */
	if (e->path.resource == 2 && e->path.resource_instance != 0)
		ssid = e->path.resource_instance;
	else if (e->path.resource == 3 && e->value.integer != OWNER_NOBODY)
		ssid = e->value.integer;
	if (ssid < 0 || has_server(p, (uint16_t)ssid))
		return;
	writer_init(&w, text, sizeof(text) - 1);
	path_print(&w, e->path);
	text[w.len] = '\0';
	yaml_report(c, DIAG_WARNING, at, "policy-acl",
	    "%s is about Short Server ID %u, which no server of this policy "
	    "has",
	    text, (unsigned)ssid);
}

static void
check_objects(const struct yaml_ctx *c, const struct yaml_node *at,
    const struct policy *p, const struct policy_object *objects, size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < objects[i].entry_count; k++) {
			const struct lwm2m_entry *e = &objects[i].entries[k];

			check_access_control(c, at, p, e);
			if (e->value.type == LWM2M_STRING ||
			    e->value.type == LWM2M_CORELNK ||
			    e->value.type == LWM2M_OPAQUE)
				bytes += e->value.bytes.len;
		}
	}
	if (bytes > POLICY_BYTES_MAX)
		yaml_error(c, at, "policy-limit",
		    "%zu bytes of text and data; at most %d are expected",
		    bytes, POLICY_BYTES_MAX);
}

void
load_objects(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct policy *policy, const struct policy_object **out,
    size_t *out_count)
{
	struct policy_object *objects;
	size_t count = 0;

	if (yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	if (n->count > POLICY_STEPS_MAX) {
		yaml_error(c, n, "policy-limit",
		    "%zu objects; at most %d requests go to a device", n->count,
		    POLICY_STEPS_MAX);
		return;
	}
	objects = load_alloc(l, n->count, sizeof(*objects));
	if (!objects)
		return;
	for (struct yaml_node *o = n->children; o; o = o->next)
		read_object(l, c, o, policy, &objects[count++]);
	qsort(objects, count, sizeof(*objects), compare_objects);
	*out = objects;
	*out_count = count;
	check_objects(c, n, policy, objects, count);
}
