/* A context of OSCORE for a server account. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD(match) \
	"identity: here\n" \
	"psk: {derive: birth}\n" \
	"---\n" \
	"policy: p\n" \
	"match: {endpoint: \"" match "\"}\n" \
	"servers:\n" \
	"  - name: a\n" \
	"    short_server_id: 1\n" \
	"    uri: coap://h\n" \
	"    security:\n" \
	"      mode: nosec\n" \
	"      oscore: "

/* Then it is no NoSec any more: nothing is warned of. */
static void
test_a_context_as_it_is_written(void **state)
{
	struct policy_set *s =
	    loaded(HEAD("*") "{key: {derive: oscore-2026, epoch: 3}, "
			     "recipient_id: \"a1\"}\n");
	const struct policy_oscore *o = &server_at(policy_at(s, 0), 0)->oscore;

	(void)state;
	assert_true(o->present);
	assert_int_equal(o->key.source, KEY_DERIVED);
	assert_string_equal(o->key.master, "oscore-2026");
	assert_int_equal(o->key.epoch, 3);
	assert_null(o->sender_id);
	assert_string_equal(o->recipient_id, "a1");
	policy_set_unref(s);
	expect_findings(HEAD("one") "{key: {random: seal, length: 16}, "
				    "sender_id: \"\", recipient_id: "
				    "\"01020304050607\"}\n",
	    "");
}

static void
test_what_is_no_context(void **state)
{
	(void)state;
	expect_findings(
	    HEAD("*") "{key: {imported: vendor}, sender_id: 0g, recipient_id: "
		      "\"0102030405060708\", salt: x}\n",
	    "12:21: error: servers[0].security.oscore.key: `derive:` or "
	    "`random:` says where a Master Secret comes from; imported keys "
	    "are pre-shared keys of DTLS\n"
	    "12:52: error: servers[0].security.oscore.sender_id: \"0g\": a "
	    "Sender or Recipient ID is 0 to 7 bytes in hex, like \"01\"\n"
	    "12:70: error: servers[0].security.oscore.recipient_id: "
	    "\"0102030405060708\": a Sender or Recipient ID is 0 to 7 bytes "
	    "in hex, like \"01\"\n"
	    "12:90: error: servers[0].security.oscore.salt: unknown key\n");
}

/* A server finds a context by the Sender ID of its device. */
static void
test_ids_tell_sides_and_devices_apart(void **state)
{
	(void)state;
	expect_findings(
	    HEAD("*") "{key: {derive: o}, sender_id: 0a, recipient_id: 0A}\n",
	    "12:45: warning: servers[0].security.oscore.sender_id: every "
	    "device of this policy gets the same Sender ID, by which the "
	    "server is to tell them apart; leave it out for one that follows "
	    "from the endpoint\n"
	    "12:63: error: servers[0].security.oscore.recipient_id: the same "
	    "as `sender_id`: each of the two sides needs one of its own (RFC "
	    "8613 section 3.3)\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_context_as_it_is_written),
	    cmocka_unit_test(test_what_is_no_context),
	    cmocka_unit_test(test_ids_tell_sides_and_devices_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
