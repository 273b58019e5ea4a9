/* Finding the token and logging in; above all, not logging in. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

/* The serial number, out of "LABEL (serial S, MODEL)". */
static void
serial_of(const struct hsm *h, char *serial, size_t cap)
{
	const char *at = strstr(hsm_token_name(h), "(serial ");

	assert_non_null(at);
	snprintf(serial, cap, "%.*s", (int)strcspn(at + 8, ","), at + 8);
}

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
	struct hsm *h;

	(void)state;
	count_reset();
	h = open_token();
	assert_int_equal(count_of("C_Login"), 1);
	assert_ptr_equal(
	    strstr(hsm_token_name(h), "bootstrap (serial "), hsm_token_name(h));
	assert_non_null(strstr(hsm_token_name(h), "SoftHSM v2)"));
	hsm_close(h);
	/* What was opened is closed, and the module ended. */
	assert_int_equal(
	    count_of("C_Initialize"), 2 /* libp11's and the raw layer's */);
	assert_int_equal(count_of("C_Finalize"), 1);
}

static void
test_wrong_pin_is_tried_once(void **state)
{
	struct hsm_config config = fixture.config;
	struct hsm_error err;

	(void)state;
	config.token = "pkcs11:token=careful";
	fixture_pin("wrong\n");
	count_reset();
	assert_int_equal(try_open(&config, &err), RC_PIN);
	assert_int_equal(count_of("C_Login"), 1);
	assert_int_equal(err.ckr, CKR_PIN_INCORRECT);
	assert_non_null(strstr(err.text, "careful (serial "));
	assert_non_null(strstr(err.text, "CKR_PIN_INCORRECT"));
	assert_non_null(strstr(err.remedy, fixture.pin_file));
	assert_null(strstr(err.text, "wrong"));

	/* Not by a second attempt in this process either. */
	assert_int_equal(try_open(&config, &err), RC_PIN);
	assert_int_equal(count_of("C_Login"), 1);

	/* Corrected, it is a PIN that was not refused. */
	fixture_pin(RIGHT_PIN "\n");
	assert_int_equal(try_open(&config, &err), RC_OK);
	assert_int_equal(count_of("C_Login"), 2);
}

static void
test_last_try_is_left_to_people(void **state)
{
	static const struct {
		const char *control;
		const char *says;
	} cases[] = {
	    {"C_GetTokenInfo flags=0x20000 -1 0\n", "would lock it"},
	    {"C_GetTokenInfo flags=0x40000 -1 0\n", "is locked"},
	};
	struct hsm_error err;

	(void)state;
	count_reset();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		faults(cases[i].control);
		assert_int_equal(try_open(&fixture.config, &err), RC_PIN);
		assert_non_null(strstr(err.text, cases[i].says));
	}
	assert_int_equal(count_of("C_Login"), 0);
	faults("");
	/* It was not the PIN's fault. */
	assert_int_equal(try_open(&fixture.config, &err), RC_OK);
}

static void
test_absent_token_names_the_others(void **state)
{
	struct hsm_config config = fixture.config;
	struct hsm_error err;

	(void)state;
	config.token = "pkcs11:token=boostrap";
	count_reset();
	assert_int_equal(try_open(&config, &err), RC_NOT_FOUND);
	assert_non_null(strstr(err.text, "pkcs11:token=boostrap"));
	assert_non_null(strstr(err.text, "bootstrap (serial "));
	assert_non_null(strstr(err.text, "careful (serial "));
	assert_int_equal(count_of("C_Login"), 0);
}

static void
test_twins_are_told_apart_by_serial(void **state)
{
	struct hsm_config config = fixture.config;
	char serial[32], uri[80];
	struct hsm_error err;
	struct hsm *h;

	(void)state;
	h = open_token();
	serial_of(h, serial, sizeof(serial));
	hsm_close(h);
	assert_true(fixture_token("bootstrap"));
	count_reset();
	assert_int_equal(try_open(&config, &err), RC_CONFLICT);
	assert_non_null(strstr(err.text, "2 tokens"));
	assert_non_null(strstr(err.text, serial));
	assert_non_null(strstr(err.remedy, "serial"));
	assert_int_equal(count_of("C_Login"), 0);

	snprintf(uri, sizeof(uri), "pkcs11:token=bootstrap;serial=%s", serial);
	config.token = uri;
	assert_int_equal(hsm_open(&config, &h, &err), RC_OK);
	assert_non_null(strstr(hsm_token_name(h), serial));
	hsm_close(h);
}

