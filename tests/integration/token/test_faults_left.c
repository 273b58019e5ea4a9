/*
 * What is left of a signing key that was to have a given id, where the token's
 * answer is lost: it cannot be told from another's, so it is not destroyed, and
 * the remedy says that somebody has to look.
 */
#include "fixture.h"

#include "hsm/ec.h"

static struct hsm *h;
static struct hsm_session *s;
static const struct hsm_ec_ref wanted = {
    .label = "device-ca",
    .id = {1, 2},
    .id_len = 2,
};

static void
reopened(void)
{
	struct hsm_error err;

	faults("");
	assert_int_equal(hsm_reopen(h, &err), RC_OK);
}

static void
test_nobody_knows_whose(void **state)
{
	struct hsm_ec_key k;

	(void)state;
	faults("C_GenerateKeyPair after=0x32 1 0\n");
	assert_int_equal(hsm_ec_generate(s, &wanted, &k), RC_TOKEN);
	assert_non_null(strstr(hsm_session_error(s)->remedy, "by hand"));
	assert_false(k.token);
	reopened();
	/* It is there, and not taken for a fresh one. */
	assert_int_equal(hsm_ec_describe(s, &wanted, &k), RC_OK);
	assert_int_equal(hsm_ec_generate(s, &wanted, &k), RC_CONFLICT);
	assert_null(strstr(hsm_session_error(s)->remedy, "by hand"));
	assert_int_equal(hsm_ec_describe(s, &wanted, &k), RC_OK);
}

/* Asked once more after a session was lost, it finds what it asked for. */
static void
test_lost_session(void **state)
{
	struct hsm_ec_ref other = wanted;
	struct hsm_ec_key k;

	(void)state;
	other.label[0] = 'D';
	faults("C_GenerateKeyPair after=0xb3 1 0\n");
	assert_int_equal(hsm_ec_generate(s, &other, &k), RC_CONFLICT);
	assert_non_null(strstr(hsm_session_error(s)->remedy, "by hand"));
	faults("");
	assert_int_equal(hsm_ec_describe(s, &other, &k), RC_OK);
}

/* One that the token has said it made is ours, and goes. */
static void
test_known_to_be_ours(void **state)
{
	struct hsm_ec_ref third = wanted;
	struct hsm_ec_key k;

	(void)state;
	third.label[0] = 'E';
	faults("C_GenerateKeyPair 0x0 1 0\nC_GetAttributeValue 0x30 1 0\n");
	assert_int_equal(hsm_ec_generate(s, &third, &k), RC_TOKEN);
	assert_null(strstr(hsm_session_error(s)->remedy, "by hand"));
	reopened();
	assert_int_equal(hsm_ec_describe(s, &third, &k), RC_NOT_FOUND);
	assert_int_equal(hsm_ec_generate(s, &third, &k), RC_OK);
}

static int
setup(void **state)
{
	(void)state;
	h = open_token();
	s = take(h);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hsm_session_give(s);
	hsm_close(h);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nobody_knows_whose),
	    cmocka_unit_test(test_lost_session),
	    cmocka_unit_test(test_known_to_be_ours),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
