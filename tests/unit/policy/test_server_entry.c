/* Resources of /1 and /0 that not every account has. */
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
	"servers:\n" \
	"  - name: a\n" \
	"    short_server_id: 1\n" \
	"    uri: coaps://h\n"
#define PSK "    security: {mode: psk, key: {derive: f}}\n"

static void
expect_entry(const struct lwm2m_entry *e, struct lwm2m_path path,
    struct lwm2m_value value)
{
	assert_int_equal(path_compare(e->path, path), 0);
	assert_true(value_equal(&e->value, &value));
}

static struct lwm2m_value
link_to(uint16_t object, uint16_t instance)
{
	struct lwm2m_value v = {.type = LWM2M_OBJLNK};

	v.link.object = object;
	v.link.instance = instance;
	return v;
}

/* Sorted by resource, whatever their order; seconds from any unit. */
static void
test_every_key_as_it_is_written(void **state)
{
	struct policy_set *s = loaded(HEAD PSK
	    "    profile_id_hash: 1\n"
	    "    notification_mode: confirmable\n"
	    "    server_versions: [\"1.1\", \"1.2\"]\n"
	    "    alternate_apn_links: [\"11:1\", \"11:2\"]\n"
	    "    mute_send: false\n"
	    "    preferred_transport: U\n"
	    "    sms_trigger: true\n"
	    "    retry: {sequence_count: 2, sequence_delay: 1d, timer: 1m, "
	    "count: 5}\n"
	    "    registration: {bootstrap_on_failure: true, failure_block: "
	    "false, delay: 30s, priority: 1}\n"
	    "    apn_link: \"11:0\"\n"
	    "objects:\n"
	    "  /11/0: {0: a, 4: 3}\n"
	    "  /11/1: {0: b, 4: 3}\n"
	    "  /11/2: {0: c, 4: 3}\n");
	const struct policy_server *p = server_at(policy_at(s, 0), 0);
	const struct lwm2m_entry *e = p->server_entries;
	const struct lwm2m_entry want[] = {
	    {LWM2M_RESOURCE(1, 0, 10), link_to(11, 0)},
	    {LWM2M_RESOURCE(1, 0, 13), LWM2M_VALUE_UNSIGNED(1)},
	    {LWM2M_RESOURCE(1, 0, 14), LWM2M_VALUE_UNSIGNED(30)},
	    {LWM2M_RESOURCE(1, 0, 15), LWM2M_VALUE_BOOLEAN(false)},
	    {LWM2M_RESOURCE(1, 0, 16), LWM2M_VALUE_BOOLEAN(true)},
	    {LWM2M_RESOURCE(1, 0, 17), LWM2M_VALUE_UNSIGNED(5)},
	    {LWM2M_RESOURCE(1, 0, 18), LWM2M_VALUE_UNSIGNED(60)},
	    {LWM2M_RESOURCE(1, 0, 19), LWM2M_VALUE_UNSIGNED(86400)},
	    {LWM2M_RESOURCE(1, 0, 20), LWM2M_VALUE_UNSIGNED(2)},
	    {LWM2M_RESOURCE(1, 0, 21), LWM2M_VALUE_BOOLEAN(true)},
	    {LWM2M_RESOURCE(1, 0, 22), LWM2M_VALUE_STRING(SPAN_LIT("U"))},
	    {LWM2M_RESOURCE(1, 0, 23), LWM2M_VALUE_BOOLEAN(false)},
	    {{1, 0, 24, 0}, link_to(11, 1)},
	    {{1, 0, 24, 1}, link_to(11, 2)},
	    {{1, 0, 25, 0}, LWM2M_VALUE_STRING(SPAN_LIT("1.1"))},
	    {{1, 0, 25, 1}, LWM2M_VALUE_STRING(SPAN_LIT("1.2"))},
	    {LWM2M_RESOURCE(1, 0, 26), LWM2M_VALUE_INTEGER(1)},
	    {LWM2M_RESOURCE(1, 0, 27), LWM2M_VALUE_UNSIGNED(1)},
	};
	const size_t count = sizeof(want) / sizeof(want[0]);

	(void)state;
	assert_int_equal(p->server_entry_count, count);
	for (size_t i = 0; i < count; i++)
		expect_entry(&e[i], want[i].path, want[i].value);
	assert_int_equal(p->security_entry_count, 0);
	policy_set_unref(s);
}

