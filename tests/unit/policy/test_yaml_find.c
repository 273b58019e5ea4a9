/* Findings say where, and what is left over. */
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

static struct yaml_node *
root(struct fixture *f, const char *text)
{
	struct yaml_doc *docs;

	assert_int_equal(
	    yaml_parse(f->arena, f->ctx.diag, "t", span_str(text), &docs),
	    RC_OK);
	return docs->root;
}

static void
expect_last(struct fixture *f, unsigned line, unsigned column, const char *want)
{
	const struct diag_finding *got =
	    diag_get(f->ctx.diag, diag_total(f->ctx.diag) - 1);

	assert_non_null(got);
	assert_string_equal(got->text, want);
	assert_int_equal(got->line, line);
	assert_int_equal(got->column, column);
}

static void
test_the_way_to_a_value(void **state)
{
	struct fixture *f = *state;
	struct yaml_node *top = root(f,
	    "servers:\n"
	    "  - a\n"
	    "  - lifetime: 0\n"
	    "objects:\n"
	    "  /2/0: {2: {101: 15}}\n"
	    "\"odd key\\n\": x\n");
	struct yaml_node *n = yaml_get(top, "servers");

	yaml_error(&f->ctx, top, "c", "x");
	expect_last(f, 1, 1, "x");
	yaml_error(&f->ctx, n->children, "c", "%d x", 1);
	expect_last(f, 2, 5, "servers[0]: 1 x");
	yaml_error(&f->ctx, n->children->next->children, "c", "x");
	expect_last(f, 3, 15, "servers[1].lifetime: x");
	n = yaml_get(yaml_get(top, "objects"), "/2/0");
	yaml_error(&f->ctx, n->children->children, "c", "x");
	expect_last(f, 5, 19, "objects[/2/0].2.101: x");
	yaml_error(&f->ctx, yaml_get(top, "odd key\n"), "c", "x");
	expect_last(f, 6, 14, "[\"odd key\\n\"]: x");
	assert_int_equal(diag_count(f->ctx.diag, DIAG_ERROR), 5);
}

static void
test_a_long_way_is_cut(void **state)
{
	struct fixture *f = *state;
	char text[2000], *at = text;
	struct yaml_node *n;

	for (int i = 0; i < 16; i++) {
		*at++ = '{';
		memset(at, 'k', 48);
		at = stpcpy(at + 48, ": ");
	}
	*at++ = 'x';
	memset(at, '}', 16);
	at[16] = '\0';
	n = root(f, text);
	while (n->children)
		n = n->children;
	yaml_error(&f->ctx, n, "c", "x");
	assert_true(strlen(diag_get(f->ctx.diag, 0)->text) < 410);
}

static void
test_levels(void **state)
{
	struct fixture *f = *state;
	struct yaml_node *n = root(f, "a");

	yaml_report(&f->ctx, DIAG_NOTE, n, "c", "x");
	yaml_report(&f->ctx, DIAG_WARNING, n, "c", "x");
	assert_int_equal(diag_count(f->ctx.diag, DIAG_NOTE), 2);
	assert_int_equal(diag_count(f->ctx.diag, DIAG_WARNING), 1);
	assert_int_equal(diag_count(f->ctx.diag, DIAG_ERROR), 0);
	n->refused = true;
	yaml_error(&f->ctx, n, "c", "x");
	assert_int_equal(diag_total(f->ctx.diag), 2);
}

static void
test_what_is_shown_is_printable_and_short(void **state)
{
	const struct {
		struct span text;
		const char *want;
	} t[] = {
	    {SPAN_LIT(""), "\"\""},
	    {SPAN_LIT("a\x1b[1m\n"), "\"a\\u001b[1m\\n\""},
	    {SPAN_LIT("0123456789012345678901234567890123456789"
		      "01234567"),
		"\"012345678901234567890123456789012345678901234567\""},
	    {SPAN_LIT("0123456789012345678901234567890123456789"
		      "012345678"),
		"\"012345678901234567890123456789012345678901234567\"..."},
	    /* never in the midst of a character */
	    {SPAN_LIT("0123456789012345678901234567890123456789"
		      "0123456\xe2\x82\xac"),
		"\"01234567890123456789012345678901234567890123456\"..."},
	};
	char bytes[48];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_string_equal(YAML_SHOW(t[i].text), t[i].want);
	/* the longest there can be */
	memset(bytes, 1, sizeof(bytes));
	assert_int_equal(
	    strlen(YAML_SHOW(span_of(bytes, sizeof(bytes)))), 2 + 48 * 6);
}

static void
test_keys_are_consumed(void **state)
{
	static const char *const known[] = {"a", "description", "c", NULL};
	struct fixture *f = *state;
	struct yaml_node *n =
	    root(f, "a: 1\ndescripton: 2\nzzz: 3\nc: 4\nd: {e: 5}\n");

	assert_non_null(yaml_get(n, "a"));
	assert_null(yaml_get(n, "b"));
	assert_null(yaml_get(n->children, "a")); /* no map: no keys */
	yaml_leftover(&f->ctx, n, known);
	assert_int_equal(diag_total(f->ctx.diag), 3);
	assert_string_equal(diag_get(f->ctx.diag, 0)->text,
	    "descripton: unknown key; did you mean `description`?");
	assert_string_equal(diag_get(f->ctx.diag, 1)->text, "zzz: unknown key");
	/* `c` is known and was not wanted; `d` is neither */
	assert_string_equal(diag_get(f->ctx.diag, 2)->text, "d: unknown key");
	assert_int_equal(diag_get(f->ctx.diag, 2)->line, 5);
	assert_int_equal(diag_get(f->ctx.diag, 2)->column, 1);
}

static void
test_what_has_to_be_there(void **state)
{
	struct fixture *f = *state;
	struct yaml_node *n = root(f, "x: {a: 1}\n")->children;

	assert_non_null(yaml_need(&f->ctx, n, "a"));
	assert_null(yaml_need(&f->ctx, n, "b"));
	expect_last(f, 1, 4, "x: `b:` is missing");
}

static void
test_one_or_many(void **state)
{
	struct fixture *f = *state;
	struct yaml_node *n = root(f, "a: 1\nb: [2, 3]\nc: []\n");
	struct yaml_node *item;
	size_t count;

	item = yaml_items(yaml_get(n, "a"), &count);
	assert_int_equal(count, 1);
	assert_true(span_is(item->text, "1"));
	item = yaml_items(yaml_get(n, "b"), &count);
	assert_int_equal(count, 2);
	assert_true(span_is(item->next->text, "3"));
	item = yaml_items(yaml_get(n, "c"), &count);
	assert_int_equal(count, 0);
	assert_null(item);
}

#define EACH(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_the_way_to_a_value),
	    EACH(test_a_long_way_is_cut),
	    EACH(test_levels),
	    EACH(test_what_is_shown_is_printable_and_short),
	    EACH(test_keys_are_consumed),
	    EACH(test_what_has_to_be_there),
	    EACH(test_one_or_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
