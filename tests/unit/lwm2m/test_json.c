#include "lwm2m/json.h"
#include "vectors.h"

static struct reader r;
static struct json_item item;

static enum rc
next(const char *text)
{
	reader_init(&r, span_str(text));
	return json_next(&r, &item);
}

static void
test_values(void **state)
{
	(void)state;
	assert_int_equal(next(" \t\r\n\"a\" "), RC_OK);
	assert_int_equal(item.kind, JSON_STRING);
	assert_bytes("text", item.text, SPAN_LIT("a"));
	assert_false(item.escaped);
	assert_true(json_ended(&r));
	assert_int_equal(next("\"\""), RC_OK);
	assert_int_equal(item.text.len, 0);
	assert_int_equal(next("-12.5e1]"), RC_OK);
	assert_int_equal(item.kind, JSON_NUMBER);
	assert_true(item.number.negative && item.number.magnitude == 125);
	assert_false(json_ended(&r));
	assert_int_equal(next("true"), RC_OK);
	assert_true(item.kind == JSON_BOOL && item.boolean);
	assert_int_equal(next("false"), RC_OK);
	assert_true(item.kind == JSON_BOOL && !item.boolean);
	assert_int_equal(next("null"), RC_OK);
	assert_int_equal(item.kind, JSON_NULL);
	assert_int_equal(next("[1]"), RC_OK);
	assert_int_equal(item.kind, JSON_ARRAY);
	assert_int_equal(next("{}"), RC_OK);
	assert_int_equal(item.kind, JSON_OBJECT);
}

static void
test_what_is_no_value(void **state)
{
	static const char *const bad[] = {"", " ", ",", "]", "}", ":", "tru",
	    "True", "nul", "fals", "'a'", "\"", "\"a", "\"\\\"", "\"\\",
	    "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\U0041\"", "\"\n\"",
	    "\"\t\"", "\"\x1f\"", "\"\xff\"", "\"\xc0\x80\"",
	    "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "01",
	    "1.", "+1", ".1", "0x1", "1e", "-", "NaN", "nan", "Infinity",
	    "-Infinity", "1e999", "\xef\xbb\xbf[]", "\f1", "//\n1", "/**/1",
	    "\\u0031"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (next(bad[i]) == RC_OK && json_ended(&r))
			fail_msg("%s: was taken", bad[i]);
	}
	/* A NUL between quotes. */
	reader_init(&r, span_of("\"\0\"", 3));
	assert_int_equal(json_next(&r, &item), RC_MALFORMED);
}

static void
expect_text(const char *quoted, struct span wanted)
{
	uint8_t scratch[64];
	struct writer w;
	struct span got;

	writer_init(&w, scratch, sizeof(scratch));
	assert_int_equal(next(quoted), RC_OK);
	assert_int_equal(json_text(&item, &w, &got), RC_OK);
	assert_bytes(quoted, got, wanted);
	/* One byte of room less than it takes. */
	if (!item.escaped || wanted.len == 0)
		return;
	writer_init(&w, scratch, wanted.len - 1);
	assert_int_equal(json_text(&item, &w, &got), RC_TOO_LARGE);
}

static void
test_escapes(void **state)
{
	(void)state;
	expect_text("\"plain \xc3\xa4\"", SPAN_LIT("plain \xc3\xa4"));
	expect_text(
	    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", SPAN_LIT("\"\\/\b\f\n\r\t"));
	expect_text(
	    "\"\\u0041\\u00e4\\u20AC\"", SPAN_LIT("A\xc3\xa4\xe2\x82\xac"));
	expect_text("\"\\u0001\\u007f\\u0080\\u07ff\\u0800\\uffff\"",
	    SPAN_LIT("\x01\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"));
	expect_text("\"\\ud83d\\ude00\"", SPAN_LIT("\xf0\x9f\x98\x80"));
	expect_text("\"\\uD800\\uDC00\"", SPAN_LIT("\xf0\x90\x80\x80"));
	expect_text("\"\\uDBFF\\uDFFF.\"", SPAN_LIT("\xf4\x8f\xbf\xbf."));
	expect_text("\"\\ud7ff\\ue000\"", SPAN_LIT("\xed\x9f\xbf\xee\x80\x80"));
	expect_text("\"\\\\u0041\"", SPAN_LIT("\\u0041"));
}

