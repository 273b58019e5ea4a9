/* JSON strings read: the reverse of text_quote. */
#include "base/text.h"

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

		if (c == '"' || c < 0x20)
			return false;
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

enum rc
text_unescape(struct writer *w, struct span escaped)
{
	struct writer was = *w;
	bool good = unescape(w, escaped), full = w->full;

	if (good && !full)
		return RC_OK;
	*w = was;
	return good ? RC_TOO_LARGE : RC_MALFORMED;
}

enum rc
text_unquote(struct writer *w, struct span quoted)
{
	size_t len = quoted.len;

	if (len < 2 || quoted.p[0] != '"' || quoted.p[len - 1] != '"')
		return RC_MALFORMED;
	return text_unescape(w, span_of(quoted.p + 1, len - 2));
}
