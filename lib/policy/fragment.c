/*
 * fragment: named pieces of policies, put in where `use:` names them, before
 * anybody reads the policy: its readers see one tree, whose nodes know which
 * file they are of and for whom they were copied.
 */
#include "policy/grammar.h"
#include "policy/load.h"

#include <stdlib.h>

enum {
	DEPTH_MAX = 8, /* fragments in fragments */
	COPIES_MAX = 1000000, /* nodes, of one load */
};

enum state { WRITTEN, EXPANDING, EXPANDED };

struct read_fragment {
	struct table_item item; /* by name */
	struct yaml_ctx ctx;
	struct yaml_node *root;
	enum state state;
	bool is_used;
	struct read_fragment *next;
};

void
load_fragment(struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	struct yaml_node *name = yaml_get(root, "fragment");
	struct read_fragment *f = arena_alloc(l->scratch, sizeof(*f));
	const struct read_fragment *first;
	const char *text;

	if (!f) {
		l->no_memory = true;
		return;
	}
	if (!load_word(l, c, name, "policy-name", word_name, &text))
		return;
	yaml_rest(c, root, &grammar_fragment);
	first = (const struct read_fragment *)table_get(
	    &l->fragments, span_str(text));
	if (first) {
		yaml_error(c, name, "policy-duplicate",
		    "%s is the name of the fragment at %s:%u already", text,
		    first->ctx.file, first->root->line);
		return;
	}
	*f = (struct read_fragment){
	    .item.key = span_str(text),
	    .ctx = *c,
	    .root = root,
	    .next = l->fragment_list,
	};
	table_put(&l->fragments, &f->item);
	l->fragment_list = f;
	l->fragment_count++;
}

void
check_fragments(struct load *l)
{
	for (struct read_fragment *f = l->fragment_list; f; f = f->next)
		if (!f->is_used)
			yaml_report(&f->ctx, DIAG_WARNING, f->root,
			    "policy-fragment-unused",
			    "no policy uses this fragment");
}

/* --- finding them --------------------------------------------------------- */

/* Who is expanded, and where. */
struct expansion {
	struct load *load;
	const struct yaml_ctx *ctx; /* of the document that says `use:` */
	const char *user; /* the policy, for findings */
	unsigned depth;
};

static void expand(struct expansion *x, struct yaml_node *root);

static void
unknown(const struct expansion *x, const struct yaml_node *n)
{
	struct noted_near near = {.budget = NOTED_NEAR_BUDGET};

	near.names = arena_array(
	    x->load->scratch, x->load->fragment_count + 1, sizeof(*near.names));
	if (!near.names) {
		x->load->no_memory = true;
		return;
	}
	for (struct read_fragment *f = x->load->fragment_list; f; f = f->next)
		near.names[near.count++] = (const char *)f->item.key.p;
	noted_unknown(&near, x->ctx, n, "policy-fragment-unknown", "fragment");
}

/* The fragment that `n` names, itself expanded; NULL: there is a finding. */
static struct read_fragment *
find(struct expansion *x, struct yaml_node *n)
{
	struct read_fragment *f;
	const char *name;

	if (yaml_text(x->ctx, n, &name) != RC_OK)
		return NULL;
	f = (struct read_fragment *)table_get(&x->load->fragments, n->text);
	if (!f) {
		unknown(x, n);
		return NULL;
	}
	f->is_used = true;
	if (f->state == EXPANDING || x->depth == DEPTH_MAX) {
		yaml_error(x->ctx, n, "policy-fragment",
		    f->state == EXPANDING
			? "%s uses itself"
			: "%s is deeper in others than 8 fragments",
		    name);
		return NULL;
	}
	if (f->state == WRITTEN) {
		struct expansion below = {
		    x->load, &f->ctx, x->user, x->depth + 1};

		f->state = EXPANDING;
		expand(&below, f->root);
		f->state = EXPANDED;
	}
	return f;
}

/* --- putting them in ------------------------------------------------------ */

static struct yaml_node *
copy(struct expansion *x, const struct yaml_ctx *from, struct yaml_node *n,
    struct yaml_node *parent)
{
	struct yaml_node *out = NULL, **tail;

	if (x->load->copies < COPIES_MAX)
		out = arena_alloc(x->load->scratch, sizeof(*out));
	else if (x->load->copies == COPIES_MAX)
		yaml_error(x->ctx, n, "policy-limit",
		    "more than %d values by fragments", COPIES_MAX);
	x->load->copies++;
	if (!out) {
		x->load->no_memory |= x->load->copies <= COPIES_MAX;
		return NULL;
	}
	*out = *n;
	out->file = n->file ? n->file : from->file;
	out->user = x->user;
	out->origin = n->origin ? n->origin : n;
	out->parent = parent;
	out->next = NULL;
	out->children = NULL;
	out->used = false;
	tail = &out->children;
	for (struct yaml_node *i = n->children; i; i = i->next) {
		*tail = copy(x, from, i, out);
		if (!*tail)
			return NULL;
		tail = &(*tail)->next;
	}
	return out;
}

/* The children of a map by their keys: a map may have as many as a file has
 * nodes. */
struct child {
	struct table_item item; /* by key */
	struct yaml_node *node;
};

struct children {
	struct table by_key;
	struct child *list;
};

