/* Work orders: units are counted by triggers, within the group that mints. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
mint(struct ledger *l, const char *ep, const char *order, const char *station)
{
	PUT(l, "image_minted", 0, ep, F_TEXT("order", order),
	    F_TEXT("station", station));
}

static void
scrap(struct ledger *l, const char *ep, const char *order)
{
	PUT(l, "unit_scrapped", 0, ep, F_TEXT("order", order));
}

/* "3 units, 1 scrapped; of the station 2, 1" */
static const char *
told(struct ledger *l, const char *order, const char *station)
{
	static char text[100];
	struct ledger_order o;

	assert_int_equal(
	    ledger_order(l, span_str(order), span_str(station), &o), RC_OK);
	snprintf(text, sizeof(text), "%u units, %u scrapped; %u, %u",
	    (unsigned)o.units, (unsigned)o.scrapped, (unsigned)o.station_units,
	    (unsigned)o.station_scrapped);
	return text;
}

static void
expect_consistent(const struct desk *d)
{
	assert_string_equal(
	    raw_text(d->path, "SELECT count(*) FROM inconsistencies"), "0");
}

static void
test_a_day_at_two_stations(void **state)
{
	struct desk *d = *state;
	struct ledger *l = d->ledger;
	bool scrapped;

	assert_string_equal(told(l, "wo", "one"), "0 units, 0 scrapped; 0, 0");
	assert_int_equal(ledger_begin(l), RC_OK);
	mint(l, "a", "wo", "one");
	mint(l, "b", "wo", "one");
	mint(l, "c", "wo", "two");
	mint(l, "d", "another", "one");
	/* no order: nobody's */
	PUT(l, "image_minted", 0, "e", F_TEXT("station", "one"));
	/* it counts from the moment that it is given, within the group too */
	assert_string_equal(told(l, "wo", "one"), "3 units, 0 scrapped; 2, 0");
	/* the same unit once more, also by another station */
	mint(l, "a", "wo", "one");
	mint(l, "a", "wo", "two");
	assert_string_equal(told(l, "wo", "two"), "3 units, 0 scrapped; 1, 0");
	scrap(l, "a", "wo");
	scrap(l, "a", "wo");
	scrap(l, "nobody", "wo");
	scrap(l, "b", "no such order");
	assert_string_equal(told(l, "wo", "one"), "3 units, 1 scrapped; 2, 1");
	assert_int_equal(ledger_commit(l), RC_OK);
	assert_int_equal(
	    ledger_order_unit(l, SPAN_LIT("wo"), SPAN_LIT("a"), &scrapped),
	    RC_OK);
	assert_true(scrapped);
	expect_consistent(d);
	/* what was scrapped is made again: it is there again */
	assert_int_equal(ledger_begin(l), RC_OK);
	mint(l, "a", "wo", "two");
	assert_int_equal(ledger_commit(l), RC_OK);
	assert_string_equal(told(l, "wo", "one"), "3 units, 0 scrapped; 2, 0");
	assert_int_equal(
	    ledger_order_unit(l, SPAN_LIT("wo"), SPAN_LIT("a"), &scrapped),
	    RC_OK);
	assert_false(scrapped);
	assert_int_equal(
	    ledger_order_unit(l, SPAN_LIT("wo"), SPAN_LIT("e"), &scrapped),
	    RC_NOT_FOUND);
	expect_consistent(d);
	assert_string_equal(
	    raw_text(d->path, "SELECT count(*) FROM order_unit"), "4");
}

static void
test_a_group_that_is_lost_counts_nothing(void **state)
{
	struct desk *d = *state;
	struct ledger *l = d->ledger;

	assert_int_equal(ledger_begin(l), RC_OK);
	mint(l, "a", "wo", "one");
	ledger_rollback(l);
	assert_string_equal(told(l, "wo", "one"), "0 units, 0 scrapped; 0, 0");
}

static void
open_order(struct ledger *l, int revision, const char *sha256)
{
	PUT(l, "order_opened", 0, "", F_TEXT("order", "wo"),
	    F_INT("revision", revision), F_TEXT("sha256", sha256),
	    F_INT("quota", 10));
}

static void
test_the_highest_revision_is_in_force(void **state)
{
	struct desk *d = *state;
	struct ledger *l = d->ledger;
	struct ledger_order o;

	assert_int_equal(ledger_begin(l), RC_OK);
	open_order(l, 1, "aa");
	open_order(l, 3, "cc");
	open_order(l, 2, "bb");
	open_order(l, 3, "dd"); /* as of a station that was merged */
	assert_int_equal(ledger_commit(l), RC_OK);
	assert_int_equal(
	    ledger_order(l, SPAN_LIT("wo"), SPAN_LIT(""), &o), RC_OK);
	assert_true(o.opened);
	assert_int_equal(o.revision, 3);
	assert_string_equal(o.sha256, "cc");
	assert_string_equal(
	    raw_text(d->path,
		"SELECT work_order || ' ' || revision || ' ' || quota || ' ' "
		"|| units FROM orders"),
	    "wo 3 10 0");
	expect_consistent(d);
}

/* Endpoints that look alike where they are shown are not the same. */
static void
test_names_are_bytes(void **state)
{
	struct desk *d = *state;
	struct ledger *l = d->ledger;

	assert_int_equal(ledger_begin(l), RC_OK);
	mint(l, "e\n", "wo", "one");
	mint(l, "e\\n", "wo", "one");
	mint(l, "e\n", "wo", "one");
	assert_int_equal(ledger_commit(l), RC_OK);
	assert_string_equal(told(l, "wo", "one"), "2 units, 0 scrapped; 2, 0");
	expect_consistent(d);
}

