#include "base/rc.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void
test_names_are_distinct(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RC_COUNT; i++) {
		assert_non_null(rc_name((enum rc)i));
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(
			    rc_name((enum rc)i), rc_name((enum rc)k));
	}
	assert_string_equal(rc_name(RC_TOO_LARGE), "too-large");
	assert_string_equal(rc_name(RC_COUNT), "unknown");
}

/* What scripts around the programs rely on. */
static void
test_exit_codes_are_those_of_the_contract(void **state)
{
	static const struct {
		enum rc rc;
		int exit;
	} want[] = {
	    {RC_OK, 0},
	    {RC_USAGE, 64},
	    {RC_MALFORMED, 65},
	    {RC_CONFIG, 65},
	    {RC_TOKEN, 69},
	    {RC_PIN, 69},
	    {RC_BUG, 70},
	    {RC_MEMORY, 70},
	    {RC_IO, 74},
	    {RC_DB, 74},
	    {RC_FULL, 74},
	    {RC_DENIED, 77},
	    {RC_COUNT, 70},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(rc_exit(want[i].rc), want[i].exit);
	for (unsigned i = 1; i < RC_COUNT; i++)
		assert_in_range(rc_exit((enum rc)i), 64, 78);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_are_distinct),
	    cmocka_unit_test(test_exit_codes_are_those_of_the_contract),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
