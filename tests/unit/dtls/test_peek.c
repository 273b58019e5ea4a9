/* What is read of DTLS before wolfSSL sees it. */
#include "dtls/peek.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SEQ "\0\0\0\0\0\1" /* a sequence number */

static void
records_of_a_datagram(void **state)
{
	/* ClientKeyExchange, ChangeCipherSpec, Finished, as clients send. */
	struct span d = SPAN_LIT("\x16\xfe\xfd\0\0" SEQ "\0\x0f"
				 "\x10\0\0\3\0\2\0\0\0\0\0\3\0\1a"
				 "\x14\xfe\xfd\0\0" SEQ "\0\1\1"
				 "\x16\xfe\xfd\0\1" SEQ "\0\2xy");
	struct peek_record r;

	(void)state;
	assert_true(peek_record(&d, &r));
	assert_int_equal(r.type, PEEK_HANDSHAKE);
	assert_int_equal(r.epoch, 0);
	assert_int_equal(r.version, 0xfefd);
	assert_int_equal(r.raw.len, 13 + 15);
	assert_int_equal(r.body.len, 15);
	assert_true(peek_record(&d, &r));
	assert_int_equal(r.type, PEEK_CHANGE_CIPHER_SPEC);
	assert_int_equal(r.body.p[0], 1);
	assert_true(peek_record(&d, &r));
	assert_int_equal(r.epoch, 1);
	assert_true(span_is(r.body, "xy"));
	assert_int_equal(d.len, 0);
	assert_false(peek_record(&d, &r));
}

static void
not_records(void **state)
{
	static const struct {
		const char *what;
		const char *bytes;
		size_t len;
	} rows[] = {
	    {"nothing", "", 0},
	    {"a short header", "\x16\xfe\xfd\0\0" SEQ "\0", 12},
	    {"a body cut off", "\x16\xfe\xfd\0\0" SEQ "\0\2x", 14},
	    {"a length beyond all", "\x16\xfe\xfd\0\0" SEQ "\xff\xffx", 14},
	    {"DTLS 1.3 with a Connection ID", "\x3f\0\0\0\0\0\0", 7},
	    {"DTLS 1.3, cut off", "\x2f\0\0\0\2x", 6},
	    {"DTLS 1.3, a short header", "\x2f\0\0\0", 4},
	    {"a heartbeat", "\x18\xfe\xfd\0\0" SEQ "\0\0", 13},
	    {"a Connection ID", "\x19\xfe\xfd\0\0" SEQ "\0\0", 13},
	    {"type 19", "\x13\xfe\xfd\0\0" SEQ "\0\0", 13},
	    {"TLS", "\x16\3\3\0\0" SEQ "\0\0", 13},
	    {"the version that never was", "\x16\xfe\xfe\0\0" SEQ "\0\0", 13},
	    {"CoAP",
		"\x44\1\x12\x34tokn\xb2"
		"bs",
		11},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span d = span_of(rows[i].bytes, rows[i].len);
		struct peek_record r;

		if (peek_record(&d, &r) || d.len != rows[i].len)
			fail_msg("taken: %s", rows[i].what);
	}
}

/* RFC 9147 4: long and short sequence numbers, with a length and without. */
static void
records_of_dtls_13(void **state)
{
	struct span d = SPAN_LIT("\x2e\0\1\0\3abc" /* epoch 2 */
				 "\x27\1\0\2xy" /* 3 */
				 "\x1a\xfe\xfd\0\0" SEQ "\0\2\0\0" /* ACK */
				 "\x2a\0\2the rest");
	struct peek_record r;

	(void)state;
	assert_true(peek_record(&d, &r));
	assert_int_equal(r.type, PEEK_UNIFIED);
	assert_int_equal(r.epoch, 2);
	assert_true(span_is(r.body, "abc"));
	assert_int_equal(r.raw.len, 8);
	assert_true(peek_record(&d, &r));
	assert_int_equal(r.epoch, 3);
	assert_true(span_is(r.body, "xy"));
	assert_true(peek_record(&d, &r));
	assert_int_equal(r.type, PEEK_ACK);
	assert_true(peek_record(&d, &r));
	assert_true(span_is(r.body, "the rest"));
	assert_int_equal(d.len, 0);
}

