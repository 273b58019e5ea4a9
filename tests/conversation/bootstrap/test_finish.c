/* How a bootstrap ends: Finish, silence, RST, deadlines. A verdict is ok only
 * when Finish was answered 2.04. */
#include "stage.h"

#define PLAY(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

static void
comes_to_finish(void)
{
	stage.keeper.wish = wish_short;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON POST /bs");
	/* the keeper heard of it before it went out */
	assert_int_equal(stage.keeper.finishing, 1);
}

/* Leshan's way: an empty ACK, then a CON of its own. */
static void
a_separate_answer(void **state)
{
	(void)state;
	comes_to_finish();
	answer("ACK");
	pass(60000);
	no_verdict();
	answer("CON 2.04");
	expect("ACK");
	verdict("ok ok 2/3 2.04");
}

static void
a_separate_refusal(void **state)
{
	(void)state;
	comes_to_finish();
	answer("ACK");
	pass(5000);
	answer_with("CON 4.06 cf=0", "no server account");
	expect("ACK");
	verdict("failed finish-refused 2/3 4.06");
}

/* The ACK is lost, the separate answer comes: it is enough. */
static void
a_separate_answer_without_its_ack(void **state)
{
	(void)state;
	comes_to_finish();
	pass(1000);
	answer("CON 2.04");
	expect("ACK");
	verdict("ok ok 2/3 2.04");
	pass(100000);
}

static void
refused(void **state)
{
	static const struct {
		const char *answer, *verdict;
	} cases[] = {
	    {"ACK 4.06", "failed finish-refused 2/3 4.06"},
	    {"ACK 4.00", "failed finish-refused 2/3 4.00"},
	    {"ACK 5.00", "failed finish-refused 2/3 5.00"},
	    {"ACK 2.05", "failed finish-refused 2/3 2.05"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stage.keeper.finishing = 0;
		comes_to_finish();
		answer(cases[i].answer);
		verdict(cases[i].verdict);
	}
}

/* Nobody can say how it went: the device may be registered already. */
static void
never_answered(void **state)
{
	(void)state;
	comes_to_finish();
	for (unsigned i = 0; i < 4; i++) {
		/* 2 to 3 s, doubled each time; always the same message */
		pass((uint64_t)3000 << i);
		expect("CON POST /bs");
	}
	pass((uint64_t)3000 << 4);
	verdict("unknown finish-unanswered 2/3 -");
	silence();
	boots(0);
	pass(300000); /* and never again */
}

/* An empty ACK, and then nothing. */
static void
only_acknowledged(void **state)
{
	(void)state;
	comes_to_finish();
	answer("ACK");
	pass(93000);
	verdict("unknown finish-unanswered 2/3 -");
}

/* The answer comes after the verdict: too late to count. */
static void
answered_too_late(void **state)
{
	(void)state;
	comes_to_finish();
	answer("ACK");
	pass(93000);
	verdict("unknown finish-unanswered 2/3 -");
	answer("CON 2.04");
	expect("RST");
	no_verdict();
}

/* A device that has forgotten the bootstrap: it may have been through. */
static void
reset(void **state)
{
	(void)state;
	comes_to_finish();
	answer("RST");
	verdict("unknown reset 2/3 -");
}

/* It starts again while Finish is unanswered: that one is unknown, the next
 * one settles it. */
static void
superseded(void **state)
{
	(void)state;
	comes_to_finish();
	says("CON POST /bs?ep=dev-1&pct=112");
	verdict("unknown superseded 2/3 -");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict("ok ok 2/3 2.04");
}

/* on_failure: clean, and Finish is refused: all that was written goes. */
static void
refused_and_cleaned(void **state)
{
	(void)state;
	comes_to_finish();
	answer("ACK 4.06");
	verdict("failed finish-refused 2/3 4.06");
	stage.keeper.finishing = 0;
	stage.keeper.wish.clean_on_failure = true;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 4.06");
	expect("CON DELETE /0/100");
	answer("ACK 2.02");
	expect("CON DELETE /1/0");
	answer("ACK 2.02");
	verdict("failed finish-refused 2/3 4.06");
}

/* While it is cleaned up, silence ends it, with the first reason. */
static void
refused_then_silent(void **state)
{
	(void)state;
	stage.keeper.wish.clean_on_failure = true;
	stage.keeper.wish.discover = false;
	stage.keeper.wish.clean_count = 0;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 4.06");
	expect("CON DELETE /0/100");
	for (unsigned i = 0; i < 4; i++) {
		pass((uint64_t)3000 << i);
		expect("CON DELETE /0/100");
	}
	pass(48000);
	verdict("failed finish-refused 2/3 4.06");
	boots(0);
}

/* The device vanishes after the 2.04. A command is sent, five times, then as
 * a new message (bootstrap.md 13), then it ends, and all is freed. */
static void
silence_after_the_answer(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	for (unsigned message = 0; message < 2; message++) {
		uint16_t mid;

		expect("CON PUT /0/100 cf=112");
		mid = stage.heard.mid;
		for (unsigned i = 0; i < 4; i++) {
			pass((uint64_t)3000 << i);
			expect("CON PUT /0/100 cf=112");
			assert_int_equal(stage.heard.mid, mid);
		}
		no_verdict();
		pass(48000);
	}
	verdict("failed no-answer 0/3 -");
	boots(0);
	silence();
}

/* limits.session_lifetime holds for the whole, however slow each step is. */
static void
the_deadline(void **state)
{
	(void)state;
	assert_true(stage.config.session_lifetime_ms < 247000);
	stage.keeper.wish.servers = 9;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON GET / accept=40");
	pass(1500);
	answer("ACK");
	pass(90000);
	answer("CON 4.04");
	expect("ACK");
	expect("CON DELETE /0");
	answer("ACK");
	pass(90000);
	answer("CON 2.02");
	expect("ACK");
	expect("CON DELETE /1");
	answer("ACK");
	pass(58499);
	no_verdict();
	pass(1);
	verdict("failed deadline 2/22 -");
	boots(0);
	answer("CON 2.02");
	expect("RST"); /* nobody waits for it any more */
}

/* The same while Finish is unanswered. */
static void
the_deadline_at_finish(void **state)
{
	(void)state;
	stage.config.session_lifetime_ms = 1500;
	comes_to_finish();
	pass(1500);
	verdict("unknown finish-unanswered 2/3 -");
}

static void
reset_of_a_command(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	answer("RST");
	verdict("failed reset 0/3 -");
	assert_int_equal(stage.keeper.finishing, 0);
}

/* The verdict is asked for again until it stands in the ledger. */
static void
the_verdict_is_recorded_late(void **state)
{
	(void)state;
	stage.keeper.records_not = true;
	comes_to_finish();
	answer("ACK 2.04");
	verdict("ok ok 2/3 2.04");
	pass(60000);
	boots(1);
	stage.keeper.records_not = false;
	pass(1000);
	boots(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(a_separate_answer),
	    PLAY(a_separate_refusal),
	    PLAY(a_separate_answer_without_its_ack),
	    PLAY(refused),
	    PLAY(never_answered),
	    PLAY(only_acknowledged),
	    PLAY(answered_too_late),
	    PLAY(reset),
	    PLAY(superseded),
	    PLAY(refused_and_cleaned),
	    PLAY(refused_then_silent),
	    PLAY(silence_after_the_answer),
	    PLAY(the_deadline),
	    PLAY(the_deadline_at_finish),
	    PLAY(reset_of_a_command),
	    PLAY(the_verdict_is_recorded_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
