/* Names, serial numbers and revocations; vectors from tests/vectors/x509. */
#include "dtls/x509.h"

#include "dtls/der.h"
#include "dtls/pem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint8_t buffers[8][4096];
static size_t used;

static struct span
load(const char *file, const char *label)
{
	static uint8_t text[8192];
	char path[4096];
	struct writer w;
	size_t len;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", X509_VECTORS, file);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("no %s", path);
	len = fread(text, 1, sizeof(text), f);
	assert_int_equal(fclose(f), 0);
	assert_true(used < 8);
	writer_init(&w, buffers[used++], sizeof(buffers[0]));
	assert_int_equal(pem_unpack(span_of(text, len), label, &w), RC_OK);
	return writer_span(&w);
}

/* The first of them. */
static struct span
certificate(const char *file)
{
	struct span all = load(file, "CERTIFICATE");
	struct der first;

	assert_true(der_next(&all, &first));
	return first.raw;
}

static int
start(void **state)
{
	(void)state;
	used = 0;
	return 0;
}

static void
a_device(void **state)
{
	struct x509_certificate c, ca;

	(void)state;
	assert_int_equal(
	    x509_certificate(certificate("device.pem"), &c), RC_OK);
	assert_int_equal(
	    x509_certificate(certificate("device-ca.pem"), &ca), RC_OK);
	assert_true(span_is(c.common_name, "a-meter"));
	assert_true(span_equal(c.issuer, ca.issuer));
	assert_true(x509_is_p256_key(c.public_key));
	assert_false(c.authority);
	assert_true(ca.authority);
	assert_false(span_equal(c.serial, ca.serial));
	assert_in_range(c.serial.len, 8, 20);
	assert_int_equal(c.alt_names.len, 0);
}