static void
test_half_of_a_pair(void **state)
{
	static const char *const bad[] = {"\"\\ud83d\"", "\"\\ude00\"",
	    "\"\\ud83dx\"", "\"\\ud83d\\n\"", "\"\\ud83d\\u0041\"",
	    "\"\\ud83d\\ud83d\"", "\"\\ude00\\ud83d\"", "\"\\ude00\\ude00\"",
	    "\"\\u0000\"", "\"a\\ud83d\\\\ude00\""};
	uint8_t scratch[64];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct writer w;
		struct span got;

		writer_init(&w, scratch, sizeof(scratch));
		assert_int_equal(next(bad[i]), RC_OK);
		if (json_text(&item, &w, &got) != RC_MALFORMED)
			fail_msg("%s: was taken", bad[i]);
	}
}

static void
test_arrays(void **state)
{
	static const struct {
		const char *text;
		int elements; /* -1: broken */
	} cases[] = {
	    {"[]", 0},
	    {"[ ]", 0},
	    {"[1]", 1},
	    {"[1,2]", 2},
	    {" [ 1 , 2 ,3 ] ", 3},
	    {"[", -1},
	    {"[1", -1},
	    {"[1,", -1},
	    {"[1,]", -1},
	    {"[,1]", -1},
	    {"[1 2]", -1},
	    {"[1,,2]", -1},
	    {"[1}", -1},
	    {"[1]]", -1},
	    {"[1] x", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_item element;
		int n = 0;

		assert_int_equal(next(cases[i].text), RC_OK);
		while (json_element(&r, &item, &element))
			n++;
		if (!json_ended(&r))
			n = -1;
		if (n != cases[i].elements)
			fail_msg("%s: %d", cases[i].text, n);
	}
}

static void
test_objects(void **state)
{
	static const struct {
		const char *text;
		int members; /* -1: broken */
	} cases[] = {
	    {"{}", 0},
	    {"{ }", 0},
	    {"{\"a\":1}", 1},
	    {" { \"a\" : [ ] , \"b\" :{} }", 2},
	    {"{\"a\":1,\"a\":2}", 2},
	    {"{", -1},
	    {"{\"a\"", -1},
	    {"{\"a\":", -1},
	    {"{\"a\":}", -1},
	    {"{\"a\":1", -1},
	    {"{\"a\":1,}", -1},
	    {"{,\"a\":1}", -1},
	    {"{\"a\" 1}", -1},
	    {"{\"a\",1}", -1},
	    {"{\"a\":1 \"b\":2}", -1},
	    {"{a:1}", -1},
	    {"{1:1}", -1},
	    {"{null:1}", -1},
	    {"{\"a\":1]", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_item name;
		int n = 0;

		assert_int_equal(next(cases[i].text), RC_OK);
		while (json_member(&r, &item, &name)) {
			n++;
			if (json_skip(&r, 1) != RC_OK)
				break;
		}
		if (!json_ended(&r))
			n = -1;
		if (n != cases[i].members)
			fail_msg("%s: %d", cases[i].text, n);
	}
}

static void
test_depth_is_counted(void **state)
{
	static const struct {
		const char *text;
		unsigned depth;
	} cases[] = {
	    {"1", 0},
	    {"[]", 1},
	    {"[1,[2]]", 2},
	    {"{\"a\":{\"b\":[]}}", 3},
	    {"[[[[]]],1]", 4},
	};
	static char deep[100000];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		reader_init(&r, span_str(cases[i].text));
		assert_int_equal(json_skip(&r, cases[i].depth), RC_OK);
		assert_true(json_ended(&r));
		if (cases[i].depth == 0)
			continue;
		reader_init(&r, span_str(cases[i].text));
		assert_int_equal(
		    json_skip(&r, cases[i].depth - 1), RC_MALFORMED);
	}
	memset(deep, '[', sizeof(deep));
	reader_init(&r, span_of(deep, sizeof(deep)));
	assert_int_equal(json_skip(&r, 8), RC_MALFORMED);
}

static void
test_keys(void **state)
{
	char buf[32];
	bool first = true;
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	json_key(&w, &first, "bn");
	json_key(&w, &first, "n");
	assert_bytes("keys", writer_span(&w), SPAN_LIT("\"bn\":,\"n\":"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_what_is_no_value),
	    cmocka_unit_test(test_escapes),
	    cmocka_unit_test(test_half_of_a_pair),
	    cmocka_unit_test(test_arrays),
	    cmocka_unit_test(test_objects),
	    cmocka_unit_test(test_depth_is_counted),
	    cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
