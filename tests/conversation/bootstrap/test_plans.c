/* What a plan can ask for beyond Writes of instances: whole objects, the
 * device's own account, Read, a correction; in the formats of the device. */
#include "stage.h"

#include "lwm2m/object.h"

#include <stdio.h>

#define PLAY(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

static void
begins(const char *request)
{
	says(request);
	expect("ACK 2.04");
}

static void
does(const char *command, const char *code)
{
	expect(command);
	answer(code);
}

/* Both accounts in one message, whatever instances they go to. */
static void
whole_objects(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.servers = 2;
	stage.keeper.wish.level = WISH_OBJECT;
	begins("CON POST /bs?ep=dev-1&pct=112");
	does("CON PUT /0 cf=112", "ACK 2.04");
	does("CON PUT /1 cf=112", "ACK 2.04");
	does("CON POST /bs", "ACK 2.04");
	verdict("ok ok 2/3 2.04");
}

/* Contiki-NG's answer to that; its profile asks for instances. */
static void
a_client_without_objects(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.level = WISH_OBJECT;
	begins("CON POST /bs?ep=dev-1");
	does("CON PUT /0 cf=11542", "ACK 4.05");
	verdict("failed write-refused 0/3 4.05");
}

/* The virtual device finds each account where it belongs. */
static void
a_device_takes_objects(void **state)
{
	static const int formats[] = {11542, 112, 110};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct device_behaviour b = behaviour_conforming;

		stage_again();
		b.pct = formats[i];
		stage.keeper.wish.servers = 3;
		stage.keeper.wish.level = WISH_OBJECT;
		stage.keeper.wish.verify = true;
		stage.keeper.wish.max_message = 1200;
		plug(&b);
		boot_up();
		verdict("ok ok 6/7 2.04");
		check_sane();
		assert_int_equal(stage.verdicts[0].verdict.format, formats[i]);
		assert_int_equal(
		    device_state(stage.device), DEVICE_BOOTSTRAPPED);
	}
}

/* Numbers from before IANA gave some out, as the profile lists them. */
static void
older_numbers(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.version = 10;
	stage.keeper.wish.formats[0] = 1542;
	begins("CON POST /bs?ep=dev-1");
	does("CON PUT /0/100 cf=1542", "ACK 2.04");
	does("CON PUT /1/0 cf=1542", "ACK 4.15");
	does("CON PUT /1/0 cf=11542", "ACK 2.04");
	does("CON POST /bs", "ACK 2.04");
	verdict("ok ok 2/3 2.04");
	assert_int_equal(stage.verdicts[0].verdict.format, 11542);
}

/* The format in `pct` goes first, one that this server does not write as if
 * there was none. */
static void
each_pct(void **state)
{
	static const struct {
		int pct, first;
	} cases[] = {{112, 112}, {110, 110}, {11542, 11542}, {11543, 11543},
	    {11544, 11544}, {60, 11542}, {0, 11542}, {42, 11542}, {40, 11542},
	    {99999, 11542}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char request[64], command[64];

		stage.keeper.wish = wish_short;
		snprintf(request, sizeof(request),
		    "CON POST /bs?ep=dev-1&pct=%d", cases[i].pct);
		snprintf(command, sizeof(command), "CON PUT /0/100 cf=%d",
		    cases[i].first);
		begins(request);
		does(command, "ACK 2.04");
		snprintf(command, sizeof(command), "CON PUT /1/0 cf=%d",
		    cases[i].first);
		does(command, "ACK 2.04");
		does("CON POST /bs", "ACK 2.04");
		verdict("ok ok 2/3 2.04");
	}
}

static void
a_message_that_does_not_go_whole(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.no_blocks = true;
	stage.keeper.wish.padding = 600;
	begins("CON POST /bs?ep=dev-1&pct=112");
	does("CON PUT /0/100 cf=112", "ACK 2.04");
	does("CON PUT /1/0 cf=112", "ACK 2.04");
	verdict("failed plan-too-large 2/4 -");
	silence();
}

/* --- the correction ------------------------------------------------------- */

static void
to_finish(const char *code)
{
	begins("CON POST /bs?ep=dev-1&pct=112");
	does("CON PUT /0/100 cf=112", "ACK 2.04");
	does("CON PUT /1/0 cf=112", "ACK 2.04");
	does("CON POST /bs", code);
}

static void
corrected(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.corrects = true;
	to_finish("ACK 4.06");
	no_verdict();
	does("CON PUT /0/100 cf=112", "ACK 2.04");
	does("CON PUT /1/0 cf=112", "ACK 2.04");
	does("CON POST /bs", "ACK 2.04");
	verdict("ok ok 5/6 2.04");
	/* the keeper was told of each Finish before it went out */
	assert_int_equal(stage.keeper.finishing, 2);
}

