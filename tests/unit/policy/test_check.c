/* What no document can know alone. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SERVERS \
	"servers:\n" \
	"  - name: s\n" \
	"    short_server_id: 1\n" \
	"    uri: coaps://h\n" \
	"    security: {mode: psk, key: {derive: fleet}}\n"

static void
test_a_name_is_there_once(void **state)
{
	(void)state;
	expect_findings("identity: a\n"
			"psk: {derive: one, identity: \"1{endpoint}\"}\n"
			"---\n"
			"psk: {derive: two, identity: \"2{endpoint}\"}\n"
			"identity: a\n"
			"---\n"
			"policy: p\n"
			"order: 2\n" SERVERS "---\n"
			"policy: p\n"
			"order: 1\n"
			"match: {endpoint: x*}\n" SERVERS,
	    "5:11: error: identity: a is the name of the identity at "
	    "t.yaml:1 already\n"
	    "15:9: error: policy: p is the name of the policy at "
	    "t.yaml:7 already\n");
}

static void
test_an_identity_and_a_policy_may_share_a_name(void **state)
{
	(void)state;
	expect_findings("identity: a\n"
			"psk: {derive: birth}\n"
			"---\n"
			"policy: a\n" SERVERS,
	    "");
}

static void
test_a_policy_names_an_identity_that_is_there(void **state)
{
	(void)state;
	expect_findings(
	    "policy: p\n"
	    "match: {identity: [factory-2062, lab, factory-2026]}\n" SERVERS
	    "---\n"
	    "identity: factory-2026\n"
	    "psk: {derive: birth}\n",
	    "2:20: error: match.identity[0]: no identity has the name "
	    "\"factory-2062\"; did you mean factory-2026?\n"
	    "2:34: error: match.identity[1]: no identity has the name "
	    "\"lab\"\n");
}

static void
test_one_master_for_two_purposes_is_said(void **state)
{
	(void)state;
	expect_findings("identity: a\n"
			"psk: {derive: fleet}\n"
			"---\n"
			"policy: p\n" SERVERS,
	    "9:32: warning: servers[0].security.key: the master fleet is also "
	    "that of the identity at t.yaml:1; the keys differ, but give each "
	    "purpose a master of its own\n");
}

static void
test_a_policy_behind_one_that_takes_all_is_said(void **state)
{
	(void)state;
	expect_findings(
	    "identity: a\n"
	    "psk: {derive: birth, identity: \"a{endpoint}\"}\n"
	    "---\n"
	    "identity: b\n"
	    "psk: {derive: birth, identity: \"b{endpoint}\"}\n"
	    "---\n"
	    "policy: takes-a\n"
	    "match: {identity: a, endpoint: \"**\"}\n" SERVERS "---\n"
	    "policy: some-of-a\n"
	    "match: {identity: [a], endpoint: \"x*\"}\n" SERVERS "---\n"
	    "policy: a-and-b\n"
	    "match: {identity: [a, b]}\n" SERVERS "---\n"
	    "policy: anybody\n" SERVERS "---\n"
	    "policy: first\n"
	    "order: 1\n"
	    "match: {identity: a, endpoint: \"x*\"}\n" SERVERS,
	    "15:1: warning: never reached: takes-a at t.yaml:7 is tried "
	    "before and takes every endpoint of the same identities\n"
	    "31:1: warning: never reached: takes-a at t.yaml:7 is tried "
	    "before and takes every endpoint of the same identities\n");
}

static void
test_a_policy_for_anybody_hides_all_behind_it(void **state)
{
	(void)state;
	expect_codes("identity: a\n"
		     "psk: {derive: birth}\n"
		     "---\n"
		     "policy: anybody\n" SERVERS "---\n"
		     "policy: a\n"
		     "match: {identity: a}\n" SERVERS "---\n"
		     "policy: none\n"
		     "match: {endpoint: x}\n" SERVERS,
	    "11:1 policy-unreachable\n"
	    "19:1 policy-unreachable\n");
}

static void
test_an_identity_behind_one_of_the_same_template_is_said(void **state)
{
	(void)state;
	expect_findings("identity: some\n"
			"endpoint: \"x*\"\n"
			"psk: {derive: one}\n"
			"---\n"
			"identity: all\n"
			"psk: {derive: two}\n"
			"---\n"
			"identity: other-template\n"
			"psk: {derive: three, identity: \"o-{endpoint}\"}\n"
			"---\n"
			"identity: late\n"
			"psk: {derive: four}\n"
			"---\n"
			"policy: p\n" SERVERS,
	    "11:1: warning: never asked: the identity at t.yaml:5 takes every "
	    "endpoint with the same PSK identity\n");
}

static void
test_an_identity_that_no_policy_serves_is_said(void **state)
{
	(void)state;
	expect_findings("identity: a\n"
			"psk: {derive: birth}\n"
			"---\n"
			"identity: b\n"
			"psk: {derive: birth, identity: \"b-{endpoint}\"}\n"
			"---\n"
			"policy: p\n"
			"match: {identity: a}\n" SERVERS,
	    "4:1: warning: no policy names this identity: its devices are "
	    "refused\n");
}

/* What could not be read would seem to be in the way of all others. */
static void
test_a_match_with_an_error_hides_nobody(void **state)
{
	(void)state;
	expect_findings("identity: a\n"
			"psk: {derive: birth}\n"
			"---\n"
			"policy: stolen\n"
			"order: 1\n"
			"match: {endpoint: {regex: '('}}\n"
			"deny: Stolen\n"
			"---\n"
			"policy: p\n" SERVERS,
	    "6:27: error: match.endpoint.regex: \"(\": at byte 2: "
	    "nothing is here; ? behind a group says that it may be left "
	    "out\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_name_is_there_once),
	    cmocka_unit_test(test_an_identity_and_a_policy_may_share_a_name),
	    cmocka_unit_test(test_a_policy_names_an_identity_that_is_there),
	    cmocka_unit_test(test_one_master_for_two_purposes_is_said),
	    cmocka_unit_test(test_a_policy_behind_one_that_takes_all_is_said),
	    cmocka_unit_test(test_a_policy_for_anybody_hides_all_behind_it),
	    cmocka_unit_test(
		test_an_identity_behind_one_of_the_same_template_is_said),
	    cmocka_unit_test(test_an_identity_that_no_policy_serves_is_said),
	    cmocka_unit_test(test_a_match_with_an_error_hides_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
