#include "policy/yaml_format.h"

#include "policy/yaml_scalar.h"

#include <stdlib.h>

/* LF alone, and no byte order mark. A NUL is behind it. */
static struct span
unify(struct arena *a, struct span text)
{
	uint8_t *copy = arena_alloc(a, text.len + 1);
	size_t len = 0;

	if (!copy)
		return span_of(NULL, 0);
	if (span_starts(text, SPAN_LIT("\xef\xbb\xbf")))
		text = span_from(text, 3);
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] != '\r')
			copy[len++] = text.p[i];
	return span_of(copy, len);
}

/* --- does it still say the same? ------------------------------------------ */

static bool
same_scalar(const struct yaml_node *a, const struct yaml_node *b)
{
	return span_equal(a->text, b->text) &&
	    (a->quoted == b->quoted || yaml_scalar_is_word(a->text));
}

static bool
same_node(const struct yaml_node *a, const struct yaml_node *b)
{
	const struct yaml_node *x = a->children, *y = b->children;

	if (a->kind != b->kind || a->count != b->count)
		return false;
	if (a->key && !same_scalar(a->key, b->key))
		return false;
	if (a->kind == YAML_SCALAR)
		return same_scalar(a, b);
	for (; x && y; x = x->next, y = y->next)
		if (!same_node(x, y))
			return false;
	return !x && !y;
}

static bool
same_docs(const struct yaml_doc *a, const struct yaml_doc *b)
{
	for (; a && b; a = a->next, b = b->next)
		if (!same_node(a->root, b->root))
			return false;
	return !a && !b;
}

static int
compare_comments(const void *x, const void *y)
{
	const struct layout_comment *a = *(struct layout_comment *const *)x;
	const struct layout_comment *b = *(struct layout_comment *const *)y;

	return span_compare(a->text, b->text);
}

static struct layout_comment **
sorted_comments(struct arena *a, const struct layout *l)
{
	struct layout_comment **all = arena_array(
	    a, l->comment_count + 1, sizeof(struct layout_comment *));
	size_t n = 0;

	if (!all)
		return NULL;
	for (struct layout_comment *c = l->any; c; c = c->any)
		all[n++] = c;
	if (n > 1)
		qsort(
		    all, n, sizeof(struct layout_comment *), compare_comments);
	return all;
}

static enum rc
same_comments(struct arena *a, const struct layout *x, const struct layout *y)
{
	struct layout_comment **left = sorted_comments(a, x);
	struct layout_comment **right = sorted_comments(a, y);

	if (!left || !right)
		return RC_MEMORY;
	if (x->comment_count != y->comment_count)
		return RC_CONFIG;
	for (size_t i = 0; i < x->comment_count; i++)
		if (!span_equal(left[i]->text, right[i]->text))
			return RC_CONFIG;
	return RC_OK;
}

/* RC_CONFIG: it does not. */
static enum rc
same(struct arena *a, const struct yaml_doc *docs, const struct layout *layout,
    struct span text)
{
	struct diag *d = diag_new();
	struct yaml_doc *again;
	struct layout layout_again;
	enum rc rc = d ? yaml_parse(a, d, "", text, &again) : RC_MEMORY;

	if (rc == RC_OK && !same_docs(docs, again))
		rc = RC_CONFIG;
	if (rc == RC_OK)
		rc = layout_read(a, text, &layout_again);
	if (rc == RC_OK)
		rc = same_comments(a, layout, &layout_again);
	diag_free(d);
	return rc;
}

enum rc
yaml_format(struct arena *a, struct diag *d, const char *file, struct span text,
    struct span *out)
{
	struct layout layout;
	struct yaml_doc *docs;
	char *made = NULL;
	size_t len = 0;
	enum rc rc = yaml_parse(a, d, file, text, &docs);

	*out = span_of(NULL, 0);
	if (rc != RC_OK)
		return rc;
	text = unify(a, text);
	if (!text.p)
		return RC_MEMORY;
	rc = layout_read(a, text, &layout);
	if (rc == RC_OK)
		rc = layout_write(&layout, &made, &len);
	if (rc == RC_OK && len > YAML_FILE_MAX) {
		diag_add(d, DIAG_ERROR, file, 0, 0, "yaml-limit",
		    "more than 1 MiB once it is formatted; split the file");
		free(made);
		return RC_CONFIG;
	}
	if (rc == RC_OK)
		rc = same(a, docs, &layout, span_of(made, len));
	if (rc == RC_CONFIG)
		diag_add(d, DIAG_ERROR, file, 0, 0, "yaml-format",
		    "cannot be formatted without changing what it says; write "
		    "it more simply");
	if (rc == RC_OK) {
		*out = arena_copy(a, span_of(made, len));
		rc = out->p ? RC_OK : RC_MEMORY;
	}
	free(made);
	return rc;
}
