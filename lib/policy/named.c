/*
 * Files that documents name: each is read once, whoever names it, and counts
 * in the digest of the set.
 */
#include "policy/load.h"
#include "policy/secret.h"

static const char *
size_text(size_t max)
{
	return max == POLICY_FILE_MAX ? "256 MiB" : "64 KiB";
}

/* Where the file that `n` names is; false: there is a finding. */
static bool
find(struct load *l, const struct yaml_ctx *c, struct yaml_node *n, bool read,
    struct source_name *out)
{
	const char *name;

	if (!load_word(l, c, n, "policy-file", word_path, &name))
		return false;
	if (l->source.kind == SOURCE_TEXT && (read || name[0] != '/')) {
		yaml_error(c, n, "policy-file",
		    "%s cannot be found: these documents come from no folder",
		    YAML_SHOW(n->text));
		return false;
	}
	if (source_resolve(&l->source, yaml_file(c, n), name, out) == RC_OK)
		return true;
	l->no_memory = true;
	return false;
}

static struct read_file *
keep(struct load *l, const struct yaml_node *n, const struct source_name *name,
    const struct source_file *file)
{
	struct read_file *f = arena_alloc(l->scratch, sizeof(*f));

	if (!f) {
		l->no_memory = true;
		return NULL;
	}
	f->item.key = span_str(name->name);
	f->name = load_keep(l, (const char *)n->text.p);
	f->path = file->path;
	f->bytes = file->bytes;
	table_put(&l->files, &f->item);
	return f;
}

/* A private key in it is not kept in memory either. */
static bool
holds_secret(
    const struct yaml_ctx *c, struct yaml_node *n, const struct source_file *f)
{
	if (!secret_in_file(f->bytes))
		return false;
	source_wipe(f);
	yaml_error(c, n, "policy-secret",
	    "%s holds a private key; move it into the token, and leave "
	    "certificates and public keys alone in the file",
	    YAML_SHOW(span_str(f->path)));
	return true;
}

/* The file that `n` names, of at most `max` bytes. */
static struct read_file *
read_named(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *n, size_t max)
{
	const struct source_file *file;
	struct source_name name;
	struct read_file *f;
	const char *why;
	enum rc rc;

	if (!find(l, c, n, true, &name))
		return NULL;
	rc = source_read(&l->source, &name, max, &file, &why);
	if (rc == RC_MEMORY)
		l->no_memory = true;
	else if (rc == RC_TOO_LARGE)
		yaml_error(c, n, "policy-file", "%s has more than %s",
		    YAML_SHOW(span_str(name.path)), size_text(max));
	else if (rc != RC_OK)
		yaml_error(c, n, "policy-file", "%s cannot be read: %s",
		    YAML_SHOW(span_str(name.path)), why);
	if (rc != RC_OK)
		return NULL;
	f = (struct read_file *)table_get(&l->files, span_str(name.name));
	if (f || holds_secret(c, n, file))
		return f;
	return keep(l, n, &name, file);
}

const char *
load_path(struct load *l, const struct yaml_ctx *c, struct yaml_node *n)
{
	struct source_name name;

	return find(l, c, n, false, &name) ? load_keep(l, name.path) : NULL;
}

void
load_file(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_file *out)
{
	struct read_file *f =
	    n ? read_named(l, c, n, POLICY_CERTIFICATES_MAX) : NULL;

	if (!f)
		return;
	if (f->bytes.len == 0)
		yaml_error(c, n, "policy-file", "%s is empty",
		    YAML_SHOW(span_str(f->path)));
	/* those of the source may be dropped before the set is */
	if (!f->kept.p)
		f->kept = arena_copy(l->arena, f->bytes);
	l->no_memory |= !f->kept.p;
	*out = (struct policy_file){
	    .name = f->name,
	    .path = f->path,
	    .place = {yaml_file(c, n), n->line},
	    .bytes = f->kept,
	};
}

void
load_table(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct identity *out)
{
	struct read_file *f = n ? read_named(l, c, n, POLICY_FILE_MAX) : NULL;

	if (!f)
		return;
	if (!f->is_table)
		load_fingerprints(l, f->path, f->bytes, f);
	f->is_table = true;
	if (f->table_count == 0 && !f->faulty)
		yaml_report(c, DIAG_WARNING, n, "policy-table-empty",
		    "%s names no device: nobody gets in by it",
		    YAML_SHOW(span_str(f->path)));
	out->table = f->table;
	out->table_count = f->table_count;
}

const struct read_file *
load_list(struct load *l, const struct yaml_ctx *c, struct yaml_node *n)
{
	struct read_file *f = n ? read_named(l, c, n, POLICY_FILE_MAX) : NULL;

	if (!f)
		return NULL;
	if (!f->is_list)
		load_names(l, f->path, f->bytes, f);
	f->is_list = true;
	return f;
}

const struct read_file *
load_device_file(struct load *l, const struct yaml_ctx *c, struct yaml_node *n)
{
	return n ? read_named(l, c, n, POLICY_FILE_MAX) : NULL;
}
