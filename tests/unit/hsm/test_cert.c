/* Certificates of another hand, read; and what becomes of broken ones. */
#include "hsm/cert.h"

#include "base/text.h"
#include "x509_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint8_t der_buf[VECTOR_MAX];

static struct span
load(const char *pem, struct cert *c)
{
	struct der_fault fault;
	struct span der = vector(pem, "CERTIFICATE", der_buf);

	assert_true(der.len > 0);
	if (cert_parse(der, c, &fault))
		fail_msg(
		    "%s (%s) at %zu", fault.what, fault.clause, fault.offset);
	return der;
}

static void
test_device(void **state)
{
	struct span der, uri;
	struct cert c;
	char serial[64];
	struct writer w;

	(void)state;
	der = load(device_pem, &c);
	assert_true(span_equal(c.der, der));
	assert_true(span_is(c.cn, VECTOR_ENDPOINT));
	assert_true(span_is(c.issuer_cn, "issuing"));
	assert_int_equal(cert_san_uri(&c, "urn:", &uri), RC_OK);
	assert_true(span_is(uri, VECTOR_ENDPOINT));
	assert_int_equal(cert_san_uri(&c, "coaps:", &uri), RC_NOT_FOUND);
	assert_true(c.p256);
	assert_int_equal(c.spki.len, 91);
	assert_false(c.is_ca);
	assert_int_equal(c.path_len, -1);
	assert_false(c.has_key_usage);
	assert_int_equal(c.eku, CERT_CLIENT_AUTH);
	assert_int_equal(c.not_before_s, 1795341015);
	assert_int_equal(c.not_after_s, 2140941015);
	writer_init(&w, serial, sizeof(serial) - 1);
	text_hex(&w, c.serial);
	serial[w.len] = '\0';
	assert_string_equal(serial, "192035fdd238f8e71c942f830157f1e4");
}

static void
test_ca_with_constraints(void **state)
{
	static const char *const permitted[] = {
	    "lwm2m.example", ".iot.example"};
	struct cert_name n;
	struct span rest;
	struct cert c;

	(void)state;
	load(issuing_pem, &c);
	assert_true(c.is_ca);
	assert_int_equal(c.path_len, 0);
	assert_int_equal(c.key_usage, CERT_KEY_CERT_SIGN | CERT_CRL_SIGN);
	assert_int_equal(c.key_id.len, 20);
	assert_int_equal(c.issuer_key_id.len, 20);
	assert_true(c.has_constraints);
	assert_false(c.unknown_critical);
	rest = c.permitted;
	for (size_t i = 0; i < 2; i++) {
		assert_true(cert_subtree_next(&rest, &n));
		assert_int_equal(n.kind, CERT_NAME_DNS);
		assert_true(span_is(n.value, permitted[i]));
	}
	assert_false(cert_subtree_next(&rest, &n));
	rest = c.excluded;
	assert_true(cert_subtree_next(&rest, &n));
	assert_true(span_is(n.value, "bad.lwm2m.example"));
	assert_true(cert_subtree_next(&rest, &n));
	assert_int_equal(n.kind, CERT_NAME_IP);
	assert_int_equal(n.value.len, 8);
	assert_false(cert_subtree_next(&rest, &n));
}

static void
test_signatures(void **state)
{
	uint8_t other[VECTOR_MAX];
	struct der_fault fault;
	struct cert issuing, server;

	(void)state;
	assert_int_equal(cert_parse(vector(issuing_pem, "CERTIFICATE", other),
			     &issuing, &fault),
	    RC_OK);
	load(server_pem, &server);
	assert_int_equal(cert_signed_by(&server, issuing.spki), RC_OK);
	assert_int_equal(cert_signed_by(&server, server.spki), RC_DENIED);
	assert_true(span_equal(server.issuer, issuing.subject));
}

/* The device's certificate again, with that signature in its BIT STRING. */
static struct span
resigned(const struct cert *c, struct span signature)
{
	static uint8_t bytes[VECTOR_MAX];
	struct writer w;
	size_t whole, bits;

	writer_init(&w, bytes, sizeof(bytes));
	whole = der_open(&w, DER_SEQUENCE);
	writer_put(&w, c->tbs);
	writer_put(&w, c->algorithm);
	bits = der_open(&w, DER_BIT_STRING);
	writer_be(&w, 0, 1);
	writer_put(&w, signature);
	der_close(&w, bits);
	der_close(&w, whole);
	return writer_span(&w);
}

