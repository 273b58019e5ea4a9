#include "json_line.h"

enum { DEPTH_MAX = 32 };

static void
skip_space(struct reader *r)
{
	while (reader_left(r) > 0 && memchr(" \t\r\n", *r->p, 4))
		r->p++;
}

static bool
take_char(struct reader *r, char c)
{
	skip_space(r);
	if (reader_left(r) == 0 || *r->p != (uint8_t)c)
		return false;
	r->p++;
	return true;
}

static bool
take_unit(struct reader *r, uint32_t *unit)
{
	struct span s = reader_take(r, 4);

	*unit = 0;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		*unit <<= 4;
		if (c >= '0' && c <= '9')
			*unit |= c - (uint32_t)'0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			*unit |= (c | 0x20u) - 'a' + 10;
		else
			return false;
	}
	return s.len == 4;
}

/* Behind "\u": four digits, or two surrogates (RFC 8259 section 7). */
static bool
take_point(struct reader *r, uint32_t *point)
{
	uint32_t low;

	if (!take_unit(r, point))
		return false;
	if (*point < 0xd800 || *point > 0xdfff)
		return true;
	if (*point > 0xdbff || !span_is(reader_take(r, 2), "\\u") ||
	    !take_unit(r, &low) || low < 0xdc00 || low > 0xdfff)
		return false;
	*point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

static void
put_utf8(struct writer *w, uint32_t c)
{
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (len == 1) {
		writer_be(w, c, 1);
		return;
	}
	writer_be(w, lead[len] | c >> 6 * (len - 1), 1);
	while (--len > 0)
		writer_be(w, 0x80 | (c >> 6 * (len - 1) & 0x3f), 1);
}

static bool
take_escape(struct reader *r, struct writer *room)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint8_t c = (uint8_t)reader_be(r, 1);
	const char *at = c ? strchr(from, c) : NULL;
	uint32_t point;

	if (at) {
		writer_be(room, (uint8_t)to[at - from], 1);
		return true;
	}
	if (c != 'u' || !take_point(r, &point))
		return false;
	put_utf8(room, point);
	return true;
}

static bool
take_text(struct reader *r, struct writer *room, struct span *out)
{
	size_t from = room->len;

	if (!take_char(r, '"'))
		return false;
	while (reader_left(r) > 0 && *r->p != '"') {
		uint8_t c = *r->p++;

		if (c < 0x20)
			return false;
		if (c != '\\')
			writer_be(room, c, 1);
		else if (!take_escape(r, room))
			return false;
	}
	*out = span_from(writer_span(room), from);
	return take_char(r, '"') && !room->full;
}

/* A number, true, false or null: a run of such characters. */
static bool
take_bare(struct reader *r)
{
	const uint8_t *start;

	skip_space(r);
	for (start = r->p; reader_left(r) > 0; r->p++)
		if (!(*r->p >= 'a' && *r->p <= 'z') && *r->p != 'E' &&
		    !(*r->p >= '0' && *r->p <= '9') && *r->p != '-' &&
		    *r->p != '+' && *r->p != '.')
			break;
	return r->p > start;
}

/* An array or an object: its brackets, and whatever stands in them. */
static bool
take_nested(struct reader *r, struct writer *room)
{
	char closing[DEPTH_MAX];
	struct span none;
	size_t depth = 0;

	do {
		skip_space(r);
		if (reader_left(r) == 0)
			return false;
		switch (*r->p) {
		case '{':
		case '[':
			if (depth == DEPTH_MAX)
				return false;
			closing[depth++] = *r->p++ == '{' ? '}' : ']';
			break;
		case '}':
		case ']':
			if (*r->p++ != (uint8_t)closing[--depth])
				return false;
			break;
		case '"':
			if (!take_text(r, room, &none))
				return false;
			break;
		case ',':
		case ':':
			r->p++;
			break;
		default:
			if (!take_bare(r))
				return false;
		}
	} while (depth > 0);
	return true;
}

/* `text`: it is one, and in `value`. */
static bool
take_value(
    struct reader *r, struct writer *room, bool *text, struct span *value)
{
	skip_space(r);
	if (reader_left(r) == 0)
		return false;
	*value = (struct span){0};
	*text = *r->p == '"';
	if (*text)
		return take_text(r, room, value);
	return *r->p == '{' || *r->p == '[' ? take_nested(r, room)
					    : take_bare(r);
}

static bool
take_member(
    struct reader *r, struct writer *room, json_member_fn each, void *ctx)
{
	struct span name, value;
	bool text;

	if (!take_text(r, room, &name) || !take_char(r, ':') ||
	    !take_value(r, room, &text, &value))
		return false;
	each(ctx, name, text, value);
	return true;
}

const char *
json_line_take(
    struct span line, struct writer *room, json_member_fn each, void *ctx)
{
	static const char fault[] =
	    "it is no JSON object; each line must be one, whole";
	struct reader r;

	reader_init(&r, line);
	if (!take_char(&r, '{'))
		return fault;
	if (!take_char(&r, '}')) {
		do {
			if (!take_member(&r, room, each, ctx))
				return fault;
		} while (take_char(&r, ','));
		if (!take_char(&r, '}'))
			return fault;
	}
	skip_space(&r);
	return reader_left(&r) == 0 ? NULL : fault;
}
