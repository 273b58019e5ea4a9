/* So much for one address, so much for all. */
#include "budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct budget budget;

static struct address
host(unsigned n)
{
	struct address a = {.family = 4, .port = 40000};

	a.ip[0] = 10;
	a.ip[1] = (uint8_t)(n >> 16);
	a.ip[2] = (uint8_t)(n >> 8);
	a.ip[3] = (uint8_t)n;
	return a;
}

static unsigned
taken(struct address a, unsigned tries, uint64_t now_ms)
{
	unsigned n = 0;

	for (unsigned i = 0; i < tries; i++)
		n += budget_take(&budget, &a, now_ms);
	return n;
}

static void
test_one_address(void **state)
{
	struct address a = host(1), other_port = host(1);
	uint64_t now_ms = 5;

	(void)state;
	budget_init(&budget, now_ms);
	other_port.port = 40001;
	assert_int_equal(taken(a, 5, now_ms), 5);
	assert_int_equal(taken(other_port, 50, now_ms), BUDGET_BURST - 5);
	assert_int_equal(taken(a, 50, now_ms + BUDGET_REFILL_MS - 1), 0);
	assert_int_equal(taken(a, 50, now_ms + BUDGET_REFILL_MS), 1);
	assert_int_equal(taken(a, 50, now_ms + 2 * BUDGET_REFILL_MS - 1), 0);
	assert_int_equal(taken(a, 50, now_ms + 3 * BUDGET_REFILL_MS), 2);
	/* never more than at the beginning, however long nobody came */
	now_ms += UINT64_C(1) << 50;
	assert_int_equal(taken(a, 50, now_ms), BUDGET_BURST);
	/* a clock that goes back gives nothing */
	assert_int_equal(taken(a, 50, 0), 0);
}

static void
test_another_address_has_its_own(void **state)
{
	(void)state;
	budget_init(&budget, 0);
	assert_int_equal(taken(host(1), 50, 0), BUDGET_BURST);
	assert_int_equal(taken(host(2), 50, 0), BUDGET_BURST);
	assert_int_equal(taken(host(1), 50, 0), 0);
}

static void
test_many_addresses_share_one(void **state)
{
	unsigned n = 0;

	(void)state;
	budget_init(&budget, 0);
	for (unsigned i = 0; i < 100000; i++)
		n += taken(host(i), 1, 0);
	assert_int_equal(n, BUDGET_ALL_BURST);
	n = 0;
	for (unsigned i = 0; i < 100000; i++)
		n += taken(host(i), 1, 10 * BUDGET_ALL_REFILL_MS);
	assert_int_equal(n, 10);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_address),
	    cmocka_unit_test(test_another_address_has_its_own),
	    cmocka_unit_test(test_many_addresses_share_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
