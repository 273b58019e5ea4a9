#include "lwm2m/senml_json.h"
#include "vectors.h"

#include <math.h>

static struct lwm2m_entry got[ENTRIES_MAX];
static size_t count;
static uint8_t scratch[256];

static enum rc
decode(struct lwm2m_path base, const char *text)
{
	struct writer w;

	writer_init(&w, scratch, sizeof(scratch));
	return senml_json_decode(
	    base, span_str(text), &w, got, COUNT(got), &count);
}

/* One Lifetime, as different encoders might write it. */
static void
test_forms_of_one_record(void **state)
{
	static const struct lwm2m_entry wanted = {AT(1, 0, 1), INTEGER(60)};
	static const char *const cases[] = {
	    "[{\"bn\":\"/1/0/\",\"n\":\"1\",\"v\":60}]",
	    "[{\"v\":60,\"n\":\"1\",\"bn\":\"/1/0/\"}]",
	    "[{\"bn\":\"/1/0/1\",\"v\":60}]",
	    "[{\"n\":\"/1/0/1\",\"v\":60}]",
	    " [\r\n\t{ \"bn\" : \"/1/0/\" , \"n\" : \"1\" , \"v\" : 60 } ] ",
	    "[{\"bn\":\"/1/0/\",\"n\":\"1\",\"v\":60.0}]",
	    "[{\"bn\":\"/1/0/\",\"n\":\"1\",\"v\":6e1}]",
	    "[{\"bn\":\"/1/0/\",\"n\":\"1\",\"v\":6000E-2}]",
	    /* escapes where nobody needs them */
	    "[{\"\\u0062n\":\"\\/1\\/0\\/\",\"n\":\"\\u0031\",\"\\u0076\":60}]",
	    /* what is no part of the value */
	    "[{\"bver\":10,\"bt\":1.5e9,\"bu\":\"s\",\"bs\":4,\"s\":5,\"t\":-1,"
	    "\"u\":\"s\",\"ut\":0,\"n\":\"/1/0/1\",\"v\":60}]",
	    "[{\"else\":{\"a\":[{\"b\":[null,true]}]},\"n\":\"/1/0/1\","
	    "\"v\":60}]",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (decode(LWM2M_INSTANCE(1, 0), cases[i]) != RC_OK)
			fail_msg("%s: was refused", cases[i]);
		assert_entries(cases[i], got, count, &wanted, 1);
	}
}

static void
test_the_base_name_sticks_until_the_next(void **state)
{
	static const struct lwm2m_entry wanted[] = {
	    {AT(1, 0, 0), INTEGER(1)},
	    {AT(1, 0, 1), INTEGER(60)},
	    {AT(1, 7, 0), INTEGER(2)},
	    {AT(2, 0, 0), INTEGER(3)},
	};

	(void)state;
	assert_int_equal(decode(LWM2M_ROOT,
			     "[{\"bn\":\"/1/0/\",\"n\":\"0\",\"v\":1},"
			     "{\"n\":\"1\",\"v\":60},"
			     "{\"n\":\"0\",\"v\":2,\"bn\":\"/1/7/\"},"
			     "{\"bn\":\"\",\"n\":\"/2/0/0\",\"v\":3}]"),
	    RC_OK);
	assert_entries("sticky", got, count, wanted, COUNT(wanted));
}

