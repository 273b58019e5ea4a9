/* What a Bootstrap-Request gets, and when. */
#include "stage.h"

#define PLAY(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

/* The whole of it, once: Discover, Delete, Write, Finish. */
static void
a_bootstrap(void **state)
{
	(void)state;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON GET / accept=40");
	answer_with("ACK 2.05 cf=40", "</>;lwm2m=1.1,</0/1>,</1>,</3/0>");
	expect("CON DELETE /0");
	answer("ACK 2.02");
	expect("CON DELETE /1");
	answer("ACK 2.02");
	expect("CON PUT /0/0 cf=112 104 B");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112 38 B");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict("ok ok 5/6 2.04");
	boots(0);
}

static void
virtually(void **state)
{
	(void)state;
	plug(NULL);
	boot_up();
	trace("x");
}

static void
securely(void **state)
{
	(void)state;
	plug_secure(NULL, "dev-1", true);
	boot_up();
	trace("x");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(a_bootstrap),
	    PLAY(virtually),
	    PLAY(securely),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
