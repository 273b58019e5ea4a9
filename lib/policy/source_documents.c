/* Which files of a source are documents: the *.yaml of its folder. */
#include "policy/source.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Hidden files are what editors and config maps leave. */
static bool
is_yaml(const char *name)
{
	return name[0] != '.' &&
	    (span_ends(span_str(name), SPAN_LIT(".yaml")) ||
		span_ends(span_str(name), SPAN_LIT(".yml")));
}

static int
is_yaml_entry(const struct dirent *e)
{
	return is_yaml(e->d_name);
}

/* Not alphasort(3): the order must not depend on the locale. */
static int
compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum rc
take(struct source *s, struct diag *d, const char *name, const char **out,
    size_t *count)
{
	struct source_name n;
	enum rc rc;

	if (!span_ends(span_str(name), SPAN_LIT(".yml"))) {
		out[*count] = arena_str(s->arena, name);
		return out[(*count)++] ? RC_OK : RC_MEMORY;
	}
	rc = source_resolve(s, NULL, name, &n);
	if (rc == RC_OK)
		diag_add(d, DIAG_WARNING, n.path, 0, 0, "policy-file-name",
		    "not read: name it .yaml");
	return rc;
}

static enum rc
of_folder(struct source *s, struct diag *d, const char ***out, size_t *count)
{
	const char *folder = s->folder[0] ? s->folder : ".";
	struct dirent **entries;
	enum rc rc = RC_OK;
	int n = scandir(folder, &entries, is_yaml_entry, compare_entries);
	int why = errno;

	if (n < 0) {
		diag_add(d, DIAG_ERROR, folder, 0, 0, "yaml-io",
		    "cannot be read: %s", strerror(why));
		return why == ENOMEM ? RC_MEMORY : RC_IO;
	}
	*out = arena_array(s->arena, (size_t)n, sizeof(**out));
	if (!*out)
		rc = RC_MEMORY;
	for (int i = 0; i < n; i++) {
		if (rc == RC_OK)
			rc = take(s, d, entries[i]->d_name, *out, count);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

struct gathering {
	const char **out;
	size_t count;
};

static void
gather(void *ctx, struct table_item *item)
{
	const struct source_file *f = (const struct source_file *)item;
	struct gathering *g = ctx;

	if (!strchr(f->name, '/') && is_yaml(f->name) &&
	    span_ends(span_str(f->name), SPAN_LIT(".yaml")))
		g->out[g->count++] = f->name;
}

static enum rc
of_memory(struct source *s, const char ***out, size_t *count)
{
	struct gathering g = {
	    .out = arena_array(s->arena, s->files.count, sizeof(*g.out))};

	if (!g.out)
		return RC_MEMORY;
	table_each(&s->files, gather, &g);
	if (g.count > 0)
		qsort(g.out, g.count, sizeof(*g.out), compare_names);
	*out = g.out;
	*count = g.count;
	return RC_OK;
}

enum rc
source_documents(
    struct source *s, struct diag *d, const char ***out, size_t *count)
{
	*count = 0;
	if (!s->only && s->kind == SOURCE_DISK)
		return of_folder(s, d, out, count);
	if (!s->only)
		return of_memory(s, out, count);
	*out = arena_array(s->arena, 1, sizeof(**out));
	if (!*out)
		return RC_MEMORY;
	(*out)[(*count)++] = s->only;
	return RC_OK;
}
