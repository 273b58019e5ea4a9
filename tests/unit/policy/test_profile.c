/* How a client family behaves, key by key. */
#include "policy/profile.h"

#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_every_key_as_it_is_written(void **state)
{
	struct policy_set *s = loaded_policy(
	    "policy: p\n"
	    "device:\n"
	    "  profile: awa\n"
	    "  version: 1.2\n"
	    "  formats: [lwm2m-cbor, 1542, senml-json, 1543, 11542, text]\n"
	    "  level: object\n"
	    "  levels: [object, resource]\n"
	    "  discover: true\n"
	    "  read: true\n"
	    "  pack: true\n"
	    "  empty_keys: true\n"
	    "  strict_delete: true\n"
	    "  unknown_resources: ignore\n"
	    "  zero_retries: accept\n"
	    "  max_message: 2KiB\n"
	    "  block_size: 64B\n"
	    "  account_instance: 7\n"
	    "  security: [rpk, nosec]\n"
	    "  oscore: false\n"
	    "  access_control: false\n"
	    "  key_max: 48B\n"
	    "  endpoint_max: 40B\n"
	    "  discover_reply: '</>;lwm2m=1.1,</0/0>;uri=\"coaps://x\"'\n");
	static const uint16_t formats[] = {11544, 1542, 110, 1543, 11542, 0};
	const struct policy_profile *p = &policy_at(s, 0)->device;

	(void)state;
	assert_string_equal(p->name, "awa");
	assert_int_equal(p->version, 12);
	assert_int_equal(p->format_count, 6);
	assert_memory_equal(p->formats, formats, sizeof(formats));
	assert_int_equal(p->level, WRITE_OBJECT);
	assert_int_equal(p->levels, 1 << WRITE_OBJECT | 1 << WRITE_RESOURCE);
	assert_true(p->discover && p->read && p->pack && p->empty_keys);
	assert_true(p->strict_delete);
	assert_false(p->refuses_unknown || p->refuses_zero_retries);
	assert_int_equal(p->max_message, 2048);
	assert_int_equal(p->block_size, 64);
	assert_int_equal(p->account_instance, 7);
	assert_int_equal(p->modes, 1 << SERVER_RPK | 1 << SERVER_NOSEC);
	assert_false(p->oscore || p->access_control);
	assert_int_equal(p->key_max, 48);
	assert_int_equal(p->endpoint_max, 40);
	assert_string_equal(
	    p->discover_reply, "</>;lwm2m=1.1,</0/0>;uri=\"coaps://x\"");
	policy_set_unref(s);
}

/* What a profile has can be taken away again, whatever the order of keys. */
static void
test_exceptions_go_over_the_profile(void **state)
{
	struct policy_set *s = loaded_policy(
	    "policy: p\n"
	    "device: {block_size: none, key_max: none, unknown_resources: "
	    "refuse, account_instance: unknown, formats: tlv, security: psk, "
	    "levels: instance, profile: anjay}\n");
	const struct policy_profile *p = &policy_at(s, 0)->device;

	(void)state;
	assert_string_equal(p->name, "anjay");
	assert_int_equal(p->version, 12);
	assert_int_equal(p->block_size, 0);
	assert_int_equal(p->key_max, 0);
	assert_true(p->refuses_unknown);
	assert_int_equal(p->account_instance, -1);
	assert_int_equal(p->format_count, 1);
	assert_int_equal(p->formats[0], 11542);
	assert_int_equal(p->modes, 1 << SERVER_PSK);
	assert_int_equal(p->levels, 1 << WRITE_INSTANCE);
	policy_set_unref(s);
}

#define HERE \
	"identity: here\n" \
	"psk: {derive: birth}\n" \
	"---\n"

#define DEVICE \
	"policy: p\n" \
	"servers: []\n" \
	"device:\n"

static void
test_what_is_no_value(void **state)
{
	(void)state;
	expect_findings(DEVICE "  version: 1.3\n"
			       "  formats: [tvl, 40, 99, 11542, tlv]\n"
			       "  level: multiple\n"
			       "  levels: []\n"
			       "  unknown_resources: skip\n"
			       "  zero_retries: ignore\n"
			       "  max_message: 65536B\n"
			       "  block_size: 48B\n"
			       "  account_instance: 65535\n"
			       "  security: [psk, est]\n"
			       "  key_max: 0B\n"
			       "  endpoint_max: 253B\n"
			       "  read: yes\n"
			       "  blocks: true\n"
			       "  discover_reply: \"</0/0>,<0/1>\"\n",
	    "4:12: error: device.version: \"1.3\" is not known; did you mean "
	    "1.0? (1.0, 1.1 or 1.2)\n"
	    "5:13: error: device.formats[0]: \"tvl\" is not known; did you "
	    "mean tlv? (text, opaque, cbor, senml-json, senml-cbor, tlv, "
	    "oma-json or lwm2m-cbor)\n"
	    "5:18: error: device.formats[1]: nothing is written in "
	    "Content-Format 40; 11542 (TLV), 112, 110, 11544, 11543, 1542 and "
	    "1543 are written\n"
	    "5:22: error: device.formats[2]: nothing is written in "
	    "Content-Format 99; 11542 (TLV), 112, 110, 11544, 11543, 1542 and "
	    "1543 are written\n"
	    "5:33: error: device.formats[4]: \"tlv\" is there already\n"
	    "6:10: error: device.level: \"multiple\" is not known; expected: "
	    "instance, object or resource\n"
	    "7:11: error: device.levels: an empty list: nothing could be "
	    "written\n"
	    "8:22: error: device.unknown_resources: \"skip\" is not known; "
	    "expected: ignore or refuse\n"
	    "9:17: error: device.zero_retries: \"ignore\" is not known; "
	    "expected: accept or refuse\n"
	    "10:16: error: device.max_message: 65536B is above 65535B\n"
	    "11:15: error: device.block_size: \"48B\" is not known; "
	    "expected: none, 16B, 32B, 64B, 128B, 256B, 512B, 1024B or "
	    "1KiB\n"
	    "12:21: error: device.account_instance: 65535 is out of range; 0 "
	    "to 65534 is expected\n"
	    "13:19: error: device.security[1]: \"est\" is not known; expected: "
	    "psk, nosec, certificate or rpk\n"
	    "14:12: error: device.key_max: 0B is below 1B\n"
	    "15:17: error: device.endpoint_max: 253B is above 252B\n"
	    "16:9: error: device.read: \"yes\" is not accepted; write `true` "
	    "or `false`, which mean the same to every reader of YAML\n"
	    "17:3: error: device.blocks: unknown key\n"
	    "18:19: error: device.discover_reply: a link in it makes no sense; "
	    "what the device answers to a Discover of / is expected, such as "
	    "</>;lwm2m=1.1,</0/0>,</1>,</3/0>\n");
	expect_findings(DEVICE "  discover_reply: \"\"\n",
	    "4:19: error: device.discover_reply: no link is in it; what the "
	    "device answers to a Discover of / is expected, such as "
	    "</>;lwm2m=1.1,</0/0>,</1>,</3/0>\n");
}

