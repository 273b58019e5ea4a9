/* What a factory line is told of an image: documents `image:`. */
#include "policy/image.h"

#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD \
	"identity: i\n" \
	"endpoint: \"urn:dev:ops:0057F2-*\"\n" \
	"psk: {derive: m, epoch: [{epoch: 2, until: 2099-01-01}, 3]}\n" \
	"---\n" \
	"policy: p\n" \
	"match: {endpoint: \"urn:dev:ops:0057F2-WM*\"}\n" \
	"servers:\n" \
	"  - {name: eu, short_server_id: 1, uri: \"coaps://eu.example\", " \
	"security: {mode: psk, key: {derive: f}}}\n" \
	"---\n" /* line 9 */

#define SERVERS \
	"servers: [{name: eu, short_server_id: 1, uri: " \
	"\"coaps://eu.example\", security: {mode: psk, key: {derive: f}}}]\n"

#define IMAGE \
	"image: meter\n" \
	"identity: i\n" \
	"uri: coaps://bs.example:5684\n" \
	"format: esp-nvs\n" /* line 13 */

#define SERIAL \
	"serial: {pattern: \"[0-9A-Z]{6,16}\", endpoint: " \
	"\"urn:dev:ops:0057F2-WM200-{serial}\"}\n"

static void
what_is_said_and_what_is_not(void **state)
{
	struct policy_set *s = loaded(HEAD IMAGE
	    "---\n"
	    "image: other\n"
	    "identity: i\n"
	    "uri: coaps+tcp://bs.example\n"
	    "hold_off: 1m\n"
	    "instance: 7\n"
	    "epoch: 2\n"
	    "servers: p\n"
	    "format: zephyr-nvs\n"
	    "options: {write-block: 8, sector: 0x1000, data-crc: true}\n"
	    "endpoint_max: 64B\n"
	    "label: {payload: \"LWB1:{endpoint}\", text: [a, \"SN {serial}\"]}"
	    "\n");
	const struct policy_image *m = image_document_find(s, "meter");
	const struct policy_image *o = image_document_find(s, "other");
	const struct policy_setting *t;

	(void)state;
	assert_int_equal(s->image_count, 2);
	assert_non_null(m);
	assert_ptr_equal(m->identity, &s->identities[0]);
	assert_string_equal(m->uri, "coaps://bs.example:5684");
	assert_int_equal(m->hold_off_s, 10);
	assert_int_equal(m->instance, 1);
	assert_int_equal(m->epoch, 0);
	assert_null(m->servers);
	assert_string_equal(m->format, "esp-nvs");
	assert_int_equal(m->option_count, 0);
	assert_null(m->endpoint);
	assert_int_equal(m->endpoint_max, 252);
	assert_false(m->has_label);
	assert_int_equal(m->uri_at.line, 12);
	assert_int_equal(m->uri_at.column, 6);

	assert_non_null(o);
	assert_int_equal(o->hold_off_s, 60);
	assert_int_equal(o->instance, 7);
	assert_int_equal(o->epoch, 2);
	assert_ptr_equal(o->servers, &s->policies[0]);
	assert_int_equal(o->endpoint_max, 64);
	assert_int_equal(o->option_count, 3);
	t = image_option_find(o, "sector");
	assert_non_null(t);
	assert_string_equal(t->values[0], "0x1000");
	assert_int_equal(t->at.line, 23);
	assert_int_equal(t->at.column, 35);
	assert_null(image_option_find(o, "partition"));
	assert_true(o->has_label);
	t = image_label_find(o, "text");
	assert_non_null(t);
	assert_int_equal(t->value_count, 2);
	assert_string_equal(t->values[1], "SN {serial}");
	assert_null(image_document_find(s, "mete"));
	policy_set_unref(s);
}

