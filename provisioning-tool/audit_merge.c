/* audit merge: a station's ledger into the central one, with its chain. */
#include "base/progress.h"
#include "base/text.h"
#include "merge_row.h"
#include "merge_survey.h"
#include "record.h"
#include "rows.h"
#include "settings.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <sys/stat.h>

/** Rows of a group: between two of them bootstrapd has its turn. */
enum { GROUP_ROWS = 2048 };

struct run {
	struct merge m;
	struct merge_findings findings;
	struct merge_owner owner;
	uint64_t added; /* rows, in all groups that are durable */
	uint64_t seq; /* of the last row station_merged */
	bool refused; /* said already */
	/* of the group that is open */
	struct merge_findings next;
	uint64_t count;
	int64_t last_ms;
};

/** Why the row was not taken. */
static int
row_fault(const struct run *r, const struct ledger_row *row, enum rc rc)
{
	const char *what = NULL;
	struct quoted q;

	if (rc == RC_DENIED)
		what = "does not follow from the one before it";
	else if (rc == RC_CONFLICT)
		what = "names another station";
	else if (rc == RC_UNSUPPORTED)
		what = "was merged there from elsewhere";
	else if (rc == RC_MALFORMED)
		what = "is none that this program writes";
	if (!what)
		return EX_OK;
	return tool_error(EX_DATAERR,
	    "the rows before it are merged; find out who wrote it",
	    "row %llu of station %s (%s) %s", (unsigned long long)row->seq,
	    r->m.name, quote_str(&q, r->m.station_path), what);
}

static enum rc
take(void *ctx, const struct ledger_row *row)
{
	struct run *r = ctx;
	bool keep_kind;
	enum rc rc;

	rc = merge_row_look(r->m.central, &r->owner, r->m.from.station, row,
	    &r->next, &keep_kind);
	if (rc == RC_OK)
		rc = ledger_append_merged(
		    r->m.central, &r->m.from, row, keep_kind, NULL);
	if (rc == RC_OK) {
		r->count++;
		r->last_ms = row->time_ms;
	} else if (row_fault(r, row, rc) != EX_OK) {
		r->refused = true;
		return RC_AGAIN; /* what came before it stays */
	}
	return rc;
}

/** The row that closes a group. */
static enum rc
close_group(struct run *r)
{
	const struct field f[] = {
	    F_TEXT("station", (const char *)r->m.name),
	    F_TEXT("ledger", (const char *)r->m.ledger),
	    F_INT("rows", r->m.from.seq),
	    F_INT("added", r->count),
	    F_BYTES("head", span_of(r->m.from.head, DIGEST_LEN)),
	    F_INT("last_ms", r->last_ms),
	};

	return ledger_append(r->m.central,
	    &(struct ledger_event){
		.kind = "station_merged",
		.fields = f,
		.field_count = sizeof(f) / sizeof(f[0]),
	    },
	    &r->seq);
}

static int
not_written(enum rc rc)
{
	return tool_error(EX_IOERR,
	    rc == RC_FULL ? "make room on its disk and try again"
			  : "see that the file and its folder can be written; "
			    "then merge again, which goes on from here",
	    "the central ledger took no rows (%s)", rc_name(rc));
}

/** Some rows more. `*done`: there are none. */
static int
merge_group(struct run *r, bool *done)
{
	enum rc rc = ledger_begin(r->m.central);
	struct ledger_query q = {.limit = GROUP_ROWS};
	int code;

	if (rc != RC_OK)
		return not_written(rc);
	/* under the lock: another merge may have gone on meanwhile */
	code = merge_resume(&r->m);
	if (code != EX_OK) {
		ledger_rollback(r->m.central);
		return code;
	}
	r->next = r->findings;
	r->count = 0;
	q.after_seq = r->m.from.seq;
	rc = ledger_read(r->m.station, &q, take, r);
	*done = rc != RC_OK || r->count < GROUP_ROWS;
	if (rc != RC_OK && !r->refused) {
		ledger_rollback(r->m.central);
		return not_written(rc);
	}
	if (r->count == 0) {
		ledger_rollback(r->m.central);
		return r->refused ? EX_DATAERR : EX_OK;
	}
	rc = close_group(r);
	if (rc == RC_OK)
		rc = ledger_commit(r->m.central);
	else
		ledger_rollback(r->m.central);
	if (rc != RC_OK)
		return not_written(rc);
	r->added += r->count;
	r->findings = r->next;
	return r->refused ? EX_DATAERR : EX_OK;
}

