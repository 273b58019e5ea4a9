#include "base/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>

typedef void (*encode_fn)(struct writer *w, struct span bytes);
typedef enum rc (*decode_fn)(struct writer *w, struct span text);

static void
expect_encoded(encode_fn encode, const char *bytes, const char *want)
{
	char buf[256];
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	encode(&w, span_str(bytes));
	assert_false(w.full);
	assert_true(span_is(writer_span(&w), want));
}

static void
expect_decoded(decode_fn decode, const char *text, const char *want)
{
	char buf[256];
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(decode(&w, span_str(text)), RC_OK);
	assert_true(span_is(writer_span(&w), want));
}

/* RFC 4648 section 10. */
static void
test_vectors_of_rfc_4648(void **state)
{
	static const struct {
		const char *plain, *base64, *base64url, *hex;
	} vectors[] = {
	    {"", "", "", ""},
	    {"f", "Zg==", "Zg", "66"},
	    {"fo", "Zm8=", "Zm8", "666f"},
	    {"foo", "Zm9v", "Zm9v", "666f6f"},
	    {"foob", "Zm9vYg==", "Zm9vYg", "666f6f62"},
	    {"fooba", "Zm9vYmE=", "Zm9vYmE", "666f6f6261"},
	    {"foobar", "Zm9vYmFy", "Zm9vYmFy", "666f6f626172"},
	    {"\xfb\xff\xfe", "+//+", "-__-", "fbfffe"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const char *plain = vectors[i].plain;

		expect_encoded(text_base64, plain, vectors[i].base64);
		expect_encoded(text_base64url, plain, vectors[i].base64url);
		expect_encoded(text_hex, plain, vectors[i].hex);
		expect_decoded(text_unbase64, vectors[i].base64, plain);
		expect_decoded(text_unbase64, vectors[i].base64url, plain);
		expect_decoded(text_unhex, vectors[i].hex, plain);
	}
	expect_decoded(text_unhex, "AbCdEF", "\xab\xcd\xef");
}

static void
test_every_byte_comes_back(void **state)
{
	static const encode_fn encoders[] = {
	    text_hex, text_base64, text_base64url};
	static const decode_fn decoders[] = {
	    text_unhex, text_unbase64, text_unbase64};
	uint8_t bytes[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (size_t codec = 0; codec < 3; codec++) {
		for (size_t from = 0; from < 4; from++) {
			struct span s = span_from(span_of(bytes, 256), from);
			uint8_t text[600], back[256];
			struct writer t, b;

			writer_init(&t, text, sizeof(text));
			encoders[codec](&t, s);
			writer_init(&b, back, s.len);
			assert_int_equal(
			    decoders[codec](&b, writer_span(&t)), RC_OK);
			assert_true(span_equal(writer_span(&b), s));
		}
	}
}

/* Each of the 256 characters in each place of a group. */
static void
test_alphabets_are_exact(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		bool in_base64 =
		    c && (isalnum(c) || strchr("+/-_", c)) && c < 128;

		for (size_t place = 0; place < 4; place++) {
			uint8_t text[4] = {'A', 'A', 'A', 'A'};
			uint8_t buf[3];
			struct writer w;
			enum rc rc;

			text[place] = (uint8_t)c;
			writer_init(&w, buf, sizeof(buf));
			rc = text_unbase64(&w, span_of(text, 4));
			/* "AAA=" is padding, and all it may be. */
			if (c == '=' && place == 3)
				assert_int_equal(w.len, 2);
			else
				assert_int_equal(
				    rc, in_base64 ? RC_OK : RC_MALFORMED);

			text[0] = text[1] = '0';
			text[place % 2] = (uint8_t)c;
			writer_init(&w, buf, sizeof(buf));
			assert_int_equal(text_unhex(&w, span_of(text, 2)),
			    c < 128 && isxdigit(c) ? RC_OK : RC_MALFORMED);
		}
	}
}

static void
test_text_that_is_refused(void **state)
{
	static const struct {
		decode_fn decode;
		const char *text;
	} cases[] = {
	    {text_unhex, "0"},
	    {text_unhex, "123"},
	    {text_unhex, "0x12"},
	    {text_unhex, "12 3"},
	    {text_unbase64, "A"},
	    {text_unbase64, "AAAAA"},
	    {text_unbase64, "="},
	    {text_unbase64, "===="},
	    {text_unbase64, "A==="},
	    {text_unbase64, "Zg="},
	    {text_unbase64, "Zm9v="},
	    {text_unbase64, "Zm9v===="},
	    {text_unbase64, "Zg==Zg=="},
	    {text_unbase64, "Zm8=\n"},
	    {text_unbase64, "Zm 9v"},
	    {text_unbase64, "+_AA"}, /* two alphabets */
	    {text_unbase64, "Zh=="}, /* spare bits set */
	    {text_unbase64, "Zh"},
	    {text_unbase64, "Zm9="},
	    {text_unbase64, "Zm9"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static const uint8_t zeros[16];
		uint8_t buf[17] = "k";
		struct writer w;

		/* What was there stays; nothing of the refused text does. */
		writer_init(&w, buf, sizeof(buf));
		w.len = 1;
		assert_int_equal(
		    cases[i].decode(&w, span_str(cases[i].text)), RC_MALFORMED);
		assert_int_equal(w.len, 1);
		assert_int_equal(buf[0], 'k');
		assert_memory_equal(buf + 1, zeros, sizeof(zeros));
		assert_false(w.full);
	}
}

static void
test_what_does_not_fit_is_not_begun(void **state)
{
	uint8_t buf[3] = "..";
	struct writer w;

	(void)state;
	writer_init(&w, buf, 2);
	assert_int_equal(text_unhex(&w, SPAN_LIT("010203")), RC_TOO_LARGE);
	writer_init(&w, buf, 2);
	assert_int_equal(text_unbase64(&w, SPAN_LIT("Zm9v")), RC_TOO_LARGE);
	writer_init(&w, buf, 2);
	text_base64(&w, SPAN_LIT("x"));
	assert_true(w.full);
	text_hex(&w, SPAN_LIT("x"));
	assert_string_equal((const char *)buf, "..");

	writer_init(&w, buf, 2);
	text_base64url(&w, SPAN_LIT("x"));
	assert_false(w.full);
	writer_init(&w, NULL, 0);
	assert_int_equal(text_unhex(&w, SPAN_LIT("")), RC_OK);
	assert_int_equal(text_unbase64(&w, SPAN_LIT("")), RC_OK);
}

static void
test_utf8(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
	    {"", true},
	    {"plain", true},
	    {"\xc3\xa9", true},
	    {"\xe2\x82\xac", true},
	    {"\xf0\x9f\x9a\xb0", true},
	    {"\xf4\x8f\xbf\xbf", true},
	    {"\xed\x9f\xbf", true},
	    {"\xee\x80\x80", true},
	    {"\x80", false}, /* a continuation alone */
	    {"\xc3", false}, /* cut */
	    {"\xe2\x82", false},
	    {"\xf0\x9f\x9a", false},
	    {"\xc3(", false}, /* not a continuation */
	    {"\xc0\xaf", false}, /* overlong */
	    {"\xc1\xbf", false},
	    {"\xe0\x9f\xbf", false},
	    {"\xf0\x8f\xbf\xbf", false},
	    {"\xed\xa0\x80", false}, /* surrogates */
	    {"\xed\xbf\xbf", false},
	    {"\xf4\x90\x80\x80", false}, /* above U+10FFFF */
	    {"\xf8\x88\x80\x80\x80", false},
	    {"\xff", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    text_utf8_valid(span_str(cases[i].text)), cases[i].valid);
	assert_false(text_utf8_valid(SPAN_LIT("a\0b")));
}

static void
test_printable(void **state)
{
	static const struct {
		const char *text;
		bool printable;
	} cases[] = {
	    {"", true},
	    {"urn:dev:ops:0057F2-WM200-1", true},
	    {"a b \"c\" \\", true},
	    {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xb0", true},
	    {"\xe2\x80\xaf", true}, /* U+202F, beside the ones that reorder */
	    {"\xc2\xa0", true}, /* a space that does not break */
	    {"a\nb", false},
	    {"\t", false},
	    {"\x1b[2J", false},
	    {"\x7f", false},
	    {"\xc2\x85", false}, /* C1: next line */
	    {"\xc2\xad", false}, /* soft hyphen */
	    {"a\xe2\x80\x8b", false}, /* no width */
	    {"\xe2\x80\xa8", false}, /* line separator */
	    {"a\xe2\x80\xae!", false}, /* U+202E: from right to left */
	    {"\xe2\x81\xa6", false},
	    {"\xef\xbb\xbf", false}, /* a mark of byte order */
	    {"\xf3\xa0\x81\x81", false}, /* a tag */
	    {"\xff", false}, /* no UTF-8 */
	    {"\xe2\x82", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(text_printable(span_str(cases[i].text)),
		    cases[i].printable);
	assert_false(text_printable(SPAN_LIT("a\0b")));
}

static void
test_quoting_leaves_nothing_to_obey(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", "\"\""},
	    {"urn:dev:ops:1", "\"urn:dev:ops:1\""},
	    {"say \"hi\" \\ bye", "\"say \\\"hi\\\" \\\\ bye\""},
	    {"a\b\f\n\r\tb", "\"a\\b\\f\\n\\r\\tb\""},
	    {"\x1b[2J", "\"\\u001b[2J\""},
	    {"\x7f", "\"\\u007f\""},
	    {"\xc3\xa9\xe2\x82\xac", "\"\xc3\xa9\xe2\x82\xac\""},
	    {"\xc2\x9b"
	     "31m",
		"\"\\u009b31m\""}, /* CSI as C1 */
	    {"\x9b"
	     "31m",
		"\"\\u009b31m\""}, /* and bare */
	    {"\xff\xc3", "\"\\u00ff\\u00c3\""},
	    {"\xe2\x80\xae"
	     "gpj",
		"\"\\u202egpj\""}, /* RLO */
	    {"\xe2\x81\xa6", "\"\\u2066\""},
	    {"\xe2\x80\x8e", "\"\\u200e\""},
	    {"\xe2\x80\xa8", "\"\\u2028\""}, /* line separator */
	    {"\xef\xbb\xbf", "\"\\ufeff\""},
	    {"\xf3\xa0\x81\x81", "\"\\udb40\\udc41\""}, /* a tag character */
	    {"\xf0\x9f\x9a\xb0", "\"\xf0\x9f\x9a\xb0\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_encoded(text_quote, cases[i].text, cases[i].want);
}

/* All bytes: printable ASCII is all that comes out, between two quotes. */
static void
test_quoting_of_any_byte(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		uint8_t byte = (uint8_t)c;
		char buf[16];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		text_quote(&w, span_of(&byte, 1));
		assert_false(w.full);
		for (size_t i = 0; i < w.len; i++)
			assert_in_range(buf[i], ' ', '~');
		for (size_t i = 1; i + 1 < w.len; i++)
			assert_true(buf[i] != '"' || buf[i - 1] == '\\');
	}
}

/* A quote that does not fit ends between characters, never inside one. */
static void
test_a_cut_quote_is_whole_characters(void **state)
{
	(void)state;
	for (size_t cap = 0; cap < 14; cap++) {
		char buf[16];
		struct writer w;

		writer_init(&w, buf, cap);
		text_quote(&w, SPAN_LIT("\xe2\x82\xac\n\x01\xc3\xa9"));
		assert_true(w.full);
		assert_true(text_utf8_valid(writer_span(&w)));
		assert_true(w.len == 0 || buf[w.len - 1] != '\\');
	}
}

static void
expect_field(struct span text, const char *want)
{
	char quoted[256], field[64];
	struct writer q, w;

	writer_init(&q, quoted, sizeof(quoted));
	text_quote(&q, text);
	assert_false(q.full);
	writer_init(&w, field, text.len * 6 + 2); /* as the header promises */
	text_csv(&w, writer_span(&q));
	assert_false(w.full);
	assert_int_equal(w.len, strlen(want));
	assert_memory_equal(field, want, w.len);
}

/* A field of CSV can neither end its line, nor itself, nor be a formula. */
static void
test_csv_leaves_nothing_to_obey(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", "\"\""},
	    {"urn:dev:ops:1", "\"urn:dev:ops:1\""},
	    {"a,b", "\"a,b\""},
	    {"say \"a\"", "\"say \\\"\"a\\\"\"\""},
	    {"\"", "\"\\\"\"\""},
	    {"a\r\nb", "\"a\\r\\nb\""},
	    {"=1+1", "\"\\u003d1+1\""},
	    {"+1", "\"\\u002b1\""},
	    {"-1", "\"\\u002d1\""},
	    {"@", "\"\\u0040\""},
	    {"\t=1", "\"\\t=1\""},
	    {"1=1", "\"1=1\""},
	    {"====", "\"\\u003d===\""},
	};
	char buf[4];
	struct writer w;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_field(span_str(cases[i].text), cases[i].want);
	/* what is no quoted text is an empty field, not memory before it */
	writer_init(&w, buf, sizeof(buf));
	text_csv(&w, SPAN_LIT("="));
	text_csv(&w, (struct span){0});
	assert_int_equal(w.len, 4);
	assert_memory_equal(buf, "\"\"\"\"", 4);
}

static void
what_a_peer_has_named_is_cut_between_characters(void **state)
{
	static const struct {
		const char *text;
		size_t characters, bytes, kept;
	} cases[] = {
	    {"", 4, 4, 0},
	    {"abc", 4, 4, 3},
	    {"abcd", 4, 4, 4},
	    {"abcde", 4, 9, 4},
	    {"abcde", 9, 4, 4},
	    {"abc", 0, 9, 0},
	    {"abc", 9, 0, 0},
	    {"\xc3\xa4\xc3\xb6", 1, 9, 2},
	    {"\xc3\xa4\xc3\xb6", 9, 3, 2},
	    {"\xc3\xa4\xc3\xb6", 9, 1, 0},
	    {"a\xf0\x9f\x94\x91", 9, 4, 1},
	    {"a\xf0\x9f\x94\x91", 2, 5, 5},
	    /* no UTF-8: each byte is one */
	    {"\x80\x80\x80\x80", 3, 9, 3},
	    {"\xff\xc3", 9, 9, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span all = span_str(cases[i].text);
		struct span cut =
		    text_cut(all, cases[i].characters, cases[i].bytes);

		assert_int_equal(cut.len, cases[i].kept);
		assert_true(cut.len == 0 || cut.p == all.p);
	}
}

static void
test_unquote(void **state)
{
	static const struct {
		const char *quoted;
		const char *plain; /* NULL: malformed */
	} cases[] = {
	    {"\"\"", ""},
	    {"\"urn:dev:ops:1\"", "urn:dev:ops:1"},
	    {"\"a\\\"b\\\\c\\/d\\n\\t\"", "a\"b\\c/d\n\t"},
	    {"\"\\u003d1\"", "=1"},
	    {"\"\\u00fc\\u20ac\"", "\xc3\xbc\xe2\x82\xac"},
	    {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
	    {"\"", NULL},
	    {"", NULL},
	    {"abc", NULL},
	    {"\"a\"b\"", NULL},
	    {"\"a\\\"", NULL},
	    {"\"\\x\"", NULL},
	    {"\"\\u12\"", NULL},
	    {"\"\\ud83d\"", NULL},
	    {"\"\\ude00\"", NULL},
	    {"\"a\nb\"", NULL},
	};
	const struct span odd = SPAN_LIT("\x1b[2J\"\\ \xc3\xbc\xe2\x80\xae,=");
	char buf[64], back[64];
	struct writer w, b;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		writer_init(&w, buf, sizeof(buf));
		writer_str(&w, "x");
		assert_int_equal(text_unquote(&w, span_str(cases[i].quoted)),
		    cases[i].plain ? RC_OK : RC_MALFORMED);
		if (!span_is(span_from(writer_span(&w), 1),
			cases[i].plain ? cases[i].plain : ""))
			fail_msg("%s", cases[i].quoted);
	}
	writer_init(&w, buf, sizeof(buf));
	writer_init(&b, back, sizeof(back));
	text_quote(&w, odd);
	assert_int_equal(text_unquote(&b, writer_span(&w)), RC_OK);
	assert_true(span_equal(writer_span(&b), odd));
	writer_init(&b, back, 3);
	assert_int_equal(text_unquote(&b, writer_span(&w)), RC_TOO_LARGE);
	assert_int_equal(b.len, 0);
	assert_false(b.full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unquote),
	    cmocka_unit_test(what_a_peer_has_named_is_cut_between_characters),
	    cmocka_unit_test(test_vectors_of_rfc_4648),
	    cmocka_unit_test(test_every_byte_comes_back),
	    cmocka_unit_test(test_alphabets_are_exact),
	    cmocka_unit_test(test_text_that_is_refused),
	    cmocka_unit_test(test_what_does_not_fit_is_not_begun),
	    cmocka_unit_test(test_utf8),
	    cmocka_unit_test(test_printable),
	    cmocka_unit_test(test_quoting_leaves_nothing_to_obey),
	    cmocka_unit_test(test_quoting_of_any_byte),
	    cmocka_unit_test(test_a_cut_quote_is_whole_characters),
	    cmocka_unit_test(test_csv_leaves_nothing_to_obey),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