/* One signature, one way to write it: else it would be as many certificates. */
static void
test_a_signature_is_written_in_one_way(void **state)
{
	const struct {
		struct span signature;
		bool good;
	} cases[] = {
	    {SPAN_LIT("\x30\x06\x02\x01\x05\x02\x01\x07"), true},
	    {SPAN_LIT("\x30\x07\x02\x02\x00\x85\x02\x01\x07"), true},
	    {SPAN_LIT("\x30\x07\x02\x02\x00\x05\x02\x01\x07"), false},
	    {SPAN_LIT("\x30\x07\x02\x01\x05\x02\x02\x00\x07"), false},
	    {SPAN_LIT("\x30\x81\x06\x02\x01\x05\x02\x01\x07"), false},
	    {SPAN_LIT("\x30\x07\x02\x81\x01\x05\x02\x01\x07"), false},
	    {SPAN_LIT("\x30\x80\x02\x01\x05\x02\x01\x07\0\0"), false},
	    {SPAN_LIT("\x30\x06\x02\x01\x05\x02\x01\x07\x00"), false},
	    {SPAN_LIT("\x30\x08\x02\x01\x05\x02\x01\x07\x05\x00"), false},
	    {SPAN_LIT("\x30\x06\x02\x01\x00\x02\x01\x07"), false},
	    {SPAN_LIT("\x30\x06\x02\x01\x85\x02\x01\x07"), false},
	    {SPAN_LIT("\x30\x03\x02\x01\x05"), false},
	    {SPAN_LIT(""), false},
	};
	struct der_fault fault;
	struct cert c, again;

	(void)state;
	load(device_pem, &c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span der = resigned(&c, cases[i].signature);

		assert_int_equal(cert_read(der, &again, &fault),
		    cases[i].good ? RC_OK : RC_MALFORMED);
		if (!cases[i].good)
			assert_string_equal(fault.clause, "RFC 5280 4.1.1.3");
	}
}

static void
test_twin(void **state)
{
	/* SEC 2 2.4.2 */
	static const uint8_t n[] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00,
	    0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
	    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc,
	    0x63, 0x25, 0x51};
	const struct span order = span_of(n, sizeof(n));
	uint8_t bytes[VECTOR_MAX], back[VECTOR_MAX], ca_der[VECTOR_MAX];
	struct cert c, twin, ca, small;
	struct der_fault fault;
	struct writer w, again;

	(void)state;
	assert_int_equal(
	    cert_read(vector(issuing_pem, "CERTIFICATE", ca_der), &ca, &fault),
	    RC_OK);
	load(device_pem, &c);
	writer_init(&w, bytes, sizeof(bytes));
	assert_int_equal(cert_twin(&c, order, &w), RC_OK);
	assert_int_equal(cert_parse(writer_span(&w), &twin, &fault), RC_OK);
	assert_false(span_equal(twin.der, c.der));
	assert_true(span_equal(twin.tbs, c.tbs));
	assert_int_equal(cert_signed_by(&twin, ca.spki), RC_OK);
	/* of two there is no third */
	writer_init(&again, back, sizeof(back));
	assert_int_equal(cert_twin(&twin, order, &again), RC_OK);
	assert_true(span_equal(writer_span(&again), c.der));

	/* an s that is short, and one that is no number below n */
	assert_int_equal(
	    cert_read(
		resigned(&c, SPAN_LIT("\x30\x06\x02\x01\x05\x02\x01\x51")),
		&small, &fault),
	    RC_OK);
	writer_init(&w, bytes, sizeof(bytes));
	assert_int_equal(cert_twin(&small, order, &w), RC_OK);
	assert_memory_equal(bytes + w.len - 4, "\xfc\x63\x25\x00", 4);
	writer_init(&w, bytes, sizeof(bytes));
	assert_int_equal(cert_twin(&small, SPAN_LIT("\x50"), &w), RC_MALFORMED);
	writer_init(&w, bytes, c.der.len - 16);
	assert_int_equal(cert_twin(&c, order, &w), RC_TOO_LARGE);
	small.algorithm = SPAN_LIT("\x30\x05\x06\x03\x2b\x65\x70");
	assert_int_equal(cert_twin(&small, order, &w), RC_UNSUPPORTED);
}

