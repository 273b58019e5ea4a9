#include "policy/set.h"

#include "base/loop.h"
#include "policy/index.h"
#include "policy/profile.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

/* What a load needs besides the set itself, all of which ends with it. */
struct work {
	struct load load; /* `scratch` has the trees: checks look back */
	struct diag *diag; /* of this load alone: its errors decide */
	struct digest digest;
};

static const char *
base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

static void
digest_part(struct digest *d, struct span part)
{
	uint8_t head[8];
	struct writer w;

	writer_init(&w, head, sizeof(head));
	writer_be(&w, part.len, sizeof(head));
	digest_put(d, writer_span(&w));
	digest_put(d, part);
}

/* The documents of one file. `docs` may be less than the file holds. */
static void
take_file(struct work *w, const char *file, struct span content,
    struct yaml_doc *docs)
{
	const struct yaml_ctx c = {w->diag, load_keep(&w->load, file)};

	digest_part(&w->digest, span_str(base_name(file)));
	digest_part(&w->digest, content);
	for (; docs; docs = docs->next)
		load_document(&w->load, &c, docs->root);
}

static enum rc
read_file(struct work *w, const char *file)
{
	struct span content;
	struct yaml_doc *docs;
	enum rc rc = yaml_load(w->load.scratch, w->diag, file, &content, &docs);

	if (rc == RC_MEMORY || rc == RC_IO)
		return rc;
	take_file(w, file, content, docs);
	return RC_OK;
}

static bool
ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

/* Not alphasort(3): the order must not depend on the locale. */
static int
compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Hidden files are what editors and config maps leave. */
static int
is_yaml(const struct dirent *e)
{
	return e->d_name[0] != '.' &&
	    (ends_with(e->d_name, ".yaml") || ends_with(e->d_name, ".yml"));
}

static enum rc
read_entry(struct work *w, const char *folder, const char *name)
{
	char file[PATH_MAX];
	enum rc rc;

	if (snprintf(file, sizeof(file), "%s%s%s", folder,
		ends_with(folder, "/") ? "" : "/", name) >= (int)sizeof(file)) {
		diag_add(w->diag, DIAG_ERROR, folder, 0, 0, "yaml-io",
		    "a path too long");
		return RC_OK;
	}
	if (ends_with(name, ".yml")) {
		diag_add(w->diag, DIAG_WARNING, file, 0, 0, "policy-file-name",
		    "not read: name it .yaml");
		return RC_OK;
	}
	rc = read_file(w, file);
	/* One file that cannot be read is a finding like any other. */
	return rc == RC_IO ? RC_OK : rc;
}

static enum rc
read_folder(struct work *w, const char *folder)
{
	struct dirent **entries;
	enum rc rc = RC_OK;
	int n = scandir(folder, &entries, is_yaml, compare_names);
	int why = errno;

	if (n < 0) {
		diag_add(w->diag, DIAG_ERROR, folder, 0, 0, "yaml-io",
		    "cannot be read: %s", strerror(why));
		return why == ENOMEM ? RC_MEMORY : RC_IO;
	}
	for (int i = 0; i < n; i++) {
		if (rc == RC_OK)
			rc = read_entry(w, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
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

/*
 * Behind the files of documents those that they name, in that order. No file
 * of documents has an empty name: where the one ends and the other begins is
 * part of what is hashed.
 */
static void
digest_named(struct work *w)
{
	if (w->load.file_list)
		digest_part(&w->digest, span_of(NULL, 0));
	for (const struct read_file *f = w->load.file_list; f; f = f->next) {
		digest_part(&w->digest, span_str(f->name));
		digest_part(&w->digest, f->bytes);
	}
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
	check_devices(l);
	check_links(l);
	check_purposes(l);
	s->identities = identities;
	s->identity_count = l->identity_count;
	s->policies = policies;
	s->policy_count = l->policy_count;
	s->server_count = l->server_count;
	s->index = index_new(l->arena, l->scratch, s);
	if (!s->index)
		return RC_MEMORY;
	digest_named(w);
	digest_final(&w->digest, s->digest);
	return l->no_memory ? RC_MEMORY : RC_OK;
}

static void
warn_if_empty(struct work *w, const char *path)
{
	if (w->load.identity_count == 0 || w->load.policy_count == 0)
		diag_add(w->diag, DIAG_WARNING, path, 0, 0, "policy-empty",
		    "%zu identities and %zu policies: no device is served",
		    w->load.identity_count, w->load.policy_count);
}

/* `text` NULL: the folder or file `path`; else the bytes of a file so named. */
static enum rc
read_all(struct work *w, const char *path, const struct span *text)
{
	struct yaml_doc *docs;
	struct stat st;
	enum rc rc;

	if (!text && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return read_folder(w, path);
	if (!text)
		return read_file(w, path);
	rc = yaml_parse(w->load.scratch, w->diag, path, *text, &docs);
	if (rc == RC_MEMORY)
		return rc;
	take_file(w, path, *text, docs);
	return RC_OK;
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
	l->file_tail = &l->file_list;
	digest_init(&w->digest);
	if (!w->diag || !l->arena || !l->scratch)
		return RC_MEMORY;
	load_built_in(l);
	profile_load_shipped(l);
	return l->no_memory ? RC_MEMORY : table_init(&l->files);
}

static enum rc
load(const char *path, const struct span *text, struct diag *d,
    struct policy_set **out)
{
	struct policy_set *s = calloc(1, sizeof(*s));
	struct work w = {0};
	enum rc rc;

	*out = NULL;
	w.load.no_folder = text;
	rc = s ? work_init(&w) : RC_MEMORY;
	if (rc != RC_OK)
		goto out;
	rc = read_all(&w, path, text);
	if (rc != RC_OK)
		goto out;
	rc = assemble(&w, s);
	if (rc != RC_OK)
		goto out;
	rc = diag_count(w.diag, DIAG_ERROR) > 0 ? RC_CONFIG : RC_OK;
	if (rc != RC_OK)
		goto out;
	warn_if_empty(&w, path);
	s->arena = w.load.arena;
	s->references = 1;
	w.load.arena = NULL;
	*out = s;
	s = NULL;
out:
	yaml_hand_over(w.diag, d);
	diag_free(w.diag);
	table_fini(&w.load.files);
	arena_free(w.load.arena);
	arena_free(w.load.scratch);
	free(s);
	return rc;
}

enum rc
policy_load(const char *path, struct diag *d, struct policy_set **out)
{
	return load(path, NULL, d, out);
}

enum rc
policy_load_text(
    const char *file, struct span text, struct diag *d, struct policy_set **out)
{
	return load(file, &text, d, out);
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
	free(s);
}
