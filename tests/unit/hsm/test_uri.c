#include "hsm/hsm_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_every_attribute(void **state)
{
	struct hsm_error err = {0};
	struct hsm_uri u;

	(void)state;
	assert_int_equal(
	    hsm_uri_parse("pkcs11:model=SoftHSM%20v2;token=boot%2Fstrap;"
			  "serial=1a2b;manufacturer=A%3BB;object=ca:1;"
			  "type=secret-key;id=%00%FFa",
		&u, &err),
	    RC_OK);
	assert_string_equal(u.model, "SoftHSM v2");
	assert_string_equal(u.token, "boot/strap");
	assert_string_equal(u.serial, "1a2b");
	assert_string_equal(u.manufacturer, "A;B");
	assert_string_equal(u.object, "ca:1");
	assert_string_equal(u.type, "secret-key");
	assert_int_equal(u.id_len, 3);
	assert_memory_equal(u.id,
	    "\0\xff"
	    "a",
	    3);
}

static void
test_scheme_in_any_case(void **state)
{
	struct hsm_error err;
	struct hsm_uri u;

	(void)state;
	assert_int_equal(hsm_uri_parse("PKCS11:token=b", &u, &err), RC_OK);
	assert_string_equal(u.token, "b");
	assert_string_equal(u.serial, "");
	assert_int_equal(u.id_len, 0);
}

static void
test_longest_values(void **state)
{
	struct hsm_error err;
	struct hsm_uri u;

	(void)state;
	assert_int_equal(
	    hsm_uri_parse("pkcs11:token=%30123456789abcdef0123456789abcdef;"
			  "serial=0123456789abcdef",
		&u, &err),
	    RC_OK);
	assert_string_equal(u.token, "0123456789abcdef0123456789abcdef");
	assert_int_equal(
	    hsm_uri_parse(
		"pkcs11:token=0123456789abcdef0123456789abcdef+", &u, &err),
	    RC_CONFIG);
	assert_int_equal(
	    hsm_uri_parse("pkcs11:serial=0123456789abcdef0", &u, &err),
	    RC_CONFIG);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *says; /* part of the message */
	} cases[] = {
	    {NULL, "no \"pkcs11:\""},
	    {"", "no \"pkcs11:\""},
	    {"token=bootstrap", "no \"pkcs11:\""},
	    {"pkcs11", "no \"pkcs11:\""},
	    {"pkcs11:", "no name=value"},
	    {"pkcs11:token", "no name=value in \"token\""},
	    {"pkcs11:token=", "no value"},
	    {"pkcs11:=b", "unknown attribute \"\""},
	    {"pkcs11:;token=b", "no name=value"},
	    {"pkcs11:token=b;", "no name=value"},
	    {"pkcs11:token=b;;serial=1", "no name=value"},
	    {"pkcs11:token=a;token=b", "twice the attribute \"token\""},
	    {"pkcs11:token=a;serial=1;token=a", "twice the attribute"},
	    {"pkcs11:id=%01;id=%02", "twice the attribute \"id\""},
	    {"pkcs11:Token=a", "unknown attribute \"Token\""},
	    {"pkcs11:slot-id=3", "unknown attribute \"slot-id\""},
	    {"pkcs11:x-vendor=3", "unknown attribute"},
	    {"pkcs11:pin-value=1", "unknown attribute"},
	    {"pkcs11:token=a%", "bad character"},
	    {"pkcs11:token=a%4", "bad character"},
	    {"pkcs11:token=a%zz", "bad character"},
	    {"pkcs11:token=%4z", "bad character"},
	    {"pkcs11:token=a b", "bad character"},
	    {"pkcs11:token=a/b", "bad character"},
	    {"pkcs11:token=a\"b", "bad character"},
	    {"pkcs11:token=\xc3\xa4", "bad character"},
	    {"pkcs11:token=a\n", "bad character"},
	    {"pkcs11:token=a%00b", "NUL"},
	    {"pkcs11:token=%ff", "not UTF-8"},
	    {"pkcs11:token=b;type=key", "unknown type"},
	    {"pkcs11:token=b;object=", "no value"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hsm_error err = {0};
		struct hsm_uri u;

		if (hsm_uri_parse(cases[i].text, &u, &err) != RC_CONFIG)
			fail_msg("taken: %s", cases[i].text);
		if (!strstr(err.text, cases[i].says))
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_true(err.remedy[0] != '\0');
		/* One line, whatever the input was. */
		assert_null(strchr(err.text, '\n'));
	}
}

/* A PIN in the wrong place is not repeated into a log. */
static void
test_query_is_refused_unseen(void **state)
{
	static const char *const cases[] = {
	    "pkcs11:token=b?pin-value=4711",
	    "pkcs11:token=b?pin-source=/etc/4711",
	    "pkcs11:?pin-value=4711",
	    "pkcs11:token=b?",
	    "pkcs11:nonsense?pin-value=4711",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hsm_error err = {0};
		struct hsm_uri u;

		assert_int_equal(hsm_uri_parse(cases[i], &u, &err), RC_CONFIG);
		assert_null(strstr(err.text, "4711"));
		assert_null(strstr(err.remedy, "4711"));
		assert_non_null(strstr(err.remedy, "hsm.pin"));
	}
}

static void
test_endless_text_is_cut_in_the_message(void **state)
{
	struct hsm_error err = {0};
	struct hsm_uri u;
	char text[5000];

	(void)state;
	memset(text, '\a', sizeof(text));
	memcpy(text, "pkcs11:token=", 13);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(hsm_uri_parse(text, &u, &err), RC_CONFIG);
	assert_true(strlen(err.text) < sizeof(err.text) - 1);
	assert_null(strchr(err.text, '\a'));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_attribute),
	    cmocka_unit_test(test_scheme_in_any_case),
	    cmocka_unit_test(test_longest_values),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_query_is_refused_unseen),
	    cmocka_unit_test(test_endless_text_is_cut_in_the_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
