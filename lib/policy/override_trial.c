/* A policy with overrides put into its tree, read and checked as if it stood
 * there so: whatever is promised of policies is promised of these, too. */
#include "policy/overriding.h"
#include "policy/profile.h"

enum {
	NODES_MAX = 4000000, /* of all trials of a load */
	TEXT_MAX = 1200,
};

struct trial {
	struct load *load;
	const struct yaml_ctx *ctx; /* of the override; NULL: of the policy */
	const char *user; /* the override, for findings */
};

/* --- the tree ------------------------------------------------------------- */

/* NULL: no memory, or too many. */
static struct yaml_node *
copy(const struct trial *t, const struct yaml_node *n, struct yaml_node *parent)
{
	struct load *l = t->load;
	struct yaml_node *out = NULL, **tail;

	if (l->trial_nodes < NODES_MAX)
		out = arena_alloc(l->scratch, sizeof(*out));
	l->no_memory |= !out;
	if (!out)
		return NULL;
	l->trial_nodes++;
	*out = *n;
	if (t->ctx) {
		out->file = t->ctx->file;
		out->user = t->user;
	}
	out->origin = NULL;
	out->told = NULL;
	out->parent = parent;
	out->next = NULL;
	out->children = NULL;
	out->used = false;
	tail = &out->children;
	for (const struct yaml_node *i = n->children; i; i = i->next) {
		*tail = copy(t, i, out);
		if (!*tail)
			return NULL;
		tail = &(*tail)->next;
	}
	return out;
}

/* In place of what has its key, or behind the others. */
static void
put(const struct trial *t, struct yaml_node *to, const struct yaml_node *n)
{
	struct yaml_node *out = copy(t, n, to), **at = &to->children;

	if (!out)
		return;
	while (*at && !span_equal((*at)->key->text, n->key->text))
		at = &(*at)->next;
	out->index = *at ? (*at)->index : to->count;
	out->next = *at ? (*at)->next : NULL;
	to->count += !*at;
	*at = out;
}

/* The keys of `with` over those of `to`; maps in both as deep as that. */
static void
put_all(const struct trial *t, struct yaml_node *to,
    const struct yaml_node *with, unsigned depth)
{
	for (const struct yaml_node *n = with->children; n; n = n->next) {
		struct yaml_node *there =
		    yaml_get(to, (const char *)n->key->text.p);

		/* that has its finding */
		if (n->refused)
			continue;
		if (depth > 0 && there && there->kind == YAML_MAP &&
		    n->kind == YAML_MAP)
			put_all(t, there, n, depth - 1);
		else
			put(t, to, n);
	}
}

/* Maps of settings, and `resources:`, have one level more. */
static void
put_servers(
    const struct trial *t, struct yaml_node *list, struct yaml_node *with)
{
	for (struct yaml_node *n = list->children; n; n = n->next) {
		struct yaml_node *members, *name, *own;

		if (n->kind != YAML_MAP)
			continue;
		members = yaml_get(n, "pool") ? yaml_get(n, "servers") : NULL;
		if (members && members->kind == YAML_LIST) {
			put_servers(t, members, with);
			continue;
		}
		name = yaml_get(n, "name");
		own = name && name->kind == YAML_SCALAR
		    ? yaml_get(with, (const char *)name->text.p)
		    : NULL;
		if (own && own->kind == YAML_MAP)
			put_all(t, n, own, 1);
	}
}

