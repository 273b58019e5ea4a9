/* A device that was given the master itself: the token digests it, and lets
 * nothing else of it go. */
#include "fixture.h"

#include "base/digest.h"
#include "hsm/psk_test.h"
#include "seal.h"

#include <stdio.h>

static struct hsm *h;

static const uint8_t master[48] =
    "a master that no operator should ever bring in";

static void
import(const char *label, size_t len)
{
	CK_SESSION_HANDLE raw = raw_session("bootstrap");

	import_key(raw, label, CKK_GENERIC_SECRET, master, len);
	raw_module()->C_CloseSession(raw);
}

static void
test_the_master_as_a_key(void **state)
{
	static const size_t lens[] = {31, 32, 48};
	const struct seal ccm_8 = {0xc0a8, true, false};
	struct hsm_session *s = take(h);

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		uint8_t buf[EVIDENCE_BYTES_MAX];
		uint8_t digest[PSK_TEST_PREMASTER_LEN];
		struct psk_evidence e;
		struct psk_test *t;
		char label[16];
		struct writer w;

		(void)snprintf(label, sizeof(label), "known-%zu", lens[i]);
		import(label, lens[i]);
		writer_init(&w, buf, sizeof(buf));
		seal_evidence(&ccm_8, span_of(master, lens[i]), &w);
		assert_int_equal(evidence_get(writer_span(&w), &e), RC_OK);
		assert_int_equal(psk_test_new(&e, &t), RC_OK);
		assert_int_equal(hsm_master_premaster(s, label, digest), RC_OK);
		assert_true(psk_test_premaster(t, digest));
		/* another master, made in the token */
		assert_int_equal(
		    hsm_master_premaster(s, MASTER, digest), RC_OK);
		assert_false(psk_test_premaster(t, digest));
		psk_test_free(t);
	}
	hsm_session_give(s);
}

/* HMAC would take the premaster of a short one as it is. */
static void
test_a_short_master(void **state)
{
	static const uint8_t zeros[PSK_TEST_PREMASTER_LEN];
	struct hsm_session *s = take(h);
	uint8_t digest[PSK_TEST_PREMASTER_LEN] = {1};

	(void)state;
	import("short", 30);
	assert_int_equal(
	    hsm_master_premaster(s, "short", digest), RC_UNSUPPORTED);
	assert_memory_equal(digest, zeros, sizeof(digest));
	assert_non_null(strstr(hsm_session_error(s)->text, "\"short\""));
	assert_int_equal(
	    hsm_master_premaster(s, "nobody", digest), RC_NOT_FOUND);
	hsm_session_give(s);
}

/* However it refuses, nobody reopens the token for that, and the session goes
 * on. */
static void
test_tokens_that_do_not_digest_keys(void **state)
{
	static const char *const refusals[] = {
	    "C_DigestKey 0x67 -1 0\n", /* CKR_KEY_INDIGESTIBLE */
	    "C_DigestKey 0x54 -1 0\n", /* CKR_FUNCTION_NOT_SUPPORTED */
	    "C_DigestKey 0x5 -1 0\n", /* CKR_GENERAL_ERROR */
	    "C_DigestInit 0x70 -1 0\n", /* CKR_MECHANISM_INVALID */
	    "C_DigestUpdate 0x30 -1 0\n", /* CKR_DEVICE_ERROR */
	    "C_DigestFinal 0x6 -1 0\n", /* CKR_FUNCTION_FAILED */
	};
	struct hsm_session *s = take(h);
	uint8_t digest[PSK_TEST_PREMASTER_LEN];
	struct secret key = {0};
	struct hsm_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		faults(refusals[i]);
		assert_int_equal(
		    hsm_master_premaster(s, MASTER, digest), RC_UNSUPPORTED);
		derive(s, "urn:dev:1", &key);
		secret_fini(&key);
		count_reset();
		assert_int_equal(hsm_reopen(h, &err), RC_OK);
		assert_int_equal(count_of("C_Finalize"), 0);
	}
	faults("");
	assert_int_equal(hsm_master_premaster(s, MASTER, digest), RC_OK);
	hsm_session_give(s);
}

/* A lost session or login is mended, as with any other question. */
static void
test_losses_are_mended(void **state)
{
	static const char *const losses[] = {
	    "C_DigestInit 0xb3 1 0\n", /* CKR_SESSION_HANDLE_INVALID */
	    "C_DigestInit close-all 1 0\n", "C_DigestKey logout 1 0\n",
	    "C_DigestKey 0x60 1 0\n", /* CKR_KEY_HANDLE_INVALID */
	};
	struct hsm_session *s = take(h);
	uint8_t before[PSK_TEST_PREMASTER_LEN], after[PSK_TEST_PREMASTER_LEN];

	(void)state;
	assert_int_equal(hsm_master_premaster(s, MASTER, before), RC_OK);
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		faults(losses[i]);
		assert_int_equal(hsm_master_premaster(s, MASTER, after), RC_OK);
		assert_memory_equal(before, after, sizeof(before));
	}
	faults("");
	hsm_session_give(s);
}

static int
setup(void **state)
{
	struct hsm_session *s;
	struct hsm_master m;
	enum rc rc;

	(void)state;
	h = open_token();
	s = take(h);
	rc = hsm_master_generate(s, MASTER, &m);
	hsm_session_give(s);
	return rc ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	hsm_close(h);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_master_as_a_key),
	    cmocka_unit_test(test_a_short_master),
	    cmocka_unit_test(test_tokens_that_do_not_digest_keys),
	    cmocka_unit_test(test_losses_are_mended),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
