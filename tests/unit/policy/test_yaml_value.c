/* Scalars of a type: what passes, and what people are told otherwise. */
#include "policy/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

struct fixture {
	struct arena *arena;
	struct yaml_ctx ctx;
};

static int
setup(void **state)
{
	static struct fixture f;

	f.arena = arena_new(0);
	f.ctx = (struct yaml_ctx){diag_new(), "t"};
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	diag_free(f->ctx.diag);
	return 0;
}

/* The value of `k: TEXT`. */
static struct yaml_node *
node(struct fixture *f, const char *text)
{
	struct yaml_doc *docs;
	char line[256];

	snprintf(line, sizeof(line), "k: %s\n", text);
	assert_int_equal(
	    yaml_parse(f->arena, f->ctx.diag, "t", span_str(line), &docs),
	    RC_OK);
	return docs->root->children;
}

/* The one finding since the last call. */
static void
expect_finding(struct fixture *f, const char *want)
{
	assert_int_equal(diag_total(f->ctx.diag), 1);
	assert_string_equal(diag_get(f->ctx.diag, 0)->text, want);
	assert_int_equal(diag_get(f->ctx.diag, 0)->line, 1);
	assert_int_equal(diag_get(f->ctx.diag, 0)->column, 4);
	diag_free(f->ctx.diag);
	f->ctx.diag = diag_new();
}

static void
test_text(void **state)
{
	struct fixture *f = *state;
	const char *v = NULL;

	assert_int_equal(yaml_text(&f->ctx, node(f, "yes"), &v), RC_OK);
	assert_string_equal(v, "yes");
	assert_int_equal(yaml_text(&f->ctx, node(f, "\"\""), &v), RC_OK);
	assert_string_equal(v, "");
	assert_int_equal(yaml_text(&f->ctx, node(f, "\"null\""), &v), RC_OK);
	assert_string_equal(v, "null");
	assert_int_equal(yaml_text(&f->ctx, node(f, "null"), &v), RC_CONFIG);
	expect_finding(f, "k: a value is missing");
	assert_int_equal(yaml_text(&f->ctx, node(f, "~"), &v), RC_CONFIG);
	expect_finding(f, "k: a value is missing");
	assert_int_equal(yaml_text(&f->ctx, node(f, "[x]"), &v), RC_CONFIG);
	expect_finding(f, "k: a single value is expected, found a list");
	assert_string_equal(v, "null");
}

static void
test_numbers(void **state)
{
	struct fixture *f = *state;
	int64_t v = 7;

	assert_int_equal(yaml_number(&f->ctx, node(f, "-3"), -3, 3, &v), RC_OK);
	assert_true(v == -3);
	assert_int_equal(yaml_number(&f->ctx, node(f, "-0"), -3, 3, &v), RC_OK);
	assert_true(v == 0);
	assert_int_equal(
	    yaml_number(&f->ctx, node(f, "4"), -3, 3, &v), RC_CONFIG);
	expect_finding(f, "k: 4 is out of range; -3 to 3 is expected");
	assert_int_equal(
	    yaml_number(&f->ctx, node(f, "1e3"), 0, 9, &v), RC_CONFIG);
	expect_finding(f,
	    "k: \"1e3\" is no number; a whole one from 0 to 9 is "
	    "expected");
	assert_int_equal(
	    yaml_number(&f->ctx, node(f, "'1'"), 0, 9, &v), RC_CONFIG);
	expect_finding(f,
	    "k: \"1\" is no number; a whole one from 0 to 9 is "
	    "expected, without quotes");
	assert_true(v == 0);
}

static void
test_booleans_of_yaml_1_1_are_refused(void **state)
{
	static const char *const old[] = {
	    "yes", "No", "ON", "off", "y", "N", "True", "FALSE"};
	struct fixture *f = *state;
	bool v = false;
	char want[160];

	assert_int_equal(yaml_bool(&f->ctx, node(f, "true"), &v), RC_OK);
	assert_true(v);
	assert_int_equal(yaml_bool(&f->ctx, node(f, "false"), &v), RC_OK);
	assert_false(v);
	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		assert_int_equal(
		    yaml_bool(&f->ctx, node(f, old[i]), &v), RC_CONFIG);
		snprintf(want, sizeof(want),
		    "k: \"%s\" is not accepted; write `true` or `false`, "
		    "which mean the same to every reader of YAML",
		    old[i]);
		expect_finding(f, want);
	}
	assert_int_equal(yaml_bool(&f->ctx, node(f, "1"), &v), RC_CONFIG);
	expect_finding(f, "k: \"1\" is not accepted; write `true` or `false`");
}

