/* What Discover shows, and where the accounts go: the instance without ssid is
 * the Bootstrap-Server's and is never written or deleted. */
#include "stage.h"

#include <stdio.h>

#define PLAY(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

static void
discovers(const char *links)
{
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON GET / accept=40");
	answer_with("ACK 2.05 cf=40", links);
}

static void
ends_well(const char *ok)
{
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict(ok);
}

/* Where the account of the LwM2M server goes, by what is there. */
static void
the_choice(void **state)
{
	static const struct {
		const char *links, *security, *server;
	} cases[] = {
	    /* beside ours, at the lowest free ID */
	    {"</>;lwm2m=1.1,</0/0>,</1>", "/0/1", "/1/0"},
	    {"</>;lwm2m=1.1,</0/1>,</1>", "/0/0", "/1/0"},
	    {"</>;lwm2m=1.1,</0/7>,</1>", "/0/0", "/1/0"},
	    /* the same Short Server ID: used again */
	    {"</>;lwm2m=1.1,</0/0>,</0/3>;ssid=101,</1/5>;ssid=101", "/0/3",
		"/1/5"},
	    /* another server's is left alone */
	    {"</>;lwm2m=1.1,</0/0>,</0/1>;ssid=7,</1/0>;ssid=7", "/0/2",
		"/1/1"},
	    /* 1.0: the version stands bare, no uri */
	    {"lwm2m=\"1.0\",</0/0>;ssid=101,</0/1>,</1/0>;ssid=101,</3/0>",
		"/0/0", "/1/0"},
	    /* Anjay */
	    {"</>;lwm2m=1.1,</0>,</0/1>;uri=\"coaps://bs.example:5684\",</1>",
		"/0/0", "/1/0"},
	    {"lwm2m=\"1.0\",</0>,</0/1>,</1>,</3/0>", "/0/0", "/1/0"},
	    /* Zephyr: an empty slot */
	    {"lwm2m=\"1.1\",</0/0>,</0/1>;ssid=0,</1>", "/0/1", "/1/0"},
	    /* Leshan */
	    {"</>;lwm2m=1.0,</0>;ver=1.2,</0/0>;uri=\"coap://x\",</1>;ver=1.2",
		"/0/1", "/1/0"},
	    /* two without ssid: neither is touched */
	    {"</>;lwm2m=1.1,</0/0>,</0/1>,</1/0>;ssid=9", "/0/2", "/1/1"},
	    /* white space, slashes, commas and semicolons within quotes */
	    {"</>;lwm2m=1.1, </0/0/>;uri=\"a,b;ssid=101\", </1>", "/0/1",
		"/1/0"},
	    /* a link that cannot be read may be any instance */
	    {"</>;lwm2m=1.1,</0/0>;ssid=x,</0/1>,</1>", "/0/100", "/1/0"},
	    {"</>;lwm2m=1.1,</0/0>,</0/1>;uri=\"coap,</1>", "/0/100", "/1/0"},
	    /* of no use: no account of ours in it, or no links at all */
	    {"</>;lwm2m=1.1,</0/0>;ssid=1,</1/0>;ssid=1", "/0/100", "/1/0"},
	    {"</>;lwm2m=1.1", "/0/100", "/1/0"},
	    {"not a link", "/0/100", "/1/0"},
	};
	char line[64];

	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.discover = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		discovers(cases[i].links);
		snprintf(
		    line, sizeof(line), "CON PUT %s cf=112", cases[i].security);
		expect(line);
		answer("ACK 2.04");
		snprintf(
		    line, sizeof(line), "CON PUT %s cf=112", cases[i].server);
		expect(line);
		answer("ACK 2.04");
		ends_well("ok ok 3/4 2.04");
	}
}