static void
hosts(void **state)
{
	static const struct {
		const char *file, *host;
		bool is;
	} rows[] = {
	    {"server.pem", "bs.example", true},
	    {"server.pem", "BS.eXAMPLE", true},
	    {"server.pem", "bs2.example", true},
	    {"server.pem", "bs3.example", false},
	    {"server.pem", "bs.example.", false},
	    {"server.pem", "s.example", false},
	    {"server.pem", "bs.exampl", false},
	    /* There are dNSNames, so the common name counts no more. */
	    {"server.pem", "First Server", false},
	    {"server.pem", "", false},
	    {"server-two.pem", "one.two.example", true},
	    {"server-two.pem", "ONE.TWO.EXAMPLE", true},
	    {"server-two.pem", "two.example", false},
	    {"server-two.pem", ".two.example", false},
	    {"server-two.pem", "a.b.two.example", false},
	    {"server-two.pem", "*.two.example", true},
	    {"server-cn.pem", "cn.example", true},
	    {"server-cn.pem", "cn.examplf", false},
	    {"server-cn.pem", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct x509_certificate c;

		used = 0;
		assert_int_equal(
		    x509_certificate(certificate(rows[i].file), &c), RC_OK);
		if (x509_is_for(&c, span_str(rows[i].host)) != rows[i].is)
			fail_msg("%s %s", rows[i].file, rows[i].host);
	}
}

/* A name with a NUL is nobody's, whatever stands before it. */
static void
a_nul_in_a_name(void **state)
{
	struct x509_certificate c;

	(void)state;
	assert_int_equal(
	    x509_certificate(certificate("server.pem"), &c), RC_OK);
	assert_false(x509_is_for(&c, SPAN_LIT("bs.example\0")));
	assert_false(x509_is_for(&c, SPAN_LIT("bs.example\0.evil")));
	c = (struct x509_certificate){.alt_names = SPAN_LIT("\x82\4bs\0x")};
	assert_false(x509_is_for(&c, SPAN_LIT("bs")));
}

static bool
is_revoked(struct span crl, const char *file)
{
	struct x509_certificate c;
	struct x509_crl x;
	struct span serial;
	bool found = false;
	enum rc rc;

	assert_int_equal(x509_certificate(certificate(file), &c), RC_OK);
	assert_int_equal(x509_crl(crl, &x), RC_OK);
	assert_true(span_equal(x.issuer, c.issuer));
	while ((rc = x509_revoked(&x.entries, &serial)) == RC_OK)
		found |= span_equal(serial, c.serial);
	assert_int_equal(rc, RC_AGAIN);
	return found;
}

static void
a_revocation_list(void **state)
{
	struct span crl = load("device-ca.crl", "X509 CRL");

	(void)state;
	assert_true(is_revoked(crl, "lost.pem"));
	assert_true(is_revoked(crl, "withdrawn.pem"));
	assert_false(is_revoked(crl, "device.pem"));
	assert_false(is_revoked(crl, "issuing.pem"));
}

static void
an_empty_one(void **state)
{
	struct x509_crl x;
	struct span serial;

	(void)state;
	assert_int_equal(x509_crl(load("issuing.crl", "X509 CRL"), &x), RC_OK);
	assert_int_equal(x509_revoked(&x.entries, &serial), RC_AGAIN);
}

#define ISSUER "\x30\x0c\x31\x0a\x30\x08\6\3\x55\4\3\x0c\1x"
#define TIME \
	"\x17\x0d" \
	"260101000000Z"
#define ALGORITHM "\x30\0"

static enum rc
crl_of(struct span tbs, struct x509_crl *x)
{
	static uint8_t bytes[512];
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	writer_be(&w, 0x30, 1);
	writer_be(&w, 2 + tbs.len + 2, 1);
	writer_be(&w, 0x30, 1);
	writer_be(&w, tbs.len, 1);
	writer_put(&w, tbs);
	writer_be(&w, 0x3000, 2);
	assert_false(w.full);
	return x509_crl(writer_span(&w), x);
}

/* What says more than a plain list does is refused, not half understood. */
static void
lists_of_other_kinds(void **state)
{
	struct x509_crl x;
	struct span serial;
	/* deltaCRLIndicator */
	struct span delta = SPAN_LIT(
	    "\2\1\1" ALGORITHM ISSUER TIME TIME "\xa0\x11\x30\x0f\x30\x0d"
	    "\6\3\x55\x1d\x1b\1\1\xff\4\3\2\1\2");
	/* certificateIssuer at an entry */
	struct span indirect =
	    SPAN_LIT("\2\1\1" ALGORITHM ISSUER TIME TIME
		     "\x30\x26\x30\x24\2\1\7" TIME "\x30\x10\x30\x0e"
		     "\6\3\x55\x1d\x1d\1\1\xff\4\4\x30\2\xa4\0");

	(void)state;
	assert_int_equal(crl_of(delta, &x), RC_UNSUPPORTED);
	assert_int_equal(crl_of(indirect, &x), RC_OK);
	assert_int_equal(x509_revoked(&x.entries, &serial), RC_UNSUPPORTED);
}

/* Cut off anywhere, or with one byte turned over: refused or harmless. */
static void
cut_and_turned(void **state)
{
	static const char *const files[] = {
	    "device.pem", "server.pem", "device-ca.crl"};
	static uint8_t copy[4096];

	(void)state;
	for (size_t n = 0; n < 3; n++) {
		struct span der =
		    n == 2 ? load(files[n], "X509 CRL") : certificate(files[n]);

		for (size_t at = 0; at < der.len; at++) {
			struct x509_certificate c;
			struct x509_crl x;
			struct span serial;

			assert_int_not_equal(
			    x509_certificate(span_of(der.p, at), &c), RC_OK);
			assert_int_not_equal(
			    x509_crl(span_of(der.p, at), &x), RC_OK);
			memcpy(copy, der.p, der.len);
			copy[at] ^= 0x81;
			if (x509_certificate(span_of(copy, der.len), &c) ==
			    RC_OK)
				(void)x509_is_for(&c, SPAN_LIT("a.b"));
			if (x509_crl(span_of(copy, der.len), &x) == RC_OK)
				while (
				    x509_revoked(&x.entries, &serial) == RC_OK)
					;
		}
	}
}

static void
one_form_of_key(void **state)
{
	struct x509_certificate c;
	uint8_t key[92];

	(void)state;
	assert_int_equal(
	    x509_certificate(certificate("device.pem"), &c), RC_OK);
	memcpy(key, c.public_key.p, 91);
	assert_true(x509_is_p256_key(span_of(key, 91)));
	assert_false(x509_is_p256_key(span_of(key, 90)));
	assert_false(x509_is_p256_key(span_of(key, 92)));
	for (size_t i = 0; i < 27; i++) {
		key[i] ^= 1;
		assert_false(x509_is_p256_key(span_of(key, 91)));
		key[i] ^= 1;
	}
}

#define STORY(name) cmocka_unit_test_setup(name, start)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STORY(a_device),
	    STORY(hosts),
	    STORY(a_nul_in_a_name),
	    STORY(a_revocation_list),
	    STORY(an_empty_one),
	    STORY(lists_of_other_kinds),
	    STORY(cut_and_turned),
	    STORY(one_form_of_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
