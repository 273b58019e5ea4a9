/* servers: one after the other, alone or as members of pools of which each
 * device has one. */
#include "policy/allocate.h"
#include "policy/grammar.h"
#include "policy/load.h"

struct pooling {
	struct load *load;
	const struct yaml_ctx *ctx;
	const struct policy *policy;
	struct policy_server *servers;
	size_t server_count;
	struct policy_pool *pools;
	size_t pool_count;
	struct yaml_node **nodes; /* by server: where it stands */
	const char **titles; /* likewise: "servers[0]", "eu[1]" */
};

static const char *const share_keys[] = {
    "weight", "drain", "capacity", "network", "list", NULL};

/* --- a member ------------------------------------------------------------- */

static void
not_here(const struct yaml_ctx *c, struct yaml_node *n, const char *key,
    const char *expected)
{
	struct yaml_node *k = yaml_get(n, key);

	if (k)
		yaml_error(c, k, "policy-pool", "%s", expected);
}

static void
read_share(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct policy_pool *pool, struct policy_server *s)
{
	struct policy_share *out = &s->share;
	struct yaml_node *network = yaml_get(n, "network");
	struct yaml_node *list = yaml_get(n, "list");
	struct yaml_node *item = yaml_get(n, "weight");
	const struct read_file *f;
	int64_t v;

	if (item && yaml_number(c, item, 1, POLICY_WEIGHT_MAX, &v) == RC_OK)
		out->weight = (uint32_t)v;
	if (item && pool->allocate != ALLOCATE_HASHED)
		yaml_error(c, item, "policy-pool",
		    "only a pool with `allocate: hashed` has weights");
	item = yaml_get(n, "drain");
	if (item && yaml_bool(c, item, &out->drain) != RC_OK)
		out->drain = false;
	item = yaml_get(n, "capacity");
	if (item && yaml_number(c, item, 1, UINT32_MAX, &v) == RC_OK)
		out->capacity = (uint64_t)v;
	if (pool->allocate == ALLOCATE_NETWORK && network)
		load_networks(
		    l, c, network, &out->networks, &out->network_count);
	else
		not_here(c, n, "network",
		    "only a pool with `allocate: network` asks for networks");
	if (pool->allocate == ALLOCATE_LIST && list) {
		f = load_list(l, c, list);
		out->names = f ? f->names : NULL;
		out->name_count = f ? f->name_count : 0;
	} else {
		not_here(c, n, "list",
		    "only a pool with `allocate: list` asks for lists");
	}
	out->is_default = pool->allocate == ALLOCATE_NETWORK ? !network
	    : pool->allocate == ALLOCATE_LIST                ? !list
							     : false;
	if (pool->name)
		allocate_key(pool->name, s->name, out->key);
}

/* --- what holds among all ------------------------------------------------- */

/* Both would be the same secret, at two servers. */
static bool
same_key(const struct policy_server *a, const struct policy_server *b)
{
	return a->short_server_id == b->short_server_id &&
	    a->mode == SERVER_PSK && b->mode == SERVER_PSK &&
	    a->key.source == b->key.source && a->key.master && b->key.master &&
	    strcmp(a->key.master, b->key.master) == 0 &&
	    a->key.epoch == b->key.epoch && strcmp(a->uri, b->uri) != 0;
}

/* True: there is a finding. */
static bool
check_number(const struct pooling *k, struct yaml_node *item, size_t i,
    size_t other, bool same_pool)
{
	const struct policy_server *s = &k->servers[i], *o = &k->servers[other];
	struct yaml_node *n = yaml_get(item, "short_server_id");

	if (!n || s->short_server_id == 0 ||
	    s->short_server_id != o->short_server_id ||
	    (same_pool && !same_key(s, o)))
		return false;
	if (!same_pool)
		yaml_error(k->ctx, n, "policy-duplicate",
		    "%u is the Short Server ID of %s already",
		    s->short_server_id, k->titles[other]);
	else
		yaml_report(k->ctx, DIAG_WARNING, n, "policy-pool-key",
		    "a device that is moved between %s and %s keeps its key: "
		    "ID, master and epoch are the same; give them IDs or "
		    "masters of their own unless they are one system",
		    o->name, s->name);
	return true;
}

