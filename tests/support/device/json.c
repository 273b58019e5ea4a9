#include "json.h"

void
jsonfile_init(struct jsonfile *j, struct span in, struct writer *text)
{
	*j = (struct jsonfile){.in = in, .text = text};
}

static int
peek(struct jsonfile *j)
{
	while (j->at < j->in.len && memchr(" \t\r\n", j->in.p[j->at], 4))
		j->at++;
	return j->at < j->in.len ? j->in.p[j->at] : -1;
}

static bool
take(struct jsonfile *j, char c)
{
	if (j->bad || peek(j) != c)
		return false;
	j->at++;
	return true;
}

static void
need(struct jsonfile *j, char c)
{
	if (!take(j, c))
		j->bad = true;
}

static int
next_byte(struct jsonfile *j)
{
	if (j->at == j->in.len) {
		j->bad = true;
		return -1;
	}
	return j->in.p[j->at++];
}

static uint32_t
hex4(struct jsonfile *j)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		int c = next_byte(j);

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			j->bad = true;
	}
	return v;
}

static void
put_utf8(struct writer *w, uint32_t c)
{
	if (c < 0x80) {
		writer_be(w, c, 1);
	} else if (c < 0x800) {
		writer_be(w, 0xc080 | (c >> 6) << 8 | (c & 0x3f), 2);
	} else if (c < 0x10000) {
		writer_be(w,
		    0xe08080 | (c >> 12) << 16 | (c >> 6 & 0x3f) << 8 |
			(c & 0x3f),
		    3);
	} else {
		writer_be(w,
		    0xf0808080u | c >> 18 << 24 | (c >> 12 & 0x3f) << 16 |
			(c >> 6 & 0x3f) << 8 | (c & 0x3f),
		    4);
	}
}

static void
read_escape(struct jsonfile *j)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	int c = next_byte(j);
	const char *at = c > 0 ? strchr(from, c) : NULL;
	uint32_t code, low;

	if (at) {
		writer_be(j->text, (uint8_t)to[at - from], 1);
		return;
	}
	if (c != 'u') {
		j->bad = true;
		return;
	}
	code = hex4(j);
	if (code >= 0xd800 && code < 0xdc00) {
		if (next_byte(j) != '\\' || next_byte(j) != 'u')
			j->bad = true;
		low = hex4(j);
		if (low < 0xdc00 || low > 0xdfff)
			j->bad = true;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	} else if (code >= 0xdc00 && code < 0xe000) {
		j->bad = true;
	}
	if (!j->bad)
		put_utf8(j->text, code);
}

static struct span
read_string(struct jsonfile *j)
{
	size_t start = j->text->len;

	need(j, '"');
	while (!j->bad) {
		int c = next_byte(j);

		if (c == '"')
			break;
		if (c == '\\')
			read_escape(j);
		else if (c < 0x20)
			j->bad = true;
		else
			writer_be(j->text, (uint8_t)c, 1);
	}
	if (j->text->full)
		j->bad = true;
	if (j->bad)
		return (struct span){0};
	return span_of(j->text->buf + start, j->text->len - start);
}

static bool
word(struct jsonfile *j, const char *text)
{
	struct span s = span_str(text);

	if (!span_starts(span_from(j->in, j->at), s))
		return false;
	j->at += s.len;
	return true;
}

static bool
digits(struct jsonfile *j)
{
	size_t start = j->at;

	while (
	    j->at < j->in.len && j->in.p[j->at] >= '0' && j->in.p[j->at] <= '9')
		j->at++;
	return j->at > start;
}

/** -?(0|[1-9][0-9]*), with fraction and exponent. */
static struct span
read_number(struct jsonfile *j)
{
	size_t start = j->at;
	bool zero;

	(void)word(j, "-");
	zero = word(j, "0");
	if (!zero && !digits(j))
		j->bad = true;
	if (word(j, ".") && !digits(j))
		j->bad = true;
	if (word(j, "e") || word(j, "E")) {
		if (!word(j, "+"))
			(void)word(j, "-");
		if (!digits(j))
			j->bad = true;
	}
	return span_of(j->in.p + start, j->at - start);
}

static enum rc
open_level(struct jsonfile *j)
{
	j->at++;
	if (j->depth == JSON_DEPTH_MAX) {
		j->bad = true;
		return RC_MALFORMED;
	}
	j->first[j->depth++] = true;
	return RC_OK;
}

enum rc
jsonfile_value(struct jsonfile *j, struct jsonfile_value *v)
{
	int c = j->bad ? -1 : peek(j);

	*v = (struct jsonfile_value){0};
	if (c == '{' || c == '[') {
		v->kind = c == '{' ? JSON_OBJECT : JSON_ARRAY;
		return open_level(j);
	}
	if (c == '"') {
		v->kind = JSON_STRING;
		v->text = read_string(j);
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		v->kind = JSON_NUMBER;
		v->text = read_number(j);
	} else if (c == 't' && word(j, "true")) {
		v->kind = JSON_BOOLEAN;
		v->boolean = true;
	} else if (c == 'f' && word(j, "false")) {
		v->kind = JSON_BOOLEAN;
	} else if (c == 'n' && word(j, "null")) {
		v->kind = JSON_NULL;
	} else {
		j->bad = true;
	}
	if (j->text->full)
		return RC_TOO_LARGE;
	return j->bad ? RC_MALFORMED : RC_OK;
}

/** Before a member or element: a comma where one belongs, or the end. */
static bool
next_of(struct jsonfile *j, char end)
{
	bool first;

	if (j->bad || j->depth == 0)
		return false;
	first = j->first[j->depth - 1];
	if (take(j, end)) {
		j->depth--;
		return false;
	}
	if (!first)
		need(j, ',');
	j->first[j->depth - 1] = false;
	return !j->bad;
}

bool
jsonfile_member(struct jsonfile *j, struct span *name)
{
	if (!next_of(j, '}'))
		return false;
	(void)peek(j);
	*name = read_string(j);
	need(j, ':');
	return !j->bad;
}

bool
jsonfile_element(struct jsonfile *j)
{
	return next_of(j, ']');
}

void
jsonfile_skip(struct jsonfile *j, const struct jsonfile_value *v)
{
	struct jsonfile_value inner;
	struct span name;

	/* depth is bounded by jsonfile_value */
	if (v->kind == JSON_OBJECT) {
		while (jsonfile_member(j, &name))
			if (jsonfile_value(j, &inner) == RC_OK)
				jsonfile_skip(j, &inner);
	} else if (v->kind == JSON_ARRAY) {
		while (jsonfile_element(j))
			if (jsonfile_value(j, &inner) == RC_OK)
				jsonfile_skip(j, &inner);
	}
}

bool
jsonfile_done(struct jsonfile *j)
{
	return !j->bad && j->depth == 0 && peek(j) == -1;
}
