/* Certificates that were made to a length. */
#include "hsm/sample.h"

#include "hsm/cert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct sample made;

/** The certificate that begins at `at`. */
static struct cert
certificate(size_t at, size_t len)
{
	struct der_fault fault;
	struct cert c;

	assert_int_equal(
	    cert_parse(span_of(made.chain + at, len), &c, &fault), RC_OK);
	return c;
}

static void
of_any_length(void **state)
{
	(void)state;
	/* where the length of a length grows, and where a name no longer
	 * fills it up, and all about it */
	for (size_t len = 340; len < 480; len++) {
		assert_int_equal(
		    sample_make(&made, "bs.example", &len, 1), RC_OK);
		assert_int_equal(made.chain_len, len);
		assert_true(certificate(0, len).p256);
	}
	for (size_t len = 481; len < 4096; len += 401) {
		assert_int_equal(sample_make(&made, NULL, &len, 1), RC_OK);
		assert_int_equal(made.chain_len, len);
	}
}

static void
a_chain_holds_together(void **state)
{
	const size_t len[] = {431, 612, 700};
	struct cert leaf, second, third, root;
	struct der_fault fault;

	(void)state;
	assert_int_equal(sample_make(&made, NULL, len, 3), RC_OK);
	assert_int_equal(made.chain_len, 431 + 612 + 700);
	leaf = certificate(0, len[0]);
	second = certificate(len[0], len[1]);
	third = certificate(len[0] + len[1], len[2]);
	assert_int_equal(
	    cert_parse(span_of(made.root, made.root_len), &root, &fault),
	    RC_OK);
	assert_int_equal(cert_signed_by(&leaf, second.spki), RC_OK);
	assert_int_equal(cert_signed_by(&second, third.spki), RC_OK);
	assert_int_equal(cert_signed_by(&third, root.spki), RC_OK);
	assert_true(span_equal(leaf.issuer, second.subject));
	assert_true(second.is_ca && !leaf.is_ca);
	assert_true(
	    span_equal(leaf.spki, span_of(made.spki, sizeof(made.spki))));
}

static void
what_cannot_be(void **state)
{
	const size_t small = 200, large = SAMPLE_CERT_MAX + 1, none = 0;
	const size_t many[SAMPLE_CHAIN_MAX + 1] = {400, 400, 400, 400, 400};

	(void)state;
	assert_int_equal(sample_make(&made, NULL, &small, 1), RC_MALFORMED);
	assert_int_equal(sample_make(&made, NULL, &large, 1), RC_TOO_LARGE);
	assert_int_equal(sample_make(&made, NULL, &none, 1), RC_TOO_LARGE);
	assert_int_equal(
	    sample_make(&made, NULL, many, SAMPLE_CHAIN_MAX + 1), RC_TOO_LARGE);
}

static void
signatures_have_one_length(void **state)
{
	uint8_t digest[P256_DIGEST_LEN] = {1}, signature[P256_SIGNATURE_LEN];

	(void)state;
	assert_int_equal(sample_make(&made, NULL, NULL, 0), RC_OK);
	assert_int_equal(made.chain_len, 0);
	for (uint8_t i = 0; i < 20; i++) {
		digest[1] = i;
		assert_int_equal(sample_sign(&made, digest, signature), RC_OK);
		assert_int_equal(
		    p256_verify(span_of(made.spki, sizeof(made.spki)), digest,
			signature),
		    RC_OK);
		/* 71 bytes in DER: of r and s one has its first bit set */
		assert_int_equal((signature[0] >> 7) + (signature[32] >> 7), 1);
	}
}

static int
forget(void **state)
{
	(void)state;
	sample_fini(&made);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(of_any_length, forget),
	    cmocka_unit_test_teardown(a_chain_holds_together, forget),
	    cmocka_unit_test_teardown(what_cannot_be, forget),
	    cmocka_unit_test_teardown(signatures_have_one_length, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
