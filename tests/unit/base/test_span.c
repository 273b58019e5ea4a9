#include "base/span.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_decimal_takes_plain_numbers_only(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool good;
		uint64_t value;
	} cases[] = {
	    {"0", 0, true, 0},
	    {"7", 7, true, 7},
	    {"8", 7, false, 0},
	    {"65535", 65535, true, 65535},
	    {"65536", 65535, false, 0},
	    {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
	    {"18446744073709551616", UINT64_MAX, false, 0},
	    {"99999999999999999999", UINT64_MAX, false, 0},
	    {"", 9, false, 0},
	    {"00", 9, false, 0},
	    {"01", 9, false, 0},
	    {"+1", 9, false, 0},
	    {"-1", 9, false, 0},
	    {" 1", 9, false, 0},
	    {"1 ", 9, false, 0},
	    {"1a", UINT64_MAX, false, 0},
	    {"/", 9, false, 0},
	    {":", 99, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 4711;
		bool good =
		    span_decimal(span_str(cases[i].text), cases[i].max, &value);

		assert_int_equal(good, cases[i].good);
		assert_true(value == (good ? cases[i].value : 4711));
	}
}

static void
test_decimal_sees_the_whole_span(void **state)
{
	uint64_t value;

	(void)state;
	assert_false(span_decimal(SPAN_LIT("1\0"), 9, &value));
	assert_false(span_decimal(span_of(NULL, 0), 9, &value));
}

static void
test_order_is_that_of_bytes(void **state)
{
	(void)state;
	assert_true(span_compare(SPAN_LIT("ab"), SPAN_LIT("abc")) < 0);
	assert_true(span_compare(SPAN_LIT("abc"), SPAN_LIT("ab")) > 0);
	assert_true(span_compare(SPAN_LIT("\x80"), SPAN_LIT("a")) > 0);
	assert_int_equal(span_compare(span_str(NULL), SPAN_LIT("")), 0);
}

static void
test_prefix_and_rest(void **state)
{
	struct span s = SPAN_LIT("coaps://");

	(void)state;
	assert_true(span_starts(s, SPAN_LIT("coap")));
	assert_false(span_starts(SPAN_LIT("coa"), SPAN_LIT("coap")));
	assert_true(span_is(span_from(s, 5), "://"));
	assert_int_equal(span_from(s, 99).len, 0);
	assert_int_equal(span_from(span_of(NULL, 0), 1).len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decimal_takes_plain_numbers_only),
	    cmocka_unit_test(test_decimal_sees_the_whole_span),
	    cmocka_unit_test(test_order_is_that_of_bytes),
	    cmocka_unit_test(test_prefix_and_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
