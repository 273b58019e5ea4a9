/* The worker asks, the keeper answers: at once, late, again, never, no. */
#include "stage.h"

#include <stdio.h>

#define PLAY(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

static void
goes_on_to_the_end(void)
{
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict("ok ok 2/3 2.04");
	boots(0);
}

/* RFC 7252 5.2.2: an empty ACK after a second, the answer in a CON. */
static void
the_keeper_is_slow(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.delay_ms = 1700;
	says("CON POST /bs?ep=dev-1&pct=112");
	pass(999);
	silence();
	pass(1);
	expect("ACK");
	says_again(); /* the ACK was lost */
	expect("ACK");
	pass(700);
	expect("CON 2.04");
	pass(100);
	silence(); /* the Write waits until the answer is there */
	answer("ACK");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	pass(1700);
	verdict("ok ok 2/3 2.04");
}

/* Its separate answer is lost on the way: it comes again. */
static void
a_separate_answer_is_lost(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.delay_ms = 1200;
	says("CON POST /bs?ep=dev-1&pct=112");
	pass(1200);
	expect("ACK");
	expect("CON 2.04");
	stage.keeper.delay_ms = 0;
	pass(3000);
	expect("CON 2.04");
	answer("ACK");
	goes_on_to_the_end();
}

/* Every question may be lost: it is asked again each second. */
static void
an_answer_of_the_keeper_is_lost(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.lose = 2;
	says("CON POST /bs?ep=dev-1&pct=112");
	pass(2500);
	expect("ACK");
	expect("CON 2.04");
	assert_int_equal(stage.keeper.asked, 3);
	assert_int_equal(stage.keeper.begins, 1);
	answer("ACK");
	stage.keeper.lose = 1; /* this one is about the verdict */
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict("ok ok 2/3 2.04");
	boots(1);
	pass(1000);
	boots(0);
}

/* Devices that all came at once are not to come back at once: 15 to 45 s, by
 * the session's random ID. */
static void
expect_later(const char *type)
{
	char text[32];

	snprintf(text, sizeof(text), "%s 5.03 max-age=%d", type,
	    15 + stage.keeper.asked_by[0] % 31);
	expect(text);
}

/* 5.03 with Max-Age, and the session is gone. */
static void
the_keeper_never_answers(void **state)
{
	(void)state;
	stage.keeper.silent = true;
	says("CON POST /bs?ep=dev-1&pct=112");
	pass(1000);
	expect("ACK");
	pass(19000);
	expect_later("CON");
	answer("ACK");
	assert_true(stage.keeper.asked >= 20);
	no_verdict();
	boots(1); /* its verdict is still to be recorded */
	stage.keeper.silent = false;
	pass(2000);
	verdict("failed keeper-away 0/0 -");
	boots(0);
}

/* bootstrap.md 4.1; the device learns the code, the ledger the reason. */
static void
refusals(void **state)
{
	static const struct {
		enum reason why;
		const char *answer;
	} cases[] = {
	    {REASON_NO_IDENTITY, "ACK 4.00"},
	    {REASON_NO_POLICY, "ACK 4.00"},
	    {REASON_ENDPOINT_MISMATCH, "ACK 4.00"},
	    {REASON_ENDPOINT_MISSING, "ACK 4.00"},
	    {REASON_PCT_UNSUPPORTED, "ACK 4.15"},
	    {REASON_BUSY, "ACK 5.03"},
	    {REASON_TOKEN_AWAY, "ACK 5.03"},
	    {REASON_LEDGER_AWAY, "ACK 5.03"},
	    {REASON_PLAN_TOO_LARGE, "ACK 5.03"},
	    {REASON_RATE, "ACK 5.03"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stage.keeper.refuses = cases[i].why;
		says("CON POST /bs?ep=dev-1&pct=112");
		if (strcmp(cases[i].answer, "ACK 5.03") == 0)
			expect_later("ACK");
		else
			expect(cases[i].answer);
		boots(0);
		no_verdict(); /* the keeper has recorded its own refusal */
		/* a stranger leaves nothing behind */
		assert_int_equal(stage.worker.peers.count, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(the_keeper_is_slow),
	    PLAY(a_separate_answer_is_lost),
	    PLAY(an_answer_of_the_keeper_is_lost),
	    PLAY(the_keeper_never_answers),
	    PLAY(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
