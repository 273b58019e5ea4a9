/* Fragments and included files: what comes out, and where findings are told. */
#include "policy/grammar.h"

#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD \
	"identity: i\n" \
	"psk: {derive: m}\n" \
	"---\n"

static void
test_what_stands_beside_it_wins(void **state)
{
	struct policy_set *s = loaded(
	    HEAD "policy: p\n"
		 "use: [first, second]\n"
		 "objects: {/3/0: {15: Europe/Paris}}\n"
		 "---\n"
		 "fragment: first\n"
		 "verify: discover\n"
		 "on_failure: clean\n"
		 "objects: {/3/0: {14: \"+01:00\", 15: Europe/Berlin}}\n"
		 "---\n"
		 "fragment: second\n"
		 "on_failure: leave\n"
		 "servers:\n"
		 "  - use: base\n"
		 "    name: a\n"
		 "    short_server_id: 1\n"
		 "    uri: coaps://a\n"
		 "    lifetime: 2h\n"
		 "    security: {identity: \"a-{endpoint}\"}\n"
		 "---\n"
		 "fragment: base\n"
		 "server: {lifetime: 1h, binding: UQ, security: {use: key}}\n"
		 "---\n"
		 "fragment: key\n"
		 "security: {mode: psk, key: {derive: fleet}}\n");
	const struct policy *p = policy_at(s, 0);
	const struct policy_server *a = server_at(p, 0);

	(void)state;
	assert_int_equal(p->verify, VERIFY_DISCOVER);
	assert_int_equal(p->on_failure, FAILURE_LEAVE); /* of the later */
	assert_int_equal(p->object_count, 1);
	assert_int_equal(p->objects[0].entry_count, 2); /* put together */
	assert_true(
	    span_is(p->objects[0].entries[1].value.bytes, "Europe/Paris"));
	assert_int_equal(a->lifetime_s, 7200);
	assert_string_equal(a->binding, "UQ");
	assert_string_equal(a->key.master, "fleet");
	assert_string_equal(a->psk_identity, "a-{endpoint}");
	policy_set_unref(s);
}

/* As many keys as a file has room for, on both sides, and put together in each
 * place once more: seconds each time, were they looked for one by one. */
static void
test_maps_as_large_as_files_are_put_together(void **state)
{
	enum { KEYS = 60000 };
	struct folder folder;
	struct diag *d = diag_new();
	struct policy_set *s = NULL;
	char *text[2] = {NULL, NULL};
	size_t len[2];

	(void)state;
	assert_true(folder_init(&folder));
	for (size_t i = 0; i < 2; i++) {
		FILE *f = open_memstream(&text[i], &len[i]);

		fputs(i ? "fragment: f\nobjects:\n"
			: "policy: p\nuse: [f, f, f, f, f, f, f, f]\n"
			  "objects:\n",
		    f);
		for (size_t k = 0; k < KEYS; k++)
			fprintf(f, "  k%zu: 1\n", k);
		fclose(f);
		folder_put(
		    &folder, i ? "f.yaml" : "p.yaml", span_of(text[i], len[i]));
		free(text[i]);
	}
	assert_non_null(d);
	assert_int_equal(policy_load(folder.path, d, &s), RC_CONFIG);
	diag_free(d);
	folder_fini(&folder);
}

static void
test_members_of_pools_and_accounts_use_them_too(void **state)
{
	struct policy_set *s = loaded(
	    HEAD "policy: p\n"
		 "servers:\n"
		 "  - pool: eu\n"
		 "    servers:\n"
		 "      - {use: base, name: a, short_server_id: 1, weight: 2}\n"
		 "      - {use: base, name: b, short_server_id: 2}\n"
		 "bootstrap_account: {uri: coaps://b, security: {use: key}}\n"
		 "---\n"
		 "fragment: base\n"
		 "server: {uri: coaps://a, security: {use: key}}\n"
		 "---\n"
		 "fragment: key\n"
		 "security: {mode: psk, key: {derive: fleet}}\n");

	(void)state;
	assert_int_equal(policy_at(s, 0)->pools[0].count, 2);
	assert_string_equal(server_at(policy_at(s, 0), 1)->uri, "coaps://a");
	assert_string_equal(
	    policy_at(s, 0)->account.server.key.master, "fleet");
	policy_set_unref(s);
}

/* Told once, where it is mended, however many use it. */
static void
test_findings_are_told_in_the_fragment(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "policy: p\n"
	    "use: eu\n"
	    "---\n"
	    "policy: q\n"
	    "order: 5\n"
	    "match: {endpoint: \"x*\"}\n"
	    "use: eu\n"
	    "---\n"
	    "fragment: eu\n"
	    "servers:\n"
	    "  - {name: a, short_server_id: 1, uri: coaps://a, lifetime: 2,\n"
	    "     security: {mode: psk, key: {derive: f}}}\n",
	    "14:61: error: servers[0].lifetime: \"2\" has no unit; a duration "
	    "is expected, like 250ms, 90s, 5m, 2h, 1d or 10y (used by policy p "
	    "at t.yaml:4)\n");
}

