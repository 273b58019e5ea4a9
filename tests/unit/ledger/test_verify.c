#include "support.h"

#include "ledger/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Three attempts of two devices, 12 rows. */
static void
tell_a_story(struct ledger *l)
{
	assert_int_equal(ledger_begin(l), RC_OK);
	PUT(l, "daemon_start", 0, NULL, F_INT("n", 0)); /* 1 */
	for (uint8_t i = 1; i <= 3; i++) {
		const char *endpoint = i == 2 ? "ep-b" : "ep-\"a";

		PUT(l, "bootstrap_begin", i, endpoint, F_INT("epoch", i));
		PUT(l, "credential_issued", i, endpoint, F_INT("epoch", i));
		PUT(l, "bootstrap_end", i, endpoint, F_TEXT("outcome", "ok"));
	}
	PUT(l, "bootstrap_begin", 4, "ep-c", F_INT("epoch", 1)); /* 11 */
	PUT(l, "daemon_stop", 0, NULL, F_TEXT("why", "SIGTERM")); /* 12 */
	assert_int_equal(ledger_commit(l), RC_OK);
}

static struct ledger_verdict
verdict_of(struct desk *d)
{
	struct ledger_verdict v;
	struct ledger *l;

	assert_int_equal(ledger_open(d->path, LEDGER_READ, &l, NULL, 0), RC_OK);
	assert_int_equal(ledger_verify(l, &v, NULL, NULL), RC_OK);
	assert_true(v.text[0] != '\0');
	ledger_close(l);
	return v;
}

static void
test_the_empty_ledger_holds(void **state)
{
	struct desk *d = *state;

	assert_int_equal(verified_rows(d->ledger), 0);
}

static void
test_what_was_done_to_the_rows_is_found(void **state)
{
	static const struct {
		const char *sql;
		uint64_t bad_seq;
	} cases[] = {
	    /* One field of one row. */
	    {"UPDATE event SET time_ms = time_ms + 1 WHERE seq = 5", 5},
	    {"UPDATE event SET kind = 'bootstrap_fine' WHERE seq = 4", 4},
	    {"UPDATE event SET session = zeroblob(16) WHERE seq = 2", 2},
	    {"UPDATE event SET session = NULL WHERE seq = 2", 2},
	    {"UPDATE event SET endpoint = 'ep-x' WHERE seq = 6", 6},
	    {"UPDATE event SET endpoint = NULL WHERE seq = 6", 6},
	    {"UPDATE event SET data = replace(data, 'ok', 'OK') "
	     "WHERE seq = 4",
		4},
	    {"UPDATE event SET data = data || ' ' WHERE seq = 12", 12},
	    {"UPDATE event SET hash = zeroblob(32) WHERE seq = 7", 7},
	    {"UPDATE event SET hash = (SELECT hash FROM event "
	     "WHERE seq = 3) WHERE seq = 1",
		1},
	    /* The endpoint that people see, beside the one in the chain. */
	    {"UPDATE event SET endpoint = 'ep-b' WHERE seq = 2", 2},
	    {"UPDATE event SET endpoint = 'ep-\"a', endpoint_raw = NULL "
	     "WHERE seq = 2",
		2},
	    {"UPDATE event SET endpoint_raw = CAST(endpoint AS BLOB) "
	     "WHERE seq = 5",
		5},
	    {"UPDATE event SET endpoint_raw = x'65702d62', endpoint = 'ep-z' "
	     "WHERE seq = 5",
		5},
	    /* Whole rows. */
	    {"DELETE FROM event WHERE seq = 1", 1},
	    {"DELETE FROM event WHERE seq = 6", 6},
	    {"DELETE FROM event WHERE seq BETWEEN 4 AND 9", 4},
	    {"DELETE FROM event WHERE seq = 6;"
	     "UPDATE event SET seq = seq - 1 WHERE seq > 6",
		6},
	    {"UPDATE event SET seq = 100 WHERE seq = 5;"
	     "UPDATE event SET seq = 5 WHERE seq = 8;"
	     "UPDATE event SET seq = 8 WHERE seq = 100",
		5},
	    {"INSERT INTO event SELECT 13, time_ms, kind, session, endpoint, "
	     "endpoint_raw, data, hash FROM event WHERE seq = 12",
		13},
	    {"INSERT INTO event SELECT -1, time_ms, kind, session, endpoint, "
	     "endpoint_raw, data, hash FROM event WHERE seq = 12",
		1},
	    {"UPDATE event SET seq = seq + 1000000000", 1},
	};
	struct desk *d = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ledger_verdict v;
		char sql[512];

		if (!d->ledger)
			desk_open(d);
		tell_a_story(d->ledger);
		assert_int_equal(verified_rows(d->ledger), 12);
		desk_close(d);
		/* And the traces wiped: the guards are back afterwards. */
		snprintf(sql, sizeof(sql), "PRAGMA writable_schema = ON; %s %s",
		    without_guards, cases[i].sql);
		if (raw_try(d->path, sql) != SQLITE_OK)
			fail_msg("%s", cases[i].sql);
		v = verdict_of(d);
		if (v.bad_seq != cases[i].bad_seq)
			fail_msg("%s: %llu: %s", cases[i].sql,
			    (unsigned long long)v.bad_seq, v.text);
		assert_int_equal(v.rows, cases[i].bad_seq - 1);
		unlink(d->path);
	}
}

