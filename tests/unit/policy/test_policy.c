/* What a device gets: everything but servers and objects. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_a_policy_as_it_is_written(void **state)
{
	struct policy_set *s = loaded_policy(
	    "policy: meters\n"
	    "description: Meters of 2026\n"
	    "order: -5\n"
	    "match: {identity: here, endpoint: \"m-*\"}\n"
	    "device: {profile: zephyr, max_message: 500B, strict_delete: "
	    "true}\n"
	    "clean: [/0, /1, /2/7]\n"
	    "servers: []\n"
	    "verify: discover\n"
	    "on_failure: clean\n");
	const struct policy *p = policy_at(s, 0);

	(void)state;
	assert_string_equal(p->name, "meters");
	assert_string_equal(p->description, "Meters of 2026");
	assert_string_equal(p->place.file, "t.yaml");
	assert_int_equal(p->place.line, 4);
	assert_int_equal(p->order, -5);
	assert_string_equal(p->identities[0], "here");
	assert_null(p->identities[1]);
	assert_string_equal(p->endpoint, "m-*");
	assert_string_equal(p->device.name, "zephyr");
	assert_true(p->device.discover);
	assert_false(p->device.empty_keys);
	assert_true(p->device.strict_delete);
	assert_int_equal(p->device.max_message, 500);
	assert_int_equal(p->clean_count, 3);
	assert_int_equal(path_compare(p->clean[0], LWM2M_OBJECT(0)), 0);
	assert_int_equal(path_compare(p->clean[1], LWM2M_OBJECT(1)), 0);
	assert_int_equal(path_compare(p->clean[2], LWM2M_INSTANCE(2, 7)), 0);
	assert_int_equal(p->verify, VERIFY_DISCOVER);
	assert_int_equal(p->on_failure, FAILURE_CLEAN);
	policy_set_unref(s);
}

static void
test_what_is_not_said_has_a_default(void **state)
{
	struct policy_set *s = loaded_policy("policy: p\n");
	const struct policy *p = policy_at(s, 0);

	(void)state;
	assert_string_equal(p->description, "");
	assert_int_equal(p->order, 1000);
	assert_null(p->identities);
	assert_string_equal(p->endpoint, "*");
	assert_string_equal(p->device.name, "default");
	assert_int_equal(p->clean_count, 0);
	assert_int_equal(p->server_count, 0);
	assert_int_equal(p->object_count, 0);
	assert_int_equal(p->verify, VERIFY_NONE);
	assert_int_equal(p->on_failure, FAILURE_LEAVE);
	policy_set_unref(s);
}

static void
test_several_identities(void **state)
{
	struct policy_set *s =
	    loaded("identity: a\n"
		   "psk: {derive: x, identity: \"a{endpoint}\"}\n"
		   "---\n"
		   "identity: b\n"
		   "psk: {derive: x, identity: \"b{endpoint}\"}\n"
		   "---\n"
		   "policy: p\n"
		   "match: {identity: [b, a]}\n");
	const struct policy *p = policy_at(s, 0);

	(void)state;
	assert_string_equal(p->identities[0], "b");
	assert_string_equal(p->identities[1], "a");
	assert_null(p->identities[2]);
	policy_set_unref(s);
}

static void
test_what_would_cut_the_device_off_is_not_cleaned(void **state)
{
	(void)state;
	expect_findings("policy: p\n"
			"servers: []\n"
			"clean:\n"
			"  - /0/1\n"
			"  - /3\n"
			"  - /3/0\n"
			"  - /1/0/1\n"
			"  - /1\n"
			"  - /1\n"
			"  - 0\n"
			"  - /1/0/1/2\n",
	    "4:5: error: clean[0]: \"/0/1\": which instance of /0 holds the "
	    "device's Bootstrap-Server Account differs by client, and deleting "
	    "that one cuts the device off; /0 deletes all the others\n"
	    "5:5: error: clean[1]: \"/3\": the Device object is never deleted\n"
	    "6:5: error: clean[2]: \"/3/0\": the Device object is never "
	    "deleted\n"
	    "7:5: error: clean[3]: \"/1/0/1\": /, or a path to an object or an "
	    "instance is expected, like /1 or /2/0\n"
	    "9:5: error: clean[5]: \"/1\": is there already\n"
	    "10:5: error: clean[6]: \"0\": /, or a path to an object or an "
	    "instance is expected, like /1 or /2/0\n"
	    "11:5: error: clean[7]: \"/1/0/1/2\": /, or a path to an object "
	    "or an instance is expected, like /1 or /2/0\n");
}

/* `/` is all that can be deleted: nothing stands beside it. */
static void
test_all_can_be_cleaned(void **state)
{
	struct policy_set *s = loaded_policy("policy: p\n"
					     "clean: [/]\n");
	const struct policy *p = policy_at(s, 0);

	(void)state;
	assert_int_equal(p->clean_count, 1);
	assert_int_equal(path_compare(p->clean[0], LWM2M_ROOT), 0);
	policy_set_unref(s);
	expect_findings("policy: p\n"
			"servers: []\n"
			"clean: [/, /1]\n",
	    "3:8: error: clean: / deletes all that the other paths name; let "
	    "it stand alone\n");
}

