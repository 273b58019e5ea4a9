/* Tables: whose fingerprint is it? */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "policy/match.h"

#define H0 "00000000000000000000000000000000"
#define H1 "1111111111111111ABCDEFabcdef1111"
#define H2 "ffffffffffffffffffffffffffffffff"
#define ZEROS H0 H0
#define MIXED H1 H1
#define ONES H2 H2
#define COLONS8 "0a:0B:0c:0d:0e:0f:10:11"
#define COLONS COLONS8 ":" COLONS8 ":" COLONS8 ":" COLONS8

static const char document[] = "identity: i\n"
			       "rpk: {table: t.csv}\n"
			       "---\n"
			       "policy: p\n"
			       "servers: []\n";

/* A document with that table. `want`: findings; NULL: none that matters. */
static struct policy_set *
with_table(struct span table, const char *want)
{
	struct policy_set *s;
	struct folder f;

	assert_true(folder_init(&f));
	folder_put(&f, "t.yaml", span_str(document));
	folder_put(&f, "t.csv", table);
	s = expect_folder(&f, "t.yaml", want);
	folder_fini(&f);
	return s;
}

static void
expect_table(const char *table, const char *want)
{
	policy_set_unref(with_table(span_str(table), want));
}

/* What a table has under the fingerprint that begins with `first` and goes on
 * with `rest`. */
static void
expect_endpoint(
    struct policy_set *s, uint8_t first, uint8_t rest, const char *want)
{
	uint8_t sha256[DIGEST_LEN];
	struct span got;

	memset(sha256, rest, sizeof(sha256));
	sha256[0] = first;
	got = identity_table_find(identity_at(s, 0), sha256);
	assert_true(span_is(got, want));
}

static void
test_lines_are_found_again(void **state)
{
	struct policy_set *s =
	    with_table(SPAN_LIT("# the pilot\r\n"
				"SHA256,endpoint\r\n"
				"\r\n" ONES ",urn:dev:ops:1\r\n" ZEROS
				",\"a \"\"quoted\"\", name\"\r\n"
				"\"" MIXED "\",\"m\xc3\xbc\"\n"
				"# the last has no end\n" COLONS ",c"),
		"");
	const struct identity *id = identity_at(s, 0);

	(void)state;
	assert_int_equal(id->kind, IDENTITY_RPK);
	assert_int_equal(id->endpoint_from, ENDPOINT_TABLE);
	assert_int_equal(id->table_count, 4);
	expect_endpoint(s, 0x00, 0x00, "a \"quoted\", name");
	expect_endpoint(s, 0xff, 0xff, "urn:dev:ops:1");
	expect_endpoint(s, 0x00, 0x01, "");
	expect_endpoint(s, 0xfe, 0xff, "");
	expect_endpoint(s, 0xff, 0xfe, "");
	/* sorted, whatever the file's order */
	for (size_t i = 1; i < id->table_count; i++)
		assert_true(memcmp(id->table[i - 1].sha256, id->table[i].sha256,
				DIGEST_LEN) < 0);
	assert_true(span_is(id->table[1].endpoint, "c"));
	assert_int_equal(id->table[1].sha256[0], 0x0a);
	assert_int_equal(id->table[1].sha256[1], 0x0b);
	assert_true(span_is(id->table[2].endpoint, "m\xc3\xbc"));
	policy_set_unref(s);
}

static void
test_an_empty_table_is_said(void **state)
{
	static const char *const tables[] = {
	    "", "\n\n", "# nobody yet", "sha256,endpoint\n", "\xef\xbb\xbf"};

	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		expect_table(tables[i],
		    "2:14: warning: rpk.table: \"t.csv\" names no device: "
		    "nobody gets in by it\n");
}

/* As spreadsheets write it. */
static void
test_a_mark_of_utf_8_in_front(void **state)
{
	struct policy_set *s = with_table(
	    SPAN_LIT("\xef\xbb\xbfsha256,endpoint\r\n" ZEROS ",a\r\n"), "");

	(void)state;
	assert_int_equal(identity_at(s, 0)->table_count, 1);
	policy_set_unref(s);
}

