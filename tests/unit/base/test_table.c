/* A hash table of things that hold their own keys. */
#include "base/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MANY = 5000 };

struct thing {
	struct table_item item;
	uint32_t number;
};

static struct thing things[MANY];

static struct thing *
find(struct table *t, uint32_t number)
{
	return (struct thing *)table_get(t, span_of(&number, sizeof(number)));
}

static void
put_all(struct table *t)
{
	for (uint32_t i = 0; i < MANY; i++) {
		things[i].number = i;
		things[i].item.key =
		    span_of(&things[i].number, sizeof(things[i].number));
		table_put(t, &things[i].item);
	}
}

static void
remove_odd(void *ctx, struct table_item *item)
{
	if (((struct thing *)item)->number % 2)
		table_remove(ctx, item);
}

static void
what_was_put_is_found_until_it_is_removed(void **state)
{
	struct table t;

	(void)state;
	assert_int_equal(table_init(&t), RC_OK);
	assert_null(find(&t, 7));
	assert_null(table_any(&t));
	put_all(&t);
	assert_int_equal(t.count, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		assert_ptr_equal(find(&t, i), &things[i]);
	assert_null(find(&t, MANY));

	table_each(&t, remove_odd, &t);
	assert_int_equal(t.count, MANY / 2);
	for (uint32_t i = 0; i < MANY; i++)
		assert_ptr_equal(find(&t, i), i % 2 ? NULL : &things[i]);
	/* what is not there, or never was, may be removed */
	table_remove(&t, &things[1].item);
	assert_int_equal(t.count, MANY / 2);

	while (table_any(&t))
		table_remove(&t, table_any(&t));
	assert_int_equal(t.count, 0);
	table_remove(&t, &things[0].item);
	table_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_put_is_found_until_it_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
