#include "issue/tell.h"

#include "policy/override.h"

#include <stdlib.h>

void
tell_place_alone(FILE *f, struct policy_place at)
{
	if (strcspn(at.file, "\"\\ \t\r\n\033") == strlen(at.file))
		fputs(at.file, f);
	else
		put_quoted(f, span_str(at.file));
	fprintf(f, ":%u", at.line);
}

void
tell_place(FILE *f, const char *name, struct policy_place at)
{
	put_quoted(f, span_str(name));
	fputs("  (", f);
	tell_place_alone(f, at);
	fputs(")\n", f);
}

static void
place_json(struct json_out *j, struct policy_place at)
{
	jout_str(j, "file", at.file);
	jout_int(j, "line", at.line);
}

/* --- identity documents --------------------------------------------------- */

/** A document, and what of it does not fit. */
struct ranked {
	const struct identity *id;
	struct identity_unmet unmet[IDENTITY_UNMET_MAX];
	size_t count;
};

/** Fewer that do not fit are nearer; of the other kind of credential is far. */
static unsigned
distance(const struct ranked *r, const struct identity_facts *facts)
{
	enum { OTHER_KIND = IDENTITY_UNMET_MAX };

	return (unsigned)r->count +
	    (policy_credential_of(r->id) == facts->kind ? 0 : OTHER_KIND);
}

/** The nearest of all, in order; owned. NULL: out of memory. */
static struct ranked *
rank(const struct policy_set *s, const struct identity_facts *facts,
    tell_more_fn more, const void *ctx, size_t *count)
{
	struct ranked *out = calloc(TELL_NEAR_MAX + 1, sizeof(*out));

	*count = 0;
	for (size_t i = 0; out && i < s->identity_count; i++) {
		struct ranked r = {.id = &s->identities[i]};
		size_t at = *count;

		r.count = identity_unmet(r.id, facts, r.unmet);
		if (r.count == 0 && more)
			r.count = more(ctx, r.id, &r.unmet[0]);
		while (at > 0 &&
		    distance(&out[at - 1], facts) > distance(&r, facts))
			at--;
		if (at == TELL_NEAR_MAX)
			continue;
		memmove(&out[at + 1], &out[at], (*count - at) * sizeof(out[0]));
		out[at] = r;
		*count += *count < TELL_NEAR_MAX;
	}
	return out;
}

enum rc
tell_identities(FILE *f, const struct policy_set *s,
    const struct identity_facts *facts, tell_more_fn more, const void *ctx)
{
	size_t n;
	struct ranked *all = rank(s, facts, more, ctx, &n);

	if (!all)
		return RC_MEMORY;
	for (size_t i = 0; i < n; i++) {
		fputs("not         ", f);
		tell_place(f, all[i].id->name, all[i].id->place);
		for (size_t u = 0; u < all[i].count; u++)
			fprintf(f, "            %s: %s\n", all[i].unmet[u].key,
			    all[i].unmet[u].text);
	}
	if (s->identity_count > n)
		fprintf(f, "not         %zu more\n", s->identity_count - n);
	free(all);
	return RC_OK;
}

enum rc
tell_identities_json(struct json_out *j, const struct policy_set *s,
    const struct identity_facts *facts, tell_more_fn more, const void *ctx)
{
	size_t n;
	struct ranked *all = rank(s, facts, more, ctx, &n);

	if (!all)
		return RC_MEMORY;
	jout_begin(j, "identities", '[');
	for (size_t i = 0; i < n; i++) {
		jout_begin(j, NULL, '{');
		jout_str(j, "identity", all[i].id->name);
		place_json(j, all[i].id->place);
		jout_begin(j, "fails", '[');
		for (size_t u = 0; u < all[i].count; u++) {
			jout_begin(j, NULL, '{');
			jout_str(j, "key", all[i].unmet[u].key);
			jout_str(j, "text", all[i].unmet[u].text);
			jout_end(j, '}');
		}
		jout_end(j, ']');
		jout_end(j, '}');
	}
	jout_end(j, ']');
	free(all);
	return RC_OK;
}

/* --- policies ------------------------------------------------------------- */

static void
tell_near(FILE *f, const struct policy_set *s, const struct policy_facts *facts,
    const struct policy_near *n)
{
	struct policy_unmet unmet[POLICY_CONDITIONS];
	char line[4 * WHY_TEXT_MAX];
	struct writer w;
	size_t count;

	fputs(n->unmet ? "not         " : "later       ", f);
	tell_place(f, n->policy->name, n->policy->place);
	if (n->unmet == 0) {
		fprintf(f,
		    "            it matches too, but comes later (order "
		    "%lld)\n",
		    (long long)n->policy->order);
		return;
	}
	count = policy_unmet(s, n->policy, facts, unmet);
	for (size_t i = 0; i < count; i++) {
		writer_init(&w, line, sizeof(line));
		policy_unmet_print(&w, &unmet[i]);
		fprintf(f, "            %.*s\n", SPAN_FMT(writer_span(&w)));
	}
}

