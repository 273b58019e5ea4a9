#include "merge_survey.h"

#include "base/progress.h"
#include "base/text.h"
#include "tool.h"

#include <stdio.h>

/* Rows that no station writes: the ledger is a central one. */
static const char *const central_kinds[] = {
    "station_merged",
    "buffer_filled",
    "bootstrap_begin",
};

static int
unreadable(const char *path, enum rc rc)
{
	struct quoted q;

	return tool_error(EX_IOERR, "see provisioning-tool audit verify",
	    "ledger %s could not be read (%s)", quote_str(&q, path),
	    rc_name(rc));
}

static void
draw(void *ctx, uint64_t done, uint64_t total)
{
	progress_at(ctx, done, total);
}

static int
check_chain(struct merge *m)
{
	struct ledger_verdict v = {0};
	struct progress p;
	struct quoted q;
	enum rc rc;

	progress_begin(&p, "verifying rows");
	rc = ledger_verify(m->station, &v, draw, &p);
	progress_end(&p);
	if (rc != RC_OK)
		return unreadable(m->station_path, rc);
	m->rows = v.rows;
	if (v.bad_seq == 0 && !v.altered)
		return EX_OK;
	return tool_error(EX_DATAERR,
	    "nothing was merged; keep this file as it is, and find out who "
	    "wrote to it",
	    "the station's ledger %s: %s", quote_str(&q, m->station_path),
	    v.text);
}

/* Keeps the row that is asked for. */
struct found {
	bool any;
	uint64_t seq;
	int64_t time_ms;
	uint8_t hash[DIGEST_LEN];
	char station[LEDGER_STATION_MAX + 1];
};

static enum rc
keep(void *ctx, const struct ledger_row *row)
{
	struct found *f = ctx;

	f->any = true;
	f->seq = row->seq;
	f->time_ms = row->time_ms;
	memcpy(f->hash, row->hash, DIGEST_LEN);
	return RC_AGAIN; /* enough */
}

/* "" where it says none, or what cannot be one. */
static enum rc
keep_named(void *ctx, const struct ledger_row *row)
{
	struct found *f = ctx;
	struct writer w;

	writer_init(&w, f->station, sizeof(f->station) - 1);
	if (!ledger_field(row, "station", &w))
		return RC_OK;
	f->station[w.len] = '\0';
	if (w.full || !ledger_station_valid(writer_span(&w)))
		f->station[0] = '\0';
	return keep(ctx, row);
}

static enum rc
look(struct ledger *l, const struct ledger_query *q, ledger_row_fn each,
    struct found *out)
{
	enum rc rc;

	*out = (struct found){0};
	rc = ledger_read(l, q, each, out);
	return rc == RC_AGAIN ? RC_OK : rc;
}

static int
check_kinds(struct merge *m)
{
	struct quoted q;

	for (size_t i = 0; i < sizeof(central_kinds) / sizeof(*central_kinds);
	     i++) {
		const struct ledger_query query = {
		    .kind = span_str(central_kinds[i])};
		struct found f;
		enum rc rc = look(m->station, &query, keep, &f);

		if (rc != RC_OK)
			return unreadable(m->station_path, rc);
		if (f.any)
			return tool_error(EX_DATAERR,
			    "merge a station's ledger into it, not it into "
			    "another",
			    "%s is not the ledger of a station: row %llu is of "
			    "kind %s",
			    quote_str(&q, m->station_path),
			    (unsigned long long)f.seq, central_kinds[i]);
	}
	return EX_OK;
}

static int
find_name(struct merge *m, const char *given)
{
	struct found f;
	struct quoted q, other;
	enum rc rc;

	rc = look(m->station, &(struct ledger_query){0}, keep_named, &f);
	if (rc != RC_OK)
		return unreadable(m->station_path, rc);
	quote_str(&q, m->station_path);
	if (f.any && !f.station[0])
		return tool_error(EX_DATAERR,
		    "a station's name is of letters, digits, '.', '_' and '-'",
		    "ledger %s: what row %llu has as its station is no name of "
		    "one",
		    q.text, (unsigned long long)f.seq);
	if (given && !ledger_station_valid(span_str(given)))
		return tool_error(EX_USAGE,
		    "a station's name is of letters, digits, '.', '_' and '-'",
		    "--station %s is no name of a station",
		    quote_str(&other, given));
	if (!given && !f.any)
		return tool_error(EX_USAGE, "give --station NAME",
		    "no row of %s says which station it is of", q.text);
	if (given && f.any && strcmp(given, f.station) != 0)
		return tool_error(EX_DATAERR,
		    "merge it by its own name, or look which file it is",
		    "--station %s, but row %llu of %s says %s", given,
		    (unsigned long long)f.seq, q.text, f.station);
	snprintf(m->name, sizeof(m->name), "%s", given ? given : f.station);
	m->from.station = span_str(m->name);
	return EX_OK;
}

int
merge_survey(struct merge *m, const char *given)
{
	struct found first;
	struct writer w;
	struct quoted q;
	enum rc rc;
	int code = check_chain(m);

	if (code == EX_OK)
		code = check_kinds(m);
	if (code != EX_OK)
		return code;
	rc = look(m->station, &(struct ledger_query){0}, keep, &first);
	if (rc != RC_OK)
		return unreadable(m->station_path, rc);
	if (!first.any)
		return tool_error(EX_DATAERR, "look at its name",
		    "ledger %s is empty", quote_str(&q, m->station_path));
	writer_init(&w, m->ledger, sizeof(m->ledger) - 1);
	text_hex(&w, span_of(first.hash, DIGEST_LEN));
	return find_name(m, given);
}

