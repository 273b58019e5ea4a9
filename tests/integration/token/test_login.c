/*
 * The token found by its names, and the PIN tried once: a TPM locks after a few
 * wrong ones, and with it everything else that it holds.
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

static enum rc
try_open(const struct hsm_config *config, struct hsm_error *err)
{
	struct hsm *h = NULL;
	enum rc rc = hsm_open(config, &h, err);

	if (rc) {
		assert_null(h);
		assert_true(err->text[0] && err->remedy[0]);
	}
	hsm_close(h);
	return rc;
}

static void
test_opens_with_one_login(void **state)
{
	char begin[64];
	struct hsm *h;

	(void)state;
	count_reset();
	h = open_token();
	assert_int_equal(count_of("C_Login"), 1);
	snprintf(begin, sizeof(begin), "%s (serial ", fixture.label);
	assert_ptr_equal(strstr(hsm_token_name(h), begin), hsm_token_name(h));
	hsm_close(h);
	assert_int_equal(count_of("C_Finalize"), 1);
}

/* Module and token survive being closed and opened in one process. */
static void
test_opens_again(void **state)
{
	struct hsm_error err;

	(void)state;
	for (int i = 0; i < 3; i++)
		if (try_open(&fixture.config, &err))
			fail_msg("%s", err.text);
}

static void
test_absent_token_names_this_one(void **state)
{
	struct hsm_config config = fixture.config;
	struct hsm_error err;

	(void)state;
	config.token = "pkcs11:token=elsewhere";
	count_reset();
	assert_int_equal(try_open(&config, &err), RC_NOT_FOUND);
	assert_non_null(strstr(err.text, fixture.label));
	assert_int_equal(count_of("C_Login"), 0);
}

/* Whoever does not name its folder, NSS answers with CKR_ARGUMENTS_BAD, and from
 * 3.110 on with an empty token of the same name: no PIN is sent to that. */
static void
test_module_that_wants_arguments(void **state)
{
	struct hsm_config config = fixture.config;
	struct hsm_error err;

	(void)state;
	if (!config.init_args)
		skip();
	config.init_args = NULL;
	count_reset();
	assert_int_equal(try_open(&config, &err), RC_CONFIG);
	assert_int_equal(count_of("C_Login"), 0);
	assert_non_null(strstr(err.remedy, "hsm.init_args"));
}

static void
test_wrong_pin_is_tried_once(void **state)
{
	struct hsm_error err;

	(void)state;
	fixture_pin("wrong-0000\n");
	count_reset();
	assert_int_equal(try_open(&fixture.config, &err), RC_PIN);
	assert_int_equal(count_of("C_Login"), 1);
	assert_non_null(strstr(err.text, fixture.label));
	assert_non_null(strstr(err.remedy, fixture.pin_file));
	assert_null(strstr(err.text, "wrong-0000"));
	assert_int_equal(try_open(&fixture.config, &err), RC_PIN);
	assert_int_equal(count_of("C_Login"), 1);

	/* Once does no harm that lasts. */
	fixture_pin(RIGHT_PIN "\n");
	if (try_open(&fixture.config, &err))
		fail_msg("%s", err.text);
	assert_int_equal(count_of("C_Login"), 2);
}

/* The right PIN, but not for this: the token wants another one first. */
static void
test_pin_that_must_be_changed(void **state)
{
	struct hsm_error err;

	(void)state;
	faults("C_FindObjectsInit 0xa3 -1 0\n");
	assert_int_equal(try_open(&fixture.config, &err), RC_PIN);
	faults("");
	assert_int_equal(err.ckr, CKR_PIN_EXPIRED);
	assert_non_null(strstr(err.remedy, "must be changed"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opens_with_one_login),
	    cmocka_unit_test(test_opens_again),
	    cmocka_unit_test(test_absent_token_names_this_one),
	    cmocka_unit_test(test_module_that_wants_arguments),
	    cmocka_unit_test(test_wrong_pin_is_tried_once),
	    cmocka_unit_test(test_pin_that_must_be_changed),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fixture_fini();
	return failed;
}