static void
a_serial_number_becomes_an_endpoint(void **state)
{
	static const struct {
		const char *serial;
		enum rc rc;
		const char *endpoint;
	} rows[] = {
	    {"AB1234", RC_OK, "urn:dev:ops:0057F2-WM200-AB1234"},
	    {"AB12345678901234", RC_TOO_LARGE, NULL},
	    {"AB1234567890123", RC_OK,
		"urn:dev:ops:0057F2-WM200-AB1234567890123"},
	    {"AB123", RC_MALFORMED, NULL},
	    {"ab1234", RC_MALFORMED, NULL},
	    {"AB1234 ", RC_MALFORMED, NULL},
	    {"AB1234\n", RC_MALFORMED, NULL},
	    {"", RC_MALFORMED, NULL},
	};
	struct policy_set *s = loaded(HEAD IMAGE SERIAL "endpoint_max: 40B\n");
	const struct policy_image *m = image_document_find(s, "meter");
	char out[POLICY_ENDPOINT_MAX + 1], name[64];
	const char *why = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span back;

		assert_int_equal(image_endpoint_of_serial(
				     m, span_str(rows[i].serial), out, &why),
		    rows[i].rc);
		if (rows[i].rc != RC_OK) {
			assert_non_null(why);
			continue;
		}
		assert_string_equal(out, rows[i].endpoint);
		back = image_serial_of_endpoint(m, span_str(out));
		snprintf(name, sizeof(name), "%.*s", SPAN_FMT(back));
		assert_string_equal(name, rows[i].serial);
	}
	assert_int_equal(
	    image_serial_of_endpoint(m, SPAN_LIT("urn:dev:ops:0057F2-WM200-"))
		.len,
	    0);
	assert_int_equal(image_serial_of_endpoint(
			     m, SPAN_LIT("urn:dev:ops:0057F2-WM100-AB1234"))
			     .len,
	    0);
	assert_int_equal(
	    image_endpoint_check(m, SPAN_LIT("urn:dev:ops:0058F2-WM"), &why),
	    RC_DENIED);
	assert_int_equal(
	    image_endpoint_check(m, SPAN_LIT("urn:dev:ops:0057F2-\x01"), &why),
	    RC_MALFORMED);
	policy_set_unref(s);
}

/* What comes out is a name in any case: a pattern may be as open as it will. */
static void
whatever_the_pattern_lets_pass(void **state)
{
	struct policy_set *s = loaded(HEAD IMAGE
	    "serial: {pattern: \".*\", endpoint: \"urn:dev:ops:0057F2-"
	    "{serial}\"}\n");
	const struct policy_image *m = image_document_find(s, "meter");
	char out[POLICY_ENDPOINT_MAX + 1];
	uint8_t most[POLICY_ENDPOINT_MAX];
	const char *why;

	(void)state;
	memset(most, 'x', sizeof(most));
	assert_int_equal(
	    image_endpoint_of_serial(m, span_of(most, 252 - 19), out, &why),
	    RC_OK);
	assert_int_equal(
	    image_endpoint_of_serial(m, span_of(most, 252 - 18), out, &why),
	    RC_TOO_LARGE);
	assert_int_equal(
	    image_endpoint_of_serial(m, span_of(most, 252), out, &why),
	    RC_TOO_LARGE);
	assert_int_equal(
	    image_endpoint_of_serial(m, SPAN_LIT("a\0b"), out, &why),
	    RC_MALFORMED);
	assert_int_equal(
	    image_endpoint_of_serial(m, SPAN_LIT("a\xff"), out, &why),
	    RC_MALFORMED);
	assert_int_equal(image_endpoint_of_serial(m, SPAN_LIT("a "), out, &why),
	    RC_MALFORMED);
	policy_set_unref(s);
}

static void
without_a_template_there_is_no_serial(void **state)
{
	struct policy_set *s = loaded(HEAD IMAGE);
	const struct policy_image *m = image_document_find(s, "meter");
	char out[POLICY_ENDPOINT_MAX + 1];
	const char *why;

	(void)state;
	assert_int_equal(
	    image_endpoint_of_serial(m, SPAN_LIT("AB1234"), out, &why),
	    RC_NOT_FOUND);
	assert_int_equal(
	    image_serial_of_endpoint(m, SPAN_LIT("urn:dev:ops:0057F2-1")).len,
	    0);
	policy_set_unref(s);
}

#define FACTORY(identity) \
	identity "---\n" \
		 "policy: p\n" SERVERS "---\n" \
		 "image: m\n" \
		 "identity: i\n" \
		 "uri: coaps://bs.example\n" \
		 "format: json\n"

/* --- findings ------------------------------------------------------------- */

static void
an_identity_that_mints(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "image: m\nidentity: j\nuri: coaps://bs\nformat: json\n",
	    "11:11: error: identity: no identity has the name \"j\"\n");
	expect_findings(FACTORY("identity: i\npsk: {imported: bought}\n"),
	    "8:11: error: identity: the identity i has keys that others make, "
	    "and the devices have them already; name an identity with `psk: "
	    "{derive: ...}`\n");
	expect_findings(FACTORY("identity: i\ncertificate: {endpoint: cn}\n"),
	    "8:11: error: identity: the identity i has certificates that "
	    "others make; say `issue:` there\n");
}

