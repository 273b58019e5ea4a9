#include "issue/signers.h"

#include "base/text.h"
#include "policy/match.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/** One line, from left to right. */
struct line {
	struct arena *arena;
	struct diag *diag;
	const char *file;
	unsigned number;
	struct span rest;
	bool faulty; /* said */
	unsigned options; /* that were there, a bit each */
};

PRINTF_LIKE(2, 3)
static void
fault(struct line *l, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (l->faulty)
		return;
	l->faulty = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_add(l->diag, DIAG_ERROR, l->file, l->number, 0, "policy-signers",
	    "%s", text);
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* What is before the next blank that is not in quotes. */
static struct span
next_word(struct line *l)
{
	struct span s = l->rest, word;
	bool quoted = false;
	size_t n = 0;

	while (s.len > 0 && is_blank(s.p[0]))
		s = span_from(s, 1);
	for (; n < s.len && (quoted || !is_blank(s.p[n])); n++)
		if (s.p[n] == '"')
			quoted = !quoted;
	if (quoted)
		fault(l, "a quote has no end");
	word = span_of(s.p, n);
	l->rest = span_from(s, n);
	return word;
}

static bool
take(struct span *s, const char *front)
{
	if (!span_starts(*s, span_str(front)))
		return false;
	*s = span_from(*s, strlen(front));
	return true;
}

/* --- principals ----------------------------------------------------------- */

static const char *
name_fault(struct span name)
{
	if (name.len == 0 || name.len > SIGNERS_NAME_MAX)
		return "a principal is 1 to 128 bytes";
	for (size_t i = 0; i < name.len; i++)
		if (name.p[i] <= ' ' || strchr("*?!\"\\\x7f", (char)name.p[i]))
			return "a principal is the name of one person here, "
			       "without patterns and quotes";
	return text_printable(name) ? NULL : "a principal is printable text";
}

static void
read_names(struct line *l, struct signer *out)
{
	struct span rest = next_word(l);
	bool more = true;

	while (more && !l->faulty) {
		const uint8_t *comma =
		    rest.len > 0 ? memchr(rest.p, ',', rest.len) : NULL;
		struct span name =
		    comma ? span_of(rest.p, (size_t)(comma - rest.p)) : rest;
		const char *wrong = name_fault(name);

		more = comma;
		rest = span_from(rest, name.len + 1);
		if (out->name_count == SIGNERS_NAMES_MAX)
			wrong = "a line has at most 16 principals";
		if (wrong)
			fault(l, "%s", wrong);
		else
			out->names[out->name_count++] = name;
	}
}

/* --- options -------------------------------------------------------------- */

/* Behind `name=`: text in quotes, or as far as the comma. */
static struct span
value(struct line *l, struct span *rest)
{
	bool quoted = take(rest, "\"");
	const uint8_t *end = rest->len > 0
	    ? memchr(rest->p, quoted ? '"' : ',', rest->len)
	    : NULL;
	struct span v = end ? span_of(rest->p, (size_t)(end - rest->p)) : *rest;

	if ((quoted && !end) ||
	    (v.len > 0 && (memchr(v.p, '\\', v.len) || !text_printable(v))))
		fault(l, "an option's value is plain text, in quotes");
	*rest = span_from(*rest, v.len + (quoted ? 1 : 0));
	return v;
}

static void
read_limit(struct line *l, struct span *rest, const char *name, int64_t *out)
{
	struct span v = value(l, rest);

	if (!l->faulty && !sshkey_time(v, out))
		fault(l,
		    "%s=\"%.*s\": a time in UTC is expected, "
		    "YYYYMMDD[HHMM[SS]]Z, with the Z",
		    name, SPAN_FMT(v));
}

/* Twice: which of them holds would be anybody's guess. */
static void
once(struct line *l, unsigned option)
{
	if (l->options & option)
		fault(l, "an option is there twice");
	l->options |= option;
}

static void
read_option(struct line *l, struct span *rest, struct signer *out)
{
	struct span v;

	if (take(rest, "namespaces=")) {
		once(l, 1);
		out->namespaces = v = value(l, rest);
		if (v.len == 0 || memchr(v.p, '!', v.len))
			fault(l,
			    "namespaces= is a list of names; * and ? "
			    "may stand in them, and ! may not");
	} else if (take(rest, "valid-after=")) {
		once(l, 2);
		read_limit(l, rest, "valid-after", &out->after_s);
	} else if (take(rest, "valid-before=")) {
		once(l, 4);
		read_limit(l, rest, "valid-before", &out->before_s);
	} else if (take(rest, "cert-authority")) {
		fault(l,
		    "cert-authority: certificates are not taken; name "
		    "the keys of the signers themselves");
	} else {
		fault(l,
		    "neither a key nor an option; namespaces=, "
		    "valid-after= and valid-before= are known");
	}
}

static void
read_options(struct line *l, struct span rest, struct signer *out)
{
	while (!l->faulty) {
		read_option(l, &rest, out);
		if (rest.len == 0)
			break;
		if (!l->faulty && !take(&rest, ","))
			fault(l, "options are separated by commas");
	}
}

/* --- keys ----------------------------------------------------------------- */

static bool
is_kind(struct span word)
{
	static const char *const fronts[] = {"ssh-", "ecdsa-", "sk-", NULL};

	for (size_t i = 0; fronts[i]; i++)
		if (span_starts(word, span_str(fronts[i])))
			return true;
	return false;
}

static void
read_key(struct line *l, struct span kind, struct signer *out)
{
	struct span text = next_word(l);
	size_t cap = text.len < SSHKEY_BLOB_MAX ? text.len : SSHKEY_BLOB_MAX;
	uint8_t *bytes = arena_alloc(l->arena, cap);
	struct writer w;
	const char *why;

	if (l->faulty)
		return;
	if (!bytes) {
		fault(l, "out of memory");
		return;
	}
	writer_init(&w, bytes, cap);
	if (text.len == 0 || text_unbase64(&w, text) != RC_OK)
		fault(l, "behind the kind of the key its base64 is expected");
	else if (sshkey_read(writer_span(&w), &out->key, &why) != RC_OK)
		fault(l, "%s", why);
	else if (!span_is(kind, sshkey_name(out->key.kind)))
		fault(l, "the key is another than the line says: %s",
		    sshkey_name(out->key.kind));
}

static void
read_line(struct line *l, struct signer *out)
{
	struct span word;

	read_names(l, out);
	word = next_word(l);
	if (!is_kind(word) && !l->faulty) {
		read_options(l, word, out);
		word = next_word(l);
	}
	if (!l->faulty)
		read_key(l, word, out);
}

/* --- the file ------------------------------------------------------------- */

/* Nobody is two by the case of letters. */
static bool
same_name(struct span a, struct span b)
{
	return a.len == b.len &&
	    strncasecmp((const char *)a.p, (const char *)b.p, a.len) == 0;
}

static bool
share(const struct signer *a, const struct signer *b)
{
	if (span_equal(a->key.blob, b->key.blob))
		return true;
	for (size_t i = 0; i < a->name_count; i++)
		for (size_t j = 0; j < b->name_count; j++)
			if (same_name(a->names[i], b->names[j]))
				return true;
	return false;
}

/* The last line is known to the others: whose person is it? */
static void
join(struct signers *s, struct signer *last)
{
	last->person = (size_t)(last - s->list);
	for (struct signer *o = s->list; o < last; o++) {
		size_t from = o->person;

		if (from == last->person || !share(o, last))
			continue;
		for (struct signer *p = s->list; p <= last; p++)
			if (p->person == from)
				p->person = last->person;
	}
}

static void
count_persons(struct signers *s)
{
	for (size_t i = 0; i < s->count; i++) {
		bool first = true;

		for (size_t j = 0; j < i; j++)
			first &= s->list[j].person != s->list[i].person;
		s->persons += first;
	}
}

static struct span
next_line(struct span *rest)
{
	const uint8_t *end = memchr(rest->p, '\n', rest->len);
	size_t len = end ? (size_t)(end - rest->p) : rest->len;
	struct span line = span_of(rest->p, len);

	*rest = span_from(*rest, len + 1);
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	while (line.len > 0 && is_blank(line.p[0]))
		line = span_from(line, 1);
	return line;
}

enum rc
signers_read(struct arena *a, const char *file, struct span text,
    struct diag *d, struct signers *out)
{
	struct line l = {.arena = a, .diag = d, .file = file};
	bool faulty = false;

	*out = (struct signers){
	    .file = file,
	    .list = arena_array(a, SIGNERS_MAX, sizeof(*out->list)),
	};
	if (!out->list)
		return RC_MEMORY;
	while (text.len > 0) {
		struct signer *s = &out->list[out->count];

		l.number++;
		l.rest = next_line(&text);
		l.faulty = false;
		l.options = 0;
		if (l.rest.len == 0 || l.rest.p[0] == '#')
			continue;
		if (out->count == SIGNERS_MAX) {
			fault(&l, "more than 1000 signers");
			return RC_CONFIG;
		}
		*s = (struct signer){.line = l.number,
		    .after_s = INT64_MIN,
		    .before_s = INT64_MAX};
		read_line(&l, s);
		faulty |= l.faulty;
		if (l.faulty)
			continue;
		out->count++;
		join(out, s);
	}
	count_persons(out);
	return faulty ? RC_CONFIG : RC_OK;
}

static bool
in_namespaces(struct span list, const char *space)
{
	char pattern[256];

	while (list.len > 0) {
		const uint8_t *comma = memchr(list.p, ',', list.len);
		size_t len = comma ? (size_t)(comma - list.p) : list.len;

		if (len < sizeof(pattern)) {
			memcpy(pattern, list.p, len);
			pattern[len] = '\0';
			if (glob_match(pattern, span_str(space)))
				return true;
		}
		list = span_from(list, len + 1);
	}
	return false;
}

const char *
signer_fault(const struct signer *s, const char *space, int64_t now_s)
{
	if (s->namespaces.len > 0 && !in_namespaces(s->namespaces, space))
		return "its key is for other namespaces";
	if (now_s < s->after_s)
		return "its key is not valid yet";
	if (now_s > s->before_s)
		return "its key is not valid any more";
	return NULL;
}
