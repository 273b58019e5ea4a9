/* Lines that sha256sum prints and checks. */
#include "policy/manifest.h"

#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define A32 "00112233445566778899aabbccddeeff"
#define HEX A32 A32

static void
test_a_line(void **state)
{
	struct span rest = span_str(HEX "  lists/a b.csv\n" HEX "  -x\n");
	struct policy_manifest_line line;

	(void)state;
	assert_int_equal(policy_manifest_next(&rest, &line), RC_OK);
	assert_true(span_is(line.name, "lists/a b.csv"));
	assert_int_equal(line.sha256[1], 0x11);
	assert_int_equal(line.sha256[31], 0xff);
	assert_int_equal(policy_manifest_next(&rest, &line), RC_OK);
	assert_true(span_is(line.name, "-x"));
	assert_int_equal(rest.len, 0);
}

static void
test_what_is_no_line(void **state)
{
	static const char *const bad[] = {
	    "\n",
	    HEX "\n",
	    HEX "  \n",
	    HEX "  a", /* cut short */
	    HEX " a\n",
	    HEX " *a\n", /* binary, as other systems write it */
	    HEX "  -\n", /* standard input */
	    HEX "  a\\b\n",
	    HEX "  a\rb\n",
	    HEX "  a\x7f\n",
	    HEX "  a\xff\n",
	    "\\" HEX "  a\n", /* escaped */
	    A32 "00112233445566778899AABBCCDDEEFF  a\n",
	    A32 "00112233445566778899aabbccddeefg  a\n",
	    "# " HEX "  a\n",
	    " " HEX "  a\n",
	};
	struct policy_manifest_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct span rest = span_str(bad[i]);
		const size_t len = rest.len;

		assert_int_equal(
		    policy_manifest_next(&rest, &line), RC_MALFORMED);
		assert_int_equal(rest.len, len);
	}
}

static void
test_names_have_an_end(void **state)
{
	char name[POLICY_NAME_MAX + 1];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_null(policy_name_fault(span_of(name, POLICY_NAME_MAX)));
	assert_non_null(policy_name_fault(span_of(name, sizeof(name))));
	assert_non_null(policy_name_fault(span_of(name, 0)));
	assert_null(policy_name_fault(span_str("z\xc3\xa4hler.csv")));
}

/* What is read of a set is what was written of it. */
static void
test_there_and_back(void **state)
{
	struct policy_set *s = loaded_files("identity: a\n"
					    "certificate:\n"
					    "  trust: ca.pem\n"
					    "  endpoint: {table: table.csv}\n");
	struct arena *a = arena_new(0);
	struct policy_manifest_line line;
	uint8_t digest[DIGEST_LEN];
	struct span text;

	(void)state;
	assert_int_equal(policy_manifest(s, a, &text), RC_OK);
	digest_of(text, digest);
	assert_memory_equal(digest, s->digest, DIGEST_LEN);
	assert_int_equal(s->file_count, 3);
	for (size_t i = 0; i < s->file_count; i++) {
		assert_int_equal(policy_manifest_next(&text, &line), RC_OK);
		assert_true(span_is(line.name, s->files[i].name));
		assert_memory_equal(
		    line.sha256, s->files[i].sha256, DIGEST_LEN);
	}
	assert_int_equal(text.len, 0);
	arena_free(a);
	policy_set_unref(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_line),
	    cmocka_unit_test(test_what_is_no_line),
	    cmocka_unit_test(test_names_have_an_end),
	    cmocka_unit_test(test_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