static void
test_values_of_every_kind(void **state)
{
	static const struct lwm2m_entry wanted[] = {
	    {AT(0, 1, 14), TEXT("a \"quote\"\n\xf0\x9f\x98\x80")},
	    {AT(0, 1, 1), BOOLEAN(true)},
	    {AT(0, 1, 3), BYTES("\xfb\xff\xfe")},
	    {AT(0, 1, 4), BYTES("\xfb\xff\xfe")},
	    {AT(0, 1, 5), BYTES("\xfb\xff")},
	    {AT(0, 1, 17), LINK(65535, 65535)},
	    {AT(0, 1, 13), UNSIGNED(UINT64_MAX)},
	    {AT(0, 1, 2), INTEGER(INT64_MIN)},
	    {AT(0, 1, 11), INTEGER(9007199254740993)},
	};

	(void)state;
	assert_int_equal(decode(LWM2M_INSTANCE(0, 1),
			     "[{\"bn\":\"/0/1/\",\"n\":\"14\","
			     "\"vs\":\"a \\\"quote\\\"\\n\\ud83d\\ude00\"},"
			     "{\"n\":\"1\",\"vb\":true},"
			     "{\"n\":\"3\",\"vd\":\"-__-\"},"
			     "{\"n\":\"4\",\"vd\":\"+\\/\\/+\"},"
			     "{\"n\":\"5\",\"vd\":\"+/8=\"},"
			     "{\"n\":\"17\",\"vlo\":\"65535:65535\"},"
			     "{\"n\":\"13\",\"v\":18446744073709551615},"
			     "{\"n\":\"2\",\"v\":-9223372036854775808},"
			     "{\"n\":\"11\",\"v\":9007199254740993}]"),
	    RC_OK);
	assert_entries("kinds", got, count, wanted, COUNT(wanted));
}

static void
test_what_the_tables_do_not_know(void **state)
{
	static const struct lwm2m_entry wanted[] = {
	    {AT(9, 0, 0), INTEGER(-1)},
	    {AT(9, 0, 1), UNSIGNED((uint64_t)1 << 63)},
	    {AT(9, 0, 2), REAL(3.0)},
	    {AT(9, 0, 3), REAL(1e21)},
	    {AT(9, 0, 4), TEXT("x")},
	    {AT(9, 0, 5), BYTES("x")},
	    {AT(9, 0, 6), BOOLEAN(false)},
	    {AT(9, 0, 7), LINK(1, 2)},
	};

	(void)state;
	assert_int_equal(
	    decode(LWM2M_OBJECT(9),
		"[{\"bn\":\"/9/0/\",\"n\":\"0\",\"v\":-1},"
		"{\"n\":\"1\",\"v\":9223372036854775808},"
		"{\"n\":\"2\",\"v\":3.0},{\"n\":\"3\",\"v\":1e21},"
		"{\"n\":\"4\",\"vs\":\"x\"},{\"n\":\"5\",\"vd\":\"eA\"},"
		"{\"n\":\"6\",\"vb\":false},{\"n\":\"7\",\"vlo\":\"1:2\"}]"),
	    RC_OK);
	assert_entries("unknown", got, count, wanted, COUNT(wanted));
	/* A whole number that would have to be rounded. */
	assert_int_equal(decode(LWM2M_OBJECT(9),
			     "[{\"n\":\"/9/0/0\",\"v\":18446744073709551617}]"),
	    RC_MALFORMED);
}