/* RFC 9146 4, RFC 9147 4: no header says how long it is. */
static void
records_with_a_connection_id(void **state)
{
	static const char bytes[] = "\x19\xfe\xfd\0\1\1\2\3\4\5\6"
				    "12345678\0\2xy"
				    "\x3f" /* C, S, L, epoch 3 */
				    "12345678\0\1\0\2zz"
				    "\x2e\0\1\0\3abc" /* without one */
				    "\x32" /* C, epoch 2 */
				    "87654321\0the rest";
	struct span d = span_of(bytes, sizeof(bytes) - 1);
	struct peek_record r;

	(void)state;
	assert_false(peek_record(&d, &r));
	assert_int_equal(d.len, sizeof(bytes) - 1);
	assert_true(peek_record_cid(&d, 8, &r));
	assert_int_equal(r.type, PEEK_CID);
	assert_int_equal(r.epoch, 1);
	assert_true(r.seq == 0x010203040506);
	assert_true(span_is(r.cid, "12345678"));
	assert_true(span_is(r.body, "xy"));
	assert_int_equal(r.raw.len, 13 + 8 + 2);
	assert_true(peek_record_cid(&d, 8, &r));
	assert_int_equal(r.type, PEEK_UNIFIED);
	assert_int_equal(r.epoch, 3);
	assert_true(span_is(r.cid, "12345678"));
	assert_true(span_is(r.body, "zz"));
	assert_true(peek_record_cid(&d, 8, &r));
	assert_int_equal(r.cid.len, 0);
	assert_true(span_is(r.body, "abc"));
	assert_true(peek_record_cid(&d, 8, &r));
	assert_int_equal(r.epoch, 2);
	assert_true(span_is(r.cid, "87654321"));
	assert_true(span_is(r.body, "the rest"));
	assert_int_equal(d.len, 0);
	/* Cut off anywhere: none. */
	for (size_t len = 0; len < 23; len++) {
		d = span_of(bytes, len);
		assert_false(peek_record_cid(&d, 8, &r));
		assert_int_equal(d.len, len);
	}
	for (size_t len = 0; len < 15; len++) {
		d = span_of(bytes + 23, len);
		assert_false(peek_record_cid(&d, 8, &r));
	}
}

static void
messages_of_a_record(void **state)
{
	struct span body = SPAN_LIT("\x0b\0\0\3\0\1\0\0\0\0\0\3abc"
				    "\x10\0\1\0\0\2\0\0\4\0\0\2xy"
				    "\x0e\0\0\0\0\3\0\0\0\0\0\0");
	struct peek_message m;

	(void)state;
	assert_int_equal(peek_message(&body, &m), RC_OK);
	assert_int_equal(m.type, 11);
	assert_true(peek_whole(&m));
	assert_int_equal(peek_message(&body, &m), RC_OK);
	assert_int_equal(m.type, PEEK_CLIENT_KEY_EXCHANGE);
	assert_int_equal(m.length, 256);
	assert_int_equal(m.seq, 2);
	assert_int_equal(m.offset, 4);
	assert_true(span_is(m.fragment, "xy"));
	assert_false(peek_whole(&m));
	assert_int_equal(peek_message(&body, &m), RC_OK);
	assert_true(peek_whole(&m)); /* ServerHelloDone has no body */
	assert_int_equal(peek_message(&body, &m), RC_AGAIN);
}

static void
not_messages(void **state)
{
	static const struct {
		const char *what;
		const char *bytes;
		size_t len;
	} rows[] = {
	    {"a short header", "\x10\0\0\1\0\1\0\0\0\0\0", 11},
	    {"a fragment cut off", "\x10\0\0\3\0\1\0\0\0\0\0\3ab", 14},
	    {"longer than its message", "\x10\0\0\1\0\1\0\0\0\0\0\2ab", 14},
	    {"behind its message", "\x10\0\0\1\0\1\0\0\1\0\0\1a", 13},
	    {"far behind", "\x10\0\0\1\0\1\xff\xff\xff\0\0\1a", 13},
	    {"all ones", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		12},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span body = span_of(rows[i].bytes, rows[i].len);
		struct peek_message m;

		if (peek_message(&body, &m) != RC_MALFORMED)
			fail_msg("taken: %s", rows[i].what);
	}
}

#define RANDOM "0123456789abcdef0123456789abcdef"
#define HEAD(len) "\1\0\0" len "\0\1\0\0\0\0\0" len
#define SUITES "\0\2\xc0\xa8"

static enum rc
hello_of(const char *bytes, size_t len, struct peek_hello *h)
{
	struct peek_record r = {.type = PEEK_HANDSHAKE,
	    .version = 0xfefd,
	    .body = span_of(bytes, len)};

	return peek_hello(&r, h);
}

#define HELLO(bytes, h) hello_of(bytes, sizeof(bytes) - 1, h)

