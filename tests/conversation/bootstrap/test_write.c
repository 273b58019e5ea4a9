/* Deletes and Writes: what a device may answer, and what follows. */
#include "stage.h"

#define PLAY(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

static void
begins(const char *request)
{
	says(request);
	expect("ACK 2.04");
}

/* A device that refused a Write is never told Finish (style: pains). */
static void
a_refused_write_is_never_followed_by_finish(void **state)
{
	static const struct {
		const char *answer, *verdict;
	} cases[] = {
	    {"ACK 4.00", "failed write-refused 0/3 4.00"},
	    {"ACK 4.01", "failed write-refused 0/3 4.01"},
	    {"ACK 4.04", "failed write-refused 0/3 4.04"},
	    {"ACK 4.05", "failed write-refused 0/3 4.05"},
	    {"ACK 5.00", "failed write-refused 0/3 5.00"},
	    {"ACK 5.31", "failed write-refused 0/3 5.31"},
	    {"ACK 2.05", "failed write-refused 0/3 2.05"},
	};

	(void)state;
	stage.keeper.wish = wish_short;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begins("CON POST /bs?ep=dev-1&pct=112");
		expect("CON PUT /0/100 cf=112");
		answer(cases[i].answer);
		verdict(cases[i].verdict);
		silence();
		boots(0);
	}
	assert_int_equal(stage.keeper.finishing, 0);
	pass(300000);
}

/* The second one, too; the first account stays behind. */
static void
the_second_write_is_refused(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	begins("CON POST /bs?ep=dev-1&pct=112");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 4.00");
	verdict("failed write-refused 1/3 4.00");
	assert_int_equal(stage.keeper.finishing, 0);
	pass(300000);
}

/* on_failure: clean takes back what this session wrote, and only that. */
static void
clean_on_failure(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.clean_on_failure = true;
	stage.keeper.wish.servers = 2;
	begins("CON POST /bs?ep=dev-1&pct=112");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /0/101 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 4.00");
	expect("CON DELETE /0/100");
	no_verdict();
	answer("ACK 2.02");
	expect("CON DELETE /0/101");
	answer("ACK 4.04");
	expect("CON DELETE /1/0");
	answer("ACK 2.02");
	verdict("failed write-refused 2/5 4.00");
	assert_int_equal(stage.keeper.finishing, 0);
}

/* A device that stops answering is not cleaned for ever. */
static void
cleaning_ends_with_the_device(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.clean_on_failure = true;
	begins("CON POST /bs?ep=dev-1&pct=112");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 5.00");
	expect("CON DELETE /0/100");
	answer("RST");
	verdict("failed write-refused 1/3 5.00");
}

/* bootstrap.md 13: 4.15 means the same step in the next format, remembered
 * for the rest. Without pct TLV comes first, then SenML CBOR. */
static void
the_next_format(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	begins("CON POST /bs?ep=dev-1");
	expect("CON PUT /0/100 cf=11542");
	answer("ACK 4.15");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict("ok ok 2/3 2.04");
	assert_int_equal(stage.verdicts[0].verdict.format, 112);
	assert_int_equal(stage.verdicts[0].verdict.commands, 4);
}

/* 4.06 is some clients' word for it. */
static void
the_next_format_after_not_acceptable(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	begins("CON POST /bs?ep=dev-1&pct=112");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 4.06");
	expect("CON PUT /0/100 cf=11542");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=11542");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict("ok ok 2/3 2.04");
}

static void
no_format_is_accepted(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	begins("CON POST /bs?ep=dev-1&pct=112");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 4.15");
	expect("CON PUT /0/100 cf=11542");
	answer("ACK 4.15");
	expect("CON PUT /0/100 cf=110");
	answer("ACK 4.15");
	verdict("failed format-refused 0/3 4.15");
	assert_int_equal(stage.keeper.finishing, 0);
}

/* A client may take one object and refuse the other in the same format. */
static void
the_format_is_refused_later(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	begins("CON POST /bs?ep=dev-1&pct=112");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 4.15");
	expect("CON PUT /1/0 cf=11542");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict("ok ok 2/3 2.04");
}

/* bootstrap.md 8: most answers to a Delete mean that nothing is there. */
static void
deletes_are_tolerant(void **state)
{
	static const char *const answers[] = {
	    "ACK 2.02", "ACK 4.00", "ACK 4.04", "ACK 4.05"};

	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.clean[0] = LWM2M_OBJECT(OBJECT_SECURITY);
	stage.keeper.wish.clean_count = 1;
	for (size_t i = 0; i < 4; i++) {
		begins("CON POST /bs?ep=dev-1&pct=112");
		expect("CON DELETE /0");
		answer(answers[i]);
		expect("CON PUT /0/100 cf=112");
		answer("ACK 2.04");
		expect("CON PUT /1/0 cf=112");
		answer("ACK 2.04");
		expect("CON POST /bs");
		answer("ACK 2.04");
		verdict("ok ok 3/4 2.04");
	}
}

