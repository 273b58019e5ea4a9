/* A file that an older version wrote: read as it is, or brought up whole. */
#include "support.h"

#include "ledger/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST LEDGER_VECTORS "/version-1.sql"

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 65536);
	size_t len;

	if (!f)
		fail_msg("%s", path);
	assert_non_null(text);
	len = fread(text, 1, 65535, f);
	assert_true(len > 1000 && len < 65535);
	fclose(f);
	return text;
}

/* In place of the desk's ledger, one that version 1 wrote. */
static void
lay_out(struct desk *d)
{
	char *text = read_file(FIRST);

	desk_close(d);
	unlink(d->path);
	raw(d->path, text);
	free(text);
	assert_string_equal(raw_text(d->path, "PRAGMA user_version"), "1");
}

static const char *
version(struct desk *d)
{
	return raw_text(d->path, "PRAGMA user_version");
}

static enum rc
fail_secret(void *ctx, const struct ledger_secret *s)
{
	(void)ctx;
	(void)s;
	return RC_BUG;
}

static enum rc
fail_collection(void *ctx, const struct ledger_collection *c)
{
	(void)ctx;
	(void)c;
	return RC_BUG;
}

static enum rc
count_cells(void *ctx, const struct ledger_cells *row)
{
	unsigned *n = ctx;

	(void)row;
	++*n;
	return RC_OK;
}

static void
test_it_is_read_as_it_is(void **state)
{
	const struct ledger_secret_query q = {.collection = SPAN_LIT("q3")};
	struct desk *d = *state;
	unsigned devices = 0;
	struct ledger *l;

	lay_out(d);
	assert_int_equal(ledger_open(d->path, LEDGER_READ, &l, NULL, 0), RC_OK);
	assert_int_equal(verified_rows(l), 8);
	assert_int_equal(ledger_secret_read(l, &q, fail_secret, NULL), RC_OK);
	assert_int_equal(ledger_collections(l, fail_collection, NULL), RC_OK);
	assert_int_equal(
	    ledger_view(l, "devices", count_cells, &devices), RC_OK);
	assert_int_equal(devices, 2);
	assert_int_equal(
	    ledger_view(l, "secrets", count_cells, &devices), RC_NOT_FOUND);
	assert_string_equal(version(d), "1");

	/* Somebody brings it up meanwhile; and puts something in. */
	desk_open(d);
	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	assert_int_equal(ledger_secret_put(d->ledger,
			     &(struct ledger_secret){
				 .collection = SPAN_LIT("q3"),
				 .name = SPAN_LIT("n"),
				 .epoch = 1,
				 .endpoint = SPAN_LIT("e"),
				 .master = SPAN_LIT("m"),
				 .sealed = SPAN_LIT("s"),
			     },
			     NULL),
	    RC_OK);
	assert_int_equal(ledger_commit(d->ledger), RC_OK);
	assert_int_equal(ledger_secret_read(l, &q, fail_secret, NULL), RC_BUG);
	assert_int_equal(verified_rows(l), 8);
	ledger_close(l);
}

