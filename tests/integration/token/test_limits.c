/*
 * opencryptoki's soft token: keys are derived as anywhere; what it cannot do is
 * refused in words, and no refusal is taken for a token that is away.
 */
#include "fixture.h"

#include "../../unit/hsm/vectors.h"
#include "base/text.h"
#include "hsm/doctor.h"
#include "hsm/ec.h"

#include <stdlib.h>

#define PIN "user:123" /* 4 to 8 bytes */

static enum rc
try_open(struct hsm_error *err)
{
	struct hsm *h = NULL;
	enum rc rc = hsm_open(&fixture.config, &h, err);

	if (rc)
		assert_true(err->text[0] && err->remedy[0]);
	hsm_close(h);
	return rc;
}

static void
test_derives_as_any_other(void **state)
{
	struct hsm *h = open_token();
	struct hsm_session *s = take(h);
	CK_SESSION_HANDLE raw = raw_session(fixture.label);
	char text[2 * HSM_PSK_LEN + 1];
	struct hsm_master made;
	uint8_t value[32];

	(void)state;
	if (hsm_master_generate(s, MASTER, &made))
		fail_msg("%s", hsm_session_error(s)->text);
	assert_true(made.sensitive && !made.extractable && made.local);
	vector_master(value);
	import_key(raw, "vectors", CKK_GENERIC_SECRET, value, sizeof(value));
	for (size_t i = 0; i < DERIVATION_VECTORS; i++) {
		const struct derivation_vector *v = &derivation_vectors[i];
		struct hsm_derivation d = {"vectors", v->purpose,
		    v->short_server_id, v->epoch, v->endpoint};
		struct secret key = {0};
		struct writer w;

		assert_int_equal(hsm_derive(s, &d, &key), RC_OK);
		writer_init(&w, text, sizeof(text) - 1);
		text_hex(&w, secret_expose(&key));
		text[w.len] = '\0';
		assert_string_equal(text, v->key);
		secret_fini(&key);
	}
	hsm_session_give(s);
	hsm_close(h);
}

static void
test_no_elliptic_curves(void **state)
{
	struct hsm_ec_ref ca = {.label = "ca"};
	struct hsm *h = open_token();
	struct hsm_session *s = take(h);
	struct hsm_ec_key key;
	struct hsm_error err;

	(void)state;
	assert_int_equal(hsm_ec_generate(s, &ca, &key), RC_UNSUPPORTED);
	assert_int_equal(hsm_session_error(s)->ckr, CKR_MECHANISM_INVALID);
	assert_true(hsm_session_error(s)->remedy[0] != '\0');
	assert_int_equal(hsm_ec_describe(s, &ca, &key), RC_NOT_FOUND);
	/* The token is there: nobody reopens it for that. */
	count_reset();
	assert_int_equal(hsm_reopen(h, &err), RC_OK);
	assert_int_equal(count_of("C_Finalize"), 0);
	hsm_session_give(s);
	hsm_close(h);
}

static enum rc
collect(void *ctx, const struct hsm_finding *f)
{
	unsigned *missing = ctx;

	if (strcmp(f->check, "mechanism") == 0 && f->verdict == HSM_WARN &&
	    (strcmp(f->subject, "CKM_ECDSA") == 0 ||
		strcmp(f->subject, "CKM_EC_KEY_PAIR_GEN") == 0))
		++*missing;
	if (strcmp(f->check, "answer") == 0)
		assert_int_equal(f->verdict, HSM_OK);
	if (strcmp(f->check, "read") == 0 && strcmp(f->subject, MASTER) == 0)
		assert_int_equal(f->verdict, HSM_OK);
	return RC_OK;
}

static void
test_doctor(void **state)
{
	struct hsm *h = open_token();
	struct hsm_session *s = take(h);
	unsigned missing = 0;

	(void)state;
	if (hsm_doctor(s, 4, collect, &missing))
		fail_msg("%s", hsm_session_error(s)->text);
	assert_int_equal(missing, 2);
	hsm_session_give(s);
	hsm_close(h);
}

static void
test_pins_that_cannot_be(void **state)
{
	static const char *const pins[] = {"abc\n", "much-too-long-for-it\n"};
	struct hsm_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
		fixture_pin(pins[i]);
		count_reset();
		assert_int_equal(try_open(&err), RC_PIN);
		assert_int_equal(count_of("C_Login"), 1);
		/* The right one in between clears the count. */
		fixture_pin(PIN "\n");
		if (try_open(&err))
			fail_msg("%s", err.text);
	}
}

/* After two wrong ones the token warns; not even the right one is tried. */
static void
test_last_try_is_left_to_people(void **state)
{
	static const char *const pins[] = {"wrong-1\n", "wrong-2\n"};
	struct hsm_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
		fixture_pin(pins[i]);
		assert_int_equal(try_open(&err), RC_PIN);
	}
	fixture_pin(PIN "\n");
	count_reset();
	assert_int_equal(try_open(&err), RC_PIN);
	assert_int_equal(count_of("C_Login"), 0);
	assert_non_null(strstr(err.text, "would lock it"));
}

/* Initialised once more, it has lost its keys and its user. */
static void
test_token_without_a_user(void **state)
{
	struct hsm_error err;

	(void)state;
	assert_int_equal(
	    system("echo bootstrap | pkcsconf -c 3 -I -S officer0 >/dev/null"),
	    0);
	fixture_pin("other123\n");
	count_reset();
	assert_int_equal(try_open(&err), RC_PIN);
	assert_int_equal(count_of("C_Login"), 1);
	assert_int_equal(err.ckr, CKR_USER_PIN_NOT_INITIALIZED);
	assert_non_null(strstr(err.remedy, "must set a user PIN"));
}

static int
setup(void **state)
{
	(void)state;
	fixture_pin(PIN "\n");
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_derives_as_any_other),
	    cmocka_unit_test(test_no_elliptic_curves),
	    cmocka_unit_test(test_doctor),
	    cmocka_unit_test(test_pins_that_cannot_be),
	    cmocka_unit_test(test_last_try_is_left_to_people),
	    cmocka_unit_test(test_token_without_a_user),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, NULL);
	fixture_fini();
	return failed;
}
