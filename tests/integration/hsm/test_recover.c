/* What can be taken away while the token is in use, and how it comes back. */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>

static struct hsm *h;
static struct secret expected; /* of "urn:dev:1" */

static void
expect_key(struct hsm_session *s)
{
	struct secret key = {0};

	derive(s, "urn:dev:1", &key);
	assert_true(secret_equal(&key, &expected));
	secret_fini(&key);
}

static void
expect_token_away(struct hsm_session *s)
{
	struct secret key = {0};

	assert_int_equal(try_derive(s, "urn:dev:1", &key), RC_TOKEN);
	assert_null(key.bytes);
	assert_true(hsm_session_error(s)->text[0] != '\0');
	assert_true(hsm_session_error(s)->remedy[0] != '\0');
}

static void
expect_reopened(void)
{
	struct hsm_error err = {0};

	if (hsm_reopen(h, &err))
		fail_msg("hsm_reopen: %s", err.text);
}

/* Each is mended inside the call that meets it. */
static void
test_losses_that_nobody_sees(void **state)
{
	static const struct {
		const char *control;
		unsigned long logins;
	} cases[] = {
	    {"C_SignInit 0xb3 1 0\n", 0}, /* the session is gone */
	    {"C_Sign 0xb3 1 0\n", 0}, /* half-way */
	    {"C_SignInit 0xb0 1 0\n", 0},
	    {"C_SignInit 0x90 1 0\n", 0}, /* stuck in an operation */
	    {"C_Sign 0x91 1 0\n", 0},
	    {"C_SignInit 0x82 1 0\n", 0}, /* stale handle */
	    {"C_SignInit 0x60 1 0\n", 0},
	    {"C_SignInit close-all 1 0\n", 1}, /* and the login with them */
	    {"C_Sign close-all 1 0\n", 1},
	    {"C_SignInit logout 1 0\n", 1},
	};
	struct hsm_session *s = take(h);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_key(s);
		faults(cases[i].control);
		count_reset();
		expect_key(s);
		if (count_of("C_Login") != cases[i].logins)
			fail_msg("%lu logins after %s", count_of("C_Login"),
			    cases[i].control);
		/* Once is what the control file says: it did happen. */
		assert_int_equal(count_of("C_SignInit"), 2);
		assert_int_equal(count_of("C_Finalize"), 0);
		assert_string_equal(hsm_session_error(s)->text, "");
	}
	faults("");
	hsm_session_give(s);
}

/* All sessions die at once; each holder finds out by itself, one logs in. */
static void
test_every_session_killed(void **state)
{
	struct hsm_session *one = take(h), *two = take(h);
	CK_SESSION_HANDLE raw = raw_session("bootstrap");
	CK_SESSION_INFO info;

	(void)state;
	assert_int_equal(raw_module()->C_GetSessionInfo(raw, &info), CKR_OK);
	count_reset();
	assert_int_equal(raw_module()->C_CloseAllSessions(info.slotID), CKR_OK);
	expect_key(one);
	expect_key(two);
	expect_key(one);
	assert_int_equal(count_of("C_Login"), 1);
	assert_int_equal(hsm_probe(two, MASTER), RC_OK);
	hsm_session_give(one);
	hsm_session_give(two);
}

static void
test_killed_while_idle(void **state)
{
	struct hsm_session *s;
	CK_SESSION_HANDLE raw = raw_session("bootstrap");
	CK_SESSION_INFO info;
	uint8_t random[8];

	(void)state;
	assert_int_equal(raw_module()->C_GetSessionInfo(raw, &info), CKR_OK);
	assert_int_equal(raw_module()->C_CloseAllSessions(info.slotID), CKR_OK);
	s = take(h);
	assert_int_equal(hsm_random(s, random, sizeof(random)), RC_OK);
	assert_int_equal(hsm_probe(s, NULL), RC_OK);
	expect_key(s);
	hsm_session_give(s);
}

/* A second failure of the same kind is not a hiccup. */
static void
test_recovered_once_not_for_ever(void **state)
{
	struct hsm_session *s = take(h);

	(void)state;
	faults("C_SignInit 0xb3 -1 0\n");
	count_reset();
	expect_token_away(s);
	assert_int_equal(count_of("C_SignInit"), 2);
	assert_int_equal(hsm_session_error(s)->ckr, CKR_SESSION_HANDLE_INVALID);
	faults("");
	expect_key(s);
	hsm_session_give(s);
	expect_reopened();
}

static void
test_reopen_after_the_device_was_removed(void **state)
{
	struct hsm_session *s = take(h);
	const struct hsm_error *err = hsm_session_error(s);

	(void)state;
	faults("C_Sign 0x32 -1 0\n");
	count_reset();
	expect_token_away(s);
	assert_int_equal(err->ckr, CKR_DEVICE_REMOVED);
	assert_memory_equal(
	    err->text, "C_Sign on token bootstrap (serial ", 34);
	assert_non_null(strstr(err->text, "CKR_DEVICE_REMOVED (0x32)"));
	assert_int_equal(count_of("C_Sign"), 1);
	assert_int_equal(hsm_probe(s, MASTER), RC_TOKEN);
	hsm_session_give(s);

	faults("");
	expect_reopened();
	assert_int_equal(count_of("C_Finalize"), 1);
	assert_int_equal(count_of("C_Login"), 1);
	s = take(h);
	expect_key(s);
	hsm_session_give(s);
	/* Whoever comes second finds the work done. */
	expect_reopened();
	assert_int_equal(count_of("C_Finalize"), 1);
}

