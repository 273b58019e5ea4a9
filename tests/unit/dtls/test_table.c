#include "dtls/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Found by hash, in whatever bucket they share; gone when removed. */
static void
added_found_removed(void **state)
{
	enum { COUNT = 100 };
	static struct node nodes[COUNT];
	struct table t;

	(void)state;
	assert_int_equal(table_init(&t, 5), RC_OK);
	assert_int_equal(t.mask, 15);
	for (size_t i = 0; i < COUNT; i++)
		table_add(&t, &nodes[i], i * 4);
	assert_int_equal(t.count, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		assert_ptr_equal(table_first(&t, i * 4), &nodes[i]);
	assert_null(table_first(&t, 3));
	assert_null(table_first(&t, COUNT * 4));
	for (size_t i = 0; i < COUNT; i += 2) {
		table_remove(&t, &nodes[i]);
		table_remove(&t, &nodes[i]); /* harmless */
	}
	assert_int_equal(t.count, COUNT / 2);
	for (size_t i = 0; i < COUNT; i++)
		assert_ptr_equal(
		    table_first(&t, i * 4), i % 2 ? &nodes[i] : NULL);
	table_fini(&t);
}

static void
several_with_one_hash(void **state)
{
	struct node a, b, other;
	struct node *first, *second;
	struct table t;

	(void)state;
	assert_int_equal(table_init(&t, 16), RC_OK);
	table_add(&t, &a, 7);
	table_add(&t, &other, 7 + 16);
	table_add(&t, &b, 7);
	first = table_first(&t, 7);
	assert_non_null(first);
	second = table_next(first);
	assert_true(
	    (first == &a && second == &b) || (first == &b && second == &a));
	assert_null(table_next(second));
	table_remove(&t, first);
	assert_ptr_equal(table_first(&t, 7), second);
	table_remove(&t, second);
	assert_null(table_first(&t, 7));
	assert_ptr_equal(table_first(&t, 7 + 16), &other);
	table_fini(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(added_found_removed),
	    cmocka_unit_test(several_with_one_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
