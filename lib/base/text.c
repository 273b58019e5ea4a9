#include "base/text.h"

#include "base/secret.h"

/*
 * All ones if lo <= c <= hi, else 0, for values below 2^31: either difference
 * has its top bit set where the bound holds.
 */
static unsigned
within(unsigned c, unsigned lo, unsigned hi)
{
	unsigned mask = 0u - (((lo - 1 - c) & (c - hi - 1)) >> 31);

	/* What the compiler cannot see through it cannot make a branch of. */
	__asm__("" : "+r"(mask));
	return mask;
}

static uint8_t
hex_digit(unsigned v)
{
	return (uint8_t)((within(v, 0, 9) & ('0' + v)) |
	    (within(v, 10, 15) & ('a' + v - 10)));
}

/* The value of the digit; `bad` becomes all ones if it is none. */
static unsigned
hex_value(unsigned c, unsigned *bad)
{
	unsigned number = within(c, '0', '9');
	unsigned lower = within(c, 'a', 'f');
	unsigned upper = within(c, 'A', 'F');

	*bad |= ~(number | lower | upper);
	return (number & (c - '0')) | (lower & (c - 'a' + 10)) |
	    (upper & (c - 'A' + 10));
}

void
text_hex(struct writer *w, struct span bytes)
{
	uint8_t *out = writer_skip(w, 2 * bytes.len);

	if (!out)
		return;
	for (size_t i = 0; i < bytes.len; i++) {
		out[2 * i] = hex_digit(bytes.p[i] >> 4);
		out[2 * i + 1] = hex_digit(bytes.p[i] & 0xf);
	}
}

/* Undo a decoder's work: nothing of a key that was refused stays behind. */
static enum rc
take_back(struct writer *w, size_t len)
{
	w->len -= len;
	secret_wipe(w->buf + w->len, len);
	return RC_MALFORMED;
}

enum rc
text_unhex(struct writer *w, struct span text)
{
	size_t len = text.len / 2;
	unsigned bad = 0;
	uint8_t *out;

	if (text.len % 2)
		return RC_MALFORMED;
	out = writer_skip(w, len);
	if (w->full)
		return RC_TOO_LARGE;
	for (size_t i = 0; i < len; i++) {
		unsigned high = hex_value(text.p[2 * i], &bad);
		unsigned low = hex_value(text.p[2 * i + 1], &bad);

		out[i] = (uint8_t)(high << 4 | low);
	}
	return bad ? take_back(w, len) : RC_OK;
}

/* The two characters in which the alphabets differ: for 62 and 63. */
static const uint8_t plain_last[2] = {'+', '/'};
static const uint8_t url_last[2] = {'-', '_'};

static uint8_t
base64_digit(unsigned v, const uint8_t last[static 2])
{
	return (uint8_t)((within(v, 0, 25) & ('A' + v)) |
	    (within(v, 26, 51) & ('a' + v - 26)) |
	    (within(v, 52, 61) & ('0' + v - 52)) |
	    (within(v, 62, 62) & last[0]) | (within(v, 63, 63) & last[1]));
}

struct base64_seen {
	unsigned bad; /* masks: a character that is in no alphabet, */
	unsigned plain; /* one of section 4 alone, */
	unsigned url; /* one of section 5 alone */
};

static unsigned
base64_value(unsigned c, struct base64_seen *seen)
{
	unsigned upper = within(c, 'A', 'Z');
	unsigned lower = within(c, 'a', 'z');
	unsigned number = within(c, '0', '9');
	unsigned plus = within(c, '+', '+');
	unsigned slash = within(c, '/', '/');
	unsigned minus = within(c, '-', '-');
	unsigned under = within(c, '_', '_');

	seen->plain |= plus | slash;
	seen->url |= minus | under;
	seen->bad |= ~(upper | lower | number | plus | slash | minus | under);
	return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) |
	    (number & (c - '0' + 52)) | ((plus | minus) & 62) |
	    ((slash | under) & 63);
}

/* How many characters `count` bytes of a group of three become. */
static size_t
base64_chars(size_t count)
{
	return count == 3 ? 4 : count == 0 ? 0 : count + 1;
}

static void
base64(struct writer *w, struct span bytes, const uint8_t last[static 2],
    bool padded)
{
	size_t odd = bytes.len % 3;
	size_t tail = padded && odd ? 4 : base64_chars(odd);
	uint8_t *out = writer_skip(w, bytes.len / 3 * 4 + tail);

	if (!out)
		return;
	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t count = bytes.len - i < 3 ? bytes.len - i : 3;
		unsigned group = 0;

		for (size_t k = 0; k < 3; k++)
			group = group << 8 | (k < count ? bytes.p[i + k] : 0u);
		for (size_t k = 0; k < base64_chars(count); k++)
			*out++ = base64_digit(group >> (18 - 6 * k) & 63, last);
		for (size_t k = base64_chars(count); padded && k < 4; k++)
			*out++ = '=';
	}
}

void
text_base64(struct writer *w, struct span bytes)
{
	base64(w, bytes, plain_last, true);
}

void
text_base64url(struct writer *w, struct span bytes)
{
	base64(w, bytes, url_last, false);
}