static void
test_durations_have_a_unit(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {
	    {"250ms", 250},
	    {"90s", 90000},
	    {"5m", 300000},
	    {"2h", 7200000},
	    {"1d", 86400000},
	    {"10y", 315360000000},
	    {"0s", 0},
	};
	static const char *const bad[] = {"s", "1.5s", "-1s", "1 s", "1S", "1w",
	    "1M", "01s", "1sm", "18446744073709551616s",
	    "18446744073709551615y"};
	struct fixture *f = *state;
	char want[160];
	uint64_t v;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(yaml_duration_ms(&f->ctx,
				     node(f, good[i].text), 0, UINT64_MAX, &v),
		    RC_OK);
		assert_true(v == good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(yaml_duration_ms(&f->ctx, node(f, bad[i]), 0,
				     UINT64_MAX, &v),
		    RC_CONFIG);
		snprintf(want, sizeof(want),
		    "k: \"%s\" is not understood; a duration is expected, like "
		    "250ms, 90s, 5m, 2h, 1d or 10y",
		    bad[i]);
		expect_finding(f, want);
	}
	assert_int_equal(
	    yaml_duration_ms(&f->ctx, node(f, "60"), 0, UINT64_MAX, &v),
	    RC_CONFIG);
	expect_finding(f,
	    "k: \"60\" has no unit; a duration is expected, like "
	    "250ms, 90s, 5m, 2h, 1d or 10y");
	/* bounds are shown in the largest unit that says them */
	assert_int_equal(
	    yaml_duration_ms(&f->ctx, node(f, "59s"), 60000, 61000, &v),
	    RC_CONFIG);
	expect_finding(f, "k: 59s is below 1m");
	assert_int_equal(
	    yaml_duration_ms(&f->ctx, node(f, "62s"), 60000, 61000, &v),
	    RC_CONFIG);
	expect_finding(f, "k: 62s is above 61s");
}

static void
test_sizes_have_a_unit(void **state)
{
	struct fixture *f = *state;
	uint64_t v;

	assert_int_equal(
	    yaml_size(&f->ctx, node(f, "500B"), 0, 1024, &v), RC_OK);
	assert_int_equal(v, 500);
	assert_int_equal(
	    yaml_size(&f->ctx, node(f, "64KiB"), 0, 65536, &v), RC_OK);
	assert_int_equal(v, 65536);
	assert_int_equal(
	    yaml_size(&f->ctx, node(f, "1MiB"), 0, 1 << 20, &v), RC_OK);
	assert_int_equal(v, 1 << 20);
	assert_int_equal(
	    yaml_size(&f->ctx, node(f, "1025B"), 0, 1024, &v), RC_CONFIG);
	expect_finding(f, "k: 1025B is above 1KiB");
	assert_int_equal(
	    yaml_size(&f->ctx, node(f, "64KB"), 0, 65536, &v), RC_CONFIG);
	expect_finding(f,
	    "k: \"64KB\" is not understood; a size is expected, "
	    "like 500B, 64KiB or 1MiB");
}

static void
test_choices_name_the_nearest(void **state)
{
	static const char *const names[] = {"none", "discover", "read", NULL};
	struct fixture *f = *state;
	unsigned v = 9;

	assert_int_equal(
	    yaml_choice(&f->ctx, node(f, "read"), names, &v), RC_OK);
	assert_int_equal(v, 2);
	assert_int_equal(
	    yaml_choice(&f->ctx, node(f, "dicsover"), names, &v), RC_CONFIG);
	expect_finding(f,
	    "k: \"dicsover\" is not known; did you mean "
	    "discover? (none, discover or read)");
	assert_int_equal(
	    yaml_choice(&f->ctx, node(f, "x"), names, &v), RC_CONFIG);
	expect_finding(
	    f, "k: \"x\" is not known; expected: none, discover or read");
	assert_int_equal(v, 2);
}

static void
test_a_value_of_another_kind_is_not_shown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    yaml_expect(&f->ctx, node(f, "c0ffee"), YAML_MAP), RC_CONFIG);
	expect_finding(f,
	    "k: a map (`key: value`) is expected, found a "
	    "single value");
	assert_int_equal(
	    yaml_expect(&f->ctx, node(f, "~"), YAML_LIST), RC_CONFIG);
	expect_finding(f, "k: a list is expected, found nothing");
}

/* What has a finding from elsewhere is refused in silence. */
static void
test_a_refused_value_has_no_second_finding(void **state)
{
	struct fixture *f = *state;
	struct yaml_node *n = node(f, "1");
	const char *text;
	int64_t number;

	n->refused = true;
	assert_int_equal(yaml_text(&f->ctx, n, &text), RC_CONFIG);
	assert_int_equal(yaml_number(&f->ctx, n, 0, 9, &number), RC_CONFIG);
	assert_int_equal(yaml_expect(&f->ctx, n, YAML_SCALAR), RC_CONFIG);
	assert_int_equal(diag_total(f->ctx.diag), 0);
}

#define EACH(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_text),
	    EACH(test_numbers),
	    EACH(test_booleans_of_yaml_1_1_are_refused),
	    EACH(test_durations_have_a_unit),
	    EACH(test_sizes_have_a_unit),
	    EACH(test_choices_name_the_nearest),
	    EACH(test_a_value_of_another_kind_is_not_shown),
	    EACH(test_a_refused_value_has_no_second_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