static int
merge_all(struct run *r)
{
	struct progress p;
	bool done = false;
	int code = EX_OK;

	progress_begin(&p, "merging rows");
	while (code == EX_OK && !done) {
		code = merge_group(r, &done);
		progress_at(&p, r->m.from.seq, r->m.rows);
	}
	progress_end(&p);
	return code;
}

static void
report(const struct run *r, bool json)
{
	const struct merge_findings *found = &r->findings;
	char hex[HEX_TEXT_MAX];
	struct quoted q;

	if (json) {
		const struct field f[] = {
		    F_TEXT("station", (const char *)r->m.name),
		    F_TEXT("ledger", (const char *)r->m.ledger),
		    F_INT("rows", r->m.from.seq),
		    F_INT("added", r->added),
		    F_INT("minted", found->minted),
		    F_INT("revoked", found->revoked),
		    F_INT("foreign", found->foreign),
		    F_INT("twice", found->twice),
		    F_INT("unreserved", found->unreserved),
		    F_BYTES("head", span_of(r->m.from.head, DIGEST_LEN)),
		};

		rows_json(f, sizeof(f) / sizeof(f[0]));
		return;
	}
	printf("station      %s\n", r->m.name);
	printf("merged       %llu row%s, of %llu now\n",
	    (unsigned long long)r->added, r->added == 1 ? "" : "s",
	    (unsigned long long)r->m.from.seq);
	if (r->added > 0)
		printf("minted       %llu, %llu credential%s taken back\n",
		    (unsigned long long)found->minted,
		    (unsigned long long)found->revoked,
		    found->revoked == 1 ? "" : "s");
	printf("head         %s\n",
	    hex_text(hex, span_of(r->m.from.head, DIGEST_LEN)));
	if (r->added > 0)
		printf("ledger       %s row %llu\n",
		    quote_str(&q, r->m.central_path),
		    (unsigned long long)r->seq);
}

/** Are there two files, and not one by two names? */
static int
check_two(const char *station, const char *central)
{
	struct stat a, b;
	struct quoted q;

	/* made afresh it would take the rows, and nobody would look there */
	if (stat(central, &b) != 0)
		return tool_error(EX_IOERR,
		    "look at its name; -c takes that of the configuration",
		    "no ledger %s", quote_str(&q, central));
	if (stat(station, &a) != 0 || a.st_dev != b.st_dev ||
	    a.st_ino != b.st_ino)
		return EX_OK;
	return tool_error(EX_USAGE, "name the central one with --into",
	    "%s is the ledger to merge into itself", quote_str(&q, station));
}

static int
run(struct run *r, const struct options *o)
{
	int code = check_two(r->m.station_path, r->m.central_path);
	enum rc rc;

	if (code == EX_OK)
		code =
		    record_open(r->m.station_path, LEDGER_READ, &r->m.station);
	if (code != EX_OK)
		return code;
	rc = ledger_snapshot(r->m.station);
	if (rc != RC_OK)
		return tool_fault(rc, "the station's ledger");
	code = merge_survey(&r->m, o->station);
	if (code == EX_OK)
		code =
		    record_open(r->m.central_path, LEDGER_WRITE, &r->m.central);
	if (code != EX_OK)
		return code;
	ledger_expect_many(r->m.central);
	code = merge_all(r);
	if (code == EX_OK || r->added > 0)
		report(r, strcmp(o->format, "json") == 0);
	if (code == EX_OK &&
	    r->findings.foreign + r->findings.twice + r->findings.unreserved >
		0)
		code = EX_DATAERR;
	return code;
}

int
audit_merge(const struct options *o)
{
	struct run r = {0};
	struct settings s;
	int code = settings_load(o, SETTINGS_INTO, &s);

	r.m.station_path = o->operands[0];
	r.m.central_path = s.ledger;
	if (code == EX_OK)
		code = run(&r, o);
	if (r.m.station)
		ledger_snapshot_end(r.m.station);
	merge_owner_fini(&r.owner);
	ledger_close(r.m.station);
	ledger_close(r.m.central);
	settings_fini(&s);
	return code;
}