/* Consistency check 2: a Short Server ID is one account. Members of one pool
 * may share it: a device has one of them. */
static void
check_server(const struct pooling *k, struct yaml_node *item, size_t i,
    const struct policy_pool *pool)
{
	struct yaml_node *name = yaml_get(item, "name");
	bool said = false, id_said = false;

	for (size_t other = 0; other < i; other++) {
		const bool same_pool = other >= pool->first;

		if (!id_said)
			id_said = check_number(k, item, i, other, same_pool);
		if (!said && name && k->servers[i].name[0] &&
		    strcmp(k->servers[other].name, k->servers[i].name) == 0) {
			yaml_error(k->ctx, name, "policy-duplicate",
			    "%s is the name of %s already", k->servers[i].name,
			    k->titles[other]);
			said = true;
		}
	}
}

static void
check_pool_name(const struct pooling *k, struct yaml_node *n, const char *name)
{
	for (size_t i = 0; i < k->pool_count; i++)
		if (k->pools[i].name && strcmp(k->pools[i].name, name) == 0)
			yaml_error(k->ctx, n, "policy-duplicate",
			    "%s is the name of servers[%zu] already", name, i);
	for (size_t i = 0; i < k->server_count; i++)
		if (name[0] && strcmp(k->servers[i].name, name) == 0)
			yaml_error(k->ctx, n, "policy-duplicate",
			    "%s is the name of a server, %s, already", name,
			    k->titles[i]);
}

/* Who would be turned away, or never come. */
static void
check_members(const struct pooling *k, struct yaml_node *n,
    const struct policy_pool *pool)
{
	size_t drained = 0, defaults = 0;

	for (size_t i = 0; i < pool->count; i++) {
		const struct policy_server *s = &k->servers[pool->first + i];

		drained += s->share.drain;
		defaults += s->share.is_default;
		if (s->share.is_default && defaults == 2)
			yaml_error(k->ctx, k->nodes[pool->first + i],
			    "policy-pool",
			    "only one member may be without a `%s:`, for all "
			    "other devices",
			    pool->allocate == ALLOCATE_LIST ? "list"
							    : "network");
	}
	if (pool->count > 0 && drained == pool->count)
		yaml_report(k->ctx, DIAG_WARNING, n, "policy-pool-drained",
		    "every member is drained: no device is given one");
	else if (pool->allocate != ALLOCATE_HASHED && defaults == 0)
		yaml_report(k->ctx, DIAG_WARNING, n, "policy-pool-default",
		    "no member without a `%s:`: a device of none of them is "
		    "refused",
		    pool->allocate == ALLOCATE_LIST ? "list" : "network");
}

/* --- reading -------------------------------------------------------------- */

/* One server; `pool` has its place and, of a member, the pool's words. */
static void
add_server(struct pooling *k, struct yaml_node *n, struct policy_pool *pool,
    const char *title)
{
	const size_t i = k->server_count++;
	struct policy_server *s = &k->servers[i];

	k->nodes[i] = n;
	k->titles[i] = title;
	load_server(k->load, k->ctx, n, k->policy, s);
	s->number = k->load->server_count++;
	s->file = n->file;
	if (n->kind == YAML_MAP && pool->name)
		read_share(k->load, k->ctx, n, pool, s);
	for (size_t w = 0; n->kind == YAML_MAP && !pool->name && share_keys[w];
	     w++)
		not_here(k->ctx, n, share_keys[w],
		    "only a member of a pool has it: `- {pool: NAME, servers: "
		    "[...]}`");
	if (n->kind == YAML_MAP)
		check_server(k, n, i, pool);
}

