/* What one bootstrap may cost. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_what_a_bootstrap_may_cost(void **state)
{
	struct policy_set *s = loaded_policy(
	    "policy: p\n"
	    "budget: {datagrams: 40, bytes: 4KiB, round_trips: 20, blocks: 2, "
	    "nb_iot: 90s, lte_m: 2500ms}\n");
	const struct policy_budget *b = &policy_at(s, 0)->budget;

	(void)state;
	assert_int_equal(b->line, 5);
	assert_int_equal(b->at[BUDGET_DATAGRAMS].column, 21);
	assert_int_equal(b->at[BUDGET_LTE_M].line, 5);
	assert_int_equal(b->datagrams, 40);
	assert_int_equal(b->bytes, 4096);
	assert_int_equal(b->round_trips, 20);
	assert_int_equal(b->blocks, 2);
	assert_int_equal(b->nb_iot_ms, 90000);
	assert_int_equal(b->lte_m_ms, 2500);
	policy_set_unref(s);
	expect_findings("policy: p\n"
			"servers: []\n"
			"budget: {datagrams: 0, bytes: 4096, nb_iot: 90, "
			"datagram: 4}\n"
			"---\n"
			"policy: q\n"
			"servers: []\n"
			"budget: {}\n",
	    "3:21: error: budget.datagrams: 0 is out of range; 1 to "
	    "4294967295 is expected\n"
	    "3:31: error: budget.bytes: \"4096\" has no unit; a size is "
	    "expected, like 500B, 64KiB or 1MiB\n"
	    "3:45: error: budget.nb_iot: \"90\" has no unit; a duration is "
	    "expected, like 250ms, 90s, 5m, 2h, 1d or 10y\n"
	    "3:49: error: budget.datagram: unknown key; did you mean "
	    "`datagrams`?\n"
	    "7:9: error: budget: nothing is limited; one of datagrams, bytes, "
	    "round_trips, blocks, nb_iot and lte_m is expected\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_a_bootstrap_may_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
