/* Whose share is used up, and whose is not. */
#include "sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct sources s;

static struct address
at(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(span_str(text), &a), RC_OK);
	return a;
}

static struct source *
join(const char *text)
{
	const struct address a = at(text);

	return sources_join(&s, &a, 2);
}

static int
start(void **state)
{
	(void)state;
	return sources_init(&s) == RC_OK ? 0 : -1;
}

static int
stop(void **state)
{
	(void)state;
	sources_fini(&s);
	return 0;
}

static void
a_share_each(void **state)
{
	static const char *const same[][3] = {
	    {"192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3"},
	    {"[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::ffff:1]:1"},
	};
	static const char *const others[] = {
	    "192.0.2.2:1", "[2001:db8:0:1::1]:1", "[::192.0.2.1]:1"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_non_null(join(same[i][0]));
		assert_non_null(join(same[i][1]));
		assert_null(join(same[i][2]));
	}
	for (size_t i = 0; i < 3; i++)
		assert_non_null(join(others[i]));
	/* what is left is freed with the rest */
}

static void
given_back(void **state)
{
	struct source *a = join("192.0.2.1:1"), *b = join("192.0.2.1:2");

	(void)state;
	assert_ptr_equal(a, b);
	assert_null(join("192.0.2.1:3"));
	sources_leave(&s, a);
	assert_non_null(join("192.0.2.1:3"));
	sources_leave(&s, a);
	sources_leave(&s, b);
	assert_int_equal(s.table.count, 0);
	sources_leave(&s, NULL);
}

static void
no_share_at_all(void **state)
{
	const struct address a = at("192.0.2.1:1");

	(void)state;
	assert_null(sources_join(&s, &a, 0));
	assert_int_equal(s.table.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_share_each, start, stop),
	    cmocka_unit_test_setup_teardown(given_back, start, stop),
	    cmocka_unit_test_setup_teardown(no_share_at_all, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
