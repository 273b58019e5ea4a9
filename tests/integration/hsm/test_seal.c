/* Secrets at rest, under a key of the token; and keys of devices from it. */
#include "openssl.h"

#include "../../unit/hsm/seal_vectors.h"
#include "base/text.h"
#include "hsm/device_key.h"

#include <stdio.h>

static struct hsm *h;
static struct hsm_session *s;

static const struct seal_place PLACE = {
    .master = "seal",
    .version = 1,
    .table = "secrets",
    .column = "key",
    .record = {(const uint8_t *)"meter-17", 8},
};

static struct span
sealed(const struct seal_place *place, const char *text, uint8_t buf[256])
{
	struct secret secret = {0};
	struct writer w;

	writer_init(&w, buf, 256);
	assert_int_equal(secret_set(&secret, span_str(text)), RC_OK);
	if (seal_close(s, place, &secret, &w))
		fail_msg("%s", hsm_session_error(s)->text);
	assert_int_equal(w.len, strlen(text) + SEAL_OVERHEAD);
	secret_fini(&secret);
	return writer_span(&w);
}

static void
expect_opens(
    const struct seal_place *place, struct span bytes, const char *text)
{
	struct secret out = {0};

	if (seal_open(s, place, bytes, &out))
		fail_msg("%s", hsm_session_error(s)->text);
	assert_true(span_is(secret_expose(&out), text));
	secret_fini(&out);
}

static void
expect_refused(const struct seal_place *place, struct span bytes, enum rc rc)
{
	struct secret out = {0};

	assert_int_equal(secret_set(&out, SPAN_LIT("what was there")), RC_OK);
	assert_int_equal(seal_open(s, place, bytes, &out), rc);
	assert_null(out.bytes);
}

/* The bytes of another program open. */
static void
test_known_answer(void **state)
{
	uint8_t buf[128];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(text_unhex(&w, span_str(seal_vector_sealed)), RC_OK);
	expect_opens(&seal_vector_place, writer_span(&w), SEAL_VECTOR_SECRET);
}

static void
test_there_and_back(void **state)
{
	uint8_t a[256], b[256];
	struct span one = sealed(&PLACE, "0123456789abcdef", a);
	struct span two = sealed(&PLACE, "0123456789abcdef", b);

	(void)state;
	expect_opens(&PLACE, one, "0123456789abcdef");
	expect_opens(&PLACE, two, "0123456789abcdef");
	/* Another nonce, other bytes. */
	assert_false(span_equal(one, two));
	assert_null(memmem(one.p, one.len, "0123", 4));
}

static void
test_any_bit_changed(void **state)
{
	uint8_t buf[256];
	struct span bytes = sealed(&PLACE, "0123456789abcdef", buf);

	(void)state;
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		expect_refused(
		    &PLACE, bytes, bit < 8 ? RC_MALFORMED : RC_DENIED);
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t n = 0; n < bytes.len; n++)
		expect_refused(&PLACE, span_of(bytes.p, n),
		    n <= SEAL_OVERHEAD ? RC_MALFORMED : RC_DENIED);
	expect_opens(&PLACE, bytes, "0123456789abcdef");
}

/* Copied to another row or column, it does not open; nor do parts of two
 * places that only together read the same. */
static void
test_bound_to_its_place(void **state)
{
	uint8_t buf[256];
	struct span bytes = sealed(&PLACE, "0123456789abcdef", buf);
	struct seal_place moved[7];

	(void)state;
	for (size_t i = 0; i < 7; i++)
		moved[i] = PLACE;
	moved[0].record = SPAN_LIT("meter-18");
	moved[1].table = "secret";
	moved[2].column = "keys";
	moved[3].version = 2;
	moved[4].master = "seal-vector";
	moved[5].table = "secretsm";
	moved[5].record = SPAN_LIT("eter-17");
	moved[6].record = SPAN_LIT("meter-17\0");
	for (size_t i = 0; i < 7; i++)
		expect_refused(&moved[i], bytes, RC_DENIED);
	assert_non_null(strstr(hsm_session_error(s)->text, "secrets.key"));
}

