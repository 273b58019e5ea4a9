/*
 * What every token must do for us: keep a master, derive from it, and not let
 * it out. Where tokens differ, the test says how.
 */
#include "fixture.h"

#include "../../unit/hsm/vectors.h"
#include "base/text.h"
#include "hsm/seal.h"

#include <stdlib.h>

static struct hsm *h;
static struct hsm_session *s;

/* A TPM's module makes no HMAC keys: its own tool has made the masters. */
static bool
makes_masters(void)
{
	return getenv("TOKEN_MASTERS")[0] == '\0';
}

static bool
is_kind(const char *kind)
{
	return strcmp(getenv("TOKEN_KIND"), kind) == 0;
}

/* NSS does not remember of a secret key where it was made. */
static void
test_make_a_master(void **state)
{
	struct hsm_master made;
	const struct hsm_error *err = hsm_session_error(s);
	enum rc rc = hsm_master_generate(s, "made-here", &made);

	(void)state;
	if (!makes_masters()) {
		assert_int_equal(rc, RC_UNSUPPORTED);
		assert_int_equal(
		    hsm_master_describe(s, "made-here", &made), RC_NOT_FOUND);
		return;
	}
	if (rc)
		fail_msg("%s", err->text);
	assert_string_equal(made.label, "made-here");
	assert_int_equal(made.id_len, 8);
	assert_true(made.sensitive && made.sign && made.token);
	assert_true(made.local || is_kind("nss"));
	assert_true(made.never_extractable && !made.extractable);
	assert_int_equal(
	    hsm_master_generate(s, "made-here", &made), RC_CONFLICT);
}

/* Why it cannot is said in words that help. */
static void
test_refusal_names_the_way_out(void **state)
{
	struct hsm_master made;

	(void)state;
	if (makes_masters())
		skip();
	assert_int_equal(
	    hsm_master_generate(s, "made-here", &made), RC_UNSUPPORTED);
	assert_non_null(strstr(hsm_session_error(s)->text, "C_GenerateKey"));
	assert_non_null(strstr(hsm_session_error(s)->remedy, "tpm2_ptool"));
}

static void
test_describe(void **state)
{
	struct hsm_master seen;
	uint8_t kcv[HSM_KCV_LEN];

	(void)state;
	if (hsm_master_describe(s, MASTER, &seen))
		fail_msg("%s", hsm_session_error(s)->text);
	assert_string_equal(seen.label, MASTER);
	assert_true(seen.id_len > 0);
	assert_true(seen.sensitive && !seen.extractable);
	assert_true(seen.never_extractable);
	assert_true(seen.local || is_kind("nss"));
	assert_true(seen.sign && seen.token);
	assert_int_equal(hsm_key_check(s, MASTER, kcv), RC_OK);
	assert_memory_equal(kcv, seen.kcv, HSM_KCV_LEN);
}

static void
test_missing_master(void **state)
{
	struct hsm_master seen;
	uint8_t kcv[HSM_KCV_LEN];

	(void)state;
	assert_int_equal(
	    hsm_master_describe(s, "fleet-1999", &seen), RC_NOT_FOUND);
	assert_int_equal(hsm_key_check(s, "fleet-1999", kcv), RC_NOT_FOUND);
	assert_non_null(
	    strstr(hsm_session_error(s)->text, "no key \"fleet-1999\""));
}

static void
test_derive(void **state)
{
	struct hsm_session *other = take(h);
	struct secret a = {0}, b = {0}, c = {0};

	(void)state;
	derive(s, "urn:dev:1", &a);
	derive(other, "urn:dev:1", &b);
	derive(s, "urn:dev:2", &c);
	assert_true(secret_equal(&a, &b));
	assert_false(secret_equal(&a, &c));
	secret_fini(&a);
	secret_fini(&b);
	secret_fini(&c);
	hsm_session_give(other);
}

/* The longest context that there is. */
static void
test_derive_for_a_long_name(void **state)
{
	char endpoint[HSM_ENDPOINT_MAX + 1];
	struct secret key = {0};

	(void)state;
	memset(endpoint, 'e', HSM_ENDPOINT_MAX);
	endpoint[HSM_ENDPOINT_MAX] = '\0';
	derive(s, endpoint, &key);
	secret_fini(&key);
}

static void
expect_hex(struct span bytes, const char *hex)
{
	char text[2 * HSM_PSK_LEN + 1];
	struct writer w;

	writer_init(&w, text, sizeof(text) - 1);
	text_hex(&w, bytes);
	text[w.len] = '\0';
	assert_string_equal(text, hex);
}