/* A row changed together with its hash: the row after it tells. */
static void
test_a_row_that_was_hashed_anew(void **state)
{
	struct desk *d = *state;
	uint8_t previous[DIGEST_LEN] = {0};
	struct ledger_row row = {
	    .seq = 1,
	    .time_ms = 1,
	    .kind = SPAN_LIT("daemon_start"),
	    .data = SPAN_LIT("{}"),
	};
	struct ledger_verdict v;
	char sql[512];

	tell_a_story(d->ledger);
	chain_hash(previous, &row, row.hash);
	snprintf(sql, sizeof(sql),
	    "%s UPDATE event SET time_ms = 1, data = '{}', hash = x'",
	    without_guards);
	for (size_t i = 0; i < DIGEST_LEN; i++)
		snprintf(sql + strlen(sql), 3, "%02x", row.hash[i]);
	strcat(sql, "' WHERE seq = 1");
	raw(d->path, sql);
	v = verdict_of(d);
	assert_int_equal(v.bad_seq, 2);
	assert_memory_equal(v.head, row.hash, DIGEST_LEN);
}

/*
 * Nothing in a chain says where it ends. What gives a cut end away here is the
 * guards and the tables beside it; who restores those is found by a head that
 * was noted elsewhere, and by nothing else.
 */
static void
test_rows_missing_from_the_end(void **state)
{
	struct desk *d = *state;
	uint8_t head[DIGEST_LEN];
	struct ledger_verdict v;
	uint64_t seq;

	tell_a_story(d->ledger);
	assert_int_equal(ledger_head(d->ledger, &seq, head), RC_OK);
	desk_close(d);

	raw(d->path,
	    "DROP TRIGGER event_keeps_rows;"
	    "DELETE FROM event WHERE seq = 12");
	v = verdict_of(d);
	assert_int_equal(v.bad_seq, 0);
	assert_true(v.altered);
	assert_non_null(strstr(v.text, "event_keeps_rows"));

	raw(d->path,
	    "CREATE TRIGGER event_keeps_rows BEFORE DELETE ON event "
	    "BEGIN\n\tSELECT RAISE(ABORT, 'the ledger is "
	    "append-only');\nEND");
	v = verdict_of(d);
	assert_int_equal(v.bad_seq, 0);
	assert_false(v.altered);
	assert_int_equal(v.rows, 11);
	assert_memory_not_equal(v.head, head, DIGEST_LEN);
}

static void
test_the_tables_beside_the_chain(void **state)
{
	static const char *const cases[] = {
	    "UPDATE device SET attempts = 7 WHERE endpoint = 'ep-b'",
	    "UPDATE device SET end_seq = 4 WHERE endpoint = 'ep-b'",
	    "UPDATE device SET end_seq = 7 WHERE endpoint = 'ep-c'",
	    "UPDATE device SET begin_seq = 2 WHERE first_seq = 2",
	    "UPDATE device SET first_seq = 8 WHERE first_seq = 2",
	    "UPDATE device SET minted_seq = 1 WHERE endpoint = 'ep-b'",
	    "DELETE FROM device WHERE endpoint = 'ep-b'",
	    "UPDATE device SET endpoint = 'ep-y' WHERE endpoint = 'ep-b'",
	    "INSERT INTO device (endpoint, endpoint_raw) VALUES ('new', x'')",
	    "INSERT INTO device (endpoint, endpoint_raw, begin_seq) "
	    "VALUES ('new', x'', 5)",
	    "DELETE FROM open_session",
	    "UPDATE open_session SET seq = 5",
	    "UPDATE open_session SET endpoint = 'ep-b'",
	    "INSERT INTO open_session SELECT session, seq, endpoint "
	    "FROM event WHERE seq = 5",
	    "INSERT INTO open_session VALUES (zeroblob(16), 99, 'ep')",
	    /* And a view that tells something else. */
	    "DROP VIEW devices; CREATE VIEW devices AS SELECT 1 AS endpoint",
	    "DROP VIEW inconsistencies; CREATE VIEW inconsistencies AS "
	    "SELECT 'x' AS name WHERE 0",
	};
	struct desk *d = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ledger_verdict v;

		if (!d->ledger)
			desk_open(d);
		tell_a_story(d->ledger);
		assert_int_equal(verified_rows(d->ledger), 12);
		desk_close(d);
		raw(d->path, cases[i]);
		v = verdict_of(d);
		assert_int_equal(v.bad_seq, 0);
		if (!v.altered)
			fail_msg("%s", cases[i]);
		unlink(d->path);
	}
}

struct progress {
	uint64_t done, total, calls;
};

static void
note(void *ctx, uint64_t done, uint64_t total)
{
	struct progress *p = ctx;

	assert_true(done >= p->done && done <= total);
	*p = (struct progress){done, total, p->calls + 1};
}

