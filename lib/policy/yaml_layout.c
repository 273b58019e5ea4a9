/*
 * libyaml drops comments, but says where each event begins and ends. Between
 * two scalars there are but brackets, dashes, colons, commas and space, so
 * what begins with '#' there is a comment.
 */
#include "policy/yaml_layout.h"

#include <yaml.h>

struct frame {
	struct layout_node *node;
	struct layout_node *key; /* of a MAP: read, its value is awaited */
};

struct reader {
	yaml_parser_t parser;
	struct arena *arena;
	struct layout *layout;
	struct span text;
	size_t at, index; /* bytes and characters that were looked at */
	size_t column; /* of that place */
	bool filled; /* the line has more than space in front of it */
	size_t breaks; /* since the last event or comment */
	/* A dash, a comma or a bracket was there since the last event, and
	 * before it an empty line. */
	bool marked, blank;
	struct layout_comments pending;
	/* What a comment on the same line stands behind; NULL: nothing. */
	struct layout_comment **behind;
	struct layout_comment *last; /* that stood behind something */
	struct layout_doc *doc, **doc_tail;
	struct frame stack[YAML_DEPTH_MAX];
	size_t depth;
	enum rc rc;
	bool ended;
};

static void *
make(struct reader *r, size_t size)
{
	void *p = arena_alloc(r->arena, size);

	if (!p)
		r->rc = RC_MEMORY;
	return p;
}

/* --- comments ------------------------------------------------------------- */

static void
put(struct layout_comments *list, struct layout_comment *c)
{
	if (list->last)
		list->last->next = c;
	else
		list->first = c;
	list->last = c;
}

static struct layout_comments
take_pending(struct reader *r)
{
	const struct layout_comments all = r->pending;

	r->pending = (struct layout_comments){0};
	return all;
}

/* Right below one behind a value, at its column: the sentence goes on. */
static bool
goes_on(const struct reader *r, size_t column)
{
	return r->last && !r->filled && r->breaks == 1 &&
	    r->last->column == column;
}

static void
place(struct reader *r, struct layout_comment *c)
{
	struct layout_comment **end;

	if (goes_on(r, c->column)) {
		for (end = &r->last->more; *end; end = &(*end)->more)
			;
		*end = c;
		return;
	}
	r->last = NULL;
	c->behind = r->filled;
	if (r->filled)
		r->last = c;
	if (r->filled && r->behind && !*r->behind)
		*r->behind = c;
	else
		put(&r->pending, c);
}

/* The comment that begins here; the reader stands at the end of its line. */
static void
comment(struct reader *r)
{
	const struct span rest = span_from(r->text, r->at);
	const uint8_t *end = memchr(rest.p, '\n', rest.len);
	size_t len = end ? (size_t)(end - rest.p) : rest.len;
	struct layout_comment *c = make(r, sizeof(*c));

	if (!c)
		return;
	c->text = span_of(rest.p, len);
	c->column = r->column;
	c->blank = r->breaks > 1 && !r->filled;
	for (size_t i = 0; i < len; i++)
		r->index += (rest.p[i] & 0xc0) != 0x80;
	r->at += len;
	while (c->text.len > 0 && strchr(" \t", c->text.p[c->text.len - 1]))
		c->text.len--;
	place(r, c);
	c->any = r->layout->any;
	r->layout->any = c;
	r->layout->comment_count++;
	r->breaks = 0;
}

static void
line_end(struct reader *r)
{
	r->breaks++;
	r->column = 0;
	r->filled = false;
	r->behind = NULL;
}

/* The first of those decides whether an empty line is before what comes: the
 * author's next one is within it. */
static void
mark(struct reader *r)
{
	if (!r->marked)
		r->blank = r->breaks > 1;
	r->marked = true;
	r->filled = true;
	r->last = NULL;
}

/* Is an empty line before the event that begins here? */
static bool
take_blank(struct reader *r)
{
	bool blank = r->marked ? r->blank : r->breaks > 1;

	r->marked = false;
	r->breaks = 0;
	return blank;
}

