/* Private keys as devices are given them, and the public keys they belong to;
 * vectors from tests/vectors/x509. */
#include "dtls/keypair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SCALAR_AT = 7 /* bytes before the number in an ECPrivateKey */ };

static uint8_t buffers[4][512];

static struct span
load(size_t i, const char *file)
{
	char path[4096];
	size_t len;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", X509_VECTORS, file);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("no %s", path);
	len = fread(buffers[i], 1, sizeof(buffers[i]), f);
	assert_int_equal(fclose(f), 0);
	return span_of(buffers[i], len);
}

/* Keys are there as SEC 1 (ECPrivateKey); this makes PKCS #8 of one. */
static struct span
pkcs8(struct span sec1)
{
	static const uint8_t head[] = {0x30, 0x81, 0x93, 0x02, 0x01, 0x00, 0x30,
	    0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
	    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x79};
	static uint8_t out[sizeof(head) + 0x79 + 1];

	assert_int_equal(sec1.len, 0x79);
	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), sec1.p, sec1.len);
	return span_of(out, sizeof(out) - 1);
}

static void
belongs(void **state)
{
	static const char *const names[] = {"device", "stranger", "server"};
	uint8_t public_key[X509_P256_KEY_LEN];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char file[64];
		struct span private_key, expected;

		(void)snprintf(file, sizeof(file), "%s.key", names[i]);
		private_key = load(0, file);
		(void)snprintf(file, sizeof(file), "%s.spki", names[i]);
		expected = load(1, file);
		for (unsigned form = 0; form < 2; form++) {
			assert_int_equal(keypair_is_pkcs8(private_key), form);
			assert_int_equal(
			    keypair_public(private_key, public_key), RC_OK);
			assert_true(span_equal(
			    span_of(public_key, sizeof(public_key)), expected));
			if (form == 0)
				private_key = pkcs8(private_key);
		}
	}
}

/* A key that claims to be the other half of somebody else's. */
static void
claims(void **state)
{
	uint8_t public_key[X509_P256_KEY_LEN];
	struct span stranger = load(1, "stranger.spki");
	struct span expected = load(2, "device.spki");
	struct span key = load(0, "device.key");

	(void)state;
	assert_memory_equal(key.p + key.len - 64, expected.p + 27, 64);
	memcpy(buffers[0] + key.len - 64, stranger.p + 27, 64);
	assert_int_equal(keypair_public(key, public_key), RC_OK);
	assert_true(
	    span_equal(span_of(public_key, sizeof(public_key)), expected));
}

static void
malformed(void **state)
{
	static const uint8_t other_curve[] = {
	    /* P-384's oid in PKCS #8, a key of 48 bytes */
	    0x30, 0x4e, 0x02, 0x01, 0x00, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
	    0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
	    0x22, 0x04, 0x37, 0x30, 0x35, 0x02, 0x01, 0x01, 0x04, 0x30, 1, 2, 3,
	    4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
	    22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,
	    39, 40, 41, 42, 43, 44, 45, 46, 47, 48};
	uint8_t public_key[X509_P256_KEY_LEN];
	struct span key = pkcs8(load(0, "device.key"));
	enum rc rc;

	(void)state;
	for (size_t len = 0; len < key.len; len++) {
		uint8_t *exact = malloc(len ? len : 1);

		assert_non_null(exact);
		memcpy(exact, key.p, len);
		assert_int_equal(
		    keypair_public(span_of(exact, len), public_key),
		    RC_MALFORMED);
		assert_false(keypair_is_pkcs8(span_of(exact, len)));
		free(exact);
	}
	/* something behind it, a 0 */
	assert_int_equal(
	    keypair_public(span_of(key.p, key.len + 1), public_key),
	    RC_MALFORMED);
	assert_false(keypair_is_pkcs8(span_of(key.p, key.len + 1)));
	assert_int_equal(
	    keypair_public(load(1, "device.spki"), public_key), RC_MALFORMED);
	/* Whether wolfSSL knows that curve is a matter of its build. */
	rc = keypair_public(
	    span_of(other_curve, sizeof(other_curve)), public_key);
	assert_true(rc == RC_UNSUPPORTED || rc == RC_MALFORMED);
}

/* 0, and the order of the curve, are no keys. */
static void
out_of_range(void **state)
{
	static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
	    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63,
	    0x25, 0x51};
	uint8_t public_key[X509_P256_KEY_LEN];
	struct span key;

	(void)state;
	key = load(0, "device.key");
	memset(buffers[0] + SCALAR_AT, 0, 32);
	assert_int_equal(keypair_public(key, public_key), RC_MALFORMED);
	memcpy(buffers[0] + SCALAR_AT, order, 32);
	assert_int_equal(keypair_public(key, public_key), RC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(belongs),
	    cmocka_unit_test(claims),
	    cmocka_unit_test(malformed),
	    cmocka_unit_test(out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
