/* All profiles of a set: the shipped ones, those of the folder, and what each
 * is based on. */
#include "policy/profile.h"

#include "policy/profiles_yaml.h"

struct profiles {
	struct load *load;
	struct table names; /* struct noted: index into `all` */
	struct read_profile **all;
	struct noted_near near;
	bool again; /* names that are there twice were said */
};

static const struct {
	const char *file, *text;
} shipped[] = {
    {"profiles/default.yaml", profile_default},
    {"profiles/anjay.yaml", profile_anjay},
    {"profiles/wakaama.yaml", profile_wakaama},
    {"profiles/zephyr.yaml", profile_zephyr},
    {"profiles/leshan.yaml", profile_leshan},
    {"profiles/contiki-ng.yaml", profile_contiki_ng},
    {"profiles/awa.yaml", profile_awa},
};

void
load_profile(struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	struct read_profile *doc = arena_alloc(l->scratch, sizeof(*doc));

	if (!doc) {
		l->no_memory = true;
		return;
	}
	*doc = (struct read_profile){
	    .value = {.name = "", .place = {c->file, root->line}},
	    .ctx = *c,
	    .root = root,
	    .based_on = yaml_get(root, "based_on"),
	};
	if (l->shipped)
		doc->value.place.line = 0;
	load_word(l, c, yaml_get(root, "profile"), "policy-name", word_name,
	    &doc->value.name);
	*l->profile_tail = doc;
	l->profile_tail = &doc->next;
	l->profile_count++;
}

void
profile_load_shipped(struct load *l)
{
	l->shipped = true;
	for (size_t i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++) {
		const struct yaml_ctx c = {l->diag, shipped[i].file};
		struct yaml_doc *docs;
		enum rc rc = yaml_parse(l->scratch, l->diag, c.file,
		    span_str(shipped[i].text), &docs);

		l->no_memory |= rc == RC_MEMORY;
		for (; rc == RC_OK && docs; docs = docs->next)
			load_document(l, &c, docs->root);
	}
	l->shipped = false;
}

/* --- names ---------------------------------------------------------------- */

/* False: memory. */
static bool
note_all(struct profiles *k)
{
	struct load *l = k->load;

	k->all = arena_array(l->scratch, l->profile_count, sizeof(*k->all));
	k->near.names = arena_array(
	    l->scratch, l->profile_count + 1, sizeof(*k->near.names));
	k->near.budget = NOTED_NEAR_BUDGET;
	if (!k->all || !k->near.names)
		return false;
	for (struct read_profile *d = l->profiles; d; d = d->next) {
		if (k->again)
			noted_add(l, &k->names, d->value.name, &d->value.place,
			    k->near.count);
		else
			noted_name(l, &k->names, &d->ctx, d->root, "profile",
			    d->value.name, &d->value.place, k->near.count);
		k->all[k->near.count] = d;
		k->near.names[k->near.count++] = d->value.name;
	}
	return !l->no_memory;
}

static struct read_profile *
find(struct profiles *k, const char *name)
{
	const struct noted *n = noted_find(&k->names, name);

	return n ? k->all[n->index] : NULL;
}

/* The profile that `n` names (NULL: the default); with a finding, the default
 * too, so that what is said beside it is read. */
static struct read_profile *
look_up(struct profiles *k, const struct yaml_ctx *c, struct yaml_node *n)
{
	struct read_profile *found;
	const char *name;

	if (!n || yaml_text(c, n, &name) != RC_OK)
		return find(k, PROFILE_DEFAULT);
	found = find(k, name);
	if (found)
		return found;
	noted_unknown(&k->near, c, n, "policy-device-profile", "profile");
	return find(k, PROFILE_DEFAULT);
}

/* --- what they are based on ----------------------------------------------- */

/* Over `out`, which keeps its name and place. */
static void
inherit(struct policy_profile *out, const struct policy_profile *base)
{
	const char *name = out->name;
	struct policy_place place = out->place;

	*out = *base;
	out->name = name;
	out->place = place;
}

/* The keys of `map`, with texts that outlive the load. */
static void
read_over(struct profiles *k, const struct yaml_ctx *c, struct yaml_node *map,
    const struct yaml_keys *keys, struct policy_profile *out)
{
	const char *inherited = out->discover_reply;

	profile_read(c, map, keys, out);
	if (out->discover_reply == inherited || !out->discover_reply)
		return;
	out->discover_reply = arena_str(k->load->arena, out->discover_reply);
	k->load->no_memory |= !out->discover_reply;
}

/* As deep as PROFILE_BASES_MAX. */
static void
resolve(struct profiles *k, struct read_profile *d, unsigned depth)
{
	struct read_profile *base;

	if (d->state != PROFILE_READ)
		return;
	d->state = PROFILE_RESOLVING;
	base = look_up(k, &d->ctx, d->based_on);
	/* The default is based on nothing. */
	if (base && base != d) {
		if (depth == PROFILE_BASES_MAX && base->state == PROFILE_READ) {
			yaml_error(&d->ctx, d->based_on, "policy-based-on",
			    "more than %d profiles are based on one another",
			    PROFILE_BASES_MAX);
			base = find(k, PROFILE_DEFAULT);
		}
		resolve(k, base, depth + 1);
	}
	if (base && base->state != PROFILE_RESOLVED && d->based_on) {
		yaml_error(&d->ctx, d->based_on, "policy-based-on",
		    "the profile is based on itself in the end");
		base = find(k, PROFILE_DEFAULT);
	}
	if (base && base != d)
		inherit(&d->value, &base->value);
	read_over(k, &d->ctx, d->root, &grammar_profile, &d->value);
	d->state = PROFILE_RESOLVED;
}

/* `device:` over `out`; NULL: as it is. */
static void
read_device(struct profiles *k, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_profile *out)
{
	struct yaml_node *name;
	const struct read_profile *base;

	if (!n || yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	name = yaml_get(n, "profile");
	base = name ? look_up(k, c, name) : NULL;
	if (base)
		*out = base->value;
	read_over(k, c, n, &grammar_device, out);
}

static void
give_device(struct profiles *k, const struct read_profile *standard,
    struct read_policy *d)
{
	d->value.device = standard->value;
	read_device(k, &d->ctx, d->device, &d->value.device);
	if (!d->correction)
		return;
	d->correction->device = d->value.device;
	read_device(k, &d->ctx, d->correction_device, &d->correction->device);
}

void
profile_resolve_policy(struct load *l, struct read_policy *d)
{
	struct profiles k = {.load = l, .again = true};
	const struct read_profile *standard;

	if (table_init(&k.names) != RC_OK || !note_all(&k))
		l->no_memory = true;
	standard = l->no_memory ? NULL : find(&k, PROFILE_DEFAULT);
	if (standard)
		give_device(&k, standard, d);
	table_fini(&k.names);
}

void
profile_resolve(struct load *l)
{
	struct profiles k = {.load = l};
	const struct read_profile *standard;

	if (table_init(&k.names) != RC_OK || !note_all(&k)) {
		l->no_memory = true;
		goto out;
	}
	for (struct read_profile *d = l->profiles; d; d = d->next)
		resolve(&k, d, 0);
	standard = find(&k, PROFILE_DEFAULT);
	for (struct read_policy *d = l->policies; standard && d; d = d->next)
		give_device(&k, standard, d);
out:
	table_fini(&k.names);
}
