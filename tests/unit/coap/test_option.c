#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "coap/message.h"

/* SPAN_LIT for static tables. */
#define LIT(s) \
	{ \
		(const uint8_t *)("" s), sizeof(s) - 1 \
	}

static void
uints(void **state)
{
	static const struct {
		uint32_t value;
		struct span bytes;
	} cases[] = {
	    {0, LIT("")},
	    {1, LIT("\x01")},
	    {255, LIT("\xff")},
	    {256, LIT("\x01\x00")},
	    {11542, LIT("\x2d\x16")},
	    {65536, LIT("\x01\x00\x00")},
	    {0xffffffff, LIT("\xff\xff\xff\xff")},
	};
	uint8_t bytes[4];
	uint32_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(span_equal(
		    coap_uint(cases[i].value, bytes), cases[i].bytes));
		assert_true(coap_uint_value(cases[i].bytes, &value));
		assert_int_equal(value, cases[i].value);
	}
	assert_true(coap_uint_value(SPAN_LIT("\x00\x00\x00\x28"), &value));
	assert_int_equal(value, 40);
	assert_false(coap_uint_value(SPAN_LIT("\x00\x00\x00\x00\x28"), &value));
}

static void
options_stay_in_order(void **state)
{
	struct coap_message m = {.code = COAP_GET};

	(void)state;
	assert_int_equal(coap_add(&m, COAP_ACCEPT, SPAN_LIT("a")), RC_OK);
	assert_int_equal(coap_add(&m, COAP_URI_PATH, SPAN_LIT("1")), RC_OK);
	assert_int_equal(coap_add(&m, COAP_SIZE1, SPAN_LIT("s")), RC_OK);
	assert_int_equal(coap_add(&m, COAP_URI_PATH, SPAN_LIT("2")), RC_OK);
	assert_int_equal(m.option_count, 4);
	assert_true(span_is(m.options[0].value, "1"));
	assert_true(span_is(m.options[1].value, "2"));
	assert_true(span_is(m.options[2].value, "a"));
	assert_true(span_is(m.options[3].value, "s"));
	assert_ptr_equal(coap_find(&m, COAP_URI_PATH), &m.options[0]);
	assert_ptr_equal(coap_find(&m, COAP_SIZE1), &m.options[3]);
	assert_null(coap_find(&m, COAP_ETAG));
}

static void
options_are_bounded(void **state)
{
	struct coap_message m = {.code = COAP_GET};

	(void)state;
	for (unsigned i = 0; i < COAP_OPTIONS_MAX; i++)
		assert_int_equal(
		    coap_add(&m, COAP_URI_PATH, SPAN_LIT("x")), RC_OK);
	assert_int_equal(
	    coap_add(&m, COAP_URI_HOST, SPAN_LIT("x")), RC_TOO_LARGE);
	assert_int_equal(m.option_count, COAP_OPTIONS_MAX);
	assert_int_equal(m.options[0].number, COAP_URI_PATH);
}

static bool
bad(uint16_t number, size_t len)
{
	static const uint8_t zeros[300];
	struct coap_message m = {
	    .option_count = 1,
	    .options = {{number, span_of(zeros, len)}},
	};

	return coap_bad_option(&m) != NULL;
}

static void
lengths(void **state)
{
	static const struct {
		uint16_t number;
		size_t min, max;
	} known[] = {
	    {COAP_URI_HOST, 1, 255},
	    {COAP_URI_PORT, 0, 2},
	    {COAP_URI_PATH, 0, 255},
	    {COAP_URI_QUERY, 0, 255},
	    {COAP_ACCEPT, 0, 2},
	    {COAP_BLOCK2, 0, 3},
	    {COAP_BLOCK1, 0, 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		for (size_t len = 0; len <= 256; len++)
			assert_int_equal(bad(known[i].number, len),
			    len < known[i].min || len > known[i].max);
	}
}

/* RFC 7252 section 5.4.6: odd numbers are critical. */
static void
unknown_options(void **state)
{
	unsigned known = 0;

	(void)state;
	for (unsigned n = 0; n <= 0xffff; n++) {
		bool critical = n % 2;

		if (!critical)
			assert_false(bad((uint16_t)n, 200));
		else
			known += !bad((uint16_t)n, 1);
	}
	assert_int_equal(known, 7);
}

static void
repetition(void **state)
{
	static const uint16_t once[] = {COAP_URI_HOST, COAP_URI_PORT,
	    COAP_ACCEPT, COAP_BLOCK2, COAP_BLOCK1};
	static const uint16_t often[] = {COAP_URI_PATH, COAP_URI_QUERY,
	    COAP_ETAG, COAP_CONTENT_FORMAT, COAP_MAX_AGE, COAP_REQUEST_TAG};

	(void)state;
	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		struct coap_message m = {
		    .option_count = 2,
		    .options = {{once[i], SPAN_LIT("a")},
			{once[i], SPAN_LIT("a")}},
		};

		assert_ptr_equal(coap_bad_option(&m), &m.options[1]);
	}
	/* Where it is elective the surplus one is ignored (5.4.5). */
	for (size_t i = 0; i < sizeof(often) / sizeof(often[0]); i++) {
		struct coap_message m = {
		    .option_count = 2,
		    .options = {{often[i], SPAN_LIT("a")},
			{often[i], SPAN_LIT("b")}},
		};

		assert_null(coap_bad_option(&m));
		assert_true(span_is(coap_find(&m, often[i])->value, "a"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(uints),
	    cmocka_unit_test(options_stay_in_order),
	    cmocka_unit_test(options_are_bounded),
	    cmocka_unit_test(lengths),
	    cmocka_unit_test(unknown_options),
	    cmocka_unit_test(repetition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
