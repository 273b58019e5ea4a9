#include "support.h"

#include "base/text.h"
#include "ledger/store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static uint8_t zeros[LEDGER_DATA_MAX + 1];

static enum rc
append(struct ledger *l, const char *kind, struct span session,
    struct span endpoint, struct span text)
{
	const struct field field = F_TEXT("text", text);
	const struct ledger_event e = {kind, session, endpoint, &field, 1};

	return ledger_append(l, &e, NULL);
}

static void
test_groups_take_turns(void **state)
{
	struct desk *d = *state;
	struct ledger *l = d->ledger;
	struct span none = {0};
	const struct field bad_name = F_INT("Has Space", 1);
	const struct field bad_kind = {"a", (enum field_kind)99, none, 0};
	struct ledger_event e = {"x", none, none, &bad_name, 1};
	struct ledger *reader;
	uint64_t seq = 0;

	assert_int_equal(append(l, "x", none, none, none), RC_BUG);
	assert_int_equal(ledger_commit(l), RC_BUG);
	assert_int_equal(ledger_begin(l), RC_OK);
	assert_int_equal(ledger_begin(l), RC_BUG);
	assert_int_equal(append(l, "Bad Kind", none, none, none), RC_BUG);
	assert_int_equal(append(l, "", none, none, none), RC_BUG);
	assert_int_equal(append(l, NULL, none, none, none), RC_BUG);
	assert_int_equal(
	    append(l, "x", span_of(zeros, 15), none, none), RC_BUG);
	assert_int_equal(ledger_append(l, &e, &seq), RC_BUG);
	e.fields = &bad_kind;
	assert_int_equal(ledger_append(l, &e, &seq), RC_BUG);
	e.field_count = 0;
	assert_int_equal(ledger_append(l, &e, &seq), RC_OK);
	assert_int_equal(seq, 1);
	assert_int_equal(ledger_commit(l), RC_OK);
	assert_int_equal(ledger_commit(l), RC_BUG);
	ledger_rollback(l); /* nothing to do */

	assert_int_equal(
	    ledger_open(d->path, LEDGER_READ, &reader, NULL, 0), RC_OK);
	assert_int_equal(ledger_begin(reader), RC_BUG);
	ledger_close(reader);
	assert_int_equal(verified_rows(l), 1);
}

static void
test_a_row_too_large_leaves_the_group(void **state)
{
	struct desk *d = *state;
	struct ledger *l = d->ledger;
	struct span none = {0};
	/* {"text":""} around it; letters stand for themselves. */
	size_t most = LEDGER_DATA_MAX - 11;
	uint8_t letters[LEDGER_DATA_MAX];

	memset(letters, 'a', sizeof(letters));
	assert_int_equal(ledger_begin(l), RC_OK);
	assert_int_equal(append(l, "x", none, none, none), RC_OK);
	assert_int_equal(
	    append(l, "x", none, none, span_of(letters, most)), RC_OK);
	assert_int_equal(append(l, "x", none, none, span_of(letters, most + 1)),
	    RC_TOO_LARGE);
	/* It is the quoted form that counts: six characters for a zero. */
	assert_int_equal(
	    append(l, "x", none, none, span_of(zeros, most / 6 + 1)),
	    RC_TOO_LARGE);
	assert_int_equal(
	    append(l, "x", none, span_of(zeros, LEDGER_ENDPOINT_MAX), none),
	    RC_OK);
	assert_int_equal(
	    append(l, "x", none, span_of(zeros, LEDGER_ENDPOINT_MAX + 1), none),
	    RC_TOO_LARGE);
	assert_int_equal(ledger_commit(l), RC_OK);
	assert_int_equal(verified_rows(l), 3);
}

struct hostile {
	struct span endpoint;
	const char *shown;
	unsigned seen;
};

static enum rc
check_hostile(void *ctx, const struct ledger_row *row)
{
	struct hostile *h = ctx;
	uint8_t text[128];
	struct writer w;

	assert_true(span_equal(row->endpoint, h->endpoint));
	if (h->endpoint.len < 64 && text_utf8_valid(h->endpoint)) {
		writer_init(&w, text, sizeof(text));
		assert_true(ledger_field(row, "text", &w));
		assert_true(span_equal(writer_span(&w), h->endpoint));
	}
	h->seen++;
	return RC_OK;
}

