/* objects: instances written as they stand. */
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
	"  - {name: a, short_server_id: 101, uri: coaps://h, security: " \
	"{mode: psk, key: {derive: f}}}\n"

static void
expect_entry(const struct policy_object *o, size_t i, struct lwm2m_path path,
    struct lwm2m_value value)
{
	assert_true(i < o->entry_count);
	assert_int_equal(path_compare(o->entries[i].path, path), 0);
	assert_true(value_equal(&o->entries[i].value, &value));
}

/* Whatever the order in the file, entries and objects are sorted. */
static void
test_access_control(void **state)
{
	struct policy_set *s =
	    loaded(HEAD "objects:\n"
			"  /3/0: {13: 1767225600, 14: \"+01:00\"}\n"
			"  /2/0:\n"
			"    3: 101\n"
			"    2: {101: 15, 0: 1}\n"
			"    0: 3\n"
			"    1: 0\n");
	const struct policy *p = policy_at(s, 0);
	const struct policy_object *o = &p->objects[0];

	(void)state;
	assert_int_equal(p->object_count, 2);
	assert_int_equal(path_compare(o->path, LWM2M_INSTANCE(2, 0)), 0);
	assert_int_equal(o->line, 9);
	assert_int_equal(p->objects[1].line, 8);
	assert_int_equal(o->entry_count, 5);
	expect_entry(o, 0, LWM2M_RESOURCE(2, 0, 0), LWM2M_VALUE_INTEGER(3));
	expect_entry(o, 1, LWM2M_RESOURCE(2, 0, 1), LWM2M_VALUE_INTEGER(0));
	expect_entry(
	    o, 2, (struct lwm2m_path){2, 0, 2, 0}, LWM2M_VALUE_INTEGER(1));
	expect_entry(
	    o, 3, (struct lwm2m_path){2, 0, 2, 101}, LWM2M_VALUE_INTEGER(15));
	expect_entry(o, 4, LWM2M_RESOURCE(2, 0, 3), LWM2M_VALUE_INTEGER(101));
	o = &p->objects[1];
	assert_int_equal(path_compare(o->path, LWM2M_INSTANCE(3, 0)), 0);
	expect_entry(o, 0, LWM2M_RESOURCE(3, 0, 13),
	    (struct lwm2m_value){.type = LWM2M_TIME, .integer = 1767225600});
	expect_entry(o, 1, LWM2M_RESOURCE(3, 0, 14),
	    LWM2M_VALUE_STRING(SPAN_LIT("+01:00")));
	policy_set_unref(s);
}

static void
test_what_is_no_instance_to_write(void **state)
{
	(void)state;
	expect_findings(HEAD "objects:\n"
			     "  /0/0: {0: \"coaps://h\"}\n"
			     "  /1/0: {0: 1}\n"
			     "  /2: {0: 1}\n"
			     "  /2/0/1: 1\n"
			     "  2/0: {}\n"
			     "  /3/1: {13: 1}\n"
			     "  /21/0: {1: \"hex:01\"}\n"
			     "  /3303/0: {5700: 20}\n",
	    "8:9: error: objects[/0/0]: objects 0 and 1 are not written here "
	    "but as `servers:`, whose instances are chosen for each device\n"
	    "9:9: error: objects[/1/0]: objects 0 and 1 are not written here "
	    "but as `servers:`, whose instances are chosen for each device\n"
	    "10:7: error: objects[/2]: \"/2\" is no object instance; a path "
	    "like /2/0 is expected\n"
	    "11:11: error: objects[/2/0/1]: \"/2/0/1\" is no object instance; "
	    "a path like /2/0 is expected\n"
	    "12:8: error: objects.2/0: \"2/0\" is no object instance; a path "
	    "like /2/0 is expected\n"
	    "13:9: error: objects[/3/1]: object 3 (Device) has one instance, "
	    "/3/0\n"
	    "14:10: error: objects[/21/0]: object 21 is not written "
	    "here but as `oscore:` of a server, whose instance is chosen for "
	    "each device\n"
	    "15:12: error: objects[/3303/0]: object 3303 is not known; 2 "
	    "(Access Control), 3 (Device), 11 (APN Connection Profile) and 24 "
	    "(MQTT Server) are\n");
}

