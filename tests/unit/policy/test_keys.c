/* A table of keys is all that a map may have, whoever has read what. */
#include "policy/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct yaml_keys table = {"a test",
    (const struct yaml_key[]){
	{.name = "name", .takes = TAKES_TEXT},
	{.name = "description", .takes = TAKES_TEXT},
	{.name = NULL},
    }};

static void
test_a_key_that_is_read_and_in_no_table(void **state)
{
	struct arena *a = arena_new(0);
	struct diag *d = diag_new();
	struct yaml_ctx c = {d, "t"};
	struct span text = SPAN_LIT("name: x\nhidden: 1\ndescripton: y\n"
				    "? [1]\n: z\n");
	struct yaml_doc *docs;
	struct yaml_node *root;

	(void)state;
	assert_int_equal(yaml_parse(a, d, "t", text, &docs), RC_CONFIG);
	root = docs->root;
	assert_non_null(yaml_get(root, "hidden"));
	yaml_rest(&c, root, &table);
	/* The key that is a list has its finding from the parser. */
	assert_int_equal(diag_total(d), 3);
	assert_string_equal(diag_get(d, 1)->text, "hidden: unknown key");
	assert_string_equal(diag_get(d, 2)->text,
	    "descripton: unknown key; did you mean `description`?");
	/* What is no map has its finding elsewhere. */
	yaml_rest(&c, root->children, &table);
	assert_int_equal(diag_total(d), 3);
	diag_free(d);
	arena_free(a);
}

static void
test_what_has_a_finding_has_no_second(void **state)
{
	struct arena *a = arena_new(0);
	struct diag *d = diag_new();
	struct yaml_ctx c = {d, "t"};
	struct yaml_doc *docs;

	(void)state;
	assert_int_equal(
	    yaml_parse(a, d, "t", SPAN_LIT("usage: ca\n"), &docs), RC_OK);
	docs->root->children->refused = true;
	yaml_rest(&c, docs->root, &table);
	assert_int_equal(diag_total(d), 0);
	diag_free(d);
	arena_free(a);
}

static void
test_rows_are_found_whole(void **state)
{
	(void)state;
	assert_ptr_equal(
	    yaml_key_find(&table, SPAN_LIT("name")), &table.rows[0]);
	assert_null(yaml_key_find(&table, SPAN_LIT("nam")));
	assert_null(yaml_key_find(&table, SPAN_LIT("names")));
	assert_null(yaml_key_find(&table, SPAN_LIT("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_key_that_is_read_and_in_no_table),
	    cmocka_unit_test(test_what_has_a_finding_has_no_second),
	    cmocka_unit_test(test_rows_are_found_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