/* The master of the vectors: put in by the vendor's tool, or by force. */
static void
test_known_answers(void **state)
{
	const char *master = getenv("TOKEN_VECTOR_MASTER");
	uint8_t value[32], kcv[HSM_KCV_LEN];

	(void)state;
	if (!master) {
		CK_SESSION_HANDLE raw = raw_session(fixture.label);

		master = "vectors";
		vector_master(value);
		import_key(
		    raw, master, CKK_GENERIC_SECRET, value, sizeof(value));
		raw_module()->C_CloseSession(raw);
	}
	for (size_t i = 0; i < DERIVATION_VECTORS; i++) {
		const struct derivation_vector *v = &derivation_vectors[i];
		struct hsm_derivation d = {master, v->purpose,
		    v->short_server_id, v->epoch, v->endpoint};
		struct secret key = {0};

		if (hsm_derive(s, &d, &key))
			fail_msg("%s", hsm_session_error(s)->text);
		expect_hex(secret_expose(&key), v->key);
		secret_fini(&key);
	}
	assert_int_equal(hsm_key_check(s, master, kcv), RC_OK);
	expect_hex(span_of(kcv, sizeof(kcv)), kcv_vector);
}

static void
test_seal(void **state)
{
	struct seal_place place = {
	    .master = "bootstrap-2026",
	    .version = 1,
	    .table = "keys",
	    .column = "sealed",
	    .record = SPAN_LIT("urn:dev:1"),
	};
	uint8_t sealed[64];
	struct secret secret = {0}, opened = {0};
	struct writer w;

	(void)state;
	derive(s, "urn:dev:1", &secret);
	writer_init(&w, sealed, sizeof(sealed));
	assert_int_equal(seal_close(s, &place, &secret, &w), RC_OK);
	assert_int_equal(seal_open(s, &place, writer_span(&w), &opened), RC_OK);
	assert_true(secret_equal(&secret, &opened));
	place.record = SPAN_LIT("urn:dev:2");
	assert_int_equal(
	    seal_open(s, &place, writer_span(&w), &opened), RC_DENIED);
	secret_fini(&secret);
	secret_fini(&opened);
}

static void
test_random(void **state)
{
	uint8_t a[200] = {0}, b[200] = {0};

	(void)state;
	assert_int_equal(hsm_random(s, a, sizeof(a)), RC_OK);
	assert_int_equal(hsm_random(s, b, sizeof(b)), RC_OK);
	for (size_t i = 0; i + 16 <= sizeof(a); i += 16)
		assert_memory_not_equal(a + i, b + i, 16);
}

struct seen {
	unsigned fleet, bootstrap;
};

static enum rc
each(void *ctx, const struct hsm_master *m)
{
	static const uint8_t none[HSM_KCV_LEN];
	struct seen *seen = ctx;

	seen->fleet += strcmp(m->label, MASTER) == 0;
	seen->bootstrap += strcmp(m->label, "bootstrap-2026") == 0;
	if (strcmp(m->label, MASTER) == 0)
		assert_memory_not_equal(m->kcv, none, sizeof(none));
	return RC_OK;
}

static void
test_list(void **state)
{
	struct seen seen = {0};

	(void)state;
	if (hsm_master_list(s, each, &seen))
		fail_msg("%s", hsm_session_error(s)->text);
	assert_int_equal(seen.fleet, 1);
	assert_int_equal(seen.bootstrap, 1);
}

/*
 * Tried, not believed. tpm2-pkcs11 says yes to a change of CKA_EXTRACTABLE that
 * it then does not make; what counts is that no value comes out.
 */
static void
test_value_stays_inside(void **state)
{
	CK_FUNCTION_LIST *p11 = raw_module();
	CK_SESSION_HANDLE raw = raw_session(fixture.label);
	CK_OBJECT_HANDLE key = raw_find(raw, MASTER);
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE extractable = {CKA_EXTRACTABLE, &yes, sizeof(yes)};
	CK_ATTRIBUTE sensitive = {CKA_SENSITIVE, &no, sizeof(no)};
	uint8_t value[64] = {0};
	static const uint8_t none[64];
	CK_ATTRIBUTE a = {CKA_VALUE, value, sizeof(value)};
	CK_RV rv;

	(void)state;
	assert_int_not_equal(key, CK_INVALID_HANDLE);
	rv = p11->C_SetAttributeValue(raw, key, &extractable, 1);
	if (!is_kind("tpm"))
		assert_int_not_equal(rv, CKR_OK);
	rv = p11->C_SetAttributeValue(raw, key, &sensitive, 1);
	if (!is_kind("tpm"))
		assert_int_not_equal(rv, CKR_OK);
	rv = p11->C_GetAttributeValue(raw, key, &a, 1);
	if (rv == CKR_OK)
		assert_true(a.ulValueLen == CK_UNAVAILABLE_INFORMATION ||
		    a.ulValueLen == 0);
	assert_memory_equal(value, none, sizeof(value));
	p11->C_CloseSession(raw);
}

static int
setup(void **state)
{
	struct hsm_master m;

	(void)state;
	h = open_token();
	s = take(h);
	if (makes_masters() &&
	    (hsm_master_generate(s, MASTER, &m) ||
		hsm_master_generate(s, "bootstrap-2026", &m)))
		return -1;
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
	    cmocka_unit_test(test_make_a_master),
	    cmocka_unit_test(test_refusal_names_the_way_out),
	    cmocka_unit_test(test_describe),
	    cmocka_unit_test(test_missing_master),
	    cmocka_unit_test(test_derive),
	    cmocka_unit_test(test_derive_for_a_long_name),
	    cmocka_unit_test(test_known_answers),
	    cmocka_unit_test(test_seal),
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_value_stays_inside),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
