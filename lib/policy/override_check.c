/*
 * Overrides against all policies: for whose devices they may be, how many of
 * them one device may have, and whether there is room for these.
 */
#include "policy/overriding.h"

#include "policy/cover.h"

struct check {
	struct load *load;
	const struct identity *identities;
	const struct policy_set *set; /* its devices are there */
	struct read_override **all;
	size_t count;
	uint8_t *meets; /* count * count */
	/* of the policy that is looked at */
	struct read_override **own;
	uint8_t *colours; /* of `own` */
	size_t own_count;
};

/* --- who meets whom ------------------------------------------------------- */

static bool
is_open(const struct policy_pattern *p)
{
	return p->kind == PATTERN_REGEX || p->kind == PATTERN_PREFIX ||
	    (p->kind == PATTERN_GLOB && strpbrk(p->text, "*?"));
}

/* cover.h claims nothing of regular expressions; here they may. */
static bool
patterns_may_meet(
    const struct policy_pattern *a, const struct policy_pattern *b)
{
	return pattern_meets(a, b) ||
	    (a->kind == PATTERN_REGEX && is_open(b)) ||
	    (b->kind == PATTERN_REGEX && is_open(a));
}

static bool
may_meet(const struct policy *p, const struct policy *q)
{
	struct policy a = *p, b = *q;
	bool endpoints = !p->match.endpoint_count || !q->match.endpoint_count;

	for (size_t i = 0; !endpoints && i < p->match.endpoint_count; i++)
		for (size_t k = 0; k < q->match.endpoint_count; k++)
			if (patterns_may_meet(&p->match.endpoints[i],
				&q->match.endpoints[k])) {
				endpoints = true;
				break;
			}
	a.match.endpoint_count = b.match.endpoint_count = 0;
	return endpoints && match_meets(&a, &b);
}

