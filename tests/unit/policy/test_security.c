/* How a device and its servers trust each other. */
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
	"---\n" \
	"identity: here\n" \
	"psk: {derive: birth}\n" \
	"---\n" \
	"policy: p\n" \
	"servers:\n"
/* Line 9, the mode's own keys from column 64 on. */
#define SERVER(uri, security) \
	"  - {name: a, short_server_id: 1, uri: \"" uri \
	"\", security: {" security "}}\n"

static const struct policy_server *
one(struct policy_set *s)
{
	return server_at(policy_at(s, 0), 0);
}

static void
test_a_certificate(void **state)
{
	struct policy_set *s = loaded_files(CA SERVER("coaps://h.example",
	    "mode: certificate, issue: {ca: ca, validity: 2y}, "
	    "server_certificate: {file: server.pem, usage: trust-anchor}"));
	const struct policy_server *p = one(s);

	(void)state;
	assert_int_equal(p->mode, SERVER_CERTIFICATE);
	assert_string_equal(p->issue.ca->name, "ca");
	assert_int_equal(p->issue.validity_s, 2 * 365 * 86400);
	assert_true(span_is(p->server.file.bytes, "the server"));
	assert_int_equal(p->server.usage, 2);
	policy_set_unref(s);
}

static void
test_a_raw_public_key(void **state)
{
	struct policy_set *s = loaded_files(
	    "policy: p\n"
	    "servers:\n" SERVER("coaps://h.example",
		"mode: rpk, server_key: {file: key.pem, sni: h.example}"));
	const struct policy_server *p = one(s);

	(void)state;
	assert_int_equal(p->mode, SERVER_RPK);
	assert_null(p->issue.ca);
	assert_true(span_is(p->server.file.bytes, "the key"));
	assert_int_equal(p->server.usage, -1);
	assert_string_equal(p->server.sni, "h.example");
	policy_set_unref(s);
}

static void
test_a_random_key(void **state)
{
	struct policy_set *s = loaded(
	    "policy: p\n"
	    "servers:\n" SERVER("coaps://h",
		"mode: psk, key: {random: seal-2026, length: 16, epoch: 3}"));
	const struct policy_key *k = &one(s)->key;

	(void)state;
	assert_int_equal(k->source, KEY_RANDOM);
	assert_string_equal(k->master, "seal-2026");
	assert_int_equal(k->length, 16);
	assert_int_equal(k->epoch, 3);
	policy_set_unref(s);
	s = loaded(
	    "policy: p\n"
	    "servers:\n" SERVER("coaps://h", "mode: psk, key: {random: seal}"));
	assert_int_equal(one(s)->key.length, 32);
	assert_int_equal(one(s)->key.epoch, 1);
	policy_set_unref(s);
}

static void
test_an_imported_key(void **state)
{
	struct policy_set *s = loaded(
	    "policy: p\n"
	    "servers:\n" SERVER("coaps://h",
		"mode: psk, identity: \"m/{endpoint}\", key: {imported: q3}"));

	(void)state;
	assert_int_equal(one(s)->key.source, KEY_IMPORTED);
	assert_string_equal(one(s)->key.collection, "q3");
	assert_null(one(s)->key.master);
	assert_string_equal(one(s)->psk_identity, "m/{endpoint}");
	policy_set_unref(s);
}

static void
test_where_a_key_comes_from(void **state)
{
	static const struct {
		const char *key, *want;
	} rows[] = {
	    {"{}", "3:80 policy-key-source\n"},
	    {"{derive: a, random: b}", "3:80 policy-key-source\n"},
	    {"{derive: a, random: b, imported: c}", "3:80 policy-key-source\n"},
	    {"{derive: a, length: 16}", "3:100 policy-key-source\n"},
	    {"{imported: a, length: 16}", "3:102 policy-key-source\n"},
	    {"{imported: a, epoch: 1}", "3:101 policy-key-source\n"},
	    {"{imported: \"random/101\"}", "3:91 policy-collection\n"},
	    {"{imported: \"\"}", "3:91 policy-collection\n"},
	    {"{random: a, length: 15}", "3:100 yaml-range\n"},
	    {"{random: a, length: 65}", "3:100 yaml-range\n"},
	    {"{random: a, length: 32B}", "3:100 yaml-number\n"},
	    {"{random: 00112233445566778899aabbccddeeff}",
		"3:89 policy-secret\n"},
	    {"{random: a, epoch: 0}", "3:99 yaml-range\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text),
		    "policy: p\n"
		    "servers:\n" SERVER("coaps://h", "mode: psk, key: %s"),
		    rows[i].key);
		expect_codes(text, rows[i].want);
	}
}

