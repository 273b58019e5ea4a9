/*
 * The doctor finds what is wrong with a token, by trying. What it says of each
 * make is written down here, because an operator will read just that.
 */
#include "fixture.h"

#include "../../unit/hsm/vectors.h"
#include "hsm/doctor.h"
#include "hsm/ec.h"

#include <stdio.h>
#include <stdlib.h>

enum { FINDINGS_MAX = 128, SESSIONS = 4 };

static struct hsm *h;
static struct hsm_session *s;

static struct {
	struct hsm_finding list[FINDINGS_MAX];
	size_t count, stop_at;
	bool times; /* wanted: they take most of the time */
	const char *after_keys; /* faults from then on; NULL: none */
} found;

static enum rc
note(void *ctx, const struct hsm_finding *f)
{
	(void)ctx;
	if (strcmp(f->check, "latency") == 0 && !found.times)
		return RC_FULL;
	assert_true(found.count < FINDINGS_MAX);
	found.list[found.count++] = *f;
	assert_true(f->text[0] != '\0');
	if (found.after_keys && strcmp(f->check, "sign") == 0)
		faults(found.after_keys);
	/* What is not good comes with what to do. */
	assert_int_equal(f->verdict != HSM_OK, f->remedy[0] != '\0');
	return found.count == found.stop_at ? RC_FULL : RC_OK;
}

static void
examine(void)
{
	enum rc rc;

	found.count = 0;
	rc = hsm_doctor(s, SESSIONS, note, NULL);
	if (rc != (found.times ? RC_OK : RC_FULL))
		fail_msg("hsm_doctor: %s", hsm_session_error(s)->text);
}

static const struct hsm_finding *
finding(const char *check, const char *subject)
{
	for (size_t i = 0; i < found.count; i++)
		if (strcmp(found.list[i].check, check) == 0 &&
		    strcmp(found.list[i].subject, subject) == 0)
			return &found.list[i];
	fail_msg("no %s of \"%s\"", check, subject);
	return NULL;
}

static void
expect(const char *check, const char *subject, enum hsm_verdict verdict)
{
	const struct hsm_finding *f = finding(check, subject);

	if (f->verdict != verdict)
		fail_msg("%s of \"%s\": %s", check, subject, f->text);
}

static bool
is_kind(const char *kind)
{
	return strcmp(getenv("TOKEN_KIND"), kind) == 0;
}

static void
test_the_token(void **state)
{
	(void)state;
	examine();
	expect("token", "", HSM_OK);
	assert_non_null(strstr(finding("token", "")->text, fixture.label));
	expect("pin", "", HSM_OK);
	expect("sessions", "", HSM_OK);
	expect("mechanism", "CKM_SHA256_HMAC", HSM_OK);
	expect("mechanism", "CKM_GENERIC_SECRET_KEY_GEN",
	    is_kind("tpm") ? HSM_WARN : HSM_OK);
	expect("mechanism", "CKM_ECDSA", HSM_OK);
}

/* SoftHSM and the TPM keep a key in; NSS lets it out in two ways. */
static void
test_ways_out(void **state)
{
	enum hsm_verdict out = is_kind("nss") ? HSM_FAIL : HSM_OK;

	(void)state;
	examine();
	for (int i = 0; i < 2; i++) {
		const char *key = i ? "ca" : MASTER;

		expect("read", key, HSM_OK);
		expect("copy", key, out);
		expect("wrap", key, out);
	}
	expect("attributes", MASTER, is_kind("nss") ? HSM_WARN : HSM_OK);
	expect("sign", "ca", HSM_OK);
}

static void
test_answer(void **state)
{
	(void)state;
	examine();
	/* The TPM takes no key through PKCS#11, or keeps it. */
	expect("answer", is_kind("tpm") ? MASTER : "", HSM_OK);
}

static CK_ULONG
secret_keys(void)
{
	CK_FUNCTION_LIST *p11 = raw_module();
	CK_SESSION_HANDLE raw = raw_session(fixture.label);
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_ATTRIBUTE a = {CKA_CLASS, &class, sizeof(class)};
	CK_OBJECT_HANDLE keys[FINDINGS_MAX];
	CK_ULONG n = 0;

	assert_int_equal(p11->C_FindObjectsInit(raw, &a, 1), CKR_OK);
	assert_int_equal(
	    p11->C_FindObjects(raw, keys, FINDINGS_MAX, &n), CKR_OK);
	assert_int_equal(p11->C_FindObjectsFinal(raw), CKR_OK);
	assert_int_equal(p11->C_CloseSession(raw), CKR_OK);
	return n;
}