static void
test_it_is_brought_up_when_it_is_to_be_written(void **state)
{
	static const struct {
		const char *sql, *want;
	} answers[] = {
	    {"SELECT group_concat(endpoint || ' ' || outcome, ', ') FROM "
	     "(SELECT * FROM bootstraps ORDER BY seq)",
		"urn:dev:ops:A-1 ok, b\\u00ff\\u001b[2J refused, "
		"urn:dev:ops:A-2 open"},
	    {"SELECT seq || '|' || endpoint || '|' || kind || '|' || "
	     "credential "
	     "|| '|' || address || '|' || reason || '|' || sentence || '|' || "
	     "remedy FROM refusals",
		"6|b\\u00ff\\u001b[2J|psk|who\\n|192.0.2.7:40000|no-policy|"
		"No policy fits.|Write one."},
	    {"SELECT group_concat(fingerprint || ' ' || (revoked IS NOT NULL) "
	     "|| ' ' || (serial IS NULL), ', ') FROM "
	     "(SELECT * FROM credentials ORDER BY fingerprint)",
		"00112233aabbccdd 0 1, 99aabbccddeeff00 1 1"},
	    {"SELECT count(*) FROM secrets", "0"},
	    {"SELECT group_concat(endpoint || ' ' || oks) FROM history",
		"urn:dev:ops:A-1 1"},
	    {"SELECT count(*) FROM inconsistencies", "0"},
	    {"PRAGMA user_version", "5"},
	};
	struct desk *d = *state;

	lay_out(d);
	desk_open(d);
	assert_int_equal(verified_rows(d->ledger), 8);
	put_rows(d->ledger, 1);
	assert_int_equal(verified_rows(d->ledger), 9);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const char *got = raw_text(d->path, answers[i].sql);

		if (strcmp(got, answers[i].want) != 0)
			fail_msg("%s: %s", answers[i].sql, got);
	}
	/* It is what a new one is, to the letter. */
	desk_close(d);
	desk_open(d);
	assert_int_equal(verified_rows(d->ledger), 9);
}

/* The third, which has all that but what is kept. */
static void
test_the_third_gets_room_for_what_is_kept(void **state)
{
	char *text = read_file(LEDGER_VECTORS "/../../../schema/ledger-3.sql");
	struct desk *d = *state;
	uint8_t sha256[DIGEST_LEN];

	desk_close(d);
	unlink(d->path);
	raw(d->path, text);
	free(text);
	assert_string_equal(version(d), "3");
	desk_open(d);
	assert_string_equal(version(d), "5");
	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	assert_int_equal(
	    ledger_blob_put(d->ledger, SPAN_LIT("abc"), sha256), RC_OK);
	assert_int_equal(ledger_commit(d->ledger), RC_OK);
	assert_int_equal(verified_rows(d->ledger), 0);
}

/* The fourth counts what was given to whom already. */
static void
test_the_fourth_keeps_its_history(void **state)
{
	static const char end[] =
	    "INSERT INTO event (seq, time_ms, kind, session, endpoint, data, "
	    "hash) VALUES (1, 0, 'bootstrap_end', zeroblob(16), 'e', "
	    "'{\"outcome\":\"ok\"}', zeroblob(32))";
	char *text = read_file(LEDGER_VECTORS "/../../../schema/ledger-4.sql");
	struct desk *d = *state;

	desk_close(d);
	unlink(d->path);
	raw(d->path, text);
	free(text);
	raw(d->path, end);
	assert_string_equal(version(d), "4");
	desk_open(d);
	assert_string_equal(version(d), "5");
	assert_string_equal(
	    raw_text(d->path, "SELECT endpoint || ' ' || oks FROM history"),
	    "e 1");
}

/* What was altered stays as it is, for whoever has to find out. */
static void
test_an_altered_one_is_not_brought_up(void **state)
{
	static const struct {
		const char *sql, *names;
	} cases[] = {
	    {"DROP TRIGGER event_keeps_rows", "event_keeps_rows"},
	    {"DROP VIEW credentials; CREATE VIEW credentials AS SELECT 1",
		"credentials"},
	    {"DROP VIEW keys", "keys"},
	    {"CREATE TRIGGER forgets AFTER INSERT ON event BEGIN "
	     "DELETE FROM device; END",
		"forgets"},
	    /* Of the name of something that is to come. */
	    {"CREATE TABLE secret (diary TEXT)", "secret"},
	    {"CREATE VIEW refusals AS SELECT 'none' AS reason", "refusals"},
	};
	struct desk *d = *state;
	char why[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char before[512];

		lay_out(d);
		raw(d->path, cases[i].sql);
		snprintf(before, sizeof(before), "%s",
		    raw_text(d->path,
			"SELECT group_concat(name) FROM sqlite_schema"));
		assert_int_equal(desk_try(d, LEDGER_WRITE, why), RC_CONFIG);
		if (!strstr(why, cases[i].names))
			fail_msg("%s: %s", cases[i].sql, why);
		assert_string_equal(version(d), "1");
		assert_string_equal(
		    raw_text(d->path,
			"SELECT group_concat(name) FROM sqlite_schema"),
		    before);
		assert_int_equal(desk_try(d, LEDGER_READ, why), RC_OK);
	}
}

