/* servers: the accounts a device gets. */
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
	"servers:\n"

static void
test_an_account_with_everything_said(void **state)
{
	struct policy_set *s =
	    loaded(HEAD "  - name: eu-1\n"
			"    short_server_id: 101\n"
			"    uri: coaps://eu1.lwm2m.example:5684\n"
			"    lifetime: 2h\n"
			"    binding: UQ\n"
			"    storing: false\n"
			"    min_period: 0s\n"
			"    max_period: 5m\n"
			"    disable_timeout: 1d\n"
			"    security:\n"
			"      mode: psk\n"
			"      identity: \"x-{endpoint}\"\n"
			"      key: {derive: fleet-2026, epoch: 3}\n");
	const struct policy_server *p = server_at(policy_at(s, 0), 0);

	(void)state;
	assert_string_equal(p->name, "eu-1");
	assert_int_equal(p->line, 6);
	assert_int_equal(p->short_server_id, 101);
	assert_string_equal(p->uri, "coaps://eu1.lwm2m.example:5684");
	assert_int_equal(p->lifetime_s, 7200);
	assert_string_equal(p->binding, "UQ");
	assert_false(p->storing);
	assert_int_equal(p->min_period_s, 0);
	assert_int_equal(p->max_period_s, 300);
	assert_int_equal(p->disable_timeout_s, 86400);
	assert_int_equal(p->mode, SERVER_PSK);
	assert_string_equal(p->psk_identity, "x-{endpoint}");
	assert_string_equal(p->key.master, "fleet-2026");
	assert_int_equal(p->key.epoch, 3);
	policy_set_unref(s);
}

static void
test_an_account_with_the_least(void **state)
{
	struct policy_set *s = loaded(
	    HEAD "  - {name: a, short_server_id: 1, uri: coaps://h, security: "
		 "{mode: psk, key: {derive: f}}}\n"
		 "  - {name: b, short_server_id: 65534, uri: \"coap://[::1]\", "
		 "security: {mode: nosec}}\n");
	const struct policy_server *p = server_at(policy_at(s, 0), 0);

	(void)state;
	assert_int_equal(p->lifetime_s, 86400);
	assert_string_equal(p->binding, "U");
	assert_true(p->storing);
	assert_int_equal(p->min_period_s, -1);
	assert_int_equal(p->max_period_s, -1);
	assert_int_equal(p->disable_timeout_s, -1);
	assert_string_equal(p->psk_identity, "{endpoint}");
	assert_int_equal(p->key.epoch, 1);
	p = server_at(policy_at(s, 0), 1);
	assert_int_equal(p->short_server_id, 65534);
	assert_int_equal(p->mode, SERVER_NOSEC);
	policy_set_unref(s);
}

static void
test_the_scheme_says_what_the_mode_says(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "  - {name: a, short_server_id: 1, uri: coap://h, security: "
	    "{mode: psk, key: {derive: f}}}\n"
	    "  - {name: b, short_server_id: 2, uri: coaps://h, security: "
	    "{mode: nosec}}\n"
	    "  - {name: c, short_server_id: 3, uri: coaps+tcp://h, security: "
	    "{mode: psk, key: {derive: f}}}\n"
	    "  - {name: d, short_server_id: 4, uri: http://h, security: "
	    "{mode: psk, key: {derive: f}}}\n",
	    "6:40: error: servers[0].uri: \"coap://h\" does not go with "
	    "`mode: psk`, which needs coaps:// or coaps+tcp://\n"
	    "7:40: error: servers[1].uri: \"coaps://h\" does not go with "
	    "`mode: nosec`, which needs coap:// or coap+tcp://\n"
	    "7:61: warning: servers[1].security: NoSec: device and server talk "
	    "in clear\n"
	    "9:40: error: servers[3].uri: \"http://h\" does not go with "
	    "`mode: psk`, which needs coaps:// or coaps+tcp://\n");
}

static void
test_a_short_server_id_is_one_account(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "  - {name: a, short_server_id: 7, uri: coaps://h, security: "
	    "{mode: psk, key: {derive: f}}}\n"
	    "  - {name: a, short_server_id: 7, uri: coaps://i, security: "
	    "{mode: psk, key: {derive: f}}}\n",
	    "7:12: error: servers[1].name: a is the name of servers[0] "
	    "already\n"
	    "7:32: error: servers[1].short_server_id: 7 is the Short Server ID "
	    "of servers[0] already\n");
}

static void
test_nobody_is_server_0_or_65535(void **state)
{
	(void)state;
	expect_codes(HEAD
	    "  - {name: a, short_server_id: 0, uri: coaps://h, security: "
	    "{mode: psk, key: {derive: f}}}\n"
	    "  - {name: b, short_server_id: 65535, uri: coaps://h, security: "
	    "{mode: psk, key: {derive: f}}}\n",
	    "6:32 yaml-range\n"
	    "7:32 yaml-range\n");
}

static void
test_what_is_missing(void **state)
{
	(void)state;
	expect_findings(HEAD "  - {}\n"
			     "  - name: b\n"
			     "    short_server_id: 2\n"
			     "    uri: coaps://h\n"
			     "    security: {}\n"
			     "  - name: c\n"
			     "    short_server_id: 3\n"
			     "    uri: coaps://h\n"
			     "    security: {mode: psk}\n"
			     "  - name: d\n"
			     "    short_server_id: 4\n"
			     "    uri: coaps://h\n"
			     "    security: {mode: psk, key: {epoch: 1}}\n",
	    "6:5: error: servers[0]: `name:` is missing\n"
	    "6:5: error: servers[0]: `short_server_id:` is missing\n"
	    "6:5: error: servers[0]: `uri:` is missing\n"
	    "6:5: error: servers[0]: `security:` is missing\n"
	    "10:15: error: servers[1].security: `mode:` is missing\n"
	    "14:15: error: servers[2].security: `key:` is missing\n"
	    "18:32: error: servers[3].security.key: exactly one of `derive:`, "
	    "`random:` and `imported:` says where the key comes from\n");
}