/* One place, one code, and told as a warning first: the set is refused. */
static void
test_a_warning_stands_for_no_error(void **state)
{
	(void)state;
	expect_codes(HEAD "policy: p\n"
			  "use: f\n"
			  "device: {discover: false}\n"
			  "servers: []\n"
			  "---\n"
			  "fragment: f\n"
			  "bootstrap_account: {rotate: true}\n",
	    "10:20 policy-account\n10:20 policy-account\n");
}

static void
test_what_cannot_be_used(void **state)
{
	(void)state;
	expect_findings(HEAD "policy: p\n"
			     "use: [comon, loop, deep]\n"
			     "servers: [{use: common}]\n"
			     "---\n"
			     "fragment: common\n"
			     "verify: none\n"
			     "---\n"
			     "fragment: loop\n"
			     "use: [common, loop]\n"
			     "---\n"
			     "fragment: common\n"
			     "colour: red\n"
			     "---\n"
			     "fragment: deep\n"
			     "use: f0\n"
			     "---\n{fragment: f0, use: f1}\n"
			     "---\n{fragment: f1, use: f2}\n"
			     "---\n{fragment: f2, use: f3}\n"
			     "---\n{fragment: f3, use: f4}\n"
			     "---\n{fragment: f4, use: f5}\n"
			     "---\n{fragment: f5, use: f6}\n"
			     "---\n{fragment: f6, use: f7}\n"
			     "---\n{fragment: f7, use: f8}\n"
			     "---\n{fragment: f8, verify: none}\n"
			     "---\n"
			     "fragment: nobody\n"
			     "servers: all of this is not looked at\n",
	    "5:7: error: use[0]: no fragment has the name \"comon\"; did you "
	    "mean common?\n"
	    "6:11: error: servers[0]: `name:` is missing\n"
	    "6:11: error: servers[0]: `short_server_id:` is missing\n"
	    "6:11: error: servers[0]: `uri:` is missing\n"
	    "6:11: error: servers[0]: `security:` is missing\n"
	    "6:17: error: servers[0].use: common has no map `server:`, which "
	    "is what belongs here\n"
	    "12:15: error: use[1]: loop uses itself\n"
	    "14:11: error: fragment: common is the name of the fragment at "
	    "t.yaml:8 already\n"
	    "15:1: error: colour: unknown key\n"
	    "32:21: error: use: f7 is deeper in others than 8 fragments\n"
	    "36:1: warning: no policy uses this fragment\n"
	    "38:1: warning: no policy uses this fragment\n");
}

static void
test_how_many_may_be_used_in_one_place(void **state)
{
	char text[2048];
	size_t len;

	(void)state;
	expect_codes(HEAD "policy: p\n"
			  "servers: []\n"
			  "use: []\n",
	    "6:6 policy-limit\n");
	len = (size_t)snprintf(text, sizeof(text),
	    HEAD "fragment: f\nverify: none\n---\n"
		 "policy: p\nservers: []\nuse: [f");
	for (unsigned i = 0; i < GRAMMAR_USES_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, ", f");
	snprintf(text + len, sizeof(text) - len, "]\n");
	expect_codes(text,
	    "4:1 policy-fragment-unused\n"
	    "9:6 policy-limit\n");
}

/* Each is small, and all of them together are told once. */
static void
test_how_much_may_come_of_them(void **state)
{
	struct diag *d = diag_new();
	struct policy_set *s;
	char *text;
	size_t len, limits = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(d);
	assert_non_null(f);
	fputs(HEAD "fragment: f\nmatch:\n  batch: [b", f);
	for (unsigned i = 0; i < 30000; i++)
		fputs(",b", f);
	fputs("]\n", f);
	for (unsigned i = 0; i < 40; i++)
		fprintf(f,
		    "---\n{policy: p%u, order: %u, use: f, servers: []}\n", i,
		    i);
	fclose(f);
	assert_int_equal(
	    policy_load_text("t.yaml", span_of(text, len), d, &s), RC_CONFIG);
	for (size_t i = 0; i < diag_total(d); i++)
		limits += strcmp(diag_get(d, i)->code, "policy-limit") == 0;
	assert_int_equal(limits, 1);
	diag_free(d);
	free(text);
}

/* --- included files ------------------------------------------------------- */

