/*
 * What no document can know alone: names that are there twice or not at all,
 * documents that nothing reaches, masters that serve two purposes.
 *
 * Everything goes through hash tables: a set of ten thousand documents is
 * checked at every reload.
 */
#include "policy/load.h"

#include "base/table.h"
#include "policy/nearest.h"

enum {
	/* Comparisons for "did you mean": beyond, nobody reads them. */
	NEAREST_BUDGET = 100000,
};

/* A word of the set and the first document that has it. */
struct noted {
	struct table_item item;
	struct policy_place place;
	bool named; /* an identity: by a policy */
	const struct policy *taken_by; /* an identity: all of its endpoints */
};

struct check {
	struct load *load;
	struct table identities, policies, templates, masters;
	const char **names; /* of the identities, NULL-ended */
	size_t name_count;
	size_t nearest_budget;
};

static bool
takes_all(const char *glob)
{
	return glob[strspn(glob, "*")] == '\0';
}

/* NULL: not noted. */
static struct noted *
find(const struct table *t, const char *text)
{
	return (struct noted *)table_get(t, span_str(text));
}

/* Note a word. The first that had it, or NULL: it is new. */
static const struct noted *
note(struct check *k, struct table *t, const char *text,
    const struct policy_place *place)
{
	struct noted *n = find(t, text);

	if (n)
		return n;
	n = load_alloc(k->load, 1, sizeof(*n));
	if (!n)
		return NULL;
	n->item.key = span_str(text);
	n->place = *place;
	table_put(t, &n->item);
	return NULL;
}

static void
check_name(struct check *k, struct table *t, const struct yaml_ctx *c,
    struct yaml_node *root, const char *kind, const char *name,
    const struct policy_place *place)
{
	const struct noted *first;

	/* A name with a fault has its finding, and is "". */
	if (!name[0])
		return;
	first = note(k, t, name, place);
	if (first)
		yaml_error(c, yaml_get(root, kind), "policy-duplicate",
		    "%s is the name of the %s at %s:%u already", name, kind,
		    first->place.file, first->place.line);
}

/* The same template twice: where an earlier one takes every endpoint, the
 * later is never asked. */
static void
check_template(struct check *k, struct read_identity *d)
{
	const struct identity *id = &d->value;
	const struct noted *first;

	if (id->kind != IDENTITY_PSK || !id->psk_identity)
		return;
	first = find(&k->templates, id->psk_identity);
	if (first)
		yaml_report(&d->ctx, DIAG_WARNING, d->root,
		    "policy-unreachable",
		    "never asked: the identity at %s:%u takes every endpoint "
		    "with the same PSK identity",
		    first->place.file, first->place.line);
	else if (takes_all(id->endpoint))
		note(k, &k->templates, id->psk_identity, &id->place);
}

static void
check_identities(struct check *k)
{
	for (struct read_identity *d = k->load->identities; d; d = d->next) {
		struct identity *id = &d->value;

		check_name(k, &k->identities, &d->ctx, d->root, "identity",
		    id->name, &id->place);
		k->names[k->name_count++] = id->name;
		check_template(k, d);
		if (id->kind == IDENTITY_PSK && id->master && id->master[0])
			note(k, &k->masters, id->master, &id->place);
	}
}

/* Somebody's endpoints are to be matched by a document that is not there. */
static void
unknown_identity(
    struct check *k, const struct yaml_ctx *c, const struct yaml_node *n)
{
	const char *near = NULL;

