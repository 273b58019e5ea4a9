#include "policy/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_edits_are_counted(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned want;
	} t[] = {
	    {"", "", 0},
	    {"abc", "abc", 0},
	    {"abc", "", 3},
	    {"", "abc", 3},
	    {"abc", "abd", 1},
	    {"abc", "abcd", 1},
	    {"abc", "bc", 1},
	    {"abc", "acb", 1}, /* a swap is one slip */
	    {"servers", "sevrers", 1},
	    {"kitten", "sitting", 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(
		    nearest_distance(span_str(t[i].a), span_str(t[i].b), 9),
		    t[i].want);
	assert_int_equal(
	    nearest_distance(SPAN_LIT("kitten"), SPAN_LIT("sitting"), 2), 3);
}

static void
test_the_nearest_word(void **state)
{
	static const char *const known[] = {
	    "identity", "endpoint", "psk", "servers", "server", NULL};
	static const struct {
		const char *word, *want;
	} t[] = {
	    {"identiy", "identity"},
	    {"endpiont", "endpoint"},
	    {"Endpoint", "endpoint"},
	    {"end_point", "endpoint"},
	    {"pks", "psk"},
	    {"sever", "server"},
	    {"servers", "servers"},
	    {"xyz", NULL},
	    {"ps", NULL},
	    {"", NULL},
	    {"something-quite-else", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const char *got = nearest_of(span_str(t[i].word), known);

		if (!got != !t[i].want || (got && strcmp(got, t[i].want) != 0))
			fail_msg("%s: %s", t[i].word, got ? got : "none");
	}
}

static void
test_long_words_are_near_to_nothing(void **state)
{
	char word[4096], same[65];
	const char *known[] = {same, NULL};

	(void)state;
	memset(word, 'a', sizeof(word));
	memset(same, 'a', 64);
	same[64] = '\0';
	assert_ptr_equal(nearest_of(span_of(word, 64), known), same);
	assert_null(nearest_of(span_of(word, 65), known));
	assert_null(nearest_of(span_of(word, sizeof(word)), known));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_edits_are_counted),
	    cmocka_unit_test(test_the_nearest_word),
	    cmocka_unit_test(test_long_words_are_near_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
