#include "policy/set.h"

#include "base/loop.h"
#include "policy/index.h"
#include "policy/overriding.h"
#include "policy/profile.h"

#include <stdlib.h>

/* What a load needs besides the set itself, all of which ends with it. */
struct work {
	struct load load; /* `scratch` has the trees: checks look back */
	struct diag *diag; /* of this load alone: its errors decide */
};

static enum rc
read_all(struct work *w)
{
	const char **names;
	size_t count;
	enum rc rc = source_documents(&w->load.source, w->diag, &names, &count);

	for (size_t i = 0; rc == RC_OK && i < count; i++)
		rc = load_documents(&w->load, NULL, names[i], NULL, NULL);
	if (rc == RC_OK)
		load_waiting(&w->load);
	return rc;
}

static int
compare_order(const void *x, const void *y)
{
	const struct read_policy *a = *(struct read_policy *const *)x;
	const struct read_policy *b = *(struct read_policy *const *)y;

	if (a->value.order != b->value.order)
		return a->value.order < b->value.order ? -1 : 1;
	return (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

/* All that was read, and what names it. */
static enum rc
assemble_files(struct work *w, struct policy_set *s)
{
	struct source *source = &w->load.source;
	struct span manifest;
	enum rc rc = source_list(source, &s->files);

	if (rc != RC_OK)
		return rc;
	s->file_count = source->count;
	s->file_bytes = source->total;
	rc = policy_manifest(s, w->load.scratch, &manifest);
	if (rc == RC_OK)
		digest_of(manifest, s->digest);
	return rc;
}

/* Authorities and profiles as arrays of the set, and every `issue:` with its
 * own of them. */
static enum rc
assemble_issuers(struct load *l, struct policy_set *s)
{
	struct policy_authority *authorities =
	    load_alloc(l, l->authority_count, sizeof(*authorities));
	struct policy_certificate *certificates =
	    load_alloc(l, l->certificate_count, sizeof(*certificates));
	size_t n = 0;

	if (!authorities || !certificates)
		return RC_MEMORY;
	for (struct read_authority *d = l->authorities; d; d = d->next)
		authorities[n++] = d->value;
	n = 0;
	for (struct read_certificate *d = l->certificates; d; d = d->next)
		certificates[n++] = d->value;
	check_issues(l, authorities, certificates);
	s->authorities = authorities;
	s->authority_count = l->authority_count;
	s->certificates = certificates;
	s->certificate_count = l->certificate_count;
	return RC_OK;
}

/* Profiles as an array of the set; every policy has a copy of its own. */
static enum rc
assemble_profiles(struct load *l, struct policy_set *s)
{
	struct policy_profile *profiles =
	    load_alloc(l, l->profile_count, sizeof(*profiles));
	size_t n = 0;

	if (!profiles)
		return RC_MEMORY;
	profile_resolve(l);
	for (struct read_profile *d = l->profiles; d; d = d->next)
		profiles[n++] = d->value;
	s->profiles = profiles;
	s->profile_count = n;
	return RC_OK;
}

/* The lists of the load as arrays of the set, the policies as tried. */
static enum rc
assemble(struct work *w, struct policy_set *s)
{
	struct load *l = &w->load;
	struct identity *identities =
	    load_alloc(l, l->identity_count, sizeof(*identities));
	struct policy *policies =
	    load_alloc(l, l->policy_count, sizeof(*policies));
	struct read_policy **tried =
	    arena_array(w->load.scratch, l->policy_count, sizeof(*tried));
	size_t n = 0;

	if (!identities || !policies || !tried ||
	    assemble_issuers(l, s) != RC_OK || assemble_profiles(l, s) != RC_OK)
		return RC_MEMORY;
	for (struct read_identity *d = l->identities; d; d = d->next)
		identities[n++] = d->value;
	check_accounts(l, identities);
	n = 0;
	for (struct read_policy *d = l->policies; d; d = d->next)
		tried[n++] = d;
	qsort(tried, n, sizeof(*tried), compare_order);
	for (size_t i = 0; i < n; i++)
		policies[i] = tried[i]->value;
	assemble_devices(l, s);
	check_models(l, s);
	check_set(l, tried);
	check_placeholders(l, s);
	check_devices(l);
	check_links(l);
	check_purposes(l);
	/* of documents that were read in part they would say what is not so */
	if (diag_count(l->diag, DIAG_ERROR) == 0) {
		check_overlaps(l, tried);
		check_ways_in(l);
		check_servers_usual(l);
	}
	check_overrides(l, tried, policies, identities, s);
	s->identities = identities;
	s->identity_count = l->identity_count;
	s->policies = policies;
	s->policy_count = l->policy_count;
	s->override_count = l->override_count;
	s->server_count = l->server_count;
	assemble_images(l, s);
	s->index = index_new(l->arena, l->scratch, s);
	if (!s->index)
		return RC_MEMORY;
	return l->no_memory ? RC_MEMORY : assemble_files(w, s);
}

static void
warn_if_empty(struct work *w, const char *path)
{
	if (w->load.identity_count == 0 || w->load.policy_count == 0)
		diag_add(w->diag, DIAG_WARNING, path, 0, 0, "policy-empty",
		    "%zu identities and %zu policies: no device is served",
		    w->load.identity_count, w->load.policy_count);
}

static enum rc
work_init(struct work *w)
{
	struct load *l = &w->load;

	w->diag = diag_new();
	l->diag = w->diag;
	l->arena = arena_new(0);
	l->scratch = arena_new(0);
	l->now_s = clock_wall_ms() / 1000;
	l->identity_tail = &l->identities;
	l->policy_tail = &l->policies;
	l->authority_tail = &l->authorities;
	l->certificate_tail = &l->certificates;
	l->issue_tail = &l->issues;
	l->profile_tail = &l->profiles;
	l->document_tail = &l->documents;
	l->override_tail = &l->overrides;
	l->image_tail = &l->images;
	if (!w->diag || !l->arena || !l->scratch)
		return RC_MEMORY;
	load_built_in(l);
	profile_load_shipped(l);
	if (l->no_memory || table_init(&l->taken) != RC_OK ||
	    table_init(&l->fragments) != RC_OK)
		return RC_MEMORY;
	return table_init(&l->files);
}

/* Bytes for the ledger, which takes no more than so many. */
static void
hand_over_bytes(struct source *source, struct policy_set *s)
{
	if (s->file_bytes <= POLICY_KEPT_MAX) {
		s->file_arena = source->bytes;
		source->bytes = NULL;
		return;
	}
	/* else they end with the source */
}

/* What documents say, as a set; `path` is for a warning. */
static enum rc
load(struct work *w, const char *path, struct policy_set **out)
{
	struct policy_set *s = calloc(1, sizeof(*s));
	enum rc rc = s ? read_all(w) : RC_MEMORY;

	if (rc == RC_OK)
		rc = assemble(w, s);
	if (rc == RC_OK && diag_count(w->diag, DIAG_ERROR) > 0)
		rc = RC_CONFIG;
	if (rc != RC_OK) {
		free(s);
		return rc;
	}
	warn_if_empty(w, path);
	hand_over_bytes(&w->load.source, s);
	s->arena = w->load.arena;
	s->references = 1;
	w->load.arena = NULL;
	*out = s;
	return RC_OK;
}

static void
work_fini(struct work *w, struct diag *d)
{
	yaml_hand_over(w->diag, d);
	diag_free(w->diag);
	table_fini(&w->load.files);
	table_fini(&w->load.taken);
	table_fini(&w->load.fragments);
	source_fini(&w->load.source);
	arena_free(w->load.arena);
	arena_free(w->load.scratch);
}

enum rc
policy_load(const char *path, struct diag *d, struct policy_set **out)
{
	struct work w = {0};
	enum rc rc = work_init(&w);

	*out = NULL;
	if (rc == RC_OK)
		rc = source_init(&w.load.source, w.load.arena, path);
	if (rc == RC_OK)
		rc = load(&w, path, out);
	work_fini(&w, d);
	return rc;
}

enum rc
policy_load_files(const char *path, const struct policy_set_file *files,
    size_t count, struct diag *d, struct policy_set **out)
{
	struct work w = {0};
	enum rc rc = work_init(&w);

	*out = NULL;
	if (rc == RC_OK)
		rc = source_init_files(
		    &w.load.source, w.load.arena, path, files, count, w.diag);
	if (rc == RC_OK)
		rc = load(&w, path, out);
	work_fini(&w, d);
	return rc;
}

enum rc
policy_load_text(
    const char *file, struct span text, struct diag *d, struct policy_set **out)
{
	struct work w = {0};
	enum rc rc = work_init(&w);

	*out = NULL;
	if (rc == RC_OK)
		rc = source_init_text(&w.load.source, w.load.arena, file, text);
	if (rc == RC_OK)
		rc = load(&w, file, out);
	work_fini(&w, d);
	return rc;
}

struct policy_set *
policy_set_ref(struct policy_set *s)
{
	__atomic_add_fetch(&s->references, 1, __ATOMIC_RELAXED);
	return s;
}

/* Acquire and release: whoever frees sees all that the others did before. */
void
policy_set_unref(struct policy_set *s)
{
	if (!s || __atomic_sub_fetch(&s->references, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	arena_free(s->arena);
	arena_free(s->file_arena);
	free(s);
}
