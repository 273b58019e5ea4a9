/* Rows of units behind the station. */
#include "order_unit.h"

#include "base/text.h"

#include <string.h>

enum { HEX_LEN = 2 * DIGEST_LEN };

/** What the ledger has of a unit. */
struct known {
	char endpoint[LEDGER_NAME_MAX + 1];
	size_t endpoint_len;
	bool several; /* endpoints of one serial number */
	bool minted, flashed, same_bytes;
	uint64_t minted_seq, scrapped_seq, same_seq;
	char unit[UNIT_TEXT_MAX + 1];
	char order[UNIT_TEXT_MAX + 1];
	char batch[UNIT_TEXT_MAX + 1];
	const struct unit_report *report;
};

static void
take_text(const struct ledger_row *row, const char *name,
    char out[static UNIT_TEXT_MAX + 1])
{
	struct writer w;

	writer_init(&w, out, UNIT_TEXT_MAX);
	if (!ledger_field(row, name, &w) || w.full)
		w.len = 0;
	out[w.len] = '\0';
}

static bool
is_text(const struct ledger_row *row, const char *name, struct span wanted)
{
	char text[UNIT_TEXT_MAX + 1];

	take_text(row, name, text);
	return span_is(wanted, text);
}

static enum rc
see_serial(void *ctx, const struct ledger_row *row)
{
	struct known *k = ctx;

	if (row->endpoint.len == 0 || row->endpoint.len > LEDGER_NAME_MAX)
		return RC_OK;
	if (k->endpoint_len > 0 &&
	    !span_equal(row->endpoint, span_of(k->endpoint, k->endpoint_len))) {
		k->several = true;
		return RC_OK;
	}
	memcpy(k->endpoint, row->endpoint.p, row->endpoint.len);
	k->endpoint_len = row->endpoint.len;
	return RC_OK;
}

static enum rc
see_minted(void *ctx, const struct ledger_row *row)
{
	struct known *k = ctx;

	k->minted = true;
	k->minted_seq = row->seq;
	k->same_bytes |= k->report->sha256.len > 0 &&
	    is_text(row, "sha256", k->report->sha256);
	take_text(row, "unit", k->unit);
	take_text(row, "order", k->order);
	take_text(row, "batch", k->batch);
	return RC_OK;
}

static enum rc
see_flashed(void *ctx, const struct ledger_row *row)
{
	const struct unit_report *r = ((struct known *)ctx)->report;
	struct known *k = ctx;

	k->flashed = true;
	/* a line of a log that is read twice */
	if (r->fate == UNIT_FLASHED && r->at.len > 0 &&
	    is_text(row, "at", r->at) && is_text(row, "chip", r->chip))
		k->same_seq = row->seq;
	return RC_OK;
}

static enum rc
see_scrapped(void *ctx, const struct ledger_row *row)
{
	struct known *k = ctx;

	k->scrapped_seq = row->seq;
	return RC_OK;
}

static enum rc
rows_of(struct ledger *l, struct span endpoint, const char *kind,
    ledger_row_fn each, struct known *k)
{
	const struct ledger_query q = {
	    .endpoint = endpoint,
	    .kind = span_str(kind),
	};

	return ledger_read(l, &q, each, k);
}

static enum rc
look(struct ledger *l, const struct unit_report *r, struct known *k)
{
	struct span endpoint = r->name;
	enum rc rc = rows_of(l, endpoint, "image_minted", see_minted, k);

	if (rc == RC_OK && !k->minted) {
		rc = ledger_minted_unit(l, r->name, see_serial, k);
		endpoint = span_of(k->endpoint, k->endpoint_len);
		if (rc == RC_OK && !k->several && endpoint.len > 0)
			rc =
			    rows_of(l, endpoint, "image_minted", see_minted, k);
	}
	if (!k->minted)
		endpoint = r->name;
	memcpy(k->endpoint, endpoint.p, endpoint.len);
	k->endpoint_len = endpoint.len;
	if (rc == RC_OK)
		rc = rows_of(l, endpoint, "unit_flashed", see_flashed, k);
	if (rc == RC_OK)
		rc = rows_of(l, endpoint, "unit_scrapped", see_scrapped, k);
	return rc;
}

static bool
is_line(struct span s)
{
	return s.len <= UNIT_TEXT_MAX && text_printable(s);
}

static bool
is_sha256(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!memchr("0123456789abcdef", s.p[i], 16))
			return false;
	return s.len == 0 || s.len == HEX_LEN;
}

static void
put_text(struct field *f, size_t *n, const char *name, struct span text)
{
	if (text.len > 0)
		f[(*n)++] = F_TEXT(name, text);
}

static enum rc
append(struct ledger *l, const struct unit_report *r, const struct known *k,
    struct unit_outcome *out)
{
	const bool flashed = r->fate == UNIT_FLASHED;
	struct field f[12];
	struct ledger_event e = {
	    .kind = flashed ? "unit_flashed" : "unit_scrapped",
	    .endpoint = span_of(k->endpoint, k->endpoint_len),
	    .fields = f,
	};
	size_t n = 0;

	put_text(f, &n, "unit", span_str(k->unit));
	put_text(f, &n, "order", span_str(k->order));
	put_text(f, &n, "batch", span_str(k->batch));
	put_text(f, &n, "station", r->station);
	put_text(f, &n, "chip", r->chip);
	put_text(f, &n, "sha256", r->sha256);
	put_text(f, &n, "at", r->at);
	put_text(f, &n, "reason", r->reason);
	if (flashed && k->flashed)
		f[n++] = F_BOOL("again", true);
	e.field_count = n;
	return ledger_append(l, &e, &out->seq);
}

enum rc
unit_report_append(
    struct ledger *l, const struct unit_report *r, struct unit_outcome *out)
{
	struct known k = {.report = r};
	enum rc rc;

	*out = (struct unit_outcome){0};
	if (r->name.len == 0 || r->name.len > LEDGER_NAME_MAX ||
	    !is_line(r->station) || !is_line(r->chip) || !is_line(r->at) ||
	    !is_line(r->reason) || !is_sha256(r->sha256))
		return RC_MALFORMED;
	rc = look(l, r, &k);
	if (rc != RC_OK)
		return rc;
	out->ambiguous = k.several;
	if (k.several)
		return RC_CONFLICT;
	out->not_minted = !k.minted;
	out->other_bytes = k.minted && r->sha256.len > 0 && !k.same_bytes;
	out->again = k.flashed;
	out->seq = r->fate == UNIT_FLASHED  ? k.same_seq
	    : k.scrapped_seq > k.minted_seq ? k.scrapped_seq
					    : 0;
	out->recorded = out->seq == 0;
	return out->recorded ? append(l, r, &k, out) : RC_OK;
}