/* The same by their numbers, and what has no name at all. */
static void
test_resources_by_number(void **state)
{
	struct policy_set *s =
	    loaded(HEAD "    security:\n"
			"      mode: psk\n"
			"      key: {derive: f}\n"
			"      resources:\n"
			"        30: app\n"
			"        25: {1: \"coaps://b\", 0: \"coaps://c\"}\n"
			"        16: {0: 49320}\n"
			"        7: \"hex:010203040506\"\n"
			"        6: 1\n"
			"    retry: {count: 3}\n"
			"    resources: {19: 4294967295}\n");
	const struct policy_server *p = server_at(policy_at(s, 0), 0);
	const struct lwm2m_entry *e = p->security_entries;

	(void)state;
	assert_int_equal(p->security_entry_count, 6);
	expect_entry(&e[0], LWM2M_RESOURCE(0, 0, 6), LWM2M_VALUE_INTEGER(1));
	assert_int_equal(e[1].value.bytes.len, 6);
	expect_entry(&e[2], (struct lwm2m_path){0, 0, 16, 0},
	    LWM2M_VALUE_UNSIGNED(49320));
	expect_entry(&e[4], (struct lwm2m_path){0, 0, 25, 1},
	    LWM2M_VALUE_STRING(SPAN_LIT("coaps://b")));
	expect_entry(&e[5], LWM2M_RESOURCE(0, 0, 30),
	    LWM2M_VALUE_STRING(SPAN_LIT("app")));
	assert_int_equal(p->server_entry_count, 2);
	expect_entry(&p->server_entries[1], LWM2M_RESOURCE(1, 0, 19),
	    LWM2M_VALUE_UNSIGNED(4294967295));
	policy_set_unref(s);
}

static void
test_what_is_no_value(void **state)
{
	(void)state;
	expect_findings(HEAD PSK
	    "    registration: {priority: -1, delay: 30, prority: 1}\n"
	    "    retry: {timer: 1500ms, sequence_delay: 70y}\n"
	    "    preferred_transport: Q\n"
	    "    mute_send: off\n"
	    "    server_versions: []\n"
	    "    notification_mode: con\n"
	    "    profile_id_hash: 256\n"
	    "    apn_link: 11\n",
	    "11:30: error: servers[0].registration.priority: -1 is out of "
	    "range; 0 to 9223372036854775807 is expected\n"
	    "11:41: error: servers[0].registration.delay: \"30\" has no unit; "
	    "a duration is expected, like 250ms, 90s, 5m, 2h, 1d or 10y\n"
	    "11:45: error: servers[0].registration.prority: unknown key; did "
	    "you mean `priority`?\n"
	    "12:20: error: servers[0].retry.timer: \"1500ms\" is not a whole "
	    "number of seconds, which is all that LwM2M has\n"
	    "12:44: error: servers[0].retry.sequence_delay: 70y is above "
	    "2147483647s\n"
	    "13:26: error: servers[0].preferred_transport: \"Q\" is not known; "
	    "expected: U, T, S, N, M or H\n"
	    "14:16: error: servers[0].mute_send: \"off\" is not accepted; "
	    "write `true` or `false`, which mean the same to every reader of "
	    "YAML\n"
	    "15:22: error: servers[0].server_versions: 0 values; 1 to 8 are "
	    "expected\n"
	    "16:24: error: servers[0].notification_mode: \"con\" is not known; "
	    "expected: non-confirmable or confirmable\n"
	    "17:22: error: servers[0].profile_id_hash: 256 is out of range; 0 "
	    "to 255 is expected\n"
	    "18:15: error: servers[0].apn_link: \"11\" is no object link; "
	    "\"OBJECT:INSTANCE\" is expected, like \"3:0\"\n");
}

