#include "lwm2m/typed.h"
#include "vectors.h"

#include <math.h>

#define LIFETIME LWM2M_RESOURCE(1, 0, 1)
#define RETRY_COUNT LWM2M_RESOURCE(1, 0, 17)
#define BOOTSTRAPPED LWM2M_RESOURCE(1, 0, 12)
#define BINDING LWM2M_RESOURCE(1, 0, 7)
#define KEY LWM2M_RESOURCE(0, 1, 5)
#define STORING LWM2M_RESOURCE(1, 0, 6)
#define APN LWM2M_RESOURCE(1, 0, 10)
#define DISABLE LWM2M_RESOURCE(1, 0, 4)
#define UNKNOWN LWM2M_RESOURCE(9999, 0, 0)

static struct lwm2m_value v;

static void
test_whole_numbers_become_what_the_table_says(void **state)
{
	(void)state;
	assert_int_equal(typed_integer(LIFETIME, false, 60, &v), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_INTEGER(60)));
	assert_int_equal(typed_integer(LIFETIME, true, 0, &v), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_INTEGER(-1)));
	assert_int_equal(typed_integer(LIFETIME, true, INT64_MAX, &v), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_INTEGER(INT64_MIN)));
	assert_int_equal(
	    typed_integer(RETRY_COUNT, false, UINT64_MAX, &v), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_UNSIGNED(UINT64_MAX)));
	assert_int_equal(typed_integer(BOOTSTRAPPED, false, 7, &v), RC_OK);
	assert_int_equal(v.type, LWM2M_TIME);
	assert_int_equal(v.integer, 7);
	assert_int_equal(typed_integer(UNKNOWN, true, 4, &v), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_INTEGER(-5)));
	assert_int_equal(typed_integer(UNKNOWN, false, UINT64_MAX, &v), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_UNSIGNED(UINT64_MAX)));
}

static void
test_whole_numbers_that_do_not_fit(void **state)
{
	const uint64_t above = (uint64_t)INT64_MAX + 1;

	(void)state;
	assert_int_equal(
	    typed_integer(LIFETIME, false, above, &v), RC_MALFORMED);
	assert_int_equal(
	    typed_integer(LIFETIME, true, above, &v), RC_MALFORMED);
	assert_int_equal(typed_integer(RETRY_COUNT, true, 0, &v), RC_MALFORMED);
	assert_int_equal(typed_integer(UNKNOWN, true, above, &v), RC_MALFORMED);
	assert_int_equal(typed_integer(STORING, false, 1, &v), RC_MALFORMED);
	assert_int_equal(typed_integer(KEY, false, 1, &v), RC_MALFORMED);
	assert_int_equal(typed_integer(DISABLE, false, 1, &v), RC_MALFORMED);
}

static void
test_a_float_for_an_integer_must_be_whole(void **state)
{
	static const double bad[] = {
	    0.5, -0.25, 0x1p63, -0x1.0000000000001p63, 1e300};

	(void)state;
	assert_int_equal(typed_real(LIFETIME, 86400.0, &v), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_INTEGER(86400)));
	assert_int_equal(typed_real(LIFETIME, -0x1p63, &v), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_INTEGER(INT64_MIN)));
	assert_int_equal(typed_real(RETRY_COUNT, 0x1p63, &v), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_UNSIGNED((uint64_t)1 << 63)));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(
		    typed_real(LIFETIME, bad[i], &v), RC_MALFORMED);
	assert_int_equal(typed_real(RETRY_COUNT, 0x1p64, &v), RC_MALFORMED);
	assert_int_equal(typed_real(RETRY_COUNT, -1.0, &v), RC_MALFORMED);
	assert_int_equal(typed_real(LIFETIME, (double)NAN, &v), RC_MALFORMED);
	assert_int_equal(
	    typed_real(RETRY_COUNT, (double)INFINITY, &v), RC_MALFORMED);
	assert_int_equal(typed_real(BINDING, 1.0, &v), RC_MALFORMED);
	assert_int_equal(typed_real(UNKNOWN, 1.0, &v), RC_OK);
	assert_int_equal(v.type, LWM2M_FLOAT);
}

