/*
 * Policies against each other: which leaves another nothing, and which two a
 * device may fit of which only the names of files say the first.
 *
 * Ten thousand policies are fifty million pairs. Two that have a device in
 * common begin alike: of what the names of their endpoints begin with, one
 * begins with the other. Those pairs are looked at, up to a limit.
 */
#include "policy/load.h"

#include "policy/cover.h"

#include <stdlib.h>

enum {
	PAIRS_MAX = 300000,
	IDENTITIES_MAX = 16, /* of a policy that are looked at one by one */
};

/* A policy by what its endpoints begin with. */
struct front {
	struct span prefix;
	size_t tried; /* its place in the order */
};

struct overlap {
	struct load *load;
	struct read_policy *const *tried;
	struct front *fronts; /* sorted by prefix, then place */
	size_t count;
	bool has_length[POLICY_ENDPOINT_MAX + 1];
	struct table identities; /* struct noted */
	struct read_identity **documents; /* by `index` of those */
	size_t budget;
	/* Of the policy that is looked at, the first that was found. */
	const struct read_policy *coverer, *rival;
};

/* --- what endpoints begin with -------------------------------------------- */

static struct span
common(struct span a, struct span b)
{
	size_t n = 0;

	while (n < a.len && n < b.len && a.p[n] == b.p[n])
		n++;
	return span_of(a.p, n);
}

static struct span
front_of(const struct policy_pattern *p)
{
	switch (p->kind) {
	case PATTERN_GLOB:
		return span_of(p->text, strcspn(p->text, "*?"));
	case PATTERN_PREFIX:
		return span_str(p->text);
	case PATTERN_LIST:
		if (p->name_count > 0)
			return common(p->names[0], p->names[p->name_count - 1]);
		break;
	case PATTERN_REGEX:
		break;
	}
	return span_of("", 0);
}

static struct span
prefix_of(const struct policy *p)
{
	const struct policy_match *m = &p->match;
	struct span prefix = span_of("", 0);

	for (size_t i = 0; i < m->endpoint_count; i++) {
		struct span one = front_of(&m->endpoints[i]);

		prefix = i == 0 ? one : common(prefix, one);
	}
	if (prefix.len > POLICY_ENDPOINT_MAX)
		prefix.len = POLICY_ENDPOINT_MAX;
	return prefix;
}

static int
compare_fronts(const void *x, const void *y)
{
	const struct front *a = x, *b = y;
	int c = span_compare(a->prefix, b->prefix);

	return c ? c : (a->tried > b->tried) - (a->tried < b->tried);
}