static void
test_other_curve_is_said(void **state)
{
	struct cert c;

	(void)state;
	load(p384_pem, &c);
	assert_false(c.p256);
	assert_int_equal(cert_signed_by(&c, c.spki), RC_MALFORMED);
}

static void
test_in_words(void **state)
{
	static const char *const lines[] = {
	    "subject             CN=\"bs.lwm2m.example\"\n",
	    "issuer              O=\"Example\", CN=\"issuing\"\n",
	    "serial              7f3ceeb4804ae901de2127c7d6c8fa08\n",
	    "not before          2026-11-22T09:41:48Z\n",
	    "may sign            no certificates\n",
	    "key usage           digitalSignature\n",
	    "extended key usage  serverAuth\n",
	    "name                DNS \"bs.lwm2m.example\"\n",
	    "name                IP 192.0.2.1\n",
	    "name                IP 2001:db8:0:0:0:0:0:1\n",
	    "name                URI \"coaps://bs.lwm2m.example:5684\"\n",
	    "key                 EC P-256\n",
	};
	char text[4096];
	struct writer w;
	struct cert c;

	(void)state;
	load(server_pem, &c);
	writer_init(&w, text, sizeof(text) - 1);
	cert_print(&c, &w);
	assert_false(w.full);
	text[w.len] = '\0';
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strstr(text, lines[i]))
			fail_msg("no \"%s\" in:\n%s", lines[i], text);

	load(issuing_pem, &c);
	writer_init(&w, text, sizeof(text) - 1);
	cert_print(&c, &w);
	text[w.len] = '\0';
	assert_non_null(strstr(text, "not of CAs (path length 0)\n"));
	assert_non_null(
	    strstr(text, "excluded            IP 10.0.0.0/255.0.0.0\n"));
}

/* Cut anywhere, and with anything behind it. */
static void
test_cut_at_every_byte(void **state)
{
	const char *const all[] = {
	    root_pem, issuing_pem, server_pem, device_pem, p384_pem};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct span der = vector(all[i], "CERTIFICATE", der_buf);
		uint8_t longer[VECTOR_MAX + 1] = {0};
		struct der_fault fault;
		struct cert c;

		for (size_t n = 0; n < der.len; n++) {
			assert_int_equal(
			    cert_parse(span_of(der.p, n), &c, &fault),
			    RC_MALFORMED);
			assert_non_null(fault.what);
			assert_non_null(fault.clause);
			assert_true(fault.offset <= n);
			assert_int_equal(c.der.len, 0);
		}
		memcpy(longer, der.p, der.len);
		assert_int_equal(
		    cert_parse(span_of(longer, der.len + 1), &c, &fault),
		    RC_MALFORMED);
		assert_int_equal(fault.offset, der.len);
	}
}

/* Replace the only occurrence of `from`, of the same length. */
static struct span
edited(const char *pem, struct span from, struct span to)
{
	struct span der = vector(pem, "CERTIFICATE", der_buf);
	uint8_t *at = memmem(der_buf, der.len, from.p, from.len);

	assert_int_equal(from.len, to.len);
	assert_non_null(at);
	memcpy(at, to.p, to.len);
	return der;
}

