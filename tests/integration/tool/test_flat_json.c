/* Rows of a ledger that anybody may have written. */
#include "base/progress.h"
#include "flat_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void
test_valid(void **state)
{
	static const char *const good[] = {
	    "{}",
	    "{\"a\":1}",
	    "{\"a\":-1,\"b\":\"\",\"c\":true,\"d\":false,\"e\":null}",
	    "{\"a_1\":\"x\\\"y\\\\z\\u001b\\n\"}",
	    "{\"a\":18446744073709551615}",
	    "{\"a\":\"\xc3\xa9\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!flat_valid(span_str(good[i])))
			fail_msg("%s", good[i]);
}

static void
test_invalid(void **state)
{
	static const char *const bad[] = {
	    "", "{", "}", "[]", "{}}", "{} ", " {}", "{,}", "{\"a\"}",
	    "{\"a\":}", "{\"a\":1,}", "{\"a\":1,,\"b\":2}", "{\"a\":1}x",
	    "{\"a\":1 }", "{\"a\":01}", "{\"a\":1.5}", "{\"a\":1e3}",
	    "{\"a\":--1}", "{\"a\":tru}", "{\"a\":{\"b\":1}}", "{\"a\":[1]}",
	    "{\"A\":1}", "{\"\":1}", "{a:1}", "{\"a\":\"x}", "{\"a\":\"\\x\"}",
	    "{\"a\":\"\\u00g0\"}", "{\"a\":\"\\u00\"}", "{\"a\":\"\\",
	    "{\"a\":\"\x1b[2J\"}", "{\"a\":\"\x7f\"}", "{\"a\":\"\xff\"}",
	    "{\"a\":\"\xe2\x80\xae\"}", /* right-to-left override */
	    "{\"a\":\"\xc2\x9b\"}", /* CSI in one character */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (flat_valid(span_str(bad[i])))
			fail_msg("%s", bad[i]);
	assert_false(flat_valid(span_of("{\"a\":\"\0\"}", 9)));
}

/* No beginning of an object is one, and none is read past its end. */
static void
test_cut(void **state)
{
	static const char whole[] =
	    "{\"a\":\"x\\\"\\u001b\",\"b\":-12,\"c\":null}";
	size_t len = strlen(whole);

	(void)state;
	assert_true(flat_valid(span_str(whole)));
	for (size_t n = 0; n < len; n++) {
		char *copy = malloc(n ? n : 1);

		assert_non_null(copy);
		memcpy(copy, whole, n);
		assert_false(flat_valid(span_of(copy, n)));
		free(copy);
	}
}

static void
test_too_long(void **state)
{
	static char text[FLAT_JSON_MAX + 2];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "{\"a\":\"", 6);
	memcpy(text + FLAT_JSON_MAX - 2, "\"}", 2);
	assert_true(flat_valid(span_of(text, FLAT_JSON_MAX)));
	memcpy(text + FLAT_JSON_MAX - 2, "xx\"}", 4);
	assert_false(flat_valid(span_of(text, FLAT_JSON_MAX + 2)));
}

static void
test_members(void **state)
{
	struct flat_member m;
	struct flat_walk f;

	(void)state;
	flat_begin(&f, SPAN_LIT("{\"a\":\"x\",\"bc\":-7}"));
	assert_true(flat_next(&f, &m));
	assert_true(span_is(m.name, "a"));
	assert_true(span_is(m.value, "\"x\""));
	assert_true(m.text);
	assert_true(flat_next(&f, &m));
	assert_true(span_is(m.name, "bc"));
	assert_true(span_is(m.value, "-7"));
	assert_false(m.text);
	assert_false(flat_next(&f, &m));
}

static void
line(char out[static 80], uint64_t done, uint64_t total, uint64_t ms)
{
	struct writer w;

	writer_init(&w, out, 79);
	progress_line(&w, "verifying rows", done, total, ms);
	assert_false(w.full);
	out[w.len] = '\0';
}

static void
test_progress(void **state)
{
	char text[80];

	(void)state;
	line(text, 0, 100, 2000);
	assert_string_equal(
	    text, "verifying rows [..............................]   0%");
	line(text, 50, 100, 2000);
	assert_string_equal(text,
	    "verifying rows [###############...............]  50% 25/s, 2 s "
	    "left");
	line(text, 100, 100, 4000);
	assert_string_equal(text,
	    "verifying rows [##############################] 100% 25/s, 0 s "
	    "left");
	/* rows that came meanwhile; nothing to count */
	line(text, 120, 100, 4000);
	assert_string_equal(text + 47, " 100% 25/s, 0 s left");
	/* nobody knows how many there are: a list from a pipe */
	line(text, 0, 0, 0);
	assert_string_equal(text, "verifying rows 0, 0/s");
	line(text, 1234567, 0, 60000);
	assert_string_equal(text, "verifying rows 1234567, 20576/s");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_valid),
	    cmocka_unit_test(test_invalid),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_too_long),
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
