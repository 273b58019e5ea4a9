/* The sealed store, to people with the file and sqlite3. */
#include "support.h"

#include "ledger/store.h"

#include <stdio.h>
#include <unistd.h>

static struct ledger_secret meter;

static int
setup(void **state)
{
	meter = (struct ledger_secret){
	    .collection = SPAN_LIT("vendor-q3"),
	    .name = SPAN_LIT("meter-1"),
	    .epoch = 1,
	    .endpoint = SPAN_LIT("urn:dev:ops:A-1"),
	    .master = SPAN_LIT("seal-2026"),
	    .sealed = SPAN_LIT("\x01 sealed for its place"),
	};
	return desk_setup(state);
}

static void
begin(struct desk *d)
{
	assert_int_equal(ledger_begin(d->ledger), RC_OK);
}

static void
commit(struct desk *d)
{
	assert_int_equal(ledger_commit(d->ledger), RC_OK);
}

static bool
put_new(struct desk *d, const struct ledger_secret *s)
{
	bool is_new = false;

	assert_int_equal(ledger_secret_put(d->ledger, s, &is_new), RC_OK);
	return is_new;
}

static void
put_named(struct desk *d, const char *collection, const char *name,
    uint32_t epoch, const char *endpoint)
{
	struct ledger_secret s = meter;

	s.collection = span_str(collection);
	s.name = span_str(name);
	s.epoch = epoch;
	s.endpoint = span_str(endpoint);
	assert_true(put_new(d, &s));
}

static void
put_some(struct desk *d)
{
	begin(d);
	put_named(d, "q3", "b", 1, "ep-1");
	put_named(d, "q3", "a", 1, "ep-1");
	put_named(d, "q3", "a", 3, "ep-1");
	put_named(d, "q3", "a", 2, "ep-2");
	put_named(d, "q3", "c", 1, "ep-2");
	put_named(d, "q4", "a", 9, "ep-1");
	commit(d);
}

