/* The table of codes: each is found by its name, and none twice. */
#include "policy/code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_each_code_is_found(void **state)
{
	const struct code *c;
	size_t i = 0;

	(void)state;
	for (; (c = code_at(i)); i++)
		assert_ptr_equal(code_find(span_str(c->name)), c);
	assert_true(i > 150);
}

static void
test_what_is_no_code_is_not(void **state)
{
	(void)state;
	assert_null(code_find(SPAN_LIT("")));
	assert_null(code_find(SPAN_LIT("a")));
	assert_null(code_find(SPAN_LIT("policy-")));
	assert_null(code_find(SPAN_LIT("policy-nosec-")));
	assert_null(code_find(SPAN_LIT("zzz")));
}

static void
test_levels_have_names(void **state)
{
	(void)state;
	assert_string_equal(code_level_name(CODE_ERROR), "error");
	assert_string_equal(code_level_name(CODE_WARNING), "warning");
	assert_string_equal(code_level_name(CODE_EITHER), "error or warning");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_code_is_found),
	    cmocka_unit_test(test_what_is_no_code_is_not),
	    cmocka_unit_test(test_levels_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
