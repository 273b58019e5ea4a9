#include "policy/entry.h"

#include <stdlib.h>

bool
entries_init(struct entries *e, struct load *l, const struct yaml_ctx *c,
    const struct policy *policy, const struct lwm2m_object *object,
    struct lwm2m_path path)
{
	if (!l->entry_room)
		l->entry_room = arena_array(
		    l->scratch, POLICY_ENTRIES_MAX, sizeof(*e->list));
	*e = (struct entries){
	    .load = l,
	    .ctx = c,
	    .policy = policy,
	    .object = object,
	    .path = path,
	    .list = l->entry_room,
	};
	if (!e->list)
		l->no_memory = true;
	return e->list;
}

bool
entries_id(const struct yaml_ctx *c, const struct yaml_node *n,
    const char *what, uint16_t *out)
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

/* Room for a value at `path`; NULL: there is none, which is said. */
static struct entry *
take(struct entries *e, const struct yaml_node *n, struct lwm2m_path path)
{
	struct entry *next;

	for (size_t i = 0; i < e->count; i++) {
		if (path_compare(e->list[i].value.path, path) != 0)
			continue;
		yaml_error(e->ctx, n, "policy-duplicate",
		    "resource %u is written already, at line %u", path.resource,
		    e->list[i].node ? e->list[i].node->line : 0);
		return NULL;
	}
	if (e->count == POLICY_ENTRIES_MAX) {
		if (!e->full)
			yaml_error(e->ctx, n->parent ? n->parent : n,
			    "policy-limit",
			    "more than %d values in one instance, which are "
			    "all that go into one request",
			    POLICY_ENTRIES_MAX);
		e->full = true;
		return NULL;
	}
	next = &e->list[e->count];
	*next = (struct entry){.value.path = path, .node = n, .server = -1};
	return next;
}

/* --- instances of servers ------------------------------------------------- */

static bool
is_instance_of(struct yaml_node *n)
{
	return n->kind == YAML_MAP && yaml_get(n, "instance_of");
}

/* What an account is called: by its server, or by its pool. */
static const char *
account_name(const struct policy *p, size_t i)
{
	const struct policy_pool *pool = &p->pools[i];

	return pool->name ? pool->name : p->servers[pool->first].name;
}

/* The pool whose member has that name; NULL: none. */
static const char *
pool_of(const struct policy *p, const char *name)
{
	for (size_t i = 0; p && i < p->pool_count; i++) {
		const struct policy_pool *pool = &p->pools[i];

		for (size_t k = 0; pool->name && k < pool->count; k++) {
			const char *member = p->servers[pool->first + k].name;

			/* NULL: there is a finding for it */
			if (member && strcmp(member, name) == 0)
				return pool->name;
		}
	}
	return NULL;
}

/* The index of the account that `n` names; -1: there is a finding. */
static int
server_of(struct entries *e, struct yaml_node *n)
{
	const struct policy *p = e->policy;
	const char *name, *pool;

	if (yaml_text(e->ctx, n, &name) != RC_OK)
		return -1;
	for (size_t i = 0; p && i < p->pool_count; i++)
		if (strcmp(account_name(p, i), name) == 0)
			return (int)i;
	pool = pool_of(p, name);
	if (pool) {
		yaml_error(e->ctx, n, "policy-server-unknown",
		    "%s is one of the pool %s, of which a device has one; name "
		    "the pool",
		    YAML_SHOW(n->text), pool);
		return -1;
	}
	yaml_error(e->ctx, n, "policy-server-unknown",
	    "no server of this policy has the name %s", YAML_SHOW(n->text));
	return -1;
}

/* Only where a server has that object is there an instance to choose. */
static void
check_object(struct entries *e, const struct entry *at)
{
	const struct policy_pool *pool = &e->policy->pools[at->server];

	for (size_t i = 0; i < pool->count; i++) {
		const struct policy_server *s =
		    &e->policy->servers[pool->first + i];

		if (at->object == OBJECT_OSCORE && !s->oscore.present)
			yaml_error(e->ctx, at->node, "policy-instance-of",
			    "the server %s has no instance of /21, for it has "
			    "no `oscore:`",
			    s->name);
	}
}

static void
read_instance_of(struct entries *e, struct yaml_node *n,
    const struct lwm2m_resource *r, struct entry *out)
{
	static const uint16_t objects[] = {
	    OBJECT_SECURITY, OBJECT_SERVER, OBJECT_OSCORE};
	bool link = r->type == LWM2M_OBJLNK;
	struct yaml_node *object = yaml_get(n, "object");
	unsigned i;

	yaml_rest(e->ctx, n, &grammar_instance_of);
	if (!link &&
	    !(out->value.path.object == OBJECT_ACCESS_CONTROL && r->id == 1)) {
		yaml_error(e->ctx, n, "policy-instance-of",
		    "%s is no number of an instance; `instance_of:` stands in "
		    "/2/x/1 and in object links",
		    r->name);
		return;
	}
	out->value.value = (struct lwm2m_value){.type = r->type};
	if (link && !object)
		object = yaml_need(e->ctx, n, "object");
	else if (!link && object)
		yaml_error(e->ctx, object, "policy-instance-of",
		    "said by resource 0 of the same instance already");
	if (link &&
	    (!object || yaml_choice(e->ctx, object, grammar_link_objects, &i)))
		return;
	out->object = link ? objects[i] : LWM2M_ID_NONE;
	out->value.value.link.object = link ? objects[i] : 0;
	out->server = server_of(e, yaml_get(n, "instance_of"));
	if (out->server < 0)
		return;
	if (link)
		check_object(e, out);
	e->count++;
}

