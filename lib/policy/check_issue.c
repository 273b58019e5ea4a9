/*
 * Who makes certificates for devices, and of which profile: names are looked
 * up when all documents are there, and what was made must be let in again.
 */
#include "policy/load.h"

struct issuers {
	struct load *load;
	struct table authorities, certificates;
	struct noted_near near_authority, near_certificate;
};

/* The names of all documents of a kind; false: memory. */
static bool
note_all(struct issuers *k)
{
	struct load *l = k->load;
	struct noted_near *a = &k->near_authority, *p = &k->near_certificate;

	a->budget = p->budget = NOTED_NEAR_BUDGET;
	a->names =
	    arena_array(l->scratch, l->authority_count + 1, sizeof(*a->names));
	p->names = arena_array(
	    l->scratch, l->certificate_count + 1, sizeof(*p->names));
	if (!a->names || !p->names)
		return false;
	for (struct read_authority *d = l->authorities; d; d = d->next) {
		noted_name(l, &k->authorities, &d->ctx, d->root, "authority",
		    d->value.name, &d->value.place, a->count);
		a->names[a->count++] = d->value.name;
	}
	for (struct read_certificate *d = l->certificates; d; d = d->next) {
		noted_name(l, &k->certificates, &d->ctx, d->root,
		    "certificate_profile", d->value.name, &d->value.place,
		    p->count);
		p->names[p->count++] = d->value.name;
	}
	return !l->no_memory;
}

/* The document that a checked text names; NULL: there is a finding why. */
static struct noted *
look_up(const struct table *t, struct noted_near *near,
    const struct yaml_ctx *c, struct yaml_node *n, const char *code,
    const char *kind)
{
	struct noted *found;
	const char *name;

	if (!n || yaml_text(c, n, &name) != RC_OK)
		return NULL;
	found = noted_find(t, name);
	if (found)
		found->named = true;
	else
		noted_unknown(near, c, n, code, kind);
	return found;
}

static void
resolve(struct issuers *k, struct read_issue *i,
    const struct policy_authority *authorities,
    const struct policy_certificate *certificates)
{
	const struct noted *found = look_up(&k->authorities, &k->near_authority,
	    &i->ctx, i->ca, "policy-authority-unknown", "authority");

	if (found)
		i->value->ca = &authorities[found->index];
	if (!i->profile)
		found = noted_find(&k->certificates, POLICY_BUILT_IN);
	else
		found = look_up(&k->certificates, &k->near_certificate, &i->ctx,
		    i->profile, "policy-profile-unknown",
		    "certificate_profile");
	if (found)
		i->value->profile = &certificates[found->index];
}

static bool
has_cn(const struct policy_certificate *p)
{
	for (size_t i = 0; i < p->subject_count; i++)
		if (strcmp(p->subject[i].attribute, "CN") == 0 &&
		    strcmp(p->subject[i].value, "{endpoint}") == 0)
			return true;
	return false;
}

/* Would a certificate that the document makes be one that it lets in? */
static void
check_way_back(const struct read_identity *d)
{
	const struct identity *id = &d->value;
	const struct policy_certificate *p = id->issue.profile;
	const char *wrong = NULL;

	if (!p)
		return;
	switch (id->endpoint_from) {
	case ENDPOINT_CN:
		if (!has_cn(p))
			wrong = "has no `CN: \"{endpoint}\"`";
		break;
	case ENDPOINT_SAN_URI:
		if (!p->san_uri || strcmp(p->san_uri, "{endpoint}") != 0)
			wrong = "has no `san_uri: \"{endpoint}\"`";
		break;
	case ENDPOINT_TABLE:
		wrong = "makes certificates whose fingerprints are in no table";
		break;
	}
	if (!wrong && !p->client_auth)
		wrong = "is without clientAuth";
	if (wrong)
		yaml_report(&d->ctx, DIAG_WARNING, d->root, "policy-way-back",
		    "devices of its images are not let in: the profile %s %s",
		    p->name, wrong);
}

static void
check_unused(struct issuers *k)
{
	for (struct read_authority *d = k->load->authorities; d; d = d->next) {
		const struct noted *n =
		    noted_find(&k->authorities, d->value.name);

		if (n && !n->named)
			yaml_report(&d->ctx, DIAG_WARNING, d->root,
			    "policy-authority-unused",
			    "no `issue:` names this authority");
	}
}

void
check_issues(struct load *l, const struct policy_authority *authorities,
    const struct policy_certificate *certificates)
{
	struct issuers k = {.load = l};

	if (table_init(&k.authorities) != RC_OK ||
	    table_init(&k.certificates) != RC_OK || !note_all(&k)) {
		l->no_memory = true;
		goto out;
	}
	for (struct read_issue *i = l->issues; i; i = i->next)
		resolve(&k, i, authorities, certificates);
	for (struct read_identity *d = l->identities; d; d = d->next)
		check_way_back(d);
	check_unused(&k);
out:
	table_fini(&k.certificates);
	table_fini(&k.authorities);
}
