/* Keys out of a master: the right ones, the same ones, from any thread. */
#include "fixture.h"

#include "../../unit/hsm/vectors.h"
#include "base/text.h"

#include <pthread.h>

static struct hsm *h;

/* The master of the vectors, imported: as no operator should. */
static void
test_known_answers(void **state)
{
	struct hsm_session *s = take(h);
	uint8_t kcv[HSM_KCV_LEN];
	char text[2 * HSM_PSK_LEN + 1];
	struct writer w;

	(void)state;
	for (size_t i = 0; i < DERIVATION_VECTORS; i++) {
		const struct derivation_vector *v = &derivation_vectors[i];
		struct hsm_derivation d = {"vectors", v->purpose,
		    v->short_server_id, v->epoch, v->endpoint};
		struct secret key = {0};

		assert_int_equal(hsm_derive(s, &d, &key), RC_OK);
		writer_init(&w, text, sizeof(text) - 1);
		text_hex(&w, secret_expose(&key));
		text[w.len] = '\0';
		assert_string_equal(text, v->key);
		secret_fini(&key);
	}
	assert_int_equal(hsm_key_check(s, "vectors", kcv), RC_OK);
	writer_init(&w, text, sizeof(text) - 1);
	text_hex(&w, span_of(kcv, sizeof(kcv)));
	text[w.len] = '\0';
	assert_string_equal(text, kcv_vector);
	hsm_session_give(s);
}

/* One field changed, another key. */
static void
test_every_field_counts(void **state)
{
	const struct hsm_derivation cases[] = {
	    {MASTER, HSM_PURPOSE_SERVER, 101, 1, SPAN_LIT("urn:dev:1")},
	    {"bootstrap-2026", HSM_PURPOSE_SERVER, 101, 1,
		SPAN_LIT("urn:dev:1")},
	    {MASTER, HSM_PURPOSE_BOOTSTRAP, 0, 1, SPAN_LIT("urn:dev:1")},
	    {MASTER, HSM_PURPOSE_SERVER, 102, 1, SPAN_LIT("urn:dev:1")},
	    {MASTER, HSM_PURPOSE_SERVER, 101, 2, SPAN_LIT("urn:dev:1")},
	    {MASTER, HSM_PURPOSE_SERVER, 101, 1, SPAN_LIT("urn:dev:2")},
	    {MASTER, HSM_PURPOSE_SERVER, 101, 1, SPAN_LIT("urn:dev:1\0")},
	};
	enum { N = sizeof(cases) / sizeof(cases[0]) };
	struct hsm_session *s = take(h);
	struct secret keys[N] = {{0}};

	(void)state;
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(hsm_derive(s, &cases[i], &keys[i]), RC_OK);
		for (size_t k = 0; k < i; k++)
			assert_false(secret_equal(&keys[i], &keys[k]));
	}
	for (size_t i = 0; i < N; i++)
		secret_fini(&keys[i]);
	hsm_session_give(s);
}

static void
test_sessions_agree(void **state)
{
	struct hsm_session *one = take(h), *two = take(h);
	struct secret a = {0}, b = {0};

	(void)state;
	assert_ptr_not_equal(one, two);
	derive(one, "urn:dev:1", &a);
	derive(two, "urn:dev:1", &b);
	assert_true(secret_equal(&a, &b));
	secret_fini(&a);
	secret_fini(&b);
	hsm_session_give(one);
	hsm_session_give(two);
}

/* The master is looked for once, not each time. */
static void
test_handle_is_remembered(void **state)
{
	struct hsm_session *s = take(h);
	struct secret key = {0};

	(void)state;
	derive(s, "urn:dev:1", &key);
	count_reset();
	for (int i = 0; i < 10; i++)
		derive(s, "urn:dev:1", &key);
	assert_int_equal(count_of("C_Sign"), 10);
	assert_int_equal(count_of("C_FindObjects"), 0);
	secret_fini(&key);
	hsm_session_give(s);
}

