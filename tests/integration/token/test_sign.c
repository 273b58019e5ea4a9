/*
 * Signing keys on tokens of three makes: made there, found again, and signing
 * what their public half verifies, by digest and as a CA does.
 */
#include "fixture.h"

#include "hsm/ec.h"

#include <stdlib.h>

static struct hsm *h;
static struct hsm_session *s;
static const struct hsm_ec_ref ca = {.label = "ca"};
static struct hsm_ec_key made;

static bool
is_kind(const char *kind)
{
	return strcmp(getenv("TOKEN_KIND"), kind) == 0;
}

static void
expect_ours(const struct hsm_ec_key *key)
{
	assert_string_equal(key->ref.label, "ca");
	assert_int_equal(key->ref.id_len, made.ref.id_len);
	assert_memory_equal(key->ref.id, made.ref.id, made.ref.id_len);
	assert_true(key->p256);
	assert_memory_equal(key->spki, made.spki, sizeof(made.spki));
	assert_true(key->sensitive && !key->extractable);
	assert_true(key->never_extractable && key->sign && key->token);
	/* NSS forgets where a key was made once that is done. */
	assert_true(key->local || is_kind("nss"));
	/* A TPM's module refuses to be told that a key must not decrypt. */
	assert_true(!key->other_use || is_kind("tpm"));
}

static void
expect_good(const struct hsm_ec_ref *ref)
{
	enum rc rc =
	    hsm_ec_self_test(s, ref, span_of(made.spki, sizeof(made.spki)));

	if (rc)
		fail_msg("%s", hsm_session_error(s)->text);
}

static void
test_description(void **state)
{
	struct hsm_ec_key seen;

	(void)state;
	expect_ours(&made);
	assert_int_equal(hsm_ec_describe(s, &ca, &seen), RC_OK);
	expect_ours(&seen);
}

static void
test_signature_verifies(void **state)
{
	uint8_t digest[P256_DIGEST_LEN] = {7}, rs[P256_SIGNATURE_LEN];

	(void)state;
	expect_good(&ca);
	expect_good(&made.ref);
	assert_int_equal(hsm_ec_sign(s, &ca, digest, rs), RC_OK);
	assert_int_equal(
	    p256_verify(span_of(made.spki, sizeof(made.spki)), digest, rs),
	    RC_OK);
	digest[0] ^= 1;
	assert_int_equal(
	    p256_verify(span_of(made.spki, sizeof(made.spki)), digest, rs),
	    RC_DENIED);
}

static void
test_never_over_another(void **state)
{
	struct hsm_ec_key again;

	(void)state;
	assert_int_equal(hsm_ec_generate(s, &ca, &again), RC_CONFLICT);
	expect_good(&ca);
}

struct list {
	unsigned ours;
};

static enum rc
each(void *ctx, const struct hsm_ec_key *key)
{
	struct list *l = ctx;

	if (strcmp(key->ref.label, "ca") == 0) {
		expect_ours(key);
		l->ours++;
	}
	return RC_OK;
}

static void
test_list(void **state)
{
	struct list l = {0};

	(void)state;
	if (hsm_ec_list(s, each, &l))
		fail_msg("%s", hsm_session_error(s)->text);
	assert_int_equal(l.ours, 1);
}

static void
test_after_a_restart(void **state)
{
	struct hsm_ec_key seen;

	(void)state;
	hsm_session_give(s);
	hsm_close(h);
	h = open_token();
	s = take(h);
	assert_int_equal(hsm_ec_describe(s, &made.ref, &seen), RC_OK);
	expect_ours(&seen);
	expect_good(&ca);
}

static void
test_after_losses(void **state)
{
	static const char *const controls[] = {
	    "C_SignInit close-all 1 0\n", "C_Sign 0xb3 1 0\n",
	    "C_SignInit logout 1 0\n", /* not NSS: see test_losses.c */
	};

	(void)state;
	for (int i = 0; i < (is_kind("nss") ? 2 : 3); i++) {
		faults(controls[i]);
		count_reset();
		expect_good(&ca);
		assert_int_equal(count_of("C_Finalize"), 0);
	}
	faults("");
}

static void
test_missing_key(void **state)
{
	const struct hsm_ec_ref none = {.label = "none"};
	struct hsm_ec_ref other_id = made.ref;
	struct hsm_ec_key seen;

	(void)state;
	assert_int_equal(hsm_ec_describe(s, &none, &seen), RC_NOT_FOUND);
	other_id.id[0] ^= 1;
	assert_int_equal(hsm_ec_describe(s, &other_id, &seen), RC_NOT_FOUND);
}

static int
setup(void **state)
{
	(void)state;
	h = open_token();
	s = take(h);
	return hsm_ec_generate(s, &ca, &made) ? -1 : 0;
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
	    cmocka_unit_test(test_description),
	    cmocka_unit_test(test_signature_verifies),
	    cmocka_unit_test(test_never_over_another),
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_after_a_restart),
	    cmocka_unit_test(test_after_losses),
	    cmocka_unit_test(test_missing_key),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
