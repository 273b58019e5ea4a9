/*
 * Bad links. A whole bootstrap is played once to count its datagrams; then it
 * is played again and again, each time with another one lost, doubled,
 * overtaken or late, and whatever happens must make sense: no bootstrap is
 * recorded as ok that the device does not know of, and none stays behind.
 */
#include "stage.h"

#include <stdio.h>

#define PLAY(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

enum { DATAGRAMS_PLAIN = 14 /* of the usual bootstrap over plain CoAP */ };

static bool secure;

static void
device_in(void)
{
	if (secure)
		plug_secure(NULL, "dev-1", true);
	else
		plug(NULL);
}

/** Datagrams of a bootstrap that goes well. */
static unsigned
count(void)
{
	stage_again();
	device_in();
	boot_up();
	verdict("ok ok 5/6 2.04");
	check_sane();
	return stage.sent;
}

static void
play(void)
{
	device_in();
	boot_up();
	if (last_outcome() != OUTCOME_OK ||
	    device_state(stage.device) != DEVICE_BOOTSTRAPPED) {
		fputs(stage.trace, stderr);
		fail_msg("it did not end well");
	}
	check_sane();
	assert_int_equal(stage.verdict_count, 1);
	assert_int_equal(stage.keeper.begins, 1);
}

static void
each_one(enum fate fate)
{
	unsigned n = count(), spared = 0;

	for (unsigned i = 1; i <= n; i++) {
		stage_again();
		stage.fates[i] = (uint8_t)fate;
		play();
		spared += fate == FATE_LOST && stage.sent == n;
	}
	/* what was lost was sent again, but for the 2.04: the first command
	 * says as much */
	assert_true(spared <= 1);
}

static void
any_single_datagram_is_lost(void **state)
{
	(void)state;
	secure = false;
	assert_int_equal(count(), DATAGRAMS_PLAIN);
	each_one(FATE_LOST);
}

static void
any_two_datagrams_are_lost(void **state)
{
	unsigned n;

	(void)state;
	secure = false;
	n = count() + 1;
	for (unsigned i = 1; i <= n; i++) {
		for (unsigned j = i + 1; j <= n; j++) {
			stage_again();
			stage.fates[i] = stage.fates[j] = FATE_LOST;
			play();
		}
	}
}

static void
any_single_datagram_comes_twice(void **state)
{
	(void)state;
	secure = false;
	each_one(FATE_TWICE);
}

/* The device's own stack sends everything twice. */
static void
all_datagrams_come_twice(void **state)
{
	struct device_behaviour b = behaviour_conforming;

	(void)state;
	b.sends_twice = true;
	for (unsigned i = 1; i < STAGE_FATES_MAX; i++)
		stage.fates[i] = FATE_TWICE;
	plug(&b);
	boot_up();
	verdict("ok ok 5/6 2.04");
	check_sane();
	assert_int_equal(device_commands(stage.device), 6);
	assert_int_equal(stage.verdicts[0].verdict.commands, 6);
}

/* The 2.04 and the first command are neighbours; so are others with losses. */
static void
neighbours_change_places(void **state)
{
	(void)state;
	secure = false;
	each_one(FATE_LATE);
}

/* Its repetition has done the work; then the old one comes. */
static void
any_single_datagram_comes_seconds_late(void **state)
{
	(void)state;
	secure = false;
	each_one(FATE_STALE);
}

/* From any datagram on nothing arrives any more, in either direction or in
 * both. Each ends by itself, and never ok without the device's word. */
static void
the_link_breaks(void **state)
{
	unsigned n;

	(void)state;
	secure = false;
	n = count();
	for (unsigned i = 1; i <= n; i++) {
		stage_again();
		device_in();
		stage.cut_after = i;
		boot_up();
		check_sane();
		if (i == n)
			assert_int_equal(last_outcome(), OUTCOME_OK);
		else if (i >= n - 1)
			assert_int_equal(last_outcome(), OUTCOME_UNKNOWN);
		else
			assert_int_not_equal(last_outcome(), OUTCOME_OK);
	}
}

/* Nothing of the device arrives after its n-th datagram: it does what it is
 * told and believes in it; nobody here knows. */
static void
the_device_is_not_heard_any_more(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 7; i++) {
		stage_again();
		secure = false;
		device_in();
		ask_again();
		for (unsigned sent = 0; sent < i && stage.verdict_count == 0;) {
			pass(1);
			sent = device_sent(stage.device);
		}
		stage.cut_up = true;
		play_on();
		check_sane();
		/* behind the sixth comes Finish; the seventh answers it */
		assert_int_equal(last_outcome(),
		    i < 6        ? OUTCOME_FAILED
			: i == 6 ? OUTCOME_UNKNOWN
				 : OUTCOME_OK);
	}
}

/* The device dies after each of its datagrams. */
static void
the_device_dies(void **state)
{
	(void)state;
	secure = false;
	for (unsigned i = 1; i <= 7; i++) {
		struct device_behaviour b = behaviour_conforming;

		stage_again();
		b.dies_after = i;
		plug(&b);
		boot_up();
		check_sane();
		if (i == 7)
			assert_int_equal(last_outcome(), OUTCOME_OK);
		else
			assert_int_equal(last_outcome(),
			    i < 6 ? OUTCOME_FAILED : OUTCOME_UNKNOWN);
	}
}

/* Over DTLS, handshake included. */
static void
any_single_datagram_is_lost_over_dtls(void **state)
{
	(void)state;
	secure = true;
	each_one(FATE_LOST);
}

static void
any_single_datagram_comes_twice_over_dtls(void **state)
{
	(void)state;
	secure = true;
	each_one(FATE_TWICE);
}

static void
neighbours_change_places_over_dtls(void **state)
{
	(void)state;
	secure = true;
	each_one(FATE_LATE);
}

static void
any_single_datagram_comes_seconds_late_over_dtls(void **state)
{
	(void)state;
	secure = true;
	each_one(FATE_STALE);
}

/* A device that asks anew at any moment: the older one ends, the newer one
 * goes through. */
static void
it_asks_again_at_any_moment(void **state)
{
	unsigned n;

	(void)state;
	secure = false;
	n = count();
	for (unsigned i = 1; i < n; i++) {
		stage_again();
		device_in();
		ask_again();
		while (stage.sent < i)
			pass(1);
		ask_again();
		play_on();
		if (last_outcome() != OUTCOME_OK)
			fputs(stage.trace, stderr);
		assert_int_equal(stage.keeper.begins, 2);
		assert_int_equal(last_outcome(), OUTCOME_OK);
		assert_int_equal(
		    device_state(stage.device), DEVICE_BOOTSTRAPPED);
		check_sane();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(any_single_datagram_is_lost),
	    PLAY(any_two_datagrams_are_lost),
	    PLAY(any_single_datagram_comes_twice),
	    PLAY(all_datagrams_come_twice),
	    PLAY(neighbours_change_places),
	    PLAY(any_single_datagram_comes_seconds_late),
	    PLAY(the_link_breaks),
	    PLAY(the_device_is_not_heard_any_more),
	    PLAY(the_device_dies),
	    PLAY(any_single_datagram_is_lost_over_dtls),
	    PLAY(any_single_datagram_comes_twice_over_dtls),
	    PLAY(neighbours_change_places_over_dtls),
	    PLAY(any_single_datagram_comes_seconds_late_over_dtls),
	    PLAY(it_asks_again_at_any_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