static void
test_what_is_malformed(void **state)
{
	/* Under /1/0; "B" and "N" of the cases: {bn "/1/0/", n "1", ...} */
	static const struct {
		const char *why, *text;
	} cases[] = {
#undef B
#undef N
#define B "\"bn\":\"/1/0/\","
#define N "\"n\":\"1\","
	    {"nothing", ""},
	    {"no array", "{" B N "\"v\":60}"},
	    {"a byte order mark", "\xef\xbb\xbf[]"},
	    {"an open array", "[{" B N "\"v\":60}"},
	    {"an open record", "[{" B N "\"v\":60"},
	    {"something behind", "[{" B N "\"v\":60}]x"},
	    {"two arrays", "[][]"},
	    {"a comma behind", "[{" B N "\"v\":60},]"},
	    {"no comma between", "[{" B N "\"v\":60}{\"n\":\"0\",\"v\":1}]"},
	    {"a record that is an array", "[[]]"},
	    {"a record that is null", "[null]"},
	    {"an empty record", "[{}]"},
	    {"no value", "[{" B "\"n\":\"1\"}]"},
	    {"no name", "[{\"v\":60}]"},
	    {"two values", "[{" B N "\"v\":60,\"v\":60}]"},
	    {"two values of two kinds", "[{" B N "\"v\":60,\"vs\":\"U\"}]"},
	    {"two names", "[{" B N N "\"v\":60}]"},
	    {"two names, one escaped", "[{" B N "\"\\u006e\":\"1\",\"v\":60}]"},
	    {"two base names", "[{" B B N "\"v\":60}]"},
	    {"two units", "[{" B N "\"u\":\"s\",\"u\":\"s\",\"v\":60}]"},
	    {"another object", "[{\"n\":\"/2/0/1\",\"v\":0}]"},
	    {"another instance", "[{\"n\":\"/1/1/1\",\"v\":60}]"},
	    {"an instance's name", "[{\"n\":\"/1/0\",\"v\":60}]"},
	    {"a relative name", "[{\"n\":\"1\",\"v\":60}]"},
	    {"a slash behind", "[{" B "\"n\":\"1/\",\"v\":60}]"},
	    {"a name that is a number", "[{" B "\"n\":1,\"v\":60}]"},
	    {"a name with a NUL", "[{" B "\"n\":\"1\\u0000\",\"v\":60}]"},
	    {"a name too long",
		"[{" B "\"n\":\"1111111111111111111111111111\",\"v\":60}]"},
	    {"twice the same", "[{" B N "\"v\":60},{" N "\"v\":60}]"},
	    {"twice, by other names",
		"[{" B N "\"v\":60},{\"bn\":\"\",\"n\":\"/1/0/1\",\"v\":60}]"},
	    {"a value and one below it",
		"[{" B N "\"v\":60},{\"n\":\"1/0\",\"v\":60}]"},
	    {"half a second", "[{" B N "\"v\":0.5}]"},
	    {"not a number", "[{" B N "\"v\":NaN}]"},
	    {"infinity", "[{" B N "\"v\":Infinity}]"},
	    {"too large for any double", "[{" B N "\"v\":1e309}]"},
	    {"above 63 bits", "[{" B N "\"v\":9223372036854775808}]"},
	    {"below 63 bits", "[{" B N "\"v\":-9223372036854775809}]"},
	    {"above 63 bits, with a point",
		"[{" B N "\"v\":9223372036854775808.0}]"},
	    {"a leading zero", "[{" B N "\"v\":060}]"},
	    {"a plus", "[{" B N "\"v\":+60}]"},
	    {"a number in quotes", "[{" B N "\"v\":\"60\"}]"},
	    {"null", "[{" B N "\"v\":null}]"},
	    {"text for a number", "[{" B N "\"vs\":\"60\"}]"},
	    {"a number under vs", "[{" B "\"n\":\"7\",\"vs\":0}]"},
	    {"bytes for text", "[{" B "\"n\":\"7\",\"vd\":\"VQ\"}]"},
	    {"text that is not UTF-8", "[{" B "\"n\":\"7\",\"vs\":\"\xff\"}]"},
	    {"half a surrogate pair",
		"[{" B "\"n\":\"7\",\"vs\":\"\\ud83d\"}]"},
	    {"a NUL in text", "[{" B "\"n\":\"7\",\"vs\":\"\\u0000\"}]"},
	    {"a line break in text", "[{" B "\"n\":\"7\",\"vs\":\"\n\"}]"},
	    {"a number for a boolean", "[{" B "\"n\":\"6\",\"v\":0}]"},
	    {"a number under vb", "[{" B "\"n\":\"6\",\"vb\":0}]"},
	    {"a text under vb", "[{" B "\"n\":\"6\",\"vb\":\"true\"}]"},
	    {"a negative unsigned", "[{" B "\"n\":\"17\",\"v\":-1}]"},
	    {"a link that is none", "[{" B "\"n\":\"10\",\"vlo\":\"1\"}]"},
	    {"a link of a number", "[{" B "\"n\":\"10\",\"vlo\":1}]"},
	    {"a link as text", "[{" B "\"n\":\"10\",\"vs\":\"11:0\"}]"},
	    {"an executable", "[{" B "\"n\":\"4\",\"v\":0}]"},
	    {"a base value", "[{" B N "\"v\":60,\"bv\":1}]"},
	    {"a later version", "[{\"bver\":11," B N "\"v\":60}]"},
	    {"a version of text", "[{\"bver\":\"10\"," B N "\"v\":60}]"},
	    {"a version below 0", "[{\"bver\":-1," B N "\"v\":60}]"},
	    {"a label to be understood", "[{" B N "\"v\":60,\"x_\":0}]"},
	    {"too deep inside an unknown field",
		"[{" B N "\"v\":60,\"x\":[[[[[]]]]]}]"},
	    {"an unknown field without end", "[{" B N "\"v\":60,\"x\":["},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum rc rc = decode(LWM2M_INSTANCE(1, 0), cases[i].text);

		if (rc != RC_MALFORMED)
			fail_msg("%s: %s", cases[i].why, rc_name(rc));
		assert_int_equal(count, 0);
	}
}

