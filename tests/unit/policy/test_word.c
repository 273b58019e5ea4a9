#include "policy/word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Each text and the start of what is wrong with it; NULL: nothing. */
struct vector {
	const char *text, *wrong;
};

static void
check(word_check fn, const struct vector *t, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *got = fn(span_str(t[i].text));

		if (!got != !t[i].wrong ||
		    (got && strncmp(got, t[i].wrong, strlen(t[i].wrong)) != 0))
			fail_msg("%s: %s", t[i].text, got ? got : "passes");
	}
}

#define CHECK(fn, t) check((fn), (t), sizeof(t) / sizeof((t)[0]))
#define X8 "xxxxxxxx"
#define X64 X8 X8 X8 X8 X8 X8 X8 X8
#define X256 X64 X64 X64 X64

static void
test_names(void **state)
{
	static const struct vector t[] = {
	    {"factory-2026", NULL},
	    {"A.b_c-9", NULL},
	    {X64, NULL},
	    {X64 "x", "a name"},
	    {"", "a name"},
	    {"a b", "a name"},
	    {"a/b", "a name"},
	    {"\xc3\xbc", "a name"},
	};

	(void)state;
	CHECK(word_name, t);
}

static void
test_labels(void **state)
{
	static const struct vector t[] = {
	    {"Fleet key 2026 (\xc3\xbc)", NULL},
	    {X64, NULL},
	    {X64 "x", "the label"},
	    {"", "the label"},
	    {"a\nb", "the label"},
	};

	(void)state;
	CHECK(word_label, t);
	assert_true(
	    word_is_hex_key(SPAN_LIT("00112233445566778899aabbccddeeFF")));
	assert_false(
	    word_is_hex_key(SPAN_LIT("00112233445566778899aabbccddeeF")));
	assert_false(word_is_hex_key(
	    SPAN_LIT("fleet-key-2026-for-meters-in-the-north")));
}

static void
test_globs(void **state)
{
	static const struct vector t[] = {
	    {"*", NULL},
	    {"urn:dev:ops:0057F2-*", NULL},
	    {"", "a pattern"},
	    {"a\x1b*", "a pattern"},
	    {X256, "a pattern"},
	};

	(void)state;
	CHECK(word_glob, t);
}

static void
test_templates_name_the_endpoint_once(void **state)
{
	static const struct vector t[] = {
	    {"{endpoint}", NULL},
	    {"a-{endpoint}-b", NULL},
	    {"", "{endpoint} has to stand"},
	    {"constant", "{endpoint} has to stand"},
	    {"{endpoint}{endpoint}", "{endpoint} has to stand"},
	    {"{serial}-{endpoint}", "{endpoint} is the only"},
	    {"{endpoint", "{endpoint} is the only"},
	    {"}{endpoint}", "{endpoint} is the only"},
	    {"{{endpoint}}", "{endpoint} is the only"},
	    {X64 X64 "{endpoint}", "a PSK identity has at most 128"},
	    {"\t{endpoint}", "a control character"},
	};

	(void)state;
	CHECK(word_template, t);
}

static void
test_bindings(void **state)
{
	static const struct vector t[] = {
	    {"U", NULL},
	    {"UQ", NULL},
	    {"UQS", NULL},
	    {"UTSNMH", NULL},
	    {"", "a binding names"},
	    {"Q", "a binding names"},
	    {"UU", "a binding is"},
	    {"u", "a binding is"},
	    {"UX", "a binding is"},
	};

	(void)state;
	CHECK(word_binding, t);
}

static void
test_uris(void **state)
{
	static const struct vector t[] = {
	    {"coaps://eu1.lwm2m.example:5684", NULL},
	    {"coap://192.0.2.1", NULL},
	    {"coaps://[2001:db8::1]:5684", NULL},
	    {"coaps://[2001:db8::1]", NULL},
	    {"coaps://h/path?query=1", NULL},
	    {"coaps://h?q", NULL},
	    {"coaps://h/a%20b", NULL},
	    {"", "a URI is expected"},
	    {"h:5684", "a URI is expected"},
	    {"coaps:h", "a URI is expected"},
	    {"://h", "a URI is expected"},
	    {"coaps://", "a URI needs a host"},
	    {"coaps://:5684", "a URI needs a host"},
	    {"coaps:///path", "a URI needs a host"},
	    {"coaps://[::1", "a URI needs a host"},
	    {"coaps://[]", "a URI needs a host"},
	    {"coaps://[h]", "a URI needs a host"},
	    {"coaps://user@h", "a CoAP URI has no user"},
	    {"coaps://user:pw@h", "a CoAP URI has no user"},
	    {"coaps://h:0", "the port"},
	    {"coaps://h:65536", "the port"},
	    {"coaps://h:", "the port"},
	    {"coaps://h:05684", "the port"},
	    {"coaps://h:5684x", "behind the host"},
	    {"coaps://h#f", "behind the host"},
	    {"coaps://h/#f", "a character"},
	    {"coaps://h/{endpoint}", "a character"},
	    {"coaps://h/a b", "a character"},
	    {"coaps://h/\xc3\xbc", "a character"},
	    {"coaps://a b", "behind the host"},
	    {"coaps://h/%2", "a %"},
	    {"coaps://h%zz", "a %"},
	    {"coaps://" X256, "a server's URI has at most 255"},
	};

	(void)state;
	CHECK(word_uri, t);
}

static void
test_schemes(void **state)
{
	(void)state;
	assert_int_equal(word_scheme(SPAN_LIT("coap://h")), SCHEME_COAP);
	assert_int_equal(word_scheme(SPAN_LIT("coaps://h")), SCHEME_COAPS);
	assert_int_equal(word_scheme(SPAN_LIT("coap+tcp://h")), SCHEME_TCP);
	assert_int_equal(word_scheme(SPAN_LIT("coaps+tcp://h")), SCHEME_TLS);
	assert_int_equal(word_scheme(SPAN_LIT("http://h")), SCHEME_OTHER);
	assert_int_equal(word_scheme(SPAN_LIT("coap:h")), SCHEME_OTHER);
	assert_int_equal(word_scheme(SPAN_LIT("")), SCHEME_OTHER);
}

static void
test_descriptions_are_one_line(void **state)
{
	static const struct vector t[] = {
	    {"", NULL},
	    {"Z\xc3\xa4hler 2026", NULL},
	    {"two\nlines", "a description"},
	    {X256 X256 X256 X256, "a description"},
	};

	(void)state;
	CHECK(word_description, t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_labels),
	    cmocka_unit_test(test_globs),
	    cmocka_unit_test(test_templates_name_the_endpoint_once),
	    cmocka_unit_test(test_bindings),
	    cmocka_unit_test(test_uris),
	    cmocka_unit_test(test_schemes),
	    cmocka_unit_test(test_descriptions_are_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
