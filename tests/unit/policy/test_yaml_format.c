/* What formatting changes, and what it leaves alone. */
#include "policy/yaml_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define POLICIES SOURCE_ROOT "/policies"

struct formatted {
	struct arena *arena;
	struct diag *diag;
	struct span text;
	enum rc rc;
};

static struct formatted
format(const char *text)
{
	struct formatted f = {arena_new(0), diag_new(), {0}, RC_OK};

	assert_non_null(f.arena);
	assert_non_null(f.diag);
	f.rc = yaml_format(f.arena, f.diag, "t.yaml", span_str(text), &f.text);
	return f;
}

static void
formatted_fini(struct formatted *f)
{
	diag_free(f->diag);
	arena_free(f->arena);
}

/* And what comes out is changed no more. */
static void
expect(const char *text, const char *want)
{
	struct formatted f = format(text), again;

	if (f.rc != RC_OK)
		diag_print(f.diag, stderr);
	assert_int_equal(f.rc, RC_OK);
	/* the arena has a NUL behind it */
	assert_string_equal(f.text.len ? (const char *)f.text.p : "", want);
	again = format(want);
	assert_int_equal(again.rc, RC_OK);
	assert_true(span_equal(again.text, f.text));
	formatted_fini(&again);
	formatted_fini(&f);
}

static void
expect_same(const char *text)
{
	expect(text, text);
}

static void
test_indentation_and_space(void **state)
{
	(void)state;
	expect("policy:   p\r\n"
	       "match:\r\n"
	       "     identity :  a   \r\n"
	       "servers:\r\n"
	       "-   name:  s\r\n"
	       "    security:\r\n"
	       "          mode:   psk\r\n"
	       "-\r\n"
	       "  name: t",
	    "policy: p\n"
	    "match:\n"
	    "  identity: a\n"
	    "servers:\n"
	    "  - name: s\n"
	    "    security:\n"
	    "      mode: psk\n"
	    "  - name: t\n");
	expect("\xef\xbb\xbf"
	       "a: 1\n",
	    "a: 1\n");
	expect("", "");
	expect("\n\n# alone\n\n\n", "# alone\n");
}

static void
test_empty_lines_part_sections(void **state)
{
	(void)state;
	expect("\n\na: 1\n\n\n\nb:\n\n  - 1\n  \n  - 2\n\n\n---\n\nc: 1\n\n\n",
	    "a: 1\n\nb:\n  - 1\n\n  - 2\n\n---\nc: 1\n");
}

/* Where a comment begins is counted in characters, and not in bytes. */
static void
test_comments_of_other_letters(void **state)
{
	(void)state;
	expect_same("# \xc3\xa4\xc3\xb6\xc3\xbc \xe6\xb0\xb4\xe8\xa1\xa8\n"
		    "# 2\n"
		    "a: 1 # \xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\n"
		    "# 3\n"
		    "b: \xc3\xa4\xc3\xb6 # 4\n"
		    "# 5\n");
}

static void
test_what_grows_too_long_is_refused(void **state)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct formatted got;

	(void)state;
	assert_non_null(f);
	fputs("a: {b: {c: {d: {e: {f: [", f);
	for (unsigned i = 0; i < 150000; i++)
		fputs("1,", f);
	fputs("1]}}}}}\n", f);
	fclose(f);
	got = format(text);
	assert_int_equal(got.rc, RC_CONFIG);
	assert_int_equal(diag_total(got.diag), 1);
	assert_string_equal(diag_get(got.diag, 0)->code, "yaml-limit");
	formatted_fini(&got);
	free(text);
}

static void
test_the_order_of_keys_is_the_author_s(void **state)
{
	(void)state;
	expect_same("psk: {derive: m}\nendpoint: \"x*\"\nidentity: a\n");
}