static void
hellos(void **state)
{
	struct peek_hello h;

	(void)state;
	/* As small as it can be. */
	assert_int_equal(
	    HELLO(HEAD("\x2a") "\xfe\xfd" RANDOM "\0\0" SUITES "\1\0", &h),
	    RC_OK);
	assert_true(span_is(h.random, RANDOM));
	assert_int_equal(h.cookie.len, 0);
	assert_int_equal(h.seq, 1);
	/* Session id, cookie, two suites, an extension. */
	assert_int_equal(HELLO(HEAD("\x39") "\xfe\xfd" RANDOM "\2id\5cooky"
					    "\0\4\xc0\xa8\0\xae\1\0"
					    "\0\4\0\x17\0\0",
			     &h),
	    RC_OK);
	assert_true(span_is(h.cookie, "cooky"));
}

static void
not_hellos(void **state)
{
	struct peek_hello h;

	(void)state;
	/* another message; two of them; a fragment */
	assert_int_equal(HELLO("\2\0\0\1\0\1\0\0\0\0\0\1x", &h), RC_MALFORMED);
	assert_int_equal(
	    HELLO(HEAD("\x2a") "\xfe\xfd" RANDOM "\0\0" SUITES "\1\0"
			       "\x0e\0\0\0\0\2\0\0\0\0\0\0",
		&h),
	    RC_MALFORMED);
	assert_int_equal(
	    HELLO("\1\0\0\x2a\0\1\0\0\0\0\0\1\xfe", &h), RC_UNSUPPORTED);
	/* session id of 33; no suites; an odd length; no compression */
	assert_int_equal(HELLO(HEAD("\x4b") "\xfe\xfd" RANDOM "\x21"
					    "0123456789abcdef0123456789abcdefx"
					    "\0" SUITES "\1\0",
			     &h),
	    RC_MALFORMED);
	assert_int_equal(
	    HELLO(HEAD("\x28") "\xfe\xfd" RANDOM "\0\0\0\0\1\0", &h),
	    RC_MALFORMED);
	assert_int_equal(
	    HELLO(HEAD("\x29") "\xfe\xfd" RANDOM "\0\0\0\1\xc0\1\0", &h),
	    RC_MALFORMED);
	assert_int_equal(
	    HELLO(HEAD("\x29") "\xfe\xfd" RANDOM "\0\0" SUITES "\0", &h),
	    RC_MALFORMED);
	/* extensions that are shorter or longer than they say */
	assert_int_equal(
	    HELLO(HEAD("\x2e") "\xfe\xfd" RANDOM "\0\0" SUITES "\1\0"
			       "\0\1xy",
		&h),
	    RC_MALFORMED);
	assert_int_equal(
	    HELLO(HEAD("\x2e") "\xfe\xfd" RANDOM "\0\0" SUITES "\1\0"
			       "\0\3xy",
		&h),
	    RC_MALFORMED);
}

/* Every length of a hello that is cut off, with header lengths that agree. */
static void
hellos_cut_off(void **state)
{
	static const char whole[] = "\xfe\xfd" RANDOM "\2id\5cooky"
				    "\0\4\xc0\xa8\0\xae\1\0"
				    "\0\4\0\x17\0\0";
	size_t without_extensions = sizeof(whole) - 1 - 6;

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++) {
		uint8_t bytes[128];
		struct peek_hello h;
		struct writer w;
		enum rc expected = RC_MALFORMED;

		writer_init(&w, bytes, sizeof(bytes));
		writer_be(&w, 1, 1);
		writer_be(&w, len, 3);
		writer_be(&w, 0, 2);
		writer_be(&w, 0, 3);
		writer_be(&w, len, 3);
		writer_put(&w, span_of(whole, len));
		if (len == sizeof(whole) - 1 || len == without_extensions)
			expected = RC_OK;
		assert_int_equal(hello_of((char *)bytes, w.len, &h), expected);
	}
}

static struct peek_message
fragment(uint16_t seq, uint32_t length, uint32_t offset, const char *text)
{
	return (struct peek_message){.type = PEEK_CLIENT_KEY_EXCHANGE,
	    .seq = seq,
	    .length = length,
	    .offset = offset,
	    .fragment = span_str(text)};
}

