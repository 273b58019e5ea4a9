/* Keys of the token, each for one purpose. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* An identity that derives from "birth", and a policy with these keys. */
#define SET(one, two) \
	"identity: a\n" \
	"psk: {derive: birth}\n" \
	"---\n" \
	"policy: p\n" \
	"servers:\n" \
	"  - {name: a, short_server_id: 1, uri: coaps://h, security: {mode: " \
	"psk, key: " one "}}\n" \
	"  - {name: b, short_server_id: 2, uri: coaps://i, security: {mode: " \
	"psk, key: " two "}}\n"

static void
test_purposes_that_are_apart(void **state)
{
	(void)state;
	expect_findings(SET("{derive: fleet}", "{random: seal}"), "");
	expect_findings(SET("{random: seal}", "{random: seal, epoch: 2}"), "");
	/* a collection may have the name of a key: it is none */
	expect_findings(SET("{derive: fleet}", "{imported: fleet}"), "");
}

static void
test_one_master_for_two_derivations(void **state)
{
	(void)state;
	expect_findings(SET("{derive: fleet}", "{derive: birth}"),
	    "7:78: warning: servers[1].security.key: the master birth is also "
	    "that of the identity at t.yaml:1; the keys differ, but give each "
	    "purpose a master of its own\n");
}

static void
test_no_key_derives_and_seals(void **state)
{
	(void)state;
	expect_findings(SET("{derive: k}", "{random: k}"),
	    "7:78: error: servers[1].security.key: the key \"k\" seals here "
	    "and derives at t.yaml:6; each needs a key of its own\n");
	expect_findings(SET("{random: k}", "{derive: k}"),
	    "7:78: error: servers[1].security.key: the key \"k\" derives here "
	    "and seals at t.yaml:6; each needs a key of its own\n");
	expect_findings(SET("{derive: k}", "{random: birth}"),
	    "7:78: error: servers[1].security.key: the key \"birth\" seals "
	    "here and derives at t.yaml:1; each needs a key of its own\n");
}

/* Contexts of OSCORE and accounts that are handed over have keys too. */
static void
test_other_keys_that_are_made(void **state)
{
	(void)state;
	expect_findings(
	    "identity: a\n"
	    "psk: {derive: birth}\n"
	    "---\n"
	    "policy: p\n"
	    "bootstrap_account: {uri: coaps://b, security: {mode: psk, key: "
	    "{random: birth}}}\n"
	    "servers:\n"
	    "  - {name: a, short_server_id: 1, uri: coaps://h, security: "
	    "{mode: "
	    "psk, key: {derive: f}, oscore: {key: {random: f}, recipient_id: "
	    "\"01\"}}}\n",
	    "5:64: error: bootstrap_account.security.key: the key \"birth\" "
	    "seals here and derives at t.yaml:1; each needs a key of its "
	    "own\n"
	    "7:105: error: servers[0].security.oscore.key: the key \"f\" "
	    "seals here and derives at t.yaml:7; each needs a key of its "
	    "own\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_purposes_that_are_apart),
	    cmocka_unit_test(test_one_master_for_two_derivations),
	    cmocka_unit_test(test_no_key_derives_and_seals),
	    cmocka_unit_test(test_other_keys_that_are_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
