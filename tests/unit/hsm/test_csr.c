/* Requests: signed by their own key, on P-256, and nothing left over. */
#include "hsm/csr.h"

#include "x509_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint8_t der_buf[VECTOR_MAX];

static struct span
request(const char *pem)
{
	struct span der = vector(pem, "CERTIFICATE REQUEST", der_buf);

	assert_true(der.len > 0);
	return der;
}

static void
test_request(void **state)
{
	struct der_fault fault;
	struct cert_name n;
	struct span rest;
	struct csr c;

	(void)state;
	assert_int_equal(csr_parse(request(device_csr), &c, &fault), RC_OK);
	assert_true(span_is(c.cn, VECTOR_ENDPOINT));
	assert_int_equal(c.spki.len, 91);
	assert_false(c.asks_ca);
	rest = c.san;
	assert_true(cert_name_next(&rest, &n));
	assert_int_equal(n.kind, CERT_NAME_URI);
	assert_true(span_is(n.value, VECTOR_ENDPOINT));
	assert_false(cert_name_next(&rest, &n));
}

static void
test_other_curve(void **state)
{
	struct der_fault fault;
	struct csr c;

	(void)state;
	assert_int_equal(
	    csr_parse(request(p384_csr), &c, &fault), RC_UNSUPPORTED);
	assert_string_equal(fault.clause, "RFC 5480 2.2");
	assert_int_equal(c.der.len, 0);
}

/* One bit of the name, the key or the signature. */
static void
test_not_signed_by_its_key(void **state)
{
	struct der_fault fault;
	struct span der;
	struct csr c;
	uint8_t *name;

	(void)state;
	der = request(device_csr);
	name = memmem(der_buf, der.len, "0057F2", 6);
	assert_non_null(name);
	name[5] ^= 1; /* 0057F3 */
	assert_int_equal(csr_parse(der, &c, &fault), RC_DENIED);
	assert_string_equal(fault.what, "not signed by its own key");
	der = request(device_csr);
	der_buf[der.len - 1] ^= 1;
	assert_int_equal(csr_parse(der, &c, &fault), RC_DENIED);
}

static void
test_cut_at_every_byte(void **state)
{
	struct span der = request(device_csr);
	struct der_fault fault;
	struct csr c;

	(void)state;
	for (size_t n = 0; n < der.len; n++) {
		assert_int_equal(
		    csr_parse(span_of(der.p, n), &c, &fault), RC_MALFORMED);
		assert_non_null(fault.clause);
		assert_true(fault.offset <= n);
	}
}

static void
test_too_large(void **state)
{
	static uint8_t large[CSR_DER_MAX + 1];
	struct der_fault fault;
	struct csr c;

	(void)state;
	assert_int_equal(
	    csr_parse(span_of(large, sizeof(large)), &c, &fault), RC_TOO_LARGE);
	assert_string_equal(fault.clause, "RFC 2986 4.2");
}

/* A changed request is never taken: it is signed as a whole. */
static void
test_mutations(void **state)
{
	uint32_t x = 88172645;

	(void)state;
	for (unsigned round = 0; round < 50000; round++) {
		struct span der = request(device_csr);
		uint8_t *exact = test_malloc(der.len);
		struct der_fault fault;
		uint32_t at;
		struct csr c;

		memcpy(exact, der.p, der.len);
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		at = x % (uint32_t)der.len;
		exact[at] ^= (uint8_t)(1 + (x >> 16) % 255);
		assert_int_not_equal(
		    csr_parse(span_of(exact, der.len), &c, &fault), RC_OK);
		assert_non_null(fault.what);
		test_free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request),
	    cmocka_unit_test(test_other_curve),
	    cmocka_unit_test(test_not_signed_by_its_key),
	    cmocka_unit_test(test_cut_at_every_byte),
	    cmocka_unit_test(test_too_large),
	    cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
