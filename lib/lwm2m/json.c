#include "lwm2m/json.h"

#include "base/text.h"

void
json_key(struct writer *w, bool *first, const char *name)
{
	if (!*first)
		writer_str(w, ",");
	*first = false;
	text_quote(w, span_str(name));
	writer_str(w, ":");
}

/** The next byte, not taken; 0 at the end. */
static uint8_t
peek(const struct reader *r)
{
	return reader_left(r) > 0 ? *r->p : 0;
}

static void
skip_space(struct reader *r)
{
	for (;;) {
		switch (peek(r)) {
		case ' ':
		case '\t':
		case '\r':
		case '\n':
			(void)reader_take(r, 1);
			break;
		default:
			return;
		}
	}
}

/** Take `c` after white space; else false and nothing but space is taken. */
static bool
take(struct reader *r, char c)
{
	skip_space(r);
	if (peek(r) != (uint8_t)c)
		return false;
	(void)reader_take(r, 1);
	return true;
}

static void
take_word(struct reader *r, const char *word)
{
	if (!span_is(reader_take(r, strlen(word)), word))
		reader_fail(r);
}

static bool
hex_value(uint8_t c, unsigned *out)
{
	if (c >= '0' && c <= '9')
		*out = c - '0';
	else if (c >= 'a' && c <= 'f')
		*out = c - 'a' + 10u;
	else if (c >= 'A' && c <= 'F')
		*out = c - 'A' + 10u;
	else
		return false;
	return true;
}

/** Four hexadecimal digits. */
static bool
read_unit(struct span s, uint32_t *out)
{
	unsigned digit;

	*out = 0;
	if (s.len < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		if (!hex_value(s.p[i], &digit))
			return false;
		*out = *out << 4 | digit;
	}
	return true;
}

