/* Each family of real clients, as it was seen on the wire (notes on clients):
 * the same plan goes through with all of them. */
#include "stage.h"

#define PLAY(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

static void
boots_as(const char *names)
{
	struct device_behaviour b = behaviour_conforming;

	assert_int_equal(behaviour_apply(&b, span_str(names)), RC_OK);
	plug(&b);
	boot_up();
}

static void
anjay(void **state)
{
	(void)state;
	boots_as("anjay");
	trace("D CON POST /bs?ep=dev-1&pct=112\n"
	      "S ACK 2.04\n"
	      "S CON GET / accept=40\n"
	      "D ACK 2.05 cf=40 </>;lwm2m=1.1,</0>,</0/1>;"
	      "uri=\"coaps://bs.lwm2m.example:5684\",</1>,</2>,</3>,</3/0>\n"
	      "S CON DELETE /0\n"
	      "D ACK 2.02\n"
	      "S CON DELETE /1\n"
	      "D ACK 2.02\n"
	      "S CON PUT /0/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON PUT /1/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON POST /bs\n"
	      "D ACK 2.04\n");
	verdict("ok ok 5/6 2.04");
	check_sane();
}

/* No pct: TLV. */
static void
anjay_10(void **state)
{
	(void)state;
	boots_as("anjay-1.0");
	trace("D CON POST /bs?ep=dev-1\n"
	      "S ACK 2.04\n"
	      "S CON GET / accept=40\n"
	      "D ACK 2.05 cf=40 lwm2m=\"1.0\",</0>,</0/1>,</1>,</2>,</3>,"
	      "</3/0>\n"
	      "S CON DELETE /0\n"
	      "D ACK 2.02\n"
	      "S CON DELETE /1\n"
	      "D ACK 2.02\n"
	      "S CON PUT /0/0 cf=11542\n"
	      "D ACK 2.04\n"
	      "S CON PUT /1/0 cf=11542\n"
	      "D ACK 2.04\n"
	      "S CON POST /bs\n"
	      "D ACK 2.04\n");
	verdict("ok ok 5/6 2.04");
	check_sane();
}

/* 1.2 asks for a pack first, and for a bootstrap at once when there is none. */
static void
anjay_12(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	boots_as("anjay-1.2");
	trace("D CON GET /bspack?ep=dev-1 accept=112\n"
	      "S ACK 4.05\n"
	      "D CON POST /bs?ep=dev-1&pct=112\n"
	      "S ACK 2.04\n"
	      "S CON PUT /0/100 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON PUT /1/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON POST /bs\n"
	      "D ACK 2.04\n");
	verdict("ok ok 2/3 2.04");
	check_sane();
}

/* Refused with pct it tries as 1.0: the same device, trying again. */
static void
anjay_without_pct(void **state)
{
	(void)state;
	stage.keeper.refuses = REASON_PCT_UNSUPPORTED;
	boots_as("anjay");
	trace("D CON POST /bs?ep=dev-1&pct=112\n"
	      "S ACK 4.15\n"
	      "D CON POST /bs?ep=dev-1\n"
	      "S ACK 4.15\n");
	assert_int_equal(stage.keeper.begins, 2);
	assert_int_equal(stage.keeper.pct, -1);
	assert_int_equal(device_state(stage.device), DEVICE_FAILED);
}

static void
wakaama(void **state)
{
	(void)state;
	boots_as("wakaama");
	trace("D CON POST /bs?ep=dev-1&pct=112\n"
	      "S ACK 2.04\n"
	      "S CON GET / accept=40\n"
	      "D ACK 2.05 cf=40 </>;lwm2m=1.1,</0/0>,</1>,</2>,</3/0>\n"
	      "S CON DELETE /0\n"
	      "D ACK 2.02\n"
	      "S CON DELETE /1\n"
	      "D ACK 4.04\n"
	      "S CON PUT /0/1 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON PUT /1/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON POST /bs\n"
	      "D ACK 2.04\n");
	verdict("ok ok 5/6 2.04");
	check_sane();
}

