/*
 * libyaml's events to a tree. Its document API would be shorter, but it keeps
 * no positions of keys, resolves aliases and recurses without our limits.
 */
#include "policy/yaml.h"
#include "policy/yaml_bytes.h"

#include <stdlib.h>

#include <yaml.h>

/* A map or list that is still open. */
struct frame {
	struct yaml_node *node;
	struct yaml_node **tail; /* where the next child goes */
	struct yaml_node *key; /* of a map: read, its value is awaited */
};

struct builder {
	yaml_parser_t parser;
	struct arena *arena;
	struct yaml_ctx ctx;
	struct span text;
	struct yaml_doc *doc; /* the open one */
	struct yaml_doc **doc_tail;
	struct frame stack[YAML_DEPTH_MAX];
	size_t depth;
	size_t node_count;
	struct yaml_node **sorted; /* of the map whose keys are compared */
	size_t sorted_cap;
	enum rc rc; /* the worst so far */
	bool ended; /* nothing more is to be read */
};

static void
fail(struct builder *b, enum rc rc)
{
	b->rc = rc;
	b->ended = true;
}

static void
finding_at(struct builder *b, const yaml_mark_t *mark, const char *code,
    const char *text)
{
	diag_add(b->ctx.diag, DIAG_ERROR, b->ctx.file, (unsigned)mark->line + 1,
	    (unsigned)mark->column + 1, code, "%s", text);
	if (b->rc == RC_OK)
		b->rc = RC_CONFIG;
}

/* What people do, for what libyaml says of it. */
static const struct mistake {
	const char *problem, *context; /* how its words begin */
	bool at_context; /* where it began is where to look */
	const char *text;
} mistakes[] = {
    {"found unexpected end of stream", "while scanning a quoted scalar", true,
	"the quote that opens here is not closed"},
    {"found unexpected document indicator", "while scanning a quoted scalar",
	true, "the quote that opens here is not closed"},
    {"did not find expected ',' or ']'", "while parsing a flow sequence", false,
	"a ',' or ']' is missing: the '[' is still open"},
    {"did not find expected ',' or '}'", "while parsing a flow mapping", false,
	"a ',' or '}' is missing: the '{' is still open"},
    {"did not find expected '-' indicator", "while parsing a block collection",
	false,
	"the indentation is wrong: this is neither the next '- ' of the list "
	"nor a key of its item"},
    {"did not find expected key", "while parsing a block mapping", false,
	"the indentation or a quote is wrong: this is not the next key of the "
	"map"},
    {"could not find expected ':'", "while scanning a simple key", true,
	"a key without ': ' behind it; a space follows the colon"},
    {"mapping values are not allowed in this context", "", false,
	"no ':' can be here; a space is missing behind an earlier ':', the "
	"indentation is wrong, or text with ': ' in it needs quotes"},
};

static const struct mistake *
mistake_of(const yaml_parser_t *p)
{
	const size_t count = sizeof(mistakes) / sizeof(mistakes[0]);
	struct span problem = span_str(p->problem ? p->problem : "");
	struct span context = span_str(p->context ? p->context : "");

	for (size_t i = 0; i < count; i++)
		if (span_starts(problem, span_str(mistakes[i].problem)) &&
		    span_starts(context, span_str(mistakes[i].context)))
			return &mistakes[i];
	return NULL;
}

/* Else libyaml's own words: they are static and say nothing of the content. */
static void
syntax_error(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	const struct mistake *m;
	char text[512];

	if (p->error == YAML_MEMORY_ERROR) {
		fail(b, RC_MEMORY);
		return;
	}
	b->ended = true;
	/* A tab has its finding already, with a better text. */
	if (b->rc != RC_OK && yaml_bytes_tab(b->text, p->problem_mark.line + 1))
		return;
	m = mistake_of(p);
	if (m && m->at_context) {
		finding_at(b, &p->context_mark, "yaml-syntax", m->text);
		return;
	}
	if (m && p->context)
		snprintf(text, sizeof(text), "%s (it began in line %zu)",
		    m->text, p->context_mark.line + 1);
	else if (m)
		snprintf(text, sizeof(text), "%s", m->text);
	else if (p->context)
		snprintf(text, sizeof(text), "%s, %s of line %zu",
		    p->problem ? p->problem : "no YAML", p->context,
		    p->context_mark.line + 1);
	else
		snprintf(text, sizeof(text), "%s",
		    p->problem ? p->problem : "no YAML");
	finding_at(b, &p->problem_mark, "yaml-syntax", text);
}