enum rc
text_unbase64(struct writer *w, struct span text)
{
	struct base64_seen seen = {0};
	unsigned spare = 0; /* bits of the last group that must be zero */
	size_t len;
	uint8_t *out;

	/* Where padding stands tells the length, which is no secret. */
	if (text.len && text.len % 4 == 0)
		for (int i = 0; i < 2 && text.p[text.len - 1] == '='; i++)
			text.len--;
	if (text.len % 4 == 1)
		return RC_MALFORMED;
	len = text.len / 4 * 3 + (text.len % 4 ? text.len % 4 - 1 : 0);
	out = writer_skip(w, len);
	if (w->full)
		return RC_TOO_LARGE;
	for (size_t i = 0; i < text.len; i += 4) {
		size_t chars = text.len - i < 4 ? text.len - i : 4;
		unsigned group = 0;

		for (size_t k = 0; k < 4; k++)
			group = group << 6 |
			    (k < chars ? base64_value(text.p[i + k], &seen)
				       : 0u);
		for (size_t k = 0; k < chars - 1; k++)
			*out++ = (uint8_t)(group >> (16 - 8 * k));
		spare = group & (0xffffffu >> 8 * (chars - 1));
	}
	if (seen.bad | (seen.plain & seen.url) | spare)
		return take_back(w, len);
	return RC_OK;
}

/*
 * Length of the well-formed sequence at `p` (RFC 3629 section 4) and its code
 * point; 0 if there is none.
 */
static size_t
utf8_sequence(const uint8_t *p, size_t left, uint32_t *point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len;
	uint32_t v;

	if (p[0] < 0x80) {
		*point = p[0];
		return 1;
	}
	if (p[0] >= 0xf8 || p[0] < 0xc0)
		return 0;
	len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (len > left)
		return 0;
	v = p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (p[i] & 0x3f);
	}
	if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*point = v;
	return len;
}

bool
text_utf8_valid(struct span s)
{
	uint32_t point;

	for (size_t i = 0, len; i < s.len; i += len) {
		len = utf8_sequence(s.p + i, s.len - i, &point);
		if (len == 0 || point == 0)
			return false;
	}
	return true;
}

struct span
text_cut(struct span s, size_t characters, size_t bytes)
{
	size_t at = 0;
	uint32_t point;

	while (at < s.len && characters-- > 0) {
		size_t len = utf8_sequence(s.p + at, s.len - at, &point);

		len = len ? len : 1;
		if (len > bytes - at)
			break;
		at += len;
	}
	return span_of(s.p, at);
}

/*
 * What moves, hides or reorders the text around it: controls, line and
 * paragraph separators, the format characters of Unicode (category Cf).
 */
static const struct {
	uint32_t first, last;
} unprintable[] = {
    {0x00, 0x1f},
    {0x7f, 0x9f},
    {0xad, 0xad},
    {0x600, 0x605},
    {0x61c, 0x61c},
    {0x6dd, 0x6dd},
    {0x70f, 0x70f},
    {0x180e, 0x180e},
    {0x200b, 0x200f},
    {0x2028, 0x202e},
    {0x2060, 0x206f},
    {0xfeff, 0xfeff},
    {0xfff9, 0xfffb},
    {0xe0000, 0xe007f},
};

static bool
is_printable(uint32_t point)
{
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]);
	     i++)
		if (point >= unprintable[i].first &&
		    point <= unprintable[i].last)
			return false;
	return true;
}

bool
text_printable(struct span s)
{
	uint32_t point;

	for (size_t i = 0, len; i < s.len; i += len) {
		len = utf8_sequence(s.p + i, s.len - i, &point);
		if (len == 0 || !is_printable(point))
			return false;
	}
	return true;
}

static void
put_escape(struct writer *w, uint32_t point)
{
	static const char *const shorts[128] = {
	    ['"'] = "\\\"",
	    ['\\'] = "\\\\",
	    ['\b'] = "\\b",
	    ['\f'] = "\\f",
	    ['\n'] = "\\n",
	    ['\r'] = "\\r",
	    ['\t'] = "\\t",
	};

	if (point < 128 && shorts[point]) {
		writer_str(w, shorts[point]);
	} else if (point > 0xffff) {
		point -= 0x10000;
		writer_fmt(w, "\\u%04x\\u%04x",
		    (unsigned)(0xd800 + (point >> 10)),
		    (unsigned)(0xdc00 + (point & 0x3ff)));
	} else {
		writer_fmt(w, "\\u%04x", (unsigned)point);
	}
}

void
text_quote(struct writer *w, struct span s)
{
	writer_str(w, "\"");
	for (size_t i = 0; i < s.len && !w->full;) {
		uint32_t point;
		size_t len = utf8_sequence(s.p + i, s.len - i, &point);

		if (len == 0) {
			put_escape(w, s.p[i]);
			len = 1;
		} else if (point == '"' || point == '\\' ||
		    !is_printable(point)) {
			put_escape(w, point);
		} else {
			writer_put(w, span_of(s.p + i, len));
		}
		i += len;
	}
	writer_str(w, "\"");
}

void
text_csv(struct writer *w, struct span quoted)
{
	struct span s = quoted.len < 2 ? (struct span){0}
				       : span_of(quoted.p + 1, quoted.len - 2);

	writer_str(w, "\"");
	/* OWASP: CSV injection */
	if (s.len > 0 && memchr("=+-@", s.p[0], 4)) {
		put_escape(w, s.p[0]);
		s = span_from(s, 1);
	}
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"')
			writer_str(w, "\"");
		writer_put(w, span_of(s.p + i, 1));
	}
	writer_str(w, "\"");
}
