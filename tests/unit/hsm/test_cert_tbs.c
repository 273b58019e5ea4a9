/* What is signed: the bytes of a profile, and how few they are. */
#include "hsm/cert_issue.h"

#include "x509_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint8_t issuing_der[VECTOR_MAX], device_der[VECTOR_MAX];
static struct cert issuing, device;

static void
device_profile(struct cert_profile *p)
{
	cert_profile_init(p, CERT_DEVICE);
	p->subject[0] = (struct cert_rdn){CERT_CN, SPAN_LIT(VECTOR_ENDPOINT)};
	p->subject_count = 1;
	p->san[0] =
	    (struct cert_name){CERT_NAME_URI, SPAN_LIT(VECTOR_ENDPOINT)};
	p->san_count = 1;
}

/* The openssl program made this one from the same facts. */
static void
test_byte_for_byte(void **state)
{
	struct cert_profile p;
	struct cert_draft d;
	uint8_t tbs[CERT_DER_MAX];
	struct writer w;

	(void)state;
	device_profile(&p);
	cert_draft_init(&d, &p, &issuing, device.spki, VECTOR_NOW_S);
	d.not_before_s = device.not_before_s;
	d.not_after_s = device.not_after_s;
	memcpy(d.serial, device.serial.p, sizeof(d.serial));
	d.has_serial = true;
	writer_init(&w, tbs, sizeof(tbs));
	assert_int_equal(cert_tbs(&d, &w), RC_OK);
	assert_int_equal(w.len, device.tbs.len);
	assert_memory_equal(tbs, device.tbs.p, w.len);
}

static void
test_device_is_small(void **state)
{
	struct cert small_ca = issuing;
	struct cert_profile p;
	struct cert_draft d;
	uint8_t tbs[CERT_DER_MAX];
	struct writer w;

	(void)state;
	/* CN=device-ca */
	small_ca.subject = SPAN_LIT("\x30\x14\x31\x12\x30\x10\x06\x03\x55\x04"
				    "\x03\x0c\x09"
				    "device-ca");
	device_profile(&p);
	cert_draft_init(&d, &p, &small_ca, device.spki, VECTOR_NOW_S);
	memset(d.serial, 0xff, sizeof(d.serial)); /* the longest */
	writer_init(&w, tbs, sizeof(tbs));
	assert_int_equal(cert_tbs(&d, &w), RC_OK);
	/* With the longest signature: 4 + tbs + 12 + 75 bytes. */
	assert_true(4 + w.len + 12 + 3 + P256_SIGNATURE_DER_MAX < 420);
	assert_int_equal(w.len, 298);
}

/* Read back by the reader of strangers' certificates. */
static void
test_profile_survives(void **state)
{
	static const uint8_t address[] = {192, 0, 2, 1};
	struct cert_profile p;
	struct cert_draft d;
	uint8_t tbs[CERT_DER_MAX];
	struct der_fault fault;
	struct cert_name n;
	struct span rest;
	struct writer w;
	struct cert c;

	(void)state;
	cert_profile_init(&p, CERT_ISSUING);
	p.subject[0] = (struct cert_rdn){CERT_C, SPAN_LIT("DE")};
	p.subject[1] = (struct cert_rdn){CERT_O, SPAN_LIT("Z\xc3\xa4hler")};
	p.subject[2] = (struct cert_rdn){CERT_CN, SPAN_LIT("sub")};
	p.subject_count = 3;
	p.permitted[0] =
	    (struct cert_name){CERT_NAME_DNS, SPAN_LIT("lwm2m.example")};
	p.permitted[1] =
	    (struct cert_name){CERT_NAME_URI, SPAN_LIT(".lwm2m.example")};
	p.permitted_count = 2;
	p.san[0] = (struct cert_name){CERT_NAME_IP, {address, sizeof(address)}};
	p.san_count = 1;
	p.path_len = 3;
	p.eku = CERT_CLIENT_AUTH | CERT_SERVER_AUTH;
	p.validity_s = CERT_FOREVER;
	cert_draft_init(&d, &p, &issuing, device.spki, VECTOR_NOW_S);
	d.serial[15] = 1;
	writer_init(&w, tbs, sizeof(tbs));
	assert_int_equal(cert_tbs(&d, &w), RC_OK);
	assert_int_equal(cert_parse_tbs(writer_span(&w), &c, &fault), RC_OK);
	assert_true(span_is(c.cn, "sub"));
	assert_true(c.is_ca);
	assert_int_equal(c.path_len, 3);
	assert_int_equal(c.key_usage, CERT_KEY_CERT_SIGN | CERT_CRL_SIGN);
	assert_int_equal(c.eku, CERT_CLIENT_AUTH | CERT_SERVER_AUTH);
	assert_int_equal(c.not_before_s, VECTOR_NOW_S);
	assert_int_equal(c.not_after_s, DER_TIME_FOREVER);
	assert_true(span_equal(c.serial, SPAN_LIT("\1")));
	assert_true(span_equal(c.issuer, issuing.subject));
	assert_true(span_equal(c.spki, device.spki));
	assert_true(span_equal(c.issuer_key_id, issuing.key_id));
	assert_int_equal(c.key_id.len, 20);
	rest = c.permitted;
	assert_true(cert_subtree_next(&rest, &n));
	assert_true(cert_subtree_next(&rest, &n));
	assert_int_equal(n.kind, CERT_NAME_URI);
	assert_true(span_is(n.value, ".lwm2m.example"));
	rest = c.san;
	assert_true(cert_name_next(&rest, &n));
	assert_int_equal(n.kind, CERT_NAME_IP);
	assert_false(cert_name_next(&rest, &n));
}