static void
test_text_bytes_and_booleans_keep_to_the_table(void **state)
{
	struct span s = SPAN_LIT("U");

	(void)state;
	assert_int_equal(typed_text(BINDING, s, &v), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_STRING(s)));
	assert_int_equal(typed_text(UNKNOWN, s, &v), RC_OK);
	assert_int_equal(v.type, LWM2M_STRING);
	assert_int_equal(typed_text(KEY, s, &v), RC_MALFORMED);
	assert_int_equal(typed_text(LIFETIME, s, &v), RC_MALFORMED);

	assert_int_equal(typed_bytes(KEY, s, &v), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_OPAQUE(s)));
	assert_int_equal(typed_bytes(UNKNOWN, s, &v), RC_OK);
	assert_int_equal(typed_bytes(BINDING, s, &v), RC_MALFORMED);

	assert_int_equal(typed_boolean(STORING, true, &v), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_BOOLEAN(true)));
	assert_int_equal(typed_boolean(UNKNOWN, true, &v), RC_OK);
	assert_int_equal(typed_boolean(LIFETIME, true, &v), RC_MALFORMED);
}

static enum rc
number_at(struct lwm2m_path path, const char *text)
{
	struct lwm2m_number n;

	assert_int_equal(number_parse(span_str(text), &n), RC_OK);
	return typed_number(path, &n, &v);
}

static void
test_numbers_that_were_text(void **state)
{
	(void)state;
	assert_int_equal(number_at(LIFETIME, "86400"), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_INTEGER(86400)));
	assert_int_equal(number_at(LIFETIME, "-0"), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_INTEGER(0)));
	assert_int_equal(number_at(LIFETIME, "-9223372036854775808.0"), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_INTEGER(INT64_MIN)));
	assert_int_equal(number_at(LIFETIME, "9007199254740993e0"), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_INTEGER(9007199254740993)));
	assert_int_equal(number_at(RETRY_COUNT, "18446744073709551615"), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_UNSIGNED(UINT64_MAX)));
	assert_int_equal(number_at(BOOTSTRAPPED, "7"), RC_OK);
	assert_int_equal(v.type, LWM2M_TIME);
	/* What the tables do not know goes by how it is written. */
	assert_int_equal(number_at(UNKNOWN, "3"), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_INTEGER(3)));
	assert_int_equal(number_at(UNKNOWN, "3.0"), RC_OK);
	assert_int_equal(v.type, LWM2M_FLOAT);
	assert_int_equal(number_at(UNKNOWN, "18446744073709551615"), RC_OK);
	assert_int_equal(v.type, LWM2M_UNSIGNED);
	assert_int_equal(
	    number_at(UNKNOWN, "18446744073709551616"), RC_MALFORMED);
	assert_int_equal(number_at(LIFETIME, "0.5"), RC_MALFORMED);
	assert_int_equal(
	    number_at(LIFETIME, "9223372036854775808"), RC_MALFORMED);
	assert_int_equal(number_at(RETRY_COUNT, "-1"), RC_MALFORMED);
	assert_int_equal(number_at(RETRY_COUNT, "1e20"), RC_MALFORMED);
	assert_int_equal(number_at(BINDING, "1"), RC_MALFORMED);
	assert_int_equal(number_at(BINDING, "1.5"), RC_MALFORMED);
	assert_int_equal(number_at(DISABLE, "1"), RC_MALFORMED);
}

