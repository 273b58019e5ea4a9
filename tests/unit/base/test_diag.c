#include "base/diag.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

static int
setup(void **state)
{
	*state = diag_new();
	return *state ? 0 : -1;
}

static int
teardown(void **state)
{
	diag_free(*state);
	return 0;
}

static void
expect_printed(const struct diag *d, const char *want)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	diag_print(d, f);
	fclose(f);
	assert_string_equal(text, want);
	free(text);
}

static void
test_prints_what_an_editor_can_follow(void **state)
{
	struct diag *d = *state;
	char file[] = "policies/meters.yaml";

	diag_add(d, DIAG_ERROR, file, 12, 5, "policy-lifetime",
	    "servers[%d].lifetime: %u is below 60 s", 0, 0u);
	diag_add(d, DIAG_WARNING, file, 3, 0, "policy-unused", "never used");
	diag_add(d, DIAG_NOTE, file, 0, 0, "policy-count", "2 policies");
	diag_add(d, DIAG_ERROR, NULL, 7, 7, "none", "no file at all");
	memset(file, 'x', 4); /* copied, not kept */
	expect_printed(d,
	    "policies/meters.yaml:12:5: error: "
	    "servers[0].lifetime: 0 is below 60 s\n"
	    "policies/meters.yaml:3: warning: never used\n"
	    "policies/meters.yaml: note: 2 policies\n"
	    "error: no file at all\n");
	assert_int_equal(diag_total(d), 4);
	assert_int_equal(diag_count(d, DIAG_NOTE), 4);
	assert_int_equal(diag_count(d, DIAG_WARNING), 3);
	assert_int_equal(diag_count(d, DIAG_ERROR), 2);
	assert_string_equal(diag_get(d, 1)->code, "policy-unused");
	assert_null(diag_get(d, 4));
}

static void
test_control_characters_do_not_pass(void **state)
{
	struct diag *d = *state;

	diag_add(d, DIAG_ERROR, "a\nb.yaml", 1, 1, "x", "%s",
	    "tab\there, \x1b[31m, \x7f, \xc2\x9b, f\xc3\xbcr");
	expect_printed(
	    d, "a?b.yaml:1:1: error: tab?here, ?[31m, ?, ??, f\xc3\xbcr\n");
}

static void
test_sorts_by_place_and_keeps_the_order_there(void **state)
{
	struct diag *d = *state;

	diag_add(d, DIAG_ERROR, "b", 1, 1, "x", "6");
	diag_add(d, DIAG_ERROR, "a", 10, 1, "x", "5");
	diag_add(d, DIAG_ERROR, "a", 2, 2, "x", "3");
	diag_add(d, DIAG_ERROR, "a", 2, 2, "x", "4");
	diag_add(d, DIAG_ERROR, "a", 2, 1, "x", "2");
	diag_add(d, DIAG_ERROR, "a", 0, 0, "x", "1");
	diag_sort(d);
	for (size_t i = 0; i < 6; i++) {
		char want[] = {(char)('1' + i), '\0'};

		assert_string_equal(diag_get(d, i)->text, want);
	}
}

/* A finding stays where it is lent from while others are added. */
static void
test_findings_do_not_move(void **state)
{
	struct diag *d = *state;
	const struct diag_finding *first;

	diag_add(d, DIAG_NOTE, "f", 1, 1, "x", "first");
	first = diag_get(d, 0);
	for (unsigned i = 0; i < 1000; i++)
		diag_add(d, DIAG_NOTE, "f", 1, 1, "x", "later");
	assert_string_equal(first->text, "first");
}

/*
 * 10,000 warnings must not hide an error behind them: a file that floods the
 * list is not a file without errors.
 */
static void
test_a_flood_counts_as_an_error(void **state)
{
	struct diag *d = *state;

	for (unsigned i = 0; i < 10000; i++)
		diag_add(d, DIAG_WARNING, "z", i + 1, 1, "x", "warning %u", i);
	assert_int_equal(diag_total(d), 10000);
	assert_int_equal(diag_count(d, DIAG_ERROR), 0);
	diag_add(d, DIAG_WARNING, "z", 1, 1, "x", "too late");
	for (unsigned i = 0; i < 3; i++)
		diag_add(d, DIAG_ERROR, "a", 1, 1, "x", "error %u", i);
	/* each is kept, for a warning that is not, and one says so */
	assert_int_equal(diag_total(d), 10001);
	assert_int_equal(diag_count(d, DIAG_ERROR), 4);
	diag_sort(d);
	for (unsigned i = 0; i < 3; i++) {
		char text[16];

		snprintf(text, sizeof(text), "error %u", i);
		assert_string_equal(diag_get(d, i)->text, text);
	}
	assert_non_null(strstr(diag_get(d, 10000)->text, "10000"));
}

/* Where there are only errors, the first of them. */
static void
test_a_flood_of_errors(void **state)
{
	struct diag *d = *state;

	diag_add(d, DIAG_WARNING, "a", 1, 1, "x", "warning");
	for (unsigned i = 0; i < 10005; i++)
		diag_add(d, DIAG_ERROR, "z", i + 1, 1, "x", "error");
	assert_int_equal(diag_total(d), 10001);
	assert_int_equal(diag_count(d, DIAG_ERROR), 10001);
	diag_sort(d);
	assert_int_equal(diag_get(d, 0)->line, 1);
	assert_int_equal(diag_get(d, 9998)->line, 9999);
}

static void
test_no_list_is_harmless(void **state)
{
	(void)state;
	diag_add(NULL, DIAG_ERROR, "f", 1, 1, "x", "lost");
	diag_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_prints_what_an_editor_can_follow, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_control_characters_do_not_pass, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_sorts_by_place_and_keeps_the_order_there, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_findings_do_not_move, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_flood_counts_as_an_error, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_flood_of_errors, setup, teardown),
	    cmocka_unit_test(test_no_list_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