static const char *
title_of(struct pooling *k, size_t i, const char *pool)
{
	char text[2 * WORD_NAME_MAX];

	if (pool)
		snprintf(text, sizeof(text), "%s[%zu]", pool, i);
	else
		snprintf(text, sizeof(text), "servers[%zu]", i);
	return load_keep(k->load, text);
}

static void
add_pool(struct pooling *k, struct yaml_node *n, struct policy_pool *pool)
{
	struct yaml_node *name = yaml_get(n, "pool");
	struct yaml_node *way = yaml_get(n, "allocate");
	struct yaml_node *members = yaml_need(k->ctx, n, "servers");
	size_t at = 0;
	unsigned i;

	pool->name = "";
	pool->count = 0; /* with a fault in the list there are none */
	if (load_word(
		k->load, k->ctx, name, "policy-name", word_name, &pool->name))
		check_pool_name(k, name, pool->name);
	if (way && yaml_choice(k->ctx, way, grammar_allocates, &i) == RC_OK)
		pool->allocate = (enum policy_allocate)i;
	yaml_rest(k->ctx, n, &grammar_pool);
	if (!members || yaml_expect(k->ctx, members, YAML_LIST) != RC_OK)
		return;
	if (members->count == 0)
		yaml_error(k->ctx, members, "policy-pool",
		    "a pool without a member; one at least is expected");
	for (struct yaml_node *m = members->children; m; m = m->next)
		add_server(k, m, pool, title_of(k, at++, pool->name));
	pool->count = k->server_count - pool->first;
	check_members(k, n, pool);
}

static bool
is_pool(struct yaml_node *n)
{
	return n->kind == YAML_MAP && yaml_get(n, "pool");
}

/* How many servers there may be in all: enough room, before they are read. */
static size_t
most_servers(struct yaml_node *list)
{
	size_t count = 0;

	for (struct yaml_node *n = list->children; n; n = n->next) {
		struct yaml_node *m =
		    is_pool(n) ? yaml_get(n, "servers") : NULL;

		count += m && m->kind == YAML_LIST ? m->count : !is_pool(n);
	}
	return count;
}

static bool
reserve(struct pooling *k, struct yaml_node *n)
{
	const size_t most = most_servers(n);

	if (n->count > POLICY_SERVERS_MAX) {
		yaml_error(k->ctx, n, "policy-limit",
		    "%zu servers; at most %d are expected", n->count,
		    POLICY_SERVERS_MAX);
		return false;
	}
	if (most > POLICY_MEMBERS_MAX) {
		yaml_error(k->ctx, n, "policy-limit",
		    "%zu servers in all pools; at most %d are expected", most,
		    POLICY_MEMBERS_MAX);
		return false;
	}
	k->servers = load_alloc(k->load, most, sizeof(*k->servers));
	k->pools = load_alloc(k->load, n->count, sizeof(*k->pools));
	k->nodes =
	    arena_array(k->load->scratch, most, sizeof(struct yaml_node *));
	k->titles = arena_array(k->load->scratch, most, sizeof(char *));
	if (k->servers && k->pools && k->nodes && k->titles)
		return true;
	k->load->no_memory = true;
	return false;
}

void
load_servers(struct load *l, struct read_policy *doc, struct yaml_node *n)
{
	struct policy *out = &doc->value;
	struct pooling k = {.load = l, .ctx = &doc->ctx, .policy = out};
	size_t at = 0;

	if (yaml_expect(&doc->ctx, n, YAML_LIST) != RC_OK || !reserve(&k, n))
		return;
	for (struct yaml_node *item = n->children; item; item = item->next) {
		struct policy_pool *pool = &k.pools[k.pool_count];

		*pool = (struct policy_pool){
		    .line = item->line, .first = k.server_count, .count = 1};
		if (is_pool(item))
			add_pool(&k, item, pool);
		else
			add_server(&k, item, pool, title_of(&k, at, NULL));
		k.pool_count++;
		at++;
	}
	out->servers = k.servers;
	out->server_count = k.server_count;
	out->pools = k.pools;
	out->pool_count = k.pool_count;
	doc->server_nodes = k.nodes;
}
