/* What devices were given before: kept by triggers, and filled in for files
 * that were there before the table. */
#include "support.h"

#include <stdio.h>
#include <unistd.h>

static void
begin(struct ledger *l, uint8_t session, const char *ep, const char *servers)
{
	if (servers)
		PUT(l, "bootstrap_begin", session, ep,
		    F_TEXT("servers", servers));
	else
		PUT(l, "bootstrap_begin", session, ep, F_INT("steps", 1));
}

static void
end(struct ledger *l, uint8_t session, const char *ep, const char *outcome)
{
	PUT(l, "bootstrap_end", session, ep, F_TEXT("outcome", outcome));
}

/* "2 oks, turn 1, released, a b" */
static const char *
told(struct ledger *l, const char *endpoint)
{
	static char text[200];
	struct ledger_history h;
	char room[64];
	enum rc rc =
	    ledger_history(l, span_str(endpoint), &h, room, sizeof(room));

	if (rc == RC_NOT_FOUND)
		return "nothing";
	assert_int_equal(rc, RC_OK);
	snprintf(text, sizeof(text), "%llu oks, turn %u,%s %.*s",
	    (unsigned long long)h.oks, (unsigned)h.turn,
	    h.released ? " released," : "", SPAN_FMT(h.servers));
	return text;
}

static unsigned
devices(struct ledger *l, const char *server)
{
	uint64_t n;

	assert_int_equal(ledger_placement(l, server, &n), RC_OK);
	return (unsigned)n;
}

static void
expect_consistent(const struct desk *d)
{
	assert_string_equal(
	    raw_text(d->path, "SELECT count(*) FROM inconsistencies"), "0");
}

static void
test_a_life_of_a_device(void **state)
{
	struct desk *d = *state;
	struct ledger *l = d->ledger;

	assert_string_equal(told(l, "e"), "nothing");
	assert_int_equal(ledger_history_turned(l), RC_NOT_FOUND);
	assert_int_equal(ledger_begin(l), RC_OK);
	begin(l, 1, "e", "a b");
	/* it counts from the moment that it is given, within the group too */
	assert_int_equal(devices(l, "a"), 1);
	end(l, 1, "e", "failed");
	begin(l, 2, "e", "a b");
	end(l, 2, "e", "ok");
	assert_int_equal(ledger_commit(l), RC_OK);
	assert_string_equal(told(l, "e"), "1 oks, turn 0, a b");
	assert_int_equal(devices(l, "a"), 1);
	assert_int_equal(devices(l, "b"), 1);

	assert_int_equal(ledger_begin(l), RC_OK);
	PUT(l, "bootstrap_begin", 3, "e", F_TEXT("servers", "c"),
	    F_INT("turn", 7));
	end(l, 3, "e", "unknown");
	assert_string_equal(told(l, "e"), "1 oks, turn 0, c");
	PUT(l, "bootstrap_begin", 4, "e", F_TEXT("servers", "c"),
	    F_INT("turn", 7));
	end(l, 4, "e", "ok");
	/* a policy without servers leaves those that it has */
	begin(l, 5, "e", NULL);
	assert_int_equal(ledger_commit(l), RC_OK);
	assert_string_equal(told(l, "e"), "2 oks, turn 7, c");
	assert_int_equal(ledger_history_turned(l), RC_OK);
	assert_int_equal(devices(l, "a"), 0);
	assert_int_equal(devices(l, "b"), 0);
	assert_int_equal(devices(l, "c"), 1);
	assert_int_equal(devices(l, "nobody's"), 0);
	expect_consistent(d);
}

static void
test_a_release_holds_until_the_next_ok(void **state)
{
	struct desk *d = *state;
	struct ledger *l = d->ledger;

	assert_int_equal(ledger_begin(l), RC_OK);
	begin(l, 1, "e", "a");
	end(l, 1, "e", "ok");
	PUT(l, "device_released", 0, "e", F_INT("uid", 0));
	assert_string_equal(told(l, "e"), "1 oks, turn 0, released, a");
	begin(l, 2, "e", "a");
	end(l, 2, "e", "failed");
	assert_string_equal(told(l, "e"), "1 oks, turn 0, released, a");
	begin(l, 3, "e", "a");
	end(l, 3, "e", "ok");
	assert_string_equal(told(l, "e"), "2 oks, turn 0, a");
	PUT(l, "push_planned", 9, "e", F_INT("uid", 0));
	assert_string_equal(told(l, "e"), "2 oks, turn 0, released, a");
	/* of one that has not come yet */
	PUT(l, "device_released", 0, "new", F_INT("uid", 0));
	assert_string_equal(told(l, "new"), "0 oks, turn 0, released, ");
	assert_int_equal(ledger_commit(l), RC_OK);
	expect_consistent(d);
}

/* Endpoints that look alike where they are shown are not the same. */
static void
test_names_are_bytes(void **state)
{
	struct desk *d = *state;
	struct ledger *l = d->ledger;

	assert_int_equal(ledger_begin(l), RC_OK);
	begin(l, 1, "e\n", "a");
	begin(l, 2, "e\\n", "a b");
	assert_int_equal(ledger_commit(l), RC_OK);
	assert_string_equal(told(l, "e\n"), "0 oks, turn 0, a");
	assert_string_equal(told(l, "e\\n"), "0 oks, turn 0, a b");
	assert_int_equal(devices(l, "a"), 2);
	expect_consistent(d);
}

static void
test_what_was_written_to_is_found(void **state)
{
	static const char *const sql[] = {
	    "UPDATE history SET oks = 0",
	    "UPDATE history SET turn = 1",
	    "UPDATE history SET released_seq = 1",
	    "UPDATE history SET servers_seq = NULL",
	    "DELETE FROM history",
	    "INSERT INTO history (endpoint, endpoint_raw) VALUES ('x', x'')",
	    "UPDATE placement SET devices = 2",
	    "DELETE FROM placement",
	    "INSERT INTO placement VALUES ('x', 1)",
	};

	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
		struct desk *d = *state;

		desk_close(d);
		unlink(d->path);
		desk_open(d);
		assert_int_equal(ledger_begin(d->ledger), RC_OK);
		begin(d->ledger, 1, "e", "a");
		end(d->ledger, 1, "e", "ok");
		assert_int_equal(ledger_commit(d->ledger), RC_OK);
		expect_consistent(d);
		raw(d->path, sql[i]);
		if (strcmp(raw_text(d->path,
			       "SELECT count(*) > 0 FROM inconsistencies"),
			"1") != 0)
			fail_msg("%s", sql[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_a_life_of_a_device, desk_setup, desk_teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_release_holds_until_the_next_ok, desk_setup,
		desk_teardown),
	    cmocka_unit_test_setup_teardown(
		test_names_are_bytes, desk_setup, desk_teardown),
	    cmocka_unit_test_setup_teardown(
		test_what_was_written_to_is_found, desk_setup, desk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