static bool
names(const char **list, const char *name)
{
	for (; list && *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

static bool
is_for(const struct read_override *o, const struct policy *p)
{
	return p->refusal.kind == POLICY_GIVES &&
	    (!o->value.policies || names(o->value.policies, p->name)) &&
	    may_meet(&o->value.of, p);
}

/* --- names ---------------------------------------------------------------- */

static void
check_names(struct check *k)
{
	struct noted_near near = {.budget = NOTED_NEAR_BUDGET};
	struct load *l = k->load;
	struct table overrides, policies;

	near.names =
	    arena_array(l->scratch, l->policy_count + 1, sizeof(*near.names));
	if (table_init(&policies) != RC_OK || table_init(&overrides) != RC_OK ||
	    !near.names) {
		l->no_memory = true;
		return;
	}
	for (struct read_policy *p = l->policies; p; p = p->next) {
		noted_add(l, &policies, p->value.name, &p->value.place, 0);
		near.names[near.count++] = p->value.name;
	}
	for (size_t i = 0; i < k->count; i++) {
		struct read_override *o = k->all[i];
		struct yaml_node *item = NULL;
		size_t count = 0;

		noted_name(l, &overrides, &o->ctx, o->root, "override",
		    o->value.name, &o->value.place, i);
		if (o->policies)
			item = yaml_items(o->policies, &count);
		for (; count > 0; count--, item = item->next)
			if (item->kind == YAML_SCALAR &&
			    !word_name(item->text) &&
			    !noted_find(&policies, (const char *)item->text.p))
				noted_unknown(&near, &o->ctx, item,
				    "policy-override-policy", "policy");
	}
	table_fini(&overrides);
	table_fini(&policies);
}

/* The server is one of a policy that the override may be for. */
static bool
has_server(struct check *k, const struct read_override *o, const char *name,
    struct noted_near *near)
{
	for (struct read_policy *p = k->load->policies; p; p = p->next) {
		if (!is_for(o, &p->value))
			continue;
		for (size_t i = 0; i < p->value.server_count; i++) {
			if (strcmp(p->value.servers[i].name, name) == 0)
				return true;
			near->count++;
		}
	}
	return false;
}

static void
say_server(struct check *k, const struct read_override *o,
    const struct policy_override_server *s, size_t most)
{
	struct noted_near near = {.budget = NOTED_NEAR_BUDGET};
	struct yaml_node *map = yaml_get(o->root, "servers");
	struct yaml_node *n = map ? yaml_get(map, s->name) : NULL;
	struct yaml_node name;

	near.names =
	    arena_array(k->load->scratch, most + 1, sizeof(*near.names));
	if (!near.names || !n) {
		k->load->no_memory |= !near.names;
		return;
	}
	for (struct read_policy *p = k->load->policies; p; p = p->next)
		for (size_t i = 0;
		     is_for(o, &p->value) && i < p->value.server_count; i++)
			near.names[near.count++] = p->value.servers[i].name;
	/* the key is what is wrong */
	name = *n->key;
	name.parent = n->parent;
	name.key = n->key;
	noted_unknown(&near, &o->ctx, &name, "policy-override-server",
	    "server of its policies");
}

static void
check_override(struct check *k, const struct read_override *o, bool is_used)
{
	if (!is_used && diag_count(k->load->diag, DIAG_ERROR) > 0)
		return;
	if (!is_used) {
		yaml_report(&o->ctx, DIAG_WARNING, o->root,
		    "policy-override-nobody",
		    "no policy gives anything to such a device: nothing is "
		    "overridden");
		return;
	}
	for (size_t i = 0; i < o->value.server_count; i++) {
		struct noted_near near = {0};

		if (!has_server(k, o, o->value.servers[i].name, &near))
			say_server(k, o, &o->value.servers[i], near.count);
	}
}

/* --- room ----------------------------------------------------------------- */

static bool
meet(const struct check *k, size_t a, size_t b)
{
	return k->meets[k->own[a]->index * k->count + k->own[b]->index];
}

/* Those of one colour are for no device together: so many colours, so many of
 * them at most for one. */
static size_t
colour(struct check *k)
{
	size_t colours = 0;

	for (size_t i = 0; i < k->own_count; i++) {
		bool taken[UINT8_MAX + 1] = {false};
		size_t c = 0;

		for (size_t b = 0; b < i; b++)
			if (meet(k, b, i))
				taken[k->colours[b]] = true;
		while (c < UINT8_MAX && taken[c])
			c++;
		k->colours[i] = (uint8_t)c;
		colours = c + 1 > colours ? c + 1 : colours;
	}
	return colours;
}

/* Values of its own. */
static size_t
own_values(const struct policy_override *o)
{
	size_t count = 0;

	for (size_t i = 0; i < o->server_count; i++)
		count += o->servers[i].value.server_entry_count;
	for (size_t i = 0; i < o->object_count; i++)
		count += o->objects[i].entry_count;
	return count;
}

/* Values of all instances that it changes, with `more` by others. */
static size_t
changed_values(
    const struct policy_override *o, const struct policy *p, size_t more)
{
	size_t count = 0;

	for (size_t i = 0; i < o->server_count; i++)
		for (size_t k = 0; k < p->server_count; k++)
			if (o->servers[i].value.server_entry_count > 0 &&
			    strcmp(p->servers[k].name, o->servers[i].name) == 0)
				count +=
				    p->servers[k].server_entry_count + more;
	for (size_t i = 0; i < o->object_count; i++) {
		/* one that is new is not copied before another changes it */
		count += more;
		for (size_t k = 0; k < p->object_count; k++)
			if (path_compare(
				p->objects[k].path, o->objects[i].path) == 0)
				count += p->objects[k].entry_count;
	}
	return count;
}

static void
check_room(struct check *k, const struct policy *p)
{
	const size_t colours = colour(k);
	const struct read_override *last;
	size_t more = 0, need = 0;

	if (k->own_count == 0)
		return;
	last = k->own[k->own_count - 1];
	if (colours > POLICY_OVERRIDES_MAX) {
		yaml_error(&last->ctx, last->root, "policy-limit",
		    "a device of the policy %s may have %zu overrides; at most "
		    "%d are expected",
		    p->name, colours, POLICY_OVERRIDES_MAX);
		return;
	}
	for (size_t c = 0; c < colours; c++) {
		size_t most = 0;

		for (size_t i = 0; i < k->own_count; i++) {
			size_t own = own_values(&k->own[i]->value);

			if (k->colours[i] == c && own > most)
				most = own;
		}
		more += most;
	}
	for (size_t c = 0; c < colours; c++) {
		size_t most = 0;

		for (size_t i = 0; i < k->own_count; i++) {
			size_t n = changed_values(&k->own[i]->value, p, more);

			if (k->colours[i] == c && n > most)
				most = n;
		}
		need += most;
	}
	if (need > POLICY_OVERRIDE_ENTRIES_MAX)
		yaml_error(&last->ctx, last->root, "policy-limit",
		    "overrides of a device of the policy %s may change "
		    "instances of %zu values; at most %d are expected",
		    p->name, need, POLICY_OVERRIDE_ENTRIES_MAX);
}

/* --- by policy ------------------------------------------------------------ */

/* The i-th and, in front of it, those that one device may have with it. */
static size_t
chain(const struct check *k, size_t i, struct read_override **out)
{
	size_t at[POLICY_OVERRIDES_MAX], count = 0;

	at[count++] = i;
	for (size_t b = i; b-- > 0 && count < POLICY_OVERRIDES_MAX;) {
		bool all = true;

		for (size_t n = 0; all && n < count; n++)
			all = meet(k, b, at[n]);
		if (all)
			at[count++] = b;
	}
	for (size_t n = 0; n < count; n++)
		out[n] = k->own[at[count - 1 - n]];
	return count;
}

static void
give(struct check *k, const struct read_policy *d, struct policy *p)
{
	struct read_override *with[POLICY_OVERRIDES_MAX];
	struct policy_overriding *out =
	    load_alloc(k->load, k->own_count, sizeof(*out));

	if (!out)
		return;
	for (size_t i = 0; i < k->own_count && !k->load->no_memory; i++) {
		const size_t count = chain(k, i, with);
		const struct policy_override **list = load_alloc(
		    k->load, count, sizeof(struct policy_override *));

		if (!list)
			return;
		for (size_t n = 0; n < count; n++)
			list[n] = with[n]->kept;
		out[i] = (struct policy_overriding){
		    .override = k->own[i]->kept,
		    .with = list,
		    .with_count = count,
		};
		override_trial(
		    k->load, d, &with[count - 1], 1, k->identities, k->set);
		/* what is wrong with one of them would be said of others */
		if (count > 1 && diag_count(k->load->diag, DIAG_ERROR) == 0)
			override_trial(
			    k->load, d, with, count, k->identities, k->set);
	}
	p->overriding = out;
	p->overriding_count = k->own_count;
}

/* --- all of it ------------------------------------------------------------ */

/* False: memory. */
static bool
prepare(struct check *k)
{
	struct load *l = k->load;
	struct policy_override *kept =
	    load_alloc(l, l->override_count, sizeof(*kept));
	const size_t most = l->override_count;

	k->all = arena_array(l->scratch, most, sizeof(struct read_override *));
	k->own = arena_array(l->scratch, most, sizeof(struct read_override *));
	k->colours = arena_array(l->scratch, most, 1);
	for (struct read_override *o = l->overrides; k->all && kept && o;
	     o = o->next) {
		kept[k->count] = o->value;
		o->kept = &kept[k->count];
		o->index = k->count;
		k->all[k->count++] = o;
	}
	k->meets = arena_array(l->scratch, k->count, k->count);
	if (!k->all || !k->own || !k->colours || !kept || !k->meets)
		return false;
	for (size_t a = 0; a < k->count; a++)
		for (size_t b = 0; b < k->count; b++)
			k->meets[a * k->count + b] = may_meet(
			    &k->all[a]->value.of, &k->all[b]->value.of);
	return true;
}

void
check_overrides(struct load *l, struct read_policy *const *tried,
    struct policy *policies, const struct identity *identities,
    const struct policy_set *set)
{
	struct check k = {.load = l, .identities = identities, .set = set};
	bool *used;

	if (!l->overrides)
		return;
	used = arena_array(l->scratch, l->override_count, sizeof(*used));
	if (!used || !prepare(&k)) {
		l->no_memory = true;
		return;
	}
	memset(used, 0, l->override_count * sizeof(*used));
	check_names(&k);
	for (size_t i = 0; i < l->policy_count; i++) {
		k.own_count = 0;
		for (size_t o = 0; o < k.count; o++) {
			if (!is_for(k.all[o], &policies[i]))
				continue;
			used[o] = true;
			k.own[k.own_count++] = k.all[o];
		}
		check_room(&k, &policies[i]);
		give(&k, tried[i], &policies[i]);
	}
	for (size_t o = 0; o < k.count; o++)
		check_override(&k, k.all[o], used[o]);
}
