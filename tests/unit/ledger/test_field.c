#include "support.h"

#include "base/text.h"

static struct ledger_row
row_with(const char *data)
{
	return (struct ledger_row){.seq = 1, .data = span_str(data)};
}

static void
test_texts(void **state)
{
	static const struct {
		const char *data, *want; /* of "a"; NULL: absent */
	} cases[] = {
	    {"{\"a\":\"x\"}", "x"},
	    {" { \"b\" : 1 , \"a\" : \"x\" } ", "x"},
	    {"{\"aa\":\"y\",\"a\":\"x\"}", "x"},
	    {"{\"b\":\"\\\"a\\\":\\\"z\\\"\",\"a\":\"x\"}", "x"},
	    {"{\"b\":true,\"c\":null,\"d\":-1.5e3,\"a\":\"\"}", ""},
	    {"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t"},
	    {"{\"a\":\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"}",
		"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
	    {"{\"a\":\"\xc3\xa9\"}", "\xc3\xa9"},
	    /* Not texts. */
	    {"{\"a\":1}", NULL},
	    {"{\"a\":null}", NULL},
	    {"{\"b\":\"a\"}", NULL},
	    {"{}", NULL},
	    {"", NULL},
	    {"\"a\"", NULL},
	    {"[\"a\",\"x\"]", NULL},
	    /* Not what this module writes, or not JSON. */
	    {"{\"b\":{\"a\":\"x\"}}", NULL},
	    {"{\"b\":[],\"a\":\"x\"}", NULL},
	    {"{a:\"x\"}", NULL},
	    {"{\"a\"\"x\"}", NULL},
	    {"{\"a\":}", NULL},
	    {"{\"a\":\"x", NULL},
	    {"{\"a\":\"x\\", NULL},
	    {"{\"a\":\"\\", NULL},
	    {"{\"a\":\"\\x41\"}", NULL},
	    {"{\"a\":\"\\u00\"}", NULL},
	    {"{\"a\":\"\\u00g0\"}", NULL},
	    {"{\"a\":\"\\ud83d\"}", NULL},
	    {"{\"a\":\"\\ud83d\\u0041\"}", NULL},
	    {"{\"a\":\"\\ude00\"}", NULL},
	    {"{\"a\":\"x\ny\"}", NULL},
	    {"{\"b\":\"x\"\"a\":\"x\"}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ledger_row row = row_with(cases[i].data);
		char text[64];
		struct writer w;
		bool found;

		writer_init(&w, text, sizeof(text));
		writer_str(&w, "-");
		found = ledger_field(&row, "a", &w);
		if (found != (cases[i].want != NULL))
			fail_msg("%s", cases[i].data);
		/* Nothing half is left behind where there is no field. */
		assert_true(span_is(
		    span_from(writer_span(&w), 1), found ? cases[i].want : ""));
	}
}

static void
test_numbers(void **state)
{
	static const struct {
		const char *data;
		bool found;
		int64_t want;
	} cases[] = {
	    {"{\"a\":0}", true, 0},
	    {"{\"b\":\"a\",\"a\":-17}", true, -17},
	    {"{\"a\":9223372036854775807}", true, INT64_MAX},
	    {"{\"a\":-9223372036854775808}", true, INT64_MIN},
	    {"{\"a\":true}", true, 1},
	    {"{\"a\":false}", true, 0},
	    {"{\"a\":9223372036854775808}", false, 0},
	    {"{\"a\":-9223372036854775809}", false, 0},
	    {"{\"a\":1.5}", false, 0},
	    {"{\"a\":1e3}", false, 0},
	    {"{\"a\":-}", false, 0},
	    {"{\"a\":--1}", false, 0},
	    {"{\"a\":01}", false, 0},
	    {"{\"a\":null}", false, 0},
	    {"{\"a\":\"1\"}", false, 0},
	    {"{\"b\":1}", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ledger_row row = row_with(cases[i].data);
		int64_t v = 4711;

		if (ledger_field_int(&row, "a", &v) != cases[i].found)
			fail_msg("%s", cases[i].data);
		assert_int_equal(v, cases[i].found ? cases[i].want : 4711);
	}
}

static void
test_a_text_that_does_not_fit(void **state)
{
	struct ledger_row row = row_with("{\"a\":\"12345\"}");
	struct writer w;
	char text[4];

	(void)state;
	writer_init(&w, text, sizeof(text));
	assert_true(ledger_field(&row, "a", &w));
	assert_true(w.full);
}

static enum rc
check_round_trip(void *ctx, const struct ledger_row *row)
{
	const struct span *want = ctx;
	uint8_t text[64];
	struct writer w;
	int64_t v;

	writer_init(&w, text, sizeof(text));
	assert_true(ledger_field(row, "text", &w));
	assert_true(span_equal(writer_span(&w), *want));
	writer_init(&w, text, sizeof(text));
	assert_true(ledger_field(row, "bytes", &w));
	assert_true(span_is(writer_span(&w), "00ff10"));
	assert_true(ledger_field_int(row, "low", &v));
	assert_true(v == INT64_MIN);
	assert_true(ledger_field_int(row, "yes", &v));
	assert_int_equal(v, 1);
	assert_true(ledger_field_int(row, "no", &v));
	assert_int_equal(v, 0);
	return RC_OK;
}

static void
test_what_is_written_comes_back(void **state)
{
	struct desk *d = *state;
	struct span text = SPAN_LIT(
	    "a\"b\\c\0\x1b[2J\x7f\xc3\xa9\xe2\x80\xae\xf0\x9f\x98\x80");

	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	PUT(d->ledger, "x", 0, NULL, F_TEXT("text", text),
	    F_BYTES("bytes", SPAN_LIT("\x00\xff\x10")), F_INT("low", INT64_MIN),
	    F_BOOL("yes", true), F_BOOL("no", false));
	assert_int_equal(ledger_commit(d->ledger), RC_OK);
	assert_int_equal(ledger_read(d->ledger, &(struct ledger_query){0},
			     check_round_trip, &text),
	    RC_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_a_text_that_does_not_fit),
	    cmocka_unit_test_setup_teardown(
		test_what_is_written_comes_back, desk_setup, desk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
