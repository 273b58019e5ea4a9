/*
 * The layout of yaml_format.h. Lines are written as they come; what has to
 * stand in front of a line (comments that were between a dash or a key and its
 * value) is written before it is begun.
 */
#include "policy/yaml_layout.h"

#include "policy/yaml_scalar.h"

#include <stdlib.h>

enum {
	LINE_MAX_COLUMNS = 80, /* for {} and [] */
	STEP = 2, /* columns of a level */
};

struct emit {
	FILE *out;
	bool fresh; /* no empty line may come now */
};

static void
spaces(struct emit *e, size_t count)
{
	for (; count > 0; count--)
		fputc(' ', e->out);
}

static void
put(struct emit *e, struct span s)
{
	if (s.len)
		fwrite(s.p, 1, s.len, e->out);
}

static void
begin_line(struct emit *e, size_t indent, bool blank)
{
	if (blank && !e->fresh)
		fputc('\n', e->out);
	e->fresh = false;
	spaces(e, indent);
}

/* On lines of their own. */
static void
comments(struct emit *e, const struct layout_comment *c, size_t indent)
{
	for (; c; c = c->next) {
		begin_line(e, indent, c->blank);
		put(e, c->text);
		fputc('\n', e->out);
		for (const struct layout_comment *m = c->more; m; m = m->more) {
			begin_line(e, indent, false);
			put(e, m->text);
			fputc('\n', e->out);
		}
	}
}

/* The end of a line of that width, with the comment that goes there. */
static void
end_line(struct emit *e, const struct layout_comment *c, size_t width)
{
	size_t column;

	if (c) {
		column = c->column > width ? c->column : width + 1;
		spaces(e, column - width);
		put(e, c->text);
		for (c = c->more; c; c = c->more) {
			fputc('\n', e->out);
			spaces(e, column);
			put(e, c->text);
		}
	}
	fputc('\n', e->out);
}

/* --- how much room something takes ---------------------------------------- */

static size_t
add(size_t a, size_t b)
{
	return a == LAYOUT_WIDE || b == LAYOUT_WIDE ? LAYOUT_WIDE : a + b;
}

static bool
has_comment(const struct layout_node *n)
{
	return n->before.first || n->middle.first || n->behind || n->end.first;
}

/* Of the node as it would be on one line; the widths of its children are
 * known. */
static size_t
width_of(const struct layout_node *n)
{
	size_t width = 2; /* brackets */

	if (n->kind == YAML_SCALAR)
		return yaml_scalar_width(n);
	for (const struct layout_node *c = n->children; c; c = c->next) {
		if (has_comment(c))
			return LAYOUT_WIDE;
		width = add(width, c->width);
		if (c->key)
			width = add(width, yaml_scalar_width(c->key) + 2);
		width = add(width, c->next ? 2 : 0);
	}
	return n->flow && !(n->children && n->end.first) ? width : LAYOUT_WIDE;
}

static void
measure(struct layout_node *n)
{
	for (struct layout_node *c = n->children; c; c = c->next)
		measure(c);
	n->width = width_of(n);
}

/* Would it be as long in lines of its own? */
static bool
is_one(const struct layout_node *n)
{
	return n->count == 1 && n->children->kind == YAML_SCALAR;
}

/* Is it written as a block, where its first line would begin there? */
static bool
is_block(const struct layout_node *n, size_t column)
{
	return n->kind != YAML_SCALAR && n->children &&
	    (!n->flow || n->width == LAYOUT_WIDE ||
		(column + n->width > LINE_MAX_COLUMNS && !is_one(n)));
}

/* Where the value of an entry that begins there begins. */
static size_t
value_column(const struct layout_node *n, size_t indent)
{
	return indent + 2 + (n->key ? yaml_scalar_width(n->key) : 0);
}

/* --- lines ---------------------------------------------------------------- */

static void
flow(struct emit *e, const struct layout_node *n)
{
	bool map = n->kind == YAML_MAP;

	if (n->kind == YAML_SCALAR) {
		yaml_scalar_put(e->out, n);
		return;
	}
	fputc(map ? '{' : '[', e->out);
	for (const struct layout_node *c = n->children; c; c = c->next) {
		if (c->key) {
			yaml_scalar_put(e->out, c->key);
			fputs(": ", e->out);
		}
		flow(e, c);
		fputs(c->next ? ", " : "", e->out);
	}
	fputc(map ? '}' : ']', e->out);
}

/* A value that is no block, and the end of its line; `column` is where the
 * line has come to, without the space that parts the value from it. */