void
tell_policy(FILE *f, const struct policy *own)
{
	fputs("policy      ", f);
	if (own)
		tell_place(f, own->name, own->place);
	else
		fputs("none\n", f);
}

void
tell_policies(FILE *f, const struct policy_set *s,
    const struct policy_facts *facts, const struct policy *own)
{
	struct policy_near near[TELL_NEAR_MAX];
	size_t others,
	    n = policy_near_misses(s, facts, own, near, TELL_NEAR_MAX, &others);

	for (size_t i = 0; i < n; i++)
		tell_near(f, s, facts, &near[i]);
	if (others > 0)
		fprintf(f,
		    "            %zu other polic%s not for this device\n",
		    others, others == 1 ? "y is" : "ies are");
}

static void
unmet_json(struct json_out *j, const struct policy_unmet *u)
{
	char line[4 * WHY_TEXT_MAX];
	struct writer w;

	jout_begin(j, NULL, '{');
	jout_str(j, "key", policy_miss_key(u->key));
	jout_int(j, "line", u->at.line);
	if (u->sees[0])
		jout_str(j, "sees", u->sees);
	if (u->seen_at.line) {
		jout_begin(j, "seen_at", '{');
		place_json(j, u->seen_at);
		jout_end(j, '}');
	}
	jout_str(j, "wants", u->wants);
	writer_init(&w, line, sizeof(line));
	policy_unmet_print(&w, u);
	jout_text(j, "text", writer_span(&w));
	jout_end(j, '}');
}

static void
near_json(struct json_out *j, const struct policy_set *s,
    const struct policy_facts *facts, const struct policy_near *n)
{
	struct policy_unmet unmet[POLICY_CONDITIONS];
	size_t count = policy_unmet(s, n->policy, facts, unmet);

	jout_begin(j, NULL, '{');
	jout_str(j, "policy", n->policy->name);
	place_json(j, n->policy->place);
	jout_int(j, "order", n->policy->order);
	jout_bool(j, "later", n->unmet == 0);
	jout_begin(j, "fails", '[');
	for (size_t i = 0; i < count; i++)
		unmet_json(j, &unmet[i]);
	jout_end(j, ']');
	jout_end(j, '}');
}

void
tell_policies_json(struct json_out *j, const struct policy_set *s,
    const struct policy_facts *facts, const struct policy *own)
{
	struct policy_near near[TELL_NEAR_MAX];
	size_t others,
	    n = policy_near_misses(s, facts, own, near, TELL_NEAR_MAX, &others);

	if (own) {
		jout_begin(j, "policy", '{');
		jout_str(j, "name", own->name);
		place_json(j, own->place);
		jout_int(j, "order", own->order);
		jout_end(j, '}');
	} else {
		jout_str(j, "policy", NULL);
	}
	jout_begin(j, "near", '[');
	for (size_t i = 0; i < n; i++)
		near_json(j, s, facts, &near[i]);
	jout_end(j, ']');
	jout_int(j, "others", (int64_t)others);
}

/* --- what was chosen ------------------------------------------------------ */

static const char *
again_words(enum policy_again again)
{
	static const char *const words[] = {
	    [AGAIN_FIRST] = "",
	    [AGAIN_SAME] = "it was here before, and keeps its keys",
	    [AGAIN_ROTATED] = "it was here before: keys of the next turn",
	    [AGAIN_RESET] = "it was here before: everything is deleted first",
	    [AGAIN_RELEASED] = "it was here before, and is let in once more",
	};

	return words[again];
}

/** Of all members of a pool that take devices. */
static uint64_t
weight_of(const struct policy *p, const struct policy_pool *pool)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < pool->count; i++) {
		const struct policy_share *s =
		    &p->servers[pool->first + i].share;

		sum += s->drain ? 0 : s->weight;
	}
	return sum;
}

/** Of what the policy has: a policy that is given has no pools. */
static const struct policy_server *
member_of(const struct policy_decided *d, const struct policy_choice *c)
{
	return &d->policy->servers[c->server];
}

