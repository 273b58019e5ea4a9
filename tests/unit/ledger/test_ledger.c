#include "support.h"

#include "ledger/store.h"

#include "ledger/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static mode_t
mode_of(const struct desk *d, const char *suffix)
{
	char name[120];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", d->path, suffix);
	assert_int_equal(stat(name, &st), 0);
	return st.st_mode & 0777;
}

static void
test_a_new_ledger_is_its_owners_alone(void **state)
{
	struct desk *d = *state;
	uint8_t head[DIGEST_LEN], zeros[DIGEST_LEN] = {0};
	uint64_t seq;

	assert_int_equal(ledger_head(d->ledger, &seq, head), RC_OK);
	assert_int_equal(seq, 0);
	assert_memory_equal(head, zeros, DIGEST_LEN);
	put_rows(d->ledger, 1);
	assert_int_equal(mode_of(d, ""), 0600);
	assert_int_equal(mode_of(d, "-wal"), 0600);
	assert_int_equal(mode_of(d, "-shm"), 0600);
	assert_string_equal(raw_text(d->path, "PRAGMA journal_mode"), "wal");
}

static void
test_rows_are_there_after_a_reopen(void **state)
{
	struct desk *d = *state;

	put_rows(d->ledger, 3);
	desk_close(d);
	desk_open(d);
	put_rows(d->ledger, 2);
	assert_int_equal(verified_rows(d->ledger), 5);
}

static void
test_what_is_rolled_back_or_left_open_is_not(void **state)
{
	struct desk *d = *state;

	put_rows(d->ledger, 1);
	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	PUT(d->ledger, "x", 0, NULL, F_INT("n", 1));
	ledger_rollback(d->ledger);
	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	PUT(d->ledger, "x", 0, NULL, F_INT("n", 2));
	desk_close(d);
	desk_open(d);
	assert_int_equal(verified_rows(d->ledger), 1);
}