/** What stands for `c` behind a backslash; 0: nothing does. */
static uint8_t
short_escape(uint8_t c)
{
	switch (c) {
	case '"':
	case '\\':
	case '/':
		return c;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

/** Bytes of the escape that begins with the backslash at s[0]; 0: none. */
static size_t
escape_len(struct span s)
{
	uint32_t unit;

	if (s.len < 2)
		return 0;
	if (s.p[1] == 'u')
		return read_unit(span_from(s, 2), &unit) ? 6 : 0;
	return short_escape(s.p[1]) ? 2 : 0;
}

/** What follows the first quote, up to the second. */
static void
read_string(struct reader *r, struct json_item *item)
{
	struct span rest = span_of(r->p, reader_left(r));
	size_t len = 0;
	size_t step;

	item->kind = JSON_STRING;
	for (; len < rest.len && rest.p[len] != '"'; len += step) {
		step = 1;
		if (rest.p[len] == '\\') {
			item->escaped = true;
			step = escape_len(span_from(rest, len));
		}
		/* RFC 8259 section 7: control characters must be escaped. */
		if (step == 0 || rest.p[len] < 0x20) {
			reader_fail(r);
			return;
		}
	}
	item->text = reader_take(r, len);
	take_word(r, "\"");
	if (!text_utf8_valid(item->text))
		reader_fail(r);
}

static bool
is_number_byte(uint8_t c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' ||
	    c == 'e' || c == 'E';
}

static void
read_number(struct reader *r, struct json_item *item)
{
	size_t len = 0;

	while (len < reader_left(r) && is_number_byte(r->p[len]))
		len++;
	item->kind = JSON_NUMBER;
	if (number_parse(reader_take(r, len), &item->number) != RC_OK)
		reader_fail(r);
}

enum rc
json_next(struct reader *r, struct json_item *item)
{
	*item = (struct json_item){.kind = JSON_NULL};
	skip_space(r);
	switch (peek(r)) {
	case '"':
		(void)reader_take(r, 1);
		read_string(r, item);
		break;
	case '[':
		(void)reader_take(r, 1);
		item->kind = JSON_ARRAY;
		break;
	case '{':
		(void)reader_take(r, 1);
		item->kind = JSON_OBJECT;
		break;
	case 't':
		item->kind = JSON_BOOL;
		item->boolean = true;
		take_word(r, "true");
		break;
	case 'f':
		item->kind = JSON_BOOL;
		take_word(r, "false");
		break;
	case 'n':
		take_word(r, "null");
		break;
	default:
		read_number(r, item);
		break;
	}
	return r->bad ? RC_MALFORMED : RC_OK;
}

/** True when another element begins; false at the end and on error. */
static bool
another(struct reader *r, struct json_item *in, char end)
{
	if (r->bad || take(r, end))
		return false;
	if (in->begun && !take(r, ','))
		reader_fail(r);
	in->begun = true;
	return !r->bad;
}

bool
json_element(struct reader *r, struct json_item *in, struct json_item *item)
{
	return another(r, in, ']') && json_next(r, item) == RC_OK;
}

bool
json_member(struct reader *r, struct json_item *in, struct json_item *name)
{
	if (!another(r, in, '}') || json_next(r, name) != RC_OK)
		return false;
	if (name->kind != JSON_STRING || !take(r, ':'))
		reader_fail(r);
	return !r->bad;
}

enum rc
json_skip(struct reader *r, unsigned depth)
{
	struct json_item item;
	struct json_item part;

	if (json_next(r, &item) != RC_OK)
		return RC_MALFORMED;
	if (item.kind != JSON_ARRAY && item.kind != JSON_OBJECT)
		return RC_OK;
	if (depth == 0)
		reader_fail(r);
	if (item.kind == JSON_OBJECT) {
		while (json_member(r, &item, &part)) {
			if (json_skip(r, depth - 1) != RC_OK)
				return RC_MALFORMED;
		}
		return r->bad ? RC_MALFORMED : RC_OK;
	}
	while (another(r, &item, ']')) {
		if (json_skip(r, depth - 1) != RC_OK)
			return RC_MALFORMED;
	}
	return r->bad ? RC_MALFORMED : RC_OK;
}

bool
json_ended(struct reader *r)
{
	skip_space(r);
	return !r->bad && reader_left(r) == 0;
}

static void
put_utf8(struct writer *w, uint32_t point)
{
	if (point < 0x80) {
		writer_be(w, point, 1);
	} else if (point < 0x800) {
		writer_be(w, 0xc0 | point >> 6, 1);
		writer_be(w, 0x80 | (point & 0x3f), 1);
	} else if (point < 0x10000) {
		writer_be(w, 0xe0 | point >> 12, 1);
		writer_be(w, 0x80 | (point >> 6 & 0x3f), 1);
		writer_be(w, 0x80 | (point & 0x3f), 1);
	} else {
		writer_be(w, 0xf0 | point >> 18, 1);
		writer_be(w, 0x80 | (point >> 12 & 0x3f), 1);
		writer_be(w, 0x80 | (point >> 6 & 0x3f), 1);
		writer_be(w, 0x80 | (point & 0x3f), 1);
	}
}

/**
 * The code point of the escape at s[0], "\u" with four digits or two of those
 * for what is beyond 16 bits; how long it is. 0: half of a pair.
 */
static size_t
read_point(struct span s, uint32_t *point)
{
	uint32_t low;

	if (!read_unit(span_from(s, 2), point))
		return 0;
	if (*point < 0xd800 || *point > 0xdfff)
		return 6;
	if (*point > 0xdbff || s.len < 12 || s.p[6] != '\\' || s.p[7] != 'u' ||
	    !read_unit(span_from(s, 8), &low) || low < 0xdc00 || low > 0xdfff)
		return 0;
	*point = 0x10000 + ((*point & 0x3ff) << 10 | (low & 0x3ff));
	return 12;
}

enum rc
json_text(
    const struct json_item *item, struct writer *scratch, struct span *out)
{
	struct span s = item->text;
	size_t from = scratch->len;
	uint32_t point;
	size_t len;

	*out = s;
	if (!item->escaped)
		return RC_OK;
	for (; s.len > 0; s = span_from(s, len)) {
		len = 1;
		if (s.p[0] != '\\') {
			writer_put(scratch, span_of(s.p, 1));
			continue;
		}
		if (s.p[1] != 'u') {
			len = 2;
			writer_be(scratch, short_escape(s.p[1]), 1);
			continue;
		}
		len = read_point(s, &point);
		if (len == 0 || point == 0)
			return RC_MALFORMED;
		put_utf8(scratch, point);
	}
	*out = span_from(writer_span(scratch), from);
	return scratch->full ? RC_TOO_LARGE : RC_OK;
}
