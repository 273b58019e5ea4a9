#include "base/text.h"
#include "lwm2m/json_record.h"
#include "vectors.h"

/* A dialect of its own: what a record is does not hang on the labels. */
static const struct json_label labels[] = {
    {"base", JSON_BASE_NAME},
    {"name", JSON_NAME},
    {"number", JSON_VALUE_NUMBER},
    {"text", JSON_VALUE_TEXT},
    {"flag", JSON_VALUE_BOOLEAN},
    {"data", JSON_VALUE_DATA},
    {"link", JSON_VALUE_LINK},
    {"version", JSON_VERSION},
    {"no", JSON_REFUSED},
    {"any", JSON_IGNORED},
    {NULL, JSON_IGNORED},
};

static const struct json_dialect dialect = {
    .labels = labels,
    .text = "text",
    .boolean = "flag",
    .data = "data",
    .link = "link",
    .base64 = text_base64,
};

static struct json_record record;
static uint8_t room[256];
static struct writer scratch;

static enum rc
read_as(const struct json_dialect *d, const char *text)
{
	struct json_item object;
	struct reader r;

	reader_init(&r, span_str(text));
	writer_init(&scratch, room, sizeof(room));
	assert_int_equal(json_next(&r, &object), RC_OK);
	return json_record_read(&r, &object, d, &scratch, &record);
}

static void
expect_written(struct lwm2m_value v, const char *text)
{
	char buf[128];
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(
	    json_record_put(&w, &dialect, SPAN_LIT("/9/"), SPAN_LIT("0/1"), &v),
	    RC_OK);
	assert_bytes(text, writer_span(&w), span_str(text));
}

static void
test_records_are_written(void **state)
{
	char buf[128];
	struct lwm2m_value v = INTEGER(1);
	struct writer w;

	(void)state;
#define HEAD "{\"bn\":\"/9/\",\"n\":\"0/1\","
	expect_written((struct lwm2m_value)INTEGER(-1), HEAD "\"v\":-1}");
	expect_written((struct lwm2m_value)TIME(7), HEAD "\"v\":7}");
	expect_written((struct lwm2m_value)UNSIGNED(UINT64_MAX),
	    HEAD "\"v\":18446744073709551615}");
	expect_written((struct lwm2m_value)REAL(2.0), HEAD "\"v\":2.0}");
	expect_written((struct lwm2m_value)TEXT("a"), HEAD "\"text\":\"a\"}");
	expect_written(
	    (struct lwm2m_value)CORELNK("</3>"), HEAD "\"text\":\"</3>\"}");
	expect_written(
	    (struct lwm2m_value)BOOLEAN(true), HEAD "\"flag\":true}");
	expect_written(
	    (struct lwm2m_value)BYTES("\xff"), HEAD "\"data\":\"/w==\"}");
	expect_written(
	    (struct lwm2m_value)LINK(1, 2), HEAD "\"link\":\"1:2\"}");
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(json_record_put(&w, &dialect, span_of(NULL, 0),
			     span_of(NULL, 0), &v),
	    RC_OK);
	assert_bytes("no names", writer_span(&w), SPAN_LIT("{\"v\":1}"));
}

static void
test_records_are_read(void **state)
{
	struct lwm2m_value v;

	(void)state;
	assert_int_equal(
	    read_as(&dialect,
		"{\"any\":[1],\"version\":10,\"text\":\"\\u0061\","
		"\"other\\u005f\":0,\"name\":\"1\",\"base\":\"/9/0/\"}"),
	    RC_OK);
	assert_true(record.has_base && record.has_value);
	assert_bytes("base", record.base, SPAN_LIT("/9/0/"));
	assert_bytes("name", record.name, SPAN_LIT("1"));
	assert_int_equal(json_record_value(&record, &dialect,
			     LWM2M_RESOURCE(9, 0, 1), &scratch, &v),
	    RC_OK);
	assert_bytes("text", v.bytes, SPAN_LIT("a"));
	/* Only the text took room, no label did. */
	assert_int_equal(scratch.len, 1);
	assert_int_equal(read_as(&dialect, "{}"), RC_OK);
	assert_false(record.has_base || record.has_value);
	assert_int_equal(json_record_value(&record, &dialect,
			     LWM2M_RESOURCE(9, 0, 1), &scratch, &v),
	    RC_MALFORMED);
}

static void
test_what_is_refused(void **state)
{
	static const char *const bad[] = {
	    "{\"name\":\"\",\"name\":\"\"}",
	    "{\"any\":1,\"any\":1}",
	    "{\"text\":\"\",\"data\":\"\"}",
	    "{\"no\":1}",
	    "{\"version\":11}",
	    "{\"version\":1.5}",
	    "{\"base\":null}",
	    "{\"\\ud800\":1}",
	    "[]",
	    "1",
	};
	struct json_dialect strict = dialect;

	(void)state;
	strict.must_understand = true;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (read_as(&dialect, bad[i]) != RC_MALFORMED)
			fail_msg("%s: was taken", bad[i]);
	}
	assert_int_equal(read_as(&dialect, "{\"other_\":1}"), RC_OK);
	assert_int_equal(read_as(&strict, "{\"other_\":1}"), RC_MALFORMED);
	assert_int_equal(read_as(&strict, "{\"othe\\u005f\":1}"), RC_MALFORMED);
	assert_int_equal(read_as(&strict, "{\"_other\":1}"), RC_OK);
}

static void
test_text_that_is_data(void **state)
{
	struct json_dialect loose = dialect;
	struct lwm2m_path key = LWM2M_RESOURCE(0, 1, 5);
	struct lwm2m_value v;

	(void)state;
	loose.text_is_data = true;
	assert_int_equal(read_as(&dialect, "{\"text\":\"AAE=\"}"), RC_OK);
	assert_int_equal(
	    json_record_value(&record, &dialect, key, &scratch, &v),
	    RC_MALFORMED);
	assert_int_equal(
	    json_record_value(&record, &loose, key, &scratch, &v), RC_OK);
	assert_bytes("key", v.bytes, SPAN_LIT("\0\1"));
	assert_int_equal(json_record_value(&record, &loose,
			     LWM2M_RESOURCE(9, 0, 0), &scratch, &v),
	    RC_OK);
	assert_int_equal(v.type, LWM2M_STRING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_records_are_written),
	    cmocka_unit_test(test_records_are_read),
	    cmocka_unit_test(test_what_is_refused),
	    cmocka_unit_test(test_text_that_is_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