static void
test_same_key_after_a_restart(void **state)
{
	struct hsm_session *s = take(h);
	uint8_t kcv_before[HSM_KCV_LEN], kcv_after[HSM_KCV_LEN];
	struct secret before = {0}, after = {0};

	(void)state;
	derive(s, "urn:dev:1", &before);
	assert_int_equal(hsm_key_check(s, MASTER, kcv_before), RC_OK);
	hsm_session_give(s);
	hsm_close(h);
	h = open_token();
	s = take(h);
	derive(s, "urn:dev:1", &after);
	assert_int_equal(hsm_key_check(s, MASTER, kcv_after), RC_OK);
	assert_true(secret_equal(&before, &after));
	assert_memory_equal(kcv_before, kcv_after, HSM_KCV_LEN);
	secret_fini(&before);
	secret_fini(&after);
	hsm_session_give(s);
}

static void
test_missing_master_names_the_command(void **state)
{
	struct hsm_derivation d = {
	    "fleet-2027", HSM_PURPOSE_SERVER, 101, 1, SPAN_LIT("urn:dev:1")};
	struct hsm_session *s = take(h);
	const struct hsm_error *err = hsm_session_error(s);
	struct secret key = {0};
	uint8_t kcv[HSM_KCV_LEN];

	(void)state;
	assert_int_equal(hsm_derive(s, &d, &key), RC_NOT_FOUND);
	assert_null(key.bytes);
	assert_ptr_equal(
	    strstr(
		err->text, "no key \"fleet-2027\" in token bootstrap (serial "),
	    err->text);
	assert_non_null(
	    strstr(err->remedy, "provisioning-tool hsm keys make fleet-2027 "));
	assert_int_equal(hsm_key_check(s, "fleet-2027", kcv), RC_NOT_FOUND);
	hsm_session_give(s);
}

static void
test_two_masters_of_one_label(void **state)
{
	struct hsm_derivation d = {
	    "twins", HSM_PURPOSE_SERVER, 101, 1, SPAN_LIT("urn:dev:1")};
	CK_SESSION_HANDLE raw = raw_session("bootstrap");
	struct hsm_session *s = take(h);
	struct secret key = {0};
	uint8_t value[32] = {1};

	(void)state;
	import_key(raw, "twins", CKK_GENERIC_SECRET, value, sizeof(value));
	value[0] = 2;
	import_key(raw, "twins", CKK_GENERIC_SECRET, value, sizeof(value));
	assert_int_equal(hsm_derive(s, &d, &key), RC_CONFLICT);
	assert_null(key.bytes);
	raw_module()->C_CloseSession(raw);
	hsm_session_give(s);
}

/* Not the token's fault: nobody must reopen it for that. */
static void
test_key_that_cannot_hmac(void **state)
{
	struct hsm_derivation d = {
	    "aes", HSM_PURPOSE_SERVER, 101, 1, SPAN_LIT("urn:dev:1")};
	CK_SESSION_HANDLE raw = raw_session("bootstrap");
	struct hsm_session *s = take(h);
	struct secret key = {0};
	struct hsm_error err;
	uint8_t value[16] = {1};

	(void)state;
	import_key(raw, "aes", CKK_AES, value, sizeof(value));
	assert_int_equal(hsm_derive(s, &d, &key), RC_UNSUPPORTED);
	assert_null(key.bytes);
	assert_non_null(strstr(hsm_session_error(s)->remedy, "GENERIC_SECRET"));
	raw_module()->C_CloseSession(raw);
	hsm_session_give(s);
	count_reset();
	assert_int_equal(hsm_reopen(h, &err), RC_OK);
	assert_int_equal(count_of("C_Finalize"), 0);
}