static void
a_uri_that_its_devices_can_come_to(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "image: m\nidentity: i\nuri: coap://bs\nformat: json\n",
	    "12:6: error: uri: devices of the identity i have a key: "
	    "coaps://HOST:PORT or coaps+tcp://HOST:PORT is expected\n");
	expect_findings(FACTORY("identity: i\nnosec: {network: 127.0.0.0/8}\n"),
	    "2:8: warning: nosec: NoSec: any host of 127.0.0.0/8 may claim to "
	    "be any endpoint of this identity, and reads in clear what it is "
	    "given\n"
	    "9:6: error: uri: devices of the identity i have no key: "
	    "coap://HOST:PORT or coap+tcp://HOST:PORT is expected\n");
}

static void
an_epoch_that_is_accepted(void **state)
{
	(void)state;
	expect_findings(HEAD IMAGE "epoch: 3\n", "");
	expect_findings(HEAD IMAGE "epoch: 4\n",
	    "14:8: error: epoch: the identity i does not accept epoch 4: no "
	    "device of such an image would be let in; add it to `epoch:` "
	    "there\n");
	/* what time alone does stops no daemon that reads the folder again */
	expect_findings("identity: i\n"
			"psk: {derive: m, epoch: [{epoch: 1, until: "
			"2001-01-01}, 2]}\n"
			"---\n"
			"policy: p\n" SERVERS "---\n" IMAGE "epoch: 1\n",
	    "2:26: warning: psk.epoch[0]: epoch 1 is not accepted any more; "
	    "take it out\n"
	    "11:8: warning: epoch: the identity i does not accept epoch 1 any "
	    "more: nothing is minted\n");
}

static void
endpoints_that_are_let_in(void **state)
{
	(void)state;
	expect_findings(HEAD IMAGE SERIAL, "");
	expect_findings(HEAD IMAGE "serial: {pattern: \"x[0-9]+\", endpoint: "
				   "\"urn:dev:ops:0058F2-{serial}\"}\n",
	    "14:40: error: serial.endpoint: the identity i admits "
	    "\"urn:dev:ops:0057F2-*\", which no such endpoint fits: no device "
	    "would be let in\n");
	/* what the pattern begins with counts */
	expect_findings(HEAD IMAGE
	    "serial: {pattern: \"0058[0-9]+\", endpoint: "
	    "\"urn:dev:ops:{serial}\"}\n",
	    "14:43: error: serial.endpoint: the identity i admits "
	    "\"urn:dev:ops:0057F2-*\", which no such endpoint fits: no device "
	    "would be let in\n");
	expect_findings(HEAD IMAGE SERIAL "endpoint_max: 25B\n",
	    "15:15: error: endpoint_max: no endpoint is so short: "
	    "`serial.endpoint:` makes 26 bytes or more\n");
	expect_findings(HEAD IMAGE "endpoint_max: 18B\n",
	    "14:15: error: endpoint_max: no endpoint is so short: the "
	    "identity's `endpoint:` makes 19 bytes or more\n");
	expect_findings(HEAD IMAGE "endpoint_max: 64\n",
	    "14:15: error: endpoint_max: \"64\" has no unit; a size is "
	    "expected, like 500B, 64KiB or 1MiB\n");
}

static void
templates_and_patterns(void **state)
{
	(void)state;
	expect_findings(HEAD IMAGE
	    "serial: {pattern: \"[0-9\", endpoint: \"x\"}\n",
	    "14:19: error: serial.pattern: \"[0-9\": at byte 1: this [ "
	    "is not closed\n"
	    "14:37: error: serial.endpoint: \"x\": {serial} has to stand in "
	    "it, once: no two devices have one name\n");
	expect_findings(HEAD IMAGE
	    "serial: {pattern: \"[0-9]+\", endpoint: \"{serial}{serial}\"}\n",
	    "14:39: error: serial.endpoint: \"{serial}{serial}\": {serial} is "
	    "the only placeholder, and stands in it once\n");
	expect_findings(HEAD IMAGE "serial: {pattern: \"[0-9]+\"}\n",
	    "14:9: error: serial: `endpoint:` is missing\n");
}

