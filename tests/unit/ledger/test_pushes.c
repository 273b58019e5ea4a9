/* Bootstraps that an operator started: the view that says what became of each
 * device of a push. */
#include "support.h"

#include <stdio.h>

enum { PUSH = 0xaa, OTHER = 0xbb };

#define PUSH_HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER_HEX "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const char *
seen(const struct desk *d, const char *push, const char *endpoint)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
	    "SELECT outcome || ' ' || coalesce(way, '-') || ' ' || "
	    "coalesce(reason, '-') || ' ' || coalesce(session, '-') "
	    "FROM pushes WHERE push = '%s' AND endpoint = '%s'",
	    push, endpoint);
	return raw_text(d->path, sql);
}

static void
begin_push(struct ledger *l, uint8_t push, const char *const *endpoints)
{
	PUT(l, "push_started", push, NULL, F_INT("uid", 1000),
	    F_TEXT("selection", "--group *"));
	for (; *endpoints; endpoints++)
		PUT(l, "push_planned", push, *endpoints, F_INT("uid", 1000));
}

static void
test_what_became_of_each(void **state)
{
	static const char *const all[] = {"ok", "waits", "late", "nobody",
	    "nowhere", "running", "refused\x1b", NULL};
	struct desk *d = *state;
	struct ledger *l = d->ledger;

	assert_int_equal(ledger_begin(l), RC_OK);
	begin_push(l, PUSH, all);
	/* over a session that stood */
	PUT(l, "push_sent", PUSH, "ok", F_TEXT("way", "session"));
	PUT(l, "bootstrap_begin", 1, "ok", F_TEXT("push", PUSH_HEX));
	PUT(l, "bootstrap_end", 1, "ok", F_TEXT("outcome", "ok"),
	    F_TEXT("reason", "ok"));
	/* through a server */
	PUT(l, "push_sent", PUSH, "waits", F_TEXT("way", "trigger"),
	    F_TEXT("until", "2999-01-01T00:00:00.000Z"));
	PUT(l, "push_sent", PUSH, "late", F_TEXT("way", "trigger"),
	    F_TEXT("until", "2001-01-01T00:00:00.000Z"));
	PUT(l, "push_failed", PUSH, "nowhere", F_TEXT("reason", "no-way"));
	PUT(l, "push_sent", PUSH, "running", F_TEXT("way", "address"));
	PUT(l, "bootstrap_begin", 2, "running", F_TEXT("push", PUSH_HEX));
	/* what it did by itself is not of the push */
	PUT(l, "bootstrap_begin", 3, "waits", F_INT("n", 1));
	PUT(l, "bootstrap_end", 3, "waits", F_TEXT("outcome", "failed"));
	/* failed at first, and came again because of it */
	PUT(l, "push_sent", PUSH, "refused\x1b", F_TEXT("way", "trigger"),
	    F_TEXT("until", "2001-01-01T00:00:00.000Z"));
	PUT(l, "push_failed", PUSH, "refused\x1b",
	    F_TEXT("reason", "trigger-refused"));
	PUT(l, "bootstrap_begin", 4, "refused\x1b", F_TEXT("push", PUSH_HEX));
	PUT(l, "bootstrap_end", 4, "refused\x1b", F_TEXT("outcome", "failed"),
	    F_TEXT("reason", "no-answer"));
	PUT(l, "bootstrap_begin", 5, "refused\x1b", F_TEXT("push", PUSH_HEX));
	PUT(l, "bootstrap_end", 5, "refused\x1b", F_TEXT("outcome", "ok"),
	    F_TEXT("reason", "ok"));
	assert_int_equal(ledger_commit(l), RC_OK);

	assert_string_equal(seen(d, PUSH_HEX, "ok"),
	    "ok session ok 01010101010101010101010101010101");
	assert_string_equal(seen(d, PUSH_HEX, "waits"), "sent trigger - -");
	assert_string_equal(
	    seen(d, PUSH_HEX, "late"), "failed trigger no-request -");
	assert_string_equal(seen(d, PUSH_HEX, "nobody"), "planned - - -");
	assert_string_equal(seen(d, PUSH_HEX, "nowhere"), "failed - no-way -");
	assert_string_equal(seen(d, PUSH_HEX, "running"),
	    "open address - 02020202020202020202020202020202");
	assert_string_equal(seen(d, PUSH_HEX, "refused\\u001b"),
	    "ok trigger ok 05050505050505050505050505050505");
	assert_string_equal(
	    raw_text(d->path, "SELECT count(*) FROM pushes"), "7");
	assert_string_equal(
	    raw_text(d->path, "SELECT count(*) FROM inconsistencies"), "0");
	assert_string_equal(raw_text(d->path,
				"SELECT push FROM bootstraps "
				"WHERE endpoint = 'running'"),
	    PUSH_HEX);
}

/* Two pushes have the same device: each has its own row, and its own ending. */
static void
test_two_pushes_of_one_device(void **state)
{
	static const char *const one[] = {"meter", NULL};
	struct desk *d = *state;
	struct ledger *l = d->ledger;

	assert_int_equal(ledger_begin(l), RC_OK);
	begin_push(l, PUSH, one);
	begin_push(l, OTHER, one);
	PUT(l, "push_sent", PUSH, "meter", F_TEXT("way", "session"));
	PUT(l, "bootstrap_begin", 1, "meter", F_TEXT("push", PUSH_HEX));
	PUT(l, "push_sent", OTHER, "meter", F_TEXT("way", "session"));
	PUT(l, "bootstrap_end", 1, "meter", F_TEXT("outcome", "failed"),
	    F_TEXT("reason", "superseded"));
	PUT(l, "bootstrap_begin", 2, "meter", F_TEXT("push", OTHER_HEX));
	PUT(l, "bootstrap_end", 2, "meter", F_TEXT("outcome", "ok"),
	    F_TEXT("reason", "ok"));
	assert_int_equal(ledger_commit(l), RC_OK);
	assert_string_equal(seen(d, PUSH_HEX, "meter"),
	    "failed session superseded 01010101010101010101010101010101");
	assert_string_equal(seen(d, OTHER_HEX, "meter"),
	    "ok session ok 02020202020202020202020202020202");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_what_became_of_each, desk_setup, desk_teardown),
	    cmocka_unit_test_setup_teardown(
		test_two_pushes_of_one_device, desk_setup, desk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