static void
test_bad_configuration(void **state)
{
	struct hsm_config config;
	struct hsm_error err;

	(void)state;
	config = fixture.config;
	config.module = "/nowhere/module.so";
	assert_int_equal(try_open(&config, &err), RC_CONFIG);
	assert_non_null(strstr(err.text, "/nowhere/module.so"));
	config.module = "libsofthsm2.so";
	assert_int_equal(try_open(&config, &err), RC_CONFIG);
	assert_non_null(strstr(err.text, "absolute"));
	config.module = getenv("NOT_A_MODULE");
	assert_int_equal(try_open(&config, &err), RC_CONFIG);

	config = fixture.config;
	config.token = "pkcs11:model=SoftHSM%20v2";
	assert_int_equal(try_open(&config, &err), RC_CONFIG);
	config.token = "pkcs11:token=bootstrap;object=key";
	assert_int_equal(try_open(&config, &err), RC_CONFIG);
	config = fixture.config;
	config.sessions = 0;
	assert_int_equal(try_open(&config, &err), RC_CONFIG);
	config.sessions = 65;
	assert_int_equal(try_open(&config, &err), RC_CONFIG);
	config = fixture.config;
	config.token = "pkcs11:token=careful";
	config.pin = NULL;
	assert_int_equal(try_open(&config, &err), RC_CONFIG);
	assert_non_null(strstr(err.text, "needs a PIN"));
}

/* The variable is gone after the first login; later ones do not need it. */
static void
test_pin_from_a_variable(void **state)
{
	struct hsm_config config = fixture.config;
	struct hsm_error err;

	(void)state;
	config.token = "pkcs11:token=careful";
	config.pin_kind = HSM_PIN_ENV;
	config.pin = "HSM_PIN";
	setenv("HSM_PIN", RIGHT_PIN, 1);
	assert_int_equal(try_open(&config, &err), RC_OK);
	assert_null(getenv("HSM_PIN"));
	assert_int_equal(try_open(&config, &err), RC_CONFIG);
}

/* Where libp11 would wait for ever: it is not asked. */
static void
test_no_session_is_an_error_and_no_hang(void **state)
{
	struct hsm_config config = fixture.config;
	struct hsm_error err;

	(void)state;
	config.token = "pkcs11:token=careful";
	faults("C_OpenSession 0xb1 -1 0\n");
	count_reset();
	assert_int_equal(try_open(&config, &err), RC_TOKEN);
	assert_int_equal(err.ckr, CKR_SESSION_COUNT);
	assert_int_equal(count_of("C_Login"), 0);
	/* Also where one has just opened. */
	faults("C_OpenSession 0x0 1 0\nC_OpenSession 0x32 -1 0\n");
	assert_int_equal(try_open(&config, &err), RC_TOKEN);
	assert_int_equal(count_of("C_Login"), 0);
	assert_int_equal(err.ckr, CKR_DEVICE_REMOVED);
	assert_non_null(strstr(err.text, "CKR_DEVICE_REMOVED"));
	faults("");
}

/* Seen of SoftHSM when another process logs in at the same moment. */
static void
test_token_that_is_not_ready_yet(void **state)
{
	struct hsm_config config = fixture.config;
	struct hsm_error err;

	(void)state;
	config.token = "pkcs11:token=careful";
	faults("C_GetTokenInfo 0x5 2 0\nC_Initialize 0x5 1 0\n");
	count_reset();
	assert_int_equal(try_open(&config, &err), RC_OK);
	assert_int_equal(count_of("C_Login"), 1);
	faults("");
}

static void
test_module_that_another_part_has_initialised(void **state)
{
	struct hsm_config config = fixture.config;
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	struct hsm_error err;

	(void)state;
	config.token = "pkcs11:token=careful";
	assert_int_equal(raw_module()->C_Initialize(&args), CKR_OK);
	assert_int_equal(try_open(&config, &err), RC_OK);
}

static void
test_one_token_a_module(void **state)
{
	struct hsm_config config = fixture.config;
	struct hsm *h, *second;
	struct hsm_error err;

	(void)state;
	config.token = "pkcs11:token=careful";
	assert_int_equal(hsm_open(&config, &h, &err), RC_OK);
	assert_int_equal(hsm_open(&config, &second, &err), RC_CONFLICT);
	assert_null(second);
	/* The first has not noticed. */
	hsm_session_give(take(h));
	hsm_close(h);
	assert_int_equal(try_open(&config, &err), RC_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opens_with_one_login),
	    cmocka_unit_test(test_wrong_pin_is_tried_once),
	    cmocka_unit_test(test_last_try_is_left_to_people),
	    cmocka_unit_test(test_absent_token_names_the_others),
	    cmocka_unit_test(test_twins_are_told_apart_by_serial),
	    cmocka_unit_test(test_bad_configuration),
	    cmocka_unit_test(test_pin_from_a_variable),
	    cmocka_unit_test(test_no_session_is_an_error_and_no_hang),
	    cmocka_unit_test(test_token_that_is_not_ready_yet),
	    cmocka_unit_test(test_module_that_another_part_has_initialised),
	    cmocka_unit_test(test_one_token_a_module),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	if (!fixture_token("careful"))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fixture_fini();
	return failed;
}