/* As tpm2-pkcs11 1.9.1 does with a key that was to be gone with its session. */
static void
test_known_key_that_is_kept(void **state)
{
	CK_ULONG before = secret_keys();

	(void)state;
	examine();
	assert_int_equal(secret_keys(), before);
	if (is_kind("tpm"))
		skip();
	faults("C_CreateObject kept -1 0\n");
	examine();
	faults("");
	expect("answer", MASTER, HSM_OK);
	assert_non_null(strstr(finding("answer", MASTER)->text, "keeps a"));
	assert_int_equal(secret_keys(), before);
}

/* What cannot be taken back, somebody must see. */
static void
test_known_key_that_stays(void **state)
{
	const struct hsm_finding *f;
	char label[40] = "";
	CK_SESSION_HANDLE raw;

	(void)state;
	if (is_kind("tpm"))
		skip();
	found.after_keys =
	    "C_CreateObject kept -1 0\nC_DestroyObject 0x6 1 0\n";
	examine();
	found.after_keys = NULL;
	faults("");
	expect("answer", "", HSM_FAIL);
	f = finding("answer", "");
	assert_non_null(strstr(f->text, "CKR_FUNCTION_FAILED"));
	assert_int_equal(
	    sscanf(strstr(f->text, "known-answer-"), "%39[^,]", label), 1);
	raw = raw_session(fixture.label);
	assert_int_equal(
	    raw_module()->C_DestroyObject(raw, raw_find(raw, label)), CKR_OK);
	raw_module()->C_CloseSession(raw);
}

static void
test_latencies(void **state)
{
	static const char *const kinds[] = {"hmac", "sign", "random"};

	(void)state;
	found.times = true;
	examine();
	found.times = false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct hsm_finding *f = finding("latency", kinds[i]);

		assert_true(f->samples >= 3);
		assert_true(f->min_us <= f->median_us);
		assert_true(f->median_us <= f->max_us);
	}
}

struct inventory {
	unsigned masters, signers;
};

static enum rc
count_master(void *ctx, const struct hsm_master *m)
{
	(void)m;
	((struct inventory *)ctx)->masters++;
	return RC_OK;
}

static enum rc
count_signer(void *ctx, const struct hsm_ec_key *k)
{
	(void)k;
	((struct inventory *)ctx)->signers++;
	return RC_OK;
}

static struct inventory
inventory(void)
{
	struct inventory i = {0};

	assert_int_equal(hsm_master_list(s, count_master, &i), RC_OK);
	assert_int_equal(hsm_ec_list(s, count_signer, &i), RC_OK);
	return i;
}

/* All that the doctor makes is gone, in the session too. */
static void
test_nothing_is_left(void **state)
{
	CK_FUNCTION_LIST *p11 = raw_module();
	struct inventory before = inventory(), after;
	CK_SESSION_HANDLE raw = raw_session(fixture.label);
	CK_OBJECT_HANDLE objects[FINDINGS_MAX];
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE a = {CKA_TOKEN, &no, sizeof(no)};
	CK_ULONG n = 0;

	(void)state;
	examine();
	after = inventory();
	assert_int_equal(before.masters, after.masters);
	assert_int_equal(before.signers, after.signers);
	assert_int_equal(p11->C_FindObjectsInit(raw, &a, 1), CKR_OK);
	assert_int_equal(
	    p11->C_FindObjects(raw, objects, FINDINGS_MAX, &n), CKR_OK);
	assert_int_equal(p11->C_FindObjectsFinal(raw), CKR_OK);
	assert_int_equal(n, 0);
	assert_int_equal(p11->C_CloseSession(raw), CKR_OK);
}

/* A master that came from outside, and is as open as it was made. */
static void
test_master_from_outside(void **state)
{
	const char *label = getenv("TOKEN_VECTOR_MASTER");
	CK_SESSION_HANDLE raw = raw_session(fixture.label);
	uint8_t value[32];

	(void)state;
	if (!label) {
		label = "imported";
		vector_master(value);
		import_key(
		    raw, label, CKK_GENERIC_SECRET, value, sizeof(value));
	}
	examine();
	expect("attributes", label, HSM_FAIL);
	if (strcmp(label, "imported") == 0)
		assert_int_equal(
		    raw_module()->C_DestroyObject(raw, raw_find(raw, label)),
		    CKR_OK);
	raw_module()->C_CloseSession(raw);
}

/* None of them is ever used: say so, and go on with the others. */
static void
test_twins(void **state)
{
	CK_SESSION_HANDLE raw = raw_session(fixture.label);
	uint8_t value[32] = {1};

	(void)state;
	if (is_kind("tpm"))
		skip();
	for (int i = 0; i < 2; i++) {
		value[0]++;
		import_key(
		    raw, "twins", CKK_GENERIC_SECRET, value, sizeof(value));
	}
	examine();
	expect("attributes", "twins", HSM_FAIL);
	assert_non_null(
	    strstr(finding("attributes", "twins")->text, "two keys"));
	expect("read", MASTER, HSM_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    raw_module()->C_DestroyObject(raw, raw_find(raw, "twins")),
		    CKR_OK);
	raw_module()->C_CloseSession(raw);
}

