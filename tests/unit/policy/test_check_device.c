/* What a policy asks that its device cannot do: each at its place, with what
 * is to be done about it. */
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
	"policy: p\n"
#define SERVER \
	"servers:\n" \
	"  - name: a\n" \
	"    short_server_id: 1\n" \
	"    uri: coaps://h\n"
#define PSK "    security: {mode: psk, key: {derive: f}}\n"

static void
test_what_is_not_answered_is_not_compared(void **state)
{
	(void)state;
	expect_findings(HEAD "servers: []\n"
			     "device: {profile: awa}\n"
			     "verify: discover\n",
	    "7:9: error: verify: the device (profile awa) answers no "
	    "Discover; leave `verify:` out, or say `discover: true` in "
	    "`device:` if it does\n");
	expect_findings(HEAD "servers: []\n"
			     "device: {profile: contiki-ng}\n"
			     "verify: read\n",
	    "7:9: error: verify: the device (profile contiki-ng) answers no "
	    "Bootstrap-Read; take `discover` if it answers that, or say "
	    "`read: true` in `device:` if it does\n");
	expect_findings(HEAD "servers: []\n"
			     "device: {profile: awa, discover: true}\n"
			     "verify: discover\n",
	    "");
	expect_findings(HEAD "servers: []\n"
			     "device: {profile: anjay, pack: true}\n"
			     "verify: read\n",
	    "7:9: warning: verify: nothing is compared where the device "
	    "takes a Bootstrap-Pack (`pack: true`)\n");
}

static void
test_security_modes_that_the_device_knows(void **state)
{
	(void)state;
	expect_files(HEAD "device: {profile: wakaama}\n" SERVER
			  "    security: {mode: rpk, server_key: {file: "
			  "key.pem}}\n",
	    "10:22: error: servers[0].security.mode: the device (profile "
	    "wakaama) cannot use `mode: rpk`; take another, or say "
	    "`security:` in `device:` if it can\n");
	expect_findings(HEAD "device: {profile: wakaama}\n" SERVER PSK, "");
	expect_findings(HEAD "device: {profile: anjay, oscore: false}\n" SERVER
			     "    security: {mode: psk, key: {derive: f}, "
			     "oscore: {key: {derive: o}, recipient_id: "
			     "\"01\"}}\n",
	    "10:53: error: servers[0].security.oscore: the device (profile "
	    "anjay) has no OSCORE; leave it out, or say `oscore: true` in "
	    "`device:` if it has\n");
}

/* A buffer that is too short fails without a word on some clients. */
static void
test_keys_and_identities_have_to_fit(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "match: {endpoint: \"urn:dev:*\"}\n"
	    "device: {profile: zephyr}\n" SERVER
	    "    security: {mode: psk, identity: \"dm/{endpoint}/x\", key: "
	    "{random: seal, length: 24}}\n"
	    "  - name: b\n"
	    "    short_server_id: 2\n"
	    "    uri: coaps://h\n"
	    "    security: {mode: psk, identity: \"fleet-2026/{endpoint}\", "
	    "key: {derive: f}}\n"
	    "  - name: c\n"
	    "    short_server_id: 3\n"
	    "    uri: coaps://h\n"
	    "    security: {mode: psk, key: {random: seal, length: 16}}\n",
	    "11:61: error: servers[0].security.key: a key of 24 bytes, and "
	    "the device (profile zephyr) keeps 16; make it shorter, or say "
	    "`key_max:` in `device:` if it was built for more\n"
	    "15:37: error: servers[1].security.identity: a PSK identity of "
	    "at least 19 bytes, and the device (profile zephyr) keeps 16; "
	    "make it shorter, or say `key_max:` in `device:` if it was built "
	    "for more\n"
	    "15:67: error: servers[1].security.key: a derived key has 32 "
	    "bytes, and the device (profile zephyr) keeps 16; take {random: "
	    "LABEL, length: 16}, or say `key_max:` in `device:` if it was "
	    "built for more\n");
	expect_findings(
	    HEAD "device: {profile: zephyr, key_max: 32B}\n" SERVER PSK, "");
}

static void
test_names_that_are_too_long(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "servers: []\n"
	    "match: {endpoint: \"urn:uuid:0123456789abcdef012*\"}\n"
	    "device: {profile: zephyr, endpoint_max: 27B}\n",
	    "6:19: warning: match.endpoint: such names have at least 28 "
	    "bytes, and the device (profile zephyr) has names of at most 27; "
	    "say `endpoint_max:` in `device:` if it was built for longer "
	    "ones\n");
	expect_findings(HEAD
	    "servers: []\n"
	    "match: {endpoint: \"urn:uuid:0123456789abcdef012*\"}\n"
	    "device: {profile: zephyr, endpoint_max: 28B}\n",
	    "");
}