/* What is between two events, up to that character. */
static void
look_between(struct reader *r, size_t index)
{
	while (r->index < index && r->at < r->text.len && r->rc == RC_OK) {
		uint8_t c = r->text.p[r->at];

		if (c == '#') {
			comment(r);
			continue;
		}
		r->at++;
		r->index++;
		r->column++;
		if (c == '\n') {
			line_end(r);
		} else if (c != ' ') {
			mark(r);
		}
	}
}

/* A scalar: its bytes. Block scalars end behind a line break. */
static struct span
pass_scalar(struct reader *r, size_t index)
{
	size_t begin = r->at;

	r->breaks = 0;
	r->filled = true;
	r->last = NULL;
	while (r->index < index && r->at < r->text.len) {
		uint8_t c = r->text.p[r->at++];

		r->column++;
		if (c == '\n') {
			line_end(r);
		} else if (c != ' ') {
			r->breaks = 0;
			r->filled = true;
		}
		while (r->at < r->text.len && (r->text.p[r->at] & 0xc0) == 0x80)
			r->at++;
		r->index++;
	}
	return span_of(r->text.p + begin, r->at - begin);
}

/* --- nodes ---------------------------------------------------------------- */

static bool
awaits_key(const struct frame *f)
{
	return f->node->kind == YAML_MAP && !f->key;
}

/* What stood between the last event and this one belongs to this one. */
static void
attach(struct reader *r, struct layout_node *n)
{
	struct frame *f = r->depth ? &r->stack[r->depth - 1] : NULL;

	n->blank = take_blank(r);
	if (!f) {
		n->before = take_pending(r);
		r->doc->root = n;
		return;
	}
	n->parent = f->node;
	if (awaits_key(f)) {
		n->before = take_pending(r);
		n->is_key = true;
		f->key = n;
		return;
	}
	if (f->key) {
		n->key = f->key;
		n->before = n->key->before;
		n->blank = n->key->blank;
		n->middle = take_pending(r);
		f->key = NULL;
	} else {
		n->before = take_pending(r);
	}
	*f->node->tail = n;
	f->node->tail = &n->next;
	f->node->count++;
}

static void
open_node(struct reader *r, enum yaml_kind kind, bool flow, size_t column)
{
	struct layout_node *n = make(r, sizeof(*n));

	if (!n)
		return;
	if (r->depth == YAML_DEPTH_MAX) {
		r->rc = RC_CONFIG;
		return;
	}
	n->kind = kind;
	n->flow = flow;
	n->column = column;
	n->tail = &n->children;
	attach(r, n);
	r->behind = NULL;
	r->stack[r->depth++] = (struct frame){.node = n};
}

/* Of a list whose dashes are below the first letters of its key, where a
 * comment below those is about the next key. */
static bool
is_indentless(const struct layout_node *n)
{
	return n->kind == YAML_LIST && n->key &&
	    n->column == n->parent->column && !n->parent->flow;
}

/* The comments at the end of a block that are indented as it is. */
static void
end_block(struct reader *r, struct layout_node *n)
{
	size_t least = n->column + is_indentless(n);

	while (r->pending.first && r->pending.first->column >= least) {
		struct layout_comment *c = r->pending.first;

		r->pending.first = c->next;
		if (!c->next)
			r->pending.last = NULL;
		c->next = NULL;
		put(&n->end, c);
	}
}

static void
close_node(struct reader *r, size_t end)
{
	struct layout_node *n = r->stack[--r->depth].node;

	if (n->flow) {
		n->end = take_pending(r);
		look_between(r, end);
		take_blank(r);
		r->behind = &n->behind;
	} else {
		end_block(r, n);
	}
}

/* Behind `|` or `>` and its indicators may be a comment. Empty lines at the end
 * belong to the text where it is kept to them (`+`). */
static void
take_header(struct reader *r, struct layout_node *n, size_t column)
{
	const uint8_t *end = memchr(n->source.p, '\n', n->source.len);
	size_t len = end ? (size_t)(end - n->source.p) : n->source.len;
	const uint8_t *hash = len ? memchr(n->source.p, '#', len) : NULL;
	struct layout_comment *c;
	size_t marks = hash ? (size_t)(hash - n->source.p) : len;

	if (marks && memchr(n->source.p, '+', marks) && r->breaks > 1)
		r->breaks = 1;
	if (!hash)
		return;
	c = make(r, sizeof(*c));
	if (!c)
		return;
	c->text = span_of(hash, len - (size_t)(hash - n->source.p));
	while (c->text.len > 0 && strchr(" \t", c->text.p[c->text.len - 1]))
		c->text.len--;
	c->column = column + (size_t)(hash - n->source.p);
	c->behind = true;
	c->any = r->layout->any;
	r->layout->any = c;
	r->layout->comment_count++;
	n->behind = c;
}