static void
test_what_was_written_to_is_found(void **state)
{
	static const char *const sql[] = {
	    "UPDATE order_unit SET station = 'two' WHERE endpoint = 'a'",
	    "UPDATE order_unit SET scrapped_seq = NULL",
	    "UPDATE order_unit SET scrapped_seq = 2 WHERE endpoint = 'b'",
	    "DELETE FROM order_unit WHERE endpoint = 'b'",
	    "INSERT INTO order_unit VALUES ('wo', 'x', x'', 'one', 2, NULL)",
	    "UPDATE order_count SET units = units - 1",
	    "UPDATE order_count SET scrapped = 0",
	    "DELETE FROM order_count",
	    "INSERT INTO order_count VALUES ('wo', 'x', 1, 0)",
	    "UPDATE work_order SET revision = 0",
	    "UPDATE work_order SET revision = 9",
	    "UPDATE work_order SET sha256 = 'bb'",
	    "DELETE FROM work_order",
	    "INSERT INTO work_order VALUES ('x', 1, 'aa', 1)",
	};

	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
		struct desk *d = *state;

		desk_close(d);
		unlink(d->path);
		desk_open(d);
		assert_int_equal(ledger_begin(d->ledger), RC_OK);
		open_order(d->ledger, 1, "aa");
		mint(d->ledger, "a", "wo", "one");
		mint(d->ledger, "b", "wo", "one");
		scrap(d->ledger, "a", "wo");
		assert_int_equal(ledger_commit(d->ledger), RC_OK);
		expect_consistent(d);
		raw(d->path, sql[i]);
		if (strcmp(raw_text(d->path,
			       "SELECT count(*) > 0 FROM inconsistencies"),
			"1") != 0)
			fail_msg("%s", sql[i]);
	}
}

/* A file of before, with rows that name orders. */
static void
test_an_older_file_is_filled(void **state)
{
	struct desk *d = *state;
	char *text = calloc(1, 100000);
	FILE *f = fopen(LEDGER_VECTORS "/../../../schema/ledger-4.sql", "r");
	struct ledger_order o;

	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, 99999, f) > 1000);
	fclose(f);
	desk_close(d);
	unlink(d->path);
	raw(d->path, text);
	free(text);
	raw(d->path,
	    "INSERT INTO event (seq, time_ms, kind, endpoint, data, hash) "
	    "VALUES (1, 0, 'order_opened', NULL, "
	    "'{\"order\":\"wo\",\"revision\":2,\"sha256\":\"aa\"}', "
	    "zeroblob(32)), (2, 0, 'image_minted', 'a', "
	    "'{\"order\":\"wo\",\"station\":\"one\"}', zeroblob(32)), "
	    "(3, 0, 'image_minted', 'b', '{\"order\":\"wo\"}', zeroblob(32)), "
	    "(4, 0, 'unit_scrapped', 'a', '{\"order\":\"wo\"}', zeroblob(32))");
	desk_open(d);
	assert_int_equal(
	    ledger_order(d->ledger, SPAN_LIT("wo"), SPAN_LIT("one"), &o),
	    RC_OK);
	assert_true(o.opened);
	assert_int_equal(o.revision, 2);
	assert_int_equal(o.units, 2);
	assert_int_equal(o.station_units, 1);
	assert_int_equal(o.station_scrapped, 1);
	expect_consistent(d);
}

/* --- rows of devices, one behind the other -------------------------------- */

struct said {
	char text[400];
};

static enum rc
say(void *ctx, const struct ledger_row *row)
{
	struct said *s = ctx;
	size_t len = strlen(s->text);

	snprintf(s->text + len, sizeof(s->text) - len, "%.*s:%llu ",
	    SPAN_FMT(row->endpoint), (unsigned long long)row->seq);
	return RC_OK;
}

static void
test_rows_by_endpoint(void **state)
{
	struct desk *d = *state;
	struct ledger *l = d->ledger;
	struct said s = {0};

	assert_int_equal(ledger_begin(l), RC_OK);
	mint(l, "b", "wo", "one");
	mint(l, "a", "wo", "one");
	PUT(l, "device_released", 0, "a", F_INT("uid", 0));
	PUT(l, "unit_flashed", 0, "b", F_INT("x", 0));
	PUT(l, "bootstrap_begin", 1, "a", F_INT("x", 0));
	PUT(l, "image_minted", 0, "c", F_TEXT("unit", "0001"));
	PUT(l, "image_minted", 0, "d", F_TEXT("unit", "0002"));
	PUT(l, "unit_flashed", 0, "x", F_TEXT("unit", "0001"));
	assert_int_equal(ledger_commit(l), RC_OK);
	assert_int_equal(ledger_by_endpoint(l, say, &s), RC_OK);
	assert_string_equal(s.text, "a:2 a:5 b:1 b:4 c:6 d:7 x:8 ");
	s = (struct said){0};
	assert_int_equal(
	    ledger_minted_unit(l, SPAN_LIT("0001"), say, &s), RC_OK);
	assert_string_equal(s.text, "c:6 ");
	s = (struct said){0};
	assert_int_equal(ledger_minted_unit(l, SPAN_LIT("1"), say, &s), RC_OK);
	assert_string_equal(s.text, "");
}

#define ON_A_DESK(test) \
	cmocka_unit_test_setup_teardown(test, desk_setup, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_DESK(test_a_day_at_two_stations),
	    ON_A_DESK(test_a_group_that_is_lost_counts_nothing),
	    ON_A_DESK(test_the_highest_revision_is_in_force),
	    ON_A_DESK(test_names_are_bytes),
	    ON_A_DESK(test_what_was_written_to_is_found),
	    ON_A_DESK(test_an_older_file_is_filled),
	    ON_A_DESK(test_rows_by_endpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
