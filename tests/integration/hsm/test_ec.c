/* Signing keys: made in the token, once, and they do not come out. */
#include "fixture.h"

#include "base/digest.h"
#include "hsm/ec.h"

static struct hsm *h;
static struct hsm_session *s;

static const struct hsm_ec_ref CA = {.label = "device-ca"};

static void
expect_signs(struct hsm_session *session, const struct hsm_ec_ref *ref)
{
	uint8_t spki[P256_SPKI_LEN], digest[P256_DIGEST_LEN];
	uint8_t signature[P256_SIGNATURE_LEN];

	if (hsm_ec_public(session, ref, spki))
		fail_msg("%s", hsm_session_error(session)->text);
	digest_of(SPAN_LIT("message"), digest);
	if (hsm_ec_sign(session, ref, digest, signature))
		fail_msg("%s", hsm_session_error(session)->text);
	assert_int_equal(
	    p256_verify(span_of(spki, sizeof(spki)), digest, signature), RC_OK);
}

static void
test_what_was_made(void **state)
{
	struct hsm_ec_key made, seen;

	(void)state;
	if (hsm_ec_generate(s, &CA, &made))
		fail_msg("%s", hsm_session_error(s)->text);
	assert_string_equal(made.ref.label, "device-ca");
	assert_int_equal(made.ref.id_len, 8);
	assert_true(made.sensitive);
	assert_false(made.extractable);
	assert_true(made.local);
	assert_true(made.never_extractable);
	assert_true(made.always_sensitive);
	assert_true(made.sign);
	assert_true(made.token);
	assert_false(made.other_use);
	assert_true(made.p256);
	assert_int_equal(hsm_ec_describe(s, &CA, &seen), RC_OK);
	assert_memory_equal(&made, &seen, sizeof(made));
	assert_int_equal(hsm_ec_describe(s, &made.ref, &seen), RC_OK);
	assert_memory_equal(&made, &seen, sizeof(made));
	expect_signs(s, &CA);
	expect_signs(s, &made.ref);
}

static CK_OBJECT_HANDLE
find_private(CK_SESSION_HANDLE raw, const char *label)
{
	CK_FUNCTION_LIST *p11 = raw_module();
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	char name[64];
	CK_ATTRIBUTE t[] = {
	    {CKA_LABEL, name, strlen(label)},
	    {CKA_CLASS, &class, sizeof(class)},
	};
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	CK_ULONG n = 0;

	memcpy(name, label, strlen(label));
	assert_int_equal(p11->C_FindObjectsInit(raw, t, 2), CKR_OK);
	assert_int_equal(p11->C_FindObjects(raw, &object, 1, &n), CKR_OK);
	assert_int_equal(p11->C_FindObjectsFinal(raw), CKR_OK);
	assert_int_equal(n, 1);
	return object;
}

/* Tried, not believed. */
static void
test_private_half_stays_inside(void **state)
{
	CK_FUNCTION_LIST *p11 = raw_module();
	CK_SESSION_HANDLE raw = raw_session("bootstrap");
	CK_OBJECT_HANDLE key = find_private(raw, "device-ca");
	CK_MECHANISM wrap = {CKM_AES_KEY_WRAP_PAD, NULL, 0};
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	uint8_t value[256], aes[32] = {7};
	CK_ATTRIBUTE a = {CKA_VALUE, value, sizeof(value)};
	CK_ATTRIBUTE extractable = {CKA_EXTRACTABLE, &yes, sizeof(yes)};
	CK_ATTRIBUTE sensitive = {CKA_SENSITIVE, &no, sizeof(no)};
	CK_ATTRIBUTE wraps = {CKA_WRAP, &yes, sizeof(yes)};
	CK_OBJECT_HANDLE kek;
	CK_ULONG len = sizeof(value);

	(void)state;
	assert_int_equal(
	    p11->C_GetAttributeValue(raw, key, &a, 1), CKR_ATTRIBUTE_SENSITIVE);
	assert_int_not_equal(
	    p11->C_SetAttributeValue(raw, key, &extractable, 1), CKR_OK);
	assert_int_not_equal(
	    p11->C_SetAttributeValue(raw, key, &sensitive, 1), CKR_OK);
	import_key(raw, "kek", CKK_AES, aes, sizeof(aes));
	kek = raw_find(raw, "kek");
	assert_int_equal(p11->C_SetAttributeValue(raw, kek, &wraps, 1), CKR_OK);
	assert_int_not_equal(
	    p11->C_WrapKey(raw, &wrap, kek, key, value, &len), CKR_OK);
	assert_int_equal(p11->C_DestroyObject(raw, kek), CKR_OK);
	p11->C_CloseSession(raw);
}