static void
test_flow_stays_where_it_fits(void **state)
{
	(void)state;
	expect("a: [ 1,2 , {b : c,d: []} ]\n"
	       "b: [x,\n    y]\n",
	    "a: [1, 2, {b: c, d: []}]\n"
	    "b: [x, y]\n");
	/* 80 columns, and one more */
	expect_same("long: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, "
		    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb]\n");
	expect("long: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, "
	       "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb]\n",
	    "long:\n"
	    "  - aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
	    "  - bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n");
	/* comments need lines */
	expect("formats: [tlv, # everybody\n"
	       "          # and these\n"
	       "          {a: senml-cbor}]\n",
	    "formats:\n"
	    "  - tlv        # everybody\n"
	    "  # and these\n"
	    "  - {a: senml-cbor}\n");
}

static void
test_quotes_where_they_are_needed(void **state)
{
	(void)state;
	expect("a: 'word'\n"
	       "\"b\": \"U\"\n"
	       "c: 'two words'\n"
	       "d: '\\d{15}'\n"
	       "e: 'say \"no\"'\n",
	    "a: word\n"
	    "b: U\n"
	    "c: \"two words\"\n"
	    "d: '\\d{15}'\n"
	    "e: 'say \"no\"'\n");
	/* what some reader of YAML takes for something else */
	expect_same("a: \"101\"\n"
		    "b: \"true\"\n"
		    "c: \"No\"\n"
		    "d: \"null\"\n"
		    "e: \"urn:dev:*\"\n"
		    "f: \"\"\n"
		    "g: \"y\"\n"
		    "h: \"+01:00\"\n"
		    "i: \"\\u00e4\\n\"\n"
		    "j: urn:dev:x\n");
}

static void
test_comments_stay_with_their_own(void **state)
{
	(void)state;
	expect_same("# of the file\n"
		    "\n"
		    "# of the key\n"
		    "a: 1 # behind\n"
		    "b:    # its key\n"
		    "  # of the first\n"
		    "  - x   # aligned\n"
		    "  - yy  # aligned\n"
		    "        # and on\n"
		    "  # at the end of the list\n"
		    "# of the next\n"
		    "c:\n"
		    "  d: 1\n"
		    "\n"
		    "  # e: 2\n"
		    "# of the document's end\n"
		    "--- # of the next document\n"
		    "# and of its key\n"
		    "f: |  # of the text\n"
		    "  # no comment\n"
		    "# last\n");
}

/* Those that have no line of their own in this layout go in front. */
static void
test_comments_that_move(void **state)
{
	(void)state;
	expect("a:\n"
	       "  # why\n"
	       "  1\n"
	       "b:  # so\n"
	       "  [x]\n"
	       "c:\n"
	       "  -  # dash\n"
	       "    d: 1\n"
	       "e: [ # none\n"
	       "  ]\n",
	    "# why\n"
	    "a: 1\n"
	    "# so\n"
	    "b: [x]\n"
	    "c:\n"
	    "  # dash\n"
	    "  - d: 1\n"
	    "# none\n"
	    "e: []\n");
}

/* `- a` at the column of its key: a comment there is about the next key. */
static void
test_lists_below_their_key(void **state)
{
	(void)state;
	expect("servers:\n"
	       "- a\n"
	       "  # of a\n"
	       "# of b\n"
	       "- b\n"
	       "# of objects\n"
	       "objects: {}\n",
	    "servers:\n"
	    "  - a\n"
	    "  # of a\n"
	    "  # of b\n"
	    "  - b\n"
	    "# of objects\n"
	    "objects: {}\n");
}

static void
test_text_in_lines(void **state)
{
	(void)state;
	expect("a: |\n"
	       "      one\n"
	       "        two\n"
	       "\n"
	       "b: >-\n"
	       "   folded\n"
	       "   text\n"
	       "c: \"in\n"
	       "         quotes\"\n"
	       "d: plain\n"
	       "         too\n"
	       "e: |+\n"
	       "  kept\n"
	       "\n"
	       "\n"
	       "f: |1\n"
	       "  space\n",
	    "a: |\n"
	    "  one\n"
	    "    two\n"
	    "\n"
	    "b: >-\n"
	    "  folded\n"
	    "  text\n"
	    "c: \"in\n"
	    "  quotes\"\n"
	    "d: plain\n"
	    "  too\n"
	    "e: |+\n"
	    "  kept\n"
	    "\n"
	    "\n"
	    "f: |2\n"
	    "   space\n");
}

