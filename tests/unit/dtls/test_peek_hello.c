/* What the ClientHello says before anybody is trusted with it. */
#include "dtls/peek.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define RANDOM "0123456789abcdef0123456789abcdef"

static uint8_t bytes[1024];

/* A record of one ClientHello with these extensions, whose length is put in
 * front unless `lie` is added to it. */
static struct peek_record
hello_of(struct span extensions, size_t lie)
{
	struct peek_record r = {.type = PEEK_HANDSHAKE};
	size_t len = 2 + 32 + 1 + 1 + 3 + 4 + 4 + 2 + 2 + extensions.len;
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	writer_be(&w, PEEK_CLIENT_HELLO, 1);
	writer_be(&w, len, 3);
	writer_be(&w, 1, 2); /* message_seq */
	writer_be(&w, 0, 3);
	writer_be(&w, len, 3);
	writer_be(&w, 0xfefd, 2);
	writer_put(&w, SPAN_LIT(RANDOM));
	writer_put(&w, SPAN_LIT("\0\3cky")); /* session, cookie */
	writer_put(&w, SPAN_LIT("\0\4\xc0\xa8\x13\x01")); /* suites */
	writer_put(&w, SPAN_LIT("\1\0")); /* compression */
	writer_be(&w, extensions.len + lie, 2);
	writer_put(&w, extensions);
	assert_false(w.full);
	r.body = writer_span(&w);
	/* The length above has counted a few that vary: set it right. */
	len = r.body.len - 12;
	bytes[3] = bytes[11] = (uint8_t)len;
	bytes[2] = bytes[10] = (uint8_t)(len >> 8);
	return r;
}

static struct peek_hello
good(struct span extensions)
{
	struct peek_record r = hello_of(extensions, 0);
	struct peek_hello h;

	assert_int_equal(peek_hello(&r, &h), RC_OK);
	assert_true(span_is(h.random, RANDOM));
	assert_true(span_is(h.cookie, "cky"));
	assert_int_equal(h.suites.len, 4);
	assert_int_equal(h.seq, 1);
	return h;
}

static void
nothing_of_ours(void **state)
{
	/* extended_master_secret, and something new */
	struct peek_hello h = good(SPAN_LIT("\0\x17\0\0\x77\x77\0\3abc"));

	(void)state;
	assert_int_equal(h.server_name.len, 0);
	assert_false(h.raw_key || h.version_13 || h.psk);
	assert_int_equal(h.cookie_13.len, 0);
	h = good(SPAN_LIT(""));
	assert_false(h.raw_key || h.version_13 || h.psk);
}

static void
names(void **state)
{
	struct peek_hello h = good(SPAN_LIT("\0\0\0\x0f\0\x0d\0\0\x0a"
					    "bs.example"));

	(void)state;
	assert_true(span_is(h.server_name, "bs.example"));
	/* A name of another kind before it. */
	h = good(SPAN_LIT("\0\0\0\x0b\0\x09\7\0\1x\0\0\2"
			  "bs"));
	assert_true(span_is(h.server_name, "bs"));
}

/* RFC 7250, as the stacks put it: server types are extension 20, client types
 * 19. */
