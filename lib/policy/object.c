/* objects: instances written as they stand, typed by the object tables. */
#include "policy/load.h"

#include <stdlib.h>

enum {
	OWNER_NOBODY = 65535, /* /2/x/3: the bootstrap interface alone */
};

/* One instance while it is read. */
struct reading {
	struct load *load;
	const struct yaml_ctx *ctx;
	const struct lwm2m_object *object;
	struct lwm2m_path path;
	struct lwm2m_entry *entries;
	size_t cap;
	size_t count;
};

/* How many values stand below the instance, as far as they have room. */
static size_t
count_values(const struct yaml_ctx *c, const struct yaml_node *n)
{
	size_t count = 0;

	for (const struct yaml_node *r = n->children; r; r = r->next)
		count += r->kind == YAML_MAP ? r->count : 1;
	if (count <= POLICY_ENTRIES_MAX)
		return count;
	yaml_error(c, n, "policy-limit",
	    "%zu values in one instance; at most %d go into one request", count,
	    POLICY_ENTRIES_MAX);
	return POLICY_ENTRIES_MAX;
}

static bool
parse_id(const struct yaml_ctx *c, struct yaml_node *n, const char *what,
    uint16_t *out)
{
	uint64_t id;

	if (span_decimal(n->key->text, LWM2M_ID_NONE - 1, &id)) {
		*out = (uint16_t)id;
		return true;
	}
	yaml_error(c, n, "policy-id",
	    "%s is no %s; a number from 0 to 65534 is expected",
	    YAML_SHOW(n->key->text), what);
	return false;
}

static void
add(struct reading *in, struct yaml_node *n, const struct lwm2m_resource *r,
    struct lwm2m_path path)
{
	struct lwm2m_entry *e;

	/* count_values has a finding for what is beyond. */
	if (in->count == in->cap)
		return;
	e = &in->entries[in->count];
	e->path = path;
	if (load_value(in->load, in->ctx, n, r, &e->value))
		in->count++;
}

/* {101: 15, 102: 1} */
static void
read_instances(struct reading *in, struct yaml_node *n,
    const struct lwm2m_resource *r, struct lwm2m_path path)
{
	if (n->kind == YAML_SCALAR || n->kind == YAML_LIST || n->count == 0) {
		yaml_error(in->ctx, n, "policy-multiple",
		    "%s is a multiple resource; a map of its instances is "
		    "expected, like {0: ...}",
		    r->name);
		return;
	}
	for (struct yaml_node *i = n->children; i; i = i->next)
		if (parse_id(in->ctx, i, "resource instance",
			&path.resource_instance))
			add(in, i, r, path);
}

static void
read_resource(struct reading *in, struct yaml_node *n)
{
	const struct lwm2m_resource *r;
	struct lwm2m_path path = in->path;

	if (!parse_id(in->ctx, n, "resource", &path.resource))
		return;
	r = resource_find(path.object, path.resource);
	if (!r) {
		yaml_error(in->ctx, n, "policy-resource",
		    "object %u (%s) has no resource %u that is known",
		    path.object, in->object->name, path.resource);
	} else if (r->flags & RES_EXECUTABLE) {
		yaml_error(in->ctx, n, "policy-executable",
		    "%s is executable and is never written", r->name);
	} else if (r->flags & RES_SECRET) {
		yaml_error(in->ctx, n, "policy-secret",
		    "%s is a secret; none is written in a policy", r->name);
	} else if (r->flags & RES_MULTIPLE) {
		read_instances(in, n, r, path);
	} else {
		add(in, n, r, path);
	}
}

/*
 * A Write of an instance makes it, so what is mandatory has to be there. /3/0
 * is the exception: it always exists, and the device itself knows most of it.
 */
static void
check_mandatory(struct reading *in, struct yaml_node *n)
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

static int
compare_entries(const void *x, const void *y)
{
	const struct lwm2m_entry *a = x, *b = y;

	return path_compare(a->path, b->path);
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
		    "object %u is not known; 2 (Access Control) and 3 "
		    "(Device) are",
		    (unsigned)path->object);
	else if (needs_secret(o))
		yaml_error(c, n, "policy-unsupported",
		    "object %u (%s) needs a secret and is not supported by "
		    "this version",
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
    struct policy_object *out)
{
	struct reading in = {.load = l, .ctx = c};

	*out = (struct policy_object){.line = n->key->line};
	in.object = find_object(c, n, &in.path);
	if (!in.object || yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	in.cap = count_values(c, n);
	in.entries = load_alloc(l, in.cap, sizeof(*in.entries));
	if (!in.entries)
		return;
	for (struct yaml_node *r = n->children; r; r = r->next)
		read_resource(&in, r);
	check_mandatory(&in, n);
	if (n->count == 0)
		yaml_error(c, n, "policy-object", "nothing to write");
	qsort(in.entries, in.count, sizeof(*in.entries), compare_entries);
	out->path = in.path;
	out->entries = in.entries;
	out->entry_count = in.count;
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
    const struct policy *p)
{
	size_t bytes = 0;

	for (size_t i = 0; i < p->object_count; i++) {
		for (size_t k = 0; k < p->objects[i].entry_count; k++) {
			const struct lwm2m_entry *e = &p->objects[i].entries[k];

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
    struct policy *out)
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
		read_object(l, c, o, &objects[count++]);
	qsort(objects, count, sizeof(*objects), compare_objects);
	out->objects = objects;
	out->object_count = count;
	check_objects(c, n, out);
}
