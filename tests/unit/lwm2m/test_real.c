#include "lwm2m/real.h"
#include "vectors.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/** As the C library reads it. */
static void
expect(const char *digits, long exponent)
{
	char text[REAL_DIGITS_MAX + 32];
	double wanted;
	double got = real_from_decimal(span_str(digits), exponent);

	snprintf(text, sizeof(text), "%se%ld", digits, exponent);
	wanted = strtod(text, NULL);
	if (memcmp(&got, &wanted, sizeof(got)) != 0)
		fail_msg("%s: %a, not %a", text, got, wanted);
}

static void
test_numbers_that_are_hard(void **state)
{
	static const struct {
		const char *digits;
		long exponent;
	} cases[] = {
	    {"0", 0},
	    {"000", 400},
	    {"1", 0},
	    {"007", 0},
	    {"9007199254740991", 0},
	    /* halfway, to even: down, up; and a hair more and less */
	    {"9007199254740993", 0},
	    {"9007199254740995", 0},
	    {"90071992547409930000000000000000000001", -22},
	    {"90071992547409929999999999999999999999", -22},
	    {"1", 22},
	    {"1", 23},
	    {"8", 308},
	    {"17976931348623157", 292},
	    /* the first that is too large */
	    {"17976931348623158079372897140530341507993413271003782693617377898"
	     "0"
	     "44496829276475094664901797758720709633028641669288791094655554785"
	     "1"
	     "94040263065748867150582068190890200070838367627385484581771153176"
	     "4"
	     "47573027006985557136695962284291481986083493647529271907416844436"
	     "5"
	     "510704342711559699508093042880",
		0},
	    /* and the last that is not */
	    {"17976931348623158079372897140530341507993413271003782693617377898"
	     "0"
	     "44496829276475094664901797758720709633028641669288791094655554785"
	     "1"
	     "94040263065748867150582068190890200070838367627385484581771153176"
	     "4"
	     "47573027006985557136695962284291481986083493647529271907416844436"
	     "5"
	     "510704342711559699508093042879",
		0},
	    {"1", 309},
	    {"1", 310},
	    {"22250738585072014", -324},
	    {"22250738585072011", -324},
	    {"5", -324},
	    {"49406564584124654", -340},
	    {"24703282292062327", -340},
	    {"24703282292062328", -340},
	    {"1", -323},
	    {"1", -324},
	    {"1", -329},
	    {"1", -330},
	    {"1", -331},
	    {"1", -99999},
	    {"1", 99999},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		expect(cases[i].digits, cases[i].exponent);
}

/* Exactly in between two neighbours, and one digit to either side. */
static void
test_the_middle_between_two_doubles(void **state)
{
	static const double lower[] = {0x1p-1074, 0x3p-1074, DBL_MIN,
	    0x0.fffffffffffffp-1022, 0x0.ffffffffffffep-1022, 1.0,
	    1.0 + DBL_EPSILON, 0.1, 1e-5, 1e-300, 1e-308};

	(void)state;
	for (size_t i = 0; i < COUNT(lower); i++) {
		char exact[2400];
		char digits[REAL_DIGITS_MAX + 1];
		long double middle =
		    ((long double)lower[i] +
			(long double)nextafter(lower[i], INFINITY)) /
		    2;
		size_t n = 0;
		size_t last;

		/* The C library prints all digits that there are. */
		snprintf(exact, sizeof(exact), "%.1080Lf", middle);
		for (const char *p = exact; *p; p++) {
			if (*p != '.' && (n > 0 || *p != '0'))
				digits[n++] = *p;
			assert_true(n < sizeof(digits));
		}
		last = n > 0 ? n - 1 : 0;
		digits[n] = '\0';
		expect(digits, -1080);
		digits[last] = '1';
		expect(digits, -1080);
		for (size_t k = n; k-- > 0;) {
			if (digits[k] != '0') {
				digits[k]--;
				break;
			}
			digits[k] = '9';
		}
		digits[last] = '9';
		expect(digits, -1080);
	}
}

static void
test_random_digits(void **state)
{
	uint64_t random = 0x9e3779b97f4a7c15;
	char digits[64];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t len;
		long exponent;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		len = 1 + (random >> 8) % 25;
		exponent = (long)((random >> 16) % 680) - 350;
		for (size_t k = 0; k < len; k++)
			digits[k] = (char)('0' + (random >> k) % 10);
		digits[len] = '\0';
		expect(digits, exponent);
	}
}

static void
test_as_many_digits_as_there_may_be(void **state)
{
	static const char fill[] = {'0', '1', '5', '9'};
	char digits[REAL_DIGITS_MAX + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(fill); i++) {
		memset(digits, fill[i], REAL_DIGITS_MAX);
		digits[REAL_DIGITS_MAX] = '\0';
		for (long e = -1440; e <= 0; e += 15)
			expect(digits, e);
		digits[0] = '1';
		expect(digits, -1429);
		expect(digits, -1424);
		expect(digits, -791);
		expect(digits, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_numbers_that_are_hard),
	    cmocka_unit_test(test_the_middle_between_two_doubles),
	    cmocka_unit_test(test_random_digits),
	    cmocka_unit_test(test_as_many_digits_as_there_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