static void
the_policy_whose_servers_go_in(void **state)
{
	(void)state;
	expect_findings(HEAD IMAGE SERIAL "servers: p\n", "");
	expect_findings(HEAD IMAGE "servers: q\n",
	    "14:10: error: servers: no policy has the name \"q\"\n");
	expect_findings(HEAD IMAGE "servers: p\n"
				   "serial: {pattern: \"[0-9]+\", endpoint: "
				   "\"urn:dev:ops:0057F2-X{serial}\"}\n",
	    "14:10: error: servers: the policy p is for no endpoint that the "
	    "image is made for (`match.endpoint`)\n");
	expect_findings(HEAD "policy: held\n"
			     "order: 1\n"
			     "match: {endpoint: \"urn:dev:ops:0057F2-S*\"}\n"
			     "deny: stolen\n"
			     "---\n" IMAGE "servers: held\n",
	    "19:10: error: servers: the policy held gives nothing: it turns "
	    "its devices away\n");
	expect_findings(HEAD "identity: j\n"
			     "psk: {derive: n, identity: \"j-{endpoint}\"}\n"
			     "---\n"
			     "policy: of-j\n"
			     "match: {identity: j}\n" SERVERS "---\n" IMAGE
			     "servers: of-j\n",
	    "21:10: error: servers: the policy of-j does not name the "
	    "identity of the image in `match.identity`\n");
	expect_findings(HEAD "policy: pools\n"
			     "match: {endpoint: \"urn:dev:ops:0057F2-S*\"}\n"
			     "servers: [{pool: eu, allocate: network, servers: "
			     "[{name: eu, network: 10.0.0.0/8, "
			     "short_server_id: 1, uri: \"coaps://eu.example\", "
			     "security: {mode: psk, key: {derive: f}}}, {name: "
			     "us, short_server_id: 2, uri: "
			     "\"coaps://us.example\", security: {mode: psk, "
			     "key: {derive: f}}}]}]\n"
			     "---\n" IMAGE "servers: pools\n",
	    "18:10: warning: servers: the pool eu of the policy pools is "
	    "allocated by network, which no factory knows: every image has "
	    "the account of its default\n");
	expect_findings(HEAD "policy: wakaama\n"
			     "match: {endpoint: \"urn:dev:ops:0057F2-S*\"}\n"
			     "device: {account_instance: 0}\n" SERVERS
			     "---\n" IMAGE "servers: wakaama\n",
	    "19:10: warning: servers: the devices of the policy wakaama "
	    "(profile default) have their Bootstrap-Server Account in /0/0, "
	    "and the image puts it into /0/1\n");
}

static void
keys_and_words(void **state)
{
	(void)state;
	expect_findings(HEAD IMAGE "---\n" IMAGE,
	    "15:8: error: image: meter is the name of the image at "
	    "t.yaml:10 "
	    "already\n");
	expect_findings(HEAD "image: m\n",
	    "10:1: error: `identity:` is missing\n"
	    "10:1: error: `uri:` is missing\n"
	    "10:1: error: `format:` is missing\n");
	expect_findings(HEAD IMAGE "serials: x\n",
	    "14:1: error: serials: unknown key; did you mean `serial`?\n");
	expect_findings(HEAD IMAGE
	    "options: {write_block: 4, generation: 0, base-names: yes}\n",
	    "14:11: error: options.write_block: unknown key; did you mean "
	    "`write-block`?\n"
	    "14:39: error: options.generation: 0 is out of range; "
	    "1 to 4294967295 is expected\n"
	    "14:54: error: options.base-names: \"yes\" is not accepted; write "
	    "`true` or `false`, which mean the same to every reader of YAML\n");
	expect_findings(HEAD IMAGE "label: {level: X, colour: red}\n",
	    "14:16: error: label.level: \"X\" is not known; expected: L, M, Q "
	    "or H\n"
	    "14:19: error: label.colour: unknown key\n");
	expect_findings(HEAD IMAGE "label: {text: []}\n",
	    "14:15: error: label.text: 0 values; 1 to 8 are expected\n");
	/* `identity:` alone is a kind, and a key of an image */
	expect_findings("image: m\n"
			"policy: p\n",
	    "1:8: error: image: a policy and an image in one document; "
	    "separate the two by a line `---`\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_said_and_what_is_not),
	    cmocka_unit_test(a_serial_number_becomes_an_endpoint),
	    cmocka_unit_test(whatever_the_pattern_lets_pass),
	    cmocka_unit_test(without_a_template_there_is_no_serial),
	    cmocka_unit_test(an_identity_that_mints),
	    cmocka_unit_test(a_uri_that_its_devices_can_come_to),
	    cmocka_unit_test(an_epoch_that_is_accepted),
	    cmocka_unit_test(endpoints_that_are_let_in),
	    cmocka_unit_test(templates_and_patterns),
	    cmocka_unit_test(the_policy_whose_servers_go_in),
	    cmocka_unit_test(keys_and_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
