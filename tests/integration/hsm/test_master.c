/* Master keys: made in the token, kept in the token, made once. */
#include "fixture.h"

static struct hsm *h;
static struct hsm_session *s;

static void
test_what_was_made(void **state)
{
	struct hsm_master made, seen;
	uint8_t kcv[HSM_KCV_LEN];

	(void)state;
	assert_int_equal(hsm_master_generate(s, MASTER, &made), RC_OK);
	assert_string_equal(made.label, MASTER);
	assert_int_equal(made.id_len, 8);
	assert_true(made.sensitive);
	assert_false(made.extractable);
	assert_true(made.never_extractable);
	assert_true(made.local);
	assert_true(made.sign);
	assert_true(made.token);
	assert_int_equal(hsm_master_describe(s, MASTER, &seen), RC_OK);
	assert_memory_equal(&made, &seen, sizeof(made));
	assert_int_equal(hsm_key_check(s, MASTER, kcv), RC_OK);
	assert_memory_equal(made.kcv, kcv, HSM_KCV_LEN);
}

/* Tried, not believed. */
static void
test_value_stays_inside(void **state)
{
	CK_FUNCTION_LIST *p11 = raw_module();
	CK_SESSION_HANDLE raw = raw_session("bootstrap");
	CK_OBJECT_HANDLE key = raw_find(raw, MASTER);
	CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL, 0};
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	uint8_t value[64], aes[32] = {7};
	CK_ATTRIBUTE a = {CKA_VALUE, value, sizeof(value)};
	CK_ATTRIBUTE extractable = {CKA_EXTRACTABLE, &yes, sizeof(yes)};
	CK_ATTRIBUTE sensitive = {CKA_SENSITIVE, &no, sizeof(no)};
	CK_ATTRIBUTE wraps = {CKA_WRAP, &yes, sizeof(yes)};
	CK_OBJECT_HANDLE kek;
	CK_ULONG len = sizeof(value);

	(void)state;
	assert_int_not_equal(key, CK_INVALID_HANDLE);
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
	struct hsm_master before, after, refused;

	(void)state;
	assert_int_equal(hsm_master_describe(s, MASTER, &before), RC_OK);
	count_reset();
	assert_int_equal(hsm_master_generate(s, MASTER, &refused), RC_CONFLICT);
	assert_int_equal(count_of("C_GenerateKey"), 0);
	assert_non_null(strstr(hsm_session_error(s)->text, "\"" MASTER "\""));
	assert_non_null(strstr(hsm_session_error(s)->remedy, "another label"));
	assert_int_equal(hsm_master_describe(s, MASTER, &after), RC_OK);
	assert_memory_equal(&before, &after, sizeof(before));
}

static void
test_token_that_makes_it_extractable(void **state)
{
	struct hsm_master m;

	(void)state;
	faults("C_GenerateKey extractable 1 0\n");
	assert_int_equal(hsm_master_generate(s, "leaky", &m), RC_DENIED);
	assert_non_null(strstr(hsm_session_error(s)->text, "extractable"));
	faults("");
	/* Nothing of it is left, and the label is free. */
	assert_int_equal(hsm_master_describe(s, "leaky", &m), RC_NOT_FOUND);
	assert_int_equal(hsm_master_generate(s, "leaky", &m), RC_OK);
	assert_false(m.extractable);
}

/* Some tokens take no flag that says no. */
static void
test_token_that_is_hard_to_please(void **state)
{
	struct hsm_master m;

	(void)state;
	faults("C_GenerateKey 0xd1 2 0\n");
	count_reset();
	assert_int_equal(hsm_master_generate(s, "third-rung", &m), RC_OK);
	assert_int_equal(count_of("C_GenerateKey"), 3);
	assert_true(m.sensitive);
	assert_false(m.extractable);
	faults("C_GenerateKey 0xd1 -1 0\n");
	assert_int_equal(hsm_master_generate(s, "none", &m), RC_UNSUPPORTED);
	assert_int_equal(hsm_session_error(s)->ckr, CKR_TEMPLATE_INCONSISTENT);
	faults("C_GenerateKey 0x70 -1 0\n");
	assert_int_equal(hsm_master_generate(s, "none", &m), RC_UNSUPPORTED);
	faults("");
	assert_int_equal(hsm_master_describe(s, "none", &m), RC_NOT_FOUND);
}

static void
test_labels(void **state)
{
	static const char too_long[] = "0123456789abcdef0123456789abcdef"
				       "0123456789abcdef0123456789abcdef+";
	static const char *const bad[] = {
	    "", "a\nb", "\x1b[2J", "\xff", too_long};
	struct hsm_master m;

	(void)state;
	count_reset();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    hsm_master_generate(s, bad[i], &m), RC_MALFORMED);
	assert_int_equal(count_of("C_GenerateKey"), 0);
	assert_int_equal(
	    hsm_master_describe(s, "z\xc3\xa4hler 2026", &m), RC_NOT_FOUND);
	assert_non_null(strstr(
	    hsm_session_error(s)->remedy, "make \"z\xc3\xa4hler 2026\""));
}

struct listed {
	unsigned count, masters, stop_at;
	bool aes;
};

static enum rc
each(void *ctx, const struct hsm_master *m)
{
	static const uint8_t none[HSM_KCV_LEN];
	struct listed *l = ctx;
	uint8_t kcv[HSM_KCV_LEN];

	if (++l->count == l->stop_at)
		return RC_FULL;
	if (strcmp(m->label, "aes") == 0) {
		l->aes = memcmp(m->kcv, none, sizeof(none)) == 0;
		return RC_OK;
	}
	/* The session may be used from here. */
	if (hsm_key_check(s, m->label, kcv) == RC_OK &&
	    memcmp(kcv, m->kcv, sizeof(kcv)) == 0)
		l->masters++;
	return RC_OK;
}

static void
test_list(void **state)
{
	CK_SESSION_HANDLE raw = raw_session("bootstrap");
	struct listed all = {0}, some = {.stop_at = 2};
	uint8_t aes[16] = {7};

	(void)state;
	import_key(raw, "aes", CKK_AES, aes, sizeof(aes));
	raw_module()->C_CloseSession(raw);
	assert_int_equal(hsm_master_list(s, each, &all), RC_OK);
	assert_int_equal(all.masters, 3); /* fleet-2026, leaky, third-rung */
	assert_int_equal(all.count, 4);
	assert_true(all.aes);
	assert_int_equal(hsm_master_list(s, each, &some), RC_FULL);
	assert_int_equal(some.count, 2);
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
	    cmocka_unit_test(test_value_stays_inside),
	    cmocka_unit_test(test_never_over_another),
	    cmocka_unit_test(test_token_that_makes_it_extractable),
	    cmocka_unit_test(test_token_that_is_hard_to_please),
	    cmocka_unit_test(test_labels),
	    cmocka_unit_test(test_list),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
