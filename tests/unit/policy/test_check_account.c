/* Whose credential an account gets, and whether it can be made and written. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TWO \
	"identity: two\n" \
	"endpoint: \"2*\"\n" \
	"psk: {derive: birth, epoch: [{epoch: 2, until: 2099-01-01}, 3]}\n" \
	"---\n"
#define ONE \
	"identity: one\n" \
	"endpoint: \"1*\"\n" \
	"psk: {derive: birth}\n" \
	"---\n"
#define POLICY \
	"policy: p\n" \
	"servers: []\n"

/* A key that ends as that which the device has is no new one. */
static void
test_the_epoch_that_a_device_gets(void **state)
{
	(void)state;
	expect_findings(
	    TWO POLICY "bootstrap_account: {rotate: two, epoch: 3}\n", "");
	expect_findings(TWO POLICY
	    "bootstrap_account: {rotate: two, epoch: 1}\n",
	    "7:41: error: bootstrap_account.epoch: the identity two does not "
	    "accept epoch 1 (any more): the device could not come back; add "
	    "it to `epoch:` there\n");
	expect_findings(TWO POLICY
	    "bootstrap_account: {rotate: two, epoch: 4}\n",
	    "7:41: error: bootstrap_account.epoch: the identity two does not "
	    "accept epoch 4 (any more): the device could not come back; add "
	    "it to `epoch:` there\n");
	expect_findings("identity: old\n"
			"psk: {derive: birth, epoch: [{epoch: 1, until: "
			"2001-01-01}, 2]}\n"
			"---\n" POLICY
			"bootstrap_account: {rotate: old, epoch: 1}\n",
	    "2:30: warning: psk.epoch[0]: epoch 1 is not accepted any more; "
	    "take it out\n"
	    "6:41: error: bootstrap_account.epoch: the identity old does not "
	    "accept epoch 1 (any more): the device could not come back; add "
	    "it to `epoch:` there\n");
	expect_findings(ONE POLICY "match: {identity: one}\n"
				   "bootstrap_account: rotate\n",
	    "8:20: warning: bootstrap_account: the identity one has one "
	    "epoch: devices get the key again that they have; add a newer "
	    "one to `epoch:` there\n");
}

/* Each of those by which devices come to the policy. */
static void
test_credentials_that_are_not_ours_to_make(void **state)
{
	(void)state;
	expect_files("identity: store\n"
		     "psk: {imported: vendor}\n"
		     "---\n"
		     "identity: bench\n"
		     "nosec: {network: 127.0.0.1/32}\n"
		     "---\n"
		     "identity: raw\n"
		     "rpk: {table: table.csv}\n"
		     "---\n"
		     "identity: certs\n"
		     "certificate: {trust: ca.pem}\n"
		     "---\n" POLICY "bootstrap_account: rotate\n",
	    "5:8: warning: nosec: NoSec: any host of 127.0.0.1/32 may claim "
	    "to be any endpoint of this identity, and reads in clear what it "
	    "is given\n"
	    "15:20: error: bootstrap_account: the identity store has keys "
	    "that others make; import the new ones, or name an identity with "
	    "`psk: {derive: ...}`\n"
	    "15:20: error: bootstrap_account: the identity bench has no "
	    "credential that could be newer; name the identity that devices "
	    "are to have from now on\n"
	    "15:20: error: bootstrap_account: the identity raw has keys that "
	    "devices make themselves; name an identity with `psk: {derive: "
	    "...}`\n"
	    "15:20: error: bootstrap_account: the identity certs has "
	    "certificates that others make; say `issue:` there\n");
	/* from there to one whose keys are ours */
	expect_files("identity: bench\n"
		     "nosec: {network: 127.0.0.1/32}\n"
		     "---\n" ONE POLICY "match: {identity: bench}\n"
		     "bootstrap_account: {rotate: one}\n",
	    "2:8: warning: nosec: NoSec: any host of 127.0.0.1/32 may claim "
	    "to be any endpoint of this identity, and reads in clear what it "
	    "is given\n"
	    "4:1: warning: no policy names this identity: its devices are "
	    "refused\n");
}

static void
test_the_name_of_the_identity(void **state)
{
	(void)state;
	expect_findings(ONE POLICY "bootstrap_account: {rotate: oen}\n",
	    "7:29: error: bootstrap_account.rotate: no identity has the name "
	    "\"oen\"; did you mean one?\n");
}

/* Without Discover the profile has to say where the account is. */
static void
test_the_instance_has_to_be_found(void **state)
{
	(void)state;
	expect_findings(TWO POLICY
	    "device: {discover: false}\n"
	    "bootstrap_account: {rotate: two, epoch: 2}\n",
	    "8:20: error: bootstrap_account: in which instance of /0 the "
	    "account is cannot be known: the device (profile default) "
	    "answers no Discover; say `account_instance:` in `device:`\n");
	expect_findings(TWO POLICY
	    "device: {profile: contiki-ng}\n"
	    "bootstrap_account: {rotate: two, epoch: 2}\n",
	    "");
	expect_findings(TWO POLICY
	    "device: {version: 1.2, pack: true}\n"
	    "bootstrap_account: {rotate: two, epoch: 2}\n",
	    "8:20: error: bootstrap_account: a Bootstrap-Pack does not "
	    "change the account; say `pack: false` in `device:`\n");
}

static void
test_the_device_has_to_know_the_mode(void **state)
{
	(void)state;
	expect_findings(TWO POLICY
	    "device: {security: [certificate]}\n"
	    "bootstrap_account: {rotate: two, epoch: 2}\n",
	    "8:20: error: bootstrap_account: the device (profile default) "
	    "cannot use the credential of the identity two; name another, or "
	    "say `security:` in `device:` if it can\n");
	expect_findings(TWO POLICY "device: {version: 1.0}\n"
				   "bootstrap_account: {uri: coaps+tcp://b, "
				   "security: {mode: psk, key: "
				   "{derive: k}, resources: {16: {0: 1}}}}\n",
	    "8:26: error: bootstrap_account.uri: CoAP over TCP is of LwM2M "
	    "1.1, and the device (profile default) of 1.0; leave it out, or "
	    "say `version: 1.1` in `device:` if the device has it\n"
	    "8:97: error: bootstrap_account.security.resources.16: /0/x/16 "
	    "(DTLS/TLS Ciphersuite) is of LwM2M 1.1, and the device (profile "
	    "default) of 1.0; leave it out, or say `version: 1.1` in "
	    "`device:` if the device has it\n");
	expect_findings(TWO POLICY
	    "device: {security: [certificate]}\n"
	    "bootstrap_account: {uri: coaps://b, security: {mode: psk, key: "
	    "{derive: k}}}\n",
	    "8:54: error: bootstrap_account.security.mode: the device "
	    "(profile default) cannot use `mode: psk`; take another, or say "
	    "`security:` in `device:` if it can\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_epoch_that_a_device_gets),
	    cmocka_unit_test(test_credentials_that_are_not_ours_to_make),
	    cmocka_unit_test(test_the_name_of_the_identity),
	    cmocka_unit_test(test_the_instance_has_to_be_found),
	    cmocka_unit_test(test_the_device_has_to_know_the_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
