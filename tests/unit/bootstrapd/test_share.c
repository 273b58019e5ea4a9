/* Nobody gets more than a share, and what one takes costs others nothing. */
#include "share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
so_many_in_a_window(void **state)
{
	static struct rates r;
	const struct span a = SPAN_LIT("urn:dev:a"), b = SPAN_LIT("urn:dev:b");

	(void)state;
	rates_init(&r);
	for (int i = 0; i < 3; i++)
		assert_true(rates_take(&r, a, 3, 60000, 1000));
	assert_false(rates_take(&r, a, 3, 60000, 1001));
	assert_false(rates_take(&r, a, 3, 60000, 60999));
	assert_true(rates_take(&r, b, 3, 60000, 1001));
	/* the window began with the first */
	assert_true(rates_take(&r, a, 3, 60000, 61000));
}

static struct address
from(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(span_str(text), &a), RC_OK);
	return a;
}

static void
so_many_at_once(void **state)
{
	static struct crowd c;
	const struct address a = from("192.0.2.1:1000"),
			     b = from("192.0.2.1:2000");
	size_t slot;

	(void)state;
	crowd_init(&c);
	assert_true(crowd_enter(&c, &a, 2, &slot));
	assert_true(crowd_enter(&c, &b, 2, &slot));
	/* another port of the same host */
	assert_false(crowd_enter(&c, &a, 2, &slot));
	crowd_leave(&c, slot);
	assert_true(crowd_enter(&c, &a, 2, &slot));
	/* one that never was inside leaves nothing */
	crowd_leave(&c, SHARE_SLOTS);
	assert_false(crowd_enter(&c, &a, 2, &slot));
}

static void
a_host_of_ipv6_has_a_whole_prefix(void **state)
{
	static struct crowd c;
	const struct address a = from("[2001:db8:1:2::1]:1000"),
			     b = from("[2001:db8:1:2:ffff::9]:1000");
	size_t slot;

	(void)state;
	crowd_init(&c);
	assert_true(crowd_enter(&c, &a, 1, &slot));
	assert_false(crowd_enter(&c, &b, 1, &slot));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(so_many_in_a_window),
	    cmocka_unit_test(so_many_at_once),
	    cmocka_unit_test(a_host_of_ipv6_has_a_whole_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
