#include "lwm2m/number.h"
#include "vectors.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void
test_what_is_written_is_what_is_meant(void **state)
{
	static const struct {
		const char *text;
		bool negative, point, whole;
		uint64_t magnitude;
		double real;
	} cases[] = {
	    {"0", false, false, true, 0, 0.0},
	    {"-0", true, false, true, 0, -0.0},
	    {"7", false, false, true, 7, 7.0},
	    {"-86400", true, false, true, 86400, -86400.0},
	    {"9007199254740993", false, false, true, 9007199254740993,
		9007199254740992.0},
	    {"9223372036854775808", false, false, true, (uint64_t)INT64_MAX + 1,
		0x1p63},
	    {"18446744073709551615", false, false, true, UINT64_MAX, 0x1p64},
	    {"18446744073709551616", false, false, false, 0, 0x1p64},
	    {"1e3", false, true, true, 1000, 1000.0},
	    {"86400.000", false, true, true, 86400, 86400.0},
	    {"1.5E+1", false, true, true, 15, 15.0},
	    {"9007199254740993.0", false, true, true, 9007199254740993,
		9007199254740992.0},
	    {"1844674407370955161500e-2", false, true, true, UINT64_MAX,
		0x1p64},
	    {"0.1", false, true, false, 0, 0.1},
	    {"-20.48", true, true, false, 0, -20.48},
	    {"1e22", false, true, false, 0, 1e22},
	    {"0e99999999999999999999", false, true, true, 0, 0.0},
	    {"1e-99999999999999999999", false, true, false, 0, 0.0},
	    {"4.9406564584124654e-324", false, true, false, 0, 0x1p-1074},
	    {"1.7976931348623157e308", false, true, false, 0, DBL_MAX},
	    /* one in between two doubles, and its two neighbours */
	    {"1.00000000000000011102230246251565404236316680908203125", false,
		true, false, 0, 1.0},
	    {"1.00000000000000011102230246251565404236316680908203126", false,
		true, false, 0, 1.0 + DBL_EPSILON},
	    {"1.00000000000000011102230246251565404236316680908203124", false,
		true, false, 0, 1.0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lwm2m_number n;

		if (number_parse(span_str(cases[i].text), &n) != RC_OK)
			fail_msg("%s: was refused", cases[i].text);
		if (n.negative != cases[i].negative ||
		    n.point != cases[i].point || n.whole != cases[i].whole ||
		    n.magnitude != cases[i].magnitude ||
		    n.real != cases[i].real)
			fail_msg("%s: %d %d %d %llu %a", cases[i].text,
			    n.negative, n.point, n.whole,
			    (unsigned long long)n.magnitude, n.real);
		assert_int_equal(!!signbit(n.real), cases[i].negative);
	}
}

static void
test_what_is_no_number(void **state)
{
	static const char *const bad[] = {"", "-", "+1", "01", "-01", "00",
	    ".5", "5.", "5.e1", "1e", "1e+", "1e-", "1e1.5", "1.2.3", "--1",
	    "1-", " 1", "1 ", "1,5", "0x10", "1f", "NaN", "nan", "Infinity",
	    "inf", "-inf", "1e309", "-1e309", "1e99999999999999999999", "1_000",
	    "\xd9\xa1"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct lwm2m_number n;

		if (number_parse(span_str(bad[i]), &n) != RC_MALFORMED)
			fail_msg("%s: was taken", bad[i]);
	}
	/* A NUL is a byte like any other. */
	assert_int_equal(number_parse(span_of("1\0", 2),
			     &(struct lwm2m_number){.whole = true}),
	    RC_MALFORMED);
}

static void
test_long_texts(void **state)
{
	char text[NUMBER_TEXT_MAX + 1];
	struct lwm2m_number n;

	(void)state;
	/* The exact digits of the smallest double: 1074 behind the point. */
	assert_int_equal(
	    snprintf(text, sizeof(text), "%.1074f", -0x1p-1074), 1077);
	assert_int_equal(number_parse(span_str(text), &n), RC_OK);
	assert_true(n.real == -0x1p-1074);
	memset(text, '9', sizeof(text));
	assert_int_equal(number_parse(span_of(text, 309), &n), RC_MALFORMED);
	memset(text + 1, '0', sizeof(text) - 1);
	text[1] = '.';
	assert_int_equal(
	    number_parse(span_of(text, NUMBER_TEXT_MAX), &n), RC_OK);
	assert_true(n.whole && n.magnitude == 9);
	assert_int_equal(
	    number_parse(span_of(text, NUMBER_TEXT_MAX + 1), &n), RC_MALFORMED);
}

static void
expect_printed(double real, const char *text, const char *plain)
{
	char buf[NUMBER_PLAIN_MAX];
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	number_print(&w, real);
	assert_false(w.full);
	assert_bytes(text, writer_span(&w), span_str(text));
	writer_init(&w, buf, sizeof(buf));
	number_print_plain(&w, real);
	assert_false(w.full);
	assert_bytes(plain, writer_span(&w), span_str(plain));
}

static void
test_the_shortest_text(void **state)
{
	(void)state;
	expect_printed(0.0, "0.0", "0.0");
	expect_printed(-0.0, "-0.0", "-0.0");
	expect_printed(1.0, "1.0", "1.0");
	expect_printed(100.0, "100.0", "100.0");
	expect_printed(20.48, "20.48", "20.48");
	expect_printed(-0.1, "-0.1", "-0.1");
	expect_printed(0.1 + 0.2, "0.30000000000000004", "0.30000000000000004");
	expect_printed(1e-6, "0.000001", "0.000001");
	expect_printed(1.5e-7, "1.5e-7", "0.00000015");
	expect_printed(
	    1e20, "100000000000000000000.0", "100000000000000000000.0");
	expect_printed(1e21, "1e21", "1000000000000000000000.0");
	expect_printed(1e23, "1e23", "100000000000000000000000.0");
	expect_printed(
	    (double)20.48f, "20.479999542236328", "20.479999542236328");
	expect_printed(
	    9007199254740992.0, "9007199254740992.0", "9007199254740992.0");
}

static void
expect_back(double real)
{
	char buf[NUMBER_PLAIN_MAX];
	struct lwm2m_number n;
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	number_print(&w, real);
	assert_false(w.full);
	assert_true(w.len <= 25);
	assert_int_equal(number_parse(writer_span(&w), &n), RC_OK);
	assert_true(n.real == real && n.point);
	writer_init(&w, buf, sizeof(buf));
	number_print_plain(&w, real);
	assert_false(w.full);
	assert_null(memchr(buf, 'e', w.len));
	assert_int_equal(number_parse(writer_span(&w), &n), RC_OK);
	assert_true(n.real == real && n.point);
}

static void
test_what_is_printed_reads_back(void **state)
{
	uint64_t random = 0x9e3779b97f4a7c15;

	(void)state;
	expect_back(DBL_MAX);
	expect_back(-DBL_MAX);
	expect_back(DBL_MIN);
	expect_back(-0x1p-1074);
	expect_back(-0x0.fffffffffffffp-1022);
	for (int e = -1074; e < 1024; e++)
		expect_back(ldexp(1.0, e));
	for (int i = 0; i < 5000; i++) {
		double real;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		memcpy(&real, &random, sizeof(real));
		if (isfinite(real))
			expect_back(real);
	}
}

static void
test_no_more_room(void **state)
{
	char buf[8];

	(void)state;
	for (size_t cap = 0; cap < 5; cap++) {
		struct writer w;

		writer_init(&w, buf, cap);
		number_print(&w, 20.48);
		assert_true(w.full);
		writer_init(&w, buf, cap);
		number_print_plain(&w, 1e300);
		assert_true(w.full && w.len <= cap);
	}
}

/* A comma between whole and fraction, as half of Europe writes it. */
static void
test_the_locale_changes_nothing(void **state)
{
	static const char *const names[] = {
	    "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "ps_AF.UTF-8"};
	bool found = false;

	(void)state;
	for (size_t i = 0; i < COUNT(names) && !found; i++)
		found = setlocale(LC_ALL, names[i]);
	if (!found)
		print_message("no locale with a comma on this machine\n");
	expect_printed(20.48, "20.48", "20.48");
	expect_back(1.0 / 3);
	setlocale(LC_ALL, "C");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_written_is_what_is_meant),
	    cmocka_unit_test(test_what_is_no_number),
	    cmocka_unit_test(test_long_texts),
	    cmocka_unit_test(test_the_shortest_text),
	    cmocka_unit_test(test_what_is_printed_reads_back),
	    cmocka_unit_test(test_no_more_room),
	    cmocka_unit_test(test_the_locale_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