/* What the rows station_merged of the central ledger say, oldest first. */
struct known {
	struct merge *m;
	bool any; /* of this station */
	char ledger[2 * DIGEST_LEN + 1];
	char other[LEDGER_STATION_MAX + 1]; /* this ledger's name, if another */
	int64_t rows, last_ms;
	uint8_t head[DIGEST_LEN];
	bool broken;
};

static bool
field_text(
    const struct ledger_row *row, const char *name, char *out, size_t cap)
{
	struct writer w;

	writer_init(&w, out, cap - 1);
	if (!ledger_field(row, name, &w) || w.full)
		return false;
	out[w.len] = '\0';
	return true;
}

static enum rc
know(void *ctx, const struct ledger_row *row)
{
	char name[LEDGER_STATION_MAX + 1], ledger[2 * DIGEST_LEN + 1];
	char head[2 * DIGEST_LEN + 1];
	struct known *k = ctx;
	struct writer w;

	if (!field_text(row, "station", name, sizeof(name)) ||
	    !field_text(row, "ledger", ledger, sizeof(ledger)) ||
	    !field_text(row, "head", head, sizeof(head))) {
		k->broken = true;
		return RC_OK;
	}
	if (strcmp(name, k->m->name) != 0) {
		if (strcmp(ledger, k->m->ledger) == 0)
			snprintf(k->other, sizeof(k->other), "%s", name);
		return RC_OK;
	}
	k->any = true;
	memcpy(k->ledger, ledger, sizeof(k->ledger));
	writer_init(&w, k->head, sizeof(k->head));
	if (text_unhex(&w, span_str(head)) != RC_OK || w.len != DIGEST_LEN ||
	    !ledger_field_int(row, "rows", &k->rows) || k->rows < 1 ||
	    !ledger_field_int(row, "last_ms", &k->last_ms))
		k->broken = true;
	return RC_OK;
}

/** Is the row where the merge had come to still what it was then? */
static int
check_head(struct merge *m, const struct known *k)
{
	const struct ledger_query query = {
	    .after_seq = (uint64_t)k->rows - 1, .limit = 1};
	struct found f;
	struct quoted q;
	enum rc rc = look(m->station, &query, keep, &f);

	if (rc != RC_OK)
		return unreadable(m->station_path, rc);
	quote_str(&q, m->station_path);
	if (!f.any)
		return tool_error(EX_DATAERR,
		    "it is an older copy, or rows were taken off its end; find "
		    "the one that the station writes to",
		    "ledger %s has %llu rows, and %lld of station %s were "
		    "merged already",
		    q.text, (unsigned long long)m->rows, (long long)k->rows,
		    m->name);
	if (memcmp(f.hash, k->head, DIGEST_LEN) != 0)
		return tool_error(EX_DATAERR,
		    "two files have gone on from one: find out which of them "
		    "the station has written to, and what the other minted",
		    "row %lld of %s is not the one that was merged of station "
		    "%s",
		    (long long)k->rows, q.text, m->name);
	m->from.seq = (uint64_t)k->rows;
	memcpy(m->from.head, k->head, DIGEST_LEN);
	m->last_ms = k->last_ms;
	return EX_OK;
}

static int
check_central(struct merge *m)
{
	char hex[2 * DIGEST_LEN + 1];
	struct found first;
	struct quoted a, b;
	struct writer w;
	enum rc rc;

	rc = look(m->central, &(struct ledger_query){0}, keep, &first);
	if (rc != RC_OK)
		return unreadable(m->central_path, rc);
	writer_init(&w, hex, sizeof(hex) - 1);
	text_hex(&w, span_of(first.hash, DIGEST_LEN));
	hex[w.len] = '\0';
	if (first.any && strcmp(hex, m->ledger) == 0)
		return tool_error(EX_DATAERR,
		    "a ledger is not merged into itself, or into a copy",
		    "%s and %s begin with the same row",
		    quote_str(&a, m->station_path),
		    quote_str(&b, m->central_path));
	return EX_OK;
}

int
merge_resume(struct merge *m)
{
	const struct ledger_query query = {.kind = SPAN_LIT("station_merged")};
	struct known k = {.m = m};
	struct quoted q;
	enum rc rc;
	int code = check_central(m);

	if (code != EX_OK)
		return code;
	rc = ledger_read(m->central, &query, know, &k);
	if (rc != RC_OK)
		return unreadable(m->central_path, rc);
	if (k.broken)
		return tool_error(EX_DATAERR,
		    "see provisioning-tool audit verify",
		    "a row station_merged of %s does not say how far a merge "
		    "has come",
		    quote_str(&q, m->central_path));
	if (k.other[0])
		return tool_error(EX_DATAERR, "merge it by that name",
		    "ledger %s was merged as that of station %s, not %s",
		    quote_str(&q, m->station_path), k.other, m->name);
	if (k.any && strcmp(k.ledger, m->ledger) != 0)
		return tool_error(EX_DATAERR,
		    "give the station that writes to it another name",
		    "%s is another ledger than that of station %s before: its "
		    "first row is not the same",
		    quote_str(&q, m->station_path), m->name);
	m->from.seq = 0;
	memset(m->from.head, 0, DIGEST_LEN);
	return k.any ? check_head(m, &k) : EX_OK;
}
