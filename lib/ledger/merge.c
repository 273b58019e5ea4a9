#include "ledger/merge.h"

#include "base/loop.h"
#include "base/text.h"
#include "ledger/store.h"

#define SEQ "station_seq"
#define TIME "station_time_ms"
#define HASH "station_hash"
#define STATION "station"
#define PREFIX "at_station_"

/* No text between quotes holds this: its own would be escaped. */
static const char mark[] = "\"" SEQ "\":";

_Static_assert(sizeof(",\"" SEQ "\":,\"" TIME "\":,\"" HASH "\":\"\",\"" STATION
		      "\":\"\"") +
	    2 * 20 + 2 * DIGEST_LEN + LEDGER_STATION_MAX <=
	LEDGER_MERGED_MAX - LEDGER_DATA_MAX,
    "what is added fits");

bool
ledger_station_valid(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
			return false;
	}
	return name.len > 0 && name.len <= LEDGER_STATION_MAX;
}

static bool
is_prefixed(struct span kind)
{
	return span_starts(kind, SPAN_LIT(PREFIX));
}

/*
 * May it stand in this ledger, and can it be told from its fields again? Only
 * what ledger_append writes: members of one level without a space between.
 */
static enum rc
check_row(const struct ledger_origin *from, const struct ledger_row *row,
    bool *has_station)
{
	struct span rest = row->data;
	struct ledger_member m;
	size_t count = 0;

	*has_station = false;
	if (!store_is_name(row->kind) ||
	    row->kind.len > LEDGER_MERGED_KIND_MAX - (sizeof(PREFIX) - 1) ||
	    (row->session.len != 0 && row->session.len != LEDGER_SESSION_LEN) ||
	    row->endpoint.len > LEDGER_ENDPOINT_MAX ||
	    row->data.len > LEDGER_DATA_MAX || row->seq > INT64_MAX)
		return RC_MALFORMED;
	for (; ledger_member_next(&rest, count == 0, &m); count++) {
		if (!store_is_name(m.name))
			return RC_MALFORMED;
		if (span_is(m.name, SEQ) || span_is(m.name, TIME) ||
		    span_is(m.name, HASH))
			return RC_UNSUPPORTED;
		if (!span_is(m.name, STATION))
			continue;
		if (!m.is_text || !span_equal(m.raw, from->station))
			return RC_CONFLICT;
		*has_station = true;
	}
	if (!span_is(count ? rest : row->data, count ? "}" : "{}"))
		return RC_MALFORMED;
	return RC_OK;
}

static struct span
put_merged(struct ledger *l, const struct ledger_origin *from,
    const struct ledger_row *row, bool has_station)
{
	struct writer w;

	writer_init(&w, l->data, sizeof(l->data));
	writer_put(&w, span_of(row->data.p, row->data.len - 1));
	writer_fmt(&w,
	    "%s"
	    "\"" SEQ "\":%llu,\"" TIME "\":%lld,\"" HASH "\":\"",
	    row->data.len > 2 ? "," : "", (unsigned long long)row->seq,
	    (long long)row->time_ms);
	text_hex(&w, span_of(row->hash, DIGEST_LEN));
	writer_str(&w, "\"");
	if (!has_station)
		writer_fmt(
		    &w, ",\"" STATION "\":\"%.*s\"", SPAN_FMT(from->station));
	writer_str(&w, "}");
	return w.full ? (struct span){0} : writer_span(&w);
}

