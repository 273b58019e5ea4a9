/*
 * What no document can know alone: names that are there twice or not at all,
 * documents that nothing reaches.
 *
 * Everything goes through hash tables: a set of ten thousand documents is
 * checked at every reload.
 */
#include "policy/load.h"

struct check {
	struct load *load;
	struct table identities, policies, templates;
	struct noted_near near; /* identities */
};

static bool
takes_all(const char *glob)
{
	return glob[strspn(glob, "*")] == '\0';
}

/* Any device of its identities? */
static bool
takes_every(const struct policy *p)
{
	const struct policy_match *m = &p->match;

	return takes_all(p->endpoint) && m->credentials == 0 &&
	    m->issuer_count == 0 && !m->sans && m->network_count == 0 &&
	    !m->models && !m->batches &&
	    (m->endpoint_count == 0 ||
		(m->endpoint_count == 1 &&
		    m->endpoints[0].kind == PATTERN_GLOB));
}

/* The same template twice: where an earlier one takes every endpoint, the
 * later is never asked. */
static void
check_template(struct check *k, struct read_identity *d)
{
	const struct identity *id = &d->value;
	const struct noted *first;

	if (id->kind != IDENTITY_PSK)
		return;
	first = noted_find(&k->templates, id->psk_identity);
	if (first)
		yaml_report(&d->ctx, DIAG_WARNING, d->root,
		    "policy-unreachable",
		    "never asked: the identity at %s:%u takes every endpoint "
		    "with the same PSK identity",
		    first->place.file, first->place.line);
	else if (takes_all(id->endpoint))
		noted_add(
		    k->load, &k->templates, id->psk_identity, &id->place, 0);
}

static void
check_identities(struct check *k)
{
	for (struct read_identity *d = k->load->identities; d; d = d->next) {
		struct identity *id = &d->value;

		noted_name(k->load, &k->identities, &d->ctx, d->root,
		    "identity", id->name, &id->place, k->near.count);
		k->near.names[k->near.count++] = id->name;
		check_template(k, d);
	}
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
		n = noted_find(&k->identities, (const char *)item->text.p);
		if (n)
			n->named = true;
		else
			/* Somebody's endpoints are to be matched by a document
			 * that is not there. */
			noted_unknown(&k->near, &d->ctx, item,
			    "policy-identity-unknown", "identity");
	}
}

/* The earlier policy that takes all that `p` could get of that identity. */
static const struct policy *
taker(struct check *k, const char *identity)
{
	const struct noted *n = noted_find(&k->identities, identity);

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
	struct noted *n = noted_find(&k->identities, identity);

	if (n && !n->taken_by)
		n->taken_by = by;
}

static void
say_unreached(struct read_policy *d, const struct policy *by)
{
	bool refuses = d->value.refusal.kind != POLICY_GIVES;

	d->unreached = true;
	yaml_report(&d->ctx, DIAG_WARNING, d->root,
	    refuses ? "policy-refusal-late" : "policy-unreachable",
	    "never reached: %s at %s:%u is tried before and takes every "
	    "endpoint of the same identities%s",
	    by->name, by->place.file, by->place.line,
	    refuses ? ": nobody is turned away" : "");
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
			say_unreached(tried[i], by);
		if (by || !takes_every(p))
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
		const struct noted *n =
		    noted_find(&k->identities, d->value.name);

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
	struct check k = {.load = l, .near.budget = NOTED_NEAR_BUDGET};
	size_t i = 0;

	k.near.names = arena_array(
	    l->scratch, l->identity_count + 1, sizeof(*k.near.names));
	if (!k.near.names || table_init(&k.identities) != RC_OK ||
	    table_init(&k.policies) != RC_OK ||
	    table_init(&k.templates) != RC_OK) {
		l->no_memory = true;
		goto out;
	}
	check_identities(&k);
	for (struct read_policy *d = l->policies; d; d = d->next) {
		noted_name(l, &k.policies, &d->ctx, d->root, "policy",
		    d->value.name, &d->value.place, i++);
		check_references(&k, d);
	}
	/* A match that was read in part would be in the way of everybody. */
	if (diag_count(l->diag, DIAG_ERROR) == 0)
		check_reach(&k, tried);
	check_unused(&k);
out:
	table_fini(&k.templates);
	table_fini(&k.policies);
	table_fini(&k.identities);
}