/* The empty slot /0/1 is used. */
static void
zephyr(void **state)
{
	(void)state;
	boots_as("zephyr");
	trace("D CON POST /bs?ep=dev-1&pct=112\n"
	      "S ACK 2.04\n"
	      "S CON GET / accept=40\n"
	      "D ACK 2.05 cf=40 lwm2m=\"1.1\",</0/0>,</0/1>;ssid=0,</1>,</2>,"
	      "</3/0>\n"
	      "S CON DELETE /0\n"
	      "D ACK 2.02\n"
	      "S CON DELETE /1\n"
	      "D ACK 2.02\n"
	      "S CON PUT /0/1 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON PUT /1/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON POST /bs\n"
	      "D ACK 2.04\n");
	verdict("ok ok 5/6 2.04");
	check_sane();
}

/* It says 1.0 and is 1.1; empty keys must be written under NoSec. */
static void
leshan(void **state)
{
	(void)state;
	stage.keeper.wish.nosec = stage.keeper.wish.empty_keys = true;
	boots_as("leshan");
	trace("D CON POST /bs?pct=112&ep=dev-1\n"
	      "S ACK 2.04\n"
	      "S CON GET / accept=40\n"
	      "D ACK 2.05 cf=40 </>;lwm2m=1.0,</0>;ver=1.2,</0/0>;"
	      "uri=\"coaps://bs.lwm2m.example:5684\",</1>,</2>,</3>,</3/0>\n"
	      "S CON DELETE /0\n"
	      "D ACK 2.02\n"
	      "S CON DELETE /1\n"
	      "D ACK 4.04\n"
	      "S CON PUT /0/1 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON PUT /1/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON POST /bs\n"
	      "D ACK 2.04\n");
	verdict("ok ok 5/6 2.04");
	check_sane();
}

/* Without them it refuses, in a separate answer. */
static void
leshan_without_empty_keys(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.nosec = true;
	boots_as("leshan");
	trace("D CON POST /bs?pct=112&ep=dev-1\n"
	      "S ACK 2.04\n"
	      "S CON PUT /0/100 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON PUT /1/0 cf=112\n"
	      "D ACK 2.04\n"
	      "S CON POST /bs\n"
	      "D ACK\n"
	      "D CON 4.06\n"
	      "S ACK\n");
	verdict("failed finish-refused 2/3 4.06");
	check_sane();
}

/* An empty token, and no Discover. */
static void
contiki_ng(void **state)
{
	(void)state;
	boots_as("contiki-ng");
	trace("D CON POST /bs?ep=dev-1\n"
	      "S ACK 2.04\n"
	      "S CON GET / accept=40\n"
	      "D ACK 4.04\n"
	      "S CON DELETE /0\n"
	      "D ACK 2.02\n"
	      "S CON DELETE /1\n"
	      "D ACK 2.02\n"
	      "S CON PUT /0/100 cf=11542\n"
	      "D ACK 2.04\n"
	      "S CON PUT /1/0 cf=11542\n"
	      "D ACK 2.04\n"
	      "S CON POST /bs\n"
	      "D ACK 2.04\n");
	verdict("ok ok 5/6 2.04");
	check_sane();
}

static void
awa(void **state)
{
	(void)state;
	boots_as("awa");
	trace("D CON POST /bs?ep=dev-1\n"
	      "S ACK 2.04\n"
	      "S CON GET / accept=40\n"
	      "D ACK 4.00\n"
	      "S CON DELETE /0\n"
	      "D ACK 2.02\n"
	      "S CON DELETE /1\n"
	      "D ACK 4.04\n"
	      "S CON PUT /0/100 cf=11542\n"
	      "D ACK 2.04\n"
	      "S CON PUT /1/0 cf=11542\n"
	      "D ACK 2.04\n"
	      "S CON POST /bs\n"
	      "D ACK 2.04\n");
	verdict("ok ok 5/6 2.04");
	check_sane();
}