static struct yaml_node *
new_node(struct builder *b, enum yaml_kind kind, const yaml_mark_t *mark)
{
	struct yaml_node *n;

	if (++b->node_count > YAML_NODES_MAX) {
		finding_at(b, mark, "yaml-limit",
		    "more than 200000 values in one file; split it");
		b->ended = true;
		return NULL;
	}
	n = arena_alloc(b->arena, sizeof(*n));
	if (!n) {
		fail(b, RC_MEMORY);
		return NULL;
	}
	n->kind = kind;
	n->line = (unsigned)mark->line + 1;
	n->column = (unsigned)mark->column + 1;
	return n;
}

static void
append(struct frame *f, struct yaml_node *n)
{
	n->index = f->node->count++;
	*f->tail = n;
	f->tail = &n->next;
}

/* Put a node where it belongs: root, item, key, or value of the key. */
static void
attach(struct builder *b, struct yaml_node *n)
{
	struct frame *f = b->depth ? &b->stack[b->depth - 1] : NULL;

	if (!f) {
		b->doc->root = n;
		return;
	}
	n->parent = f->node;
	if (f->node->kind == YAML_LIST) {
		append(f, n);
	} else if (!f->key) {
		f->key = n;
		if (n->kind != YAML_SCALAR)
			yaml_error(&b->ctx, n, "yaml-key",
			    "a map or a list as a key; a key is a word");
		if (n->kind != YAML_SCALAR && b->rc == RC_OK)
			b->rc = RC_CONFIG;
	} else {
		/* A value without a usable key is read and forgotten. */
		if (f->key->kind == YAML_SCALAR) {
			n->key = f->key;
			append(f, n);
		}
		f->key = NULL;
	}
}

/* Anchors, aliases and tags: a file that people review means what it shows. */
static void
refuse_decoration(struct builder *b, struct yaml_node *n,
    const yaml_mark_t *mark, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		finding_at(b, mark, "yaml-anchor",
		    "an anchor (&); anchors and aliases are not accepted, "
		    "write the value where it is used");
	if (tag)
		finding_at(b, mark, "yaml-tag",
		    "a tag (!); remove it, the type follows from the key");
	n->refused = anchor || tag;
}

static void
open_node(struct builder *b, enum yaml_kind kind, const yaml_event_t *e,
    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct yaml_node *n;

	if (b->depth == YAML_DEPTH_MAX) {
		finding_at(b, &e->start_mark, "yaml-limit",
		    "nested more than 16 deep");
		b->ended = true;
		return;
	}
	n = new_node(b, kind, &e->start_mark);
	if (!n)
		return;
	attach(b, n);
	refuse_decoration(b, n, &e->start_mark, anchor, tag);
	b->stack[b->depth++] = (struct frame){.node = n, .tail = &n->children};
}

static void
scalar(struct builder *b, const yaml_event_t *e)
{
	struct yaml_node *n = new_node(b, YAML_SCALAR, &e->start_mark);

	if (!n)
		return;
	n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	n->text = arena_copy(
	    b->arena, span_of(e->data.scalar.value, e->data.scalar.length));
	if (!n->text.p) {
		fail(b, RC_MEMORY);
		return;
	}
	attach(b, n);
	refuse_decoration(
	    b, n, &e->start_mark, e->data.scalar.anchor, e->data.scalar.tag);
	/* "\0" is legal YAML; our values are C strings. */
	if (n->text.len && memchr(n->text.p, '\0', n->text.len)) {
		finding_at(b, &e->start_mark, "yaml-control",
		    "text with a NUL character");
		n->refused = true;
	}
}

static void
alias(struct builder *b, const yaml_event_t *e)
{
	struct yaml_node *n = new_node(b, YAML_SCALAR, &e->start_mark);

	if (!n)
		return;
	n->text = SPAN_LIT("");
	attach(b, n);
	finding_at(b, &e->start_mark, "yaml-anchor",
	    "an alias (*); anchors and aliases are not accepted, write the "
	    "value where it is used (text that begins with * goes in quotes)");
	n->refused = true;
}

