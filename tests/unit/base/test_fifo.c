/* Bytes that wait, in their order. */
#include "base/fifo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MAX = 100000 };

static void
in_order(void **state)
{
	struct fifo f = {0};
	uint8_t next_in = 0, next_out = 0, bytes[777];

	(void)state;
	assert_int_equal(fifo_span(&f).len, 0);
	/* lengths that meet every way of growing and of moving up */
	for (size_t round = 1; round < 2000; round++) {
		size_t in = round * 7 % sizeof(bytes);
		size_t out = round * 5 % sizeof(bytes);
		struct span waits;

		for (size_t i = 0; i < in; i++)
			bytes[i] = next_in++;
		assert_int_equal(
		    fifo_put(&f, span_of(bytes, in), SIZE_MAX), RC_OK);
		waits = fifo_span(&f);
		if (out > waits.len)
			out = waits.len;
		for (size_t i = 0; i < out; i++)
			assert_int_equal(waits.p[i], next_out++);
		fifo_drop(&f, out);
		assert_int_equal(fifo_span(&f).len, waits.len - out);
	}
	fifo_fini(&f);
	assert_null(f.bytes);
}

static void
no_more_than_may_wait(void **state)
{
	static uint8_t bytes[MAX];
	struct fifo f = {0};

	(void)state;
	assert_int_equal(fifo_put(&f, span_of(bytes, MAX), MAX), RC_OK);
	assert_int_equal(fifo_put(&f, span_of(bytes, 1), MAX), RC_FULL);
	assert_int_equal(fifo_put(&f, span_of(bytes, 0), MAX), RC_OK);
	assert_int_equal(fifo_span(&f).len, MAX);
	fifo_drop(&f, 1);
	assert_int_equal(fifo_put(&f, span_of(bytes, 2), MAX), RC_FULL);
	assert_int_equal(fifo_put(&f, span_of(bytes, 1), MAX), RC_OK);
	/* a bound that has sunk below what waits */
	assert_int_equal(fifo_put(&f, span_of(bytes, 1), 10), RC_FULL);
	fifo_fini(&f);
}

/* What has left is wiped, and memory that is not needed goes. */
static void
nothing_stays(void **state)
{
	struct fifo f = {0};

	(void)state;
	assert_int_equal(
	    fifo_put(&f, SPAN_LIT("a key and then more"), MAX), RC_OK);
	fifo_drop(&f, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(f.bytes[i], 0);
	assert_true(span_equal(fifo_span(&f), SPAN_LIT(" and then more")));
	fifo_drop(&f, 1000);
	assert_null(f.bytes);
	assert_int_equal(f.cap, 0);
	fifo_drop(&f, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_order),
	    cmocka_unit_test(no_more_than_may_wait),
	    cmocka_unit_test(nothing_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