static void
test_the_same_line_again_is_one(void **state)
{
	struct policy_set *s =
	    with_table(SPAN_LIT(ONES ",a\n" ZEROS ",a\n" ONES ",a\n"), "");

	(void)state;
	assert_int_equal(identity_at(s, 0)->table_count, 2);
	expect_endpoint(s, 0xff, 0xff, "a");
	expect_endpoint(s, 0x00, 0x00, "a");
	policy_set_unref(s);
}

static void
test_a_fingerprint_is_of_one_device(void **state)
{
	(void)state;
	expect_table(ONES ",a\n" ZEROS ",x\n" ONES ",b\n" ONES ",c\n" ZEROS
			  ",y\n",
	    "t.csv:3: error: the fingerprint of line 1 again, with another "
	    "endpoint: \"a\" there, \"b\" here\n"
	    "t.csv:4: error: the fingerprint of line 1 again, with another "
	    "endpoint: \"a\" there, \"c\" here\n"
	    "t.csv:5: error: the fingerprint of line 2 again, with another "
	    "endpoint: \"x\" there, \"y\" here\n");
}

static void
test_lines_that_are_none(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
	    {ZEROS, "two fields are expected: sha256,endpoint"},
	    {ZEROS ",a,b", "two fields are expected: sha256,endpoint"},
	    {ZEROS ",a,", "two fields are expected: sha256,endpoint"},
	    {ZEROS ";a", "two fields are expected: sha256,endpoint"},
	    {"sha256,endpoint",
		"\"sha256\" is no SHA-256; 64 hex digits are expected, in "
		"pairs with colons between them or without"},
	    {H0 ",a",
		"\"" H0 "\" is no SHA-256; 64 hex digits are expected, in "
		"pairs with colons between them or without"},
	    {" " ZEROS ",a",
		"\" 00000000000000000000000000000000000000000000000\"... is no "
		"SHA-256; 64 hex digits are expected, in pairs with colons "
		"between them or without"},
	    {H0 "g000000000000000000000000000000z,a",
		"\"" H0 "g000000000000000\"... is no SHA-256; 64 hex digits "
		"are expected, in pairs with colons between them or without"},
	    {"00-0B:0c:0d:0e:0f:10:11:" COLONS8 ":" COLONS8 ":" COLONS8 ",a",
		"\"00-0B:0c:0d:0e:0f:10:11:0a:0B:0c:0d:0e:0f:10:11:\"... is no "
		"SHA-256; 64 hex digits are expected, in pairs with colons "
		"between them or without"},
	    {ZEROS ",", "\"\": an endpoint name has 1 to 252 bytes"},
	    {ZEROS ",\"\"", "\"\": an endpoint name has 1 to 252 bytes"},
	    {ZEROS ",\xff", "\"\\u00ff\": an endpoint name is UTF-8"},
	    {ZEROS ",a\tb",
		"\"a\\tb\": a control or invisible character in an endpoint "
		"name"},
	    {ZEROS ",a\xe2\x80\xae"
		   "b",
		"\"a\\u202eb\": a control or invisible character in an "
		"endpoint name"},
	    {ZEROS ", a", "\" a\": a space before or behind an endpoint name"},
	    {ZEROS ",a ", "\"a \": a space before or behind an endpoint name"},
	    {ZEROS ",\"a", "a quote is not closed on its line"},
	    {ZEROS ",\"a\"\"", "a quote is not closed on its line"},
	    {ZEROS ",\"a\"b", "a comma is expected behind a closing quote"},
	    {ZEROS ",a\"b",
		"a quote in a field that does not begin with one; the whole "
		"field goes in quotes, those in it doubled"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char table[512], want[512];

		snprintf(table, sizeof(table), ONES ",a\n%s\n", rows[i].line);
		snprintf(
		    want, sizeof(want), "t.csv:2: error: %s\n", rows[i].want);
		expect_table(table, want);
	}
}