static void
test_rows_can_be_neither_changed_nor_taken_away(void **state)
{
	static const char *const cases[] = {
	    "DELETE FROM secret",
	    "DELETE FROM secret WHERE epoch = 3",
	    "UPDATE secret SET sealed = x'00'",
	    "UPDATE OR REPLACE secret SET epoch = 1 WHERE epoch = 2",
	    "UPDATE OR IGNORE secret SET endpoint = x'00'",
	    "INSERT OR REPLACE INTO secret SELECT collection, name, epoch, "
	    "endpoint, master, x'00', NULL, NULL FROM secret LIMIT 1",
	    "REPLACE INTO secret VALUES ('q3', x'61', 3, x'00', 'm', x'00', "
	    "NULL, NULL)",
	    "INSERT INTO secret VALUES ('q3', x'61', 3, x'00', 'm', x'00', "
	    "NULL, NULL) ON CONFLICT DO UPDATE SET sealed = x'00'",
	    /* New ones, but none of this table. */
	    "INSERT INTO secret VALUES ('q3', 'a', 7, x'00', 'm', x'00', "
	    "NULL, NULL)",
	    "INSERT INTO secret VALUES ('q3', x'', 7, x'00', 'm', x'00', "
	    "NULL, NULL)",
	    "INSERT INTO secret VALUES ('q3', x'61', 0, x'00', 'm', x'00', "
	    "NULL, NULL)",
	    "INSERT INTO secret VALUES ('q3', x'61', 4294967296, x'00', 'm', "
	    "x'00', NULL, NULL)",
	    "INSERT INTO secret VALUES ('q3', x'61', 7, x'00', 'm', "
	    "zeroblob(4201), NULL, NULL)",
	    "INSERT INTO secret VALUES ('q3', x'61', 7, zeroblob(253), 'm', "
	    "x'00', NULL, NULL)",
	};
	struct desk *d = *state;
	char before[512];

	put_some(d);
	snprintf(before, sizeof(before), "%s",
	    raw_text(d->path,
		"SELECT group_concat(hex(name) || epoch || hex(sealed)) "
		"FROM secret"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if ((raw_try(d->path, cases[i]) & 0xff) != SQLITE_CONSTRAINT)
			fail_msg("%s", cases[i]);
	assert_string_equal(
	    raw_text(d->path,
		"SELECT group_concat(hex(name) || epoch || hex(sealed)) "
		"FROM secret"),
	    before);
	assert_int_equal(verified_rows(d->ledger), 0);
}

/* Bytes of a list from somewhere, as they stand in a terminal. */
static void
test_the_view_is_printable_and_holds_no_blob(void **state)
{
	static const struct {
		const char *sql, *want;
	} answers[] = {
	    {"SELECT group_concat(name, ' ') FROM pragma_table_info('secrets')",
		"collection name epoch endpoint master sealed_len"},
	    {"SELECT collection || ' ' || name || ' ' || epoch || ' ' || "
	     "endpoint || ' ' || master || ' ' || sealed_len FROM secrets "
	     "WHERE name = 'meter-1'",
		"vendor-q3 meter-1 1 urn:dev:ops:A-1 seal-2026 22"},
	    {"SELECT endpoint FROM secrets WHERE name = '\\u0000\\u00ff\\\"'",
		"\\u001b[2J"},
	    {"SELECT group_concat(typeof(name) || typeof(endpoint)) "
	     "FROM secrets",
		"texttext,texttext,texttext"},
	    /* UTF-8 is text. */
	    {"SELECT endpoint FROM secrets WHERE name = 'z\xc3\xa4hler'",
		"\xc3\xa4"},
	};
	struct desk *d = *state;
	struct ledger_secret s = meter;

	begin(d);
	assert_true(put_new(d, &s));
	s.name = SPAN_LIT("\0\xff\"");
	s.endpoint = SPAN_LIT("\033[2J");
	assert_true(put_new(d, &s));
	s.name = SPAN_LIT("z\xc3\xa4hler");
	s.endpoint = SPAN_LIT("\xc3\xa4");
	assert_true(put_new(d, &s));
	commit(d);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const char *got = raw_text(d->path, answers[i].sql);

		if (strcmp(got, answers[i].want) != 0)
			fail_msg("%s: %s", answers[i].sql, got);
	}
	assert_int_equal(verified_rows(d->ledger), 0);
}

/* Who gets past the guard and puts it back cannot show another name. */
static void
test_a_name_that_is_shown_is_the_one_recorded(void **state)
{
	static const char *const cases[] = {
	    "UPDATE secret SET name_shown = 'meter-2'",
	    "UPDATE secret SET endpoint_shown = 'urn:dev:ops:A-2'",
	    "UPDATE secret SET name_shown = 'meter-1'",
	    "UPDATE secret SET name = x'1b5b324a'",
	    "UPDATE secret SET endpoint = x'ff'",
	};
	struct desk *d = *state;
	struct ledger_verdict v;
	char guard[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!d->ledger)
			desk_open(d);
		begin(d);
		assert_true(put_new(d, &meter));
		commit(d);
		desk_close(d);
		snprintf(guard, sizeof(guard), "%s",
		    raw_text(d->path,
			"SELECT sql FROM sqlite_schema "
			"WHERE name = 'secret_keeps_values'"));
		raw(d->path, "DROP TRIGGER secret_keeps_values");
		raw(d->path, cases[i]);
		raw(d->path, guard);
		desk_open(d);
		assert_int_equal(
		    ledger_verify(d->ledger, &v, NULL, NULL), RC_OK);
		assert_int_equal(v.bad_seq, 0);
		if (!v.altered || !strstr(v.text, "sealed store"))
			fail_msg("%s: %s", cases[i], v.text);
		desk_close(d);
		unlink(d->path);
	}
}

