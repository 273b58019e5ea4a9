/* override: what is said for some devices over what their policy gives. */
#include "policy/overriding.h"
#include "policy/profile.h"

/* --- what it changes, for people ------------------------------------------ */

static size_t
count_leaves(const struct yaml_node *n, unsigned depth)
{
	size_t count = 0;

	if (n->kind != YAML_MAP || depth == 0 || !n->children)
		return 1;
	for (const struct yaml_node *i = n->children; i; i = i->next)
		count += count_leaves(i, depth - 1);
	return count;
}

struct noting {
	struct load *load;
	struct policy_override_change *out;
	size_t count;
	const char *server;
};

/* Every value below `n`, `way` in front of it. */
static void
note_changes(struct noting *k, const struct yaml_node *n, const char *way,
    unsigned depth)
{
	char text[512];

	if (n->kind != YAML_MAP || depth == 0 || !n->children) {
		k->out[k->count++] = (struct policy_override_change){
		    .server = k->server,
		    .what = load_keep(k->load, way),
		    .line = n->line,
		};
		return;
	}
	for (const struct yaml_node *i = n->children; i; i = i->next) {
		if (strcmp(way, "servers") == 0)
			k->server =
			    load_keep(k->load, (const char *)i->key->text.p);
		snprintf(text, sizeof(text), "%s.%s", way,
		    (const char *)i->key->text.p);
		note_changes(k, i, text, depth - 1);
	}
}

static void
read_changes(
    struct load *l, struct yaml_node *root, struct policy_override *out)
{
	static const char *const keys[] = {
	    "servers", "objects", "device", "verify", "on_failure", NULL};
	enum { DEPTH = 3 /* servers.eu-1.retry.count has one value more */ };
	struct noting k = {.load = l};
	size_t count = 0;

	for (size_t i = 0; keys[i]; i++) {
		struct yaml_node *n = yaml_get(root, keys[i]);

		count += n ? count_leaves(n, DEPTH) : 0;
	}
	k.out = load_alloc(l, count, sizeof(*k.out));
	if (!k.out)
		return;
	for (size_t i = 0; keys[i]; i++) {
		struct yaml_node *n = yaml_get(root, keys[i]);

		k.server = NULL;
		if (n)
			note_changes(&k, n, keys[i], DEPTH);
	}
	out->changes = k.out;
	out->change_count = k.count;
}

/* A map that says something; false: there is a finding, or it is not there. */
static bool
says(const struct yaml_ctx *c, struct yaml_node *n)
{
	if (!n || yaml_expect(c, n, YAML_MAP) != RC_OK)
		return false;
	if (n->count == 0)
		yaml_error(c, n, "policy-override", "nothing is overridden");
	return n->count > 0;
}

/* --- servers -------------------------------------------------------------- */

static void
read_settings(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_override_server *out)
{
	struct policy_server *s = &out->value;
	struct yaml_node *item = yaml_get(n, "storing");
	int64_t v;

	if (load_template(l, c, yaml_get(n, "uri"), "policy-uri",
		word_server_uri, PLACE_URI, &s->uri))
		out->fields |= OVERRIDE_URI;
	if (load_seconds(
		c, yaml_get(n, "lifetime"), 1, GRAMMAR_SECONDS_MAX, &v)) {
		s->lifetime_s = (uint32_t)v;
		out->fields |= OVERRIDE_LIFETIME;
	}
	if (load_word(l, c, yaml_get(n, "binding"), "policy-binding",
		word_binding, &s->binding))
		out->fields |= OVERRIDE_BINDING;
	if (item && yaml_bool(c, item, &s->storing) == RC_OK)
		out->fields |= OVERRIDE_STORING;
	if (load_seconds(c, yaml_get(n, "min_period"), 0, GRAMMAR_SECONDS_MAX,
		&s->min_period_s))
		out->fields |= OVERRIDE_MIN_PERIOD;
	if (load_seconds(c, yaml_get(n, "max_period"), 1, GRAMMAR_SECONDS_MAX,
		&s->max_period_s))
		out->fields |= OVERRIDE_MAX_PERIOD;
	if (load_seconds(c, yaml_get(n, "disable_timeout"), 0,
		GRAMMAR_SECONDS_MAX, &s->disable_timeout_s))
		out->fields |= OVERRIDE_DISABLE_TIMEOUT;
	load_server_entries(l, c, n, s);
}

/* What a server is known by is not said anew. */
static void
refuse_key(const struct yaml_ctx *c, struct yaml_node *n, const char *key)
{
	struct yaml_node *k = yaml_get(n, key);

	if (!k)
		return;
	yaml_error(c, k, "policy-override",
	    "an override leaves it as the policy says; a device that needs "
	    "another has a policy of its own");
	k->refused = true;
}

static void
read_server(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_override_server *out)
{
	static const char *const fixed[] = {
	    "name", "short_server_id", "security", "trigger", "use", NULL};

	*out = (struct policy_override_server){
	    .name = load_keep(l, (const char *)n->key->text.p),
	    .line = n->key->line,
	    .value = server_none,
	};
	n->used = true;
	if (!says(c, n))
		return;
	for (size_t i = 0; fixed[i]; i++)
		refuse_key(c, n, fixed[i]);
	read_settings(l, c, n, out);
	yaml_rest(c, n, &grammar_override_server);
}