static void
test_times(void **state)
{
	(void)state;
	assert_int_equal(typed_time(BOOTSTRAPPED, -1, &v), RC_OK);
	assert_int_equal(v.type, LWM2M_TIME);
	assert_int_equal(v.integer, -1);
	assert_int_equal(typed_time(UNKNOWN, 1, &v), RC_OK);
	assert_int_equal(v.type, LWM2M_TIME);
	assert_int_equal(typed_time(LIFETIME, 1, &v), RC_MALFORMED);
}

static void
test_base64(void **state)
{
	uint8_t room[4];
	struct writer w;

	(void)state;
	writer_init(&w, room, sizeof(room));
	assert_int_equal(typed_base64(KEY, SPAN_LIT("-_8"), &w, &v), RC_OK);
	assert_true(value_equal(&v, &LWM2M_VALUE_OPAQUE(SPAN_LIT("\xfb\xff"))));
	assert_int_equal(w.len, 2);
	assert_int_equal(typed_base64(KEY, SPAN_LIT("+/8="), &w, &v), RC_OK);
	assert_int_equal(
	    typed_base64(KEY, SPAN_LIT("AA"), &w, &v), RC_TOO_LARGE);
	writer_init(&w, room, sizeof(room));
	assert_int_equal(
	    typed_base64(KEY, SPAN_LIT("A"), &w, &v), RC_MALFORMED);
	assert_int_equal(
	    typed_base64(BINDING, SPAN_LIT("AA"), &w, &v), RC_MALFORMED);
}

static void
test_text_is_utf8(void **state)
{
	static const char *const bad[] = {
	    "\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(
		    typed_text(BINDING, span_str(bad[i]), &v), RC_MALFORMED);
		assert_int_equal(
		    typed_text(UNKNOWN, span_str(bad[i]), &v), RC_MALFORMED);
	}
	assert_int_equal(
	    typed_text(BINDING, span_of("U\0", 2), &v), RC_MALFORMED);
}

/* Object 21 before version 2.0 had String where Opaque is now. */
static void
test_oscore_of_either_version(void **state)
{
	struct span s = SPAN_LIT("id");

	(void)state;
	assert_int_equal(typed_text(LWM2M_RESOURCE(21, 0, 1), s, &v), RC_OK);
	assert_int_equal(v.type, LWM2M_STRING);
	assert_int_equal(typed_bytes(LWM2M_RESOURCE(21, 0, 1), s, &v), RC_OK);
	assert_int_equal(v.type, LWM2M_OPAQUE);
	assert_int_equal(
	    typed_text(LWM2M_RESOURCE(21, 0, 3), s, &v), RC_MALFORMED);
}

static void
test_links(void **state)
{
	static const char *const bad[] = {"", ":", "1", "1:", ":1", "1:2:3",
	    "01:0", "65536:0", "0:65536", "-1:0", "1 :0", "a:b"};

	(void)state;
	assert_int_equal(typed_link(APN, SPAN_LIT("11:0"), &v), RC_OK);
	assert_int_equal(v.link.object, 11);
	assert_int_equal(v.link.instance, 0);
	assert_int_equal(typed_link(APN, SPAN_LIT("65535:65535"), &v), RC_OK);
	assert_int_equal(v.link.object, 65535);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(
		    typed_link(APN, span_str(bad[i]), &v), RC_MALFORMED);
	assert_int_equal(
	    typed_link(BINDING, SPAN_LIT("11:0"), &v), RC_MALFORMED);
	assert_int_equal(typed_link(UNKNOWN, SPAN_LIT("11:0"), &v), RC_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole_numbers_become_what_the_table_says),
	    cmocka_unit_test(test_whole_numbers_that_do_not_fit),
	    cmocka_unit_test(test_a_float_for_an_integer_must_be_whole),
	    cmocka_unit_test(test_text_bytes_and_booleans_keep_to_the_table),
	    cmocka_unit_test(test_numbers_that_were_text),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_base64),
	    cmocka_unit_test(test_text_is_utf8),
	    cmocka_unit_test(test_oscore_of_either_version),
	    cmocka_unit_test(test_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