static void
test_an_included_file_is_read_once_from_its_folder(void **state)
{
	struct folder f;
	struct policy_set *s;
	char sub[100];

	(void)state;
	assert_true(folder_init(&f));
	snprintf(sub, sizeof(sub), "%s/lib", f.path);
	assert_int_equal(mkdir(sub, 0700), 0);
	folder_put(&f, "a.yaml",
	    SPAN_LIT(HEAD "include: [lib/eu.yaml, b.yaml]\n"
			  "---\n"
			  "policy: p\n"
			  "use: [eu, more]\n"));
	folder_put(&f, "b.yaml",
	    SPAN_LIT("include: [./lib/../lib/eu.yaml, a.yaml]\n"));
	folder_put(&f, "lib/eu.yaml",
	    SPAN_LIT("fragment: eu\n"
		     "match: {endpoint: {list: some.csv}}\n"
		     "servers:\n"
		     "  - {name: a, short_server_id: 1, uri: coaps://a,\n"
		     "     security: {mode: psk, key: {derive: f}}}\n"
		     "---\n"
		     "include: more.yaml\n"));
	folder_put(&f, "lib/more.yaml",
	    SPAN_LIT("fragment: more\nverify: discover\n"));
	folder_put(&f, "lib/some.csv", SPAN_LIT("x\n"));
	s = expect_folder(&f, ".", "");
	assert_int_equal(s->policy_count, 1);
	assert_int_equal(s->policies[0].match.endpoints[0].name_count, 1);
	assert_int_equal(s->policies[0].verify, VERIFY_DISCOVER);
	assert_int_equal(s->file_count, 5);
	policy_set_unref(s);

	folder_put(&f, "b.yaml", SPAN_LIT("include: [c.yaml, lib, \"\"]\n"));
	assert_null(expect_folder(&f, "b.yaml",
	    "b.yaml:1:11: error: include[0]: \"c.yaml\": No such file or "
	    "directory\n"
	    "b.yaml:1:19: error: include[1]: \"lib\": not a regular file\n"
	    "b.yaml:1:24: error: include[2]: \"\": the name of a file is 1 to "
	    "1023 bytes, relative to the folder of this one or absolute\n"));
	snprintf(sub, sizeof(sub), "%s/lib/eu.yaml", f.path);
	unlink(sub);
	snprintf(sub, sizeof(sub), "%s/lib/more.yaml", f.path);
	unlink(sub);
	snprintf(sub, sizeof(sub), "%s/lib/some.csv", f.path);
	unlink(sub);
	snprintf(sub, sizeof(sub), "%s/lib", f.path);
	rmdir(sub);
	folder_fini(&f);
}

static void
test_how_many_files_and_how_deep(void **state)
{
	enum { DEPTH = 16 };
	struct folder f;
	char name[32], text[64], *many;
	size_t len;
	FILE *list = open_memstream(&many, &len);

	(void)state;
	assert_non_null(list);
	assert_true(folder_init(&f));
	/* 0.yaml includes 1.yaml, and so on */
	for (unsigned i = 0; i <= DEPTH; i++) {
		snprintf(name, sizeof(name), "%u.yaml", i);
		snprintf(text, sizeof(text), "include: %u.yaml\n", i + 1);
		folder_put(&f, name, span_str(text));
	}
	folder_put(&f, "17.yaml", SPAN_LIT(HEAD "{policy: p, deny: No}\n"));
	assert_null(expect_folder(&f, "0.yaml",
	    "16.yaml:1:10: error: include: files that include files, more "
	    "than 16 deep\n"));
	policy_set_unref(expect_folder(&f, "1.yaml", ""));

	fputs("include: [17.yaml", list);
	for (unsigned i = 0; i < GRAMMAR_INCLUDES_MAX; i++)
		fputs(",17.yaml", list);
	fputs("]\n", list);
	fclose(list);
	folder_put(&f, "0.yaml", span_of(many, len));
	assert_null(expect_folder(&f, "0.yaml",
	    "0.yaml:1:10: error: include: 1 to 1000 files are expected\n"));
	folder_put(&f, "0.yaml", SPAN_LIT("include: []\n"));
	assert_null(expect_folder(&f, "0.yaml",
	    "0.yaml:1:10: error: include: 1 to 1000 files are expected\n"));
	free(many);
	folder_fini(&f);
}

static void
test_text_has_no_files_to_include(void **state)
{
	(void)state;
	expect_findings(HEAD "include: other.yaml\n",
	    "1:1: warning: no policy names this identity: its devices are "
	    "refused\n"
	    "4:10: error: include: \"other.yaml\" cannot be found: these "
	    "documents come from no folder\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_how_many_may_be_used_in_one_place),
	    cmocka_unit_test(test_how_much_may_come_of_them),
	    cmocka_unit_test(test_what_stands_beside_it_wins),
	    cmocka_unit_test(test_maps_as_large_as_files_are_put_together),
	    cmocka_unit_test(test_members_of_pools_and_accounts_use_them_too),
	    cmocka_unit_test(test_findings_are_told_in_the_fragment),
	    cmocka_unit_test(test_a_warning_stands_for_no_error),
	    cmocka_unit_test(test_what_cannot_be_used),
	    cmocka_unit_test(
		test_an_included_file_is_read_once_from_its_folder),
	    cmocka_unit_test(test_how_many_files_and_how_deep),
	    cmocka_unit_test(test_text_has_no_files_to_include),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
