#include "flat_json.h"

#include "base/text.h"

#include <string.h>

void
flat_begin(struct flat_walk *f, struct span json)
{
	reader_init(&f->r, json);
	f->begun = false;
}

static bool
take(struct reader *r, char c)
{
	if (reader_left(r) == 0 || *r->p != (uint8_t)c)
		return false;
	r->p++;
	return true;
}

static bool
is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F');
}

/** Behind the backslash (RFC 8259 section 7). */
static bool
take_escape(struct reader *r)
{
	if (reader_left(r) == 0)
		return false;
	if (*r->p != 'u')
		return *r->p != '\0' && strchr("\"\\/bfnrt", *r->p++);
	r->p++;
	for (unsigned i = 0; i < 4; i++)
		if (reader_left(r) == 0 || !is_hex(*r->p++))
			return false;
	return true;
}

/** A text with its quotes. */
static bool
take_text(struct reader *r, struct span *out)
{
	const uint8_t *start = r->p;

	if (!take(r, '"'))
		return false;
	while (reader_left(r) > 0 && *r->p != '"') {
		uint8_t c = *r->p++;

		if (c < 0x20 || c == 0x7f || (c == '\\' && !take_escape(r)))
			return false;
	}
	if (!take(r, '"'))
		return false;
	*out = span_of(start, (size_t)(r->p - start));
	return true;
}

/** A whole number, true, false or null. */
static bool
take_bare(struct reader *r, struct span *out)
{
	const uint8_t *start = r->p;
	struct span digits;
	uint64_t n;

	while (reader_left(r) > 0 && *r->p != ',' && *r->p != '}')
		r->p++;
	*out = span_of(start, (size_t)(r->p - start));
	if (span_is(*out, "true") || span_is(*out, "false") ||
	    span_is(*out, "null"))
		return true;
	digits = *out;
	if (digits.len > 0 && digits.p[0] == '-')
		digits = span_from(digits, 1);
	return span_decimal(digits, UINT64_MAX, &n);
}

static bool
name_plain(struct span quoted)
{
	if (quoted.len < 3)
		return false;
	for (size_t i = 1; i < quoted.len - 1; i++) {
		uint8_t c = quoted.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '_')
			return false;
	}
	return true;
}

bool
flat_next(struct flat_walk *f, struct flat_member *out)
{
	struct reader *r = &f->r;
	struct span name;

	if (r->bad)
		return false;
	if (f->begun) {
		if (!take(r, ','))
			return false;
	} else {
		f->begun = true;
		if (!take(r, '{'))
			reader_fail(r);
		if (reader_left(r) > 0 && *r->p == '}')
			return false;
	}
	if (!take_text(r, &name) || !name_plain(name) || !take(r, ':')) {
		reader_fail(r);
		return false;
	}
	out->name = span_of(name.p + 1, name.len - 2);
	out->text = reader_left(r) > 0 && *r->p == '"';
	if (out->text ? take_text(r, &out->value) : take_bare(r, &out->value))
		return true;
	reader_fail(r);
	return false;
}

/**
 * Would text_quote escape nothing in `s` but quotes and backslashes? Then its
 * form is longer by just those.
 */
static bool
printable(struct span s)
{
	char buf[2 * FLAT_JSON_MAX + 2];
	struct writer w;
	size_t marks = 0;

	for (size_t i = 0; i < s.len; i++)
		marks += s.p[i] == '"' || s.p[i] == '\\';
	writer_init(&w, buf, sizeof(buf));
	text_quote(&w, s);
	return !w.full && w.len == s.len + 2 + marks;
}

bool
flat_valid(struct span json)
{
	struct flat_member m;
	struct flat_walk f;

	if (json.len > FLAT_JSON_MAX || !printable(json))
		return false;
	flat_begin(&f, json);
	while (flat_next(&f, &m))
		;
	return !f.r.bad && take(&f.r, '}') && reader_left(&f.r) == 0;
}