/* The first whose prefix is not below that. */
static size_t
lower_bound(const struct overlap *o, struct span prefix)
{
	size_t low = 0, high = o->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (span_compare(o->fronts[middle].prefix, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* --- identities ----------------------------------------------------------- */

static bool
names(const struct policy *p, const char *identity)
{
	for (const char **n = p->identities; n && *n; n++)
		if (strcmp(*n, identity) == 0)
			return true;
	return !p->identities;
}

static bool
identities_cover(const struct policy *a, const struct policy *b)
{
	if (a->identities && !b->identities)
		return false;
	for (const char **n = b->identities; n && *n; n++)
		if (!names(a, *n))
			return false;
	return true;
}

static const struct identity *
find_identity(const struct overlap *o, const char *name)
{
	const struct noted *n = noted_find(&o->identities, name);

	return n ? &o->documents[n->index]->value : NULL;
}

/* May a device of that document fit both? */
static bool
lets_meet(const struct overlap *o, const char *identity, const struct policy *a,
    const struct policy *b)
{
	const struct identity *id = find_identity(o, identity);

	return !id ||
	    (match_meets_glob(a, id->endpoint) &&
		match_meets_glob(b, id->endpoint));
}

static bool
identities_meet(
    const struct overlap *o, const struct policy *a, const struct policy *b)
{
	const struct policy *named = a->identities ? a : b;
	const struct policy *other = a->identities ? b : a;

	for (const char **n = named->identities; n && *n; n++)
		if (names(other, *n) && lets_meet(o, *n, a, b))
			return true;
	return !named->identities;
}

/* A policy for any endpoint of its identities, as one for theirs. */
static void
narrow(const struct overlap *o, const struct policy *p, struct policy *out,
    struct policy_pattern room[static IDENTITIES_MAX])
{
	size_t n = 0;

	*out = *p;
	if (p->match.endpoint_count > 0 || !p->identities)
		return;
	for (const char **name = p->identities; *name; name++) {
		const struct identity *id = find_identity(o, *name);

		if (!id || n == IDENTITIES_MAX)
			return;
		room[n++] = (struct policy_pattern){
		    .kind = PATTERN_GLOB, .text = id->endpoint};
	}
	out->match.endpoints = room;
	out->match.endpoint_count = n;
}

/* --- what they give ------------------------------------------------------- */

static bool
is_outcome(const struct yaml_node *n)
{
	static const char *const others[] = {
	    "policy", "description", "match", "order"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (span_is(n->key->text, others[i]))
			return false;
	return true;
}

static const struct yaml_node *
child(const struct yaml_node *map, struct span key)
{
	const struct yaml_node *n = map->children;

	while (n && !span_equal(n->key->text, key))
		n = n->next;
	return n;
}

static bool
same_value(const struct yaml_node *a, const struct yaml_node *b)
{
	const struct yaml_node *x = a->children, *y = b->children;

	if (a->kind != b->kind || a->count != b->count)
		return false;
	if (a->kind == YAML_SCALAR)
		return span_equal(a->text, b->text);
	for (; x && y; x = x->next, y = y->next) {
		if (a->kind == YAML_MAP)
			y = child(b, x->key->text);
		if (!y || !same_value(x, y))
			return false;
	}
	return true;
}

static size_t
outcomes(const struct yaml_node *root)
{
	size_t n = 0;

	for (const struct yaml_node *c = root->children; c; c = c->next)
		n += is_outcome(c);
	return n;
}

static bool
same_outcome(const struct read_policy *a, const struct read_policy *b)
{
	for (const struct yaml_node *x = a->root->children; x; x = x->next) {
		const struct yaml_node *y = child(b->root, x->key->text);

		if (is_outcome(x) && (!y || !same_value(x, y)))
			return false;
	}
	return outcomes(a->root) == outcomes(b->root);
}

/* --- pairs ---------------------------------------------------------------- */

static void
look_at(struct overlap *o, size_t earlier, const struct read_policy *d,
    const struct policy *narrowed)
{
	const struct read_policy *first = o->tried[earlier];
	const struct policy *a = &first->value, *b = &d->value;

	if (o->budget == 0)
		return;
	o->budget--;
	if (!o->coverer && identities_cover(a, b) && match_covers(a, narrowed))
		o->coverer = first;
	if (o->rival || a->order != b->order ||
	    strcmp(first->ctx.file, d->ctx.file) == 0)
		return;
	if (match_meets(a, b) && identities_meet(o, a, b) &&
	    !same_outcome(first, d))
		o->rival = first;
}

/* All that are tried before and may have a device in common with it. */
static void
look_back(struct overlap *o, size_t tried)
{
	const struct read_policy *d = o->tried[tried];
	struct policy_pattern room[IDENTITIES_MAX];
	struct span prefix = prefix_of(&d->value);
	struct policy narrowed;
	size_t i;

	o->coverer = o->rival = NULL;
	narrow(o, &d->value, &narrowed, room);
	for (size_t len = 0; len < prefix.len; len++) {
		struct span front = span_of(prefix.p, len);

		if (!o->has_length[len])
			continue;
		for (i = lower_bound(o, front);
		     i < o->count && span_equal(o->fronts[i].prefix, front) &&
		     o->fronts[i].tried < tried;
		     i++)
			look_at(o, o->fronts[i].tried, d, &narrowed);
	}
	for (i = lower_bound(o, prefix);
	     i < o->count && span_starts(o->fronts[i].prefix, prefix); i++)
		if (o->fronts[i].tried < tried)
			look_at(o, o->fronts[i].tried, d, &narrowed);
}

static void
report(const struct overlap *o, struct read_policy *d)
{
	const struct policy *by = o->coverer ? &o->coverer->value : NULL;
	bool refuses = d->value.refusal.kind != POLICY_GIVES;

	if (by && !d->unreached) {
		d->unreached = true;
		yaml_report(&d->ctx, DIAG_WARNING, d->root,
		    refuses ? "policy-refusal-late" : "policy-unreachable",
		    "never reached: %s at %s:%u is tried before and takes "
		    "every device that this one is for%s",
		    by->name, by->place.file, by->place.line,
		    refuses ? ": nobody is turned away" : "");
	}
	if (d->unreached || !o->rival)
		return;
	by = &o->rival->value;
	yaml_report(&d->ctx, DIAG_WARNING, d->root, "policy-overlap",
	    "a device may fit this one and %s at %s:%u, which gives it "
	    "something else; both have order %lld, and the names of their "
	    "files alone say which is tried first",
	    by->name, by->place.file, by->place.line,
	    (long long)d->value.order);
}

static bool
make(struct overlap *o)
{
	struct load *l = o->load;
	size_t n = 0;

	o->count = l->policy_count;
	o->fronts = arena_array(l->scratch, o->count + 1, sizeof(*o->fronts));
	o->documents = arena_array(
	    l->scratch, l->identity_count + 1, sizeof(struct read_identity *));
	if (!o->fronts || !o->documents || table_init(&o->identities) != RC_OK)
		return false;
	for (struct read_identity *d = l->identities; d; d = d->next) {
		o->documents[n] = d;
		noted_add(
		    l, &o->identities, d->value.name, &d->value.place, n++);
	}
	for (size_t i = 0; i < o->count; i++) {
		o->fronts[i] =
		    (struct front){prefix_of(&o->tried[i]->value), i};
		o->has_length[o->fronts[i].prefix.len] = true;
	}
	qsort(o->fronts, o->count, sizeof(*o->fronts), compare_fronts);
	return true;
}

void
check_overlaps(struct load *l, struct read_policy *const *tried)
{
	struct overlap o = {.load = l, .tried = tried, .budget = PAIRS_MAX};

	if (!make(&o)) {
		l->no_memory = true;
	} else {
		for (size_t i = 0; i < o.count; i++) {
			look_back(&o, i);
			report(&o, tried[i]);
		}
	}
	table_fini(&o.identities);
}
