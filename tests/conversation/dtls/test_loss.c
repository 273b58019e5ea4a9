/* Each single datagram of a handshake lost, doubled, or cut to records. */
#include "world.h"

#include <stdlib.h>

static struct world *w;

static int
start(void **state)
{
	(void)state;
	w = malloc(sizeof(*w));
	assert_non_null(w);
	world_start(w, NULL);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	world_stop(w);
	free(w);
	return 0;
}

static void
expect_one_session(void)
{
	struct dtls_counters counters;

	expect_events(w,
	    "1 wanted a-meter\n"
	    "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
	dtls_counters(w->server, &counters);
	assert_int_equal(counters.live, 1);
	assert_int_equal(counters.pending, 0);
	assert_int_equal(counters.handshakes, 1);
	assert_true(dtls_client_established(w->devices[1].client));
	world_say(w, 1, "hello");
	world_tell(w, w->last_conn, "yourself");
	expect_events(w, "1 data hello\n");
	assert_string_equal(w->devices[1].heard, "yourself");
}

static void
connect_with_loss(
    unsigned skip_up, unsigned lose_up, unsigned skip_down, unsigned lose_down)
{
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = skip_up;
	w->lose_up = lose_up;
	w->skip_down = skip_down;
	w->lose_down = lose_down;
	world_connect(w, 1);
	world_pass(w, 1000);
}

static void
first_hello_lost(void **state)
{
	(void)state;
	connect_with_loss(0, 1, 0, 0);
	expect_one_session();
}

static void
verify_lost(void **state)
{
	(void)state;
	connect_with_loss(0, 0, 0, 1);
	expect_trace(w,
	    "C1 hello\n"
	    "S1 verify (lost)\n"
	    "C1 hello\n"
	    "S1 verify\n"
	    "C1 hello+cookie\n"
	    "S1 hello,done\n"
	    "C1 key,ccs,secret\n"
	    "S1 ccs,secret\n");
	expect_one_session();
}

static void
hello_with_cookie_lost(void **state)
{
	(void)state;
	connect_with_loss(1, 1, 0, 0);
	expect_one_session();
}

static void
server_flight_lost(void **state)
{
	(void)state;
	connect_with_loss(0, 0, 1, 1);
	expect_one_session();
}

static void
client_flight_lost(void **state)
{
	(void)state;
	connect_with_loss(2, 1, 0, 0);
	expect_one_session();
}

/* wolfSSL as it comes would never send it again to a PSK client. */
static void
server_finished_lost(void **state)
{
	(void)state;
	connect_with_loss(0, 0, 2, 1);
	expect_trace(w,
	    "C1 hello\n"
	    "S1 verify\n"
	    "C1 hello+cookie\n"
	    "S1 hello,done\n"
	    "C1 key,ccs,secret\n"
	    "S1 ccs,secret (lost)\n"
	    "C1 key,ccs,secret\n"
	    "S1 ccs,secret\n");
	expect_one_session();
}

static void
server_finished_lost_three_times(void **state)
{
	(void)state;
	connect_with_loss(0, 0, 2, 3);
	world_pass(w, 6000);
	expect_one_session();
}

/* Who captured the flight can have the answer repeated, but not for ever, and
 * not once the device has spoken. */
static void
finished_is_not_repeated_for_ever(void **state)
{
	size_t repeated = 0;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->twice = false;
	world_connect(w, 1);
	for (int i = 0; i < 200; i++) {
		struct span flight = world_sent(w, 1, 2);
		uint8_t bytes[512];

		/* A new sequence number, or wolfSSL's window drops it. */
		memcpy(bytes, flight.p, flight.len);
		bytes[10] = (uint8_t)(10 + i);
		w->trace[0] = '\0';
		world_inject(w, 1, span_of(bytes, 13 + (size_t)bytes[12]));
		repeated += strcmp(w->trace, "S1 ccs,secret\n") == 0;
	}
	assert_in_range(repeated, 1, 64);
	w->events[0] = '\0';
	world_say(w, 1, "still here");
	expect_events(w, "1 data still here\n");
}

static void
nothing_is_repeated_to_who_has_spoken(void **state)
{
	uint8_t bytes[512];
	struct span flight;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	world_say(w, 1, "got it");
	w->trace[0] = '\0';
	flight = world_sent(w, 1, 2);
	memcpy(bytes, flight.p, flight.len);
	bytes[10] = 10;
	world_inject(w, 1, span_of(bytes, flight.len));
	expect_trace(w, "");
}

static void
everything_twice(void **state)
{
	(void)state;
	w->twice = true;
	connect_with_loss(0, 0, 0, 0);
	expect_one_session();
}

static void
each_record_alone(void **state)
{
	(void)state;
	w->split = true;
	connect_with_loss(0, 0, 0, 0);
	expect_one_session();
}

/* The server repeats its flight by itself, at 1, 3, 7, 15 and 31 s. */
static void
the_server_repeats_its_flight(void **state)
{
	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_down = 1;
	w->lose_down = 1;
	w->skip_up = 2;
	w->lose_up = 1000;
	world_connect(w, 1);
	w->trace[0] = '\0';
	dtls_client_free(w->devices[1].client);
	w->devices[1].client = NULL;
	for (unsigned n = 0; n < 5; n++) {
		w->lose_down = 1;
		world_pass(w, (1000u << n) - 1);
		expect_trace(w, "");
		world_pass(w, 1);
		expect_trace(w, "S1 hello,done (lost)\n");
	}
	world_pass(w, 60000 - 31000);
	expect_events(w, "1 failed handshake-timeout\n");
	expect_trace(w, "");
}

/* A second and a half of both sides losing every other datagram. */
static void
a_bad_link(void **state)
{
	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	for (unsigned round = 0; round < 10; round++) {
		w->skip_up = w->skip_down = 1;
		w->lose_up = w->lose_down = 1;
		if (round == 0)
			world_connect(w, 1);
		world_pass(w, 3000);
	}
	w->lose_up = w->lose_down = 0;
	world_pass(w, 20000);
	expect_one_session();
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STORY(first_hello_lost),
	    STORY(verify_lost),
	    STORY(hello_with_cookie_lost),
	    STORY(server_flight_lost),
	    STORY(client_flight_lost),
	    STORY(server_finished_lost),
	    STORY(server_finished_lost_three_times),
	    STORY(finished_is_not_repeated_for_ever),
	    STORY(nothing_is_repeated_to_who_has_spoken),
	    STORY(everything_twice),
	    STORY(each_record_alone),
	    STORY(the_server_repeats_its_flight),
	    STORY(a_bad_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
