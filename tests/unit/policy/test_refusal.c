/* deny: and quarantine: - policies that give nothing. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_what_is_said(void **state)
{
	struct policy_set *s =
	    loaded_policy("policy: stolen\n"
			  "match: {endpoint: \"a*\"}\n"
			  "deny: \"Reported stolen, case 4711\"\n"
			  "---\n"
			  "policy: recall\n"
			  "match: {endpoint: \"b*\"}\n"
			  "quarantine: {because: Battery recall}\n"
			  "---\n"
			  "policy: slow\n"
			  "match: {endpoint: \"c*\"}\n"
			  "quarantine: {because: x, retry: 1d}\n"
			  "---\n"
			  "policy: others\n"
			  "servers: []\n");
	const struct policy_refusal *r;

	(void)state;
	r = &policy_at(s, 0)->refusal;
	assert_int_equal(r->kind, POLICY_DENIES);
	assert_string_equal(r->why, "Reported stolen, case 4711");
	r = &policy_at(s, 1)->refusal;
	assert_int_equal(r->kind, POLICY_HOLDS);
	assert_string_equal(r->why, "Battery recall");
	assert_int_equal(r->retry_s, 3600);
	assert_int_equal(policy_at(s, 2)->refusal.retry_s, 86400);
	r = &policy_at(s, 3)->refusal;
	assert_int_equal(r->kind, POLICY_GIVES);
	assert_null(r->why);
	policy_set_unref(s);
}

/* A policy that gives nothing needs no servers, and is not warned of. */
static void
test_no_warning(void **state)
{
	(void)state;
	expect_findings("identity: i\n"
			"psk: {derive: b}\n"
			"---\n"
			"policy: p\n"
			"deny: why\n",
	    "");
}

static void
test_faults(void **state)
{
	(void)state;
	expect_findings("identity: i\n"
			"psk: {derive: b}\n"
			"---\n"
			"policy: a\n"
			"match: {endpoint: a}\n"
			"deny: true\n"
			"quarantine: {because: x}\n"
			"---\n"
			"policy: b\n"
			"match: {endpoint: b}\n"
			"deny: \"\"\n"
			"servers: []\n"
			"clean: [/1]\n"
			"---\n"
			"policy: c\n"
			"match: {endpoint: c}\n"
			"quarantine: {retry: 2d, becuase: x}\n"
			"---\n"
			"policy: d\n"
			"quarantine: for now\n",
	    "6:7: error: deny: \"true\": the reason is expected here, for "
	    "whoever reads the ledger\n"
	    "7:13: error: quarantine: `deny:` is there already, and turns the "
	    "device away for good; leave one of the two out\n"
	    "11:7: error: deny: \"\": the reason, for whoever reads the "
	    "ledger, is one line of 1 to 180 bytes\n"
	    "12:10: error: servers: never given beside `deny:`; leave one of "
	    "the two out\n"
	    "13:8: error: clean: never given beside `deny:`; leave one of "
	    "the two out\n"
	    "17:13: error: quarantine: `because:` is missing\n"
	    "17:21: error: quarantine.retry: 2d is above 1d\n"
	    "17:25: error: quarantine.becuase: unknown key; did you mean "
	    "`because`?\n"
	    "20:13: error: quarantine: a map (`key: value`) is expected, "
	    "found a single value\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_said),
	    cmocka_unit_test(test_no_warning),
	    cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
