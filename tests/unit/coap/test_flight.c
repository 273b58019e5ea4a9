#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "coap/flight.h"

static const struct coap_params *const params = &coap_params_default;

/* RFC 7252 section 4.8.2: MAX_TRANSMIT_SPAN is 45 s, MAX_TRANSMIT_WAIT 93 s;
 * without jitter they are 30 s and 62 s. */
static void
the_schedule_keeps_its_bounds(void **state)
{
	uint32_t random = 12345;
	uint64_t least = UINT64_MAX, most = 0;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		uint64_t now = 1000, last = now;
		struct flight f = {0};
		unsigned again = 0;

		random = random * 1664525 + 1013904223;
		flight_start(&f, params, random, now);
		assert_in_range(f.deadline_ms - now, 2000, 3000);
		if (f.timeout_ms < least)
			least = f.timeout_ms;
		if (f.timeout_ms > most)
			most = f.timeout_ms;
		while (f.active) {
			uint64_t waited = f.deadline_ms - now;

			assert_int_equal(
			    flight_tick(&f, params, f.deadline_ms - 1),
			    FLIGHT_WAIT);
			last = now;
			now = f.deadline_ms;
			if (flight_tick(&f, params, now) == FLIGHT_AGAIN) {
				again++;
				assert_int_equal(
				    f.deadline_ms - now, 2 * waited);
			}
		}
		assert_int_equal(again, 4);
		assert_in_range(last - 1000, 30000, 45000);
		assert_in_range(now - 1000, 62000, 93000);
		assert_true(flight_deadline(&f) == TIME_NEVER);
	}
	/* The whole range is used, both ends included. */
	assert_int_equal(least, 2000);
	assert_int_equal(most, 3000);
}

static void
without_a_flight_nothing_happens(void **state)
{
	struct flight f = {0};

	(void)state;
	assert_int_equal(flight_tick(&f, params, UINT64_MAX), FLIGHT_WAIT);
	assert_true(flight_deadline(&f) == TIME_NEVER);
	flight_start(&f, params, 0, 0);
	flight_end(&f);
	assert_int_equal(flight_tick(&f, params, UINT64_MAX), FLIGHT_WAIT);
}

static void
odd_parameters(void **state)
{
	struct coap_params p = *params;
	struct flight f = {0};

	(void)state;
	p.ack_random_percent = 0;
	flight_start(&f, &p, UINT32_MAX, 0);
	assert_int_equal(f.deadline_ms, 2000);
	p.ack_timeout_ms = UINT32_MAX;
	p.ack_random_percent = UINT32_MAX;
	p.max_retransmit = 100;
	flight_start(&f, &p, UINT32_MAX, 0);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(
		    flight_tick(&f, &p, TIME_NEVER - 1), FLIGHT_AGAIN);
		assert_true(f.deadline_ms == TIME_NEVER - 1);
	}
	assert_int_equal(flight_tick(&f, &p, TIME_NEVER - 1), FLIGHT_OVER);
}

static void
times_do_not_wrap(void **state)
{
	(void)state;
	assert_true(time_after(5, 7) == 12);
	assert_true(time_after(TIME_NEVER - 3, 1) == TIME_NEVER - 2);
	assert_true(time_after(TIME_NEVER - 3, 3) == TIME_NEVER - 1);
	assert_true(time_after(TIME_NEVER - 3, 4) == TIME_NEVER - 1);
	assert_true(time_after(TIME_NEVER, TIME_NEVER) == TIME_NEVER - 1);
	assert_false(time_over(100, 50, 149));
	assert_true(time_over(100, 50, 150));
	assert_false(time_over(100, 50, 3)); /* a clock that went back */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_schedule_keeps_its_bounds),
	    cmocka_unit_test(without_a_flight_nothing_happens),
	    cmocka_unit_test(odd_parameters),
	    cmocka_unit_test(times_do_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