static void
test_hostile_endpoints(void **state)
{
	static uint8_t long_one[10240];
	struct hostile cases[] = {
	    {SPAN_LIT("urn:dev:ops:0057F2-1"), "urn:dev:ops:0057F2-1", 0},
	    {SPAN_LIT("'; DROP TABLE event; --"), "'; DROP TABLE event; --", 0},
	    {SPAN_LIT("a\"b\\c"), "a\\\"b\\\\c", 0},
	    /* The shown form of the one before, as somebody's name. */
	    {SPAN_LIT("a\\\"b\\\\c"), "a\\\\\\\"b\\\\\\\\c", 0},
	    {SPAN_LIT("a\0b"), "a\\u0000b", 0},
	    {SPAN_LIT("\0"), "\\u0000", 0},
	    {SPAN_LIT("\x1b[2J\r\n"), "\\u001b[2J\\r\\n", 0},
	    {SPAN_LIT("\xe2\x80\xae"), "\\u202e", 0},
	    {SPAN_LIT("caf\xc3\xa9"), "caf\xc3\xa9", 0},
	    /* A byte that is no UTF-8, and the character of its number: shown
	     * alike, and still two. */
	    {SPAN_LIT("\x80"), "\\u0080", 0},
	    {SPAN_LIT("\xc2\x80"), "\\u0080", 0},
	    {SPAN_LIT("\xff\xfe\xc0\xaf"), "\\u00ff\\u00fe\\u00c0\\u00af", 0},
	    {span_of(long_one, sizeof(long_one)), NULL, 0},
	};
	enum { CASES = sizeof(cases) / sizeof(cases[0]) };
	struct desk *d = *state;
	char sql[80];

	for (size_t i = 0; i < sizeof(long_one); i++)
		long_one[i] = (uint8_t)(i * 7);
	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	for (size_t i = 0; i < CASES; i++) {
		struct span e = cases[i].endpoint;
		struct span text = span_of(e.p, e.len < 64 ? e.len : 0);

		assert_int_equal(append(d->ledger, "bootstrap_begin",
				     session_of((uint8_t)(i + 1)), e, text),
		    RC_OK);
	}
	assert_int_equal(ledger_commit(d->ledger), RC_OK);
	assert_int_equal(verified_rows(d->ledger), CASES);
	for (size_t i = 0; i < CASES; i++) {
		struct ledger_query q = {.endpoint = cases[i].endpoint};

		assert_int_equal(
		    ledger_read(d->ledger, &q, check_hostile, &cases[i]),
		    RC_OK);
		assert_int_equal(cases[i].seen, 1);
		q.session = session_of((uint8_t)(i + 1));
		assert_int_equal(
		    ledger_read(d->ledger, &q, check_hostile, &cases[i]),
		    RC_OK);
		assert_int_equal(cases[i].seen, 2);
		if (!cases[i].shown)
			continue;
		snprintf(sql, sizeof(sql),
		    "SELECT endpoint FROM events WHERE seq = %zu", i + 1);
		assert_string_equal(raw_text(d->path, sql), cases[i].shown);
	}
	snprintf(sql, sizeof(sql), "%d", (int)CASES);
	assert_string_equal(
	    raw_text(d->path, "SELECT count(*) FROM devices"), sql);
}

/* What stands in a terminal must be safe, whatever the peer called itself. */
static void
test_a_hostile_credential_prints(void **state)
{
	struct desk *d = *state;

	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	PUT(d->ledger, "bootstrap_refused", 0, "ep",
	    F_TEXT("credential", SPAN_LIT("\x1b]0;x\x07\"quoted\"\xff")));
	assert_int_equal(ledger_commit(d->ledger), RC_OK);
	assert_string_equal(
	    raw_text(d->path, "SELECT credential FROM bootstraps"),
	    "\\u001b]0;x\\u0007\\\"quoted\\\"\\u00ff");
}

static void
reap(pid_t pid, int signal)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (signal)
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signal);
	else
		assert_int_equal(status, 0);
}

static void
test_kill_in_the_middle_of_a_group(void **state)
{
	enum { HALF = 500 };
	struct desk *d = *state;
	int ready[2];
	pid_t pid;
	char c;

	put_rows(d->ledger, 3);
	desk_close(d);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		desk_open(d);
		/* A cache so small that pages of the group are in the WAL. */
		sqlite3_exec(
		    d->ledger->db, "PRAGMA cache_size = 4", NULL, NULL, NULL);
		put_rows(d->ledger, 2);
		if (ledger_begin(d->ledger) != RC_OK)
			_exit(1);
		for (unsigned i = 0; i < HALF; i++)
			PUT(d->ledger, "bootstrap_begin",
			    (uint8_t)(i % 255 + 1), "victim",
			    F_TEXT("pad", span_of(zeros, 500)));
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	reap(pid, SIGKILL);
	close(ready[0]);
	close(ready[1]);
	/* What was committed is there, of the rest nothing. */
	desk_open(d);
	assert_int_equal(verified_rows(d->ledger), 5);
	put_rows(d->ledger, 1);
	assert_int_equal(verified_rows(d->ledger), 6);
	assert_string_equal(
	    raw_text(d->path, "SELECT count(*) FROM devices"), "0");
}

static void
test_many_append_to_one_chain(void **state)
{
	enum { WRITERS = 3, GROUPS = 20, ROWS = 5 };
	struct desk *d = *state;
	pid_t pids[WRITERS];

	desk_close(d);
	for (int i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			desk_open(d);
			for (int g = 0; g < GROUPS; g++)
				put_rows(d->ledger, ROWS);
			desk_close(d);
			_exit(0);
		}
	}
	for (int i = 0; i < WRITERS; i++)
		reap(pids[i], 0);
	desk_open(d);
	assert_int_equal(verified_rows(d->ledger), WRITERS * GROUPS * ROWS);
}