/* Threads keep their session for long; it goes on in the next epoch. */
static void
test_reopen_under_a_session(void **state)
{
	struct hsm_session *mine = take(h), *other = take(h);

	(void)state;
	faults("C_SignInit finalize 1 0\n");
	expect_token_away(mine);
	assert_int_equal(
	    hsm_session_error(mine)->ckr, CKR_CRYPTOKI_NOT_INITIALIZED);
	faults("");
	expect_reopened();
	expect_key(other);
	expect_key(mine);
	hsm_session_give(mine);
	hsm_session_give(other);
}

static void
test_away_for_longer(void **state)
{
	struct hsm_session *s = take(h);
	struct hsm_session *none = NULL;
	struct hsm_error err;

	(void)state;
	faults("C_SignInit 0x30 -1 0\nC_OpenSession 0x32 -1 0\n");
	count_reset();
	expect_token_away(s);
	assert_int_equal(hsm_reopen(h, &err), RC_TOKEN);
	assert_int_equal(err.ckr, CKR_DEVICE_REMOVED);
	assert_int_equal(hsm_reopen(h, &err), RC_TOKEN);
	assert_int_equal(count_of("C_Login"), 0);
	/* Until then everyone is told why, without a call. */
	count_reset();
	expect_token_away(s);
	assert_non_null(
	    strstr(hsm_session_error(s)->text, "CKR_DEVICE_REMOVED"));
	assert_int_equal(hsm_session_take(h, &none, &err), RC_TOKEN);
	assert_null(none);
	assert_int_equal(count_of("C_SignInit"), 0);

	faults("");
	expect_reopened();
	expect_key(s);
	hsm_session_give(s);
}

/* The token's files vanish: that is not "no such key". */
static void
test_store_removed(void **state)
{
	struct hsm_session *s = take(h);
	struct hsm_error err;
	char from[64], to[64];

	(void)state;
	snprintf(from, sizeof(from), "%s/tokens", fixture.dir);
	snprintf(to, sizeof(to), "%s/elsewhere", fixture.dir);
	expect_key(s);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(hsm_probe(s, MASTER), RC_TOKEN);
	expect_token_away(s);
	assert_int_not_equal(hsm_reopen(h, &err), RC_OK);
	assert_int_equal(rename(to, from), 0);
	expect_reopened();
	expect_key(s);
	hsm_session_give(s);
}

static void *
take_one(void *arg)
{
	struct hsm_session **out = arg;

	return hsm_session_take(h, out, NULL) ? NULL : *out;
}

/* A token with fewer sessions than configured: those there are, are shared. */
static void
test_token_short_of_sessions(void **state)
{
	struct hsm_session *one, *other = NULL;
	pthread_t thread;
	void *got = NULL;

	(void)state;
	one = take(h);
	faults("C_OpenSession 0xb1 -1 0\n");
	count_reset();
	assert_int_equal(pthread_create(&thread, NULL, take_one, &other), 0);
	/* It has been refused a second one, and waits for the first. */
	while (count_of("C_OpenSession") == 0)
		;
	expect_key(one);
	hsm_session_give(one);
	assert_int_equal(pthread_join(thread, &got), 0);
	assert_non_null(got);
	/* It did wait, and not ask again and again. */
	assert_int_equal(count_of("C_OpenSession"), 1);
	expect_key(other);
	hsm_session_give(other);
	faults("");
}

/* Last, because after it nothing logs in any more. */
static void
test_pin_refused_later(void **state)
{
	struct hsm_session *s = take(h);
	struct hsm_error err;

	(void)state;
	faults("C_SignInit close-all 1 0\nC_Login 0xa0 -1 0\n");
	count_reset();
	expect_token_away(s);
	assert_int_equal(hsm_session_error(s)->ckr, CKR_PIN_INCORRECT);
	assert_int_equal(count_of("C_Login"), 1);
	expect_token_away(s);
	hsm_session_give(s);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(hsm_reopen(h, &err), RC_PIN);
		assert_true(err.text[0] != '\0');
	}
	assert_int_equal(count_of("C_Login"), 1);
	faults("");
	assert_int_equal(hsm_reopen(h, &err), RC_PIN);
	assert_int_equal(count_of("C_Login"), 1);
}

/* A token opened anew for each test: its back-off begins from the start. */
static int
open_one(void **state)
{
	(void)state;
	faults("");
	h = open_token();
	return 0;
}

static int
close_one(void **state)
{
	(void)state;
	hsm_close(h);
	return 0;
}

static int
setup(void **state)
{
	struct hsm_session *s;
	struct hsm_master m;

	(void)open_one(state);
	s = take(h);
	if (hsm_master_generate(s, MASTER, &m))
		return -1;
	derive(s, "urn:dev:1", &expected);
	hsm_session_give(s);
	return close_one(state);
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
	    cmocka_unit_test_setup_teardown(
		test_losses_that_nobody_sees, open_one, close_one),
	    cmocka_unit_test_setup_teardown(
		test_every_session_killed, open_one, close_one),
	    cmocka_unit_test_setup_teardown(
		test_killed_while_idle, open_one, close_one),
	    cmocka_unit_test_setup_teardown(
		test_recovered_once_not_for_ever, open_one, close_one),
	    cmocka_unit_test_setup_teardown(
		test_reopen_after_the_device_was_removed, open_one, close_one),
	    cmocka_unit_test_setup_teardown(
		test_reopen_under_a_session, open_one, close_one),
	    cmocka_unit_test_setup_teardown(
		test_away_for_longer, open_one, close_one),
	    cmocka_unit_test_setup_teardown(
		test_store_removed, open_one, close_one),
	    cmocka_unit_test_setup_teardown(
		test_token_short_of_sessions, open_one, close_one),
	    cmocka_unit_test_setup_teardown(
		test_pin_refused_later, open_one, close_one),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
