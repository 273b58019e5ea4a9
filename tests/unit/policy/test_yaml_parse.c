/* Bytes to a tree that remembers where everything stood. */
#include "policy/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

/* The tree as one line: {key@line:col=value, ...}, [item, ...], 'quoted'. */
static void
draw(FILE *out, const struct yaml_node *n)
{
	const char *comma = "";

	if (n->kind == YAML_SCALAR)
		fprintf(out, n->quoted ? "'%.*s'" : "%.*s", SPAN_FMT(n->text));
	if (n->kind == YAML_SCALAR)
		return;
	fprintf(out, n->kind == YAML_MAP ? "{" : "[");
	for (const struct yaml_node *c = n->children; c; c = c->next) {
		assert_ptr_equal(c->parent, n);
		fprintf(out, "%s", comma);
		comma = ", ";
		if (c->key)
			fprintf(out, "%.*s@%u:%u=", SPAN_FMT(c->key->text),
			    c->line, c->column);
		draw(out, c);
	}
	fprintf(out, n->kind == YAML_MAP ? "}" : "]");
}

/* All documents and then all findings, compared with `want`. */
static void
expect(struct span text, enum rc want_rc, const char *want)
{
	struct arena *a = arena_new(0);
	struct diag *d = diag_new();
	struct yaml_doc *docs;
	char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	assert_non_null(f);
	assert_int_equal(yaml_parse(a, d, "t", text, &docs), want_rc);
	for (; docs; docs = docs->next) {
		draw(f, docs->root);
		fprintf(f, "\n");
	}
	diag_print(d, f);
	fclose(f);
	assert_string_equal(got, want);
	free(got);
	diag_free(d);
	arena_free(a);
}

static void
test_trees(void **state)
{
	(void)state;
	expect(SPAN_LIT(""), RC_OK, "");
	expect(SPAN_LIT("a: 1\nb:\n  - x\n  - \"y\"\nc: {d: , e: 'f'}\n"),
	    RC_OK, "{a@1:4=1, b@3:3=[x, 'y'], c@5:4={d@5:8=, e@5:13='f'}}\n");
	expect(SPAN_LIT("a\n---\n- b\n...\n---\n|\n  c\n  d\n"), RC_OK,
	    "a\n[b]\n'c\nd\n'\n");
	/* what YAML 1.1 makes of these is not ours: they are text */
	expect(SPAN_LIT("[yes, 010, 1_000, ~, 2026-11-22, 0x10]"), RC_OK,
	    "[yes, 010, 1_000, ~, 2026-11-22, 0x10]\n");
	expect(SPAN_LIT("\xef\xbb\xbf"
			"a: b\r\nc: d\r\n"),
	    RC_OK, "{a@1:4=b, c@2:4=d}\n");
	/* a merge key is a key like any other */
	expect(SPAN_LIT("<<: {a: b}"), RC_OK, "{<<@1:5={a@1:9=b}}\n");
}

static void
test_keys_are_there_once(void **state)
{
	(void)state;
	expect(SPAN_LIT("a: 1\nb: {c: 1, \"c\": 2}\na: 2\n'a': 3\n"), RC_CONFIG,
	    "{a@1:4=1, b@2:4={c@2:8=1, c@2:16=2}, a@3:4=2, a@4:6=3}\n"
	    "t:2:11: error: b: the key \"c\" is there already, in line 2\n"
	    "t:3:1: error: the key \"a\" is there already, in line 1\n"
	    "t:4:1: error: the key \"a\" is there already, in line 1\n");
}

static void
test_no_anchors_no_aliases_no_tags(void **state)
{
	(void)state;
	expect(SPAN_LIT("a: &x [1]\nb: *x\nc: !!str d\ne: ! f\n"), RC_CONFIG,
	    "{a@1:4=[1], b@2:4=, c@3:4=d, e@4:4=f}\n"
	    "t:1:4: error: an anchor (&); anchors and aliases are not "
	    "accepted, write the value where it is used\n"
	    "t:2:4: error: an alias (*); anchors and aliases are not "
	    "accepted, write the value where it is used (text that begins with "
	    "* goes in quotes)\n"
	    "t:3:4: error: a tag (!); remove it, the type follows from the "
	    "key\n"
	    "t:4:4: error: a tag (!); remove it, the type follows from the "
	    "key\n");
}

/* Nine levels of nine references each are 387 million values, elsewhere. */
static void
test_a_bomb_does_not_go_off(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct diag *d = diag_new();
	struct yaml_doc *docs;

	(void)state;
	assert_int_equal(
	    yaml_parse(a, d, "t",
		SPAN_LIT("a: &a [x, x, x, x, x, x, x, x, x]\n"
			 "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
			 "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
			 "d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n"),
		&docs),
	    RC_CONFIG);
	assert_int_equal(diag_total(d), 4 + 3 * 9);
	diag_free(d);
	arena_free(a);
}

static void
test_a_key_is_a_word(void **state)
{
	(void)state;
	expect(SPAN_LIT("? [a, b]\n: c\n? {d: e}\n: {f: g}\nh: i\n"), RC_CONFIG,
	    "{h@5:4=i}\n"
	    "t:1:3: error: a map or a list as a key; a key is a word\n"
	    "t:3:3: error: a map or a list as a key; a key is a word\n");
}

