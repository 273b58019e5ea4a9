/* What a device gets to tell a server by, and certificates. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#define CA \
	"authority: ca\n" \
	"certificate: ca.pem\n" \
	"---\n"
#define REST \
	"---\n" \
	"policy: p\n" \
	"servers: []\n"
/* Line 4 is the identity, line 6 what is under test. */
#define IMAGE(issue, server) \
	CA "identity: i\n" \
	   "certificate:\n" \
	   "  issue: " issue "\n" \
	   "  server_certificate: " server "\n" REST

static void
test_with_everything_said(void **state)
{
	struct policy_set *s = loaded_files(
	    IMAGE("{ca: ca, profile: device-p256, validity: forever}",
		"{file: server.pem, usage: trust-anchor, matching: sha512, "
		"sni: boot.example}"));
	const struct identity *id = identity_at(s, 0);

	(void)state;
	assert_string_equal(id->issue.ca->name, "ca");
	assert_string_equal(id->issue.profile->name, "device-p256");
	assert_true(id->issue.validity_s == POLICY_FOREVER);
	assert_true(span_is(id->server.file.bytes, "the server"));
	assert_int_equal(id->server.usage, 2);
	assert_int_equal(id->server.matching, 3);
	assert_string_equal(id->server.sni, "boot.example");
	policy_set_unref(s);
}

static void
test_with_the_least(void **state)
{
	struct policy_set *s =
	    loaded_files(IMAGE("{ca: ca}", "{file: server.pem}"));
	const struct identity *id = identity_at(s, 0);

	(void)state;
	assert_int_equal(id->issue.validity_s, -1);
	assert_int_equal(id->server.usage, -1);
	assert_int_equal(id->server.matching, -1);
	assert_null(id->server.sni);
	policy_set_unref(s);
}

static void
test_numbers_of_the_standard(void **state)
{
	static const char *const usages[] = {
	    "ca", "service", "trust-anchor", "domain"};
	static const struct {
		const char *text;
		int number;
	} types[] = {{"exact", 0}, {"sha256", 1}, {"sha512", 3}};

	(void)state;
	for (int i = 0; i < 12; i++) {
		struct policy_set *s;
		char text[512];

		snprintf(text, sizeof(text),
		    IMAGE("{ca: ca}",
			"{file: server.pem, usage: %s, "
			"matching: %s}"),
		    usages[i % 4], types[i / 4].text);
		s = loaded_files(text);
		assert_int_equal(identity_at(s, 0)->server.usage, i % 4);
		assert_int_equal(
		    identity_at(s, 0)->server.matching, types[i / 4].number);
		policy_set_unref(s);
	}
}

static void
test_what_clients_do_not_take(void **state)
{
	(void)state;
	expect_files(IMAGE("{ca: ca}",
			 "{file: server.pem, matching: sha384, usage: anchor, "
			 "sni: \"::1\"}"),
	    "7:52: error: certificate.server_certificate.matching: sha384 is "
	    "refused by clients in use; one of exact, sha256 or sha512 is "
	    "expected\n"
	    "7:67: error: certificate.server_certificate.usage: \"anchor\" is "
	    "not known; expected: ca, service, trust-anchor or domain\n"
	    "7:80: error: certificate.server_certificate.sni: \"::1\": an IP "
	    "address is no server name (RFC 6066 section 3); name the server "
	    "as its certificate does, or leave the key out\n");
}

static void
test_usages_that_need_a_trust_store(void **state)
{
	(void)state;
	expect_files(IMAGE("{ca: ca}", "{file: server.pem, usage: service}"),
	    "7:49: warning: certificate.server_certificate.usage: service only "
	    "narrows what the device trusts already: its own trust store must "
	    "lead to the server too; `trust-anchor` and `domain` do not need "
	    "one\n");
	expect_files(
	    IMAGE("{ca: ca}", "{file: server.pem, usage: domain}"), "");
}

static void
test_all_faults_at_once(void **state)
{
	(void)state;
	expect_files(CA "identity: i\n"
			"certificate:\n"
			"  issue: {profil: x, validity: 10}\n"
			"  server_certificate: {fiel: x, usage: [ca]}\n"
			"---\n"
			"identity: j\n"
			"certificate:\n"
			"  issue: ca\n"
			"  server_certificate: server.pem\n" REST,
	    "1:1: warning: no `issue:` names this authority\n"
	    "6:10: error: certificate.issue: `ca:` is missing\n"
	    "6:11: error: certificate.issue.profil: unknown key; did you mean "
	    "`profile`?\n"
	    "6:32: error: certificate.issue.validity: \"10\" has no unit; a "
	    "duration is expected, like 250ms, 90s, 5m, 2h, 1d or 10y\n"
	    "7:23: error: certificate.server_certificate: `file:` is missing\n"
	    "7:24: error: certificate.server_certificate.fiel: unknown key; "
	    "did you mean `file`?\n"
	    "7:40: error: certificate.server_certificate.usage: a single value "
	    "is expected, found a list\n"
	    "11:10: error: certificate.issue: a map (`key: value`) is "
	    "expected, found a single value\n"
	    "12:23: error: certificate.server_certificate: a map (`key: "
	    "value`) is expected, found a single value\n");
}

/* An image needs both, or it comes up and cannot tell who is there. */
static void
test_one_without_the_other(void **state)
{
	(void)state;
	expect_files(CA "identity: i\n"
			"certificate:\n"
			"  issue: {ca: ca}\n"
			"---\n"
			"identity: j\n"
			"certificate:\n"
			"  server_certificate: {file: server.pem}\n" REST,
	    "6:10: warning: certificate.issue: no `server_certificate:`: a "
	    "device from an image has nothing to tell the bootstrap server "
	    "by\n"
	    "10:23: warning: certificate.server_certificate: never written "
	    "without `issue:`, which makes images their certificates\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_with_everything_said),
	    cmocka_unit_test(test_with_the_least),
	    cmocka_unit_test(test_numbers_of_the_standard),
	    cmocka_unit_test(test_what_clients_do_not_take),
	    cmocka_unit_test(test_usages_that_need_a_trust_store),
	    cmocka_unit_test(test_all_faults_at_once),
	    cmocka_unit_test(test_one_without_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
