/* Keys in clear are refused wherever they stand, and never shown. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char remedy[] =
    "a secret in clear; take it out of this file (and out of its history) and "
    "keep a master key in the token: {derive: LABEL, epoch: N}\n";

static void
expect_secret(const char *text, const char *where)
{
	char want[512];

	snprintf(want, sizeof(want), "%s: %s", where, remedy);
	expect_findings(text, want);
}

static void
test_in_an_identity(void **state)
{
	(void)state;
	expect_secret("identity: a\n"
		      "psk: c0ffee\n"
		      "---\n"
		      "policy: p\n"
		      "servers: []\n",
	    "2:6: error: psk");
	expect_secret("identity: a\n"
		      "psk: {derive: x, key: hex:c0ffee}\n"
		      "---\n"
		      "policy: p\n"
		      "servers: []\n",
	    "2:23: error: psk.key");
}

static void
test_in_a_server(void **state)
{
	(void)state;
	expect_secret("policy: p\n"
		      "servers:\n"
		      "  - name: s\n"
		      "    short_server_id: 1\n"
		      "    uri: coaps://h\n"
		      "    security: {mode: psk, key: c0ffee}\n",
	    "6:32: error: servers[0].security.key");
	expect_secret("policy: p\n"
		      "servers:\n"
		      "  - name: s\n"
		      "    short_server_id: 1\n"
		      "    uri: coaps://h\n"
		      "    security: {mode: psk, key: {derive: f, secret: "
		      "\"\"}}\n",
	    "6:52: error: servers[0].security.key.secret");
}

static void
test_any_of_the_names(void **state)
{
	static const char *const names[] = {"key", "psk", "secret", "pin",
	    "password", "passphrase", "secret_key", "private_key"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[128], where[64];

		snprintf(text, sizeof(text),
		    "policy: p\nservers: []\n%s: c0ffee\n", names[i]);
		snprintf(where, sizeof(where), "3:%zu: error: %s",
		    strlen(names[i]) + 3, names[i]);
		expect_secret(text, where);
	}
}

/* Nothing behind the key is a value that is missing, not a secret. */
static void
test_no_value_is_no_secret(void **state)
{
	(void)state;
	expect_codes("identity: a\n"
		     "psk:\n"
		     "---\n"
		     "policy: p\n"
		     "servers: []\n",
	    "2:5 yaml-type\n");
}

/* Where a key is, and not what it is: that is for its reader to say. */
static void
test_the_uri_of_a_key_is_no_secret(void **state)
{
	(void)state;
	expect_codes("policy: p\n"
		     "servers:\n"
		     "  - name: s\n"
		     "    short_server_id: 1\n"
		     "    uri: coaps://h\n"
		     "    security: {mode: psk, key: \"pkcs11:object=x\"}\n",
	    "6:32 yaml-type\n");
	expect_secret("policy: p\n"
		      "servers:\n"
		      "  - name: s\n"
		      "    short_server_id: 1\n"
		      "    uri: coaps://h\n"
		      "    security: {mode: psk, key: "
		      "\"pkcs11:object=x?pin-value=1\"}\n",
	    "6:32: error: servers[0].security.key");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_in_an_identity),
	    cmocka_unit_test(test_in_a_server),
	    cmocka_unit_test(test_any_of_the_names),
	    cmocka_unit_test(test_no_value_is_no_secret),
	    cmocka_unit_test(test_the_uri_of_a_key_is_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