static void
test_what_is_newer_than_the_device(void **state)
{
	(void)state;
	expect_findings(HEAD "device: {version: 1.0}\n"
			     "servers:\n"
			     "  - name: a\n"
			     "    short_server_id: 1\n"
			     "    uri: coaps+tcp://h\n"
			     "    binding: TU\n"
			     "    registration: {priority: 1}\n"
			     "    resources: {18: 60}\n" PSK,
	    "9:10: error: servers[0].uri: CoAP over TCP is of LwM2M 1.1, and "
	    "the device (profile default) of 1.0; leave it out, or say "
	    "`version: 1.1` in `device:` if the device has it\n"
	    "10:14: error: servers[0].binding: binding T (TCP) is of LwM2M "
	    "1.1, and the device (profile default) of 1.0; leave it out, or "
	    "say `version: 1.1` in `device:` if the device has it\n"
	    "11:30: error: servers[0].registration.priority: /1/x/13 "
	    "(Registration Priority Order) is of LwM2M 1.1, and the device "
	    "(profile default) of 1.0; leave it out, or say `version: 1.1` "
	    "in `device:` if the device has it\n"
	    "12:21: error: servers[0].resources.18: /1/x/18 (Communication "
	    "Retry Timer) is of LwM2M 1.1, and the device (profile default) "
	    "of 1.0; leave it out, or say `version: 1.1` in `device:` if the "
	    "device has it\n");
	expect_findings(HEAD
	    "device: {version: 1.1}\n" SERVER "    binding: UTM\n"
	    "    server_versions: [\"1.1\"]\n" PSK "objects: {/24/0: {6: x}}\n",
	    "10:14: error: servers[0].binding: binding M (MQTT) is of LwM2M "
	    "1.2, and the device (profile default) of 1.1; leave it out, or "
	    "say `version: 1.2` in `device:` if the device has it\n"
	    "11:22: error: servers[0].server_versions: /1/x/25 (Supported "
	    "Server Versions) is of LwM2M 1.2, and the device (profile "
	    "default) of 1.1; leave it out, or say `version: 1.2` in "
	    "`device:` if the device has it\n"
	    "13:18: error: objects[/24/0]: MQTT Server is of LwM2M 1.2, and "
	    "the device (profile default) of 1.1; leave it out, or say "
	    "`version: 1.2` in `device:` if the device has it\n");
	expect_findings(HEAD
	    "device: {version: 1.2}\n" SERVER "    binding: UTM\n"
	    "    server_versions: [\"1.1\"]\n" PSK "objects: {/24/0: {6: x}}\n",
	    "");
}

/* Queue mode is a letter of 1.0 alone. */
static void
test_letters_of_bindings(void **state)
{
	(void)state;
	expect_findings(HEAD "device: {version: 1.0}\n" SERVER
			     "    binding: UQS\n" PSK,
	    "");
	expect_findings(HEAD "device: {version: 1.1}\n" SERVER
			     "    binding: UTNQ\n" PSK,
	    "10:14: warning: servers[0].binding: Q is of LwM2M 1.0, and the "
	    "device (profile default) of 1.1: such say queue mode when they "
	    "register; leave it out\n");
	expect_findings(HEAD "device: {version: 1.0}\n" SERVER
			     "    binding: UNH\n" PSK,
	    "10:14: error: servers[0].binding: binding N (non-IP) is of "
	    "LwM2M 1.1, and the device (profile default) of 1.0; leave it "
	    "out, or say `version: 1.1` in `device:` if the device has it\n"
	    "10:14: error: servers[0].binding: binding H (HTTP) is of LwM2M "
	    "1.2, and the device (profile default) of 1.0; leave it out, or "
	    "say `version: 1.2` in `device:` if the device has it\n");
}