static void
value(struct emit *e, const struct layout_node *n, size_t indent, size_t column)
{
	if (n->kind == YAML_SCALAR && n->width == 0) {
		end_line(e, n->behind, column);
		return;
	}
	if (column > indent) {
		fputc(' ', e->out);
		column++;
	}
	if (n->width != LAYOUT_WIDE) {
		flow(e, n);
		end_line(e, n->behind, column + n->width);
	} else if (n->style == LAYOUT_LITERAL || n->style == LAYOUT_FOLDED) {
		column += yaml_scalar_head(e->out, n);
		end_line(e, n->behind, column);
		yaml_scalar_body(e->out, n, indent + STEP);
		/* behind empty lines that are part of it, one more would be */
		e->fresh = yaml_scalar_keeps(n);
	} else {
		column = yaml_scalar_lines(e->out, n, indent + STEP);
		end_line(e, n->behind, column);
	}
}

/* One that stood behind a value, now on a line of its own. */
static void
moved(struct emit *e, const struct layout_comment *c, size_t indent)
{
	struct layout_comment one;

	if (!c)
		return;
	one = *c;
	one.next = NULL;
	comments(e, &one, indent);
}

/* Has it a line of its key alone, whose end is free for what stood behind its
 * last bracket? */
static bool
has_free_line(const struct layout_node *n)
{
	const struct layout_comment *c = n->middle.first;

	return n->key && !(c && c->behind);
}

/* What stands in front of the line that an entry begins, which has `at` columns
 * of space; the entry itself begins at `indent`, behind dashes maybe. */
static void
before_line(
    struct emit *e, const struct layout_node *n, size_t indent, size_t at)
{
	bool is_open = is_block(n, value_column(n, indent));

	comments(e, n->before.first, at);
	if (is_open && !has_free_line(n))
		moved(e, n->behind, at);
	if (n->key && is_open)
		return;
	comments(e, n->middle.first, at);
	if (!n->children)
		comments(e, n->end.first, at);
	else if (is_open)
		before_line(e, n->children, indent + STEP, at);
}

static void block(
    struct emit *e, const struct layout_node *n, size_t indent, bool inside);

/* An entry, whose line has its indentation or a dash already. */
static void
entry(struct emit *e, const struct layout_node *n, size_t indent)
{
	size_t column = value_column(n, indent);
	const struct layout_comment *c = n->middle.first;

	if (!n->key && is_block(n, column)) {
		fputs("- ", e->out);
		block(e, n, indent + STEP, true);
		return;
	}
	if (!n->key) {
		fputc('-', e->out);
		value(e, n, indent, indent + 1);
		return;
	}
	yaml_scalar_put(e->out, n->key);
	fputc(':', e->out);
	if (!is_block(n, column)) {
		value(e, n, indent, column - 1);
		return;
	}
	if (has_free_line(n)) {
		end_line(e, n->behind, column - 1);
	} else {
		end_line(e, c, column - 1);
		c = c->next;
	}
	e->fresh = true;
	comments(e, c, indent + STEP);
	block(e, n, indent + STEP, false);
}

/* `inside`: its first line is begun. */
static void
block(struct emit *e, const struct layout_node *n, size_t indent, bool inside)
{
	for (const struct layout_node *c = n->children; c; c = c->next) {
		if (!inside || c != n->children) {
			before_line(e, c, indent, indent);
			begin_line(e, indent, c->blank);
		}
		entry(e, c, indent);
	}
	comments(e, n->end.first, indent);
}

static void
document(struct emit *e, const struct layout_doc *d, bool first)
{
	struct layout_node *n = d->root;

	comments(e, d->before.first, 0);
	if (d->marked || !first) {
		begin_line(e, 0, d->blank);
		fputs("---", e->out);
		end_line(e, d->behind, 3);
		e->fresh = true;
	}
	if (!n)
		return;
	measure(n);
	comments(e, n->before.first, 0);
	if (is_block(n, 0)) {
		moved(e, n->behind, 0);
		n->children->blank |= n->blank;
		block(e, n, 0, false);
		return;
	}
	if (n->end.first)
		comments(e, n->end.first, 0);
	if (n->kind == YAML_SCALAR && n->width == 0)
		return;
	begin_line(e, 0, n->blank);
	value(e, n, 0, 0);
}

enum rc
layout_write(const struct layout *l, char **out, size_t *out_len)
{
	struct emit e = {.fresh = true};
	bool failed;

	*out = NULL;
	e.out = open_memstream(out, out_len);
	if (!e.out)
		return RC_MEMORY;
	for (const struct layout_doc *d = l->docs; d; d = d->next)
		document(&e, d, d == l->docs);
	comments(&e, l->end.first, 0);
	failed = ferror(e.out);
	if (fclose(e.out) != 0 || failed) {
		free(*out);
		*out = NULL;
		return RC_MEMORY;
	}
	return RC_OK;
}
