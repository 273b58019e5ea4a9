/*
 * Does anybody come to what is there? Policies for endpoints that no identity
 * lets in, identities whose devices no policy is for, lists of strangers.
 */
#include "policy/load.h"

#include "policy/cover.h"
#include "policy/match.h"

enum {
	PAIRS_MAX = 300000, /* of a policy and an identity */
	NAMES_MAX = 2000000, /* of a listed endpoint and an identity */
};

/* May a device of the document come to the policy? */
static bool
leads_to(const struct identity *id, const struct policy *p)
{
	const struct policy_match *m = &p->match;

	if (m->credentials &&
	    !(m->credentials & 1u << policy_credential_of(id)))
		return false;
	if ((m->issuer_count || m->sans) && id->kind != IDENTITY_CERTIFICATE)
		return false;
	return match_meets_glob(p, id->endpoint);
}

static bool
names(const struct policy *p, const struct identity *id)
{
	for (const char **n = p->identities; n && *n; n++)
		if (strcmp(*n, id->name) == 0)
			return true;
	return !p->identities;
}

/* Both ways at once: every pair is looked at until each has one. */
struct ways {
	struct load *load;
	bool *served; /* by place of the identity */
	bool *named; /* likewise: by a policy, or by one for all */
	size_t budget;
};

static bool
look_at(struct ways *w, const struct policy *p)
{
	bool reached = false, known = false;
	size_t i = 0;

	for (struct read_identity *d = w->load->identities; d;
	     d = d->next, i++) {
		const struct identity *id = &d->value;

		if (!names(p, id))
			continue;
		known = w->named[i] = true;
		if (reached && w->served[i])
			continue;
		if (w->budget == 0)
			return true;
		w->budget--;
		if (leads_to(id, p))
			reached = w->served[i] = true;
	}
	/* one that names what is not there has its finding */
	return reached || !known;
}

static void
check_policies(struct ways *w)
{
	for (struct read_policy *d = w->load->policies; d; d = d->next)
		if (!look_at(w, &d->value))
			yaml_report(&d->ctx, DIAG_WARNING, d->root,
			    "policy-no-way-in",
			    "no device comes to this policy: no identity that "
			    "it is for has such endpoints and such "
			    "credentials");
}

static void
check_identities(const struct ways *w)
{
	size_t i = 0;

	for (struct read_identity *d = w->load->identities; d; d = d->next, i++)
		if (w->named[i] && !w->served[i])
			yaml_report(&d->ctx, DIAG_WARNING, d->root,
			    "policy-identity-unused",
			    "no policy is for endpoints of this identity: its "
			    "devices are refused");
}

/* --- lists ---------------------------------------------------------------- */

struct listed {
	struct load *load;
	size_t budget;
};

struct strangers {
	const char *path;
	size_t count, all;
	struct span like; /* the first of them */
	unsigned line; /* its; 0: not known */
};

static void
meet(struct listed *l, struct strangers *s, struct span name, unsigned line)
{
	s->all++;
	for (struct read_identity *d = l->load->identities; d; d = d->next) {
		if (l->budget == 0 || glob_match(d->value.endpoint, name))
			return;
		l->budget--;
	}
	if (s->count++ == 0) {
		s->like = name;
		s->line = line;
	}
}

static void
report(struct load *l, const struct strangers *s)
{
	if (s->count > 0)
		diag_add(l->diag, DIAG_WARNING, s->path, s->line, 0,
		    "policy-list-stranger",
		    "%zu of %zu endpoints, like %s, are no identity's: such "
		    "devices cannot come in",
		    s->count, s->all, YAML_SHOW(s->like));
}

static void
check_list(void *ctx, struct table_item *item)
{
	const struct read_file *f = (const struct read_file *)item;
	struct listed *l = ctx;
	struct strangers s = {.path = f->path};

	for (size_t i = 0; f->is_list && i < f->name_count; i++)
		meet(l, &s, f->names[i], 0);
	report(l->load, &s);
}

static bool
is_any(const char *glob)
{
	return glob[strspn(glob, "*")] == '\0';
}

static void
check_lists(struct load *l)
{
	struct listed all = {l, NAMES_MAX};

	for (struct read_identity *d = l->identities; d; d = d->next)
		if (is_any(d->value.endpoint))
			return;
	for (struct read_devices *f = l->devices; f; f = f->next) {
		struct strangers s = {.path = f->path};

		for (size_t i = 0; i < f->count; i++)
			meet(&all, &s, f->rows[i].value.endpoint,
			    f->rows[i].line);
		report(l, &s);
	}
	table_each(&l->files, check_list, &all);
}

void
check_ways_in(struct load *l)
{
	struct ways w = {.load = l, .budget = PAIRS_MAX};

	if (l->identity_count == 0)
		return;
	w.served = arena_array(l->scratch, l->identity_count, sizeof(bool));
	w.named = arena_array(l->scratch, l->identity_count, sizeof(bool));
	if (!w.served || !w.named) {
		l->no_memory = true;
		return;
	}
	check_policies(&w);
	if (w.budget > 0)
		check_identities(&w);
	check_lists(l);
}
