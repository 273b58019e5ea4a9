#include "base/heap.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct timer_heap heap;

static int
setup(void **state)
{
	(void)state;
	timer_heap_init(&heap);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	timer_heap_fini(&heap);
	return 0;
}

static void
arm(struct timer *t, uint64_t at_ms)
{
	assert_int_equal(timer_arm(&heap, t, at_ms), RC_OK);
}

static void
test_an_empty_heap_waits_for_ever(void **state)
{
	(void)state;
	assert_true(timer_next(&heap) == TIME_NEVER);
	assert_null(timer_pop(&heap, TIME_NEVER));
}

static void
test_timers_come_when_due_and_in_order(void **state)
{
	struct timer a = {0}, b = {0}, c = {0};

	(void)state;
	arm(&a, 300);
	arm(&b, 100);
	arm(&c, 200);
	assert_int_equal(timer_next(&heap), 100);
	assert_null(timer_pop(&heap, 99));
	assert_ptr_equal(timer_pop(&heap, 250), &b);
	assert_ptr_equal(timer_pop(&heap, 250), &c);
	assert_null(timer_pop(&heap, 250));
	assert_int_equal(b.index, 0);
	assert_int_not_equal(a.index, 0);
}

static void
test_moving_and_disarming(void **state)
{
	struct timer a = {0}, b = {0};

	(void)state;
	arm(&a, 100);
	arm(&b, 200);
	arm(&a, 300);
	assert_int_equal(heap.count, 2);
	assert_int_equal(timer_next(&heap), 200);
	arm(&a, 50);
	assert_int_equal(timer_next(&heap), 50);
	timer_disarm(&heap, &a);
	timer_disarm(&heap, &a);
	assert_int_equal(timer_next(&heap), 200);
	timer_disarm(&heap, &b);
	assert_true(timer_next(&heap) == TIME_NEVER);
}

/* Thousands of random moves, held against the plainest thing that works. */
static void
test_agrees_with_a_plain_search(void **state)
{
	enum { COUNT = 200, MOVES = 20000 };
	static struct timer timers[COUNT];
	uint32_t random = 2463534242;

	(void)state;
	memset(timers, 0, sizeof(timers));
	for (int move = 0; move < MOVES; move++) {
		uint64_t least = TIME_NEVER;
		struct timer *t;

		random ^= random << 13;
		random ^= random >> 17;
		random ^= random << 5;
		t = &timers[random % COUNT];
		if (random >> 8 & 3)
			arm(t, random >> 12 & 1023);
		else if (random >> 10 & 1)
			timer_disarm(&heap, t);
		else
			(void)timer_pop(&heap, random >> 12 & 1023);
		for (size_t i = 0; i < COUNT; i++)
			if (timers[i].index && timers[i].at_ms < least)
				least = timers[i].at_ms;
		assert_true(timer_next(&heap) == least);
	}
	for (uint64_t last = 0; heap.count > 0;) {
		struct timer *t = timer_pop(&heap, TIME_NEVER - 1);

		assert_true(t->at_ms >= last);
		last = t->at_ms;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_an_empty_heap_waits_for_ever, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_timers_come_when_due_and_in_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_moving_and_disarming, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_agrees_with_a_plain_search, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
