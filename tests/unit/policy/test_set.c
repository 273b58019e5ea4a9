/* A folder of files as one value. */
#include "expect.h"
#include "folder.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int
setup(void **state)
{
	static struct folder f;

	*state = &f;
	return folder_init(&f) ? 0 : -1;
}

static int
teardown(void **state)
{
	folder_fini(*state);
	return 0;
}

/* What the folder loads to; findings as text in `out`, without the path. */
static enum rc
load(const struct folder *f, const char *name, struct policy_set **set,
    char **out)
{
	struct diag *d = diag_new();
	char path[256];
	enum rc rc;
	char *at;

	snprintf(path, sizeof(path), "%s%s%s", f->path, name ? "/" : "",
	    name ? name : "");
	rc = policy_load(path, d, set);
	*out = printed(d);
	while ((at = strstr(*out, f->path))) {
		size_t len = strlen(f->path);

		memmove(at, at + len, strlen(at + len) + 1);
	}
	diag_free(d);
	return rc;
}

static void
expect_load(
    const struct folder *f, const char *name, enum rc want_rc, const char *want)
{
	struct policy_set *set;
	char *got;

	assert_int_equal(load(f, name, &set, &got), want_rc);
	drop_nothing(got, want);
	assert_string_equal(got, want);
	assert_int_equal(set != NULL, want_rc == RC_OK);
	free(got);
	policy_set_unref(set);
}

static void
put(const struct folder *f, const char *name, const char *text)
{
	folder_put(f, name, span_str(text));
}

static void
test_files_are_taken_by_name_and_policies_by_order(void **state)
{
	struct folder *f = *state;
	struct policy_set *set;
	char *got;

	put(f, "20-b.yaml",
	    "policy: b1\norder: 5\nservers: []\nmatch: {endpoint: x}\n"
	    "---\npolicy: b2\nservers: []\nmatch: {endpoint: y}\n");
	put(f, "10-a.yaml",
	    "policy: a1\nservers: []\nmatch: {endpoint: v}\n"
	    "---\npolicy: a2\norder: 5\nservers: []\nmatch: {endpoint: z}\n");
	put(f, "30-c.yaml",
	    "identity: c\npsk: {derive: x}\n"
	    "---\npolicy: c1\norder: -1\nservers: []\nmatch: {endpoint: w}\n");
	assert_int_equal(load(f, NULL, &set, &got), RC_OK);
	drop_nothing(got, "");
	assert_string_equal(got, "");
	free(got);
	assert_string_equal(policy_at(set, 0)->name, "c1");
	assert_string_equal(policy_at(set, 1)->name, "a2");
	assert_string_equal(policy_at(set, 2)->name, "b1");
	assert_string_equal(policy_at(set, 3)->name, "a1");
	assert_string_equal(policy_at(set, 4)->name, "b2");
	assert_string_equal(
	    policy_at(set, 4)->place.file, folder_path(f, "20-b.yaml"));
	assert_int_equal(policy_at(set, 4)->place.line, 6);
	policy_set_unref(set);
}

static void
test_all_files_are_checked_in_one_run(void **state)
{
	struct folder *f = *state;

	put(f, "a.yaml", "policy: a\nserver: []\n");
	put(f, "b.yaml", "policy: [\n");
	put(f, "c.yaml", "policy: a\nservers: []\n");
	put(f, "d.yml", "policy: d\n");
	put(f, "e.yaml~", "policy: e\n");
	put(f, ".f.yaml", "policy: f\n");
	put(f, "g.txt", "policy: g\n");
	assert_int_equal(mkdir(folder_path(f, "h.yaml"), 0700), 0);
	assert_int_equal(mkfifo(folder_path(f, "i.yaml"), 0600), 0);
	assert_int_equal(symlink("nowhere", folder_path(f, "j.yaml")), 0);
	expect_load(f, NULL, RC_CONFIG,
	    "/a.yaml:2:1: error: server: unknown key; did you mean "
	    "`servers`?\n"
	    "/b.yaml:2:1: error: did not find expected node content, while "
	    "parsing a flow node of line 2\n"
	    "/c.yaml:1:9: error: policy: a is the name of the policy at "
	    "/a.yaml:1 already\n"
	    "/d.yml: warning: not read: name it .yaml\n"
	    "/h.yaml: error: cannot be read: not a regular file\n"
	    "/i.yaml: error: cannot be read: not a regular file\n"
	    "/j.yaml: error: cannot be read: No such file or directory\n");
}