/* The keeper is slow, and the token is empty: RFC 7252 5.3.1 allows both. */
static void
an_empty_token_and_a_separate_answer(void **state)
{
	(void)state;
	stage.keeper.delay_ms = 1500;
	stage.keeper.wish = wish_short;
	boots_as("contiki-ng");
	trace("D CON POST /bs?ep=dev-1\n"
	      "S ACK\n"
	      "S CON 2.04\n"
	      "D ACK\n"
	      "S CON PUT /0/100 cf=11542\n"
	      "D ACK 2.04\n"
	      "S CON PUT /1/0 cf=11542\n"
	      "D ACK 2.04\n"
	      "S CON POST /bs\n"
	      "D ACK 2.04\n");
	verdict("ok ok 2/3 2.04");
	check_sane();
}

/* Our account may be anywhere: it is found, and kept. */
static void
wherever_the_account_is(void **state)
{
	static const uint16_t instances[] = {0, 1, 7, 100, 65534};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct device_behaviour b = behaviour_conforming;

		stage_again();
		b.account = instances[i];
		stage.keeper.wish.servers = 2;
		plug(&b);
		boot_up();
		verdict("ok ok 7/8 2.04");
		check_sane();
	}
}

/* Faults from the command line's names: each ends as it should. */
static void
faults(void **state)
{
	static const struct {
		const char *names, *verdict;
	} cases[] = {
	    {"silent", "failed no-answer 0/6 -"},
	    {"resets=3", "failed reset 2/6 -"},
	    {"dies-at=4", "failed no-answer 3/6 -"},
	    {"dies-after=2", "failed no-answer 1/6 -"},
	    {"refuses-write=405", "failed write-refused 3/6 4.05"},
	    {"refuses-write=500", "failed write-refused 3/6 5.00"},
	    {"refuses-finish", "failed finish-refused 5/6 4.06"},
	    {"finish-lost", "unknown finish-unanswered 5/6 -"},
	    {"finish-separate=4000", "ok ok 5/6 2.04"},
	    {"late=2500", "ok ok 5/6 2.04"},
	    {"no-discover", "ok ok 5/6 2.04"},
	    {"omit-endpoint", "ok ok 5/6 2.04"},
	    {"empty-token,sends-twice", "ok ok 5/6 2.04"},
	    {"zephyr,refuses-write=415", "failed format-refused 3/6 4.15"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stage_again();
		boots_as(cases[i].names);
		verdict(cases[i].verdict);
		if (strcmp(cases[i].names, "finish-lost") != 0)
			check_sane();
	}
}

/* Names that are none. */
static void
no_such_behaviour(void **state)
{
	static const char *const names[] = {"", "anyjay", "anjay,", ",anjay",
	    "silent=1", "resets", "resets=", "resets=x", "late=-1", "anjay=1",
	    "dies-after=99999999999999999999", "block-max=4",
	    "refuses-write=200"};
	struct device_behaviour b = behaviour_conforming;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_not_equal(
		    behaviour_apply(&b, span_str(names[i])), RC_OK);
	assert_int_equal(
	    behaviour_apply(&b,
		SPAN_LIT("silent,silent,silent,silent,silent,silent,silent,"
			 "silent,silent")),
	    RC_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(anjay),
	    PLAY(anjay_10),
	    PLAY(anjay_12),
	    PLAY(anjay_without_pct),
	    PLAY(wakaama),
	    PLAY(zephyr),
	    PLAY(leshan),
	    PLAY(leshan_without_empty_keys),
	    PLAY(contiki_ng),
	    PLAY(awa),
	    PLAY(an_empty_token_and_a_separate_answer),
	    PLAY(wherever_the_account_is),
	    PLAY(faults),
	    cmocka_unit_test(no_such_behaviour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