/* One finding a resource, however many instances. */
static void
test_security_that_is_newer_than_the_device(void **state)
{
	(void)state;
	expect_files(HEAD
	    "device: {version: 1.0}\n" SERVER "    security:\n"
	    "      mode: rpk\n"
	    "      server_key: {file: key.pem, sni: h.example}\n"
	    "      resources: {6: 3, 16: {0: 1, 1: 2}}\n"
	    "      oscore: {key: {derive: o}, recipient_id: \"01\"}\n",
	    "12:40: error: servers[0].security.server_key.sni: /0/x/14 (SNI) "
	    "is of LwM2M 1.1, and the device (profile default) of 1.0; leave "
	    "it out, or say `version: 1.1` in `device:` if the device has "
	    "it\n"
	    "13:29: error: servers[0].security.resources.16: /0/x/16 "
	    "(DTLS/TLS Ciphersuite) is of LwM2M 1.1, and the device (profile "
	    "default) of 1.0; leave it out, or say `version: 1.1` in "
	    "`device:` if the device has it\n"
	    "14:15: error: servers[0].security.oscore: OSCORE is of LwM2M "
	    "1.1, and the device (profile default) of 1.0; leave it out, or "
	    "say `version: 1.1` in `device:` if the device has it\n");
	expect_files("authority: ca\n"
		     "certificate: ca.pem\n"
		     "---\n" HEAD "device: {version: 1.0}\n" SERVER
		     "    security:\n"
		     "      mode: certificate\n"
		     "      issue: {ca: ca}\n"
		     "      server_certificate: {file: server.pem, usage: "
		     "trust-anchor, matching: exact}\n",
	    "16:53: error: servers[0].security.server_certificate.usage: "
	    "/0/x/15 (Certificate Usage) is of LwM2M 1.1, and the device "
	    "(profile default) of 1.0; leave it out, or say `version: 1.1` "
	    "in `device:` if the device has it\n"
	    "16:77: error: servers[0].security.server_certificate.matching: "
	    "/0/x/13 (Matching Type) is of LwM2M 1.1, and the device "
	    "(profile default) of 1.0; leave it out, or say `version: 1.1` "
	    "in `device:` if the device has it\n");
}

static void
test_zero_retries(void **state)
{
	(void)state;
	expect_findings(HEAD "device: {profile: anjay}\n" SERVER
			     "    retry: {count: 0, sequence_count: 0, timer: "
			     "0s}\n" PSK,
	    "10:20: error: servers[0].retry.count: the device (profile "
	    "anjay) refuses the Finish for 0 in /1/x/17 (Communication Retry "
	    "Count); write 1 for a single one\n"
	    "10:39: error: servers[0].retry.sequence_count: the device "
	    "(profile anjay) refuses the Finish for 0 in /1/x/20 "
	    "(Communication Sequence Retry Count); write 1 for a single one\n");
	expect_findings(HEAD "device: {profile: leshan}\n" SERVER
			     "    retry: {count: 0, sequence_count: 0}\n" PSK,
	    "");
}

static void
test_objects_that_the_device_has_not(void **state)
{
	(void)state;
	expect_findings(HEAD "device: {access_control: false}\n" SERVER PSK
			     "objects: {/2/0: {0: 3, 1: 0, 2: {1: 1}, 3: "
			     "1}}\n",
	    "11:17: error: objects[/2/0]: the device (profile default) has "
	    "no Access Control; leave it out, or say `access_control: true` "
	    "in `device:` if it has\n");
}

/* What is sent after a refused Finish goes to the same device. */
static void
test_corrections(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "device: {profile: leshan}\n" SERVER "    retry: {count: 0}\n" PSK
	    "correction:\n"
	    "  device: {zero_retries: refuse, access_control: false}\n"
	    "  objects: {/2/0: {0: 3, 1: 0, 2: {1: 1}, 3: 1}}\n",
	    "10:20: error: servers[0].retry.count: the device (profile "
	    "leshan) refuses the Finish for 0 in /1/x/17 (Communication "
	    "Retry Count); write 1 for a single one\n"
	    "14:19: error: correction.objects[/2/0]: the device (profile "
	    "leshan) has no Access Control; leave it out, or say "
	    "`access_control: true` in `device:` if it has\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_not_answered_is_not_compared),
	    cmocka_unit_test(test_security_modes_that_the_device_knows),
	    cmocka_unit_test(test_keys_and_identities_have_to_fit),
	    cmocka_unit_test(test_names_that_are_too_long),
	    cmocka_unit_test(test_what_is_newer_than_the_device),
	    cmocka_unit_test(test_security_that_is_newer_than_the_device),
	    cmocka_unit_test(test_letters_of_bindings),
	    cmocka_unit_test(test_zero_retries),
	    cmocka_unit_test(test_objects_that_the_device_has_not),
	    cmocka_unit_test(test_corrections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
