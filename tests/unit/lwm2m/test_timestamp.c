#include "lwm2m/timestamp.h"
#include "vectors.h"

static void
test_moments(void **state)
{
	static const struct {
		const char *text;
		int64_t time_s;
	} cases[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"1969-12-31T23:59:59Z", -1},
	    {"2023-11-14T22:13:20Z", 1700000000},
	    {"2023-11-14t22:13:20z", 1700000000},
	    {"2023-11-14T23:13:20+01:00", 1700000000},
	    {"2023-11-14T16:43:20-05:30", 1700000000},
	    {"2023-11-14T22:13:20-00:00", 1700000000},
	    {"2023-11-14T22:13:20.000Z", 1700000000},
	    {"2000-02-29T00:00:00Z", 951782400},
	    {"2024-02-29T12:00:00Z", 1709208000},
	    {"2038-01-19T03:14:08Z", 2147483648},
	    /* a leap second, which the count of seconds does not have */
	    {"2016-12-31T23:59:60Z", 1483228800},
	    {"0000-01-01T00:00:00Z", -62167219200},
	    {"0000-02-29T00:00:00Z", -62162121600},
	    {"1900-03-01T00:00:00Z", -2203891200},
	    {"9999-12-31T23:59:59Z", 253402300799},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t time_s = 4711;

		assert_int_equal(
		    timestamp_parse(span_str(cases[i].text), &time_s), RC_OK);
		if (time_s != cases[i].time_s)
			fail_msg("%s: %lld", cases[i].text, (long long)time_s);
	}
}

static void
test_what_is_no_moment(void **state)
{
	static const char *const bad[] = {"", "2023-11-14",
	    "2023-11-14T22:13:20", "2023-11-14 22:13:20Z", "2023-11-14T22:13Z",
	    "2023-11-14T22:13:20.Z", "2023-11-14T22:13:20.5Z",
	    "2023-11-14T22:13:20Zx", "2023-11-14T24:00:00Z",
	    "2023-11-14T22:60:00Z", "2023-11-14T22:13:61Z",
	    "2023-00-14T22:13:20Z", "2023-13-14T22:13:20Z",
	    "2023-11-00T22:13:20Z", "2023-11-31T22:13:20Z",
	    "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
	    "23-11-14T22:13:20Z", "-023-11-14T22:13:20Z",
	    "2023-11-14T22:13:20+24:00", "2023-11-14T22:13:20+01:60",
	    "2023-11-14T22:13:20+0100", "2023-11-14T22:13:20+1:00",
	    "2023-1-14T22:13:20Z"};
	int64_t time_s;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (timestamp_parse(span_str(bad[i]), &time_s) != RC_MALFORMED)
			fail_msg("%s: was taken", bad[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_moments),
	    cmocka_unit_test(test_what_is_no_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