static void
read_servers(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_override *out)
{
	struct policy_override_server *servers;

	if (!says(c, n))
		return;
	servers = load_alloc(l, n->count, sizeof(*servers));
	if (!servers)
		return;
	for (struct yaml_node *s = n->children; s; s = s->next)
		read_server(l, c, s, &servers[out->server_count++]);
	out->servers = servers;
}

/* --- objects -------------------------------------------------------------- */

/* Instances of servers differ by policy. */
static void
refuse_instances(const struct yaml_ctx *c, struct yaml_node *n)
{
	struct yaml_node *k = yaml_get(n, "instance_of");

	if (k)
		yaml_error(c, k, "policy-override",
		    "which instance a server has is said by the policy alone");
	for (struct yaml_node *i = n->children; i; i = i->next)
		refuse_instances(c, i);
}

/* What is wrong with values the trials say, who know what the policy writes. */
static void
read_objects(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_override *out)
{
	static const struct policy none = {.name = ""};
	const struct yaml_ctx quiet = {.diag = NULL, .file = c->file};

	if (!says(c, n))
		return;
	refuse_instances(c, n);
	load_objects(l, &quiet, n, &none, &out->objects, &out->object_count);
}

/* --- device --------------------------------------------------------------- */

static void
read_device(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_override *out)
{
	const struct yaml_ctx quiet = {.diag = NULL, .file = c->file};
	const char *key;

	if (!says(c, n))
		return;
	for (size_t i = 0; (key = policy_override_device_key(i)); i++)
		if (yaml_get(n, key))
			out->device_keys |= UINT32_C(1) << i;
	profile_read(&quiet, n, &grammar_override_device, &out->device);
	if (out->device.discover_reply)
		out->device.discover_reply =
		    load_keep(l, out->device.discover_reply);
	yaml_rest(c, n, &grammar_override_device);
}

/* --- all of it ------------------------------------------------------------ */

static void
read_match(struct load *l, struct read_override *d, struct yaml_node *n)
{
	if (!n || yaml_expect(&d->ctx, n, YAML_MAP) != RC_OK)
		return;
	load_match_keys(l, &d->match, n);
	d->policies = yaml_get(n, "policy");
	d->value.policies =
	    load_words(l, &d->ctx, d->policies, "policy-name", word_name);
	yaml_rest(&d->ctx, n, &grammar_override_match);
	if (n->count == 0)
		yaml_error(&d->ctx, n, "policy-override",
		    "for every device: then it belongs into the policies");
	d->value.of = d->match.value;
}

static void
read_ending(
    const struct yaml_ctx *c, struct yaml_node *root, struct policy_override *o)
{
	struct yaml_node *n = yaml_get(root, "verify");
	unsigned i;

	if (n && yaml_choice(c, n, grammar_verifies, &i) == RC_OK) {
		o->has_verify = true;
		o->verify = (enum policy_verify)i;
	}
	n = yaml_get(root, "on_failure");
	if (n && yaml_choice(c, n, grammar_failures, &i) == RC_OK) {
		o->has_failure = true;
		o->on_failure = i == 1 ? FAILURE_CLEAN : FAILURE_LEAVE;
	}
}

void
load_override(struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	struct read_override *d = arena_alloc(l->scratch, sizeof(*d));
	struct policy_override *o;

	if (!d) {
		l->no_memory = true;
		return;
	}
	*d = (struct read_override){.ctx = *c, .root = root};
	o = &d->value;
	o->name = "";
	o->place = (struct policy_place){c->file, root->line};
	d->match.ctx = *c;
	d->match.root = root;
	d->match.value = (struct policy){
	    .name = "", .description = "", .endpoint = "*", .place = o->place};
	load_word(l, c, yaml_get(root, "override"), "policy-name", word_name,
	    &o->name);
	read_match(l, d, yaml_need(c, root, "match"));
	read_servers(l, c, yaml_get(root, "servers"), o);
	read_objects(l, c, yaml_get(root, "objects"), o);
	read_device(l, c, yaml_get(root, "device"), o);
	read_ending(c, root, o);
	read_changes(l, root, o);
	if (o->change_count == 0)
		yaml_error(c, root, "policy-override",
		    "nothing is overridden; say `servers:`, `objects:`, "
		    "`device:`, `verify:` or `on_failure:`");
	yaml_rest(c, root, &grammar_override);
	d->index = l->override_count++;
	if (l->override_count == POLICY_OVERRIDE_DOCUMENTS_MAX + 1)
		yaml_error(c, root, "policy-limit",
		    "more than %d overrides; a policy of their own is "
		    "expected for so many devices",
		    POLICY_OVERRIDE_DOCUMENTS_MAX);
	if (l->override_count > POLICY_OVERRIDE_DOCUMENTS_MAX)
		return;
	*l->override_tail = d;
	l->override_tail = &d->next;
}
