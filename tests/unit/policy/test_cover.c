/* What two patterns have in common, held against all short names. */
#include "policy/cover.h"

#include "policy/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

enum {
	NAME_MAX_LEN = 5,
	NAMES = 1 + 2 + 4 + 8 + 16 + 32, /* of up to five letters a and b */
	GLOB_MAX_LEN = 4,
};

static char names[NAMES][NAME_MAX_LEN + 1];

static int
make_names(void **state)
{
	size_t n = 0;

	(void)state;
	for (unsigned len = 0; len <= NAME_MAX_LEN; len++)
		for (unsigned bits = 0; bits < 1u << len; bits++, n++)
			for (unsigned i = 0; i < len; i++)
				names[n][i] = bits >> i & 1 ? 'a' : 'b';
	return n == NAMES ? 0 : -1;
}

/* All globs of up to four of "ab?*", by number. */
static const char *
glob_of(char out[static GLOB_MAX_LEN + 1], unsigned number)
{
	unsigned len = 0;

	for (; number > 0; number /= 5)
		if (number % 5)
			out[len++] = " ab?*"[number % 5];
	out[len] = '\0';
	return out;
}

static void
test_all_short_globs(void **state)
{
	unsigned covering = 0, meeting = 0;

	(void)state;
	for (unsigned i = 1; i < 625; i += 2) {
		for (unsigned k = 1; k < 625; k += 3) {
			char x[GLOB_MAX_LEN + 1], y[GLOB_MAX_LEN + 1];
			const char *a = glob_of(x, i), *b = glob_of(y, k);
			bool all = true, any = false;

			for (unsigned n = 0; n < NAMES; n++) {
				struct span name = span_str(names[n]);
				bool fits = glob_match(b, name);

				all &= !fits || glob_match(a, name);
				any |= fits && glob_match(a, name);
			}
			/* what is claimed is so */
			if (glob_covers(a, b) && !all)
				fail_msg("%s does not cover %s", a, b);
			/* four symbols and four need at most eight letters,
			 * and of two that meet in none of up to five few do */
			if (any && !glob_meets(a, b))
				fail_msg("%s meets %s", a, b);
			covering += glob_covers(a, b);
			meeting += glob_meets(a, b);
		}
	}
	assert_true(covering > 1000 && meeting > covering);
}

static void
test_globs_that_nothing_fits(void **state)
{
	(void)state;
	assert_false(glob_meets("a*", "b*"));
	assert_false(glob_meets("*a", "*b"));
	assert_false(glob_meets("a?", "a"));
	assert_false(glob_meets("a*b?", "a*cc"));
	assert_true(glob_meets("a*", "*b"));
	assert_true(glob_meets("", "*"));
	assert_false(glob_covers("a*", "*"));
	assert_true(glob_covers("*", ""));
	assert_true(glob_covers("meter-*", "meter-1?-*"));
	assert_false(glob_covers("meter-1", "meter-?"));
}

static const struct span listed[] = {
    {(const uint8_t *)"a-1", 3}, {(const uint8_t *)"a-2", 3}};

static void
test_kinds_of_patterns(void **state)
{
	const struct policy_pattern list = {.kind = PATTERN_LIST,
	    .text = "list.csv",
	    .names = listed,
	    .name_count = 2};
	const struct policy_pattern prefix = {
	    .kind = PATTERN_PREFIX, .text = "a-"};
	/* literal: a star in a prefix is a star */
	const struct policy_pattern star = {
	    .kind = PATTERN_PREFIX, .text = "a*"};
	const struct policy_pattern glob = {
	    .kind = PATTERN_GLOB, .text = "a-?"};
	const struct policy_pattern one = {.kind = PATTERN_GLOB, .text = "a-2"};
	const struct policy_pattern any = {.kind = PATTERN_GLOB, .text = "*"};
	const struct policy_pattern other = {
	    .kind = PATTERN_PREFIX, .text = "b"};

	(void)state;
	assert_true(pattern_covers(&prefix, &list));
	assert_true(pattern_covers(&glob, &list));
	assert_true(pattern_covers(&prefix, &glob));
	assert_false(pattern_covers(&glob, &prefix));
	assert_false(pattern_covers(&list, &glob));
	assert_true(pattern_covers(&list, &one));
	assert_true(pattern_covers(&any, &prefix));
	assert_false(pattern_covers(&prefix, &any));
	assert_false(pattern_covers(&star, &glob));
	assert_false(pattern_meets(&star, &glob));
	assert_true(pattern_meets(&list, &one));
	assert_true(pattern_meets(&one, &list));
	assert_false(pattern_meets(&list, &other));
	assert_false(pattern_meets(&other, &glob));
	assert_true(pattern_meets(&any, &other));
	assert_true(pattern_meets_glob(&list, "*-2"));
	assert_false(pattern_meets_glob(&list, "*-3"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_short_globs),
	    cmocka_unit_test(test_globs_that_nothing_fits),
	    cmocka_unit_test(test_kinds_of_patterns),
	};

	return cmocka_run_group_tests(tests, make_names, NULL);
}