/* /2/x/1 is an instance of the object that /2/x/0 says. */
static void
resolve_objects(struct entries *e)
{
	for (size_t i = 0; i < e->count; i++) {
		struct entry *at = &e->list[i];
		int64_t object = -1;

		if (at->server < 0 || at->object != LWM2M_ID_NONE)
			continue;
		for (size_t k = 0; k < e->count; k++)
			if (e->list[k].value.path.resource == 0)
				object = e->list[k].value.value.integer;
		if (object == OBJECT_SECURITY || object == OBJECT_SERVER ||
		    object == OBJECT_OSCORE) {
			at->object = (uint16_t)object;
			check_object(e, at);
			continue;
		}
		/* Without resource 0 there is a finding for that. */
		if (object >= 0)
			yaml_error(e->ctx, at->node, "policy-instance-of",
			    "a server has an instance of /0, /1 and /21, and "
			    "resource 0 says that this is about /%lld",
			    (long long)object);
		at->object = OBJECT_SERVER;
	}
}

/* --- values --------------------------------------------------------------- */

static void
add(struct entries *e, struct yaml_node *n, const struct lwm2m_resource *r,
    struct lwm2m_path path)
{
	struct entry *at = take(e, n, path);

	if (!at)
		return;
	if (is_instance_of(n))
		read_instance_of(e, n, r, at);
	else if (load_value(e->load, e->ctx, n, r, &at->value.value) &&
	    (!e->policy || r->type != LWM2M_STRING ||
		load_placeholders(e->ctx, n, PLACE_OBJECT)))
		e->count++;
}

/* {101: 15, 102: 1} */
static void
add_instances(struct entries *e, struct yaml_node *n,
    const struct lwm2m_resource *r, struct lwm2m_path path)
{
	if (n->kind != YAML_MAP || n->count == 0) {
		yaml_error(e->ctx, n, "policy-multiple",
		    "%s is a multiple resource; a map of its instances is "
		    "expected, like {0: ...}",
		    r->name);
		return;
	}
	for (struct yaml_node *i = n->children; i; i = i->next)
		if (entries_id(e->ctx, i, "resource instance",
			&path.resource_instance))
			add(e, i, r, path);
}

void
entries_read(struct entries *e, struct yaml_node *n)
{
	const struct lwm2m_resource *r;
	struct lwm2m_path path = e->path;

	n->used = true;
	if (!entries_id(e->ctx, n, "resource", &path.resource))
		return;
	r = resource_find(path.object, path.resource);
	if (!r) {
		yaml_error(e->ctx, n, "policy-resource",
		    "object %u (%s) has no resource %u that is known",
		    path.object, e->object->name, path.resource);
	} else if (r->flags & RES_EXECUTABLE) {
		yaml_error(e->ctx, n, "policy-executable",
		    "%s is executable and is never written", r->name);
	} else if (r->flags & RES_SECRET) {
		yaml_error(e->ctx, n, "policy-secret",
		    "%s is a secret; none is written in a policy", r->name);
	} else if (r->flags & RES_MULTIPLE) {
		add_instances(e, n, r, path);
	} else {
		add(e, n, r, path);
	}
}

void
entries_read_as(struct entries *e, struct yaml_node *n, uint16_t resource,
    uint16_t resource_instance)
{
	struct lwm2m_path path = e->path;

	path.resource = resource;
	path.resource_instance = resource_instance;
	add(e, n, resource_find(path.object, resource), path);
}

void
entries_put(struct entries *e, const struct yaml_node *n, uint16_t resource,
    struct lwm2m_value value)
{
	struct entry *at = take(
	    e, n, LWM2M_RESOURCE(e->path.object, e->path.instance, resource));

	if (!at)
		return;
	at->value.value = value;
	e->count++;
}

/* --- the end -------------------------------------------------------------- */

static int
compare(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;

	return path_compare(a->value.path, b->value.path);
}

void
entries_end(struct entries *e, const struct lwm2m_entry **out, size_t *count,
    const struct policy_account_of **links, size_t *link_count)
{
	struct lwm2m_entry *entries;
	struct policy_account_of *waiting;
	size_t n = 0;

	qsort(e->list, e->count, sizeof(*e->list), compare);
	resolve_objects(e);
	entries = load_alloc(e->load, e->count, sizeof(*entries));
	waiting = load_alloc(e->load, e->count, sizeof(*waiting));
	if (!entries || !waiting)
		return;
	for (size_t i = 0; i < e->count; i++) {
		const struct entry *at = &e->list[i];

		entries[i] = at->value;
		if (at->server >= 0)
			waiting[n++] = (struct policy_account_of){
			    i, (size_t)at->server, at->object};
	}
	*out = entries;
	*count = e->count;
	if (links) {
		*links = waiting;
		*link_count = n;
	}
}
