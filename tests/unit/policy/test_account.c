/* What becomes of the account that leads back here. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD \
	"identity: here\n" \
	"psk: {derive: birth, epoch: [{epoch: 1, until: 2099-01-01}, 2]}\n" \
	"---\n" \
	"policy: p\n" \
	"servers: []\n"

static const struct policy_account *
account_of(const struct policy_set *s)
{
	return &policy_at(s, 0)->account;
}

static void
test_it_is_kept_unless_something_is_said(void **state)
{
	static const char *const texts[] = {
	    HEAD, HEAD "bootstrap_account: keep\n"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct policy_set *s = loaded(texts[i]);

		assert_int_equal(account_of(s)->change, ACCOUNT_KEEP);
		assert_int_equal(account_of(s)->hold_off_s, -1);
		assert_int_equal(account_of(s)->timeout_s, -1);
		policy_set_unref(s);
	}
}

static void
test_a_rotation(void **state)
{
	static const char *const texts[] = {HEAD "bootstrap_account: rotate\n",
	    HEAD "bootstrap_account: {rotate: true}\n"};
	const struct policy_account *a;
	struct policy_set *s;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		s = loaded(texts[i]);
		assert_int_equal(account_of(s)->change, ACCOUNT_ROTATE);
		assert_null(account_of(s)->identity);
		assert_int_equal(account_of(s)->epoch, 0);
		assert_null(account_of(s)->uri);
		policy_set_unref(s);
	}
	s = loaded(HEAD "bootstrap_account: {rotate: here, epoch: 2, uri: "
			"coaps://b, hold_off: 10s, timeout: 1d}\n");
	a = account_of(s);
	assert_int_equal(a->change, ACCOUNT_ROTATE);
	assert_ptr_equal(a->identity, identity_at(s, 0));
	assert_int_equal(a->epoch, 2);
	assert_string_equal(a->uri, "coaps://b");
	assert_int_equal(a->hold_off_s, 10);
	assert_int_equal(a->timeout_s, 86400);
	policy_set_unref(s);
}

static void
test_a_hand_over(void **state)
{
	struct policy_set *s = loaded(
	    HEAD "bootstrap_account:\n"
		 "  uri: coaps://buyer\n"
		 "  hold_off: 0s\n"
		 "  security: {mode: psk, identity: \"x{endpoint}\", key: "
		 "{derive: buyer, epoch: 3}}\n");
	const struct policy_account *a = account_of(s);

	(void)state;
	assert_int_equal(a->change, ACCOUNT_HAND_OVER);
	assert_int_equal(a->server.short_server_id, 0);
	assert_string_equal(a->server.uri, "coaps://buyer");
	assert_int_equal(a->server.mode, SERVER_PSK);
	assert_string_equal(a->server.psk_identity, "x{endpoint}");
	assert_string_equal(a->server.key.master, "buyer");
	assert_int_equal(a->server.key.epoch, 3);
	assert_int_equal(a->hold_off_s, 0);
	policy_set_unref(s);
}

/* The certificate of another bootstrap server's device is made here too. */
static void
test_a_hand_over_with_certificates(void **state)
{
	struct policy_set *s = loaded_files(
	    "authority: ca\n"
	    "certificate: ca.pem\n"
	    "---\n" HEAD "bootstrap_account:\n"
	    "  uri: coaps://buyer\n"
	    "  security: {mode: certificate, issue: {ca: ca}, "
	    "server_certificate: {file: server.pem, usage: trust-anchor}}\n");
	const struct policy_account *a = account_of(s);

	(void)state;
	assert_int_equal(a->server.mode, SERVER_CERTIFICATE);
	assert_ptr_equal(a->server.issue.ca, &s->authorities[0]);
	assert_true(span_is(a->server.server.file.bytes, "the server"));
	assert_int_equal(a->server.server.usage, 2);
	policy_set_unref(s);
}

static void
test_what_is_no_account(void **state)
{
	(void)state;
	expect_findings(HEAD "bootstrap_account: rotated\n",
	    "6:20: error: bootstrap_account: \"rotated\" is not known; did "
	    "you mean rotate? (keep or rotate)\n");
	expect_findings(HEAD "bootstrap_account: []\n",
	    "6:20: error: bootstrap_account: a map (`key: value`) is "
	    "expected, found a list\n");
	expect_findings(HEAD
	    "bootstrap_account: {rotate: \"-/-\", epoch: 0, uri: x, hold_off: "
	    "1, timeout: 0s, security: {}}\n",
	    "6:29: error: bootstrap_account.rotate: \"-/-\": a name is 1 to "
	    "64 letters, digits, '.', '_' or '-'\n"
	    "6:43: error: bootstrap_account.epoch: 0 is out of range; 1 to "
	    "4294967295 is expected\n"
	    "6:51: error: bootstrap_account.uri: \"x\": a URI is expected, "
	    "like coaps://host:5684\n"
	    "6:64: error: bootstrap_account.hold_off: \"1\" has no unit; a "
	    "duration is expected, like 250ms, 90s, 5m, 2h, 1d or 10y\n"
	    "6:76: error: bootstrap_account.timeout: 0s is below 1s\n"
	    "6:80: error: bootstrap_account.security: unknown key\n");
	expect_findings(HEAD
	    "bootstrap_account: {uri: coap://b, security: {mode: psk, key: "
	    "{derive: k}}, name: b, lifetime: 1d}\n",
	    "6:26: error: bootstrap_account.uri: \"coap://b\" does not go "
	    "with `mode: psk`, which needs coaps:// or coaps+tcp://\n"
	    "6:77: error: bootstrap_account.name: unknown key\n"
	    "6:86: error: bootstrap_account.lifetime: unknown key\n");
	expect_findings(HEAD "bootstrap_account: {}\n",
	    "6:20: error: bootstrap_account: `uri:` is missing\n"
	    "6:20: error: bootstrap_account: `security:` is missing\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_it_is_kept_unless_something_is_said),
	    cmocka_unit_test(test_a_rotation),
	    cmocka_unit_test(test_a_hand_over),
	    cmocka_unit_test(test_a_hand_over_with_certificates),
	    cmocka_unit_test(test_what_is_no_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
