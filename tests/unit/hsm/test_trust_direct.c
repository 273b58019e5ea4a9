/*
 * What is judged without OpenSSL. It never believes what OpenSSL refuses: each
 * vector is asked for in both ways.
 */
#include "hsm/trust_internal.h"

#include "trust_vectors.h"
#include "x509_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { AFTER_S = 2140941016 /* all of it is over */ };

static struct trust *trust;
static uint8_t meters_der[VECTOR_MAX];
static struct span meters;

static void
anchor(const char *pem)
{
	uint8_t der[VECTOR_MAX];
	struct der_fault fault;

	assert_int_equal(
	    trust_add(trust, vector(pem, "CERTIFICATE", der), &fault), RC_OK);
}

static void
list(const char *pem)
{
	uint8_t der[VECTOR_MAX];
	struct der_fault fault;

	assert_int_equal(
	    trust_add_crl(trust, vector(pem, "X509 CRL", der), &fault), RC_OK);
}

static bool
by_openssl(struct span der, enum cert_eku eku, int64_t now_s)
{
	struct trust full = *trust;
	struct trust_verdict v;

	full.anchors = NULL;
	return trust_verify(&full, der, NULL, 0, eku, now_s, &v) == RC_OK;
}

static bool
directly(struct span der, enum cert_eku eku, int64_t now_s)
{
	struct der_fault fault;
	struct cert c;
	bool good = cert_read(der, &c, &fault) == RC_OK &&
	    trust_direct(trust, &c, eku, now_s);

	if (good)
		assert_true(by_openssl(der, eku, now_s));
	return good;
}

static bool
is_believed(const char *pem, enum cert_eku eku, int64_t now_s)
{
	uint8_t der[VECTOR_MAX];

	return directly(vector(pem, "CERTIFICATE", der), eku, now_s);
}

static void
test_plain_ones(void **state)
{
	(void)state;
	assert_true(is_believed(plain_pem, CERT_CLIENT_AUTH, VECTOR_NOW_S));
	assert_true(is_believed(full_pem, CERT_CLIENT_AUTH, VECTOR_NOW_S));
	assert_true(
	    is_believed(server_only_pem, CERT_SERVER_AUTH, VECTOR_NOW_S));
	/* a namesake before it is passed over, and so is one behind it */
	anchor(namesake_pem);
	assert_true(is_believed(plain_pem, CERT_CLIENT_AUTH, VECTOR_NOW_S));
}

static void
test_what_is_not_beyond_doubt(void **state)
{
	static const char *const asked_about[] = {
	    issuer_too_pem, netscape_pem, agreement_pem, server_only_pem,
	    device_pem, /* of another CA */
	    meters_pem, /* the anchor itself */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(asked_about) / sizeof(asked_about[0]);
	     i++)
		assert_false(is_believed(
		    asked_about[i], CERT_CLIENT_AUTH, VECTOR_NOW_S));
	assert_false(is_believed(plain_pem, CERT_SERVER_AUTH, VECTOR_NOW_S));
	assert_false(is_believed(plain_pem, CERT_ANY_EKU, VECTOR_NOW_S));
	assert_false(is_believed(plain_pem, CERT_CLIENT_AUTH, AFTER_S));
	assert_false(is_believed(plain_pem, CERT_CLIENT_AUTH, 0));
}

/* A CA with constraints is for OpenSSL. */
static void
test_anchors_that_do_not_serve(void **state)
{
	(void)state;
	anchor(issuing_pem);
	assert_ptr_equal(trust->anchors->next, NULL);
	assert_false(is_believed(device_pem, CERT_CLIENT_AUTH, VECTOR_NOW_S));
}

static void
test_lists(void **state)
{
	(void)state;
	assert_true(is_believed(revoked_pem, CERT_CLIENT_AUTH, VECTOR_NOW_S));
	list(meters_crl);
	assert_false(is_believed(revoked_pem, CERT_CLIENT_AUTH, VECTOR_NOW_S));
	assert_true(is_believed(plain_pem, CERT_CLIENT_AUTH, VECTOR_NOW_S));
	/* a list that is another's, under the same name */
	list(namesake_crl);
	assert_false(is_believed(plain_pem, CERT_CLIENT_AUTH, VECTOR_NOW_S));
}

static void
test_a_list_before_its_anchor(void **state)
{
	struct der_fault fault;

	(void)state;
	trust_free(trust);
	trust = trust_new();
	assert_non_null(trust);
	list(meters_crl);
	assert_int_equal(trust_add(trust, meters, &fault), RC_OK);
	assert_false(is_believed(revoked_pem, CERT_CLIENT_AUTH, VECTOR_NOW_S));
	assert_true(is_believed(plain_pem, CERT_CLIENT_AUTH, VECTOR_NOW_S));
}

static void
test_lists_that_must_be_there(void **state)
{
	(void)state;
	trust_require_crl(trust);
	assert_false(is_believed(plain_pem, CERT_CLIENT_AUTH, VECTOR_NOW_S));
	list(meters_crl);
	assert_false(is_believed(plain_pem, CERT_CLIENT_AUTH, VECTOR_NOW_S));
}

/* Not one bit of it may be another. */
static void
test_every_bit_counts(void **state)
{
	uint8_t der[VECTOR_MAX];
	struct span d = vector(full_pem, "CERTIFICATE", der);

	(void)state;
	for (size_t bit = 0; bit < 8 * d.len; bit++) {
		der[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(directly(d, CERT_CLIENT_AUTH, VECTOR_NOW_S));
		der[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(directly(d, CERT_CLIENT_AUTH, VECTOR_NOW_S));
}

static int
setup(void **state)
{
	struct der_fault fault;

	(void)state;
	meters = vector(meters_pem, "CERTIFICATE", meters_der);
	trust = trust_new();
	return trust && trust_add(trust, meters, &fault) == RC_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	trust_free(trust);
	return 0;
}

#define TRUST_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TRUST_TEST(test_plain_ones),
	    TRUST_TEST(test_what_is_not_beyond_doubt),
	    TRUST_TEST(test_anchors_that_do_not_serve),
	    TRUST_TEST(test_lists),
	    TRUST_TEST(test_a_list_before_its_anchor),
	    TRUST_TEST(test_lists_that_must_be_there),
	    TRUST_TEST(test_every_bit_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
