/* Files, whatever stands under their name. */
#include "policy/yaml.h"

#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void
expect(const struct folder *f, const char *name, enum rc want, const char *why)
{
	struct arena *a = arena_new(0);
	struct diag *d = diag_new();
	struct yaml_doc *docs;
	struct span content;

	assert_int_equal(
	    yaml_load(a, d, folder_path(f, name), &content, &docs), want);
	assert_null(docs);
	assert_int_equal(diag_total(d), 1);
	assert_string_equal(diag_get(d, 0)->text, why);
	diag_free(d);
	arena_free(a);
}

static void
test_a_file_is_read_whole(void **state)
{
	struct folder f;
	struct arena *a = arena_new(0);
	struct yaml_doc *docs;
	struct span content;

	(void)state;
	assert_true(folder_init(&f));
	folder_put(&f, "a.yaml", SPAN_LIT("a: b\n---\nc\n"));
	assert_int_equal(
	    yaml_load(a, NULL, folder_path(&f, "a.yaml"), &content, &docs),
	    RC_OK);
	assert_true(span_is(content, "a: b\n---\nc\n"));
	assert_true(span_is(docs->root->children->text, "b"));
	assert_true(span_is(docs->next->root->text, "c"));
	assert_int_equal(
	    yaml_load(a, NULL, folder_path(&f, "a.yaml"), NULL, &docs), RC_OK);
	folder_put(&f, "empty.yaml", SPAN_LIT(""));
	assert_int_equal(
	    yaml_load(a, NULL, folder_path(&f, "empty.yaml"), &content, &docs),
	    RC_OK);
	assert_int_equal(content.len, 0);
	assert_null(docs);
	arena_free(a);
	folder_fini(&f);
}

static void
test_what_is_no_file(void **state)
{
	struct folder f;

	(void)state;
	assert_true(folder_init(&f));
	assert_int_equal(mkdir(folder_path(&f, "dir"), 0700), 0);
	assert_int_equal(mkfifo(folder_path(&f, "fifo"), 0600), 0);
	assert_int_equal(symlink("loop", folder_path(&f, "loop")), 0);
	expect(&f, "none", RC_IO, "cannot be read: No such file or directory");
	expect(&f, "dir", RC_IO, "cannot be read: not a regular file");
	/* nobody writes to it: reading would wait for ever */
	expect(&f, "fifo", RC_IO, "cannot be read: not a regular file");
	expect(&f, "loop", RC_IO,
	    "cannot be read: Too many levels of symbolic links");
	folder_fini(&f);
}

static void
test_ten_megabytes_are_not_read(void **state)
{
	struct folder f;

	(void)state;
	assert_true(folder_init(&f));
	folder_put(&f, "big", SPAN_LIT("a: b\n"));
	assert_int_equal(truncate(folder_path(&f, "big"), 10 << 20), 0);
	expect(&f, "big", RC_CONFIG, "more than 1 MiB; split the file");
	folder_fini(&f);
}

static void
test_an_arena_too_small(void **state)
{
	struct folder f;
	struct arena *a = arena_new(64);
	struct yaml_doc *docs;

	(void)state;
	assert_true(folder_init(&f));
	folder_put(&f, "a", SPAN_LIT("a: [b, c, d, e, f]\n"));
	assert_int_equal(
	    yaml_load(a, NULL, folder_path(&f, "a"), NULL, &docs), RC_MEMORY);
	arena_free(a);
	folder_fini(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_file_is_read_whole),
	    cmocka_unit_test(test_what_is_no_file),
	    cmocka_unit_test(test_ten_megabytes_are_not_read),
	    cmocka_unit_test(test_an_arena_too_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
