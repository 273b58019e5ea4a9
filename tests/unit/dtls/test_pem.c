/* Certificates as people keep them. */
#include "dtls/pem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END "-----END CERTIFICATE-----\n"

static uint8_t out[256];

static enum rc
unpack(struct span in, struct span *der)
{
	struct writer w;
	enum rc rc;

	writer_init(&w, out, in.len < sizeof(out) ? in.len : sizeof(out));
	rc = pem_unpack(in, "CERTIFICATE", &w);
	*der = writer_span(&w);
	return rc;
}

static void
what_is_one(void **state)
{
	static const struct {
		const char *what;
		const char *in;
		const char *der;
		size_t der_len;
	} rows[] = {
	    {"one", BEGIN "MAMCAQc=\n" END, "\x30\3\2\1\7", 5},
	    {"two, with text and CRLF",
		"Somebody:\r\n-----BEGIN CERTIFICATE-----\r\nMAMCAQc=\r\n" END
		"\nand\n" BEGIN "MAA=\n" END,
		"\x30\3\2\1\7\x30\0", 7},
	    {"in lines", BEGIN "MAMC\nAQc=\n" END, "\x30\3\2\1\7", 5},
	    {"beside a key",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PRIVATE "
		"KEY-----\n" BEGIN "MAA=\n" END,
		"\x30\0", 2},
	    {"without a last line end", BEGIN "MAA=\n-----END CERTIFICATE-----",
		"\x30\0", 2},
	};
	struct span der;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (unpack(span_str(rows[i].in), &der) != RC_OK ||
		    !span_equal(der, span_of(rows[i].der, rows[i].der_len)))
			fail_msg("%s", rows[i].what);
	/* DER stays as it is. */
	assert_int_equal(unpack(SPAN_LIT("\x30\3\2\1\7\x30\0"), &der), RC_OK);
	assert_int_equal(der.len, 7);
}

static void
what_is_none(void **state)
{
	static const struct {
		const char *what;
		const char *in;
		enum rc rc;
	} rows[] = {
	    {"nothing", "", RC_NOT_FOUND},
	    {"something else",
		"-----BEGIN X509 CRL-----\nMAA=\n"
		"-----END X509 CRL-----\n",
		RC_NOT_FOUND},
	    {"prose", "to be or not to be", RC_MALFORMED},
	    {"no end", BEGIN "MAA=\n", RC_MALFORMED},
	    {"no beginning", "MAA=\n" END, RC_MALFORMED},
	    {"an end too many", BEGIN "MAA=\n" END END, RC_MALFORMED},
	    {"nothing inside", BEGIN END, RC_MALFORMED},
	    {"no base64", BEGIN "M?A=\n" END, RC_MALFORMED},
	    {"no DER", BEGIN "AAAA\n" END, RC_MALFORMED},
	    {"DER and more", BEGIN "MAAA\n" END, RC_MALFORMED},
	    {"one inside another", BEGIN BEGIN "MAA=\n" END, RC_MALFORMED},
	    {"a short DER", "\x30\5\2\1\7", RC_MALFORMED},
	};
	struct span der;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (unpack(span_str(rows[i].in), &der) != rows[i].rc)
			fail_msg("%s", rows[i].what);
}

static void
no_room(void **state)
{
	struct writer w;

	(void)state;
	writer_init(&w, out, 4);
	assert_int_equal(
	    pem_unpack(SPAN_LIT(BEGIN "MAMCAQc=\n" END), "CERTIFICATE", &w),
	    RC_TOO_LARGE);
	writer_init(&w, out, 4);
	assert_int_equal(
	    pem_unpack(SPAN_LIT("\x30\3\2\1\7"), "CERTIFICATE", &w),
	    RC_TOO_LARGE);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_one),
	    cmocka_unit_test(what_is_none),
	    cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