static void
test_one_file_alone(void **state)
{
	struct folder *f = *state;

	put(f, "a.yaml",
	    "identity: a\npsk: {derive: x}\n---\n"
	    "policy: a\nservers: []\n");
	put(f, "b.yaml", "policy: [\n");
	expect_load(f, "a.yaml", RC_OK, "");
}

static void
test_nothing_to_read(void **state)
{
	struct folder *f = *state;

	expect_load(f, "nowhere", RC_IO,
	    "/nowhere: error: cannot be read: No such file or directory\n");
	expect_load(f, NULL, RC_OK,
	    ": warning: 0 identities and 0 policies: no device is served\n");
}

static void
test_a_set_without_its_findings(void **state)
{
	struct policy_set *set;

	(void)state;
	assert_int_equal(
	    policy_load_text("t", SPAN_LIT("policy: [\n"), NULL, &set),
	    RC_CONFIG);
	assert_null(set);
}

/* Findings that were there before do not refuse a good set. */
static void
test_the_callers_own_findings_do_not_count(void **state)
{
	struct diag *d = diag_new();
	struct policy_set *set;

	(void)state;
	diag_add(d, DIAG_ERROR, "other", 1, 1, "other", "else");
	assert_int_equal(
	    policy_load_text(
		"t", SPAN_LIT("identity: a\npsk: {derive: x}\n"), d, &set),
	    RC_OK);
	policy_set_unref(set);
	diag_free(d);
}

static void
expect_digest(const struct folder *f, const char *hex)
{
	struct policy_set *set;
	char *got, text[65] = {0};
	struct writer w;

	assert_int_equal(load(f, NULL, &set, &got), RC_OK);
	free(got);
	writer_init(&w, text, 64);
	text_hex(&w, span_of(set->digest, DIGEST_LEN));
	assert_string_equal(text, hex);
	policy_set_unref(set);
}

/* Of what `sha256sum a.yaml b.yaml` prints: computed with `| sha256sum`. */
static void
test_the_digest_is_of_names_and_bytes(void **state)
{
	struct folder *f = *state;

	put(f, "b.yaml", "");
	put(f, "a.yaml", "# a\n");
	expect_digest(f,
	    "9c046bac927ad361da22f3e768ee3364d3147791e33189384b1df3e9ece00547");
	/* the same bytes in other files are another set */
	put(f, "b.yaml", "# a\n");
	put(f, "a.yaml", "");
	expect_digest(f,
	    "8d6804eddaed1c11e4bb84ab017afbc137430a8124ab3b7a69da82ed8a6450aa");
}

struct shared {
	struct policy_set *set;
};

static void *
use(void *arg)
{
	struct shared *s = arg;

	for (int i = 0; i < 10000; i++) {
		struct policy_set *mine = policy_set_ref(s->set);

		if (mine->policy_count != 0)
			abort();
		policy_set_unref(mine);
	}
	return NULL;
}

/* The sanitizers see a set that is freed early, twice, or not at all. */
static void
test_references_are_counted_between_threads(void **state)
{
	struct shared s = {0};
	pthread_t threads[4];

	(void)state;
	assert_int_equal(
	    policy_load_text("t", SPAN_LIT(""), NULL, &s.set), RC_OK);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use, &s), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(s.set->references, 1);
	policy_set_unref(s.set);
	policy_set_unref(NULL);
}

#define EACH(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    EACH(test_files_are_taken_by_name_and_policies_by_order),
	    EACH(test_all_files_are_checked_in_one_run),
	    EACH(test_one_file_alone),
	    EACH(test_nothing_to_read),
	    cmocka_unit_test(test_a_set_without_its_findings),
	    cmocka_unit_test(test_the_callers_own_findings_do_not_count),
	    EACH(test_the_digest_is_of_names_and_bytes),
	    cmocka_unit_test(test_references_are_counted_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
