/* Revocation lists of another hand. */
#include "hsm/crl.h"

#include "x509_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint8_t list_der[VECTOR_MAX], cert_der[VECTOR_MAX];

static struct span
list(void)
{
	return vector(issuing_crl, "X509 CRL", list_der);
}

static void
load(const char *pem, struct cert *c)
{
	struct der_fault fault;

	assert_int_equal(
	    cert_parse(vector(pem, "CERTIFICATE", cert_der), c, &fault), RC_OK);
}

static void
test_list(void **state)
{
	struct crl_entry e;
	struct der_fault fault;
	struct span rest;
	struct cert cert;
	struct crl c;

	(void)state;
	assert_int_equal(crl_parse(list(), &c, &fault), RC_OK);
	assert_int_equal(c.entry_count, 1);
	assert_int_equal(c.this_update_s, 1795340509);
	assert_true(span_equal(c.number, SPAN_LIT("\1")));
	load(device_pem, &cert);
	assert_true(crl_find(&c, cert.serial, &e));
	assert_int_equal(e.reason, CRL_KEY_COMPROMISE);
	assert_int_equal(e.revoked_s, 1795340509);
	load(server_pem, &cert);
	assert_false(crl_find(&c, cert.serial, &e));
	assert_false(crl_find(&c, span_of(NULL, 0), &e));
	rest = c.entries;
	assert_true(crl_next(&rest, &e));
	assert_false(crl_next(&rest, &e));
}

static void
test_whose_list(void **state)
{
	struct der_fault fault;
	struct cert ca;
	struct crl c;

	(void)state;
	assert_int_equal(crl_parse(list(), &c, &fault), RC_OK);
	load(issuing_pem, &ca);
	assert_int_equal(crl_verify(&c, &ca), RC_OK);
	ca.key_usage = CERT_KEY_CERT_SIGN;
	assert_int_equal(crl_verify(&c, &ca), RC_DENIED);
	load(root_pem, &ca);
	assert_int_equal(crl_verify(&c, &ca), RC_CONFLICT);
	/* The name of the one and the key of the other. */
	ca.subject = c.issuer;
	ca.key_id = span_of(NULL, 0);
	assert_int_equal(crl_verify(&c, &ca), RC_DENIED);
}

/* Replace the only occurrence of `from`, of the same length. */
static struct span
edited(struct span from, struct span to)
{
	struct span der = list();
	uint8_t *at = memmem(list_der, der.len, from.p, from.len);

	assert_int_equal(from.len, to.len);
	assert_non_null(at);
	memcpy(at, to.p, to.len);
	return der;
}

static void
test_what_is_not_understood(void **state)
{
	const struct {
		struct span from, to;
		enum rc rc;
		const char *clause;
	} cases[] = {
	    /* cRLNumber becomes deltaCRLIndicator */
	    {SPAN_LIT("\x55\x1d\x14"), SPAN_LIT("\x55\x1d\x1b"), RC_UNSUPPORTED,
		"RFC 5280 5.2"},
	    /* removeFromCRL: of delta lists */
	    {SPAN_LIT("\x0a\x01\x01"), SPAN_LIT("\x0a\x01\x08"), RC_UNSUPPORTED,
		"RFC 5280 5.2"},
	    {SPAN_LIT("\x0a\x01\x01"), SPAN_LIT("\x0a\x01\x07"), RC_MALFORMED,
		"RFC 5280 5.3.1"},
	    {SPAN_LIT("\x0a\x01\x01"), SPAN_LIT("\x0a\x01\x0b"), RC_MALFORMED,
		"RFC 5280 5.3.1"},
	    /* version 1 with extensions */
	    {SPAN_LIT("\x02\x01\x01\x30"), SPAN_LIT("\x02\x01\x00\x30"),
		RC_MALFORMED, "RFC 5280 5.1.2.6"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct der_fault fault = {0};
		struct crl c;

		assert_int_equal(
		    crl_parse(edited(cases[i].from, cases[i].to), &c, &fault),
		    cases[i].rc);
		assert_string_equal(fault.clause, cases[i].clause);
		assert_int_equal(c.der.len, 0);
	}
}

static void
test_cut_and_changed(void **state)
{
	struct span der = list();
	uint32_t x = 521288629;
	struct der_fault fault;
	struct cert ca;
	struct crl c;

	(void)state;
	for (size_t n = 0; n < der.len; n++)
		assert_int_equal(
		    crl_parse(span_of(der.p, n), &c, &fault), RC_MALFORMED);
	load(issuing_pem, &ca);
	for (unsigned round = 0; round < 50000; round++) {
		uint8_t *exact = test_malloc(der.len);

		memcpy(exact, der.p, der.len);
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		exact[x % (uint32_t)der.len] ^= (uint8_t)(1 + (x >> 16) % 255);
		if (crl_parse(span_of(exact, der.len), &c, &fault) == RC_OK)
			assert_int_not_equal(crl_verify(&c, &ca), RC_OK);
		test_free(exact);
	}
}

static void
test_reasons(void **state)
{
	enum crl_reason r;

	(void)state;
	assert_string_equal(crl_reason_name(1), "keyCompromise");
	assert_null(crl_reason_name(7));
	assert_null(crl_reason_name(8));
	assert_null(crl_reason_name(11));
	assert_int_equal(crl_reason_of("cessationOfOperation", &r), RC_OK);
	assert_int_equal(r, CRL_CESSATION);
	assert_int_equal(crl_reason_of("removeFromCRL", &r), RC_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_whose_list),
	    cmocka_unit_test(test_what_is_not_understood),
	    cmocka_unit_test(test_cut_and_changed),
	    cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