static void
test_out_of_range(void **state)
{
	struct secret large = {0};
	struct seal_place no_key = PLACE;
	uint8_t buf[256];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(seal_close(s, &PLACE, &large, &w), RC_MALFORMED);
	assert_int_equal(secret_reserve(&large, SEAL_SECRET_MAX + 1), RC_OK);
	large.len = SEAL_SECRET_MAX + 1;
	assert_int_equal(seal_close(s, &PLACE, &large, &w), RC_MALFORMED);
	large.len = 256;
	assert_int_equal(seal_close(s, &PLACE, &large, &w), RC_TOO_LARGE);
	large.len = 16;
	no_key.master = "none";
	assert_int_equal(seal_close(s, &no_key, &large, &w), RC_NOT_FOUND);
	assert_int_equal(w.len, 0);
	secret_fini(&large);
}

/* No random numbers, no nonce: nothing is sealed. */
static void
test_token_away(void **state)
{
	struct secret secret = {0};
	struct hsm_error err;
	uint8_t buf[256];
	struct writer w;

	(void)state;
	assert_int_equal(secret_set(&secret, SPAN_LIT("0123456789")), RC_OK);
	writer_init(&w, buf, sizeof(buf));
	faults("C_GenerateRandom 0x32 -1 0\n");
	assert_int_equal(seal_close(s, &PLACE, &secret, &w), RC_TOKEN);
	assert_int_equal(w.len, 0);
	faults("");
	assert_int_equal(hsm_reopen(h, &err), RC_OK);
	secret_fini(&secret);
}

static void
test_device_key(void **state)
{
	struct device_key one = {0}, two = {0};
	char out[8192];

	(void)state;
	assert_int_equal(device_key_make(s, &one), RC_OK);
	assert_int_equal(device_key_make(s, &two), RC_OK);
	assert_false(secret_equal(&one.private_key, &two.private_key));
	assert_int_equal(one.private_key.len, DEVICE_KEY_DER_LEN);
	put_file("device.key", secret_expose(&one.private_key));
	put_file("device.pub", span_of(one.spki, sizeof(one.spki)));
	if (shell(out, sizeof(out),
		"openssl pkey -inform DER -in device.key -check -noout && "
		"openssl pkey -inform DER -in device.key -pubout -outform DER "
		"| cmp - device.pub"))
		fail_msg("%s", out);
	/* As it would write the key itself. */
	if (shell(out, sizeof(out),
		"openssl pkcs8 -topk8 -nocrypt -inform DER -in device.key "
		"-outform DER | cmp - device.key"))
		fail_msg("%s", out);
	assert_int_equal(shell(NULL, 0, "rm device.key"), 0);
	device_key_fini(&one);
	device_key_fini(&two);
}

static int
setup(void **state)
{
	struct hsm_master m;
	CK_SESSION_HANDLE raw;
	uint8_t vector[32];

	(void)state;
	h = open_token();
	s = take(h);
	assert_int_equal(hsm_master_generate(s, "seal", &m), RC_OK);
	for (size_t i = 0; i < sizeof(vector); i++)
		vector[i] = (uint8_t)i;
	raw = raw_session("bootstrap");
	import_key(
	    raw, "seal-vector", CKK_GENERIC_SECRET, vector, sizeof(vector));
	raw_module()->C_CloseSession(raw);
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
	    cmocka_unit_test(test_known_answer),
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_any_bit_changed),
	    cmocka_unit_test(test_bound_to_its_place),
	    cmocka_unit_test(test_out_of_range),
	    cmocka_unit_test(test_token_away),
	    cmocka_unit_test(test_device_key),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	if (!openssl_there()) {
		puts("skipped: no openssl program here");
		fixture_fini();
		return TEST_SKIP;
	}
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