/* bootstrap.md 5: a Discover that fails means "unknown", not "failed". */
static void
without_discover_a_high_instance(void **state)
{
	static const char *const answers[] = {"ACK 4.00", "ACK 4.04",
	    "ACK 4.05", "ACK 5.00", "ACK 5.01", "ACK 2.05", "ACK 2.05 cf=65535",
	    "ACK 2.04"};

	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.discover = true;
	stage.keeper.wish.servers = 2;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		says("CON POST /bs?ep=dev-1&pct=112");
		expect("ACK 2.04");
		expect("CON GET / accept=40");
		answer(answers[i]);
		expect("CON PUT /0/100 cf=112");
		answer("ACK 2.04");
		expect("CON PUT /0/101 cf=112");
		answer("ACK 2.04");
		expect("CON PUT /1/0 cf=112");
		answer("ACK 2.04");
		expect("CON PUT /1/1 cf=112");
		answer("ACK 2.04");
		ends_well("ok ok 5/6 2.04");
	}
}

/* What was deleted is free again, except for ours. */
static void
deleted_instances_are_free(void **state)
{
	(void)state;
	stage.keeper.wish.servers = 2;
	discovers("</>;lwm2m=1.1,</0/0>;ssid=5,</0/1>,</0/2>;ssid=6,"
		  "</1/0>;ssid=5,</1/1>;ssid=6");
	expect("CON DELETE /0");
	answer("ACK 2.02");
	expect("CON DELETE /1");
	answer("ACK 4.04"); /* not deleted, then */
	expect("CON PUT /0/0 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /0/2 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/2 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/3 cf=112");
	answer("ACK 2.04");
	ends_well("ok ok 7/8 2.04");
}

/* Deleting one instance frees that one: the others are as they were. */
static void
deleting_one_instance(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.discover = true;
	stage.keeper.wish.clean[0] = LWM2M_INSTANCE(OBJECT_SECURITY, 2);
	stage.keeper.wish.clean_count = 1;
	discovers("</>;lwm2m=1.1,</0/0>;ssid=5,</0/1>,</0/2>;ssid=6,"
		  "</1/0>;ssid=5");
	expect("CON DELETE /0/2");
	answer("ACK 2.02");
	expect("CON PUT /0/2 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/1 cf=112");
	answer("ACK 2.04");
	ends_well("ok ok 4/5 2.04");
}

/* bootstrap.md 8: Anjay would really delete it. */
static void
our_account_is_never_deleted_by_its_id(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.discover = true;
	stage.keeper.wish.clean[0] = LWM2M_INSTANCE(OBJECT_SECURITY, 1);
	stage.keeper.wish.clean_count = 1;
	discovers("</>;lwm2m=1.1,</0/1>,</1>");
	verdict("failed no-instance 1/5 -");
	silence();
}

/* And where nobody knows which one is ours, none is deleted by its ID. */
static void
nothing_is_deleted_in_the_dark(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.clean[0] = LWM2M_INSTANCE(OBJECT_SECURITY, 0);
	stage.keeper.wish.clean_count = 1;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	verdict("failed no-instance 0/4 -");
	silence();
}

/* An instance of /0 that a policy names by its ID. */
static void
our_account_is_never_overwritten(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.servers = 0;
	stage.keeper.wish.discover = true;
	stage.keeper.wish.has_other = true;
	stage.keeper.wish.other = LWM2M_INSTANCE(OBJECT_SECURITY, 1);
	discovers("</>;lwm2m=1.1,</0/1>,</1>");
	verdict("failed no-instance 1/3 -");
	silence();
	discovers("</>;lwm2m=1.1,</0/0>,</0/1>;ssid=109,</1>");
	expect("CON PUT /0/1 cf=112");
	answer("ACK 2.04");
	ends_well("ok ok 2/3 2.04");
}

/* More instances than are remembered may hide ours: nothing is written. */
static void
too_many_instances(void **state)
{
	static char links[8192];
	size_t len = 0;

	(void)state;
	for (unsigned i = 0; i < 80; i++)
		len += (size_t)snprintf(links + len, sizeof(links) - len,
		    "%s</0/%u>%s", i ? "," : "", i, i ? ";ssid=1" : "");
	links[1000] = '\0';
	stage.keeper.wish = wish_short;
	stage.keeper.wish.discover = true;
	discovers(links);
	verdict("failed no-instance 1/4 -");
}