static void
test_out_of_range_never_reaches_the_token(void **state)
{
	struct hsm_derivation d = {
	    MASTER, HSM_PURPOSE_SERVER, 0, 1, SPAN_LIT("urn:dev:1")};
	struct hsm_session *s = take(h);
	struct secret key = {0};

	(void)state;
	count_reset();
	assert_int_equal(hsm_derive(s, &d, &key), RC_MALFORMED);
	assert_true(hsm_session_error(s)->text[0] != '\0');
	assert_int_equal(count_of("C_SignInit"), 0);
	hsm_session_give(s);
}

static void
test_random(void **state)
{
	struct hsm_session *s = take(h);
	uint8_t a[200] = {0}, b[200] = {0};
	static const uint8_t zeros[16];

	(void)state;
	assert_int_equal(hsm_random(s, a, sizeof(a)), RC_OK);
	assert_int_equal(hsm_random(s, b, sizeof(b)), RC_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	for (size_t i = 0; i + 16 <= sizeof(a); i += 16)
		assert_memory_not_equal(a + i, zeros, 16);

	faults("C_GenerateRandom 0x121 -1 0\n");
	assert_int_equal(hsm_random(s, a, sizeof(a)), RC_TOKEN);
	for (size_t i = 0; i < sizeof(a); i++)
		assert_int_equal(a[i], 0);
	faults("");
	hsm_session_give(s);
}

enum { THREADS = 4, ROUNDS = 200 };

struct worker {
	pthread_t thread;
	unsigned wrong;
	struct secret *expected;
};

static void *
work(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < ROUNDS; i++) {
		struct hsm_session *s = NULL;
		struct secret key = {0};

		if (hsm_session_take(h, &s, NULL)) {
			w->wrong++;
			continue;
		}
		if (try_derive(s, i % 2 ? "odd" : "even", &key) ||
		    !secret_equal(&key, &w->expected[i % 2]))
			w->wrong++;
		hsm_session_give(s);
		secret_fini(&key);
	}
	return NULL;
}

static void
test_more_threads_than_sessions(void **state)
{
	struct worker workers[THREADS] = {{0}};
	struct secret expected[2] = {{0}};
	struct hsm_session *s = take(h);

	(void)state;
	derive(s, "even", &expected[0]);
	derive(s, "odd", &expected[1]);
	hsm_session_give(s);
	count_reset();
	for (int i = 0; i < THREADS; i++) {
		workers[i].expected = expected;
		assert_int_equal(
		    pthread_create(&workers[i].thread, NULL, work, &workers[i]),
		    0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		assert_int_equal(workers[i].wrong, 0);
	}
	assert_int_equal(count_of("C_Sign"), THREADS * ROUNDS);
	/* Both of the pool at most, and none twice. */
	assert_true(count_of("C_OpenSession") <= 2);
	secret_fini(&expected[0]);
	secret_fini(&expected[1]);
}

static int
setup(void **state)
{
	struct hsm_session *s;
	struct hsm_master m;
	CK_SESSION_HANDLE raw;
	uint8_t value[32];

	(void)state;
	h = open_token();
	s = take(h);
	if (hsm_master_generate(s, MASTER, &m) ||
	    hsm_master_generate(s, "bootstrap-2026", &m))
		return -1;
	hsm_session_give(s);
	raw = raw_session("bootstrap");
	vector_master(value);
	import_key(raw, "vectors", CKK_GENERIC_SECRET, value, sizeof(value));
	raw_module()->C_CloseSession(raw);
	return 0;
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
	    cmocka_unit_test(test_known_answers),
	    cmocka_unit_test(test_every_field_counts),
	    cmocka_unit_test(test_sessions_agree),
	    cmocka_unit_test(test_handle_is_remembered),
	    cmocka_unit_test(test_same_key_after_a_restart),
	    cmocka_unit_test(test_missing_master_names_the_command),
	    cmocka_unit_test(test_two_masters_of_one_label),
	    cmocka_unit_test(test_key_that_cannot_hmac),
	    cmocka_unit_test(test_out_of_range_never_reaches_the_token),
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_more_threads_than_sessions),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
