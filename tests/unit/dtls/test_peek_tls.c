/* Records and messages of TLS before anybody is trusted with them. */
#include "dtls/peek_tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* In memory of its own length, so that no byte more can be read. */
static enum rc
record(const void *bytes, size_t len, struct peek_record *out)
{
	uint8_t *copy = malloc(len ? len : 1);
	enum rc rc;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	rc = peek_tls_record(span_of(copy, len), out);
	free(copy);
	return rc;
}

static void
records(void **state)
{
	static const char whole[] = "\x16\x03\x01\x00\x04"
				    "four, and more";
	static const struct {
		const char *bytes;
		size_t len;
		enum rc rc;
	} rows[] = {
	    {"", 0, RC_AGAIN},
	    {"\x16", 1, RC_AGAIN},
	    {"\x16\x03\x04\x00", 4, RC_AGAIN},
	    {"\x17\x03\x03\x48\x00", 5, RC_AGAIN},
	    {"\x17\x03\x03\x00\x00", 5, RC_OK},
	    {"\x14\x03\x03\x00\x01\x01", 6, RC_OK},
	    /* found by the first byte that is wrong */
	    {"\x13", 1, RC_MALFORMED},
	    {"\x18", 1, RC_MALFORMED},
	    {"G", 1, RC_MALFORMED},
	    {"\x16\x02", 2, RC_MALFORMED},
	    {"\x16\xfe\xfd\x00\x00", 5, RC_MALFORMED},
	    {"\x17\x03\x03\x48\x01", 5, RC_MALFORMED},
	    {"\x16\x03\x03\x00\x00", 5, RC_MALFORMED},
	    {"\x15\x03\x03\x00\x00", 5, RC_MALFORMED},
	};
	struct peek_record r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    record(rows[i].bytes, rows[i].len, &r), rows[i].rc);
	for (size_t len = 0; len < 9; len++)
		assert_int_equal(record(whole, len, &r), RC_AGAIN);
	assert_int_equal(
	    peek_tls_record(span_of(whole, sizeof(whole) - 1), &r), RC_OK);
	assert_int_equal(r.type, PEEK_HANDSHAKE);
	assert_int_equal(r.version, 0x0301);
	assert_true(span_is(r.body, "four"));
	assert_int_equal(r.raw.len, 9);
}

static void
messages(void **state)
{
	static const char whole[] = "\x10\x00\x00\x03idX";
	struct span body;
	uint8_t type;

	(void)state;
	for (size_t len = 0; len < 7; len++)
		assert_int_equal(
		    peek_tls_message(span_of(whole, len), 3, &type, &body),
		    RC_AGAIN);
	assert_int_equal(
	    peek_tls_message(span_of(whole, 7), 3, &type, &body), RC_OK);
	assert_int_equal(type, PEEK_CLIENT_KEY_EXCHANGE);
	assert_true(span_is(body, "idX"));
	/* known by its header alone */
	assert_int_equal(
	    peek_tls_message(span_of(whole, 4), 2, &type, &body), RC_TOO_LARGE);
}

#define RANDOM "0123456789abcdef0123456789abcdef"
#define HELLO \
	"\3\3" RANDOM "\0" \
	"\0\2\x13\x01" \
	"\1\0"

static void
hellos(void **state)
{
	static const char with[] = HELLO "\0\x28"
					 "\0\0\0\x0e\0\x0c\0\0\x09"
					 "localhost"
					 "\0\x2b\0\3\2\3\4"
					 "\0\x10\0\7\0\5\4coap"
					 "\0\x0d\0\0";
	static const char datagram[] = HELLO "\0\7"
					     "\0\x2b\0\3\2\xfe\xfc";
	static const char twice[] = HELLO "\0\x0e"
					  "\0\x2b\0\3\2\3\4"
					  "\0\x2b\0\3\2\3\4";
	struct peek_hello h;

	(void)state;
	assert_int_equal(
	    peek_tls_hello(span_of(with, sizeof(with) - 1), &h), RC_OK);
	assert_true(span_is(h.random, RANDOM));
	assert_true(span_is(h.server_name, "localhost"));
	assert_true(h.version_13);
	assert_int_equal(h.cookie.len, 0);
	assert_int_equal(h.suites.len, 2);
	/* that of DTLS is another */
	assert_int_equal(
	    peek_tls_hello(span_of(datagram, sizeof(datagram) - 1), &h), RC_OK);
	assert_false(h.version_13);
	assert_int_equal(peek_tls_hello(span_of(twice, sizeof(twice) - 1), &h),
	    RC_MALFORMED);
	/* without extensions it may end */
	for (size_t len = 0; len < sizeof(with) - 1; len++)
		assert_int_equal(peek_tls_hello(span_of(with, len), &h),
		    len == sizeof(HELLO) - 1 ? RC_OK : RC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records),
	    cmocka_unit_test(messages),
	    cmocka_unit_test(hellos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
