/* A device's key from given bits: the number, and its PKCS#8. */
#include "hsm/device_key.h"

#include "base/digest.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
seed_fill(struct secret *seed, int c)
{
	assert_int_equal(secret_reserve(seed, DEVICE_KEY_SEED_LEN), RC_OK);
	seed->len = DEVICE_KEY_SEED_LEN;
	for (size_t i = 0; i < seed->len; i++)
		seed->bytes[i] = (uint8_t)(c < 0 ? (int)i : c);
}

/*
 * SHA-256 of the PKCS#8 that Python's cryptography package writes for
 * d = seed mod (n - 1) + 1:
 *
 *   ec.derive_private_key(d, ec.SECP256R1()).private_bytes(
 *       Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
 */
static void
test_known_answers(void **state)
{
	static const struct {
		int fill; /* -1: 00 01 02 .. 2f */
		const char *digest;
	} cases[] = {
	    {-1,
		"b11679ed27fe1a31c1ebf2a5f7f3b2d0"
		"17fd7ac648ceeeadf253831d294d4b73"},
	    {0xff,
		"78ae2e400742814b47bb26aa40df675e"
		"244e70b8ccce7333c045dd9cfff3e906"},
	    {0x00,
		"af1a08fc8fc6793824b9faf9ae80f486"
		"b9881934b316569565b38b209cbf7564"}, /* d = 1 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device_key k = {0};
		struct secret seed = {0};
		uint8_t digest[DIGEST_LEN];
		char text[2 * DIGEST_LEN + 1];
		struct writer w;

		seed_fill(&seed, cases[i].fill);
		assert_int_equal(device_key_of(&seed, &k), RC_OK);
		assert_int_equal(k.private_key.len, DEVICE_KEY_DER_LEN);
		digest_of(secret_expose(&k.private_key), digest);
		writer_init(&w, text, sizeof(text) - 1);
		text_hex(&w, span_of(digest, sizeof(digest)));
		text[w.len] = '\0';
		assert_string_equal(text, cases[i].digest);
		/* Both hold the same point, and it is on the curve. */
		assert_int_equal(
		    p256_spki_check(span_of(k.spki, sizeof(k.spki))), RC_OK);
		assert_memory_equal(k.private_key.bytes + 138 - 65,
		    k.spki + 91 - 65, P256_POINT_LEN);
		device_key_fini(&k);
		device_key_fini(&k);
		assert_null(k.private_key.bytes);
		secret_fini(&seed);
	}
}

static void
test_other_lengths(void **state)
{
	struct device_key k = {0};
	struct secret seed = {0};

	(void)state;
	assert_int_equal(device_key_of(&seed, &k), RC_MALFORMED);
	seed_fill(&seed, 1);
	seed.len--;
	assert_int_equal(device_key_of(&seed, &k), RC_MALFORMED);
	assert_null(k.private_key.bytes);
	secret_fini(&seed);
}

/* A key and its own public half; another's; damaged in each part. */
static void
test_agrees(void **state)
{
	struct device_key k = {0}, other = {0};
	struct secret seed = {0};
	struct span pkcs8;

	(void)state;
	seed_fill(&seed, 1);
	assert_int_equal(device_key_of(&seed, &k), RC_OK);
	seed_fill(&seed, 2);
	assert_int_equal(device_key_of(&seed, &other), RC_OK);
	secret_fini(&seed);
	pkcs8 = secret_expose(&k.private_key);
	assert_int_equal(
	    device_key_agrees(pkcs8, span_of(k.spki, sizeof(k.spki))), RC_OK);
	assert_int_equal(
	    device_key_agrees(pkcs8, span_of(other.spki, sizeof(k.spki))),
	    RC_DENIED);
	for (size_t len = 0; len < pkcs8.len; len++)
		assert_int_equal(device_key_agrees(span_of(pkcs8.p, len),
				     span_of(k.spki, sizeof(k.spki))),
		    RC_MALFORMED);
	for (size_t i = 0; i < pkcs8.len; i++) {
		k.private_key.bytes[i] ^= 1;
		if (device_key_agrees(pkcs8, span_of(k.spki, sizeof(k.spki))) ==
		    RC_OK)
			fail_msg("byte %zu may be another", i);
		k.private_key.bytes[i] ^= 1;
	}
	device_key_fini(&k);
	device_key_fini(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_answers),
	    cmocka_unit_test(test_other_lengths),
	    cmocka_unit_test(test_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
