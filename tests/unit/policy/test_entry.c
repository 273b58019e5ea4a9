/* Values that are the instance chosen for a server. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD \
	"identity: here\n" \
	"psk: {derive: birth}\n" \
	"---\n" \
	"policy: p\n" \
	"servers:\n" \
	"  - {name: a, short_server_id: 1, uri: coaps://a, security: {mode: " \
	"psk, key: {derive: f}}}\n" \
	"  - {name: b, short_server_id: 2, uri: coaps://b, security: {mode: " \
	"psk, key: {derive: f}}}\n" \
	"objects:\n"

/* The entry is found again after sorting, and its object in resource 0. */
static void
test_access_rights_to_a_server_account(void **state)
{
	struct policy_set *s = loaded(
	    HEAD "  /2/0: {3: 1, 2: {2: 1, 1: 3}, 1: {instance_of: b}, 0: 1}\n"
		 "  /2/1: {0: 3, 1: 0, 2: {1: 15}, 3: 1}\n");
	const struct policy_object *o = &policy_at(s, 0)->objects[0];

	(void)state;
	assert_int_equal(o->account_of_count, 1);
	assert_int_equal(o->account_of[0].entry, 1);
	assert_int_equal(o->account_of[0].server, 1);
	assert_int_equal(o->account_of[0].object, 1);
	assert_int_equal(o->entries[1].path.resource, 1);
	assert_int_equal(o->entries[1].value.type, LWM2M_INTEGER);
	assert_int_equal(o->entries[1].value.integer, 0);
	assert_int_equal(policy_at(s, 0)->objects[1].account_of_count, 0);
	policy_set_unref(s);
}

static void
test_a_link_to_a_server_account(void **state)
{
	struct policy_set *s = loaded(HEAD
	    "  /3/0: {22: {7: {instance_of: a, object: 1}, 1: \"3:0\"}}\n");
	const struct policy_object *o = &policy_at(s, 0)->objects[0];

	(void)state;
	assert_int_equal(o->account_of_count, 1);
	assert_int_equal(o->account_of[0].entry, 1);
	assert_int_equal(o->account_of[0].server, 0);
	assert_int_equal(o->account_of[0].object, 1);
	assert_int_equal(o->entries[1].value.link.object, 1);
	assert_int_equal(o->entries[1].value.link.instance, 0);
	policy_set_unref(s);
}

static void
test_what_is_no_instance_of_a_server(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "  /2/0: {0: 3, 1: {instance_of: a}, 3: 1}\n"
	    "  /2/1: {0: 1, 1: {instance_of: c}, 3: 1}\n"
	    "  /2/2: {0: 21, 1: {instance_of: a, object: 1}, 3: 1}\n"
	    "  /2/3: {0: {instance_of: a}, 1: 0, 3: 1}\n"
	    "  /3/0: {22: {0: {instance_of: a}, 1: {instance_of: a, object: "
	    "5}, 2: {instance_off: a}}}\n",
	    "9:19: error: objects[/2/0].1: a server has an instance of /0, "
	    "/1 and /21, and resource 0 says that this is about /3\n"
	    "10:33: error: objects[/2/1].1.instance_of: no server of this "
	    "policy has the name \"c\"\n"
	    "11:20: error: objects[/2/2].1: the server a has no instance of "
	    "/21, for it has no `oscore:`\n"
	    "11:45: error: objects[/2/2].1.object: said by resource 0 of the "
	    "same instance already\n"
	    "12:13: error: objects[/2/3].0: Object ID is no number of an "
	    "instance; `instance_of:` stands in /2/x/1 and in object links\n"
	    "13:18: error: objects[/3/0].22.0: `object:` is missing\n"
	    "13:64: error: objects[/3/0].22.1.object: \"5\" is not known; "
	    "expected: 0, 1 or 21\n"
	    "13:71: error: objects[/3/0].22.2: a single value is expected, "
	    "found a map (text that begins with { goes in quotes)\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_access_rights_to_a_server_account),
	    cmocka_unit_test(test_a_link_to_a_server_account),
	    cmocka_unit_test(test_what_is_no_instance_of_a_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