static void
test_the_number_of_formats_is_limited(void **state)
{
	(void)state;
	expect_findings(DEVICE
	    "  formats: [tlv, text, opaque, cbor, senml-json, senml-cbor, "
	    "oma-json, lwm2m-cbor, 1542]\n",
	    "4:12: error: device.formats: 9 formats; at most 8 are expected\n");
}

/* A Write of an instance has several values; of a resource, one. */
static void
test_a_format_has_to_hold_what_is_written(void **state)
{
	(void)state;
	expect_findings(DEVICE "  formats: [text, opaque]\n",
	    "4:12: error: device.formats: none of the formats holds more than "
	    "one value, as a Write with `level: instance` has; add tlv, "
	    "senml-cbor or another that the device takes\n");
	policy_set_unref(loaded(DEVICE "  formats: [text, opaque]\n"
				       "  level: resource\n"));
	/* none: by `pct` and version */
	policy_set_unref(loaded(DEVICE "  formats: []\n"));
}

static void
test_a_level_has_to_be_one_that_is_taken(void **state)
{
	(void)state;
	expect_findings(DEVICE "  profile: contiki-ng\n"
			       "  level: object\n",
	    "5:10: error: device.level: the device takes no Write of `level: "
	    "object`; one that is in its `levels:` is expected\n");
	expect_findings(DEVICE "  levels: [object]\n",
	    "4:3: error: device: the device takes no Write of `level: "
	    "instance`; one that is in its `levels:` is expected\n");
}

static void
test_a_pack_is_about_several_objects(void **state)
{
	(void)state;
	expect_findings(DEVICE "  version: 1.2\n"
			       "  pack: true\n"
			       "  formats: tlv\n",
	    "5:9: error: device.pack: a pack is about several objects, and "
	    "none of the formats of the device holds that; add senml-cbor, "
	    "senml-json or lwm2m-cbor to `formats:`, or say `pack: false`\n");
	expect_findings(HERE DEVICE "  pack: true\n",
	    "7:9: warning: device.pack: a device of LwM2M 1.1 asks for no "
	    "pack, which is of 1.2\n");
}

static void
test_formats_have_names(void **state)
{
	(void)state;
	assert_string_equal(profile_format_name(11542), "tlv");
	assert_string_equal(profile_format_name(0), "text");
	assert_null(profile_format_name(1542));
	assert_null(profile_format_name(40));
}

static void
test_a_reply_has_an_end(void **state)
{
	static char text[2 * POLICY_DISCOVER_MAX];
	static const char head[] = "identity: here\npsk: {derive: birth}\n"
				   "---\npolicy: p\nservers: []\n"
				   "device: {discover_reply: '</0/0>";
	size_t len = POLICY_DISCOVER_MAX - strlen("</0/0>");
	char finding[128];
	struct writer w;

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		writer_init(&w, text, sizeof(text) - 1);
		writer_str(&w, head);
		for (size_t n = 0; n < len + more; n++)
			writer_str(&w, n ? "x" : ";");
		writer_str(&w, "'}\n");
		assert_false(w.full);
		text[w.len] = '\0';
		snprintf(finding, sizeof(finding),
		    "6:26: error: device.discover_reply: %d bytes; at most %d "
		    "are expected\n",
		    POLICY_DISCOVER_MAX + 1, POLICY_DISCOVER_MAX);
		expect_findings(text, more ? finding : "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_key_as_it_is_written),
	    cmocka_unit_test(test_exceptions_go_over_the_profile),
	    cmocka_unit_test(test_what_is_no_value),
	    cmocka_unit_test(test_the_number_of_formats_is_limited),
	    cmocka_unit_test(test_a_format_has_to_hold_what_is_written),
	    cmocka_unit_test(test_a_level_has_to_be_one_that_is_taken),
	    cmocka_unit_test(test_a_pack_is_about_several_objects),
	    cmocka_unit_test(test_formats_have_names),
	    cmocka_unit_test(test_a_reply_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
