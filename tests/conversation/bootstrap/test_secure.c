/* Over DTLS with a pre-shared key: what the handshake proves, and what comes
 * of a device that goes away. */
#include "stage.h"

#define PLAY(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

static void
what_the_keeper_learns(void **state)
{
	struct device_behaviour b = behaviour_conforming;

	(void)state;
	b.omit_endpoint = true;
	plug_secure(&b, "urn:dev:ops:0057F2-WM200-1", true);
	boot_up();
	verdict("ok ok 5/6 2.04");
	check_sane();
	assert_true(span_is(
	    span_of(stage.keeper.credential, stage.keeper.credential_len),
	    "urn:dev:ops:0057F2-WM200-1"));
	assert_int_equal(stage.keeper.endpoint_len, 0);
	assert_int_equal(stage.keeper.epoch, 3); /* of the key it proved */
}

/* An unknown identity and a wrong key: no session, no word of CoAP. */
static void
no_session(void **state)
{
	(void)state;
	plug_secure(NULL, "dev-1", false);
	boot_up();
	assert_true(stage.wire.broken);
	assert_int_equal(device_wire_alert(&stage.wire), 51);
	stage_again();
	stage.keeper.unknown = true;
	plug_secure(NULL, "dev-1", true);
	boot_up();
	assert_true(stage.wire.broken);
	assert_int_equal(device_wire_alert(&stage.wire), 51);
	trace("");
	assert_int_equal(stage.keeper.asked, 0);
	no_verdict();
}

/* The keeper answers late: the device's flight waits for its key. */
static void
the_key_comes_late(void **state)
{
	(void)state;
	stage.keeper.delay_ms = 700;
	plug_secure(NULL, "dev-1", true);
	boot_up();
	verdict("ok ok 5/6 2.04");
	check_sane();
}

/* The keeper is away for a while: the question is asked again. */
static void
the_key_is_asked_for_again(void **state)
{
	(void)state;
	stage.keeper.lose = 3;
	plug_secure(NULL, "dev-1", true);
	boot_up();
	verdict("ok ok 5/6 2.04");
	check_sane();
}

static void
up_to_command(unsigned n)
{
	plug_secure(NULL, "dev-1", true);
	ask_again();
	while (device_commands(stage.device) < n)
		pass(1);
}

/* close_notify in the middle. */
static void
the_device_closes(void **state)
{
	(void)state;
	up_to_command(4);
	device_wire_close(&stage.wire);
	pass(100);
	verdict("failed peer-gone 4/6 -");
	boots(0);
	assert_int_equal(stage.worker.peers.count, 0);
}

/* With Finish under way nobody knows. */
static void
the_device_closes_at_finish(void **state)
{
	struct device_behaviour b = behaviour_conforming;
	const struct device_rule slow = {
	    .path = "/bs", .reaction = REACT_LATE, .delay_ms = 1000};

	(void)state;
	assert_int_equal(behaviour_rule(&b, slow), RC_OK);
	plug_secure(&b, "dev-1", true);
	ask_again();
	while (device_commands(stage.device) < 6)
		pass(1);
	device_wire_close(&stage.wire);
	pass(100);
	verdict("unknown peer-gone 5/6 -");
	boots(0);
}

/* It reboots and comes back in a new association from the same address: the
 * old one lives until the new one is proved, then its bootstrap ends. */
static void
the_device_reboots(void **state)
{
	(void)state;
	up_to_command(3);
	plug_secure(NULL, "dev-1", true);
	boot_up();
	verdict("failed peer-gone 3/6 -");
	verdict("ok ok 5/6 2.04");
	check_sane();
	assert_int_equal(stage.keeper.begins, 2);
}

/* And from another address: the keeper ends the older bootstrap. */
static void
the_device_reboots_elsewhere(void **state)
{
	(void)state;
	up_to_command(3);
	moves(40001);
	plug_secure(NULL, "dev-1", true);
	boot_up();
	verdict("failed superseded 3/6 -");
	verdict("ok ok 5/6 2.04");
	check_sane();
}

/* Twice within one association, one after the other. */
static void
again_in_one_association(void **state)
{
	(void)state;
	plug_secure(NULL, "dev-1", true);
	boot_up();
	verdict("ok ok 5/6 2.04");
	boot_up();
	verdict("ok ok 5/6 2.04");
	check_sane();
	assert_int_equal(stage.worker.stats.established, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(what_the_keeper_learns),
	    PLAY(no_session),
	    PLAY(the_key_comes_late),
	    PLAY(the_key_is_asked_for_again),
	    PLAY(the_device_closes),
	    PLAY(the_device_closes_at_finish),
	    PLAY(the_device_reboots),
	    PLAY(the_device_reboots_elsewhere),
	    PLAY(again_in_one_association),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
