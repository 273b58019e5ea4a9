/* Which of several accepted epochs a device has, as its handshakes tell. */
#include "epochs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct epochs epochs;
static const struct span meter = {(const uint8_t *)"meter", 5};
static const struct address home = {.family = 4, .ip = {10, 0, 0, 1}};
static const struct address away = {.family = 4, .ip = {10, 0, 0, 2}};

static int
start(void **state)
{
	(void)state;
	epochs_init(&epochs);
	return 0;
}

static void
test_what_was_found_is_known(void **state)
{
	struct address again = home;

	(void)state;
	assert_int_equal(epochs_known(&epochs, meter, &home), 0);
	epochs_failed(&epochs, meter, &home, 4, 0);
	epochs_found(&epochs, meter, &home, 3);
	/* from a port of its own each time, and from nowhere else */
	again.port = 4711;
	assert_int_equal(epochs_known(&epochs, meter, &again), 3);
	assert_int_equal(epochs_known(&epochs, meter, &away), 0);
	assert_int_equal(epochs_known(&epochs, SPAN_LIT("other"), &home), 0);
}

static void
test_it_is_forgotten_when_it_fails_or_has_worked(void **state)
{
	(void)state;
	epochs_found(&epochs, meter, &home, 3);
	epochs_failed(&epochs, meter, &home, 4, 0);
	assert_int_equal(epochs_known(&epochs, meter, &home), 0);
	assert_int_equal(epochs_failures(&epochs, meter, &home), 1);
	epochs_found(&epochs, meter, &home, 3);
	epochs_worked(&epochs, meter, &home);
	assert_int_equal(epochs_known(&epochs, meter, &home), 0);
	assert_int_equal(epochs_failures(&epochs, meter, &home), 0);
	/* also while all have failed and the first one is offered */
	for (unsigned i = 0; i < 4 * EPOCHS_PATIENCE; i++)
		epochs_failed(&epochs, meter, &home, 4, 0);
	epochs_found(&epochs, meter, &home, 3);
	epochs_failed(&epochs, meter, &home, 4, EPOCHS_HOLD_MS - 1);
	assert_int_equal(epochs_known(&epochs, meter, &home), 0);
}

static void
test_failures_are_counted_and_then_held(void **state)
{
	(void)state;
	for (unsigned i = 1; i < 2 * EPOCHS_PATIENCE; i++) {
		epochs_failed(&epochs, meter, &home, 2, 0);
		assert_int_equal(epochs_failures(&epochs, meter, &home), i);
	}
	epochs_failed(&epochs, meter, &home, 2, 0);
	assert_int_equal(epochs_failures(&epochs, meter, &home), 0);
	epochs_failed(&epochs, meter, &home, 2, EPOCHS_HOLD_MS - 1);
	assert_int_equal(epochs_failures(&epochs, meter, &home), 0);
	epochs_failed(&epochs, meter, &home, 2, EPOCHS_HOLD_MS);
	assert_int_equal(epochs_failures(&epochs, meter, &home), 1);
	assert_int_equal(epochs_failures(&epochs, meter, &away), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_what_was_found_is_known, start),
	    cmocka_unit_test_setup(
		test_it_is_forgotten_when_it_fails_or_has_worked, start),
	    cmocka_unit_test_setup(
		test_failures_are_counted_and_then_held, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
