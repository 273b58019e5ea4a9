/*
 * One level of JSON: an object of texts, numbers and literals, which is all
 * that ledger_append writes. Anything else has no fields.
 */
#include "ledger/ledger.h"

#include "base/text.h"

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

bool
ledger_member_next(struct span *rest, bool first, struct ledger_member *out)
{
	struct reader r;

	reader_init(&r, *rest);
	if (!take_char(&r, first ? '{' : ',') || !take_text(&r, &out->name) ||
	    !take_char(&r, ':'))
		return false;
	out->is_text = take_text(&r, &out->raw);
	if (!out->is_text && !take_bare(&r, &out->raw))
		return false;
	*rest = span_of(r.p, (size_t)(r.end - r.p));
	return true;
}

static bool
find(struct span data, const char *name, struct span *raw, bool *is_text)
{
	struct ledger_member m;

	for (bool first = true; ledger_member_next(&data, first, &m);
	     first = false) {
		if (!span_is(m.name, name))
			continue;
		*raw = m.raw;
		*is_text = m.is_text;
		return true;
	}
	return false;
}

bool
ledger_field(const struct ledger_row *row, const char *name, struct writer *out)
{
	struct span raw;
	bool is_text;
	enum rc rc;

	if (!find(row->data, name, &raw, &is_text) || !is_text)
		return false;
	rc = text_unescape(out, raw);
	if (rc == RC_TOO_LARGE)
		out->full = true;
	return rc != RC_MALFORMED;
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
