/* Alternative names of a certificate in a row: what goes in comes out again,
 * and no peer makes a row long. */
#include "issue/san_text.h"

#include "hsm/cert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* GeneralNames without the SEQUENCE around them, as cert_name_next reads them */
struct names {
	uint8_t der[8192];
	size_t len;
};

static void
add(struct names *n, unsigned kind, struct span value)
{
	n->der[n->len++] = (uint8_t)(0x80 | kind);
	if (value.len > 0xff) {
		n->der[n->len++] = 0x82;
		n->der[n->len++] = (uint8_t)(value.len >> 8);
	} else if (value.len > 0x7f) {
		n->der[n->len++] = 0x81;
	}
	n->der[n->len++] = (uint8_t)value.len;
	memcpy(n->der + n->len, value.p, value.len);
	n->len += value.len;
}

static struct span
words_of(const struct names *n)
{
	static uint8_t text[SAN_TEXT_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	san_text(&w, span_of(n->der, n->len));
	assert_false(w.full);
	return writer_span(&w);
}

static void
host_names_and_uris_come_out_again(void **state)
{
	struct names n = {.len = 0};
	struct span words, name;

	(void)state;
	add(&n, CERT_NAME_DNS, SPAN_LIT("meter-7.example"));
	add(&n, 7, SPAN_LIT("\300\0\2\1")); /* an address: none looks at it */
	add(&n, CERT_NAME_URI, SPAN_LIT("urn:dev:ops:7"));
	words = words_of(&n);
	assert_true(span_is(words, "DNS:meter-7.example URI:urn:dev:ops:7"));
	assert_true(span_is(san_text_urn(words), "urn:dev:ops:7"));
	assert_true(san_text_next(&words, &name));
	assert_true(span_is(name, "meter-7.example"));
	assert_true(san_text_next(&words, &name));
	assert_true(span_is(name, "urn:dev:ops:7"));
	assert_false(san_text_next(&words, &name));
	assert_int_equal(words_of(&(struct names){.len = 0}).len, 0);
}

static void
two_urns_say_not_who_it_is(void **state)
{
	struct names n = {.len = 0};

	(void)state;
	add(&n, CERT_NAME_URI, SPAN_LIT("urn:a"));
	add(&n, CERT_NAME_URI, SPAN_LIT("coaps://urn:x"));
	assert_true(span_is(san_text_urn(words_of(&n)), "urn:a"));
	add(&n, CERT_NAME_URI, SPAN_LIT("urn:b"));
	assert_int_equal(san_text_urn(words_of(&n)).len, 0);
}

/* a name with a space would be two, and one with a line end a row's forgery */
static void
names_that_are_no_word_are_left_out(void **state)
{
	static const struct {
		const char *name;
		size_t len;
	} bad[] = {{"a URI:urn:forged", 16}, {"a\nb", 3}, {"", 0},
	    {"\xc3\xa4", 2}, {"a\0b", 3}};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct names n = {.len = 0};
		struct span words, name;

		add(&n, CERT_NAME_DNS, span_of(bad[i].name, bad[i].len));
		add(&n, CERT_NAME_URI, SPAN_LIT("urn:mine"));
		words = words_of(&n);
		assert_true(span_is(words, "URI:urn:mine ..."));
		/* the one that was left out may have been another */
		assert_int_equal(san_text_urn(words).len, 0);
		assert_true(san_text_next(&words, &name));
		assert_false(san_text_next(&words, &name));
	}
}

static void
a_row_stays_short(void **state)
{
	static uint8_t name[1200];
	struct names n = {.len = 0};
	struct span words;

	(void)state;
	memset(name, 'a', sizeof(name));
	for (size_t len = 100; len < 500; len += 50)
		add(&n, CERT_NAME_DNS, span_of(name, len));
	words = words_of(&n);
	assert_true(words.len <= SAN_TEXT_MAX);
	assert_memory_equal(words.p + words.len - 4, " ...", 4);
	/* one that fits behind one that does not */
	n.len = 0;
	add(&n, CERT_NAME_DNS, span_of(name, sizeof(name)));
	add(&n, CERT_NAME_DNS, span_of(name, 1015));
	assert_int_equal(words_of(&n).len, 4 + 1015 + 4);
	n.len = 0;
	add(&n, CERT_NAME_DNS, span_of(name, 1016));
	assert_true(span_is(words_of(&n), "..."));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(host_names_and_uris_come_out_again),
	    cmocka_unit_test(two_urns_say_not_who_it_is),
	    cmocka_unit_test(names_that_are_no_word_are_left_out),
	    cmocka_unit_test(a_row_stays_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
