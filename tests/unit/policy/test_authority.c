/* CAs whose keys are in the token. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

/* So that each is used by somebody. */
#define USED(ca) \
	"---\n" \
	"identity: i\n" \
	"certificate:\n" \
	"  issue: {ca: " ca "}\n" \
	"  server_certificate: {file: server.pem}\n" \
	"---\n" \
	"policy: p\n" \
	"servers: []\n"

static void
test_an_authority(void **state)
{
	struct policy_set *s = loaded_files(
	    "# first a comment\n"
	    "authority: device-ca\n"
	    "certificate: ca.pem\n"
	    "key: \"pkcs11:object=ca%202026;id=%01%ff;type=private\"\n" USED(
		"device-ca"));
	const struct policy_authority *a = s->authorities;

	(void)state;
	assert_int_equal(s->authority_count, 1);
	assert_string_equal(a->name, "device-ca");
	assert_int_equal(a->place.line, 2);
	assert_string_equal(a->certificate.name, "ca.pem");
	assert_int_equal(a->certificate.place.line, 3);
	assert_true(span_is(a->certificate.bytes, "the CA"));
	assert_string_equal(
	    a->key, "pkcs11:object=ca%202026;id=%01%ff;type=private");
	assert_ptr_equal(identity_at(s, 0)->issue.ca, a);
	policy_set_unref(s);
}

static void
test_the_key_has_the_name_of_the_authority(void **state)
{
	struct policy_set *s =
	    loaded_files("authority: meters_2026.1\n"
			 "certificate: ca.pem\n" USED("meters_2026.1"));

	(void)state;
	assert_string_equal(
	    s->authorities[0].key, "pkcs11:object=meters_2026.1");
	policy_set_unref(s);
}

static void
test_what_is_wrong_with_one(void **state)
{
	(void)state;
	expect_files("authority: \"a b\"\n"
		     "certificate: none.pem\n"
		     "kye: x\n"
		     "---\n"
		     "authority: b\n"
		     "key: {pkcs11: x}\n"
		     "---\n"
		     "policy: p\n"
		     "servers: []\n",
	    "1:12: error: authority: \"a b\": a name is 1 to 64 letters, "
	    "digits, '.', '_' or '-'\n"
	    "2:14: error: certificate: \"none.pem\" cannot be read: No such "
	    "file or directory\n"
	    "3:1: error: kye: unknown key; did you mean `key`?\n"
	    "5:1: error: `certificate:` is missing\n"
	    "5:1: warning: no `issue:` names this authority\n"
	    "6:6: error: key: a single value is expected, found a map (text "
	    "that begins with { goes in quotes)\n");
}

/* A PIN in a URI is a secret in clear, and so is what is no URI at all. */
static void
test_no_pin_stands_beside_a_key(void **state)
{
	static const char *const keys[] = {
	    "\"pkcs11:object=ca?pin-value=1234\"",
	    "\"pkcs11:object=ca?pin-source=file:/x\"", "c0ffee"};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text),
		    "authority: ca\n"
		    "certificate: ca.pem\n"
		    "key: %s\n" USED("ca"),
		    keys[i]);
		expect_files(text,
		    "3:6: error: key: a secret in clear; take it out of this "
		    "file (and out of its history) and keep a master key in "
		    "the token: {derive: LABEL, epoch: N}\n");
	}
}

static void
test_the_token_is_not_named_here(void **state)
{
	(void)state;
	expect_files("authority: ca\n"
		     "certificate: ca.pem\n"
		     "key: \"pkcs11:token=t;object=ca\"\n" USED("ca"),
	    "3:6: error: key: \"pkcs11:token=t;object=ca\": a key in the token "
	    "is written pkcs11:object=LABEL[;id=%01...] (RFC 7512), without a "
	    "token and without a PIN\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_authority),
	    cmocka_unit_test(test_the_key_has_the_name_of_the_authority),
	    cmocka_unit_test(test_what_is_wrong_with_one),
	    cmocka_unit_test(test_no_pin_stands_beside_a_key),
	    cmocka_unit_test(test_the_token_is_not_named_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
