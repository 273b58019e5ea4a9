#include "vectors.h"

static void
test_values_differ_in_type_or_content(void **state)
{
	static const struct lwm2m_value values[] = {
	    {.type = LWM2M_NONE},
	    INTEGER(1),
	    INTEGER(-1),
	    UNSIGNED(1),
	    UNSIGNED(UINT64_MAX),
	    BOOLEAN(true),
	    BOOLEAN(false),
	    {.type = LWM2M_TIME, .integer = 1},
	    {.type = LWM2M_FLOAT, .real = 1.0},
	    {.type = LWM2M_FLOAT, .real = 1.5},
	    LINK(0, 1),
	    LINK(1, 0),
	    LINK(65535, 65535),
	    TEXT(""),
	    TEXT("1"),
	    TEXT("2"),
	    TEXT("1\0"),
	    BYTES(""),
	    BYTES("1"),
	    {.type = LWM2M_CORELNK, .bytes = {(const uint8_t *)"1", 1}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		for (size_t j = 0; j < COUNT(values); j++)
			assert_int_equal(
			    value_equal(&values[i], &values[j]), i == j);
	}
}

static void
test_bytes_are_compared_not_addresses(void **state)
{
	uint8_t one[] = "device-0001";
	uint8_t two[] = "device-0001";
	struct lwm2m_value a = LWM2M_VALUE_OPAQUE(span_of(one, 11));
	struct lwm2m_value b = LWM2M_VALUE_OPAQUE(span_of(two, 11));
	struct lwm2m_value empty = LWM2M_VALUE_OPAQUE(span_of(one, 0));
	struct lwm2m_value absent = LWM2M_VALUE_OPAQUE(span_of(NULL, 0));

	(void)state;
	assert_true(value_equal(&a, &b));
	two[10] = '2';
	assert_false(value_equal(&a, &b));
	assert_true(value_equal(&empty, &absent));
}

static void
test_numbers_and_links_as_text(void **state)
{
	static const struct {
		struct lwm2m_value value;
		const char *text;
	} cases[] = {
	    {INTEGER(0), "0"},
	    {INTEGER(INT64_MIN), "-9223372036854775808"},
	    {INTEGER(INT64_MAX), "9223372036854775807"},
	    {TIME(-1), "-1"},
	    {UNSIGNED(UINT64_MAX), "18446744073709551615"},
	    {LINK(66, 0), "66:0"},
	    {LINK(65535, 65535), "65535:65535"},
	    {TEXT("a"), ""},
	    {BOOLEAN(true), ""},
	};
	char buf[VALUE_PRINT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		value_print(&w, &cases[i].value);
		assert_false(w.full);
		assert_bytes("text", writer_span(&w), span_str(cases[i].text));
	}
}

static void
test_every_type_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int a = LWM2M_NONE; a <= LWM2M_CORELNK; a++) {
		const char *name = lwm2m_type_name((enum lwm2m_type)a);

		assert_string_not_equal(name, "unknown");
		for (int b = LWM2M_NONE; b < a; b++)
			assert_string_not_equal(
			    name, lwm2m_type_name((enum lwm2m_type)b));
	}
	assert_string_equal(lwm2m_type_name((enum lwm2m_type)99), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values_differ_in_type_or_content),
	    cmocka_unit_test(test_bytes_are_compared_not_addresses),
	    cmocka_unit_test(test_numbers_and_links_as_text),
	    cmocka_unit_test(test_every_type_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