/* One value has one place, and no key is written in a policy. */
static void
test_what_is_not_said_by_number(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "    security:\n"
	    "      mode: psk\n"
	    "      key: {derive: f}\n"
	    "      resources: {0: \"coaps://x\", 5: \"hex:00\", 11: 1, 17: "
	    "\"21:0\", 8: \"hex:00\", 16: 1, 25: {0: x}, 31: 1}\n"
	    "    retry: {count: 3}\n"
	    "    resources: {1: 60, 8: 1, 17: 4, x: 1}\n",
	    "13:22: error: servers[0].security.resources.0: has a key of its "
	    "own: `uri:`\n"
	    "13:38: error: servers[0].security.resources.5: has a key of its "
	    "own: `key:`\n"
	    "13:52: error: servers[0].security.resources.11: has a key of its "
	    "own: `bootstrap_account.hold_off:`\n"
	    "13:59: error: servers[0].security.resources.17: has a key of its "
	    "own: `oscore:`\n"
	    "13:70: error: servers[0].security.resources.8: SMS Binding Secret "
	    "Key(s) is a secret; none is written in a policy\n"
	    "13:84: error: servers[0].security.resources.16: DTLS/TLS "
	    "Ciphersuite is a multiple resource; a map of its instances is "
	    "expected, like {0: ...}\n"
	    "13:95: error: servers[0].security.resources.25.0: \"x\": a URI is "
	    "expected, like coaps://host:5684\n"
	    "13:103: error: servers[0].security.resources.31: object 0 (LwM2M "
	    "Security) has no resource 31 that is known\n"
	    "15:20: error: servers[0].resources.1: has a key of its own: "
	    "`lifetime:`\n"
	    "15:27: error: servers[0].resources.8: Registration Update Trigger "
	    "is executable and is never written\n"
	    "15:34: error: servers[0].resources.17: resource 17 is written "
	    "already, at line 14\n"
	    "15:40: error: servers[0].resources.x: \"x\" is no resource; a "
	    "number from 0 to 65534 is expected\n");
}

/* Each that stands elsewhere: written twice it would be two values. */
static void
test_each_that_has_a_key(void **state)
{
	static const struct {
		unsigned number;
		const char *key;
	} security[] = {{0, "uri"}, {1, "bootstrap_account"}, {2, "mode"},
	    {3, "identity"}, {4, "server_certificate"}, {5, "key"},
	    {10, "short_server_id"}, {11, "bootstrap_account.hold_off"},
	    {12, "bootstrap_account.timeout"},
	    {13, "server_certificate.matching"}, {14, "server_certificate.sni"},
	    {15, "server_certificate.usage"}, {17, "oscore"}},
	  server[] = {{0, "short_server_id"}, {1, "lifetime"},
	      {2, "min_period"}, {3, "max_period"}, {5, "disable_timeout"},
	      {6, "storing"}, {7, "binding"}};
	char text[512], finding[160];

	(void)state;
	for (size_t i = 0; i < sizeof(security) / sizeof(security[0]); i++) {
		snprintf(text, sizeof(text),
		    HEAD "    security: {mode: psk, key: {derive: f}, "
			 "resources: {%u: 1}}\n",
		    security[i].number);
		snprintf(finding, sizeof(finding),
		    "10:%u: error: servers[0].security.resources.%u: has a key "
		    "of its own: `%s:`\n",
		    security[i].number < 10 ? 60 : 61, security[i].number,
		    security[i].key);
		expect_findings(text, finding);
	}
	for (size_t i = 0; i < sizeof(server) / sizeof(server[0]); i++) {
		snprintf(text, sizeof(text),
		    HEAD "    security: {mode: psk, key: {derive: f}}\n"
			 "    resources: {%u: 1}\n",
		    server[i].number);
		snprintf(finding, sizeof(finding),
		    "11:20: error: servers[0].resources.%u: has a key of its "
		    "own: `%s:`\n",
		    server[i].number, server[i].key);
		expect_findings(text, finding);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_key_as_it_is_written),
	    cmocka_unit_test(test_resources_by_number),
	    cmocka_unit_test(test_what_is_no_value),
	    cmocka_unit_test(test_what_is_not_said_by_number),
	    cmocka_unit_test(test_each_that_has_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
