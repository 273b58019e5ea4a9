/* The same set from a folder and from memory; every file read once. */
#include "policy/source.h"

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

static const char *
resolved(struct source *s, const char *from, const char *name)
{
	struct source_name n;

	assert_int_equal(source_resolve(s, from, name, &n), RC_OK);
	return n.name;
}

static void
test_names_are_as_seen_from_the_folder(void **state)
{
	static const struct {
		const char *written, *top, *below;
	} names[] = {
	    {"a.csv", "a.csv", "lists/a.csv"},
	    {"./a.csv", "a.csv", "lists/a.csv"},
	    {".//x/./a.csv", "x/a.csv", "lists/x/a.csv"},
	    {"x/../a.csv", "a.csv", "lists/a.csv"},
	    {"../a.csv", "../a.csv", "a.csv"},
	    {"x/../../a.csv", "../a.csv", "a.csv"},
	    {"../../a.csv", "../../a.csv", "../a.csv"},
	    {"../../x/../a.csv", "../../a.csv", "../a.csv"},
	    {"/etc/a.csv", "/etc/a.csv", "/etc/a.csv"},
	    {"/etc/../../a.csv", "/a.csv", "/a.csv"},
	    {"/", "/", "/"},
	    {".", "", "lists"},
	    {"..", "..", ""},
	    {"x/..", "", "lists"},
	    {"..x/...", "..x/...", "lists/..x/..."},
	};
	const struct policy_set_file files[] = {
	    {.name = "t.yaml", .bytes = SPAN_LIT("# t\n")},
	    {.name = "lists/b.yaml", .bytes = SPAN_LIT("# b\n")},
	};
	struct arena *a = arena_new(0);
	const struct source_file *top, *below;
	struct source_name n;
	const char *why;
	struct source s;

	(void)state;
	assert_int_equal(
	    source_init_files(&s, a, "policies.d", files, 2, NULL), RC_OK);
	assert_int_equal(source_resolve(&s, NULL, "t.yaml", &n), RC_OK);
	assert_string_equal(n.path, "policies.d/t.yaml");
	assert_int_equal(source_read(&s, &n, 99, &top, &why), RC_OK);
	assert_int_equal(
	    source_resolve(&s, top->path, "lists/b.yaml", &n), RC_OK);
	assert_int_equal(source_read(&s, &n, 99, &below, &why), RC_OK);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_string_equal(
		    resolved(&s, top->path, names[i].written), names[i].top);
		assert_string_equal(resolved(&s, below->path, names[i].written),
		    names[i].below);
	}
	source_fini(&s);
	arena_free(a);
}

/* Only what was read counts, and it counts once. */
static void
test_memory_is_read_by_name(void **state)
{
	const struct policy_set_file files[] = {
	    {.name = "b.yaml", .bytes = SPAN_LIT("# b\n")},
	    {.name = "x/c.yaml", .bytes = SPAN_LIT("# c\n")},
	    {.name = ".d.yaml", .bytes = SPAN_LIT("# d\n")},
	    {.name = "a.yaml", .bytes = SPAN_LIT("")},
	};
	struct policy_set *s;

	(void)state;
	assert_int_equal(policy_load_files("there", files, 4, NULL, &s), RC_OK);
	assert_int_equal(s->file_count, 2);
	assert_string_equal(s->files[0].name, "a.yaml");
	assert_non_null(s->files[0].bytes.p);
	assert_string_equal(s->files[1].name, "b.yaml");
	assert_true(span_is(s->files[1].bytes, "# b\n"));
	assert_int_equal(s->file_bytes, 4);
	policy_set_unref(s);
	/* one file of documents, by the path that it once had */
	assert_int_equal(
	    policy_load_files("/etc/b.yaml", files, 4, NULL, &s), RC_OK);
	assert_int_equal(s->file_count, 1);
	assert_string_equal(s->files[0].name, "b.yaml");
	policy_set_unref(s);
}

static void
expect_refused(const struct policy_set_file *files, size_t n, const char *want)
{
	struct diag *d = diag_new();
	struct policy_set *s;
	char *text;

	assert_int_equal(policy_load_files("m", files, n, d, &s), RC_CONFIG);
	assert_null(s);
	text = printed(d);
	assert_string_equal(text, want);
	free(text);
	diag_free(d);
}

