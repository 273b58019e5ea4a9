/* Which chains are believed. */
#include "hsm/crl.h"
#include "hsm/trust.h"

#include "x509_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint8_t der[5][VECTOR_MAX];
static struct span root, issuing, server, device, list;

static struct trust *
trust_of(struct span anchor)
{
	struct trust *t = trust_new();
	struct der_fault fault;

	assert_non_null(t);
	assert_int_equal(trust_add(t, anchor, &fault), RC_OK);
	return t;
}

static void
test_chain(void **state)
{
	struct trust *t = trust_of(root);
	struct trust_verdict v;

	(void)state;
	assert_int_equal(trust_verify(t, device, &issuing, 1, CERT_CLIENT_AUTH,
			     VECTOR_NOW_S, &v),
	    RC_OK);
	assert_int_equal(trust_verify(t, server, &issuing, 1, CERT_SERVER_AUTH,
			     VECTOR_NOW_S, &v),
	    RC_OK);
	/* Without what lies between. */
	assert_int_equal(trust_verify(t, device, NULL, 0, CERT_CLIENT_AUTH,
			     VECTOR_NOW_S, &v),
	    RC_DENIED);
	assert_true(v.text[0] != '\0');
	/* For another use. */
	assert_int_equal(trust_verify(t, device, &issuing, 1, CERT_SERVER_AUTH,
			     VECTOR_NOW_S, &v),
	    RC_DENIED);
	assert_int_equal(v.depth, 0);
	trust_free(t);
}

/* server.trust names the issuing CA alone. */
static void
test_anchor_between(void **state)
{
	struct trust *t = trust_of(issuing);
	struct trust_verdict v;

	(void)state;
	assert_int_equal(trust_verify(t, device, NULL, 0, CERT_CLIENT_AUTH,
			     VECTOR_NOW_S, &v),
	    RC_OK);
	trust_free(t);
}

static void
test_time(void **state)
{
	struct trust *t = trust_of(issuing);
	struct trust_verdict v;

	(void)state;
	assert_int_equal(
	    trust_verify(t, device, NULL, 0, CERT_CLIENT_AUTH, 2140941016, &v),
	    RC_DENIED);
	assert_true(v.expired);
	assert_int_equal(
	    trust_verify(t, device, NULL, 0, CERT_CLIENT_AUTH, 1795341014, &v),
	    RC_DENIED);
	assert_false(v.expired);
	assert_true(v.not_yet);
	trust_free(t);
}

static void
test_revoked(void **state)
{
	struct trust *t = trust_of(issuing);
	struct trust_verdict v;
	struct der_fault fault;

	(void)state;
	assert_int_equal(trust_add_crl(t, list, &fault), RC_OK);
	assert_int_equal(trust_verify(t, device, NULL, 0, CERT_CLIENT_AUTH,
			     VECTOR_NOW_S, &v),
	    RC_DENIED);
	assert_true(v.revoked);
	assert_int_equal(v.depth, 0);
	assert_int_equal(trust_verify(t, server, NULL, 0, CERT_SERVER_AUTH,
			     VECTOR_NOW_S, &v),
	    RC_OK);
	trust_free(t);

	/* A list that is there counts with the root as anchor too, where the
	 * root has none. */
	t = trust_of(root);
	assert_int_equal(trust_add_crl(t, list, &fault), RC_OK);
	assert_int_equal(trust_verify(t, device, &issuing, 1, CERT_CLIENT_AUTH,
			     VECTOR_NOW_S, &v),
	    RC_DENIED);
	assert_true(v.revoked);
	assert_int_equal(trust_verify(t, server, &issuing, 1, CERT_SERVER_AUTH,
			     VECTOR_NOW_S, &v),
	    RC_OK);
	trust_free(t);
}

/* A list that nobody has renewed: what it names stays revoked, and the fleet
 * goes on. */