static void
put_override(struct load *l, struct yaml_node *root, struct read_override *o)
{
	static const char *const alone[] = {"verify", "on_failure", NULL};
	struct yaml_node *n = yaml_get(o->root, "servers");
	struct yaml_node *there = yaml_get(root, "servers");
	struct yaml_node *name = yaml_get(root, "policy");
	struct trial t = {.load = l, .ctx = &o->ctx};
	char user[600];

	snprintf(user, sizeof(user), "policy %.*s at %s:%u",
	    name && name->kind == YAML_SCALAR ? (int)name->text.len : 1,
	    name && name->kind == YAML_SCALAR ? (const char *)name->text.p
					      : "?",
	    o->trial_file, root->line);
	t.user = arena_str(l->scratch, user);
	l->no_memory |= !t.user;
	if (n && n->kind == YAML_MAP && there && there->kind == YAML_LIST)
		put_servers(&t, there, n);
	for (size_t i = 0; i < 2; i++) {
		const char *key = i == 0 ? "objects" : "device";

		n = yaml_get(o->root, key);
		there = yaml_get(root, key);
		if (n && there && n->kind == YAML_MAP &&
		    there->kind == YAML_MAP)
			put_all(&t, there, n, i == 0 ? 2 : 0);
		else if (n)
			put(&t, root, n);
	}
	for (size_t i = 0; alone[i]; i++) {
		n = yaml_get(o->root, alone[i]);
		if (n)
			put(&t, root, n);
	}
}

/* --- what is found -------------------------------------------------------- */

static bool
same_place(const struct diag_finding *a, const struct diag_finding *b)
{
	return a->line == b->line && a->column == b->column &&
	    strcmp(a->code, b->code) == 0 && strcmp(a->file, b->file) == 0;
}

/* What is wrong with a value of the override is said once, however many
 * policies it is for; what is wrong elsewhere, unless it was so before. */
static void
join(struct load *l, const struct diag_finding *f,
    const struct read_override *last)
{
	const struct policy_override *o = &last->value;
	const bool own = strstr(f->text, " (used by policy ") &&
	    strcmp(f->file, o->place.file) == 0;
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%s%s%s%s", f->text,
	    own ? "" : " (with the override ", own ? "" : o->name,
	    own ? "" : ")");
	for (size_t i = 0; i < diag_total(l->diag); i++) {
		const struct diag_finding *there = diag_get(l->diag, i);

		if (same_place(f, there) &&
		    (own || strcmp(there->text, f->text) == 0 ||
			strcmp(there->text, text) == 0))
			return;
	}
	diag_add(l->diag, f->level, f->file, f->line, f->column, f->code, "%s",
	    text);
}

/* All that is checked of a policy for itself, of this one alone. */
static void
check(struct load *l, struct read_policy *d, const struct identity *identities,
    const struct policy_set *set)
{
	struct read_policy *policies = l->policies;

	l->policies = d;
	profile_resolve_policy(l, d);
	check_accounts(l, identities);
	check_devices(l);
	check_links(l);
	check_placeholders(l, set);
	/* as of the policies themselves */
	if (diag_count(l->diag, DIAG_ERROR) == 0)
		check_servers_usual(l);
	l->policies = policies;
}

void
override_trial(struct load *l, const struct read_policy *p,
    struct read_override *const *with, size_t count,
    const struct identity *identities, const struct policy_set *set)
{
	struct yaml_ctx ctx = {.diag = diag_new(), .file = p->ctx.file};
	const struct trial plain = {.load = l};
	struct read_policy *d = arena_alloc(l->scratch, sizeof(*d));
	struct yaml_node *root = copy(&plain, p->root, NULL);
	const size_t server_count = l->server_count;
	struct arena *arena = l->arena;

	if (!ctx.diag || !d || !root) {
		l->no_memory = true;
		goto out;
	}
	for (size_t i = 0; i < count; i++) {
		with[i]->trial_file = p->ctx.file;
		put_override(l, root, with[i]);
	}
	/* nothing of it is of the set */
	l->arena = l->scratch;
	*d = (struct read_policy){0};
	read_policy(l, &ctx, root, 0, d);
	check(l, d, identities, set);
	l->arena = arena;
	l->server_count = server_count;
	for (size_t i = 0; i < diag_total(ctx.diag); i++)
		join(l, diag_get(ctx.diag, i), with[count - 1]);
out:
	diag_free(ctx.diag);
}