static void
test_a_store_without_its_guards_is_altered(void **state)
{
	static const char *const cases[] = {
	    "DROP TRIGGER secret_keeps_rows",
	    "DROP TRIGGER secret_keeps_values",
	    "DROP TRIGGER secret_only_grows",
	    "DROP INDEX secret_endpoint",
	    "DROP VIEW secrets",
	    "DROP VIEW refusals; CREATE VIEW refusals AS SELECT 1 AS seq",
	};
	struct desk *d = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ledger_verdict v;
		struct ledger *l;
		char why[200];

		if (!d->ledger)
			desk_open(d);
		desk_close(d);
		raw(d->path, cases[i]);
		assert_int_equal(desk_try(d, LEDGER_WRITE, why), RC_CONFIG);
		assert_int_equal(
		    ledger_open(d->path, LEDGER_READ, &l, NULL, 0), RC_OK);
		assert_int_equal(ledger_verify(l, &v, NULL, NULL), RC_OK);
		assert_true(v.altered);
		ledger_close(l);
		unlink(d->path);
	}
}

static enum rc
none(void *ctx, const struct ledger_secret *s)
{
	(void)ctx;
	(void)s;
	return RC_BUG;
}

static enum rc
no_row(void *ctx, const struct ledger_row *row)
{
	(void)ctx;
	(void)row;
	return RC_BUG;
}

/* Whole plans of the statements themselves: a million rows, and one of them is
 * asked for. */
static void
test_one_is_found_by_index(void **state)
{
	static const struct {
		enum store_stmt which;
		const char *index;
	} cases[] = {
	    {STORE_SECRETS_NAME, "PRIMARY KEY (collection=? AND name=?"},
	    {STORE_SECRETS_ENDPOINT,
		"secret_endpoint (collection=? AND endpoint=?"},
	    {STORE_READ_REVOKED, "event_revoked (<expr>=?"},
	    {STORE_READ_REVOKED_NEWEST, "event_revoked (<expr>=?"},
	    {STORE_READ_SERIAL, "event_revoked_serial (<expr>=?"},
	    {STORE_READ_SERIAL_NEWEST, "event_revoked_serial (<expr>=?"},
	    {STORE_READ_OWNER, "event_revoked_endpoint (endpoint=?"},
	    {STORE_READ_OWNER_NEWEST, "event_revoked_endpoint (endpoint=?"},
	};
	struct ledger_secret_query q = {.collection = SPAN_LIT("x")};
	struct ledger_query revoked = {.kind = SPAN_LIT("credential_revoked")};
	struct desk *d = *state;
	struct ledger *l = d->ledger;

	q.name = SPAN_LIT("x");
	assert_int_equal(ledger_secret_read(l, &q, none, NULL), RC_OK);
	q.name.len = 0;
	q.endpoint = SPAN_LIT("x");
	assert_int_equal(ledger_secret_read(l, &q, none, NULL), RC_OK);
	for (int i = 0; i < 6; i++) {
		revoked.fingerprint = i / 2 == 0 ? SPAN_LIT("f") : SPAN_LIT("");
		revoked.serial = i / 2 == 1 ? SPAN_LIT("0a") : SPAN_LIT("");
		revoked.endpoint = i / 2 == 2 ? SPAN_LIT("x") : SPAN_LIT("");
		revoked.newest_first = i & 1;
		assert_int_equal(ledger_read(l, &revoked, no_row, NULL), RC_OK);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sqlite3_stmt *stmt;
		const char *step;
		char sql[1000];

		assert_non_null(l->stmts[cases[i].which]);
		snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s",
		    sqlite3_sql(l->stmts[cases[i].which]));
		assert_int_equal(
		    sqlite3_prepare_v2(l->db, sql, -1, &stmt, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		step = (const void *)sqlite3_column_text(stmt, 3);
		if (!strstr(step, "SEARCH") || !strstr(step, cases[i].index))
			fail_msg("%s: %s", sql, step);
		sqlite3_finalize(stmt);
	}
}

#define ON_A_DESK(test) \
	cmocka_unit_test_setup_teardown(test, setup, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_DESK(test_rows_can_be_neither_changed_nor_taken_away),
	    ON_A_DESK(test_the_view_is_printable_and_holds_no_blob),
	    ON_A_DESK(test_a_name_that_is_shown_is_the_one_recorded),
	    ON_A_DESK(test_a_store_without_its_guards_is_altered),
	    ON_A_DESK(test_one_is_found_by_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