static void
test_resources_are_those_of_the_tables(void **state)
{
	(void)state;
	expect_findings(HEAD "objects:\n"
			     "  /2/0:\n"
			     "    0: 65535\n"
			     "    2: {101: 32, x: 1, 65535: 1}\n"
			     "    7: 1\n"
			     "    owner: 101\n"
			     "    03: 101\n"
			     "  /3/0:\n"
			     "    4: 1\n",
	    "9:5: error: objects[/2/0]: resource 1 (Object Instance ID) is "
	    "missing, which is mandatory\n"
	    "9:5: error: objects[/2/0]: resource 3 (Access Control Owner) is "
	    "missing, which is mandatory\n"
	    "9:8: error: objects[/2/0].0: 65535 is out of range; 1 to 65534 is "
	    "expected\n"
	    "10:14: error: objects[/2/0].2.101: 32 is out of range; 0 to 31 is "
	    "expected\n"
	    "10:21: error: objects[/2/0].2.x: \"x\" is no resource instance; a "
	    "number from 0 to 65534 is expected\n"
	    "10:31: error: objects[/2/0].2.65535: \"65535\" is no resource "
	    "instance; a number from 0 to 65534 is expected\n"
	    "11:8: error: objects[/2/0].7: object 2 (LwM2M Access Control) has "
	    "no resource 7 that is known\n"
	    "12:12: error: objects[/2/0].owner: \"owner\" is no resource; a "
	    "number from 0 to 65534 is expected\n"
	    "13:9: error: objects[/2/0].03: \"03\" is no resource; a number "
	    "from 0 to 65534 is expected\n"
	    "15:8: error: objects[/3/0].4: Reboot is executable and is never "
	    "written\n");
}

static void
test_multiple_is_a_map_and_single_is_none(void **state)
{
	(void)state;
	expect_codes(HEAD "objects:\n"
			  "  /2/0: {0: 3, 1: 0, 2: 15, 3: 101}\n"
			  "  /2/1: {0: 3, 1: 1, 2: [1], 3: 101}\n"
			  "  /2/2: {0: 3, 1: 2, 2: {}, 3: 101}\n"
			  "  /2/3: {0: {0: 3}, 1: 3, 3: 101}\n"
			  "  /2/4: {}\n"
			  "  /2/5: [1]\n",
	    "8:25 policy-multiple\n"
	    "9:25 policy-multiple\n"
	    "10:25 policy-multiple\n"
	    "11:13 yaml-type\n"
	    "12:9 policy-mandatory\n"
	    "12:9 policy-mandatory\n"
	    "12:9 policy-mandatory\n"
	    "12:9 policy-object\n"
	    "13:9 yaml-type\n");
}

static void
test_rights_of_a_server_that_is_not_there_are_said(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "objects:\n"
	    "  /2/0: {0: 3, 1: 0, 2: {0: 1, 101: 15, 102: 1}, 3: 103}\n"
	    "  /2/1: {0: 1, 1: 65535, 2: {101: 16}, 3: 65535}\n",
	    "8:3: warning: objects: /2/0/2/102 is about Short Server ID 102, "
	    "which no server of this policy has\n"
	    "8:3: warning: objects: /2/0/3 is about Short Server ID 103, which "
	    "no server of this policy has\n");
}

/* As many values as one Write carries, and one more. */
static void
test_the_values_of_an_instance_are_limited(void **state)
{
	char text[4096];
	char *at = stpcpy(text, HEAD "objects:\n  /3/0: {6: {0: 1");

	(void)state;
	for (int i = 1; i < 64; i++)
		at += sprintf(at, ", %d: 1", i);
	strcpy(at, "}}\n");
	policy_set_unref(loaded(text));
	strcpy(at, ", 64: 1}}\n");
	expect_findings(text,
	    "8:13: error: objects[/3/0].6: more than 64 values in one "
	    "instance, which are all that go into one request\n");
}

/* Six texts of 2,731 bytes are two bytes too much. */
static void
test_the_bytes_of_a_policy_are_limited(void **state)
{
	static const int strings[] = {0, 1, 2, 3, 14, 15};
	char text[20000];
	char *at = stpcpy(text, HEAD "objects:\n  /3/0: {");

	(void)state;
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		at += sprintf(at, "%d: ", strings[i]);
		memset(at, 'x', 2731);
		at = stpcpy(at + 2731, ", ");
	}
	strcpy(at - 2, "}\n");
	expect_findings(text,
	    "8:3: error: objects: 16386 bytes of text and data; at most 16384 "
	    "are expected\n");
	strcpy(at - 4, "}\n");
	policy_set_unref(loaded(text));
}

static void
test_the_number_of_objects_is_limited(void **state)
{
	char text[4096], *at;

	(void)state;
	at = stpcpy(text, HEAD "objects:\n");
	for (int i = 0; i < 65; i++)
		at += sprintf(at, "  /2/%d: {0: 3, 1: 0, 3: 101}\n", i);
	expect_codes(text, "8:3 policy-limit\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_access_control),
	    cmocka_unit_test(test_what_is_no_instance_to_write),
	    cmocka_unit_test(test_resources_are_those_of_the_tables),
	    cmocka_unit_test(test_multiple_is_a_map_and_single_is_none),
	    cmocka_unit_test(
		test_rights_of_a_server_that_is_not_there_are_said),
	    cmocka_unit_test(test_the_values_of_an_instance_are_limited),
	    cmocka_unit_test(test_the_bytes_of_a_policy_are_limited),
	    cmocka_unit_test(test_the_number_of_objects_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