/* Fill a group until something gives; returns what did. */
static enum rc
fill(struct ledger *l)
{
	enum rc rc = ledger_begin(l);

	if (rc)
		return rc;
	for (int i = 0; i < 10000 && rc == RC_OK; i++)
		rc = append(l, "x", session_of(1), SPAN_LIT("ep"),
		    span_of(zeros, 1000));
	if (rc) {
		/* The group is lost, and stays so until it is ended. */
		assert_int_equal(append(l, "x", (struct span){0},
				     (struct span){0}, (struct span){0}),
		    rc);
		assert_int_equal(ledger_commit(l), rc);
		return rc;
	}
	return ledger_commit(l);
}

static void
test_a_database_that_is_full(void **state)
{
	struct desk *d = *state;

	put_rows(d->ledger, 3);
	sqlite3_exec(
	    d->ledger->db, "PRAGMA max_page_count = 60", NULL, NULL, NULL);
	assert_int_equal(fill(d->ledger), RC_FULL);
	assert_int_equal(verified_rows(d->ledger), 3);
	assert_int_equal(fill(d->ledger), RC_FULL);
	/* A small group still fits: the full one left nothing behind. */
	put_rows(d->ledger, 1);
	sqlite3_exec(
	    d->ledger->db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
	put_rows(d->ledger, 1000);
	assert_int_equal(verified_rows(d->ledger), 1004);
}

static void
limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
test_a_disk_that_is_full(void **state)
{
	struct desk *d = *state;
	enum rc rc;

	put_rows(d->ledger, 3);
	signal(SIGXFSZ, SIG_IGN);
	sqlite3_exec(d->ledger->db, "PRAGMA cache_size = 4", NULL, NULL, NULL);
	/* In the middle of the group: pages spill into the WAL. */
	limit_files(200000);
	rc = fill(d->ledger);
	limit_files(RLIM_INFINITY);
	assert_int_equal(rc, RC_FULL);
	assert_int_equal(verified_rows(d->ledger), 3);
	/* At the commit: the group was in memory until then. */
	sqlite3_exec(
	    d->ledger->db, "PRAGMA cache_size = 2000", NULL, NULL, NULL);
	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	for (int i = 0; i < 300; i++)
		assert_int_equal(append(d->ledger, "x", session_of(1),
				     SPAN_LIT("ep"), span_of(zeros, 1000)),
		    RC_OK);
	limit_files(200000);
	rc = ledger_commit(d->ledger);
	limit_files(RLIM_INFINITY);
	assert_int_equal(rc, RC_FULL);
	assert_int_equal(verified_rows(d->ledger), 3);
	/* And with space, all goes on; another process agrees. */
	put_rows(d->ledger, 2);
	desk_close(d);
	desk_open(d);
	assert_int_equal(verified_rows(d->ledger), 5);
}

static void
test_a_lock_that_is_never_given_back(void **state)
{
	struct desk *d = *state;
	struct ledger *other;

	assert_int_equal(
	    ledger_open(d->path, LEDGER_WRITE, &other, NULL, 0), RC_OK);
	sqlite3_busy_timeout(other->db, 1);
	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	assert_int_equal(ledger_begin(other), RC_DB);
	PUT(d->ledger, "x", 0, NULL, F_INT("n", 1));
	assert_int_equal(ledger_commit(d->ledger), RC_OK);
	put_rows(other, 1);
	ledger_close(other);
	assert_int_equal(verified_rows(d->ledger), 2);
}

/* Not chained to something that is not a hash. */
static void
test_a_head_that_was_tampered_with(void **state)
{
	struct desk *d = *state;

	put_rows(d->ledger, 2);
	raw(d->path,
	    "PRAGMA ignore_check_constraints = ON;"
	    "DROP TRIGGER event_keeps_values;"
	    "UPDATE event SET hash = x'00' WHERE seq = 2");
	assert_int_equal(ledger_begin(d->ledger), RC_DB);
	assert_int_equal(ledger_commit(d->ledger), RC_BUG);
	assert_int_equal(ledger_begin(d->ledger), RC_DB);
}

#define ON_A_DESK(test) \
	cmocka_unit_test_setup_teardown(test, desk_setup, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_DESK(test_groups_take_turns),
	    ON_A_DESK(test_a_row_too_large_leaves_the_group),
	    ON_A_DESK(test_hostile_endpoints),
	    ON_A_DESK(test_a_hostile_credential_prints),
	    ON_A_DESK(test_kill_in_the_middle_of_a_group),
	    ON_A_DESK(test_many_append_to_one_chain),
	    ON_A_DESK(test_a_database_that_is_full),
	    ON_A_DESK(test_a_disk_that_is_full),
	    ON_A_DESK(test_a_lock_that_is_never_given_back),
	    ON_A_DESK(test_a_head_that_was_tampered_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
