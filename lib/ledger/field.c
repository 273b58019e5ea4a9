/*
 * One level of JSON: an object of texts, numbers and literals, which is all
 * that ledger_append writes. Anything else has no fields.
 */
#include "ledger/ledger.h"

static void
skip_space(struct reader *r)
{
	while (!r->bad && r->p < r->end &&
	    (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
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

/* What stands between the quotes, still escaped. */
static bool
take_text(struct reader *r, struct span *raw)
{
	const uint8_t *start;

	if (!take_char(r, '"'))
		return false;
	for (start = r->p; r->p < r->end && *r->p != '"'; r->p++) {
		if (*r->p < 0x20)
			return false;
		if (*r->p == '\\' && ++r->p == r->end)
			return false;
	}
	if (r->p == r->end)
		return false;
	*raw = span_of(start, (size_t)(r->p - start));
	r->p++;
	return true;
}

/* A number, true, false or null: a run of such characters. */
static bool
take_bare(struct reader *r, struct span *raw)
{
	const uint8_t *start;

	skip_space(r);
	for (start = r->p; !r->bad && r->p < r->end; r->p++)
		if (!(*r->p >= 'a' && *r->p <= 'z') && *r->p != 'E' &&
		    !(*r->p >= '0' && *r->p <= '9') && *r->p != '-' &&
		    *r->p != '+' && *r->p != '.')
			break;
	*raw = span_of(start, (size_t)(r->p - start));
	return raw->len > 0;
}

static bool
find(struct span data, const char *name, struct span *raw, bool *is_text)
{
	struct span key;
	struct reader r;

	reader_init(&r, data);
	if (!take_char(&r, '{'))
		return false;
	do {
		if (!take_text(&r, &key) || !take_char(&r, ':'))
			return false;
		*is_text = take_text(&r, raw);
		if (!*is_text && !take_bare(&r, raw))
			return false;
		if (span_is(key, name))
			return true;
	} while (take_char(&r, ','));
	return false;
}

static bool
take_unit(struct reader *r, uint32_t *unit)
{
	struct span s = reader_take(r, 4);

	*unit = 0;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];
		unsigned digit;

		if (c >= '0' && c <= '9')
			digit = c - (unsigned)'0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (c | 0x20u) - 'a' + 10;
		else
			return false;
		*unit = *unit << 4 | digit;
	}
	return s.len == 4;
}

/* After "\u": four hex digits, or two surrogates (RFC 8259 section 7). */
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
	if (c < 0x80) {
		writer_be(w, c, 1);
	} else if (c < 0x800) {
		writer_be(w, (0xc0 | c >> 6) << 8 | (0x80 | (c & 0x3f)), 2);
	} else if (c < 0x10000) {
		writer_be(w, 0xe0 | c >> 12, 1);
		writer_be(w, 0x80 | (c >> 6 & 0x3f), 1);
		writer_be(w, 0x80 | (c & 0x3f), 1);
	} else {
		writer_be(w, 0xf0 | c >> 18, 1);
		writer_be(w, 0x80 | (c >> 12 & 0x3f), 1);
		writer_be(w, 0x80 | (c >> 6 & 0x3f), 1);
		writer_be(w, 0x80 | (c & 0x3f), 1);
	}
}

static bool
unescape(struct writer *w, struct span raw)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	struct reader r;
	uint32_t point;
	const char *at;

	reader_init(&r, raw);
	while (reader_left(&r)) {
		uint8_t c = *r.p++;

		if (c != '\\') {
			writer_be(w, c, 1);
			continue;
		}
		c = (uint8_t)reader_be(&r, 1);
		at = c ? strchr(from, c) : NULL;
		if (at)
			writer_be(w, (uint8_t)to[at - from], 1);
		else if (c == 'u' && take_point(&r, &point))
			put_utf8(w, point);
		else
			return false;
	}
	return true;
}

bool
ledger_field(const struct ledger_row *row, const char *name, struct writer *out)
{
	struct writer was = *out;
	struct span raw;
	bool is_text;

	if (!find(row->data, name, &raw, &is_text) || !is_text)
		return false;
	if (unescape(out, raw))
		return true;
	*out = was;
	return false;
}

bool
ledger_field_int(const struct ledger_row *row, const char *name, int64_t *out)
{
	bool is_text, negative;
	struct span raw;
	uint64_t v;

	if (!find(row->data, name, &raw, &is_text) || is_text)
		return false;
	if (span_is(raw, "true") || span_is(raw, "false")) {
		*out = raw.p[0] == 't';
		return true;
	}
	negative = raw.p[0] == '-';
	if (!span_decimal(
		span_from(raw, negative), (uint64_t)INT64_MAX + negative, &v))
		return false;
	*out = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}