static void
corrected_in_vain(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.corrects = true;
	to_finish("ACK 4.06");
	does("CON PUT /0/100 cf=112", "ACK 2.04");
	does("CON PUT /1/0 cf=112", "ACK 2.04");
	does("CON POST /bs", "ACK 4.06");
	verdict("failed finish-refused 5/6 4.06");
	silence();
}

static void
only_after_not_acceptable(void **state)
{
	static const char *const codes[][2] = {
	    {"ACK 4.00", "failed finish-refused 2/3 4.00"},
	    {"ACK 5.00", "failed finish-refused 2/3 5.00"},
	    {"ACK 2.05", "failed finish-refused 2/3 2.05"},
	    {"ACK 2.04", "ok ok 2/3 2.04"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		stage.keeper.wish = wish_short;
		stage.keeper.wish.corrects = true;
		to_finish(codes[i][0]);
		verdict(codes[i][1]);
		silence();
	}
}

/* Leshan's client says it in a response of its own. */
static void
refused_separately_and_corrected(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.corrects = true;
	to_finish("ACK");
	pass(3000);
	answer_with("CON 4.06 cf=0", "no /0/100/4");
	expect("ACK");
	does("CON PUT /0/100 cf=112", "ACK 2.04");
	does("CON PUT /1/0 cf=112", "ACK 2.04");
	does("CON POST /bs", "ACK 2.04");
	verdict("ok ok 5/6 2.04");
}

/* --- the device's own account --------------------------------------------- */

static void
rotates(bool own_said)
{
	stage.keeper.wish = wish_short;
	stage.keeper.wish.servers = 0;
	stage.keeper.wish.rotates = true;
	stage.keeper.wish.own_said = own_said;
	stage.keeper.wish.own = 7;
}

static void
its_own_account(void **state)
{
	(void)state;
	rotates(true);
	stage.keeper.wish.discover = true;
	stage.keeper.wish.verify = true;
	begins("CON POST /bs?ep=dev-1&pct=112");
	/* what the device says counts more than its profile */
	expect("CON GET / accept=40");
	answer_with("ACK 2.05 cf=40", "</>;lwm2m=1.1,</0/1>,</0/7>;ssid=9");
	does("CON PUT /0/1 cf=112", "ACK 2.04");
	expect("CON GET / accept=40");
	answer_with("ACK 2.05 cf=40", "</>;lwm2m=1.1,</0/1>,</0/7>;ssid=9");
	does("CON POST /bs", "ACK 2.04");
	verdict("ok ok 3/4 2.04");
}

static void
its_own_account_by_its_profile(void **state)
{
	(void)state;
	rotates(true);
	begins("CON POST /bs?ep=dev-1&pct=112");
	does("CON PUT /0/7 cf=112", "ACK 2.04");
	does("CON POST /bs", "ACK 2.04");
	verdict("ok ok 1/2 2.04");
}

/* The classic way to lose a device is to write it where it is not. */
static void
never_in_the_dark(void **state)
{
	(void)state;
	rotates(false);
	begins("CON POST /bs?ep=dev-1&pct=112");
	verdict("failed no-instance 0/2 -");
	silence();
}

/* It has moved, is somebody else's, or there are two: no Finish. */
static void
whose_account_it_is_now(void **state)
{
	static const char *const links[] = {
	    "</>;lwm2m=1.1,</0/2>",
	    "</>;lwm2m=1.1,</0/1>;ssid=9",
	    "</>;lwm2m=1.1,</0/1>,</0/2>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		rotates(false);
		stage.keeper.wish.discover = true;
		stage.keeper.wish.verify = true;
		begins("CON POST /bs?ep=dev-1&pct=112");
		expect("CON GET / accept=40");
		answer_with("ACK 2.05 cf=40", "</>;lwm2m=1.1,</0/1>");
		does("CON PUT /0/1 cf=112", "ACK 2.04");
		expect("CON GET / accept=40");
		answer_with("ACK 2.05 cf=40", links[i]);
		verdict("failed verify-mismatch 2/4 2.05");
		silence();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(whole_objects),
	    PLAY(a_client_without_objects),
	    PLAY(a_device_takes_objects),
	    PLAY(older_numbers),
	    PLAY(each_pct),
	    PLAY(a_message_that_does_not_go_whole),
	    PLAY(corrected),
	    PLAY(corrected_in_vain),
	    PLAY(only_after_not_acceptable),
	    PLAY(refused_separately_and_corrected),
	    PLAY(its_own_account),
	    PLAY(its_own_account_by_its_profile),
	    PLAY(never_in_the_dark),
	    PLAY(whose_account_it_is_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