static void
test_list_out_of_date(void **state)
{
	struct trust *t = trust_of(issuing);
	struct trust_verdict v;
	struct der_fault fault;
	struct crl c;
	int64_t late, early;

	(void)state;
	assert_int_equal(crl_parse(list, &c, &fault), RC_OK);
	late = c.next_update_s + 1;
	early = c.this_update_s - 1; /* as far out, on the other side */
	assert_int_equal(trust_add_crl(t, list, &fault), RC_OK);
	assert_int_equal(
	    trust_verify(t, device, NULL, 0, CERT_CLIENT_AUTH, late, &v),
	    RC_DENIED);
	assert_true(v.revoked);
	assert_int_equal(
	    trust_verify(t, server, NULL, 0, CERT_SERVER_AUTH, early, &v),
	    RC_OK);
	trust_free(t);
}

/* Who writes a revoked number into a certificate of his own has not shown a
 * certificate that was revoked. */
static void
test_forged_is_not_revoked(void **state)
{
	struct trust *t = trust_of(issuing);
	struct trust_verdict v;
	struct der_fault fault;
	uint8_t bytes[VECTOR_MAX];

	(void)state;
	memcpy(bytes, device.p, device.len);
	bytes[device.len - 1] ^= 1; /* of the signature */
	assert_int_equal(trust_add_crl(t, list, &fault), RC_OK);
	assert_int_equal(trust_verify(t, span_of(bytes, device.len), NULL, 0,
			     CERT_CLIENT_AUTH, VECTOR_NOW_S, &v),
	    RC_DENIED);
	assert_false(v.revoked);
	/* Revoked, and over since. */
	assert_int_equal(
	    trust_verify(t, device, NULL, 0, CERT_CLIENT_AUTH, 2140941016, &v),
	    RC_DENIED);
	assert_true(v.revoked);
	assert_true(v.expired);
	/* For another use. */
	assert_int_equal(trust_verify(t, server, NULL, 0, CERT_CLIENT_AUTH,
			     VECTOR_NOW_S, &v),
	    RC_DENIED);
	assert_true(v.misused);
	trust_free(t);
}

static void
test_what_is_no_anchor(void **state)
{
	struct trust *t = trust_new();
	struct trust_verdict v;
	struct der_fault fault;

	(void)state;
	assert_int_equal(trust_add(t, device, &fault), RC_DENIED);
	assert_string_equal(fault.clause, "RFC 5280 4.2.1.9");
	assert_int_equal(
	    trust_add(t, span_of(root.p, root.len - 1), &fault), RC_MALFORMED);
	assert_int_equal(trust_add_crl(t, root, &fault), RC_MALFORMED);
	assert_int_equal(trust_verify(t, device, &issuing, 1, CERT_CLIENT_AUTH,
			     VECTOR_NOW_S, &v),
	    RC_DENIED);
	/* One that cannot be read is no verdict on trust. */
	assert_int_equal(trust_verify(t, span_of(device.p, 9), &issuing, 1,
			     CERT_CLIENT_AUTH, VECTOR_NOW_S, &v),
	    RC_MALFORMED);
	trust_free(t);
	trust_free(NULL);
}

static int
setup(void **state)
{
	(void)state;
	root = vector(root_pem, "CERTIFICATE", der[0]);
	issuing = vector(issuing_pem, "CERTIFICATE", der[1]);
	server = vector(server_pem, "CERTIFICATE", der[2]);
	device = vector(device_pem, "CERTIFICATE", der[3]);
	list = vector(issuing_crl, "X509 CRL", der[4]);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_chain),
	    cmocka_unit_test(test_anchor_between),
	    cmocka_unit_test(test_time),
	    cmocka_unit_test(test_revoked),
	    cmocka_unit_test(test_list_out_of_date),
	    cmocka_unit_test(test_forged_is_not_revoked),
	    cmocka_unit_test(test_what_is_no_anchor),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