static void
test_the_length_of_an_endpoint(void **state)
{
	char table[512], endpoint[254];
	struct policy_set *s;

	(void)state;
	memset(endpoint, 'e', sizeof(endpoint));
	endpoint[252] = '\0';
	snprintf(table, sizeof(table), ZEROS ",%s\n", endpoint);
	s = with_table(span_str(table), "");
	expect_endpoint(s, 0, 0, endpoint);
	policy_set_unref(s);
	endpoint[252] = 'e';
	endpoint[253] = '\0';
	snprintf(table, sizeof(table), ZEROS ",%s\n", endpoint);
	expect_table(table,
	    "t.csv:1: error: \"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
	    "\"...: an endpoint name has 1 to 252 bytes\n");
}

static void
test_nul_bytes(void **state)
{
	(void)state;
	policy_set_unref(with_table(SPAN_LIT(ONES ",b\n" ZEROS ",a\0\n"),
	    "t.csv:2: error: \"a\\u0000\": an endpoint name is UTF-8\n"));
}

/* Nobody reads the next thousand. */
static void
test_findings_of_one_table_are_counted(void **state)
{
	struct diag *d = diag_new();
	struct policy_set *s;
	struct folder f;
	char table[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(table); i++)
		table[i] = i % 2 ? '\n' : 'x';
	assert_true(folder_init(&f));
	folder_put(&f, "t.yaml", span_str(document));
	folder_put(&f, "t.csv", span_of(table, sizeof(table)));
	assert_int_equal(policy_load(f.path, d, &s), RC_CONFIG);
	assert_int_equal(diag_count(d, DIAG_ERROR), 21);
	for (size_t i = 0; i < diag_total(d); i++) {
		const struct diag_finding *at = diag_get(d, i);

		if (at->level == DIAG_ERROR && at->line == 0)
			assert_string_equal(
			    at->text, "980 more lines with faults");
	}
	diag_free(d);
	folder_fini(&f);
}

/* Every line of a table that is longer than any buffer is found again. */
static void
test_a_long_table(void **state)
{
	enum { LINES = 20000 };
	struct policy_set *s;
	char *table = NULL;
	size_t len;
	FILE *out = open_memstream(&table, &len);

	(void)state;
	assert_non_null(out);
	for (unsigned i = 0; i < LINES; i++) {
		unsigned mixed = i * 2654435761u;

		fprintf(out, "%08x%08x%s%s%s,device-%u\n", mixed, i, H0,
		    "00000000", "00000000", i);
	}
	fclose(out);
	s = with_table(span_of(table, len), "");
	assert_int_equal(identity_at(s, 0)->table_count, LINES);
	for (unsigned i = 0; i < LINES; i++) {
		uint8_t sha256[DIGEST_LEN] = {0};
		char want[32];
		struct writer w;

		writer_init(&w, sha256, sizeof(sha256));
		writer_be(&w, i * 2654435761u, 4);
		writer_be(&w, i, 4);
		snprintf(want, sizeof(want), "device-%u", i);
		assert_true(span_is(
		    identity_table_find(identity_at(s, 0), sha256), want));
	}
	policy_set_unref(s);
	free(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines_are_found_again),
	    cmocka_unit_test(test_an_empty_table_is_said),
	    cmocka_unit_test(test_a_mark_of_utf_8_in_front),
	    cmocka_unit_test(test_the_same_line_again_is_one),
	    cmocka_unit_test(test_a_fingerprint_is_of_one_device),
	    cmocka_unit_test(test_lines_that_are_none),
	    cmocka_unit_test(test_the_length_of_an_endpoint),
	    cmocka_unit_test(test_nul_bytes),
	    cmocka_unit_test(test_findings_of_one_table_are_counted),
	    cmocka_unit_test(test_a_long_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
