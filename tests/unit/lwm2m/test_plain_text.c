#include "lwm2m/plain_text.h"
#include "vectors.h"

#include <math.h>

static struct lwm2m_entry got[1];
static size_t count;
static uint8_t scratch[64];

static enum rc
decode(struct lwm2m_path base, struct span text)
{
	struct writer w;

	writer_init(&w, scratch, sizeof(scratch));
	return plain_text_decode(base, text, &w, got, COUNT(got), &count);
}

/* encodings.md section 3, column of text. */
static void
test_values_both_ways(void **state)
{
	static const struct {
		struct lwm2m_entry entry;
		const char *text;
	} cases[] = {
	    {{AT(1, 0, 1), INTEGER(86400)}, "86400"},
	    {{AT(1, 0, 1), INTEGER(0)}, "0"},
	    {{AT(1, 0, 1), INTEGER(-1)}, "-1"},
	    {{AT(1, 0, 1), INTEGER(INT64_MAX)}, "9223372036854775807"},
	    {{AT(1, 0, 1), INTEGER(INT64_MIN)}, "-9223372036854775808"},
	    {{AT(1, 0, 17), UNSIGNED(UINT64_MAX)}, "18446744073709551615"},
	    {{AT(1, 0, 12), TIME(1700000000)}, "1700000000"},
	    {{AT(0, 1, 1), BOOLEAN(false)}, "0"},
	    {{AT(0, 1, 1), BOOLEAN(true)}, "1"},
	    {{AT(1, 0, 7), TEXT("U")}, "U"},
	    {{AT(1, 0, 7), TEXT("")}, ""},
	    {{AT(3, 0, 15), TEXT("Z\xc3\xbcrich \"\\\n")},
		"Z\xc3\xbcrich \"\\\n"},
	    {{AT(0, 1, 5), BYTES("\xfb\xff")}, "+/8="},
	    {{AT(0, 1, 5), BYTES("")}, ""},
	    {{AT(0, 1, 17), LINK(66, 0)}, "66:0"},
	    {{AT(0, 1, 17), LINK(65535, 65535)}, "65535:65535"},
	    {{AT4(2, 0, 2, 101), INTEGER(15)}, "15"},
	    {{AT(9, 0, 0), TEXT("86400")}, "86400"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lwm2m_path path = cases[i].entry.path;
		uint8_t buf[64];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		assert_int_equal(
		    plain_text_encode(path, &cases[i].entry, 1, &w), RC_OK);
		assert_bytes(
		    cases[i].text, writer_span(&w), span_str(cases[i].text));
		assert_int_equal(decode(path, span_str(cases[i].text)), RC_OK);
		assert_entries(cases[i].text, got, count, &cases[i].entry, 1);
	}
}

static void
test_what_others_write(void **state)
{
	static const struct {
		struct lwm2m_entry wanted;
		const char *text;
	} cases[] = {
	    {{AT(1, 0, 1), INTEGER(86400)}, "86400.0"},
	    {{AT(1, 0, 1), INTEGER(86400)}, "8.64e+04"},
	    {{AT(0, 1, 5), BYTES("\xfb\xff")}, "-_8"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(
		    decode(cases[i].wanted.path, span_str(cases[i].text)),
		    RC_OK);
		assert_entries(cases[i].text, got, count, &cases[i].wanted, 1);
	}
}

/* LwM2M Core Appendix C: no exponents. */
static void
test_floats_are_written_out(void **state)
{
	static const struct {
		double real;
		const char *text;
	} cases[] = {
	    {20.48, "20.48"},
	    {1e22, "10000000000000000000000.0"},
	    {-1.5e-9, "-0.0000000015"},
	};
	struct lwm2m_entry e = {AT(9, 0, 0), REAL(0)};
	uint8_t buf[64];
	struct writer w;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		writer_init(&w, buf, sizeof(buf));
		e.value.real = cases[i].real;
		assert_int_equal(plain_text_encode(e.path, &e, 1, &w), RC_OK);
		assert_bytes(
		    cases[i].text, writer_span(&w), span_str(cases[i].text));
	}
	e.value.real = (double)NAN;
	assert_int_equal(plain_text_encode(e.path, &e, 1, &w), RC_MALFORMED);
	e.value.real = (double)INFINITY;
	assert_int_equal(plain_text_encode(e.path, &e, 1, &w), RC_MALFORMED);
}

static void
test_what_is_malformed(void **state)
{
	static const struct {
		struct lwm2m_path path;
		const char *text;
	} cases[] = {
	    {AT(1, 0, 1), ""},
	    {AT(1, 0, 1), " 1"},
	    {AT(1, 0, 1), "1 "},
	    {AT(1, 0, 1), "1\n"},
	    {AT(1, 0, 1), "+1"},
	    {AT(1, 0, 1), "01"},
	    {AT(1, 0, 1), "0x10"},
	    {AT(1, 0, 1), "1.5"},
	    {AT(1, 0, 1), "9223372036854775808"},
	    {AT(1, 0, 1), "one"},
	    {AT(1, 0, 17), "-1"},
	    {AT(1, 0, 17), "18446744073709551616"},
	    {AT(1, 0, 12), "2023-11-14T22:13:20Z"},
	    {AT(0, 1, 1), ""},
	    {AT(0, 1, 1), "2"},
	    {AT(0, 1, 1), "true"},
	    {AT(0, 1, 1), "00"},
	    {AT(1, 0, 7), "\xff"},
	    {AT(0, 1, 5), "A"},
	    {AT(0, 1, 5), "not base64"},
	    {AT(0, 1, 17), "66"},
	    {AT(0, 1, 17), "66:"},
	    {AT(0, 1, 17), "66:65536"},
	    {AT(1, 0, 4), ""},
	    {AT(1, 0, 4), "0"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (decode(cases[i].path, span_str(cases[i].text)) !=
		    RC_MALFORMED)
			fail_msg("%zu: %s: was taken", i, cases[i].text);
		assert_int_equal(count, 0);
	}
	assert_int_equal(
	    decode(LWM2M_RESOURCE(1, 0, 7), span_of("U\0", 2)), RC_MALFORMED);
}

static void
test_too_little_room(void **state)
{
	static const struct lwm2m_entry key = {AT(0, 1, 5), BYTES("\xfb\xff")};
	uint8_t buf[8];
	struct writer w;

	(void)state;
	for (size_t cap = 0; cap < 4; cap++) {
		writer_init(&w, buf, cap);
		assert_int_equal(
		    plain_text_encode(key.path, &key, 1, &w), RC_TOO_LARGE);
	}
	writer_init(&w, buf, 1);
	assert_int_equal(
	    plain_text_decode(key.path, SPAN_LIT("+/8="), &w, got, 1, &count),
	    RC_TOO_LARGE);
	writer_init(&w, buf, 2);
	assert_int_equal(
	    plain_text_decode(key.path, SPAN_LIT("+/8="), &w, got, 0, &count),
	    RC_TOO_LARGE);
	assert_int_equal(count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values_both_ways),
	    cmocka_unit_test(test_what_others_write),
	    cmocka_unit_test(test_floats_are_written_out),
	    cmocka_unit_test(test_what_is_malformed),
	    cmocka_unit_test(test_too_little_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