static void
test_memory_has_no_disk_behind_it(void **state)
{
	const struct policy_set_file outside = {.name = "t.yaml",
	    .bytes = SPAN_LIT("identity: a\n"
			      "certificate: {trust: /etc/hostname}\n")};
	const struct policy_set_file twice[] = {
	    {.name = "t.yaml"}, {.name = "t.yaml"}};
	const struct policy_set_file name = {.name = "a\nb.yaml"};

	(void)state;
	expect_refused(&outside, 1,
	    "m/t.yaml:1:1: warning: no policy names this identity: its devices "
	    "are refused\n"
	    "m/t.yaml:2:22: error: certificate.trust: \"/etc/hostname\" "
	    "cannot be read: no such file is kept\n");
	expect_refused(twice, 2, "m: error: a file is there twice\n");
	expect_refused(&name, 1,
	    "m: error: no manifest can have a name with control characters "
	    "or a backslash\n");
}

/* What a document's name cannot be, as a finding of its own. */
static void
test_names_that_no_manifest_holds(void **state)
{
	struct folder f;

	(void)state;
	assert_true(folder_init(&f));
	folder_put(&f, "a\\b.yaml", SPAN_LIT("# b\n"));
	folder_put(&f, "t.yaml",
	    SPAN_LIT("identity: a\n"
		     "certificate: {trust: 'c\\d'}\n"));
	assert_null(expect_folder(&f, ".",
	    "a\\b.yaml: error: cannot be read: no manifest can have a name "
	    "with control characters or a backslash\n"
	    "1:1: warning: no policy names this identity: its devices are "
	    "refused\n"
	    "2:22: error: certificate.trust: \"c\\\\d\" cannot be read: no "
	    "manifest can have a name with control characters or a "
	    "backslash\n"));
	folder_fini(&f);
}

static void
put_names(const struct folder *f)
{
	folder_put(f, "table.csv",
	    SPAN_LIT("000000000000000000000000000000000000000000000000"
		     "0000000000000000,urn:x:1\n"));
	folder_put(f, "d/ca.pem", SPAN_LIT("ca"));
	folder_put(f, "d/names.csv", SPAN_LIT("urn:x:1\nurn:x:2\n"));
	folder_put(f, "d/one.yaml",
	    SPAN_LIT("identity: a\n"
		     "certificate: {trust: ca.pem, endpoint: {table: "
		     "../table.csv}}\n"));
	folder_put(f, "d/two.yaml",
	    SPAN_LIT("policy: p\n"
		     "match: {endpoint: {list: names.csv}}\n"
		     "servers: []\n"));
}

/* Folder and ".." of it: what the folder had is what memory has. */
static void
test_loaded_again_it_is_the_same(void **state)
{
	static const char *const names[] = {
	    "../table.csv", "ca.pem", "names.csv", "one.yaml", "two.yaml"};
	struct policy_set *disk, *memory;
	char docs[128];
	struct folder f;

	(void)state;
	assert_true(folder_init(&f));
	snprintf(docs, sizeof(docs), "%s/d", f.path);
	assert_int_equal(mkdir(docs, 0700), 0);
	put_names(&f);
	assert_int_equal(policy_load(docs, NULL, &disk), RC_OK);
	assert_int_equal(disk->file_count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(disk->files[i].name, names[i]);
		assert_int_equal(chdir(docs), 0);
		unlink(names[i]);
	}
	assert_int_equal(chdir("/"), 0);
	folder_fini(&f);
	assert_int_equal(access(docs, F_OK), -1);
	assert_int_equal(policy_load_files(docs, disk->files, disk->file_count,
			     NULL, &memory),
	    RC_OK);
	assert_memory_equal(memory->digest, disk->digest, DIGEST_LEN);
	assert_int_equal(memory->file_count, disk->file_count);
	assert_string_equal(
	    memory->policies[0].place.file, disk->policies[0].place.file);
	assert_int_equal(memory->identities[0].table_count, 1);
	policy_set_unref(disk);
	policy_set_unref(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_are_as_seen_from_the_folder),
	    cmocka_unit_test(test_memory_is_read_by_name),
	    cmocka_unit_test(test_memory_has_no_disk_behind_it),
	    cmocka_unit_test(test_names_that_no_manifest_holds),
	    cmocka_unit_test(test_loaded_again_it_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
