/* The link: how long a datagram takes, and which one is lost. */
#include "cost/air.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { START = 1000 };

static struct air air;

static void
send_bytes(enum air_way way, size_t len, uint64_t now_ms)
{
	static const uint8_t bytes[AIR_DATAGRAM_MAX];

	air_send(&air, way, span_of(bytes, len), now_ms);
}

/** The next one arrives at that time, and not before. */
static void
arrives(enum air_way way, size_t len, uint64_t at_ms)
{
	static uint8_t room[AIR_DATAGRAM_MAX];
	struct span d;

	assert_int_equal(air_deadline(&air), at_ms);
	assert_false(air_take(&air, way, at_ms - 1, room, &d));
	assert_true(air_take(&air, way, at_ms, room, &d));
	assert_int_equal(d.len, len);
}

static void
bytes_take_their_time(void **state)
{
	const struct air_link link = {
	    .bps = {[AIR_UP] = 8000, [AIR_DOWN] = 80000},
	    .latency_ms = 100,
	    .header_len = 28,
	};

	(void)state;
	air_start(&air, &link, START);
	/* a byte takes 1 ms, there 0.1 ms */
	send_bytes(AIR_UP, 72, START);
	send_bytes(AIR_DOWN, 73, START);
	arrives(AIR_DOWN, 73, START + 11 + 100);
	arrives(AIR_UP, 72, START + 100 + 100);
	/* what is sent at once goes one after another */
	send_bytes(AIR_UP, 72, START + 500);
	send_bytes(AIR_UP, 2, START + 500);
	arrives(AIR_UP, 72, START + 700);
	arrives(AIR_UP, 2, START + 730);
	assert_int_equal(air_deadline(&air), TIME_NEVER);
}

static void
one_way_at_a_time(void **state)
{
	const struct air_link link = {
	    .bps = {8000, 8000}, .setup_ms = 5000, .half_duplex = true};

	(void)state;
	air_start(&air, &link, START);
	send_bytes(AIR_UP, 100, START);
	send_bytes(AIR_DOWN, 100, START);
	arrives(AIR_UP, 100, START + 5100);
	arrives(AIR_DOWN, 100, START + 5200);
}

static void
the_third_is_lost(void **state)
{
	const struct air_link link = {.bps = {8000, 8000}};
	const size_t lens[] = {10, 20, 30, 40};

	(void)state;
	air_start(&air, &link, START);
	air.lose = 3;
	for (size_t i = 0; i < 4; i++)
		send_bytes(AIR_UP, lens[i], START);
	arrives(AIR_UP, 10, START + 10);
	arrives(AIR_UP, 20, START + 30);
	/* it has taken its time all the same */
	arrives(AIR_UP, 40, START + 100);
	assert_int_equal(air.sent, 4);
	assert_int_equal(air.log[2].len, 30);
}

static void
more_than_there_is_room_for(void **state)
{
	const struct air_link link = {.latency_ms = 1};

	(void)state;
	air_start(&air, &link, START);
	for (size_t i = 0; i < AIR_FLYING_MAX; i++)
		send_bytes(AIR_UP, 1, START);
	assert_false(air.full);
	send_bytes(AIR_UP, 1, START);
	assert_true(air.full);
	air_start(&air, &link, START);
	assert_false(air.full);
	assert_int_equal(air_deadline(&air), TIME_NEVER);
}

static int
setup(void **state)
{
	(void)state;
	return air_init(&air) == RC_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	air_fini(&air);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_take_their_time),
	    cmocka_unit_test(one_way_at_a_time),
	    cmocka_unit_test(the_third_is_lost),
	    cmocka_unit_test(more_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