static bool
note_children(struct children *c, struct yaml_node *map)
{
	size_t n = 0;

	*c =
	    (struct children){.list = calloc(map->count + 1, sizeof(*c->list))};
	if (!c->list)
		return false;
	if (table_init(&c->by_key) != RC_OK) {
		free(c->list);
		c->list = NULL;
		return false;
	}
	for (struct yaml_node *i = map->children; i; i = i->next, n++) {
		c->list[n].item.key = i->key->text;
		c->list[n].node = i;
		table_put(&c->by_key, &c->list[n].item);
	}
	return true;
}

static void
forget_children(struct children *c)
{
	if (c->list)
		table_fini(&c->by_key);
	free(c->list);
}

static bool
is_skipped(const struct yaml_node *n, const char *const *but)
{
	bool skip = span_is(n->key->text, "use");

	for (size_t i = 0; but && but[i]; i++)
		skip |= span_is(n->key->text, but[i]);
	return skip;
}

/* What is there already wins; maps in both are put together, but for `key:`,
 * whose keys are one or the other. */
static void
merge(struct expansion *x, const struct yaml_ctx *from, struct yaml_node *to,
    struct yaml_node *with, const char *const *but)
{
	struct yaml_node **tail = &to->children;
	struct children has;

	if (!note_children(&has, to)) {
		x->load->no_memory = true;
		goto out;
	}
	while (*tail)
		tail = &(*tail)->next;
	for (struct yaml_node *n = with->children; n; n = n->next) {
		const struct child *c;
		struct yaml_node *there;

		if (is_skipped(n, but))
			continue;
		c = (const struct child *)table_get(&has.by_key, n->key->text);
		there = c ? c->node : NULL;
		if (there && there->kind == YAML_MAP && n->kind == YAML_MAP &&
		    !span_is(n->key->text, "key"))
			merge(x, from, there, n, NULL);
		if (there)
			continue;
		*tail = copy(x, from, n, to);
		if (!*tail)
			break;
		(*tail)->index = to->count++;
		tail = &(*tail)->next;
	}
out:
	forget_children(&has);
}

/* The map `to` is that `section` of a fragment; NULL: all of it. */
static void
put_in(struct expansion *x, struct yaml_node *to, const char *section)
{
	static const char *const own[] = {
	    "fragment", "server", "security", NULL};
	struct yaml_node *use = yaml_get(to, "use"), *items[GRAMMAR_USES_MAX],
			 *item;
	size_t count;

	if (!use)
		return;
	item = yaml_items(use, &count);
	if (count == 0 || count > GRAMMAR_USES_MAX) {
		yaml_error(x->ctx, use, "policy-limit",
		    "%zu names; 1 to %d are expected", count, GRAMMAR_USES_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++, item = item->next)
		items[i] = item;
	/* the last wins over those in front of it */
	for (size_t i = count; i-- > 0;) {
		struct read_fragment *f = find(x, items[i]);
		struct yaml_node *piece;

		if (!f)
			continue;
		piece = section ? yaml_get(f->root, section) : f->root;
		if (piece && piece->kind == YAML_MAP)
			merge(x, &f->ctx, to, piece, section ? NULL : own);
		else
			yaml_error(x->ctx, items[i], "policy-fragment",
			    "%.*s has no map `%s:`, which is what belongs here",
			    SPAN_FMT(f->item.key), section);
	}
}

static void
expand_security(struct expansion *x, struct yaml_node *map)
{
	struct yaml_node *n = yaml_get(map, "security");

	if (n && n->kind == YAML_MAP)
		put_in(x, n, "security");
}

static void
expand_servers(struct expansion *x, struct yaml_node *map)
{
	struct yaml_node *list = yaml_get(map, "servers");

	if (!list || list->kind != YAML_LIST)
		return;
	for (struct yaml_node *n = list->children; n; n = n->next) {
		if (n->kind != YAML_MAP || n->file)
			continue;
		if (yaml_get(n, "pool")) {
			expand_servers(x, n);
			continue;
		}
		put_in(x, n, "server");
		expand_security(x, n);
	}
}

/* What comes out of a fragment is expanded there. */
static void
expand(struct expansion *x, struct yaml_node *root)
{
	struct yaml_node *n;

	put_in(x, root, NULL);
	expand_servers(x, root);
	n = yaml_get(root, "bootstrap_account");
	if (n && n->kind == YAML_MAP)
		expand_security(x, n);
	n = yaml_get(root, "server");
	if (n && n->kind == YAML_MAP) {
		put_in(x, n, "server");
		expand_security(x, n);
	}
	n = yaml_get(root, "security");
	if (n && n->kind == YAML_MAP)
		put_in(x, n, "security");
}

void
fragments_expand(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	struct yaml_node *name = yaml_get(root, "policy");
	struct expansion x = {.load = l, .ctx = c};
	char user[600];

	snprintf(user, sizeof(user), "policy %.*s at %s:%u",
	    name && name->kind == YAML_SCALAR ? (int)name->text.len : 1,
	    name && name->kind == YAML_SCALAR ? (const char *)name->text.p
					      : "?",
	    c->file, root->line);
	x.user = arena_str(l->scratch, user);
	if (x.user)
		expand(&x, root);
	else
		l->no_memory = true;
}