enum rc
ledger_append_merged(struct ledger *l, struct ledger_origin *from,
    const struct ledger_row *row, bool keep_kind, uint64_t *seq)
{
	char kind[LEDGER_MERGED_KIND_MAX];
	uint8_t hash[DIGEST_LEN];
	struct ledger_row merged;
	bool has_station;
	struct writer w;
	enum rc rc;

	if (l->group == GROUP_LOST)
		return l->lost;
	if (l->group != GROUP_OPEN || !ledger_station_valid(from->station))
		return RC_BUG;
	chain_hash(from->head, row, hash);
	if (row->seq != from->seq + 1 ||
	    memcmp(hash, row->hash, DIGEST_LEN) != 0)
		return RC_DENIED;
	rc = check_row(from, row, &has_station);
	if (rc)
		return rc;
	writer_init(&w, kind, sizeof(kind));
	if (!keep_kind || is_prefixed(row->kind))
		writer_str(&w, PREFIX);
	writer_put(&w, row->kind);
	merged = (struct ledger_row){
	    .time_ms = clock_wall_ms(),
	    .kind = writer_span(&w),
	    .session = row->session,
	    .endpoint = row->endpoint,
	    .data = put_merged(l, from, row, has_station),
	};
	if (merged.data.len == 0)
		return RC_BUG;
	rc = store_append(l, &merged);
	if (rc)
		return rc;
	from->seq = row->seq;
	memcpy(from->head, row->hash, DIGEST_LEN);
	if (seq)
		*seq = merged.seq;
	return RC_OK;
}

static bool
read_number(const struct ledger_member *m, const char *name, int64_t *out)
{
	bool negative = m->raw.len > 0 && m->raw.p[0] == '-';
	uint64_t v;

	if (m->is_text || !span_is(m->name, name) ||
	    !span_decimal(span_from(m->raw, negative),
		(uint64_t)INT64_MAX + negative, &v))
		return false;
	*out = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

static bool
read_hash(const struct ledger_member *m, uint8_t out[static DIGEST_LEN])
{
	struct writer w;

	writer_init(&w, out, DIGEST_LEN);
	return m->is_text && span_is(m->name, HASH) &&
	    text_unhex(&w, m->raw) == RC_OK && w.len == DIGEST_LEN;
}

/* What stands behind the fields, up to the end. */
static bool
read_added(struct span rest, bool first, struct ledger_merged *out)
{
	struct ledger_member m;
	int64_t seq;

	if (!ledger_member_next(&rest, first, &m) ||
	    !read_number(&m, SEQ, &seq) || seq < 1 ||
	    !ledger_member_next(&rest, false, &m) ||
	    !read_number(&m, TIME, &out->row.time_ms) ||
	    !ledger_member_next(&rest, false, &m) ||
	    !read_hash(&m, out->row.hash))
		return false;
	out->row.seq = (uint64_t)seq;
	if (out->station.len == 0 && ledger_member_next(&rest, false, &m)) {
		if (!m.is_text || !span_is(m.name, STATION))
			return false;
		out->station = m.raw;
	}
	return span_is(rest, "}") && ledger_station_valid(out->station);
}

enum rc
ledger_merged_read(const struct ledger_row *row, struct ledger_merged *out)
{
	struct span rest = row->data, own = {0};
	struct ledger_member m;
	bool first = true;
	struct writer w;

	if (rest.len > LEDGER_MERGED_MAX ||
	    !memmem(rest.p, rest.len, mark, sizeof(mark) - 1))
		return RC_NOT_FOUND;
	out->row = *row;
	out->station = (struct span){0};
	for (;; first = false) {
		struct span before = rest;

		if (!ledger_member_next(&rest, first, &m))
			return RC_MALFORMED;
		if (span_is(m.name, SEQ)) {
			own = span_of(
			    row->data.p, (size_t)(before.p - row->data.p));
			if (!read_added(before, first, out))
				return RC_MALFORMED;
			break;
		}
		if (span_is(m.name, STATION) && m.is_text)
			out->station = m.raw;
	}
	writer_init(&w, out->data, sizeof(out->data));
	writer_put(&w, own);
	writer_str(&w, own.len ? "}" : "{}");
	if (w.full)
		return RC_MALFORMED;
	out->row.data = writer_span(&w);
	if (is_prefixed(row->kind))
		out->row.kind = span_from(row->kind, sizeof(PREFIX) - 1);
	return RC_OK;
}
