/* A device that comes again and again is put off, and told for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "often.h"

#include <stdio.h>

enum { MOST = 10, HOUR_S = 3600, START_MS = 5000000 };

static struct often often;

static int
fresh(void **state)
{
	(void)state;
	often_init(&often);
	return 0;
}

static const struct span device = {(const uint8_t *)"dev-1", 5};

/** Granted as often as it may at once; how often that was. */
static unsigned
use_up(struct span name, uint32_t most, uint64_t now_ms)
{
	unsigned n = 0;

	while (n < 100 && often_wait_s(&often, name, most, now_ms) == 0) {
		often_count(&often, name, most, now_ms);
		n++;
	}
	return n;
}

static void
ten_in_an_hour(void **state)
{
	(void)state;
	assert_int_equal(use_up(device, MOST, START_MS), MOST);
	/* it is told exactly when there is one more */
	assert_int_equal(
	    often_wait_s(&often, device, MOST, START_MS), HOUR_S / MOST);
	assert_int_equal(
	    often_wait_s(&often, device, MOST, START_MS + 359999), 1);
	assert_int_equal(use_up(device, MOST, START_MS + 360000), 1);
	/* after an hour of silence it has them all */
	assert_int_equal(
	    use_up(device, MOST, START_MS + 360000 + 3600000), MOST);
}

/* One that comes every three minutes gets one in six. */
static void
twenty_an_hour_get_half(void **state)
{
	unsigned granted = 0;
	uint64_t now_ms = START_MS;

	(void)state;
	(void)use_up(device, MOST, now_ms);
	for (unsigned i = 0; i < 20; i++) {
		now_ms += 180000;
		if (often_wait_s(&often, device, MOST, now_ms) > 0)
			continue;
		often_count(&often, device, MOST, now_ms);
		granted++;
	}
	assert_int_equal(granted, MOST);
}

static void
one_in_an_hour(void **state)
{
	(void)state;
	assert_int_equal(use_up(device, 1, START_MS), 1);
	assert_int_equal(often_wait_s(&often, device, 1, START_MS), HOUR_S);
	assert_int_equal(
	    often_wait_s(&often, device, 1, START_MS + 3600000), 0);
}

static void
none_is_any_number(void **state)
{
	(void)state;
	assert_int_equal(use_up(device, 0, START_MS), 100);
	/* nor was it counted, for when the limit is set again */
	assert_int_equal(use_up(device, 3, START_MS), 3);
}

static void
each_on_its_own(void **state)
{
	(void)state;
	(void)use_up(device, MOST, START_MS);
	assert_int_equal(use_up(SPAN_LIT("dev-2"), MOST, START_MS), MOST);
}

static void
said_once(void **state)
{
	(void)state;
	(void)use_up(device, MOST, START_MS);
	assert_false(often_is_said(&often, device));
	often_say(&often, device);
	assert_true(often_is_said(&often, device));
	assert_false(often_is_said(&often, SPAN_LIT("dev-2")));
	/* granted once more, it is to be said again */
	often_count(&often, device, MOST, START_MS + 360000);
	assert_false(often_is_said(&often, device));
}

/* Strangers without number do not wash away who is put off. */
static void
a_full_table(void **state)
{
	(void)state;
	(void)use_up(device, MOST, START_MS);
	for (unsigned i = 0; i < 4U * OFTEN_SLOTS; i++) {
		char name[16];
		int n = snprintf(name, sizeof(name), "other-%u", i);

		often_count(&often, span_of(name, (size_t)n), MOST, START_MS);
	}
	assert_int_equal(
	    often_wait_s(&often, device, MOST, START_MS), HOUR_S / MOST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(ten_in_an_hour, fresh),
	    cmocka_unit_test_setup(twenty_an_hour_get_half, fresh),
	    cmocka_unit_test_setup(one_in_an_hour, fresh),
	    cmocka_unit_test_setup(none_is_any_number, fresh),
	    cmocka_unit_test_setup(each_on_its_own, fresh),
	    cmocka_unit_test_setup(said_once, fresh),
	    cmocka_unit_test_setup(a_full_table, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