static void
make_file(const struct desk *d, const char *bytes, size_t len)
{
	int fd = open(d->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static void
test_files_that_are_no_ledger(void **state)
{
	static const char prose[] =
	    "Dear auditor, this is not the file that you are looking for.";
	struct desk *d = *state;
	char why[200];

	desk_close(d);
	make_file(d, prose, sizeof(prose));
	assert_int_equal(desk_try(d, LEDGER_READ, why), RC_CONFIG);
	assert_int_equal(desk_try(d, LEDGER_WRITE, why), RC_CONFIG);
	assert_non_null(strstr(why, "not a ledger"));

	/* Somebody's database, which stays as it is. */
	make_file(d, "", 0);
	raw(d->path, "CREATE TABLE recipe (name TEXT)");
	assert_int_equal(desk_try(d, LEDGER_READ, why), RC_CONFIG);
	assert_int_equal(desk_try(d, LEDGER_WRITE, why), RC_CONFIG);
	assert_string_equal(raw_text(d->path, "PRAGMA journal_mode"), "delete");
	raw(d->path, "PRAGMA user_version = 1");
	assert_int_equal(desk_try(d, LEDGER_WRITE, why), RC_CONFIG);

	/* Left by a start that was cut short before the schema was in. */
	make_file(d, "", 0);
	assert_int_equal(desk_try(d, LEDGER_READ, why), RC_CONFIG);
	assert_int_equal(desk_try(d, LEDGER_WRITE, why), RC_OK);
	assert_int_equal(desk_try(d, LEDGER_READ, why), RC_OK);
}

static void
test_a_newer_ledger_is_left_alone(void **state)
{
	struct desk *d = *state;
	char why[200];

	desk_close(d);
	raw(d->path, "PRAGMA user_version = 6");
	assert_int_equal(desk_try(d, LEDGER_READ, why), RC_CONFIG);
	assert_int_equal(desk_try(d, LEDGER_WRITE, why), RC_CONFIG);
	assert_non_null(strstr(why, "version 6"));
	raw(d->path, "PRAGMA user_version = 0");
	assert_int_equal(desk_try(d, LEDGER_WRITE, why), RC_CONFIG);
}

static void
test_an_altered_schema_is_not_written_to(void **state)
{
	static const struct {
		const char *sql, *names;
	} cases[] = {
	    {"DROP TRIGGER event_keeps_rows", "event_keeps_rows"},
	    {"DROP VIEW bootstraps; CREATE VIEW bootstraps AS SELECT 1",
		"bootstraps"},
	    {"DROP INDEX event_session", "event_session"},
	    {"CREATE TRIGGER forgets AFTER INSERT ON event "
	     "WHEN NEW.kind = 'bootstrap_refused' BEGIN "
	     "DELETE FROM device; END",
		"forgets"},
	};
	struct desk *d = *state;
	char why[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!d->ledger)
			desk_open(d);
		desk_close(d);
		raw(d->path, cases[i].sql);
		assert_int_equal(desk_try(d, LEDGER_WRITE, why), RC_CONFIG);
		assert_non_null(strstr(why, cases[i].names));
		/* An auditor must get in all the same. */
		assert_int_equal(desk_try(d, LEDGER_READ, why), RC_OK);
		unlink(d->path);
	}
}

static void
test_a_view_of_ones_own_does_no_harm(void **state)
{
	struct desk *d = *state;
	char why[200];

	raw(d->path,
	    "CREATE VIEW mine AS SELECT endpoint FROM devices;"
	    "CREATE INDEX by_time ON event (time_ms)");
	assert_int_equal(desk_try(d, LEDGER_WRITE, why), RC_OK);
	put_rows(d->ledger, 1);
	assert_int_equal(verified_rows(d->ledger), 1);
}

static void
test_paths(void **state)
{
	struct desk *d = *state;
	struct ledger *l;
	char path[5000];
	char why[200];

	snprintf(path, sizeof(path), "%s/none.db", d->dir);
	assert_int_equal(
	    ledger_open(path, LEDGER_READ, &l, why, sizeof(why)), RC_NOT_FOUND);
	assert_non_null(strstr(why, "none.db"));
	assert_int_not_equal(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "%s/none/ledger.db", d->dir);
	assert_int_equal(
	    ledger_open(path, LEDGER_WRITE, &l, why, sizeof(why)), RC_DB);
	assert_int_equal(
	    ledger_open(d->dir, LEDGER_WRITE, &l, NULL, 0), RC_CONFIG);
	assert_int_equal(ledger_open("", LEDGER_WRITE, &l, NULL, 0), RC_DB);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(ledger_open(path, LEDGER_WRITE, &l, NULL, 0), RC_DB);
	assert_null(l);

	/* A name that SQLite would take for memory, and a URI, are files. */
	assert_int_equal(chdir(d->dir), 0);
	assert_int_equal(
	    ledger_open(":memory:", LEDGER_WRITE, &l, NULL, 0), RC_OK);
	ledger_close(l);
	assert_int_equal(access(":memory:", F_OK), 0);
	assert_int_equal(
	    ledger_open("file:a?mode=ro", LEDGER_WRITE, &l, NULL, 0), RC_OK);
	ledger_close(l);
	assert_int_equal(access("file:a?mode=ro", F_OK), 0);
	assert_int_equal(chdir("/"), 0);
}

/* The exit status of `work` in a process that is not root. */
static int
as_nobody(struct desk *d, int (*work)(struct desk *d))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
			_exit(99);
		_exit(work(d));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
read_where_nothing_can_be_written(struct desk *d)
{
	struct ledger_verdict v;
	char why[200];

	if (desk_try(d, LEDGER_WRITE, why) != RC_DB)
		return 1;
	if (ledger_open(d->path, LEDGER_READ, &d->ledger, why, 200) != RC_OK)
		return 2;
	if (ledger_verify(d->ledger, &v, NULL, NULL) != RC_OK)
		return 3;
	if (v.rows != 3 || v.bad_seq || v.altered)
		return 4;
	ledger_close(d->ledger);
	return 0;
}

static int
write_nothing(struct desk *d)
{
	char why[200];

	return desk_try(d, LEDGER_WRITE, why) == RC_DB ? 0 : 1;
}

static void
test_a_directory_that_cannot_be_written(void **state)
{
	struct desk *d = *state;
	char odd[80];

	put_rows(d->ledger, 3);
	desk_close(d);
	/* Characters that mean something in a URI, which reading may need. */
	snprintf(odd, sizeof(odd), "%s/a?%%41#.db", d->dir);
	assert_int_equal(rename(d->path, odd), 0);
	snprintf(d->path, sizeof(d->path), "%s", odd);
	assert_int_equal(chmod(d->path, 0444), 0);
	assert_int_equal(chmod(d->dir, 0555), 0);
	assert_int_equal(as_nobody(d, read_where_nothing_can_be_written), 0);
	/* Nor is one made there. */
	snprintf(d->path, sizeof(d->path), "%s/new.db", d->dir);
	assert_int_equal(as_nobody(d, write_nothing), 0);
	assert_int_not_equal(access(d->path, F_OK), 0);
	assert_int_equal(chmod(d->dir, 0700), 0);
}

static void
test_many_make_one_ledger_at_once(void **state)
{
	enum { MAKERS = 6, ROUNDS = 5 };
	struct desk *d = *state;

	desk_close(d);
	for (int round = 0; round < ROUNDS; round++) {
		pid_t pids[MAKERS];

		unlink(d->path);
		for (int i = 0; i < MAKERS; i++) {
			pids[i] = fork();
			assert_true(pids[i] >= 0);
			if (pids[i] == 0) {
				desk_open(d);
				put_rows(d->ledger, 2);
				ledger_close(d->ledger);
				_exit(0);
			}
		}
		for (int i = 0; i < MAKERS; i++) {
			int status;

			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			assert_int_equal(status, 0);
		}
		desk_open(d);
		assert_int_equal(verified_rows(d->ledger), 2 * MAKERS);
		desk_close(d);
	}
}

static void
test_times(void **state)
{
	static const struct {
		int64_t ms;
		const char *want;
	} cases[] = {
	    {0, "1970-01-01T00:00:00.000Z"},
	    {1, "1970-01-01T00:00:00.001Z"},
	    {-1, "1969-12-31T23:59:59.999Z"},
	    {951782400000, "2000-02-29T00:00:00.000Z"},
	    {1795305600123, "2026-11-22T00:00:00.123Z"},
	    {253402300799999, "9999-12-31T23:59:59.999Z"},
	    {INT64_MAX, "9999-12-31T23:59:59.999Z"},
	    {INT64_MIN, "0000-01-01T00:00:00.000Z"},
	};
	char text[25];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ledger_time(cases[i].ms, text);
		assert_string_equal(text, cases[i].want);
	}
}

