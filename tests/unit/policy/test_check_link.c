/* What links of accounts lead to. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD \
	"identity: here\n" \
	"psk: {derive: birth}\n" \
	"---\n" \
	"policy: p\n" \
	"device: {version: 1.2}\n" \
	"objects: {/11/1: {0: a, 4: 0}, /24/0: {6: client}}\n" \
	"servers:\n" \
	"  - name: a\n" \
	"    short_server_id: 1\n" \
	"    uri: coaps://h\n"

static void
test_links_to_what_the_policy_writes(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "    apn_link: \"11:1\"\n"
	    "    alternate_apn_links: [\"11:1\", \"65535:65535\"]\n"
	    "    security:\n"
	    "      mode: psk\n"
	    "      key: {derive: f}\n"
	    "      resources: {26: \"24:0\"}\n",
	    "");
}

static void
test_links_to_elsewhere(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "    apn_link: \"12:1\"\n"
	    "    alternate_apn_links: [\"11:2\"]\n"
	    "    security:\n"
	    "      mode: psk\n"
	    "      key: {derive: f}\n"
	    "      resources: {26: \"23:0\", 27: {0: \"23:0\"}}\n",
	    "11:15: error: servers[0].apn_link: APN Link is a link to an "
	    "instance of object 11; \"11:0\" is expected\n"
	    "12:26: warning: servers[0].alternate_apn_links: /11/2 is not "
	    "written by this policy: the device has to have it already\n"
	    "16:23: error: servers[0].security.resources.26: MQTT Server is "
	    "a link to an instance of object 24; \"24:0\" is expected\n"
	    "16:35: warning: servers[0].security.resources.27: /23/0 is not "
	    "written by this policy: the device has to have it already\n");
}

/* Of a bootstrap server that takes over, too. */
static void
test_links_of_an_account(void **state)
{
	(void)state;
	expect_findings(HEAD "    security: {mode: psk, key: {derive: f}}\n"
			     "bootstrap_account:\n"
			     "  uri: coaps://b\n"
			     "  security:\n"
			     "    mode: psk\n"
			     "    key: {derive: g}\n"
			     "    resources: {26: \"24:1\"}\n",
	    "17:21: warning: bootstrap_account.security.resources.26: /24/1 "
	    "is not written by this policy: the device has to have it "
	    "already\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_links_to_what_the_policy_writes),
	    cmocka_unit_test(test_links_to_elsewhere),
	    cmocka_unit_test(test_links_of_an_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