static enum layout_style
style_of(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return LAYOUT_SINGLE;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return LAYOUT_DOUBLE;
	case YAML_LITERAL_SCALAR_STYLE:
		return LAYOUT_LITERAL;
	case YAML_FOLDED_SCALAR_STYLE:
		return LAYOUT_FOLDED;
	case YAML_ANY_SCALAR_STYLE:
	case YAML_PLAIN_SCALAR_STYLE:
		break;
	}
	return LAYOUT_PLAIN;
}

static void
scalar(struct reader *r, const yaml_event_t *e)
{
	struct layout_node *n = make(r, sizeof(*n));
	const struct frame *f = r->depth ? &r->stack[r->depth - 1] : NULL;
	bool is_key = f && awaits_key(f);
	size_t column = r->column;
	bool block;

	if (!n)
		return;
	n->style = style_of(e->data.scalar.style);
	block = n->style == LAYOUT_LITERAL || n->style == LAYOUT_FOLDED;
	n->text = arena_copy(
	    r->arena, span_of(e->data.scalar.value, e->data.scalar.length));
	if (!n->text.p)
		r->rc = RC_MEMORY;
	attach(r, n);
	n->source = span_of(r->text.p + r->at, 0);
	if (e->end_mark.index > e->start_mark.index)
		n->source = pass_scalar(r, e->end_mark.index);
	if (block)
		take_header(r, n, column);
	else
		r->breaks = 0;
	/* nothing more stands behind a block: its lines are over */
	r->behind = is_key || block ? NULL : &n->behind;
}

/* --- documents ------------------------------------------------------------ */

static void
open_doc(struct reader *r, bool marked)
{
	struct layout_doc *doc = make(r, sizeof(*doc));

	if (!doc)
		return;
	doc->marked = marked;
	r->doc = doc;
	*r->doc_tail = doc;
	r->doc_tail = &doc->next;
	if (!marked)
		return;
	doc->blank = take_blank(r);
	doc->before = take_pending(r);
	r->behind = &doc->behind;
}

static void
take_event(struct reader *r, const yaml_event_t *e)
{
	look_between(r, e->start_mark.index);
	switch (e->type) {
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	case YAML_STREAM_END_EVENT:
		look_between(r, SIZE_MAX);
		r->layout->end = take_pending(r);
		r->ended = true;
		break;
	case YAML_DOCUMENT_START_EVENT:
		open_doc(r, !e->data.document_start.implicit);
		break;
	case YAML_ALIAS_EVENT:
		r->rc = RC_CONFIG;
		break;
	case YAML_SCALAR_EVENT:
		scalar(r, e);
		break;
	case YAML_SEQUENCE_START_EVENT:
		open_node(r, YAML_LIST,
		    e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
		    e->start_mark.column);
		break;
	case YAML_MAPPING_START_EVENT:
		open_node(r, YAML_MAP,
		    e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
		    e->start_mark.column);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_node(r, e->end_mark.index);
		break;
	}
}

enum rc
layout_read(struct arena *a, struct span text, struct layout *out)
{
	struct reader r = {.arena = a, .layout = out, .text = text};

	*out = (struct layout){0};
	r.doc_tail = &out->docs;
	if (!yaml_parser_initialize(&r.parser))
		return RC_MEMORY;
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, text.p, text.len);
	while (!r.ended && r.rc == RC_OK) {
		yaml_event_t event;

		if (!yaml_parser_parse(&r.parser, &event)) {
			r.rc = r.parser.error == YAML_MEMORY_ERROR ? RC_MEMORY
								   : RC_CONFIG;
			break;
		}
		take_event(&r, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&r.parser);
	return r.rc;
}