static void
test_never_over_another(void **state)
{
	struct hsm_ec_ref with_id = {"device-ca", {9}, 1};
	struct hsm_ec_key refused;

	(void)state;
	count_reset();
	assert_int_equal(hsm_ec_generate(s, &CA, &refused), RC_CONFLICT);
	assert_int_equal(hsm_ec_generate(s, &with_id, &refused), RC_CONFLICT);
	assert_int_equal(count_of("C_GenerateKeyPair"), 0);
	assert_non_null(
	    strstr(hsm_session_error(s)->text, "\"device-ca\" (id 09)"));
	assert_non_null(strstr(hsm_session_error(s)->remedy, "another label"));
	expect_signs(s, &CA);
}

/* What this program does not do, another may have done. */
static void
make_raw(CK_SESSION_HANDLE raw, const char *label, uint8_t id)
{
	static CK_BYTE curve[] = {
	    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
	CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_OBJECT_HANDLE public, private;
	char name[64];
	CK_ATTRIBUTE pub[] = {
	    {CKA_EC_PARAMS, curve, sizeof(curve)},
	    {CKA_LABEL, name, strlen(label)},
	    {CKA_ID, &id, 1},
	    {CKA_TOKEN, &yes, sizeof(yes)},
	};
	CK_ATTRIBUTE prv[] = {
	    {CKA_LABEL, name, strlen(label)},
	    {CKA_ID, &id, 1},
	    {CKA_TOKEN, &yes, sizeof(yes)},
	    {CKA_PRIVATE, &yes, sizeof(yes)},
	    {CKA_SIGN, &yes, sizeof(yes)},
	    {CKA_SENSITIVE, &no, sizeof(no)},
	    {CKA_EXTRACTABLE, &yes, sizeof(yes)},
	};

	memcpy(name, label, strlen(label));
	assert_int_equal(raw_module()->C_GenerateKeyPair(raw, &mechanism, pub,
			     4, prv, 7, &public, &private),
	    CKR_OK);
}

static void
test_two_of_one_label(void **state)
{
	CK_SESSION_HANDLE raw = raw_session("bootstrap");
	struct hsm_ec_ref twins = {.label = "twins"};
	struct hsm_ec_ref one = {"twins", {1}, 1}, two = {"twins", {2}, 1};
	uint8_t a[P256_SPKI_LEN], b[P256_SPKI_LEN];
	uint8_t digest[P256_DIGEST_LEN] = {1}, signature[P256_SIGNATURE_LEN];

	(void)state;
	make_raw(raw, "twins", 1);
	make_raw(raw, "twins", 2);
	assert_int_equal(hsm_ec_public(s, &twins, a), RC_CONFLICT);
	assert_int_equal(
	    hsm_ec_sign(s, &twins, digest, signature), RC_CONFLICT);
	assert_non_null(
	    strstr(hsm_session_error(s)->remedy, "label and id together"));
	assert_int_equal(hsm_ec_public(s, &one, a), RC_OK);
	assert_int_equal(hsm_ec_public(s, &two, b), RC_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	expect_signs(s, &one);
	expect_signs(s, &two);
	/* And two of one label and id. */
	make_raw(raw, "twins", 2);
	assert_int_equal(hsm_ec_sign(s, &one, digest, signature), RC_OK);
	hsm_session_give(s);
	hsm_close(h);
	h = open_token();
	s = take(h);
	assert_int_equal(hsm_ec_sign(s, &two, digest, signature), RC_CONFLICT);
	assert_int_equal(hsm_ec_sign(s, &one, digest, signature), RC_OK);
	assert_int_equal(
	    hsm_ec_self_test(s, &one, span_of(b, sizeof(b))), RC_DENIED);
	raw_module()->C_CloseSession(raw);
}

static void
test_description_of_a_weak_key(void **state)
{
	struct hsm_ec_ref one = {"twins", {1}, 1};
	struct hsm_ec_key k;

	(void)state;
	assert_int_equal(hsm_ec_describe(s, &one, &k), RC_OK);
	assert_true(k.extractable);
	assert_false(k.sensitive);
	assert_true(k.local);
}

static void
test_no_such_key(void **state)
{
	struct hsm_ec_ref none = {.label = "none"};
	struct hsm_ec_ref other_id = {"device-ca", {1, 2, 3}, 3};
	struct hsm_ec_ref bad = {.label = "a\nb"};
	uint8_t spki[P256_SPKI_LEN];

	(void)state;
	assert_int_equal(hsm_ec_public(s, &none, spki), RC_NOT_FOUND);
	assert_non_null(strstr(hsm_session_error(s)->remedy, "ceremony"));
	assert_int_equal(hsm_ec_public(s, &other_id, spki), RC_NOT_FOUND);
	assert_int_equal(hsm_ec_public(s, &bad, spki), RC_MALFORMED);
	memset(bad.label, 'x', sizeof(bad.label)); /* no end */
	assert_int_equal(hsm_ec_public(s, &bad, spki), RC_MALFORMED);
}

static void
test_token_that_makes_it_extractable(void **state)
{
	struct hsm_ec_ref leaky = {.label = "leaky"};
	struct hsm_ec_key k;

	(void)state;
	faults("C_GenerateKeyPair extractable 1 0\n");
	assert_int_equal(hsm_ec_generate(s, &leaky, &k), RC_DENIED);
	assert_non_null(strstr(hsm_session_error(s)->text, "extractable"));
	faults("");
	/* Nothing of it is left, and the label is free. */
	assert_int_equal(hsm_ec_describe(s, &leaky, &k), RC_NOT_FOUND);
	assert_int_equal(hsm_ec_generate(s, &leaky, &k), RC_OK);
	assert_false(k.extractable);
}

/* Some tokens take no flag that says no. */
static void
test_token_that_is_hard_to_please(void **state)
{
	struct hsm_ec_ref third = {.label = "third-rung"};
	struct hsm_ec_ref none = {.label = "none"};
	struct hsm_ec_key k;

	(void)state;
	faults("C_GenerateKeyPair 0xd1 2 0\n");
	count_reset();
	assert_int_equal(hsm_ec_generate(s, &third, &k), RC_OK);
	assert_int_equal(count_of("C_GenerateKeyPair"), 3);
	assert_true(k.sensitive);
	assert_false(k.extractable);
	faults("C_GenerateKeyPair 0x70 -1 0\n");
	assert_int_equal(hsm_ec_generate(s, &none, &k), RC_UNSUPPORTED);
	assert_non_null(strstr(hsm_session_error(s)->remedy, "CKM_ECDSA"));
	faults("");
	assert_int_equal(hsm_ec_describe(s, &none, &k), RC_NOT_FOUND);
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
	    {"C_SignInit 0x90 1 0\n", 0}, /* stuck in an operation */
	    {"C_Sign 0x91 1 0\n", 0},
	    {"C_SignInit 0x82 1 0\n", 0}, /* stale handle */
	    {"C_SignInit 0x60 1 0\n", 0},
	    {"C_SignInit close-all 1 0\n", 1}, /* and the login with them */
	    {"C_SignInit logout 1 0\n", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_signs(s, &CA);
		faults(cases[i].control);
		count_reset();
		expect_signs(s, &CA);
		if (count_of("C_Login") != cases[i].logins)
			fail_msg("%lu logins after %s", count_of("C_Login"),
			    cases[i].control);
		assert_int_equal(count_of("C_SignInit"), 2);
		assert_int_equal(count_of("C_Finalize"), 0);
	}
	faults("C_Sign 0x32 1 0\n");
	{
		uint8_t digest[P256_DIGEST_LEN] = {0};
		uint8_t signature[P256_SIGNATURE_LEN];
		struct hsm_error err;

		assert_int_equal(
		    hsm_ec_sign(s, &CA, digest, signature), RC_TOKEN);
		assert_int_equal(hsm_reopen(h, &err), RC_OK);
	}
	faults("");
	expect_signs(s, &CA);
}

static void
test_handle_is_remembered(void **state)
{
	uint8_t digest[P256_DIGEST_LEN] = {0}, signature[P256_SIGNATURE_LEN];

	(void)state;
	expect_signs(s, &CA);
	count_reset();
	for (int i = 0; i < 10; i++)
		assert_int_equal(hsm_ec_sign(s, &CA, digest, signature), RC_OK);
	assert_int_equal(count_of("C_Sign"), 10);
	assert_int_equal(count_of("C_FindObjects"), 0);
}

struct listed {
	unsigned count, found;
};

static enum rc
each(void *ctx, const struct hsm_ec_key *k)
{
	struct listed *l = ctx;

	l->count++;
	if (strcmp(k->ref.label, "device-ca") == 0) {
		expect_signs(s, &k->ref); /* the session may be used */
		l->found++;
	}
	return RC_OK;
}

static void
test_list(void **state)
{
	struct listed l = {0};

	(void)state;
	assert_int_equal(hsm_ec_list(s, each, &l), RC_OK);
	/* device-ca, three twins, leaky, third-rung */
	assert_int_equal(l.count, 6);
	assert_int_equal(l.found, 1);
}

static void
test_names(void **state)
{
	static const char *const bad[] = {"", "device-ca",
	    "pkcs11:token=bootstrap;object=device-ca", "pkcs11:id=%01",
	    "pkcs11:object=a;type=cert", "pkcs11:object=a;object=b",
	    "pkcs11:object=a?pin-value=1234"};
	struct hsm_error err;
	struct hsm_ec_ref ref;
	char text[256];

	(void)state;
	assert_int_equal(
	    hsm_ec_ref_parse(
		"pkcs11:object=my%20ca;id=%01%FF;type=private", &ref, &err),
	    RC_OK);
	assert_string_equal(ref.label, "my ca");
	assert_int_equal(ref.id_len, 2);
	assert_int_equal(ref.id[1], 0xff);
	assert_string_equal(hsm_ec_ref_print(&ref, text, sizeof(text)),
	    "pkcs11:object=my%20ca;id=%01%FF");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(
		    hsm_ec_ref_parse(bad[i], &ref, &err), RC_CONFIG);
		assert_true(err.text[0] && err.remedy[0]);
		assert_null(strstr(err.text, "1234"));
	}
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
	    cmocka_unit_test(test_what_was_made),
	    cmocka_unit_test(test_private_half_stays_inside),
	    cmocka_unit_test(test_never_over_another),
	    cmocka_unit_test(test_two_of_one_label),
	    cmocka_unit_test(test_description_of_a_weak_key),
	    cmocka_unit_test(test_no_such_key),
	    cmocka_unit_test(test_token_that_makes_it_extractable),
	    cmocka_unit_test(test_token_that_is_hard_to_please),
	    cmocka_unit_test(test_losses_that_nobody_sees),
	    cmocka_unit_test(test_handle_is_remembered),
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_names),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
