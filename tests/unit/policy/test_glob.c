#include "policy/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

static void
test_stars_marks_and_letters(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool want;
	} t[] = {
	    {"*", "", true},
	    {"**", "x", true},
	    {"", "", true},
	    {"", "x", false},
	    {"x", "", false},
	    {"abc", "abc", true},
	    {"abc", "abcd", false},
	    {"abc", "ab", false},
	    {"a?c", "abc", true},
	    {"a?c", "ac", false},
	    {"?", "", false},
	    {"urn:dev:ops:0057F2-*", "urn:dev:ops:0057F2-7", true},
	    {"urn:dev:ops:0057F2-*", "urn:dev:ops:0057F3-7", false},
	    {"*-WM200-*", "x-WM200-WM200-7", true},
	    {"*WM200", "WM200-WM200", true},
	    {"*WM200", "WM200-WM20", false},
	    {"a*b*c", "aXbXbXc", true},
	    {"a*b*c", "aXcXb", false},
	    {"*?", "x", true},
	    {"*?", "", false},
	    {"?*?", "x", false},
	    /* case matters, and nothing else is special */
	    {"ABC", "abc", false},
	    {"[a-z]", "b", false},
	    {"[a-z]", "[a-z]", true},
	    {"a\\*", "a\\x", true},
	    /* ? is a byte, not a character */
	    {"?", "\xc3\xbc", false},
	    {"??", "\xc3\xbc", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (glob_match(t[i].pattern, span_str(t[i].name)) != t[i].want)
			fail_msg("%s on %s", t[i].pattern, t[i].name);
}

static void
test_a_name_may_hold_any_bytes(void **state)
{
	(void)state;
	assert_true(glob_match("a*b", span_of("a\0\n*b", 5)));
	assert_false(glob_match("a", span_of("a\0", 2)));
	assert_false(glob_match("a", span_of("a\0b", 3)));
}

/* With a step back for every star this would not end in this century. */
static void
test_no_pattern_is_slow(void **state)
{
	enum { LEN = 10240 };
	char *name = malloc(LEN);

	(void)state;
	assert_non_null(name);
	memset(name, 'a', LEN);
	assert_false(glob_match("a*a*a*a*b", span_of(name, LEN)));
	assert_false(
	    glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", span_of(name, LEN)));
	name[LEN - 1] = 'b';
	assert_true(glob_match("a*a*a*a*b", span_of(name, LEN)));
	free(name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stars_marks_and_letters),
	    cmocka_unit_test(test_a_name_may_hold_any_bytes),
	    cmocka_unit_test(test_no_pattern_is_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