static void
test_what_is_no_yaml_is_refused(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *code;
	} cases[] = {
	    {"a: 1\n\tb: 2\n", 2, "yaml-tab"},
	    {"a: &x 1\n", 1, "yaml-anchor"},
	    {"a: [1\nb: 2\n", 2, "yaml-syntax"},
	    {"a: 1\na: 2\n", 2, "yaml-duplicate-key"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct formatted f = format(cases[i].text);
		const struct diag_finding *at = diag_get(f.diag, 0);

		assert_int_equal(f.rc, RC_CONFIG);
		assert_null(f.text.p);
		assert_int_equal(at->line, cases[i].line);
		assert_string_equal(at->code, cases[i].code);
		formatted_fini(&f);
	}
}

/* A key of more than 1024 bytes would need another notation: nothing is
 * written rather than something else. */
static void
test_what_cannot_be_written_is_refused(void **state)
{
	char text[1200] = "? \"";
	struct formatted f;

	(void)state;
	memset(text + 3, 'x', 1100);
	strcpy(text + 3 + 1100, " y\"\n: 1\n");
	f = format(text);
	assert_int_equal(f.rc, RC_CONFIG);
	assert_string_equal(diag_get(f.diag, 0)->code, "yaml-format");
	formatted_fini(&f);
}

/* --- what is shipped ------------------------------------------------------ */

static char *
read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t len = 0;

	assert_non_null(f);
	assert_true(getdelim(&text, &len, '\0', f) > 0);
	fclose(f);
	return text;
}

static size_t
expect_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	size_t count = 0;

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		size_t len = strlen(e->d_name);
		char file[PATH_MAX], *text;

		if (len < 5 || strcmp(e->d_name + len - 5, ".yaml") != 0)
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		text = read_text(file);
		expect_same(text);
		free(text);
		count++;
	}
	closedir(dir);
	return count;
}

static void
test_examples_are_formatted(void **state)
{
	(void)state;
	assert_true(expect_folder(POLICIES "/examples") >= 9);
	assert_true(expect_folder(POLICIES "/profiles") >= 7);
}

/* Blocks of the grammar, whose comments are in columns. */
static void
test_blocks_of_the_readme(void **state)
{
	char *readme = read_text(POLICIES "/README.md");
	char *at = readme;
	size_t count = 0;

	(void)state;
	while ((at = strstr(at, "```yaml\n"))) {
		char *block = at + strlen("```yaml\n");
		char *end = strstr(block, "\n```");

		assert_non_null(end);
		end[1] = '\0';
		expect_same(block);
		at = end + 2;
		count++;
	}
	assert_true(count >= 5);
	free(readme);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_indentation_and_space),
	    cmocka_unit_test(test_empty_lines_part_sections),
	    cmocka_unit_test(test_comments_of_other_letters),
	    cmocka_unit_test(test_what_grows_too_long_is_refused),
	    cmocka_unit_test(test_the_order_of_keys_is_the_author_s),
	    cmocka_unit_test(test_flow_stays_where_it_fits),
	    cmocka_unit_test(test_quotes_where_they_are_needed),
	    cmocka_unit_test(test_comments_stay_with_their_own),
	    cmocka_unit_test(test_comments_that_move),
	    cmocka_unit_test(test_lists_below_their_key),
	    cmocka_unit_test(test_text_in_lines),
	    cmocka_unit_test(test_what_is_no_yaml_is_refused),
	    cmocka_unit_test(test_what_cannot_be_written_is_refused),
	    cmocka_unit_test(test_examples_are_formatted),
	    cmocka_unit_test(test_blocks_of_the_readme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
