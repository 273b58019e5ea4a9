/*
 * What can be taken away while a token is in use comes back on each of them by
 * the token's own rules, not as the shim would have it: sessions really are
 * closed, the login really ends, the module really is finalised.
 */
#include "fixture.h"

#include <pthread.h>
#include <stdlib.h>

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

static CK_SLOT_ID
slot(void)
{
	CK_SESSION_HANDLE raw = raw_session(fixture.label);
	CK_SESSION_INFO info;

	assert_int_equal(raw_module()->C_GetSessionInfo(raw, &info), CKR_OK);
	assert_int_equal(raw_module()->C_CloseSession(raw), CKR_OK);
	return info.slotID;
}

static void
expect_reopened(void)
{
	struct hsm_error err = {0};

	if (hsm_reopen(h, &err))
		fail_msg("hsm_reopen: %s", err.text);
}

static void
test_all_sessions_closed(void **state)
{
	struct hsm_session *one = take(h), *two = take(h);

	(void)state;
	expect_key(one);
	expect_key(two);
	count_reset();
	assert_int_equal(raw_module()->C_CloseAllSessions(slot()), CKR_OK);
	expect_key(one);
	expect_key(two);
	assert_int_equal(count_of("C_Login"), 1);
	assert_int_equal(count_of("C_Finalize"), 0);
	assert_int_equal(hsm_probe(one, MASTER), RC_OK);
	hsm_session_give(one);
	hsm_session_give(two);
}

static void
test_closed_while_idle(void **state)
{
	struct hsm_session *s;
	uint8_t random[8];

	(void)state;
	assert_int_equal(raw_module()->C_CloseAllSessions(slot()), CKR_OK);
	s = take(h);
	assert_int_equal(hsm_random(s, random, sizeof(random)), RC_OK);
	expect_key(s);
	hsm_session_give(s);
}

static void
test_logged_out(void **state)
{
	CK_SESSION_HANDLE raw;
	struct hsm_session *s;

	(void)state;
	/* Asked for an HMAC after a logout, NSS 3.87 reads what it has not
	 * set: it refuses, or dies. */
	if (strcmp(getenv("TOKEN_KIND"), "nss") == 0)
		skip();
	raw = raw_session(fixture.label);
	s = take(h);
	expect_key(s);
	count_reset();
	assert_int_equal(raw_module()->C_Logout(raw), CKR_OK);
	assert_int_equal(raw_module()->C_CloseSession(raw), CKR_OK);
	expect_key(s);
	assert_int_equal(count_of("C_Login"), 1);
	assert_int_equal(count_of("C_Finalize"), 0);
	hsm_session_give(s);
}

static void
test_module_finalised(void **state)
{
	struct hsm_session *s = take(h);
	struct secret key = {0};

	(void)state;
	expect_key(s);
	assert_int_equal(raw_module()->C_Finalize(NULL), CKR_OK);
	assert_int_equal(try_derive(s, "urn:dev:1", &key), RC_TOKEN);
	assert_null(key.bytes);
	expect_reopened();
	expect_key(s);
	hsm_session_give(s);
}

static void
test_device_removed_and_back(void **state)
{
	struct hsm_session *s = take(h);
	struct secret key = {0};

	(void)state;
	faults("C_SignInit 0x32 -1 0\n");
	assert_int_equal(try_derive(s, "urn:dev:1", &key), RC_TOKEN);
	faults("");
	expect_reopened();
	expect_key(s);
	hsm_session_give(s);
}

enum { THREADS = 4, ROUNDS = 25 };

static void *
work(void *arg)
{
	unsigned *wrong = arg;

	for (int i = 0; i < ROUNDS; i++) {
		struct hsm_session *s = NULL;
		struct secret key = {0};

		if (hsm_session_take(h, &s, NULL)) {
			++*wrong;
			continue;
		}
		if (try_derive(s, "urn:dev:1", &key) ||
		    !secret_equal(&key, &expected))
			++*wrong;
		hsm_session_give(s);
		secret_fini(&key);
	}
	return NULL;
}

static void
test_more_threads_than_sessions(void **state)
{
	pthread_t threads[THREADS];
	unsigned wrong[THREADS] = {0};

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, work, &wrong[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(wrong[i], 0);
	}
}

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
	if (getenv("TOKEN_MASTERS")[0] == '\0' &&
	    hsm_master_generate(s, MASTER, &m))
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_one, close_one)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_all_sessions_closed),
	    TEST(test_closed_while_idle),
	    TEST(test_logged_out),
	    TEST(test_module_finalised),
	    TEST(test_device_removed_and_back),
	    TEST(test_more_threads_than_sessions),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