static void
test_each_mode_has_keys_of_its_own(void **state)
{
	(void)state;
	expect_files(CA SERVER("coaps://h.example",
			 "mode: rpk, server_key: {file: key.pem}, issue: {ca: "
			 "ca}, key: {derive: x}"),
	    "1:1: warning: no `issue:` names this authority\n"
	    "9:119: error: servers[0].security.issue: not used with `mode: "
	    "rpk`; remove it, or say `mode: certificate`\n"
	    "9:134: error: servers[0].security.key: not used with `mode: rpk`; "
	    "remove it, or say `mode: psk`\n");
	expect_files(CA SERVER("coaps://h.example",
			 "mode: certificate, issue: {ca: ca}, "
			 "server_certificate: {file: server.pem}, identity: x, "
			 "server_key: {file: key.pem}"),
	    "9:158: error: servers[0].security.identity: not used with `mode: "
	    "certificate`; remove it, or say `mode: psk`\n"
	    "9:173: error: servers[0].security.server_key: not used with "
	    "`mode: certificate`; remove it, or say `mode: rpk`\n");
}

static void
test_what_a_mode_needs(void **state)
{
	(void)state;
	expect_codes("policy: p\n"
		     "servers:\n" SERVER("coaps://h", "mode: certificate")
			 SERVER("coaps://h", "mode: rpk"),
	    "3:63 yaml-missing-key\n"
	    "3:63 yaml-missing-key\n"
	    "4:12 policy-duplicate\n"
	    "4:32 policy-duplicate\n"
	    "4:63 yaml-missing-key\n");
}

static void
test_a_raw_key_is_no_certificate(void **state)
{
	(void)state;
	expect_files("policy: p\n"
		     "servers:\n" SERVER("coaps://h.example",
			 "mode: rpk, server_key: {file: key.pem, usage: "
			 "domain, matching: exact}"),
	    "3:118: error: servers[0].security.server_key.usage: said of "
	    "certificates alone; a raw public key is compared as it is\n"
	    "3:136: error: servers[0].security.server_key.matching: said of "
	    "certificates alone; a raw public key is compared as it is\n");
}

static void
test_the_scheme_of_keys_and_certificates(void **state)
{
	(void)state;
	expect_files(CA SERVER("coap://h.example",
			 "mode: certificate, issue: {ca: ca}, "
			 "server_certificate: {file: server.pem}"),
	    "9:40: error: servers[0].uri: \"coap://h.example\" does not go "
	    "with `mode: certificate`, which needs coaps:// or coaps+tcp://\n");
	expect_files("policy: p\n"
		     "servers:\n" SERVER("coap://h.example",
			 "mode: rpk, server_key: {file: key.pem}"),
	    "3:40: error: servers[0].uri: \"coap://h.example\" does not go "
	    "with `mode: rpk`, which needs coaps:// or coaps+tcp://\n");
}

/* Clients look for the host of the URI among the certificate's names. */
static void
test_an_address_is_found_in_no_certificate(void **state)
{
	static const char *const uris[] = {
	    "coaps://192.0.2.1:5684", "coaps://[2001:db8::1]/x"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char text[1024];

		snprintf(text, sizeof(text),
		    CA SERVER("%s",
			"mode: certificate, issue: {ca: ca}, "
			"server_certificate: {file: server.pem%s}"),
		    uris[i], "");
		expect_files(text,
		    "9:40: warning: servers[0].uri: an address, which clients "
		    "do not find among the names of the server's certificate; "
		    "name the host, or say the name by "
		    "server_certificate.sni\n");
		snprintf(text, sizeof(text),
		    CA SERVER("%s",
			"mode: certificate, issue: {ca: ca}, "
			"server_certificate: {file: server.pem%s}"),
		    uris[i], ", sni: eu.example");
		expect_files(text, "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_certificate),
	    cmocka_unit_test(test_a_raw_public_key),
	    cmocka_unit_test(test_a_random_key),
	    cmocka_unit_test(test_an_imported_key),
	    cmocka_unit_test(test_where_a_key_comes_from),
	    cmocka_unit_test(test_each_mode_has_keys_of_its_own),
	    cmocka_unit_test(test_what_a_mode_needs),
	    cmocka_unit_test(test_a_raw_key_is_no_certificate),
	    cmocka_unit_test(test_the_scheme_of_keys_and_certificates),
	    cmocka_unit_test(test_an_address_is_found_in_no_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