static void
a_delete_fails(void **state)
{
	(void)state;
	stage.keeper.wish.discover = false;
	begins("CON POST /bs?ep=dev-1&pct=112");
	expect("CON DELETE /0");
	answer("ACK 5.00");
	verdict("failed delete-refused 0/5 5.00");
}

/* device.strict_delete: whatever is not 2.02 ends it. */
static void
strict_deletes(void **state)
{
	(void)state;
	stage.keeper.wish.discover = false;
	stage.keeper.wish.strict = true;
	begins("CON POST /bs?ep=dev-1&pct=112");
	expect("CON DELETE /0");
	answer("ACK 2.02");
	expect("CON DELETE /1");
	answer("ACK 4.04");
	verdict("failed delete-refused 1/5 4.04");
	assert_int_equal(stage.keeper.finishing, 0);
}

/* RFC 7959: 600 bytes for a device whose messages have 500: 256 and what the
 * device asks for. */
static void
blocks(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.servers = 0;
	stage.keeper.wish.padding = 600;
	begins("CON POST /bs?ep=dev-1&pct=112");
	expect("CON PUT /3/0 cf=112 b1=0/1/256 size1=616");
	answer("ACK 2.31 b1=0/1/256");
	expect("CON PUT /3/0 cf=112 b1=1/1/256");
	answer("ACK 2.31 b1=1/1/256");
	expect("CON PUT /3/0 cf=112 b1=2/0/256");
	answer("ACK 2.04 b1=2/0/256");
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict("ok ok 1/2 2.04");
}

static void
the_device_shrinks_the_blocks(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.servers = 0;
	stage.keeper.wish.padding = 600;
	begins("CON POST /bs?ep=dev-1&pct=112");
	expect("CON PUT /3/0 cf=112 b1=0/1/256 size1=616");
	answer("ACK 2.31 b1=0/1/128");
	expect("CON PUT /3/0 cf=112 b1=2/1/128");
	answer("ACK 2.31 b1=2/1/128");
	expect("CON PUT /3/0 cf=112 b1=3/1/128");
	answer("ACK 4.08 b1=3/1/128"); /* it lost its place: from the start */
	expect("CON PUT /3/0 cf=112 b1=0/1/128 size1=616");
	answer("ACK 4.13 b1=0/1/64"); /* and smaller */
	expect("CON PUT /3/0 cf=112 b1=0/1/64 size1=616");
	answer("ACK 5.00"); /* and not at all */
	verdict("failed write-refused 0/2 5.00");
}

/* The answer to a block has no sense: neither yes nor no. */
static void
the_blocks_break_down(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.servers = 0;
	stage.keeper.wish.padding = 600;
	begins("CON POST /bs?ep=dev-1&pct=112");
	expect("CON PUT /3/0 cf=112 b1=0/1/256 size1=616");
	answer("ACK 2.04 b1=0/1/256"); /* "done", after a third of it */
	verdict("failed block-failed 0/2 -");
}

/* The virtual device asks for 32 bytes a block and gets them all together. */
static void
many_small_blocks(void **state)
{
	struct device_behaviour b = behaviour_conforming;

	(void)state;
	b.block_max = 32;
	stage.keeper.wish.padding = 3000;
	plug(&b);
	boot_up();
	verdict("ok ok 6/7 2.04");
	check_sane();
	assert_int_equal(held_bytes(device_store(stage.device),
			     LWM2M_RESOURCE(OBJECT_DEVICE, 0, 0))
			     .len,
	    3000);
}

/* A device without blocks refuses the first: nothing is half written. */
static void
a_device_without_blocks(void **state)
{
	struct device_behaviour b = behaviour_conforming;

	(void)state;
	b.no_block1 = true;
	stage.keeper.wish.padding = 3000;
	plug(&b);
	boot_up();
	verdict("failed write-refused 5/7 4.02");
	check_sane();
	assert_int_equal(device_state(stage.device), DEVICE_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(a_refused_write_is_never_followed_by_finish),
	    PLAY(the_second_write_is_refused),
	    PLAY(clean_on_failure),
	    PLAY(cleaning_ends_with_the_device),
	    PLAY(the_next_format),
	    PLAY(the_next_format_after_not_acceptable),
	    PLAY(no_format_is_accepted),
	    PLAY(the_format_is_refused_later),
	    PLAY(deletes_are_tolerant),
	    PLAY(a_delete_fails),
	    PLAY(strict_deletes),
	    PLAY(blocks),
	    PLAY(the_device_shrinks_the_blocks),
	    PLAY(the_blocks_break_down),
	    PLAY(many_small_blocks),
	    PLAY(a_device_without_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
