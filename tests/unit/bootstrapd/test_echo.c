/* An address that sends back what it was sent is the sender's own (RFC 9175). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "echo.h"

enum { NOW_MS = 7000000 };

static const struct address device = {
    .family = 4, .ip = {192, 0, 2, 1}, .port = 40000};

static bool
fresh(const struct echo *e, const struct address *from, const uint8_t *value,
    uint64_t now_ms)
{
	return echo_is_fresh(e, from, span_of(value, ECHO_LEN), now_ms);
}

static void
good_for_a_minute(void **state)
{
	uint8_t value[ECHO_LEN];
	struct echo e;

	(void)state;
	echo_init(&e);
	echo_make(&e, &device, NOW_MS, value);
	assert_true(fresh(&e, &device, value, NOW_MS));
	assert_true(fresh(&e, &device, value, NOW_MS + 59000));
	assert_true(fresh(&e, &device, value, NOW_MS + 60999));
	assert_false(fresh(&e, &device, value, NOW_MS + 61000));
	assert_false(fresh(&e, &device, value, NOW_MS + 3600000));
	/* nor is one that was made later than now */
	assert_false(fresh(&e, &device, value, NOW_MS - 1000));
}

static void
of_that_address_alone(void **state)
{
	struct address others[4] = {device, device, device, device};
	uint8_t value[ECHO_LEN];
	struct echo e;

	(void)state;
	others[0].ip[3] = 2;
	others[1].port = 40001;
	others[2].family = 6;
	others[3].scope = 1;
	echo_init(&e);
	echo_make(&e, &device, NOW_MS, value);
	for (size_t i = 0; i < 4; i++)
		assert_false(fresh(&e, &others[i], value, NOW_MS));
}

static void
every_bit_counts(void **state)
{
	uint8_t value[ECHO_LEN];
	struct echo e;

	(void)state;
	echo_init(&e);
	echo_make(&e, &device, NOW_MS, value);
	for (size_t bit = 0; bit < (size_t)8 * ECHO_LEN; bit++) {
		value[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(fresh(&e, &device, value, NOW_MS));
		value[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	for (size_t len = 0; len < ECHO_LEN; len++)
		assert_false(
		    echo_is_fresh(&e, &device, span_of(value, len), NOW_MS));
	assert_true(fresh(&e, &device, value, NOW_MS));
}

/* What a worker that was replaced has given out is good no more. */
static void
of_one_process(void **state)
{
	uint8_t value[ECHO_LEN];
	struct echo one, next;

	(void)state;
	echo_init(&one);
	echo_init(&next);
	echo_make(&one, &device, NOW_MS, value);
	assert_false(fresh(&next, &device, value, NOW_MS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_for_a_minute),
	    cmocka_unit_test(of_that_address_alone),
	    cmocka_unit_test(every_bit_counts),
	    cmocka_unit_test(of_one_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