/* notBefore goes back, but not behind the issuer's; notAfter is clipped only
 * where that was asked for. */
static void
test_dates(void **state)
{
	struct cert_profile p;
	struct cert_draft d;

	(void)state;
	device_profile(&p);
	p.backdate_s = 3600;
	cert_draft_init(&d, &p, &issuing, device.spki, VECTOR_NOW_S);
	assert_int_equal(d.not_before_s, VECTOR_NOW_S - 3600);
	p.backdate_s = 1000 * 86400;
	p.validity_s = CERT_FOREVER;
	cert_draft_init(&d, &p, &issuing, device.spki, VECTOR_NOW_S);
	assert_int_equal(d.not_before_s, issuing.not_before_s);
	assert_int_equal(d.not_after_s, DER_TIME_FOREVER);
	p.clip = true;
	cert_draft_init(&d, &p, &issuing, device.spki, VECTOR_NOW_S);
	assert_int_equal(d.not_after_s, issuing.not_after_s);
}

static void
test_in_words_before_it_is_signed(void **state)
{
	static const char *const lines[] = {
	    "serial              128 random bits of the token\n",
	    "subject             CN=\"" VECTOR_ENDPOINT "\"\n",
	    "issuer              O=\"Example\", CN=\"issuing\"\n",
	    "not before          2026-11-22T10:00:00Z\n",
	    "not after           2036-11-20T10:00:00Z\n",
	    "extended key usage  clientAuth\n",
	    "name                URI \"" VECTOR_ENDPOINT "\"\n",
	    "to be signed        3",
	};
	char text[CERT_PRINT_MAX];
	struct cert_profile p;
	struct cert_draft d;
	struct writer w;

	(void)state;
	device_profile(&p);
	cert_draft_init(&d, &p, &issuing, device.spki, VECTOR_NOW_S);
	writer_init(&w, text, sizeof(text) - 1);
	assert_int_equal(cert_draft_print(&d, &w), RC_OK);
	text[w.len] = '\0';
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strstr(text, lines[i]))
			fail_msg("no \"%s\" in:\n%s", lines[i], text);
	assert_null(strstr(text, "5555"));
}

static void
test_what_is_not_written(void **state)
{
	struct cert_profile p;
	struct cert_draft d;
	uint8_t tbs[CERT_DER_MAX];
	struct writer w;

	(void)state;
	device_profile(&p);
	cert_draft_init(&d, &p, &issuing, device.spki, VECTOR_NOW_S);
	writer_init(&w, tbs, 200);
	assert_int_equal(cert_tbs(&d, &w), RC_TOO_LARGE);
	writer_init(&w, tbs, sizeof(tbs));
	d.spki = span_from(device.spki, 1);
	assert_int_equal(cert_tbs(&d, &w), RC_MALFORMED);
	d.spki = device.spki;
	d.not_after_s = DER_TIME_FOREVER + 1;
	assert_int_equal(cert_tbs(&d, &w), RC_MALFORMED);
	cert_draft_init(&d, &p, &issuing, device.spki, VECTOR_NOW_S);
	p.san[0].kind = CERT_NAME_DIRECTORY;
	assert_int_equal(cert_tbs(&d, &w), RC_MALFORMED);
	assert_int_equal(w.len, 0);
}

static int
setup(void **state)
{
	struct der_fault fault;

	(void)state;
	return cert_parse(vector(issuing_pem, "CERTIFICATE", issuing_der),
		   &issuing, &fault) ||
	    cert_parse(
		vector(device_pem, "CERTIFICATE", device_der), &device, &fault);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_byte_for_byte),
	    cmocka_unit_test(test_device_is_small),
	    cmocka_unit_test(test_profile_survives),
	    cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_in_words_before_it_is_signed),
	    cmocka_unit_test(test_what_is_not_written),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
