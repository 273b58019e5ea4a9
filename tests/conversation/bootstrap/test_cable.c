/* A bootstrap over TCP: what the worker makes of bytes that come and go as they
 * like, and of connections that end. */
#include "cable.h"
#include "connection.h"
#include "stage.h"

enum { CABLE_LONG = CABLE_MAX };

static void
any_window(void **state)
{
	static const size_t windows[] = {1, 2, 7, 64, CABLE_LONG};

	(void)state;
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		plug_stream(NULL, windows[i]);
		boot_up();
		assert_int_equal(
		    device_state(stage.device), DEVICE_BOOTSTRAPPED);
		verdict("ok ok 5/6 2.04");
		assert_true(cable.open);
		/* its peer stays with the connection */
		assert_int_equal(stage.worker.peers.count, 1);
		assert_int_equal(stage.worker.connections.count, 1);
		stage_again();
	}
}

/* Who has come by TCP is where it says: it is not asked to show that. */
static void
its_address_is_its_own(void **state)
{
	(void)state;
	stage.keeper.wants_echo = true;
	plug_stream(NULL, CABLE_LONG);
	boot_up();
	verdict("ok ok 5/6 2.04");
	assert_int_equal(stage.keeper.begins, 1);
	assert_true(stage.keeper.fresh);
}

static void
it_leaves(void **state)
{
	(void)state;
	for (int how = 0; how < 2; how++) {
		plug_stream(NULL, CABLE_LONG);
		/* the keeper takes its time, and the device does not */
		stage.keeper.delay_ms = 500;
		ask_again();
		pass(100);
		boots(1);
		if (how)
			cable_reset();
		else
			cable_fin();
		pass(5000);
		verdict("failed peer-gone 0/0 -");
		boots(0);
		assert_false(cable.open);
		assert_int_equal(stage.worker.connections.count, 0);
		assert_int_equal(stage.worker.peers.count, 0);
		stage_again();
	}
}

/* It reads nothing: it has its time, and is given up. */
static void
it_does_not_read(void **state)
{
	(void)state;
	plug_stream(NULL, 3); /* less than our CSM */
	unplug();
	pass(29000);
	assert_true(cable.open);
	pass(2000);
	assert_false(cable.open);
	assert_int_equal(stage.worker.connections.count, 0);
}

/* A connection on which nobody speaks: no CSM, Abort, FIN, and what comes then
 * is thrown away until it ends. */
static void
it_says_nothing(void **state)
{
	uint8_t said[256];
	size_t len;

	(void)state;
	plug_stream(NULL, CABLE_LONG);
	unplug();
	pass(9900);
	assert_false(cable.said_fin);
	pass(200);
	assert_true(cable.said_fin);
	assert_true(cable.open);
	len = cable_hear(said, sizeof(said));
	assert_true(len > 8);
	/* CSM, then Abort */
	assert_memory_equal(said, "\x40\xe1\x22\x40\x00\x20", 6);
	assert_non_null(memmem(said, len, "no CSM", 6));
	cable_say(SPAN_LIT("too late"));
	pass(1500);
	assert_true(cable.open);
	pass(1000);
	assert_false(cable.open);
}

/* Nothing is wanted any more: Release, and the end. */
static void
it_has_nothing_to_do(void **state)
{
	(void)state;
	plug_stream(NULL, CABLE_LONG);
	boot_up();
	verdict("ok ok 5/6 2.04");
	/* it answers Pings meanwhile */
	pass(stage.config.idle_ms - 1000);
	assert_true(cable.open);
	assert_false(stage.wire.frames->released);
	pass(10000);
	assert_true(stage.wire.frames->released);
	assert_int_equal(stage.wire.frames->release.hold_off_s, 0);
	assert_false(cable.open);
}

static void
we_end(void **state)
{
	(void)state;
	plug_stream(NULL, CABLE_LONG);
	stage.keeper.delay_ms = 500;
	ask_again();
	pass(100);
	boots(1);
	stage.worker.draining = true;
	play_on();
	verdict("ok ok 5/6 2.04");
	assert_true(stage.wire.frames->released);
	assert_int_equal(
	    stage.wire.frames->release.hold_off_s, PEER_RETRY_AFTER_S);
	pass(10000);
	assert_false(cable.open);
}

#define STORY(name) \
	cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(any_window),
	    STORY(its_address_is_its_own),
	    STORY(it_leaves),
	    STORY(it_does_not_read),
	    STORY(it_says_nothing),
	    STORY(it_has_nothing_to_do),
	    STORY(we_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