static void
test_what_is_sent_after_a_refused_finish(void **state)
{
	struct policy_set *s =
	    loaded_policy("policy: p\n"
			  "device: {profile: anjay, max_message: 500B}\n"
			  "correction:\n"
			  "  device: {empty_keys: true, level: object}\n"
			  "  clean: [/1]\n"
			  "  objects: {/3/0: {14: \"+01:00\"}}\n");
	const struct policy_correction *c = policy_at(s, 0)->correction;

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->device.name, "anjay");
	assert_true(c->device.empty_keys);
	assert_int_equal(c->device.level, WRITE_OBJECT);
	assert_int_equal(c->device.max_message, 500);
	assert_false(policy_at(s, 0)->device.empty_keys);
	assert_int_equal(c->clean_count, 1);
	assert_int_equal(c->object_count, 1);
	policy_set_unref(s);
	s = loaded_policy("policy: p\n");
	assert_null(policy_at(s, 0)->correction);
	policy_set_unref(s);
	expect_findings("policy: p\n"
			"servers: []\n"
			"correction: {}\n"
			"---\n"
			"policy: q\n"
			"servers: []\n"
			"correction: {clean: [/3], verify: none, device: "
			"{profile: anjay, level: x}}\n",
	    "3:13: error: correction: the same again would be refused again; "
	    "say `device:`, `clean:` or `objects:`\n"
	    "7:22: error: correction.clean[0]: \"/3\": the Device object is "
	    "never deleted\n"
	    "7:27: error: correction.verify: unknown key\n"
	    "7:73: error: correction.device.level: \"x\" is not known; "
	    "expected: instance, object or resource\n");
}

static void
test_all_faults_at_once(void **state)
{
	(void)state;
	expect_findings(
	    "policy: \"-\"\n"
	    "description: [x]\n"
	    "order: 1000001\n"
	    "match: {identity: [], endpoint: {regex: x}}\n"
	    "device: {profile: zehpyr, max_message: 63B, discover: yes, "
	    "empty_keys: \"true\"}\n"
	    "clean: /0\n"
	    "severs: []\n"
	    "servers: {}\n"
	    "verify: raed\n"
	    "on_failure: retry\n",
	    "2:14: error: description: a single value is expected, found a "
	    "list\n"
	    "3:8: error: order: 1000001 is out of range; -1000000 to 1000000 "
	    "is expected\n"
	    "4:19: error: match.identity: an empty list matches nobody; name "
	    "one, or leave the key out for any\n"
	    "5:19: error: device.profile: no profile has the name \"zehpyr\"; "
	    "did you mean zephyr?\n"
	    "5:40: error: device.max_message: 63B is below 64B\n"
	    "5:55: error: device.discover: \"yes\" is not accepted; write "
	    "`true` or `false`, which mean the same to every reader of "
	    "YAML\n"
	    "5:72: error: device.empty_keys: \"true\" is not accepted; write "
	    "`true` or `false`, without quotes\n"
	    "6:8: error: clean: a list is expected, found a single value\n"
	    "7:1: error: severs: unknown key; did you mean `servers`?\n"
	    "8:10: error: servers: a list is expected, found a map\n"
	    "9:9: error: verify: \"raed\" is not known; did you mean read? "
	    "(none, discover or read)\n"
	    "10:13: error: on_failure: \"retry\" is not known; expected: leave "
	    "or clean\n");
}

