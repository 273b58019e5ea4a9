/* Documents, file by file, and the files that they include: each is read once,
 * however often it is named. */
#include "policy/grammar.h"
#include "policy/load.h"
#include "policy/silence.h"

enum {
	DEPTH_MAX = 16, /* of files that include files */
};

struct taken {
	struct table_item item; /* by the file's name */
};

/* A document of a kind that waits for all fragments. */
struct read_document {
	struct yaml_ctx ctx;
	struct yaml_node *root;
	struct read_document *next;
};

static void
keep(struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	struct read_document *d = arena_alloc(l->scratch, sizeof(*d));

	if (!d) {
		l->no_memory = true;
		return;
	}
	*d = (struct read_document){.ctx = *c, .root = root};
	*l->document_tail = d;
	l->document_tail = &d->next;
}

static bool
waits(struct yaml_node *root)
{
	return root->kind != YAML_MAP ||
	    (!yaml_get(root, "fragment") && !yaml_get(root, "include"));
}

/* False: it was taken before. */
static bool
take(struct load *l, const struct source_file *f)
{
	struct taken *t;

	if (table_get(&l->taken, f->item.key))
		return false;
	t = arena_alloc(l->scratch, sizeof(*t));
	if (!t) {
		l->no_memory = true;
		return false;
	}
	t->item.key = f->item.key;
	table_put(&l->taken, &t->item);
	return true;
}

enum rc
load_documents(struct load *l, const char *from, const char *name,
    const struct yaml_ctx *by, const struct yaml_node *at)
{
	const struct source_file *file;
	struct source_name n;
	struct yaml_doc *docs;
	struct yaml_ctx c;
	const char *why;
	enum rc rc;

	if (at && l->source.kind == SOURCE_TEXT) {
		yaml_error(by, at, "policy-include",
		    "%s cannot be found: these documents come from no folder",
		    YAML_SHOW(at->text));
		return RC_OK;
	}
	rc = source_resolve(&l->source, from, name, &n);

	if (rc == RC_OK)
		rc = source_read(&l->source, &n, YAML_FILE_MAX, &file, &why);
	if (at && (rc == RC_TOO_LARGE || rc == RC_IO)) {
		yaml_error(by, at, "policy-include", "%s: %s",
		    YAML_SHOW(span_str(n.path)),
		    rc == RC_TOO_LARGE ? "larger than 1 MiB" : why);
		return RC_OK;
	}
	if (rc == RC_TOO_LARGE || rc == RC_IO) {
		yaml_unread(l->diag, n.path, rc, why);
		return l->source.only && rc == RC_IO ? rc : RC_OK;
	}
	if (rc != RC_OK || !take(l, file))
		return rc;
	c = (struct yaml_ctx){l->diag, file->path};
	rc = yaml_parse(l->scratch, l->diag, file->path, file->bytes, &docs);
	if (rc == RC_MEMORY)
		return rc;
	silence_read(l->diag, file->path, file->bytes);
	for (; docs; docs = docs->next) {
		if (waits(docs->root))
			keep(l, &c, docs->root);
		else
			load_document(l, &c, docs->root);
	}
	return RC_OK;
}

void
load_include(struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	struct yaml_node *n = yaml_get(root, "include"), *item;
	size_t count;

	yaml_rest(c, root, &grammar_include);
	item = yaml_items(n, &count);
	if (count == 0 || count > GRAMMAR_INCLUDES_MAX ||
	    l->depth == DEPTH_MAX) {
		yaml_error(c, n, "policy-limit",
		    l->depth == DEPTH_MAX
			? "files that include files, more than 16 deep"
			: "1 to 1000 files are expected");
		return;
	}
	l->depth++;
	for (; count > 0; count--, item = item->next) {
		const char *name, *wrong;

		if (yaml_text(c, item, &name) != RC_OK)
			continue;
		wrong = word_path(item->text);
		if (wrong)
			yaml_error(c, item, "policy-include", "%s: %s",
			    YAML_SHOW(item->text), wrong);
		else if (load_documents(l, c->file, name, c, item) == RC_MEMORY)
			l->no_memory = true;
	}
	l->depth--;
}

void
load_waiting(struct load *l)
{
	for (struct read_document *d = l->documents; d; d = d->next)
		load_document(l, &d->ctx, d->root);
	check_fragments(l);
}
