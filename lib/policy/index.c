#include "policy/index.h"

#include "base/table.h"
#include "policy/regex.h"

#include <stdlib.h>

enum {
	ANY = 0, /* identity: all of them */
	/* A policy with more entries stands there once, for all. */
	ENTRIES_MAX = 256,
};

/* A policy under a prefix. */
struct item {
	uint32_t identity; /* ANY, or its place in the set and 1 */
	uint32_t policy; /* place in the set */
};

/* A prefix, with its items sorted. */
struct node {
	struct span text;
	size_t first, count; /* of `items` */
};

/* A hash table. Its keys are of the policies: no device can make it slow. */
struct policy_index {
	const struct node *nodes;
	size_t node_count;
	const struct item *items;
	uint32_t *slots; /* of nodes, from 1; 0: free */
	size_t slot_mask;
	bool has_length[POLICY_ENDPOINT_MAX + 1]; /* a node of so many bytes */
};

/* FNV-1a: that of a text goes on where that of its front ends. */
static const uint64_t hash_begin = 0xcbf29ce484222325u;

static uint64_t
hash_next(uint64_t hash, uint8_t byte)
{
	return (hash ^ byte) * 0x100000001b3u;
}

/* The slot of that text, or the free one where it would be. */
static uint32_t *
slot_of(const struct policy_index *x, uint64_t hash, struct span text)
{
	size_t at = (size_t)(hash ^ hash >> 32) & x->slot_mask;

	while (x->slots[at] != 0 &&
	    !span_equal(x->nodes[x->slots[at] - 1].text, text))
		at = (at + 1) & x->slot_mask;
	return &x->slots[at];
}

/* --- making it ------------------------------------------------------------ */

struct entry {
	struct span prefix;
	struct item item;
};

struct named {
	struct table_item item;
	uint32_t identity;
};

struct making {
	const struct policy_set *set;
	struct table names; /* struct named */
	struct entry *entries;
	size_t count, cap;
	bool no_memory;
};

static struct span
common(struct span a, struct span b)
{
	size_t n = 0;

	while (n < a.len && n < b.len && a.p[n] == b.p[n])
		n++;
	return span_of(a.p, n);
}

/* What all names begin with that it describes. False: it describes none. */
static bool
prefix_of(const struct policy_pattern *p, struct span *out)
{
	switch (p->kind) {
	case PATTERN_GLOB:
		*out = span_of(p->text, strcspn(p->text, "*?"));
		return true;
	case PATTERN_PREFIX:
		*out = span_str(p->text);
		return true;
	case PATTERN_REGEX:
		*out = regex_prefix(p->regex);
		return true;
	case PATTERN_LIST:
		if (p->name_count > 0)
			*out = common(p->names[0], p->names[p->name_count - 1]);
		return p->name_count > 0;
	}
	return false;
}

static void
put(struct making *m, struct span prefix, uint32_t identity, size_t policy)
{
	/* no endpoint is that long */
	if (prefix.len > POLICY_ENDPOINT_MAX)
		return;
	if (m->count == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 256;
		struct entry *more =
		    reallocarray(m->entries, cap, sizeof(*more));

		if (!more) {
			m->no_memory = true;
			return;
		}
		m->entries = more;
		m->cap = cap;
	}
	m->entries[m->count++] = (struct entry){
	    .prefix = prefix,
	    .item = {.identity = identity, .policy = (uint32_t)policy},
	};
}

static void
put_identities(struct making *m, struct span prefix, size_t policy)
{
	const char **name = m->set->policies[policy].identities;

	if (!name)
		put(m, prefix, ANY, policy);
	for (; name && *name; name++) {
		const struct named *n =
		    (const struct named *)table_get(&m->names, span_str(*name));

		if (n)
			put(m, prefix, n->identity, policy);
	}
}

static size_t
entries_of(const struct policy *p)
{
	size_t n = 0;

	while (p->identities && p->identities[n])
		n++;
	return (n ? n : 1) *
	    (p->match.endpoint_count ? p->match.endpoint_count : 1);
}

static void
put_policy(struct making *m, size_t policy)
{
	const struct policy *p = &m->set->policies[policy];
	const struct policy_match *match = &p->match;
	struct span prefix;

	if (entries_of(p) > ENTRIES_MAX) {
		put(m, span_of("", 0), ANY, policy);
		return;
	}
	if (match->endpoint_count == 0)
		put_identities(m, span_of("", 0), policy);
	for (size_t i = 0; i < match->endpoint_count; i++)
		if (prefix_of(&match->endpoints[i], &prefix))
			put_identities(m, prefix, policy);
}

static int
compare_items(const struct item *a, const struct item *b)
{
	if (a->identity != b->identity)
		return a->identity < b->identity ? -1 : 1;
	return (a->policy > b->policy) - (a->policy < b->policy);
}