static void
test_durations_are_whole_seconds_within_bounds(void **state)
{
	(void)state;
	expect_findings(HEAD "  - name: a\n"
			     "    short_server_id: 1\n"
			     "    uri: coaps://h\n"
			     "    lifetime: 0s\n"
			     "    min_period: 1500ms\n"
			     "    max_period: 0s\n"
			     "    disable_timeout: 69y\n"
			     "    security: {mode: psk, key: {derive: f}}\n"
			     "  - name: b\n"
			     "    short_server_id: 2\n"
			     "    uri: coaps://h\n"
			     "    lifetime: 86400\n"
			     "    min_period: 10s\n"
			     "    max_period: 9s\n"
			     "    security: {mode: psk, key: {derive: f}}\n",
	    "9:15: error: servers[0].lifetime: 0s is below 1s\n"
	    "10:17: error: servers[0].min_period: \"1500ms\" is not a whole "
	    "number of seconds, which is all that LwM2M has\n"
	    "11:17: error: servers[0].max_period: 0s is below 1s\n"
	    "12:22: error: servers[0].disable_timeout: 69y is above "
	    "2147483647s\n"
	    "17:15: error: servers[1].lifetime: \"86400\" has no unit; a "
	    "duration is expected, like 250ms, 90s, 5m, 2h, 1d or 10y\n"
	    "19:17: error: servers[1].max_period: \"9s\" is below "
	    "min_period\n");
}

static void
test_bindings(void **state)
{
	(void)state;
	expect_codes(HEAD
	    "  - {name: a, short_server_id: 1, uri: coaps://h, binding: X, "
	    "security: {mode: psk, key: {derive: f}}}\n"
	    "  - {name: b, short_server_id: 2, uri: coaps://h, binding: Q, "
	    "security: {mode: psk, key: {derive: f}}}\n"
	    "  - {name: c, short_server_id: 3, uri: coaps://h, binding: S, "
	    "security: {mode: psk, key: {derive: f}}}\n",
	    "6:60 policy-binding\n"
	    "7:60 policy-binding\n"
	    "8:60 policy-binding\n");
}

static void
test_what_comes_later_is_told_from_what_is_mistyped(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "  - name: a\n"
	    "    short_server_id: 1\n"
	    "    uri: coaps://h\n"
	    "    security:\n"
	    "      mode: est\n"
	    "      issue: {ca: device-ca}\n"
	    "  - name: b\n"
	    "    short_server_id: 2\n"
	    "    uri: coaps://h\n"
	    "    security: {mode: psk, key: {randon: seal}}\n"
	    "  - name: c\n"
	    "    short_server_id: 3\n"
	    "    uri: coaps://h\n"
	    "    security: {mode: pks, key: {derive: f}}\n"
	    "  - name: d\n"
	    "    short_server_id: 4\n"
	    "    uri: coaps://h\n"
	    "    security: {mode: psk, key: {derive: f, epoc: 2}}\n",
	    "10:13: error: servers[0].security.mode: not supported by this "
	    "version\n"
	    "15:32: error: servers[1].security.key: exactly one of `derive:`, "
	    "`random:` and `imported:` says where the key comes from\n"
	    "15:33: error: servers[1].security.key.randon: unknown key; did "
	    "you mean `random`?\n"
	    "19:22: error: servers[2].security.mode: \"pks\" is not known; did "
	    "you mean psk? (psk, nosec, certificate or rpk)\n"
	    "23:44: error: servers[3].security.key.epoc: unknown key; did you "
	    "mean `epoch`?\n");
}

static void
test_nosec_has_no_key(void **state)
{
	(void)state;
	expect_codes(HEAD
	    "  - name: a\n"
	    "    short_server_id: 1\n"
	    "    uri: coap://h\n"
	    "    security: {mode: nosec, identity: \"{endpoint}\", key: "
	    "{derive: f}}\n",
	    "9:15 policy-nosec-server\n"
	    "9:39 policy-mode-key\n"
	    "9:58 policy-mode-key\n");
}

/* Unquoted braces are a map to YAML, which is no help to who wrote them. */
static void
test_a_template_without_quotes(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "  - name: a\n"
	    "    short_server_id: 1\n"
	    "    uri: coaps://h\n"
	    "    security: {mode: psk, identity: {endpoint}, key: {derive: "
	    "f}}\n",
	    "9:37: error: servers[0].security.identity: a single value is "
	    "expected, found a map (text that begins with { goes in quotes)\n");
}

static void
test_the_number_of_servers_is_limited(void **state)
{
	(void)state;
	expect_findings(
	    "policy: p\n"
	    "servers: [a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, "
	    "a, a]\n",
	    "2:10: error: servers: 17 servers; at most 16 are expected\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_account_with_everything_said),
	    cmocka_unit_test(test_an_account_with_the_least),
	    cmocka_unit_test(test_the_scheme_says_what_the_mode_says),
	    cmocka_unit_test(test_a_short_server_id_is_one_account),
	    cmocka_unit_test(test_nobody_is_server_0_or_65535),
	    cmocka_unit_test(test_what_is_missing),
	    cmocka_unit_test(test_durations_are_whole_seconds_within_bounds),
	    cmocka_unit_test(test_bindings),
	    cmocka_unit_test(
		test_what_comes_later_is_told_from_what_is_mistyped),
	    cmocka_unit_test(test_nosec_has_no_key),
	    cmocka_unit_test(test_a_template_without_quotes),
	    cmocka_unit_test(test_the_number_of_servers_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