	if (k->nearest_budget >= k->name_count) {
		k->nearest_budget -= k->name_count;
		near = nearest_of(n->text, k->names);
	}
	yaml_error(c, n, "policy-identity-unknown",
	    "no identity has the name %s%s%s%s", YAML_SHOW(n->text),
	    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static void
check_references(struct check *k, struct read_policy *d)
{
	struct yaml_node *item;
	size_t count;

	if (!d->match_identity)
		return;
	item = yaml_items(d->match_identity, &count);
	for (; count > 0; count--, item = item->next) {
		struct noted *n;

		if (item->kind != YAML_SCALAR || word_name(item->text))
			continue;
		n = find(&k->identities, (const char *)item->text.p);
		if (n)
			n->named = true;
		else
			unknown_identity(k, &d->ctx, item);
	}
}

/*
 * Allowed, because purpose and Short Server ID are in the derivation: the keys
 * differ. But who takes one master takes both, and replacing one replaces both.
 */
static void
check_masters(struct check *k, struct read_policy *d)
{
	struct yaml_node *list = yaml_get(d->root, "servers");
	struct yaml_node *item = list ? list->children : NULL;

	for (size_t i = 0; i < d->value.server_count && item; i++) {
		const struct policy_server *s = &d->value.servers[i];
		struct yaml_node *security = yaml_get(item, "security");
		struct yaml_node *key =
		    security ? yaml_get(security, "key") : NULL;
		const struct noted *n = find(&k->masters, s->key.master);

		if (n && key)
			yaml_report(&d->ctx, DIAG_WARNING, key,
			    "policy-shared-master",
			    "the master %s is also that of the identity at "
			    "%s:%u; the keys differ, but give each purpose a "
			    "master of its own",
			    s->key.master, n->place.file, n->place.line);
		item = item->next;
	}
}

/* The earlier policy that takes all that `p` could get of that identity. */
static const struct policy *
taker(struct check *k, const char *identity)
{
	const struct noted *n = find(&k->identities, identity);

	return n ? n->taken_by : NULL;
}

/* The first policy in the way, if all identities of `p` are taken. */
static const struct policy *
all_taken(struct check *k, const struct policy *p)
{
	const struct policy *first = NULL;

	if (p->identities) {
		for (const char **name = p->identities; *name; name++) {
			const struct policy *by = taker(k, *name);

			if (!by)
				return NULL;
			first = first ? first : by;
		}
		return first;
	}
	for (struct read_identity *d = k->load->identities; d; d = d->next) {
		const struct policy *by = taker(k, d->value.name);

		if (!by)
			return NULL;
		first = first ? first : by;
	}
	return first;
}

static void
take(struct check *k, const char *identity, const struct policy *by)
{
	struct noted *n = find(&k->identities, identity);

	if (n && !n->taken_by)
		n->taken_by = by;
}

/* In the order they are tried: which are never reached? */
static void
check_reach(struct check *k, struct read_policy *const *tried)
{
	const struct policy *takes_any = NULL;

	for (size_t i = 0; i < k->load->policy_count; i++) {
		const struct policy *p = &tried[i]->value;
		const struct policy *by = takes_any;

		if (!by)
			by = all_taken(k, p);
		if (by)
			yaml_report(&tried[i]->ctx, DIAG_WARNING,
			    tried[i]->root, "policy-unreachable",
			    "never reached: %s at %s:%u is tried before and "
			    "takes every endpoint of the same identities",
			    by->name, by->place.file, by->place.line);
		if (by || !takes_all(p->endpoint))
			continue;
		if (!p->identities)
			takes_any = p;
		for (const char **n = p->identities; n && *n; n++)
			take(k, *n, p);
	}
}

/* Devices that prove who they are and then get nothing. */
static void
check_unused(struct check *k)
{
	for (struct read_policy *d = k->load->policies; d; d = d->next)
		if (!d->match_identity)
			return;
	for (struct read_identity *d = k->load->identities; d; d = d->next) {
		const struct noted *n = find(&k->identities, d->value.name);

		if (n && !n->named)
			yaml_report(&d->ctx, DIAG_WARNING, d->root,
			    "policy-identity-unused",
			    "no policy names this identity: its devices are "
			    "refused");
	}
}

void
check_set(struct load *l, struct read_policy *const *tried)
{
	struct check k = {.load = l, .nearest_budget = NEAREST_BUDGET};

	k.names = load_alloc(l, l->identity_count + 1, sizeof(*k.names));
	if (!k.names || table_init(&k.identities) != RC_OK ||
	    table_init(&k.policies) != RC_OK ||
	    table_init(&k.templates) != RC_OK ||
	    table_init(&k.masters) != RC_OK) {
		l->no_memory = true;
		goto out;
	}
	check_identities(&k);
	for (struct read_policy *d = l->policies; d; d = d->next) {
		check_name(&k, &k.policies, &d->ctx, d->root, "policy",
		    d->value.name, &d->value.place);
		check_references(&k, d);
		check_masters(&k, d);
	}
	check_reach(&k, tried);
	check_unused(&k);
out:
	table_fini(&k.masters);
	table_fini(&k.templates);
	table_fini(&k.policies);
	table_fini(&k.identities);
}
