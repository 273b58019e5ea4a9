/*
 * Opening and closing, as test_faults.c does with all that comes between:
 * hsm_open brings a token that works, or a code with a text and a remedy, and
 * then nothing is left open; whatever hsm_close meets, the next one opens. And
 * how long hsm_reopen waits, which the others skip over.
 */
#include "fault_calls.h"
#include "fault_clock.h"
#include "fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	CASE_S = 20, /* that takes longer hangs */
	REPORTED_MAX = 20,
	AN_EPOCH_MS = 31000,
};

struct matrix {
	bool closing; /* the fault hits hsm_close, and not hsm_open */
	unsigned cases, opened, failed;
};

static char doing[160];
static struct secret expected;

static void
say_where(int signal_number)
{
	(void)!write(2, doing, strlen(doing));
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
}

static bool
derives(struct hsm *h)
{
	struct hsm_session *s = take(h);
	struct secret key = {0};
	bool same = try_derive(s, "urn:dev:1", &key) == RC_OK &&
	    secret_equal(&key, &expected);

	secret_fini(&key);
	hsm_session_give(s);
	return same;
}

/* NULL: as it should be. */
static const char *
judge(const struct fault_call *c, enum rc rc, struct hsm *h,
    const struct hsm_error *err)
{
	if (rc && h)
		return "it is open all the same";
	/* A list in which the token is not is believed. */
	if (rc && rc != RC_TOKEN && rc != RC_NOT_FOUND)
		return rc_name(rc);
	if (rc && !(err->text[0] && err->remedy[0]))
		return "it does not say why, or not what to do";
	if (rc && count_of("sessions") && strcmp(c->function, "C_Finalize"))
		return "sessions were left open";
	if (!rc && !derives(h))
		return "no key can be derived";
	return NULL;
}

static void
run_case(void *ctx, const struct fault_call *c, unsigned long at,
    const struct fault *f)
{
	struct matrix *m = ctx;
	struct hsm_error err = {0};
	struct hsm *h = NULL;
	const char *wrong;
	enum rc rc = RC_OK;

	snprintf(doing, sizeof(doing), "%s, %s %s%s, call %lu of %lu",
	    m->closing ? "hsm_close" : "hsm_open", c->function, f->what,
	    f->often == FAULT_ALWAYS ? " for ever" : "", at, c->n);
	alarm(CASE_S);
	if (m->closing)
		h = open_token();
	count_reset();
	fault_set(c, at, f);
	if (!m->closing)
		rc = hsm_open(&fixture.config, &h, &err);
	else
		hsm_close(h);
	faults("");
	if (m->closing)
		h = NULL;
	wrong = m->closing ? NULL : judge(c, rc, h, &err);
	hsm_close(h);
	m->cases++;
	m->opened += !rc;
	if (wrong && m->failed++ < REPORTED_MAX)
		print_error("%s: %s (%s; %s; %s)\n", doing, wrong, rc_name(rc),
		    err.text, err.remedy);
	h = open_token();
	assert_true(derives(h));
	hsm_close(h);
	assert_int_equal(count_of("sessions"), 0);
}

static void
run_all(bool closing)
{
	struct matrix m = {.closing = closing};
	struct fault_calls calls;
	struct hsm *h;

	if (!closing)
		fault_log_reset();
	h = open_token();
	if (closing)
		fault_log_reset();
	else
		fault_log_read(&calls);
	hsm_close(h);
	if (closing)
		fault_log_read(&calls);
	fault_each(&calls, true, run_case, &m);
	print_message("%u cases, %u opened\n", m.cases, m.opened);
	assert_true(m.cases > calls.count);
	if (m.failed)
		fail_msg("%u of %u cases", m.failed, m.cases);
}

static void
test_open(void **state)
{
	(void)state;
	run_all(false);
}

static void
test_close(void **state)
{
	(void)state;
	run_all(true);
}

static uint64_t
reopening_ms(struct hsm *h, enum rc wanted)
{
	struct hsm_error err;

	clock_reset();
	assert_int_equal(hsm_reopen(h, &err), wanted);
	return clock_slept_ms();
}

static void
fail_once(struct hsm *h)
{
	struct hsm_session *s = take(h);
	struct secret key = {0};

	faults("C_SignInit 0x32 1 0\n");
	assert_int_equal(try_derive(s, "urn:dev:1", &key), RC_TOKEN);
	faults("");
	hsm_session_give(s);
}

/* From 0.2 s to 30 s, doubled each time that it did not last; and from the
 * start again after an epoch that did. */
static void
test_waits_longer_each_time(void **state)
{
	static const uint64_t waits_ms[] = {
	    200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000};
	struct hsm *h = open_token();

	(void)state;
	for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
		fail_once(h);
		assert_int_equal(reopening_ms(h, RC_OK), waits_ms[i]);
	}
	clock_advance(AN_EPOCH_MS);
	fail_once(h);
	assert_int_equal(reopening_ms(h, RC_OK), 200);
	hsm_close(h);
}

/* The module is given its own time, on top. */
static void
test_waits_for_a_module_that_is_not_ready(void **state)
{
	struct hsm *h = open_token();
	uint64_t waited_ms;

	(void)state;
	fail_once(h);
	faults("C_GetSlotList 0x5 -1 0\n");
	waited_ms = reopening_ms(h, RC_TOKEN);
	assert_in_range(waited_ms, 5000, 7000);
	/* Where it is a second's matter, nobody waits longer. */
	faults("C_GetSlotList 0x5 2 0\n");
	waited_ms = reopening_ms(h, RC_OK);
	assert_in_range(waited_ms, 400, 1000);
	assert_true(derives(h));
	hsm_close(h);
}

static int
setup(void **state)
{
	struct hsm *h = open_token();
	struct hsm_session *s = take(h);
	struct hsm_master m;
	int e = hsm_master_generate(s, MASTER, &m) ? -1 : 0;

	(void)state;
	if (!e)
		derive(s, "urn:dev:1", &expected);
	hsm_session_give(s);
	hsm_close(h);
	return e;
}

static int
teardown(void **state)
{
	(void)state;
	secret_fini(&expected);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_open),
	    cmocka_unit_test(test_close),
	    cmocka_unit_test(test_waits_longer_each_time),
	    cmocka_unit_test(test_waits_for_a_module_that_is_not_ready),
	};
	int failed;

	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	if (!fixture_init())
		return TEST_SKIP;
	fault_log_use();
	(void)signal(SIGALRM, say_where);
	(void)signal(SIGABRT, say_where);
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