static void
tell_choice(FILE *f, const struct policy_decided *d, size_t i)
{
	const struct policy_choice *c = &d->choices[i];
	const struct policy_server *s = member_of(d, c);

	fputs("server      ", f);
	tell_place(f, d->given.servers[i].name,
	    (struct policy_place){d->policy->place.file, s->line});
	fprintf(f, "            of the %zu in pool ", c->pool->count);
	put_quoted(f, span_str(c->pool->name));
	if (c->why == CHOSEN_STAYS)
		fputs(", full, and where it is already", f);
	else
		fprintf(f, ", by %s", policy_chosen_name(c->why));
	if (c->why == CHOSEN_HASH)
		fprintf(f, " (weight %u of %llu)", (unsigned)s->share.weight,
		    (unsigned long long)weight_of(d->policy, c->pool));
	if (c->drained)
		fprintf(f, "; %u passed over that drain%s", c->drained,
		    c->drained == 1 ? "s" : "");
	if (c->full)
		fprintf(f, "; %u passed over that %s full", c->full,
		    c->full == 1 ? "is" : "are");
	putc('\n', f);
}

/** Is it about a server that the device is given, or about none? */
static bool
is_changed(
    const struct policy_decided *d, const struct policy_override_change *c)
{
	for (size_t i = 0; c->server && i < d->given.server_count; i++)
		if (strcmp(d->given.servers[i].name, c->server) == 0)
			return true;
	return !c->server;
}

static void
tell_override(FILE *f, const struct policy_decided *d, size_t n)
{
	const struct policy_override *o = d->overrides[n];

	fputs("override    ", f);
	tell_place(f, o->name, o->place);
	for (size_t i = 0; i < o->change_count; i++) {
		const struct policy_override_change *c = &o->changes[i];

		if (!is_changed(d, c))
			continue;
		fputs("            ", f);
		tell_place(
		    f, c->what, (struct policy_place){o->place.file, c->line});
	}
}

static void
override_json(struct json_out *j, const struct policy_decided *d, size_t n)
{
	const struct policy_override *o = d->overrides[n];

	jout_begin(j, NULL, '{');
	jout_str(j, "name", o->name);
	jout_str(j, "file", o->place.file);
	jout_int(j, "line", o->place.line);
	jout_begin(j, "changes", '[');
	for (size_t i = 0; i < o->change_count; i++) {
		if (!is_changed(d, &o->changes[i]))
			continue;
		jout_begin(j, NULL, '{');
		jout_str(j, "what", o->changes[i].what);
		jout_int(j, "line", o->changes[i].line);
		jout_end(j, '}');
	}
	jout_end(j, ']');
	jout_end(j, '}');
}

void
tell_choices(FILE *f, const struct policy_decided *d)
{
	const char *again = again_words(d->again);

	for (size_t i = 0; i < d->given.server_count; i++)
		if (d->choices[i].pool && d->choices[i].pool->name)
			tell_choice(f, d, i);
	for (size_t i = 0; i < d->override_count; i++)
		tell_override(f, d, i);
	if (again[0])
		fprintf(f, "again       %s\n", again);
	if (d->turn)
		fprintf(f,
		    "            epochs of its servers' keys are raised by "
		    "%u\n",
		    (unsigned)d->turn);
}

static void
choice_json(struct json_out *j, const struct policy_decided *d, size_t i)
{
	const struct policy_server *given = &d->given.servers[i];
	const struct policy_choice *c = &d->choices[i];
	const struct policy_server *s = member_of(d, c);

	jout_begin(j, NULL, '{');
	jout_str(j, "name", given->name);
	jout_int(j, "line", s->line);
	jout_int(j, "short_server_id", given->short_server_id);
	jout_str(j, "uri", given->uri);
	if (c->pool && c->pool->name) {
		jout_str(j, "pool", c->pool->name);
		jout_str(j, "chosen_by", policy_chosen_name(c->why));
		jout_int(j, "members", (int64_t)c->pool->count);
		jout_int(j, "weight", s->share.weight);
		jout_int(j, "weights", (int64_t)weight_of(d->policy, c->pool));
		jout_int(j, "drained", c->drained);
		jout_int(j, "full", c->full);
	}
	jout_end(j, '}');
}

void
tell_choices_json(struct json_out *j, const struct policy_decided *d)
{
	jout_begin(j, "servers", '[');
	for (size_t i = 0; i < d->given.server_count; i++)
		choice_json(j, d, i);
	jout_end(j, ']');
	jout_begin(j, "overrides", '[');
	for (size_t i = 0; i < d->override_count; i++)
		override_json(j, d, i);
	jout_end(j, ']');
	jout_str(j, "again", policy_again_name(d->again));
	jout_int(j, "turn", d->turn);
}