/* RFC 7959: what does not fit one message comes in blocks. */
static void
a_discover_in_blocks(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.discover = true;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON GET / accept=40");
	answer_with("ACK 2.05 cf=40 b2=0/1/16", "</>;lwm2m=1.1,</");
	expect("CON GET / accept=40 b2=1/0/16");
	answer_with("ACK 2.05 cf=40 b2=1/1/16", "0/0>;ssid=101,</");
	expect("CON GET / accept=40 b2=2/0/16");
	answer_with("ACK 2.05 cf=40 b2=2/0/16", "0/1>,</1>");
	expect("CON PUT /0/0 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	ends_well("ok ok 3/4 2.04");
}

static void
writes_and_verifies(const char *links)
{
	stage.keeper.wish = wish_short;
	stage.keeper.wish.verify = true;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON GET / accept=40");
	answer_with("ACK 2.05 cf=40", links);
}

static void
verified(void **state)
{
	(void)state;
	writes_and_verifies("</>;lwm2m=1.1,</0/1>,</0/100>;ssid=101,"
			    "</1/0>;ssid=101,</3/0>");
	ends_well("ok ok 3/4 2.04");
}

static void
not_what_was_written(void **state)
{
	static const char *const links[] = {
	    "</>;lwm2m=1.1,</0/1>,</1/0>;ssid=101,</3/0>",
	    "</>;lwm2m=1.1,</0/1>,</0/100>;ssid=102,</1/0>;ssid=101",
	    "</>;lwm2m=1.1,</0/1>,</0/100>;ssid=101,</1/1>;ssid=101",
	    "</>;lwm2m=1.1,</0/1>,</0/100>;ssid=101",
	    "</>;lwm2m=1.1,</0/1>,</0/100>,</1/0>;ssid=101",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		writes_and_verifies(links[i]);
		verdict("failed verify-mismatch 2/4 2.05");
	}
	assert_int_equal(stage.keeper.finishing, 0);
}

static void
nothing_to_verify_with(void **state)
{
	(void)state;
	writes_and_verifies("");
	verdict("failed verify-unavailable 2/4 2.05");
	stage.keeper.wish.clean_on_failure = true;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON GET / accept=40");
	answer("ACK 4.04");
	expect("CON DELETE /0/100");
	answer("ACK 2.02");
	expect("CON DELETE /1/0");
	answer("ACK 2.02");
	verdict("failed verify-unavailable 2/4 4.04");
	assert_int_equal(stage.keeper.finishing, 0);
}

/* A fault of ours with a device that still listens is cleaned up as well. */
static void
cleaned_where_no_instance_is_left(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.discover = true;
	stage.keeper.wish.clean_on_failure = true;
	stage.keeper.wish.has_other = true;
	stage.keeper.wish.other = LWM2M_INSTANCE(OBJECT_SECURITY, 1);
	discovers("</>;lwm2m=1.1,</0/1>,</1>");
	expect("CON PUT /0/0 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON DELETE /0/0");
	answer("ACK 2.02");
	expect("CON DELETE /1/0");
	answer("ACK 2.02");
	verdict("failed no-instance 3/5 -");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(the_choice),
	    PLAY(without_discover_a_high_instance),
	    PLAY(deleted_instances_are_free),
	    PLAY(deleting_one_instance),
	    PLAY(our_account_is_never_deleted_by_its_id),
	    PLAY(nothing_is_deleted_in_the_dark),
	    PLAY(our_account_is_never_overwritten),
	    PLAY(too_many_instances),
	    PLAY(a_discover_in_blocks),
	    PLAY(verified),
	    PLAY(not_what_was_written),
	    PLAY(nothing_to_verify_with),
	    PLAY(cleaned_where_no_instance_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