static void
test_limits(void **state)
{
	(void)state;
	expect_findings("policy: p\n"
			"servers: []\n"
			"clean: [/4, /5, /6, /7, /8, /9, /10, /11, /12, /13, "
			"/14, /15, /16, /17, /18, /19, /20]\n",
	    "3:8: error: clean: 17 paths; at most 16 are expected\n");
}

/* Each is fine alone; together they are more requests than a plan takes. */
static void
test_the_number_of_requests_is_limited(void **state)
{
	char text[8192];
	struct writer w;

	(void)state;
	writer_init(&w, text, sizeof(text) - 1);
	writer_str(&w,
	    "identity: here\n"
	    "psk: {derive: birth}\n"
	    "---\n"
	    "policy: p\n"
	    "clean: [/4, /5]\n"
	    "servers:\n");
	for (int i = 1; i <= 16; i++)
		writer_fmt(&w,
		    "  - {name: s%d, short_server_id: %d, uri: coaps://h, "
		    "security: {mode: psk, key: {derive: f}}}\n",
		    i, i);
	writer_str(&w, "objects:\n");
	for (int i = 0; i < 27; i++)
		writer_fmt(&w, "  /2/%d: {0: 5, 1: 0, 3: 1}\n", i);
	text[w.len] = '\0';
	assert_false(w.full);
	policy_set_unref(loaded(text));
	writer_str(&w, "  /2/27: {0: 5, 1: 0, 3: 1}\n");
	text[w.len] = '\0';
	expect_findings(text,
	    "4:1: error: 65 requests to one device; at most 64 are "
	    "expected\n");
}

static void
test_without_servers_it_is_said(void **state)
{
	(void)state;
	expect_codes("identity: a\n"
		     "psk: {derive: birth}\n"
		     "---\n"
		     "policy: p\n",
	    "4:1 policy-no-server\n");
	/* it may be what the error is about */
	expect_codes("identity: a\n"
		     "psk: {derive: birth}\n"
		     "---\n"
		     "policy: p\n"
		     "sevrers: []\n",
	    "5:1 yaml-unknown-key\n");
}

static void
test_verify_needs_a_device_that_answers_discover(void **state)
{
	(void)state;
	expect_codes("identity: a\n"
		     "psk: {derive: birth}\n"
		     "---\n"
		     "policy: p\n"
		     "servers: []\n"
		     "device: {profile: contiki-ng}\n"
		     "verify: discover\n",
	    "7:9 policy-verify\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_policy_as_it_is_written),
	    cmocka_unit_test(test_what_is_not_said_has_a_default),
	    cmocka_unit_test(test_several_identities),
	    cmocka_unit_test(test_what_would_cut_the_device_off_is_not_cleaned),
	    cmocka_unit_test(test_all_can_be_cleaned),
	    cmocka_unit_test(test_what_is_sent_after_a_refused_finish),
	    cmocka_unit_test(test_all_faults_at_once),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_the_number_of_requests_is_limited),
	    cmocka_unit_test(test_without_servers_it_is_said),
	    cmocka_unit_test(test_verify_needs_a_device_that_answers_discover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