static int
compare_keys(const void *x, const void *y)
{
	const struct yaml_node *a = *(struct yaml_node *const *)x;
	const struct yaml_node *b = *(struct yaml_node *const *)y;
	int c = span_compare(a->key->text, b->key->text);

	return c ? c : (a->index > b->index) - (a->index < b->index);
}

/* Sorted, because a map may have as many keys as a file has nodes. */
static void
check_duplicates(struct builder *b, struct yaml_node *map)
{
	size_t n = 0;

	if (map->count > b->sorted_cap) {
		struct yaml_node **more =
		    reallocarray(b->sorted, map->count, sizeof(*more));

		if (!more) {
			fail(b, RC_MEMORY);
			return;
		}
		b->sorted = more;
		b->sorted_cap = map->count;
	}
	for (struct yaml_node *c = map->children; c; c = c->next)
		b->sorted[n++] = c;
	if (n > 1)
		qsort(b->sorted, n, sizeof(struct yaml_node *), compare_keys);
	for (size_t i = 1, first = 0; i < n; i++) {
		struct yaml_node *c = b->sorted[i];

		if (!span_equal(b->sorted[first]->key->text, c->key->text)) {
			first = i;
			continue;
		}
		yaml_error(&b->ctx, c->key, "yaml-duplicate-key",
		    "the key %s is there already, in line %u",
		    YAML_SHOW(c->key->text), b->sorted[first]->key->line);
		c->refused = true;
		if (b->rc == RC_OK)
			b->rc = RC_CONFIG;
	}
}

static void
close_node(struct builder *b)
{
	struct yaml_node *n = b->stack[--b->depth].node;

	if (n->kind == YAML_MAP)
		check_duplicates(b, n);
}

static void
take_event(struct builder *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
		break;
	case YAML_STREAM_END_EVENT:
		b->ended = true;
		break;
	case YAML_DOCUMENT_START_EVENT:
		b->doc = arena_alloc(b->arena, sizeof(*b->doc));
		if (!b->doc)
			fail(b, RC_MEMORY);
		break;
	case YAML_DOCUMENT_END_EVENT:
		/* Only whole documents are for others to see. */
		*b->doc_tail = b->doc;
		b->doc_tail = &b->doc->next;
		break;
	case YAML_ALIAS_EVENT:
		alias(b, e);
		break;
	case YAML_SCALAR_EVENT:
		scalar(b, e);
		break;
	case YAML_SEQUENCE_START_EVENT:
		open_node(b, YAML_LIST, e, e->data.sequence_start.anchor,
		    e->data.sequence_start.tag);
		break;
	case YAML_MAPPING_START_EVENT:
		open_node(b, YAML_MAP, e, e->data.mapping_start.anchor,
		    e->data.mapping_start.tag);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_node(b);
		break;
	}
}

enum rc
yaml_parse(struct arena *a, struct diag *d, const char *file, struct span text,
    struct yaml_doc **docs)
{
	struct builder b = {.arena = a, .ctx = {d, file}, .doc_tail = docs};

	*docs = NULL;
	switch (yaml_bytes_check(d, file, text)) {
	case YAML_BYTES_BAD:
		return RC_CONFIG;
	case YAML_BYTES_TABS:
		b.rc = RC_CONFIG;
		break;
	case YAML_BYTES_GOOD:
		break;
	}
	/* libyaml passes over it only where it guesses the encoding. */
	if (span_starts(text, SPAN_LIT("\xef\xbb\xbf")))
		text = span_from(text, 3);
	b.text = text;
	if (!yaml_parser_initialize(&b.parser))
		return RC_MEMORY;
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    &b.parser, text.len ? text.p : (const uint8_t *)"", text.len);
	while (!b.ended) {
		yaml_event_t event;

		if (!yaml_parser_parse(&b.parser, &event)) {
			syntax_error(&b);
			break;
		}
		take_event(&b, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&b.parser);
	free(b.sorted);
	return b.rc;
}
