/* The way through a tree: findings at a node, children by key, left-overs. */
#include "base/text.h"
#include "policy/nearest.h"
#include "policy/yaml.h"

#include <stdarg.h>

enum {
	SHOWN_MAX = 48, /* bytes of a file's text in a finding */
	WAY_MAX = 400, /* bytes of the dotted way to a node */
	SUGGESTIONS_MAX = 1000, /* findings after which nobody reads them */
};

const char *
yaml_show(struct yaml_shown *s, struct span text)
{
	bool cut = text.len > SHOWN_MAX;
	struct writer w;

	writer_init(&w, s->text, sizeof(s->text) - 1);
	if (cut) {
		text.len = SHOWN_MAX;
		while (text.len > 0 && (text.p[text.len] & 0xc0) == 0x80)
			text.len--;
	}
	text_quote(&w, text);
	if (cut)
		writer_str(&w, "...");
	s->text[w.len] = '\0';
	return s->text;
}

static bool
is_word(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
		    (c < '0' || c > '9') && c != '_' && c != '-' && c != '/')
			return false;
	}
	return s.len > 0 && s.len <= SHOWN_MAX;
}

static void
put_step(struct writer *w, const struct yaml_node *n)
{
	if (n->parent->kind == YAML_LIST) {
		writer_fmt(w, "[%zu]", n->index);
	} else if (!n->key) {
		/* A key itself stands for its map. */
		return;
	} else if (!is_word(n->key->text)) {
		writer_fmt(w, "[%s]", YAML_SHOW(n->key->text));
	} else if (n->key->text.p[0] == '/') {
		writer_fmt(w, "[%.*s]", SPAN_FMT(n->key->text));
	} else {
		writer_str(w, w->len ? "." : "");
		writer_put(w, n->key->text);
	}
}

/* "servers[0].lifetime: ", "" for the root; cut where it does not fit. */
static const char *
way(char out[static WAY_MAX], const struct yaml_node *n)
{
	const struct yaml_node *up[YAML_DEPTH_MAX + 1];
	size_t depth = 0;
	struct writer w;

	for (; n->parent && depth <= YAML_DEPTH_MAX; n = n->parent)
		up[depth++] = n;
	writer_init(&w, out, WAY_MAX - sizeof(": "));
	while (depth > 0)
		put_step(&w, up[--depth]);
	strcpy(out + w.len, w.len ? ": " : "");
	return out;
}

const char *
yaml_file(const struct yaml_ctx *c, const struct yaml_node *n)
{
	return n->file ? n->file : c->file;
}

PRINTF_LIKE(5, 0)
static void
report(const struct yaml_ctx *c, enum diag_level level,
    const struct yaml_node *at, const char *code, const char *fmt, va_list ap)
{
	char text[1024], to[WAY_MAX];
	struct yaml_node *origin = at->origin;

	/* a warning never stands for an error */
	if (at->refused ||
	    (origin && origin->told && strcmp(origin->told, code) == 0 &&
		(origin->told_error || level != DIAG_ERROR)))
		return;
	if (origin) {
		origin->told = code;
		origin->told_error = level == DIAG_ERROR;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	diag_add(c->diag, level, yaml_file(c, at), at->line, at->column, code,
	    "%s%s%s%s%s", way(to, at), text, at->user ? " (used by " : "",
	    at->user ? at->user : "", at->user ? ")" : "");
}

void
yaml_report(const struct yaml_ctx *c, enum diag_level level,
    const struct yaml_node *at, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(c, level, at, code, fmt, ap);
	va_end(ap);
}

void
yaml_error(const struct yaml_ctx *c, const struct yaml_node *at,
    const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(c, DIAG_ERROR, at, code, fmt, ap);
	va_end(ap);
}

void
yaml_hand_over(struct diag *from, struct diag *to)
{
	diag_sort(from);
	for (size_t i = 0; i < diag_total(from); i++) {
		const struct diag_finding *f = diag_get(from, i);

		diag_add(to, f->level, f->file, f->line, f->column, f->code,
		    "%s", f->text);
	}
	diag_silence_all(from, to);
}

struct yaml_node *
yaml_get(struct yaml_node *map, const char *key)
{
	if (map->kind != YAML_MAP)
		return NULL;
	for (struct yaml_node *n = map->children; n; n = n->next) {
		if (span_is(n->key->text, key)) {
			n->used = true;
			return n;
		}
	}
	return NULL;
}

struct yaml_node *
yaml_need(const struct yaml_ctx *c, struct yaml_node *map, const char *key)
{
	struct yaml_node *n = yaml_get(map, key);

	if (!n)
		yaml_error(c, map, "yaml-missing-key", "`%s:` is missing", key);
	return n;
}

struct yaml_node *
yaml_items(struct yaml_node *n, size_t *count)
{
	*count = n->kind == YAML_LIST ? n->count : 1;
	return n->kind == YAML_LIST ? n->children : n;
}

bool
yaml_is_null(const struct yaml_node *n)
{
	return n->kind == YAML_SCALAR && !n->quoted &&
	    (n->text.len == 0 || span_is(n->text, "~") ||
		span_is(n->text, "null"));
}

static void
unknown_key(const struct yaml_ctx *c, const struct yaml_node *n,
    const char *const *known)
{
	/* At the key, with the way to the value it has. */
	struct yaml_node at = *n;
	const char *near = NULL;

	at.line = n->key->line;
	at.column = n->key->column;
	if (diag_total(c->diag) < SUGGESTIONS_MAX)
		near = nearest_of(n->key->text, known);
	if (near)
		yaml_error(c, &at, "yaml-unknown-key",
		    "unknown key; did you mean `%s`?", near);
	else
		yaml_error(c, &at, "yaml-unknown-key", "unknown key");
}

static bool
is_known(const struct yaml_node *key, const char *const *known)
{
	for (; *known; known++)
		if (span_is(key->text, *known))
			return true;
	return false;
}

void
yaml_leftover(
    const struct yaml_ctx *c, struct yaml_node *map, const char *const *known)
{
	if (map->kind != YAML_MAP)
		return;
	for (struct yaml_node *n = map->children; n; n = n->next)
		if (!n->used && !n->refused && !is_known(n->key, known))
			unknown_key(c, n, known);
}