/* Well-formed DER that RFC 5280 forbids. */
static void
test_forbidden(void **state)
{
	const struct {
		const char *pem;
		struct span from, to;
		const char *clause;
	} cases[] = {
	    /* version 4 */
	    {device_pem, SPAN_LIT("\xa0\x03\x02\x01\x02"),
		SPAN_LIT("\xa0\x03\x02\x01\x03"), "RFC 5280 4.1.2.1"},
	    /* extensions in version 1 */
	    {device_pem, SPAN_LIT("\xa0\x03\x02\x01\x02"),
		SPAN_LIT("\xa0\x03\x02\x01\x00"), "RFC 5280 4.1.2.9"},
	    /* a negative serial number */
	    {device_pem, SPAN_LIT("\x02\x10\x19\x20"),
		SPAN_LIT("\x02\x10\x99\x20"), "RFC 5280 4.1.2.2"},
	    /* a line break in the name of a device */
	    {device_pem,
		SPAN_LIT("\x0c\x1f"
			 "urn:dev"),
		SPAN_LIT("\x0c\x1f"
			 "urn\ndev"),
		"RFC 5280 4.1.2.4"},
	    /* a NUL in it: what is behind would not count everywhere */
	    {device_pem,
		SPAN_LIT("\x0c\x1f"
			 "urn:dev"),
		SPAN_LIT("\x0c\x1f"
			 "urn\0dev"),
		"RFC 5280 4.1.2.4"},
	    {device_pem,
		SPAN_LIT("\x86\x1f"
			 "urn:dev"),
		SPAN_LIT("\x86\x1f"
			 "urn\0dev"),
		"RFC 5280 4.2.1.6"},
	    /* no kind of GeneralName */
	    {device_pem,
		SPAN_LIT("\x86\x1f"
			 "urn:dev"),
		SPAN_LIT("\x8a\x1f"
			 "urn:dev"),
		"RFC 5280 4.2.1.6"},
	    /* the two signature algorithms differ: first ECDSA-SHA384 */
	    {device_pem, SPAN_LIT("\x04\x03\x02\x30\x24"),
		SPAN_LIT("\x04\x03\x03\x30\x24"), "RFC 5280 4.1.1.2"},
	    /* path length below a certificate that is no CA */
	    {issuing_pem, SPAN_LIT("\x01\x01\xff\x02\x01\x00"),
		SPAN_LIT("\x01\x01\x00\x02\x01\x00"), "RFC 5280 4.2.1.9"},
	    /* subjectKeyIdentifier becomes a second keyUsage */
	    {issuing_pem, SPAN_LIT("\x06\x03\x55\x1d\x0e"),
		SPAN_LIT("\x06\x03\x55\x1d\x0f"), "RFC 5280 4.2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span der =
		    edited(cases[i].pem, cases[i].from, cases[i].to);
		struct der_fault fault = {0};
		struct cert c;

		if (cert_parse(der, &c, &fault) != RC_MALFORMED)
			fail_msg("case %zu was read", i);
		if (strcmp(fault.clause, cases[i].clause) != 0)
			fail_msg("case %zu: %s (%s) at %zu", i, fault.what,
			    fault.clause, fault.offset);
	}
}

/* Not refused by its reader: whoever trusts must look. */
static void
test_unknown_critical_extension(void **state)
{
	struct der_fault fault;
	struct cert c;

	(void)state;
	assert_int_equal(
	    cert_parse(edited(issuing_pem, SPAN_LIT("\x06\x03\x55\x1d\x1e"),
			   SPAN_LIT("\x06\x03\x55\x1d\x3e")),
		&c, &fault),
	    RC_OK);
	assert_true(c.unknown_critical);
	assert_false(c.has_constraints);
}

static uint32_t
next(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

/* One to four bytes changed, 50,000 times. What is still read lies within. */
static void
test_mutations(void **state)
{
	const char *const all[] = {
	    root_pem, issuing_pem, server_pem, device_pem};
	uint32_t x = 2463534242;
	unsigned refused = 0;

	(void)state;
	for (unsigned round = 0; round < 50000; round++) {
		struct span der =
		    vector(all[round % 4], "CERTIFICATE", der_buf);
		uint8_t *exact = test_malloc(der.len);
		struct der_fault fault;
		struct cert c;
		char text[4096];
		struct writer w;

		memcpy(exact, der.p, der.len);
		for (unsigned n = 1 + next(&x) % 4; n; n--)
			exact[next(&x) % der.len] = (uint8_t)next(&x);
		if (cert_parse(span_of(exact, der.len), &c, &fault)) {
			refused++;
			assert_true(fault.offset <= der.len);
		} else {
			writer_init(&w, text, sizeof(text));
			cert_print(&c, &w);
			assert_ptr_equal(c.der.p, exact);
		}
		test_free(exact);
	}
	/* Most bytes are key, signature and text. */
	assert_in_range(refused, 5000, 45000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_device),
	    cmocka_unit_test(test_ca_with_constraints),
	    cmocka_unit_test(test_signatures),
	    cmocka_unit_test(test_a_signature_is_written_in_one_way),
	    cmocka_unit_test(test_twin),
	    cmocka_unit_test(test_other_curve_is_said),
	    cmocka_unit_test(test_in_words),
	    cmocka_unit_test(test_cut_at_every_byte),
	    cmocka_unit_test(test_forbidden),
	    cmocka_unit_test(test_unknown_critical_extension),
	    cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