static int
compare(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;
	int c = span_compare(a->prefix, b->prefix);

	return c ? c : compare_items(&a->item, &b->item);
}

/* Half of the slots stay free. False: memory. */
static bool
fill_slots(struct arena *a, struct policy_index *x)
{
	size_t count = 1;

	while (count < 2 * x->node_count)
		count *= 2;
	x->slots = arena_array(a, count, sizeof(*x->slots));
	if (!x->slots)
		return false;
	x->slot_mask = count - 1;
	for (size_t i = 0; i < x->node_count; i++) {
		struct span text = x->nodes[i].text;
		uint64_t hash = hash_begin;

		for (size_t k = 0; k < text.len; k++)
			hash = hash_next(hash, text.p[k]);
		*slot_of(x, hash, text) = (uint32_t)i + 1;
		x->has_length[text.len] = true;
	}
	return true;
}

/* Sorted entries as nodes and their items. False: memory. */
static bool
arrange(struct making *m, struct arena *a, struct policy_index *out)
{
	struct node *nodes = arena_array(a, m->count, sizeof(*nodes));
	struct item *items = arena_array(a, m->count, sizeof(*items));
	size_t n = 0, kept = 0;

	if (!nodes || !items)
		return false;
	for (size_t i = 0; i < m->count; i++) {
		const struct entry *e = &m->entries[i];
		struct node *node = n ? &nodes[n - 1] : NULL;

		if (!node || !span_equal(node->text, e->prefix)) {
			node = &nodes[n];
			node->text = e->prefix;
			node->first = kept;
			n++;
		} else if (compare_items(&items[kept - 1], &e->item) == 0) {
			continue;
		}
		items[kept++] = e->item;
		node->count++;
	}
	out->nodes = nodes;
	out->node_count = n;
	out->items = items;
	return fill_slots(a, out);
}

static bool
note_identities(struct making *m, struct arena *scratch)
{
	const size_t count = m->set->identity_count;
	struct named *named = arena_array(scratch, count, sizeof(*named));

	for (size_t i = 0; named && i < count; i++) {
		named[i].item.key = span_str(m->set->identities[i].name);
		named[i].identity = (uint32_t)i + 1;
		table_put(&m->names, &named[i].item);
	}
	return named;
}

const struct policy_index *
index_new(struct arena *a, struct arena *scratch, const struct policy_set *s)
{
	struct making m = {.set = s};
	struct policy_index *out = arena_alloc(a, sizeof(*out));
	bool good = false;

	if (!out || table_init(&m.names) != RC_OK)
		return NULL;
	if (!note_identities(&m, scratch))
		goto out;
	for (size_t i = 0; i < s->policy_count && !m.no_memory; i++)
		put_policy(&m, i);
	if (m.no_memory)
		goto out;
	if (m.count > 0)
		qsort(m.entries, m.count, sizeof(*m.entries), compare);
	good = arrange(&m, a, out);
out:
	table_fini(&m.names);
	free(m.entries);
	return good ? out : NULL;
}

/* --- asking it ------------------------------------------------------------ */

struct search {
	const struct policy_set *set;
	const struct policy_facts *facts;
	size_t best; /* the first that fits so far */
	size_t asked;
};

/* The policies of one identity under one prefix, from the first on. */
static void
ask(struct search *k, const struct node *node, uint32_t identity)
{
	const struct item *items = k->set->index->items;
	size_t low = node->first, high = node->first + node->count;

	while (low < high) {
		size_t at = low + (high - low) / 2;

		if (items[at].identity < identity)
			low = at + 1;
		else
			high = at;
	}
	for (; low < node->first + node->count; low++) {
		const struct item *i = &items[low];

		if (i->identity != identity || i->policy >= k->best)
			return;
		k->asked++;
		if (policy_miss(k->set, &k->set->policies[i->policy],
			k->facts) == MISS_NONE)
			k->best = i->policy;
	}
}

const struct policy *
index_find(
    const struct policy_set *s, const struct policy_facts *f, size_t *asked)
{
	struct search k = {.set = s, .facts = f, .best = s->policy_count};
	const uint32_t identity = (uint32_t)(f->identity - s->identities) + 1;
	const struct policy_index *x = s->index;
	uint64_t hash = hash_begin;

	for (size_t len = 0; len <= POLICY_ENDPOINT_MAX; len++) {
		const struct span front = span_of(f->endpoint.p, len);
		uint32_t n = x->has_length[len] ? *slot_of(x, hash, front) : 0;

		if (n > 0) {
			ask(&k, &x->nodes[n - 1], ANY);
			ask(&k, &x->nodes[n - 1], identity);
		}
		if (len >= f->endpoint.len)
			break;
		hash = hash_next(hash, f->endpoint.p[len]);
	}
	if (asked)
		*asked = k.asked;
	return k.best < s->policy_count ? &s->policies[k.best] : NULL;
}