/* Each row: offset of a fragment of "abcdef" and its length, in order. */
static void
fragments(void **state)
{
	static const struct {
		const char *what;
		struct {
			uint32_t from, len;
		} parts[4];
	} rows[] = {
	    {"in order", {{0, 2}, {2, 2}, {4, 2}, {0, 0}}},
	    {"in reverse", {{4, 2}, {2, 2}, {0, 2}, {0, 0}}},
	    {"one twice", {{0, 2}, {0, 2}, {2, 4}, {0, 0}}},
	    {"overlapping", {{0, 4}, {2, 2}, {1, 5}, {0, 0}}},
	    {"one in the middle first", {{2, 2}, {0, 6}, {0, 0}, {0, 0}}},
	    {"an empty one", {{3, 0}, {0, 3}, {3, 3}, {0, 0}}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peek_assembly *a = calloc(1, sizeof(*a));
		struct span body = {0};
		bool whole = false;

		assert_non_null(a);
		for (size_t j = 0; j < 4 && !whole; j++) {
			struct peek_message m =
			    fragment(3, 6, rows[i].parts[j].from, "");

			m.fragment =
			    span_of(&"abcdef"[m.offset], rows[i].parts[j].len);
			whole = peek_assemble(a, &m, &body);
		}
		if (!whole || !span_is(body, "abcdef"))
			fail_msg("%s", rows[i].what);
		free(a);
	}
}

static void
fragments_of_two_messages(void **state)
{
	struct peek_assembly *a = calloc(1, sizeof(*a));
	struct peek_message m;
	struct span body;

	(void)state;
	assert_non_null(a);
	m = fragment(3, 4, 0, "ab");
	assert_false(peek_assemble(a, &m, &body));
	/* Another message_seq, another length: the old ones do not count. */
	m = fragment(4, 4, 2, "cd");
	assert_false(peek_assemble(a, &m, &body));
	m = fragment(4, 5, 0, "xy");
	assert_false(peek_assemble(a, &m, &body));
	m = fragment(4, 4, 0, "AB");
	assert_false(peek_assemble(a, &m, &body));
	m = fragment(4, 4, 2, "CD");
	assert_true(peek_assemble(a, &m, &body));
	assert_true(span_is(body, "ABCD"));
	/* Whole stays whole, and the first bytes stay. */
	m = fragment(4, 4, 0, "zz");
	assert_true(peek_assemble(a, &m, &body));
	assert_true(span_is(body, "ABCD"));
	/* Beyond what there is room for, and empty. */
	m = fragment(5, PEEK_KEY_EXCHANGE_MAX + 1, PEEK_KEY_EXCHANGE_MAX, "x");
	assert_false(peek_assemble(a, &m, &body));
	m = fragment(5, 0, 0, "");
	assert_false(peek_assemble(a, &m, &body));
	m = fragment(5, PEEK_KEY_EXCHANGE_MAX, PEEK_KEY_EXCHANGE_MAX - 1, "x");
	assert_false(peek_assemble(a, &m, &body));
	free(a);
}

static void
identities(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum rc rc;
		const char *identity;
	} rows[] = {
	    {"\0\1a", 3, RC_OK, "a"},
	    {"\0\4abcd", 6, RC_OK, "abcd"},
	    /* what follows is the key share of ECDHE-PSK */
	    {"\0\1abcd", 6, RC_OK, "a"},
	    {"\0\4\xc3\xa9\xc3\xa8", 6, RC_OK, "\xc3\xa9\xc3\xa8"},
	    {"\0\5abcde", 7, RC_DENIED, NULL},
	    {"\0\0", 2, RC_DENIED, NULL},
	    {"\0\0abc", 5, RC_DENIED, NULL},
	    {"\0\3a\0b", 5, RC_DENIED, NULL},
	    {"\0\1\0", 3, RC_DENIED, NULL},
	    {"\0\3a\0", 4, RC_MALFORMED, NULL},
	    {"\0\2a", 3, RC_MALFORMED, NULL},
	    {"\xff\xff"
	     "a",
		3, RC_MALFORMED, NULL},
	    {"\0", 1, RC_MALFORMED, NULL},
	    {"", 0, RC_MALFORMED, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span identity;

		assert_int_equal(
		    peek_identity(
			span_of(rows[i].bytes, rows[i].len), 4, &identity),
		    rows[i].rc);
		if (rows[i].identity)
			assert_true(span_is(identity, rows[i].identity));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_of_a_datagram),
	    cmocka_unit_test(records_of_dtls_13),
	    cmocka_unit_test(not_records),
	    cmocka_unit_test(records_with_a_connection_id),
	    cmocka_unit_test(messages_of_a_record),
	    cmocka_unit_test(not_messages),
	    cmocka_unit_test(hellos),
	    cmocka_unit_test(not_hellos),
	    cmocka_unit_test(hellos_cut_off),
	    cmocka_unit_test(fragments),
	    cmocka_unit_test(fragments_of_two_messages),
	    cmocka_unit_test(identities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
