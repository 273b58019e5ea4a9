/* The right key opens a handshake, and no other does. */
#include "hsm/psk_test.h"

#include "base/digest.h"
#include "base/text.h"
#include "psk_vectors.h"
#include "seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct seal seals[] = {
    {0xc0a8, true, false},
    {0xc0a8, false, false},
    {0xc0a4, true, false},
    {0xc0a4, false, false},
    {0x00a8, true, false},
    {0x00a8, false, false},
    {0x00ae, true, true},
    {0x00ae, true, false},
    {0x00ae, false, true},
    {0x00ae, false, false},
};

enum { SEALS = sizeof(seals) / sizeof(seals[0]) };

/* 00 01 02 ... */
static void
counting(struct secret *key, size_t len)
{
	assert_int_equal(secret_reserve(key, len ? len : 1), RC_OK);
	key->len = len;
	for (size_t i = 0; i < len; i++)
		key->bytes[i] = (uint8_t)i;
}

static struct span
vector(const struct psk_vector *v, uint8_t *buf, size_t cap)
{
	struct writer w;

	writer_init(&w, buf, cap);
	assert_int_equal(text_unhex(&w, span_str(v->evidence)), RC_OK);
	return writer_span(&w);
}

static void
test_handshakes_of_openssl(void **state)
{
	struct secret key = {0};
	uint8_t buf[EVIDENCE_BYTES_MAX];

	(void)state;
	counting(&key, 32);
	for (size_t i = 0; i < PSK_VECTORS; i++) {
		struct psk_evidence e;

		assert_int_equal(
		    evidence_get(vector(&psk_vectors[i], buf, sizeof(buf)), &e),
		    RC_OK);
		if (!psk_test(&e, &key))
			fail_msg("%s does not open", psk_vectors[i].name);
		/* one bit of the key, then one byte fewer, one more */
		for (size_t bit = 0; bit < 8 * key.len; bit++) {
			key.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_false(psk_test(&e, &key));
			key.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		key.len = 31;
		assert_false(psk_test(&e, &key));
		key.len = 32;
		assert_true(psk_test(&e, &key));
	}
	secret_fini(&key);
}

/* Every byte counts: what is noted of the handshake, and its record. */
static void
test_any_other_handshake_stays_shut(void **state)
{
	struct secret key = {0};
	uint8_t buf[EVIDENCE_BYTES_MAX];

	(void)state;
	counting(&key, 32);
	for (size_t i = 0; i < PSK_VECTORS; i++) {
		struct span bytes = vector(&psk_vectors[i], buf, sizeof(buf));
		struct psk_evidence e;

		for (size_t at = 0; at < bytes.len; at++) {
			/* without the extension the hash is not used */
			bool unused = !(bytes.p[1] & 1) && at >= 68 && at < 100;

			buf[at] ^= 4;
			if (evidence_get(bytes, &e) == RC_OK && !unused &&
			    psk_test(&e, &key))
				fail_msg("%s opens in spite of byte %zu",
				    psk_vectors[i].name, at);
			buf[at] ^= 4;
		}
		assert_int_equal(evidence_get(bytes, &e), RC_OK);
		assert_true(psk_test(&e, &key));
	}
	secret_fini(&key);
}

static void
test_keys_of_every_length(void **state)
{
	static const size_t lens[] = {
	    0, 1, 8, 16, 30, 31, 32, 48, 63, 64, 65, 128, PSK_TEST_KEY_MAX};
	uint8_t buf[EVIDENCE_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < SEALS; i++) {
		for (size_t n = 0; n < sizeof(lens) / sizeof(lens[0]); n++) {
			struct secret key = {0}, longer = {0};
			struct psk_evidence e;
			struct writer w;

			counting(&key, lens[n]);
			counting(&longer, lens[n] + 1);
			writer_init(&w, buf, sizeof(buf));
			seal_evidence(&seals[i], secret_expose(&key), &w);
			assert_int_equal(
			    evidence_get(writer_span(&w), &e), RC_OK);
			assert_true(psk_test(&e, &key));
			assert_false(psk_test(&e, &longer));
			secret_fini(&key);
			secret_fini(&longer);
		}
	}
}

/* HMAC hashes a premaster above 64 bytes: its digest is as good (RFC 2104). */
static void
test_the_digest_of_a_premaster(void **state)
{
	uint8_t premaster[2 + 32 + 2 + 32] = {0}, digest[DIGEST_LEN];
	uint8_t buf[EVIDENCE_BYTES_MAX];
	struct secret key = {0};

	(void)state;
	counting(&key, 32);
	premaster[1] = premaster[35] = 32;
	memcpy(premaster + 36, key.bytes, 32);
	digest_of(span_of(premaster, sizeof(premaster)), digest);
	for (size_t i = 0; i < SEALS; i++) {
		struct psk_evidence e;
		struct psk_test *t;
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		seal_evidence(&seals[i], secret_expose(&key), &w);
		assert_int_equal(evidence_get(writer_span(&w), &e), RC_OK);
		assert_int_equal(psk_test_new(&e, &t), RC_OK);
		/* one handshake, many keys: none spoils the next */
		for (int n = 0; n < 3; n++) {
			assert_true(psk_test_premaster(t, digest));
			digest[n] ^= 1;
			assert_false(psk_test_premaster(t, digest));
			digest[n] ^= 1;
			assert_true(psk_test_key(t, &key));
		}
		psk_test_free(t);
	}
	secret_fini(&key);
}

static void
test_evidence_that_is_none(void **state)
{
	uint8_t buf[EVIDENCE_BYTES_MAX];
	struct secret key = {0};
	struct psk_test *t;

	(void)state;
	counting(&key, 32);
	for (size_t i = 0; i < SEALS; i++) {
		struct psk_evidence e;
		struct writer w;
		size_t whole;

		writer_init(&w, buf, sizeof(buf));
		seal_evidence(&seals[i], secret_expose(&key), &w);
		assert_int_equal(evidence_get(writer_span(&w), &e), RC_OK);
		/* a record of any length: refused, or shut */
		whole = e.record.len;
		for (e.record.len = 0; e.record.len < whole; e.record.len++)
			assert_false(psk_test(&e, &key));
		e.record.len = EVIDENCE_HEAD_LEN;
		assert_int_equal(psk_test_new(&e, &t), RC_MALFORMED);
		assert_null(t);
		e.record.len = whole;
		/* TLS_PSK_WITH_AES_256_GCM_SHA384, and certificates */
		e.suite = 0x00a9;
		assert_int_equal(psk_test_new(&e, &t), RC_UNSUPPORTED);
		e.suite = 0xc0ae;
		assert_int_equal(psk_test_new(&e, &t), RC_UNSUPPORTED);
		assert_null(t);
	}
	secret_fini(&key);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handshakes_of_openssl),
	    cmocka_unit_test(test_any_other_handshake_stays_shut),
	    cmocka_unit_test(test_keys_of_every_length),
	    cmocka_unit_test(test_the_digest_of_a_premaster),
	    cmocka_unit_test(test_evidence_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
