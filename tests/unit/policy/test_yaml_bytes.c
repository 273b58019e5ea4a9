/* What is refused before a parser sees it. */
#include "policy/yaml_bytes.h"

#include "policy/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

static void
expect(struct span text, enum yaml_bytes want, unsigned line, unsigned column,
    const char *code)
{
	struct diag *d = diag_new();
	enum yaml_bytes got = yaml_bytes_check(d, "t", text);

	if (got != want)
		fail_msg("%.*s: %d", SPAN_FMT(text), got);
	assert_int_equal(diag_total(d), code ? 1 : 0);
	if (code) {
		assert_string_equal(diag_get(d, 0)->code, code);
		assert_int_equal(diag_get(d, 0)->line, line);
		assert_int_equal(diag_get(d, 0)->column, column);
	}
	diag_free(d);
}

static void
test_good_bytes(void **state)
{
	static const char *const good[] = {
	    "",
	    "a: b\n",
	    "a: b\r\nc: d\r\n",
	    "\xef\xbb\xbfx: y",
	    "a: \xc3\xbc \xe2\x82\xac \xf0\x9f\x94\x91\n",
	    "# a\ttab in a comment\n",
	    "  #\t\t\n",
	    "a: 50%\n %x\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		expect(span_str(good[i]), YAML_BYTES_GOOD, 0, 0, NULL);
}

static void
test_bad_bytes_and_their_place(void **state)
{
	(void)state;
	/* columns count characters: the u umlaut is one */
	expect(
	    SPAN_LIT("a: b\nc\xc3\xbc\xff"), YAML_BYTES_BAD, 2, 3, "yaml-utf8");
	expect(SPAN_LIT("\xc3"), YAML_BYTES_BAD, 1, 1, "yaml-utf8");
	expect(SPAN_LIT("\x80"), YAML_BYTES_BAD, 1, 1, "yaml-utf8");
	expect(SPAN_LIT("\xc0\x80"), YAML_BYTES_BAD, 1, 1, "yaml-utf8");
	expect(SPAN_LIT("\xed\xa0\x80"), YAML_BYTES_BAD, 1, 1, "yaml-utf8");
	expect(span_of("a\0b", 3), YAML_BYTES_BAD, 1, 2, "yaml-utf8");
	/* UTF-16 */
	expect(span_of("\xff\xfe"
		       "a\0",
		   4),
	    YAML_BYTES_BAD, 1, 1, "yaml-utf8");
	expect(SPAN_LIT("a\x1b[31m"), YAML_BYTES_BAD, 1, 2, "yaml-control");
	expect(SPAN_LIT("a\x7f"), YAML_BYTES_BAD, 1, 2, "yaml-control");
	expect(SPAN_LIT("a\xc2\x9b"), YAML_BYTES_BAD, 1, 2, "yaml-control");
	expect(
	    SPAN_LIT("ab\xef\xbb\xbf"), YAML_BYTES_BAD, 1, 3, "yaml-control");
	expect(SPAN_LIT("a\rb"), YAML_BYTES_BAD, 1, 2, "yaml-line-break");
	expect(SPAN_LIT("a\r"), YAML_BYTES_BAD, 1, 2, "yaml-line-break");
	expect(SPAN_LIT("a\xc2\x85"), YAML_BYTES_BAD, 1, 2, "yaml-line-break");
	expect(SPAN_LIT("a\n\xe2\x80\xa8"), YAML_BYTES_BAD, 2, 1,
	    "yaml-line-break");
	expect(SPAN_LIT("%TAG ! x\n---\n"), YAML_BYTES_BAD, 1, 1,
	    "yaml-directive");
	expect(SPAN_LIT("a\r\n%YAML 1.1\n"), YAML_BYTES_BAD, 2, 1,
	    "yaml-directive");
}

static void
test_tabs_are_told_line_by_line(void **state)
{
	struct diag *d = diag_new();
	const struct span text =
	    SPAN_LIT("a:\tb\nc: d\n\t\te: f\ng: \"x\ty\"\n\t# h\n");

	(void)state;
	assert_int_equal(yaml_bytes_check(d, "t", text), YAML_BYTES_TABS);
	assert_int_equal(diag_total(d), 4);
	assert_int_equal(diag_get(d, 0)->line, 1);
	assert_int_equal(diag_get(d, 0)->column, 3);
	assert_int_equal(diag_get(d, 1)->line, 3);
	assert_int_equal(diag_get(d, 1)->column, 1);
	assert_int_equal(diag_get(d, 2)->line, 4);
	assert_int_equal(diag_get(d, 3)->line, 5);
	diag_free(d);
	assert_true(yaml_bytes_tab(text, 1));
	assert_false(yaml_bytes_tab(text, 2));
	assert_true(yaml_bytes_tab(text, 5));
	assert_false(yaml_bytes_tab(text, 6));
	assert_false(yaml_bytes_tab(text, 7));
}

static void
test_a_file_has_a_limit(void **state)
{
	char *text = malloc(YAML_FILE_MAX + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '\n', YAML_FILE_MAX + 1);
	expect(span_of(text, YAML_FILE_MAX), YAML_BYTES_GOOD, 0, 0, NULL);
	expect(span_of(text, YAML_FILE_MAX + 1), YAML_BYTES_BAD, 0, 0,
	    "yaml-limit");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_bytes),
	    cmocka_unit_test(test_bad_bytes_and_their_place),
	    cmocka_unit_test(test_tabs_are_told_line_by_line),
	    cmocka_unit_test(test_a_file_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