static void
test_flags_of_the_pin(void **state)
{
	static const struct {
		const char *control;
		enum hsm_verdict verdict;
		const char *says;
	} cases[] = {
	    {"C_GetTokenInfo flags=0x10000 -1 0\n", HSM_WARN, "wrong user PIN"},
	    {"C_GetTokenInfo flags=0x80000 -1 0\n", HSM_FAIL,
		"must be changed"},
	    {"C_GetTokenInfo flags=0x400000 -1 0\n", HSM_WARN,
		"security officer"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		faults(cases[i].control);
		examine();
		expect("pin", "", cases[i].verdict);
		assert_non_null(
		    strstr(finding("pin", "")->text, cases[i].says));
	}
	faults("C_GetTokenInfo flags=0x1000000 -1 0\n");
	examine();
	expect("token", "", HSM_FAIL);
	faults("");
}

static void
test_slow_token(void **state)
{
	(void)state;
	faults("C_GenerateRandom 0x0 -1 150\n");
	found.times = true;
	examine();
	found.times = false;
	faults("");
	expect("latency", "random", HSM_WARN);
	assert_true(finding("latency", "random")->min_us >= 150000);
}

/* A token that goes away is not one that fails a check. */
static void
test_token_goes_away(void **state)
{
	static const char *const calls[] = {"C_GetTokenInfo",
	    "C_GetMechanismInfo", "C_FindObjectsInit", "C_GetAttributeValue",
	    "C_SignInit", "C_Sign", "C_GenerateRandom"};
	char control[64];

	(void)state;
	found.times = true;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		snprintf(control, sizeof(control), "%s 0x32 -1 0\n", calls[i]);
		faults(control);
		found.count = 0;
		if (hsm_doctor(s, SESSIONS, note, NULL) != RC_TOKEN)
			fail_msg("not noticed: %s", calls[i]);
		assert_int_equal(hsm_session_error(s)->ckr, CKR_DEVICE_REMOVED);
		faults("");
		/* hsm_reopen takes longer each time. */
		hsm_session_give(s);
		hsm_close(h);
		h = open_token();
		s = take(h);
	}
	found.times = false;
}

/* A session lost on the way is nobody's fault, and nobody's finding. */
static void
test_sessions_lost_on_the_way(void **state)
{
	static const char *const controls[] = {
	    "C_SignInit close-all 1 0\n",
	    "C_GetAttributeValue close-all 1 0\n",
	    "C_WrapKey close-all 1 0\n",
	    "C_CreateObject close-all 1 0\n",
	    "C_FindObjectsInit logout 1 0\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		faults(controls[i]);
		examine();
		expect("read", MASTER, HSM_OK);
		expect("sign", "ca", HSM_OK);
		expect("answer", is_kind("tpm") ? MASTER : "", HSM_OK);
	}
	faults("");
}

static void
test_stops_when_told_to(void **state)
{
	(void)state;
	found.count = 0;
	found.stop_at = 5;
	assert_int_equal(hsm_doctor(s, SESSIONS, note, NULL), RC_FULL);
	assert_int_equal(found.count, 5);
	found.stop_at = 0;
}

static void
test_more_sessions_than_there_are(void **state)
{
	(void)state;
	if (!is_kind("tpm"))
		skip();
	found.count = 0;
	assert_int_equal(hsm_doctor(s, 5000, note, NULL), RC_FULL);
	expect("sessions", "", HSM_WARN);
}

static int
setup(void **state)
{
	struct hsm_ec_ref ca = {.label = "ca"};
	struct hsm_ec_key key;
	struct hsm_master m;

	(void)state;
	h = open_token();
	s = take(h);
	if (getenv("TOKEN_MASTERS")[0] == '\0' &&
	    hsm_master_generate(s, MASTER, &m))
		return -1;
	return hsm_ec_generate(s, &ca, &key) ? -1 : 0;
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
	    cmocka_unit_test(test_the_token),
	    cmocka_unit_test(test_ways_out),
	    cmocka_unit_test(test_answer),
	    cmocka_unit_test(test_known_key_that_is_kept),
	    cmocka_unit_test(test_known_key_that_stays),
	    cmocka_unit_test(test_latencies),
	    cmocka_unit_test(test_nothing_is_left),
	    cmocka_unit_test(test_master_from_outside),
	    cmocka_unit_test(test_twins),
	    cmocka_unit_test(test_flags_of_the_pin),
	    cmocka_unit_test(test_slow_token),
	    cmocka_unit_test(test_token_goes_away),
	    cmocka_unit_test(test_sessions_lost_on_the_way),
	    cmocka_unit_test(test_stops_when_told_to),
	    cmocka_unit_test(test_more_sessions_than_there_are),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