static void
test_what_is_no_yaml(void **state)
{
	(void)state;
	expect(SPAN_LIT("a: b\n---\na: [1, 2\nb: 3\n"), RC_CONFIG,
	    "{a@1:4=b}\n"
	    "t:4:2: error: a ',' or ']' is missing: the '[' is still open (it "
	    "began in line 3)\n");
	expect(SPAN_LIT("a: {b: 1\nc: 2\n"), RC_CONFIG,
	    "t:2:2: error: a ',' or '}' is missing: the '{' is still open (it "
	    "began in line 1)\n");
	expect(SPAN_LIT("a: \"b\nc: d\n"), RC_CONFIG,
	    "t:1:4: error: the quote that opens here is not closed\n");
	expect(SPAN_LIT("a: 'b\n---\nc: d\n"), RC_CONFIG,
	    "t:1:4: error: the quote that opens here is not closed\n");
	expect(SPAN_LIT("a: b: c\n"), RC_CONFIG,
	    "t:1:5: error: no ':' can be here; a space is missing behind an "
	    "earlier ':', the indentation is wrong, or text with ': ' in it "
	    "needs quotes\n");
	expect(SPAN_LIT("a: b\nc:d\n"), RC_CONFIG,
	    "t:2:1: error: a key without ': ' behind it; a space follows the "
	    "colon\n");
	expect(SPAN_LIT("a:\n  - b: c\n   d: e\n"), RC_CONFIG,
	    "t:3:4: error: the indentation is wrong: this is neither the next "
	    "'- ' of the list nor a key of its item (it began in line 2)\n");
	expect(SPAN_LIT("a:\n  b: c\n d: e\n"), RC_CONFIG,
	    "t:3:2: error: the indentation or a quote is wrong: this is not "
	    "the next key of the map (it began in line 1)\n");
}

/* libyaml chokes on some tabs, too: one finding is enough. */
static void
test_a_tab_is_told_once(void **state)
{
	(void)state;
	expect(SPAN_LIT("a:\n\tb: c\n"), RC_CONFIG,
	    "t:2:1: error: a tab; indent and separate with spaces (in quoted "
	    "text write \"\\t\")\n");
	expect(SPAN_LIT("a:\tb\nc: [\n"), RC_CONFIG,
	    "t:1:3: error: a tab; indent and separate with spaces (in quoted "
	    "text write \"\\t\")\n"
	    "t:3:1: error: did not find expected node content, while parsing a "
	    "flow node of line 3\n");
}

static void
test_a_nul_in_quotes(void **state)
{
	struct arena *a = arena_new(0);
	struct diag *d = diag_new();
	struct yaml_doc *docs;

	(void)state;
	assert_int_equal(
	    yaml_parse(a, d, "t", SPAN_LIT("a: \"x\\0y\"\n"), &docs),
	    RC_CONFIG);
	assert_int_equal(diag_total(d), 1);
	assert_string_equal(diag_get(d, 0)->code, "yaml-control");
	assert_true(docs->root->children->refused);
	diag_free(d);
	arena_free(a);
}

static void
test_depth_is_limited(void **state)
{
	(void)state;
	expect(SPAN_LIT("[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]"), RC_OK,
	    "[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]\n");
	expect(SPAN_LIT("[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]"), RC_CONFIG,
	    "t:1:17: error: nested more than 16 deep\n");
}

/* A megabyte of `unit`, which no reader may take long over. */
static void
expect_megabyte(const char *unit, enum rc want, const char *code)
{
	struct arena *a = arena_new(0);
	struct diag *d = diag_new();
	struct yaml_doc *docs;
	char *text = malloc(YAML_FILE_MAX);
	size_t len = 0, unit_len = strlen(unit);

	assert_non_null(text);
	for (; len + unit_len <= YAML_FILE_MAX; len += unit_len)
		memcpy(text + len, unit, unit_len);
	assert_int_equal(
	    yaml_parse(a, d, "t", span_of(text, len), &docs), want);
	if (code)
		assert_string_equal(diag_get(d, diag_total(d) - 1)->code, code);
	free(text);
	diag_free(d);
	arena_free(a);
}

static void
test_a_megabyte_of_anything_ends_soon(void **state)
{
	(void)state;
	expect_megabyte("[", RC_CONFIG, "yaml-limit");
	expect_megabyte("{", RC_CONFIG, "yaml-limit");
	expect_megabyte("- ", RC_CONFIG, "yaml-limit");
	expect_megabyte("? ", RC_CONFIG, "yaml-limit");
	expect_megabyte("- a\n", RC_CONFIG, "yaml-limit");
	expect_megabyte("a\n", RC_OK, NULL);
	expect_megabyte("---\n", RC_CONFIG, "yaml-limit");
	expect_megabyte("&a ", RC_CONFIG, "yaml-syntax");
	expect_megabyte("\"", RC_CONFIG, "yaml-syntax");
	expect_megabyte("# \n", RC_OK, NULL);
	expect_megabyte("%TAG !a! b\n", RC_CONFIG, "yaml-directive");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_trees),
	    cmocka_unit_test(test_keys_are_there_once),
	    cmocka_unit_test(test_no_anchors_no_aliases_no_tags),
	    cmocka_unit_test(test_a_bomb_does_not_go_off),
	    cmocka_unit_test(test_a_key_is_a_word),
	    cmocka_unit_test(test_what_is_no_yaml),
	    cmocka_unit_test(test_a_tab_is_told_once),
	    cmocka_unit_test(test_a_nul_in_quotes),
	    cmocka_unit_test(test_depth_is_limited),
	    cmocka_unit_test(test_a_megabyte_of_anything_ends_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
