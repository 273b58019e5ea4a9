/* The fleet as the ledger has it: each device once, by its last beginning. */
#include "support.h"

#include <stdio.h>

struct fleet_seen {
	struct ledger *also; /* written to meanwhile; NULL: nobody writes */
	char text[512]; /* "endpoint@n " */
	unsigned stop_after;
};

static enum rc
note(void *ctx, const struct ledger_row *row)
{
	struct fleet_seen *s = ctx;
	size_t len = strlen(s->text);
	int64_t n = 0;

	assert_true(span_is(row->kind, "bootstrap_begin"));
	assert_true(ledger_field_int(row, "n", &n));
	snprintf(s->text + len, sizeof(s->text) - len, "%.*s@%d ",
	    SPAN_FMT(row->endpoint), (int)n);
	if (s->also) {
		assert_int_equal(ledger_begin(s->also), RC_OK);
		PUT(s->also, "bootstrap_begin", 9, "ep-late", F_INT("n", 99));
		assert_int_equal(ledger_commit(s->also), RC_OK);
		s->also = NULL;
	}
	return s->stop_after && --s->stop_after == 0 ? RC_TIMEOUT : RC_OK;
}

static void
fill(struct desk *d)
{
	struct ledger *l = d->ledger;

	assert_int_equal(ledger_begin(l), RC_OK);
	PUT(l, "image_minted", 0, "ep-shelf", F_INT("n", 1));
	PUT(l, "image_minted", 0, "ep-b", F_INT("n", 2));
	PUT(l, "bootstrap_begin", 1, "ep-b", F_INT("n", 3));
	PUT(l, "bootstrap_begin", 2, "ep-c\n", F_INT("n", 4));
	PUT(l, "bootstrap_begin", 3, "ep-b", F_INT("n", 5));
	PUT(l, "bootstrap_begin", 4, "ep-a", F_INT("n", 6));
	PUT(l, "bootstrap_refused", 0, "ep-a", F_INT("n", 7));
	PUT(l, "bootstrap_refused", 0, "ep-stranger", F_INT("n", 8));
	assert_int_equal(ledger_commit(l), RC_OK);
}

static struct ledger *
reader_of(const struct desk *d)
{
	struct ledger *l;
	char why[200];

	assert_int_equal(
	    ledger_open(d->path, LEDGER_READ, &l, why, sizeof(why)), RC_OK);
	return l;
}

static void
each_device_once_as_it_came_last(void **state)
{
	struct desk *d = *state;
	struct fleet_seen s = {0};
	struct ledger_fleet f;
	struct ledger *l;

	fill(d);
	l = reader_of(d);
	assert_int_equal(ledger_fleet(l, &f), RC_OK);
	assert_int_equal(f.came, 3);
	assert_int_equal(f.first_boot, 1);
	assert_int_equal(ledger_devices(l, note, &s), RC_OK);
	assert_string_equal(s.text, "ep-c\n@4 ep-b@5 ep-a@6 ");
	s = (struct fleet_seen){.stop_after = 2};
	assert_int_equal(ledger_devices(l, note, &s), RC_TIMEOUT);
	assert_string_equal(s.text, "ep-c\n@4 ep-b@5 ");
	ledger_close(l);
}

/* a report's numbers fit each other, and the daemon is not kept waiting */
static void
a_snapshot_is_of_one_moment(void **state)
{
	struct desk *d = *state;
	struct fleet_seen s = {.also = d->ledger};
	struct ledger_fleet f;
	struct ledger *l;

	fill(d);
	l = reader_of(d);
	assert_int_equal(ledger_snapshot(d->ledger), RC_BUG);
	assert_int_equal(ledger_snapshot(l), RC_OK);
	assert_int_equal(ledger_devices(l, note, &s), RC_OK);
	assert_null(s.also);
	assert_int_equal(ledger_fleet(l, &f), RC_OK);
	assert_int_equal(f.came, 3);
	s = (struct fleet_seen){0};
	assert_int_equal(ledger_devices(l, note, &s), RC_OK);
	assert_null(strstr(s.text, "ep-late"));
	ledger_snapshot_end(l);
	ledger_snapshot_end(l);
	assert_int_equal(ledger_fleet(l, &f), RC_OK);
	assert_int_equal(f.came, 4);
	assert_int_equal(ledger_devices(l, note, &s), RC_OK);
	assert_non_null(strstr(s.text, "ep-late@99"));
	ledger_close(l);
}

/* without the index of version 4: in another order, but all of them */
static void
an_older_file_is_read_all_the_same(void **state)
{
	struct desk *d = *state;
	struct fleet_seen s = {0};
	struct ledger *l;

	fill(d);
	desk_close(d);
	raw(d->path, "DROP INDEX device_begin");
	l = reader_of(d);
	assert_int_equal(ledger_devices(l, note, &s), RC_OK);
	assert_non_null(strstr(s.text, "ep-a@6 "));
	assert_non_null(strstr(s.text, "ep-b@5 "));
	assert_non_null(strstr(s.text, "ep-c\n@4 "));
	assert_int_equal(strlen(s.text), strlen("ep-a@6 ep-b@5 ep-c\n@4 "));
	ledger_close(l);
}

/* what somebody took from under the table is not there, and the counts show
 * it */
static void
a_row_that_is_gone_is_no_device(void **state)
{
	struct desk *d = *state;
	struct fleet_seen s = {0};
	struct ledger_fleet f;
	struct ledger *l;

	fill(d);
	desk_close(d);
	raw(d->path, without_guards);
	raw(d->path, "DELETE FROM event WHERE seq = 6");
	l = reader_of(d);
	assert_int_equal(ledger_fleet(l, &f), RC_OK);
	assert_int_equal(f.came, 3);
	assert_int_equal(ledger_devices(l, note, &s), RC_OK);
	assert_string_equal(s.text, "ep-c\n@4 ep-b@5 ");
	ledger_close(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		each_device_once_as_it_came_last, desk_setup, desk_teardown),
	    cmocka_unit_test_setup_teardown(
		a_snapshot_is_of_one_moment, desk_setup, desk_teardown),
	    cmocka_unit_test_setup_teardown(
		an_older_file_is_read_all_the_same, desk_setup, desk_teardown),
	    cmocka_unit_test_setup_teardown(
		a_row_that_is_gone_is_no_device, desk_setup, desk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
