/* Which comments silence what. */
#include "policy/silence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

/* Warnings of policy-nosec in the lines 3 and 5, and an error in line 7. */
static char *
settled(const char *text, bool complete)
{
	struct diag *d = diag_new();
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	assert_non_null(d);
	assert_non_null(f);
	silence_read(d, "t", span_str(text));
	diag_add(d, DIAG_WARNING, "t", 3, 1, "policy-nosec", "three");
	diag_add(d, DIAG_WARNING, "t", 5, 1, "policy-nosec", "five");
	diag_add(d, DIAG_WARNING, "u", 3, 1, "policy-nosec", "other file");
	diag_add(d, DIAG_ERROR, "t", 7, 1, "policy-uri", "seven");
	diag_settle(d, complete);
	diag_sort(d);
	for (size_t i = 0; i < diag_total(d); i++) {
		const struct diag_finding *at = diag_get(d, i);

		fprintf(f, "%s:%u %s%s%s\n", at->file, at->line, at->code,
		    at->silenced ? " " : "", at->silenced ? at->silenced : "");
	}
	fclose(f);
	diag_free(d);
	return out;
}

static void
expect(const char *text, bool complete, const char *want)
{
	char *got = settled(text, complete);

	assert_string_equal(got, want);
	free(got);
}

#define OTHERS "t:5 policy-nosec\nt:7 policy-uri\nu:3 policy-nosec\n"

static void
test_the_line_below(void **state)
{
	(void)state;
	expect("\n  # check: ignore policy-nosec because of  this \r\nx\n",
	    true, "t:3 policy-nosec of  this\n" OTHERS);
	expect("#check: ignore policy-nosec because a\n"
	       "# check: ignore policy-uri-address because b\nx\n",
	    true, "t:2 check-ignore-unused\nt:3 policy-nosec a\n" OTHERS);
}

/* What was not looked for cannot be missed. */
static void
test_those_that_silence_nothing(void **state)
{
	const char *text = "# check: ignore policy-nosec because a\nx\n";

	(void)state;
	expect(
	    text, true, "t:1 check-ignore-unused\nt:3 policy-nosec\n" OTHERS);
	expect(text, false, "t:3 policy-nosec\n" OTHERS);
	/* the last line of a file is before none */
	expect("# check: ignore policy-nosec because a", true,
	    "t:1 check-ignore-unused\nt:3 policy-nosec\n" OTHERS);
}

static void
test_an_error_is_none(void **state)
{
	(void)state;
	expect("\n\n\n\n\n# check: ignore policy-uri because a\nx\n", false,
	    "t:3 policy-nosec\nt:5 policy-nosec\nt:6 check-ignore-unused\n"
	    "t:7 policy-uri\nu:3 policy-nosec\n");
}

static void
test_those_that_are_not_understood(void **state)
{
	static const char *const lines[] = {
	    "# check: ignore policy-nosec",
	    "# check: ignore policy-nosec because",
	    "# check: ignore policy-nosec since it is so",
	    "# check: ignore policy-nosex because a",
	    "# check: allow policy-nosec because a",
	    "# check:",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char text[128];

		snprintf(text, sizeof(text), "\n%s\nx\n", lines[i]);
		expect(
		    text, true, "t:2 check-ignore\nt:3 policy-nosec\n" OTHERS);
	}
}

static void
test_those_that_are_no_comments(void **state)
{
	(void)state;
	expect("\nx # check: ignore policy-nosec because a\nx\n", true,
	    "t:3 policy-nosec\n" OTHERS);
	expect("\n# To check: ignore policy-nosec because a\nx\n", true,
	    "t:3 policy-nosec\n" OTHERS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_line_below),
	    cmocka_unit_test(test_those_that_silence_nothing),
	    cmocka_unit_test(test_an_error_is_none),
	    cmocka_unit_test(test_those_that_are_not_understood),
	    cmocka_unit_test(test_those_that_are_no_comments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