static void
test_progress(void **state)
{
	struct progress p = {0};
	struct desk *d = *state;
	struct ledger_verdict v;

	put_rows(d->ledger, 10000);
	assert_int_equal(ledger_verify(d->ledger, &v, note, &p), RC_OK);
	assert_int_equal(v.rows, 10000);
	assert_int_equal(p.done, 10000);
	assert_int_equal(p.total, 10000);
	assert_in_range(p.calls, 2, 10);
}

/*
 * Every page in turn overwritten with rubbish: the verdict is an error or a
 * finding, or it holds where the page held no row. Never a crash.
 */
static void
test_damaged_pages(void **state)
{
	enum { PAGE = 4096 };
	struct desk *d = *state;
	unsigned unreadable = 0, found = 0;
	uint8_t page[PAGE], rubbish[PAGE];
	struct stat st;
	int fd;

	put_rows(d->ledger, 300);
	tell_a_story(d->ledger);
	desk_close(d);
	memset(rubbish, 0xa5, sizeof(rubbish));
	fd = open(d->path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = PAGE; at < st.st_size; at += PAGE) {
		struct ledger_verdict v = {0};
		struct ledger *l;
		enum rc rc;

		assert_int_equal(pread(fd, page, PAGE, at), PAGE);
		assert_int_equal(pwrite(fd, rubbish, PAGE, at), PAGE);
		rc = ledger_open(d->path, LEDGER_READ, &l, NULL, 0);
		if (rc == RC_OK)
			rc = ledger_verify(l, &v, NULL, NULL);
		ledger_close(l);
		assert_true(rc == RC_OK || rc == RC_DB);
		if (rc == RC_DB)
			unreadable++;
		else if (v.bad_seq || v.altered)
			found++;
		assert_int_equal(pwrite(fd, page, PAGE, at), PAGE);
	}
	/* Pages of the table cannot be read; those of an index are found. */
	assert_true(unreadable > 5);
	assert_int_equal(unreadable + found, st.st_size / PAGE - 1);
	/* Cut short. */
	assert_int_equal(ftruncate(fd, st.st_size / 2), 0);
	close(fd);
	{
		struct ledger_verdict v;
		struct ledger *l;
		enum rc rc = ledger_open(d->path, LEDGER_READ, &l, NULL, 0);

		if (rc == RC_OK)
			rc = ledger_verify(l, &v, NULL, NULL);
		ledger_close(l);
		assert_int_equal(rc, RC_DB);
	}
}

static void
put_units(struct ledger *l, unsigned count)
{
	assert_int_equal(ledger_begin(l), RC_OK);
	for (unsigned i = 0; i < count; i++) {
		char endpoint[64];

		snprintf(endpoint, sizeof(endpoint),
		    "urn:dev:ops:0057F2-WM200-%08u", i);
		PUT(l, "image_minted", 0, endpoint, F_TEXT("order", "WO-1"),
		    F_TEXT("station", "line-1"));
	}
	assert_int_equal(ledger_commit(l), RC_OK);
}

/* A file system that counts files without a name, and may refuse them. */
static struct {
	sqlite3_vfs *below;
	unsigned files;
	bool refuses;
} unnamed;

static int
open_counted(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
    int *out_flags)
{
	(void)vfs;
	if (!name) {
		unnamed.files++;
		file->pMethods = NULL;
		if (unnamed.refuses)
			return SQLITE_CANTOPEN;
	}
	return unnamed.below->xOpen(
	    unnamed.below, name, file, flags, out_flags);
}

/* What is sorted for the verdict goes into files, so that memory does not grow
 * with the ledger; where there can be none it is memory after all. */
static void
test_many_rows_are_sorted_in_files(void **state)
{
	enum { ROWS = 25000 };
	struct desk *d = *state;
	struct ledger_verdict v;
	static sqlite3_vfs vfs;

	put_units(d->ledger, ROWS);
	desk_close(d);
	unnamed.below = sqlite3_vfs_find(NULL);
	vfs = *unnamed.below;
	vfs.zName = "counted";
	vfs.xOpen = open_counted;
	assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
	for (unsigned i = 0; i < 2; i++) {
		unnamed.files = 0;
		unnamed.refuses = i == 1;
		v = verdict_of(d);
		assert_true(unnamed.files > 0);
		assert_false(v.altered);
		assert_int_equal(v.rows, ROWS);
	}
	raw(d->path, "DELETE FROM order_unit WHERE minted_seq = 20000");
	assert_true(verdict_of(d).altered);
	sqlite3_vfs_unregister(&vfs);
}

#define ON_A_DESK(test) \
	cmocka_unit_test_setup_teardown(test, desk_setup, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_DESK(test_the_empty_ledger_holds),
	    ON_A_DESK(test_what_was_done_to_the_rows_is_found),
	    ON_A_DESK(test_a_row_that_was_hashed_anew),
	    ON_A_DESK(test_rows_missing_from_the_end),
	    ON_A_DESK(test_the_tables_beside_the_chain),
	    ON_A_DESK(test_progress),
	    ON_A_DESK(test_damaged_pages),
	    ON_A_DESK(test_many_rows_are_sorted_in_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
