#include "policy/profile.h"

#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A policy says nothing more than the name, and gets the row. */
static void
test_every_profile_can_be_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < PROFILE_COUNT; i++) {
		char text[128];
		struct policy_set *s;
		const struct policy_profile *p;

		snprintf(text, sizeof(text),
		    "policy: p\ndevice: {profile: %s}\n", profiles[i].name);
		s = loaded_policy(text);
		p = &policy_at(s, 0)->device;
		assert_string_equal(p->name, profiles[i].name);
		assert_int_equal(p->discover, profiles[i].discover);
		assert_int_equal(p->empty_keys, profiles[i].empty_keys);
		assert_int_equal(p->strict_delete, profiles[i].strict_delete);
		assert_int_equal(p->max_message, profiles[i].max_message);
		policy_set_unref(s);
	}
}

/* An exception holds whatever the order of the keys. */
static void
test_exceptions_go_over_the_profile(void **state)
{
	struct policy_set *s = loaded_policy(
	    "policy: p\n"
	    "device: {max_message: 2KiB, discover: false, empty_keys: false, "
	    "strict_delete: true, profile: leshan}\n");
	const struct policy_profile *p = &policy_at(s, 0)->device;

	(void)state;
	assert_string_equal(p->name, "leshan");
	assert_int_equal(p->max_message, 2048);
	assert_false(p->discover);
	assert_false(p->empty_keys);
	assert_true(p->strict_delete);
	policy_set_unref(s);
}

/* What was seen of the clients, where it costs a device. */
static void
test_what_breaks_a_client(void **state)
{
	(void)state;
	for (size_t i = 0; i < PROFILE_COUNT; i++) {
		const struct policy_profile *p = &profiles[i];

		if (strcmp(p->name, "leshan") == 0)
			assert_true(p->empty_keys); /* or Finish is 4.06 */
		if (strcmp(p->name, "zephyr") == 0)
			assert_true(p->max_message <= 512);
		if (strcmp(p->name, "default") == 0) {
			assert_int_equal(i, 0);
			assert_true(p->discover && p->empty_keys);
		}
		/* 4.04 and 4.05 are common answers to a Delete */
		assert_false(p->strict_delete);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_profile_can_be_named),
	    cmocka_unit_test(test_exceptions_go_over_the_profile),
	    cmocka_unit_test(test_what_breaks_a_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
