/*
 * Files that documents name: each is read once, whoever names it, and counts
 * in the digest of the set.
 */
#include "policy/file.h"
#include "policy/load.h"

#include <limits.h>

static const char *
size_text(size_t max)
{
	return max == POLICY_FILE_MAX ? "256 MiB" : "64 KiB";
}

/* `name` as seen from the folder that the document's file is in. */
static const char *
path_of(struct load *l, const struct yaml_ctx *c, const char *name)
{
	const char *slash = strrchr(c->file, '/');
	size_t folder =
	    slash && name[0] != '/' ? (size_t)(slash + 1 - c->file) : 0;
	size_t len = strlen(name) + 1;
	char *path = load_alloc(l, folder + len, 1);

	if (path) {
		memcpy(path, c->file, folder);
		memcpy(path + folder, name, len);
	}
	return path;
}

static struct read_file *
keep(struct load *l, const char *name, const char *path,
    const struct file_bytes *bytes, bool scratch)
{
	struct read_file *f = arena_alloc(l->scratch, sizeof(*f));

	if (!f) {
		l->no_memory = true;
		return NULL;
	}
	f->item.key = span_str(path);
	f->name = name;
	f->path = path;
	f->bytes = span_of(bytes->p, bytes->len);
	f->scratch = scratch;
	table_put(&l->files, &f->item);
	*l->file_tail = f;
	l->file_tail = &f->next;
	return f;
}

/* A private key in it is not kept in memory either. */
static bool
holds_secret(const struct yaml_ctx *c, struct yaml_node *n, const char *path,
    struct file_bytes *bytes)
{
	if (!secret_in_file(span_of(bytes->p, bytes->len)))
		return false;
	explicit_bzero(bytes->p, bytes->len);
	yaml_error(c, n, "policy-secret",
	    "%s holds a private key; move it into the token, and leave "
	    "certificates and public keys alone in the file",
	    YAML_SHOW(span_str(path)));
	return true;
}

/*
 * The file that `n` names, of at most `max` bytes. `scratch`: its bytes are
 * not needed once the set is there.
 */
static struct read_file *
read_named(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    size_t max, bool scratch)
{
	const char *name, *path, *why;
	struct file_bytes bytes;
	struct read_file *f;
	enum rc rc;

	if (!load_word(l, c, n, "policy-file", word_path, &name))
		return NULL;
	if (l->no_folder) {
		yaml_error(c, n, "policy-file",
		    "%s cannot be found: these documents come from no folder",
		    YAML_SHOW(n->text));
		return NULL;
	}
	path = path_of(l, c, name);
	if (!path)
		return NULL;
	f = (struct read_file *)table_get(&l->files, span_str(path));
	rc = f && f->bytes.len > max ? RC_TOO_LARGE : RC_OK;
	if (!f)
		rc = file_read(
		    scratch ? l->scratch : l->arena, path, max, &bytes, &why);
	if (rc == RC_MEMORY)
		l->no_memory = true;
	else if (rc == RC_TOO_LARGE)
		yaml_error(c, n, "policy-file", "%s has more than %s",
		    YAML_SHOW(span_str(path)), size_text(max));
	else if (rc != RC_OK)
		yaml_error(c, n, "policy-file", "%s cannot be read: %s",
		    YAML_SHOW(span_str(path)), why);
	if (rc != RC_OK)
		return NULL;
	if (f || holds_secret(c, n, path, &bytes))
		return f;
	return keep(l, name, path, &bytes, scratch);
}

const char *
load_path(struct load *l, const struct yaml_ctx *c, struct yaml_node *n)
{
	const char *name;

	if (!load_word(l, c, n, "policy-file", word_path, &name))
		return NULL;
	if (!l->no_folder || name[0] == '/')
		return path_of(l, c, name);
	yaml_error(c, n, "policy-file",
	    "%s cannot be found: these documents come from no folder",
	    YAML_SHOW(n->text));
	return NULL;
}

/* Named as a table first, it would not live as long as the set. */
static bool
make_last(struct load *l, struct read_file *f)
{
	if (!f->scratch)
		return true;
	f->bytes = arena_copy(l->arena, f->bytes);
	f->scratch = false;
	l->no_memory |= !f->bytes.p;
	return f->bytes.p;
}

void
load_file(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_file *out)
{
	struct read_file *f =
	    n ? read_named(l, c, n, POLICY_CERTIFICATES_MAX, false) : NULL;

	if (!f || !make_last(l, f))
		return;
	if (f->bytes.len == 0)
		yaml_error(c, n, "policy-file", "%s is empty",
		    YAML_SHOW(span_str(f->path)));
	*out = (struct policy_file){
	    .name = f->name,
	    .path = f->path,
	    .place = {c->file, n->line},
	    .bytes = f->bytes,
	};
}

void
load_table(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct identity *out)
{
	struct read_file *f =
	    n ? read_named(l, c, n, POLICY_FILE_MAX, true) : NULL;

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
	struct read_file *f =
	    n ? read_named(l, c, n, POLICY_FILE_MAX, true) : NULL;

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
	return n ? read_named(l, c, n, POLICY_FILE_MAX, true) : NULL;
}