static void
who_wants_a_raw_key(void **state)
{
	static const struct {
		const char *what;
		const char *bytes;
		size_t len;
		bool raw;
	} rows[] = {
#define ROW(what, bytes, raw) {what, bytes, sizeof(bytes) - 1, raw}
	    ROW("raw alone", "\0\x14\0\2\1\2", true),
	    ROW("raw first", "\0\x14\0\3\2\2\0", true),
	    ROW("X.509 first", "\0\x14\0\3\2\0\2", false),
	    ROW("X.509 alone", "\0\x14\0\2\1\0", false),
	    ROW("X.509 first, but it has a raw one itself",
		"\0\x13\0\2\1\2\0\x14\0\3\2\0\2", true),
	    ROW("the same, the other way round",
		"\0\x14\0\3\2\0\2\0\x13\0\2\1\2", true),
	    ROW("all kinds, X.509 first", "\0\x13\0\3\2\0\2\0\x14\0\3\2\0\2",
		false),
	    ROW("a raw one itself, and of ours nothing said", "\0\x13\0\2\1\2",
		false),
	    ROW("a raw one itself, and a certificate of ours",
		"\0\x13\0\2\1\2\0\x14\0\2\1\0", false),
	    ROW("OpenPGP before it", "\0\x14\0\3\2\1\2", true),
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (good(span_of(rows[i].bytes, rows[i].len)).raw_key !=
		    rows[i].raw)
			fail_msg("%s", rows[i].what);
}

/* RFC 9146 3. */
static void
connection_ids(void **state)
{
	struct peek_hello h = good(SPAN_LIT("\0\x17\0\0"));

	(void)state;
	assert_false(h.takes_cid);
	h = good(SPAN_LIT("\0\x36\0\1\0"));
	assert_true(h.takes_cid);
	assert_int_equal(h.cid.len, 0);
	h = good(SPAN_LIT("\0\x36\0\4\3abc\0\x17\0\0"));
	assert_true(h.takes_cid);
	assert_true(span_is(h.cid, "abc"));
}

static void
dtls_13(void **state)
{
	struct peek_hello h = good(SPAN_LIT("\0\x2b\0\5\4\xfe\xfd\xfe\xfc"));

	(void)state;
	assert_true(h.version_13);
	assert_false(h.psk);
	h = good(SPAN_LIT("\0\x2b\0\3\2\xfe\xfd"));
	assert_false(h.version_13);
	h = good(SPAN_LIT("\0\x2b\0\3\2\xfe\xfc\0\x2c\0\5\0\3abc"));
	assert_int_equal(h.cookie_13.len, 5);
}

#define BINDER "\x20" RANDOM

static void
an_identity(void **state)
{
	struct peek_hello h = good(SPAN_LIT("\0\x29\0\x32"
					    "\0\x0d\0\7a-meter\0\0\0\0"
					    "\0\x21" BINDER));

	(void)state;
	assert_true(h.psk);
	assert_true(span_is(h.identity, "a-meter"));
	/* Of two the first. */
	h = good(SPAN_LIT("\0\x29\0\x56"
			  "\0\x10\0\1a\0\0\0\0\0\3b\0c\0\0\0\0"
			  "\0\x42" BINDER BINDER));
	assert_true(span_is(h.identity, "a"));
}

static void
malformed(void **state)
{
	static const struct {
		const char *what;
		const char *bytes;
		size_t len;
	} rows[] = {
#define ROW(what, bytes) {what, bytes, sizeof(bytes) - 1}
	    ROW("a header cut off", "\0\x17\0"),
	    ROW("a body cut off", "\0\x17\0\2x"),
	    ROW("a name longer than its list", "\0\0\0\6\0\4\0\0\2x"),
	    ROW("a list longer than its extension", "\0\0\0\6\0\5\0\0\1x"),
	    ROW("a list shorter than it", "\0\0\0\7\0\4\0\0\1xy"),
	    ROW("an empty name", "\0\0\0\5\0\3\0\0\0"),
	    ROW("two names", "\0\0\0\x0a\0\x08\0\0\1x\0\0\1y"),
	    ROW("server_name twice", "\0\0\0\2\0\0\0\0\0\2\0\0"),
	    ROW("no certificate types", "\0\x14\0\1\0"),
	    ROW("nothing at all of them", "\0\x14\0\0"),
	    ROW("more types than said", "\0\x13\0\3\1\2\0"),
	    ROW("half a version", "\0\x2b\0\2\1\xfe"),
	    ROW("no version", "\0\x2b\0\1\0"),
	    ROW("an empty cookie", "\0\x2c\0\2\0\0"),
	    ROW("a Connection ID without its length", "\0\x36\0\0"),
	    ROW("a Connection ID beyond its end", "\0\x36\0\3\3ab"),
	    ROW("more than a Connection ID", "\0\x36\0\3\1ab"),
	    ROW("two Connection IDs", "\0\x36\0\1\0\0\x36\0\1\0"),
	    ROW("no identity", "\0\x29\0\x25\0\0\0\x21" BINDER),
	    ROW("an empty identity",
		"\0\x29\0\x2b\0\6\0\0\0\0\0\0\0\x21" BINDER),
	    ROW("an identity without its age",
		"\0\x29\0\x2a\0\5\0\3abc\0\x21" BINDER),
	    ROW("no binder", "\0\x29\0\x0b\0\7\0\1a\0\0\0\0\0\0"),
	    ROW("a short binder", "\0\x29\0\x0e\0\7\0\1a\0\0\0\0\0\3\2xy"),
	    ROW("two binders for one",
		"\0\x29\0\x4d\0\7\0\1a\0\0\0\0\0\x42" BINDER BINDER),
	    ROW("pre_shared_key is not the last",
		"\0\x29\0\x2c\0\7\0\1a\0\0\0\0\0\x21" BINDER "\0\x17\0\0"),
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peek_record r =
		    hello_of(span_of(rows[i].bytes, rows[i].len), 0);
		struct peek_hello h;

		if (peek_hello(&r, &h) != RC_MALFORMED)
			fail_msg("taken: %s", rows[i].what);
	}
	for (size_t lie = 1; lie < 3; lie++) {
		struct peek_record r = hello_of(SPAN_LIT("\0\x17\0\0"), lie);
		struct peek_hello h;

		assert_int_equal(peek_hello(&r, &h), RC_MALFORMED);
	}
}

/* Whatever is cut off or turned over, what is borrowed lies in the input. */
static void
cut_and_turned(void **state)
{
	struct span all = SPAN_LIT("\0\0\0\7\0\5\0\0\2"
				   "bs"
				   "\0\x13\0\2\1\2\0\x14\0\3\2\0\2"
				   "\0\x2b\0\3\2\xfe\xfc"
				   "\0\x29\0\x2c\0\7\0\1a\0\0\0\0"
				   "\0\x21" BINDER);
	uint8_t copy[256];

	(void)state;
	assert_true(good(all).psk);
	for (size_t len = 0; len < all.len; len++)
		for (size_t at = 0; at < all.len; at++) {
			struct peek_record r;
			struct peek_hello h;

			memcpy(copy, all.p, all.len);
			copy[at] ^= (uint8_t)(1u << len % 8);
			r = hello_of(span_of(copy, len + 1), 0);
			if (peek_hello(&r, &h) != RC_OK || !h.identity.len)
				continue;
			assert_true(h.identity.p >= bytes &&
			    h.identity.p + h.identity.len <=
				bytes + sizeof(bytes));
		}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_of_ours),
	    cmocka_unit_test(names),
	    cmocka_unit_test(who_wants_a_raw_key),
	    cmocka_unit_test(connection_ids),
	    cmocka_unit_test(dtls_13),
	    cmocka_unit_test(an_identity),
	    cmocka_unit_test(malformed),
	    cmocka_unit_test(cut_and_turned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