/* A version that it is not: neither read as that one nor made another. */
static void
test_a_version_that_is_not_its_own(void **state)
{
	struct ledger_verdict v;
	struct desk *d = *state;
	struct ledger *l;
	char why[200];

	lay_out(d);
	raw(d->path, "PRAGMA user_version = 2");
	assert_int_equal(desk_try(d, LEDGER_WRITE, why), RC_CONFIG);
	assert_int_equal(ledger_open(d->path, LEDGER_READ, &l, NULL, 0), RC_OK);
	assert_int_equal(ledger_verify(l, &v, NULL, NULL), RC_OK);
	assert_true(v.altered);
	ledger_close(l);
	unlink(d->path);
	desk_open(d);
	desk_close(d);
	raw(d->path, "PRAGMA user_version = 1");
	assert_int_equal(desk_try(d, LEDGER_WRITE, why), RC_CONFIG);
	assert_string_equal(version(d), "1");
}

/* Killed when all is done but the commit. */
static void
test_a_crash_between(void **state)
{
	struct desk *d = *state;
	int status;
	pid_t pid;

	lay_out(d);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct writer what;
		char text[80];
		sqlite3 *db;

		writer_init(&what, text, sizeof(text));
		if (sqlite3_open(d->path, &db) != SQLITE_OK ||
		    sqlite3_exec(db, "PRAGMA cache_size = 1; BEGIN IMMEDIATE",
			NULL, NULL, NULL) != SQLITE_OK ||
		    schema_upgrade(db, &what) != RC_OK ||
		    sqlite3_exec(db, "SELECT * FROM secrets", NULL, NULL,
			NULL) != SQLITE_OK)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(version(d), "1");
	desk_open(d);
	assert_int_equal(verified_rows(d->ledger), 8);
	assert_string_equal(version(d), "5");
}

static void
test_many_bring_one_up_at_once(void **state)
{
	enum { OPENERS = 6 };
	struct desk *d = *state;
	pid_t pids[OPENERS];

	lay_out(d);
	for (int i = 0; i < OPENERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			desk_open(d);
			put_rows(d->ledger, 2);
			ledger_close(d->ledger);
			_exit(0);
		}
	}
	for (int i = 0; i < OPENERS; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	desk_open(d);
	assert_int_equal(verified_rows(d->ledger), 8 + 2 * OPENERS);
}

/* A daemon that was not stopped for it goes on writing rows. */
static void
test_who_has_it_open_goes_on(void **state)
{
	struct desk *d = *state;
	sqlite3 *db;

	lay_out(d);
	assert_int_equal(sqlite3_open(d->path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "SELECT max(seq) FROM event", NULL, NULL, NULL),
	    SQLITE_OK);
	desk_open(d);
	assert_int_equal(
	    sqlite3_exec(db,
		"INSERT INTO event VALUES (9, 0, 'x', NULL, NULL, NULL, "
		"'{}', zeroblob(32))",
		NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
}

#define ON_A_DESK(test) \
	cmocka_unit_test_setup_teardown(test, desk_setup, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_DESK(test_it_is_read_as_it_is),
	    ON_A_DESK(test_it_is_brought_up_when_it_is_to_be_written),
	    ON_A_DESK(test_the_third_gets_room_for_what_is_kept),
	    ON_A_DESK(test_the_fourth_keeps_its_history),
	    ON_A_DESK(test_an_altered_one_is_not_brought_up),
	    ON_A_DESK(test_a_version_that_is_not_its_own),
	    ON_A_DESK(test_a_crash_between),
	    ON_A_DESK(test_many_bring_one_up_at_once),
	    ON_A_DESK(test_who_has_it_open_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
