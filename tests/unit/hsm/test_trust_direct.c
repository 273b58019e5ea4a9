/*
 * What is judged without OpenSSL. It never believes what OpenSSL refuses: each
 * vector is asked for in both ways.
 */
#include "hsm/trust_internal.h"

#include "trust_vectors.h"
#include "x509_made.h"
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
	const struct trust_anchor *by;
	struct der_fault fault;
	struct cert c;
	bool good = cert_read(der, &c, &fault) == RC_OK &&
	    trust_direct(trust, &c, eku, now_s, &by);

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
	assert_false(trust->anchors->serves);
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

/*
 * RFC 5280 7.1: a name is the same in another string type, in other letters,
 * with more spaces. A list that names its CA so is its list, and one whose
 * signer is not known may be anybody's.
 */
static void
test_a_list_that_spells_the_name_otherwise(void **state)
{
	static const struct {
		const char *name;
		int type;
	} spelt[] = {
	    {"Device CA", V_ASN1_UTF8STRING},
	    {"Device CA", V_ASN1_PRINTABLESTRING},
	    {"device  ca", V_ASN1_PRINTABLESTRING},
	    {"Another CA", V_ASN1_UTF8STRING},
	};
	const long listed[] = {7, 0};
	struct made_ca ca;
	struct span own, good, bad;
	X509_NAME *device;
	struct der_fault fault;

	(void)state;
	made_ca_init(&ca, "Device CA", V_ASN1_UTF8STRING);
	own = made_anchor(&ca);
	device = made_name("meter-7", V_ASN1_UTF8STRING);
	bad = made_cert(&ca, device, 7, ca.key, false);
	good = made_cert(&ca, device, 8, ca.key, false);
	for (size_t i = 0; i < sizeof(spelt) / sizeof(spelt[0]); i++) {
		X509_NAME *name = made_name(spelt[i].name, spelt[i].type);
		struct span crl =
		    made_list(name, ca.key, 1, MADE_NOW_S - 60, listed);
		struct trust_verdict v;

		trust_free(trust);
		trust = trust_new();
		assert_int_equal(trust_add(trust, own, &fault), RC_OK);
		assert_true(directly(bad, CERT_CLIENT_AUTH, MADE_NOW_S));
		assert_int_equal(trust_add_crl(trust, crl, &fault), RC_OK);
		assert_false(directly(bad, CERT_CLIENT_AUTH, MADE_NOW_S));
		/* what is not of its name at all is asked about in full */
		assert_int_equal(directly(good, CERT_CLIENT_AUTH, MADE_NOW_S),
		    spelt[i].name[0] != 'A');
		assert_int_equal(trust_verify(trust, bad, NULL, 0,
				     CERT_CLIENT_AUTH, MADE_NOW_S, &v),
		    spelt[i].name[0] != 'A' ? RC_DENIED : RC_OK);
		made_free(crl);
		X509_NAME_free(name);
	}
	X509_NAME_free(device);
	made_free(own);
	made_free(good);
	made_free(bad);
	made_ca_fini(&ca);
}

/* However long it is: its first, its last, and those that are in between. */
static void
test_a_long_list(void **state)
{
	enum { LISTED = 5000 };
	static long listed[LISTED + 1];
	struct der_fault fault;
	struct made_ca ca;
	struct span own, crl;
	X509_NAME *device;

	(void)state;
	/* multiples of twenty, of one to three bytes, from the largest down */
	for (long i = 0; i < LISTED; i++)
		listed[i] = 20 * (LISTED - i);
	device = made_name("meter-7", V_ASN1_UTF8STRING);
	made_ca_init(&ca, "Device CA", V_ASN1_UTF8STRING);
	own = made_anchor(&ca);
	crl = made_list(ca.name, ca.key, 1, MADE_NOW_S - 60, listed);
	assert_int_equal(trust_add(trust, own, &fault), RC_OK);
	assert_int_equal(trust_add_crl(trust, crl, &fault), RC_OK);
	for (long n = 20; n <= 20 * LISTED; n += n < 400 ? 20 : 9960) {
		struct span bad = made_cert(&ca, device, n, ca.key, false);
		struct span good = made_cert(&ca, device, n + 1, ca.key, false);

		assert_false(directly(bad, CERT_CLIENT_AUTH, MADE_NOW_S));
		assert_true(directly(good, CERT_CLIENT_AUTH, MADE_NOW_S));
		made_free(bad);
		made_free(good);
	}
	made_free(crl);
	made_free(own);
	X509_NAME_free(device);
	made_ca_fini(&ca);
}

/* The list of another anchor says nothing of this one's certificates. */
static void
test_lists_of_other_anchors_do_not_slow_it(void **state)
{
	const long listed[] = {7, 0};
	struct der_fault fault;
	struct made_ca other;
	struct span own, crl;

	(void)state;
	made_ca_init(&other, "Other CA", V_ASN1_UTF8STRING);
	own = made_anchor(&other);
	crl = made_list(other.name, other.key, 1, MADE_NOW_S, listed);
	assert_int_equal(trust_add_crl(trust, crl, &fault), RC_OK);
	assert_false(is_believed(plain_pem, CERT_CLIENT_AUTH, VECTOR_NOW_S));
	assert_int_equal(trust_add(trust, own, &fault), RC_OK);
	assert_true(is_believed(plain_pem, CERT_CLIENT_AUTH, VECTOR_NOW_S));
	made_free(crl);
	made_free(own);
	made_ca_fini(&other);
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
	    TRUST_TEST(test_a_list_that_spells_the_name_otherwise),
	    TRUST_TEST(test_a_long_list),
	    TRUST_TEST(test_lists_of_other_anchors_do_not_slow_it),
	    TRUST_TEST(test_every_bit_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