static void
test_what_is_no_base64(void **state)
{
	static const char *const bad[] = {"A", "AA=", "AA===", "=", "AB",
	    "A-A+", "AAAA=", "AA\\nAA", "AA AA", "\xc3\xa4"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct writer w;

		writer_init(&w, text, sizeof(text));
		writer_fmt(&w, "[{\"n\":\"/0/1/5\",\"vd\":\"%s\"}]", bad[i]);
		writer_be(&w, 0, 1);
		if (decode(LWM2M_INSTANCE(0, 1), text) != RC_MALFORMED)
			fail_msg("%s: was taken", bad[i]);
	}
}

static void
test_no_more_scratch_than_there_is(void **state)
{
	struct span payload =
	    SPAN_LIT("[{\"n\":\"/0/1/5\",\"vd\":\"AAECAwQFBgcICQ\"},"
		     "{\"n\":\"/0/1/14\",\"vs\":\"a\\tb\"}]");
	struct writer w;

	(void)state;
	for (size_t cap = 0; cap < 13; cap++) {
		writer_init(&w, scratch, cap);
		assert_int_equal(senml_json_decode(LWM2M_INSTANCE(0, 1),
				     payload, &w, got, COUNT(got), &count),
		    RC_TOO_LARGE);
		assert_int_equal(count, 0);
	}
	writer_init(&w, scratch, 13);
	assert_int_equal(senml_json_decode(LWM2M_INSTANCE(0, 1), payload, &w,
			     got, COUNT(got), &count),
	    RC_OK);
}

/* What JSON has no words for; and control characters, which it must escape. */
static void
test_what_is_written_of_odd_values(void **state)
{
	static const struct lwm2m_entry odd = {
	    AT(0, 1, 14), TEXT("\x01\"\\\n\x7f\xe2\x80\xae")};
	struct lwm2m_entry real = {AT(9, 0, 0), REAL(20.48)};
	uint8_t buf[128];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(
	    senml_json_encode(LWM2M_INSTANCE(0, 1), &odd, 1, &w), RC_OK);
	assert_bytes("escapes", writer_span(&w),
	    SPAN_LIT("[{\"bn\":\"/0/1/\",\"n\":\"14\","
		     "\"vs\":\"\\u0001\\\"\\\\\\n\\u007f\\u202e\"}]"));
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(
	    senml_json_encode(LWM2M_OBJECT(9), &real, 1, &w), RC_OK);
	assert_bytes("float", writer_span(&w),
	    SPAN_LIT("[{\"bn\":\"/9/\",\"n\":\"0/0\",\"v\":20.48}]"));
	real.value.real = (double)NAN;
	assert_int_equal(
	    senml_json_encode(LWM2M_OBJECT(9), &real, 1, &w), RC_MALFORMED);
	real.value.real = (double)-INFINITY;
	assert_int_equal(
	    senml_json_encode(LWM2M_OBJECT(9), &real, 1, &w), RC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms_of_one_record),
	    cmocka_unit_test(test_the_base_name_sticks_until_the_next),
	    cmocka_unit_test(test_values_of_every_kind),
	    cmocka_unit_test(test_what_the_tables_do_not_know),
	    cmocka_unit_test(test_what_is_malformed),
	    cmocka_unit_test(test_what_is_no_base64),
	    cmocka_unit_test(test_no_more_scratch_than_there_is),
	    cmocka_unit_test(test_what_is_written_of_odd_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
