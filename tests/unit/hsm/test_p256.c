/* Public keys: what is one, and what a signature of it is. */
#include "hsm/cert.h"
#include "hsm/p256.h"

#include "x509_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* RFC 6979 A.2.5: the key, and the signature of "sample" with SHA-256. */
static const uint8_t point[P256_POINT_LEN] =
    "\x04\x60\xfe\xd4\xba\x25\x5a\x9d\x31\xc9\x61\xeb\x74\xc6\x35\x6d\x68"
    "\xc0\x49\xb8\x92\x3b\x61\xfa\x6c\xe6\x69\x62\x2e\x60\xf2\x9f\xb6\x79"
    "\x03\xfe\x10\x08\xb8\xbc\x99\xa4\x1a\xe9\xe9\x56\x28\xbc\x64\xf2\xf1"
    "\xb2\x0c\x2d\x7e\x9f\x51\x77\xa3\xc2\x94\xd4\x46\x22\x99";
static const uint8_t signature[P256_SIGNATURE_LEN] =
    "\xef\xd4\x8b\x2a\xac\xb6\xa8\xfd\x11\x40\xdd\x9c\xd4\x5e\x81\xd6\x9d"
    "\x2c\x87\x7b\x56\xaa\xf9\x91\xc3\x4d\x0e\xa8\x4e\xaf\x37\x16\xf7\xcb"
    "\x1c\x94\x2d\x65\x7c\x41\xd4\x36\xc7\xa1\xb6\xe2\x9f\x65\xf3\xe9\x00"
    "\xdb\xb9\xaf\xf4\x06\x4d\xc4\xab\x2f\x84\x3a\xcd\xa8";
/* SHA-256 of "sample" */
static const uint8_t digest[P256_DIGEST_LEN] =
    "\xaf\x2b\xdb\xe1\xaa\x9b\x6e\xc1\xe2\xad\xe1\xd6\x94\xf4\x1f\xc7"
    "\x1a\x83\x1d\x02\x68\xe9\x89\x15\x62\x11\x3d\x8a\x62\xad\xd1\xbf";

static void
test_known_answer(void **state)
{
	uint8_t spki[P256_SPKI_LEN];
	struct span key = span_of(spki, sizeof(spki));

	(void)state;
	p256_spki_of(point, spki);
	assert_int_equal(p256_spki_check(key), RC_OK);
	assert_int_equal(p256_verify(key, digest, signature), RC_OK);
	for (size_t i = 0; i < sizeof(signature); i++) {
		uint8_t changed[P256_SIGNATURE_LEN];

		memcpy(changed, signature, sizeof(changed));
		changed[i] ^= 1;
		assert_int_equal(p256_verify(key, digest, changed), RC_DENIED);
	}
	for (size_t i = 0; i < sizeof(digest); i++) {
		uint8_t changed[P256_DIGEST_LEN];

		memcpy(changed, digest, sizeof(changed));
		changed[i] ^= 1;
		assert_int_equal(
		    p256_verify(key, changed, signature), RC_DENIED);
	}
}

static void
test_zero_is_no_signature(void **state)
{
	static const uint8_t zero[P256_SIGNATURE_LEN];
	uint8_t spki[P256_SPKI_LEN];

	(void)state;
	p256_spki_of(point, spki);
	assert_int_equal(
	    p256_verify(span_of(spki, sizeof(spki)), digest, zero), RC_DENIED);
}

static void
test_no_key(void **state)
{
	uint8_t spki[P256_SPKI_LEN + 1] = {0}, der[VECTOR_MAX];
	struct span key = span_of(spki, P256_SPKI_LEN);
	struct der_fault fault;
	struct cert other;

	(void)state;
	p256_spki_of(point, spki);
	for (size_t n = 0; n < P256_SPKI_LEN; n++)
		assert_int_equal(
		    p256_spki_check(span_of(spki, n)), RC_MALFORMED);
	assert_int_equal(
	    p256_spki_check(span_of(spki, sizeof(spki))), RC_MALFORMED);
	/* Any other byte: another form, or off the curve. */
	for (size_t i = 0; i < P256_SPKI_LEN; i++) {
		spki[i] ^= 1;
		assert_int_equal(p256_spki_check(key), RC_MALFORMED);
		assert_int_equal(
		    p256_verify(key, digest, signature), RC_MALFORMED);
		spki[i] ^= 1;
	}
	assert_int_equal(p256_spki_check(key), RC_OK);
	assert_int_equal(
	    cert_parse(vector(p384_pem, "CERTIFICATE", der), &other, &fault),
	    RC_OK);
	assert_int_equal(p256_spki_check(other.spki), RC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_answer),
	    cmocka_unit_test(test_zero_is_no_signature),
	    cmocka_unit_test(test_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