static int
setting(sqlite3 *db, const char *pragma)
{
	sqlite3_stmt *stmt = NULL;
	int value;

	assert_int_equal(
	    sqlite3_prepare_v2(db, pragma, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	value = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

/* A row that was committed survives a loss of power: the connection that
 * writes waits for the disk with each commit, in the mode in which that is
 * enough. Of the connection itself, because it is no property of the file. */
static void
test_commits_are_durable(void **state)
{
	enum { FULL = 2 };
	struct desk *d = *state;

	for (int opened = 0; opened < 3; opened++) {
		if (opened == 2)
			ledger_expect_many(d->ledger);
		assert_int_equal(
		    setting(d->ledger->db, "PRAGMA synchronous"), FULL);
		assert_string_equal(
		    raw_text(d->path, "PRAGMA journal_mode"), "wal");
		desk_close(d);
		desk_open(d);
	}
}

#define ON_A_DESK(test) \
	cmocka_unit_test_setup_teardown(test, desk_setup, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_DESK(test_a_new_ledger_is_its_owners_alone),
	    ON_A_DESK(test_rows_are_there_after_a_reopen),
	    ON_A_DESK(test_commits_are_durable),
	    ON_A_DESK(test_what_is_rolled_back_or_left_open_is_not),
	    ON_A_DESK(test_files_that_are_no_ledger),
	    ON_A_DESK(test_a_newer_ledger_is_left_alone),
	    ON_A_DESK(test_an_altered_schema_is_not_written_to),
	    ON_A_DESK(test_a_view_of_ones_own_does_no_harm),
	    ON_A_DESK(test_paths),
	    ON_A_DESK(test_a_directory_that_cannot_be_written),
	    ON_A_DESK(test_many_make_one_ledger_at_once),
	    cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
