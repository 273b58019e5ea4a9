/* What a bootstrap costs: held in memory and counted. That it is what passes on
 * a real wire: tests/integration/daemon/test_cost.py. */
#include "cost/cost.h"

#include "issue/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW_S = 1795000000, YAML_MAX = 2048 };

#define IDENTITY \
	"identity: factory\n" \
	"psk: {derive: bootstrap-2026}\n" \
	"endpoint: \"urn:dev:ops:0057F2-*\"\n" \
	"---\n" \
	"policy: meters\n" \
	"match: {identity: factory}\n"
#define SERVER \
	"servers:\n" \
	"  - name: eu-1\n" \
	"    short_server_id: 101\n" \
	"    uri: coaps://eu1.lwm2m.example:5684\n" \
	"    security: {mode: psk, key: {derive: fleet-2026}}\n"

static struct policy_set *set;
static struct issue_rules *rules;
static struct issue_decision decision;
static struct cost_meter *meter;
static uint8_t room[POLICY_ENDPOINT_MAX];
static struct cost_case usual;

static int
stop(void **state)
{
	(void)state;
	issue_decision_fini(&decision);
	cost_meter_free(meter);
	issue_rules_unref(rules);
	policy_set_unref(set);
	meter = NULL;
	rules = NULL;
	set = NULL;
	return 0;
}

/** The policy behind IDENTITY, over UDP. */
static void
start(const char *policy)
{
	struct diag *d = diag_new();
	char yaml[YAML_MAX];
	const struct policy *p;

	(void)snprintf(yaml, sizeof(yaml), IDENTITY "%s", policy);
	if (policy_load_text("t.yaml", span_str(yaml), d, &set) != RC_OK)
		diag_print(d, stderr);
	assert_non_null(set);
	assert_int_equal(issue_rules_new(set, NULL, d, &rules), RC_OK);
	diag_free(d);
	p = &set->policies[0];
	usual = (struct cost_case){
	    .device = &p->device,
	    .endpoint = issue_sample_endpoint(set, p, room),
	    .key_len = 32,
	    .server_name = "bs.lwm2m.example",
	    .server_chain = {.len = {520, 480}, .count = 2},
	    .device_chain = {.len = {420}, .count = 1},
	};
	usual.psk_identity = usual.endpoint;
	assert_int_equal(
	    issue_sample_plan(rules, p, usual.endpoint, NOW_S, &decision),
	    RC_OK);
	usual.plan = secret_expose(&decision.plan);
	meter = cost_meter_new();
	assert_non_null(meter);
}

static struct cost
measured(const struct cost_case *c)
{
	struct cost out;

	assert_int_equal(cost_measure(meter, c, false, &out), RC_OK);
	return out;
}

/** `usual` over that. */
static struct cost
over(enum cost_transport t, enum cost_proof p)
{
	usual.transport = t;
	usual.proof = p;
	return measured(&usual);
}

static void
counted_by_hand(void **state)
{
	struct cost c;

	(void)state;
	/*
	 * device       server
	 * POST /bs     45: head 4, token 8, bs 3, "ep=" and 25 of name 30
	 *              12  2.04
	 *              14  DELETE /0
	 * 2.02   12
	 *              14  DELETE /1
	 * 2.02   12
	 *              15  POST /bs
	 * 2.04   12
	 */
	start("device: {profile: contiki-ng}\n"
	      "clean: [/0, /1]\n"
	      "servers: []\n");
	c = over(COST_UDP, COST_NONE);
	assert_int_equal(c.outcome, OUTCOME_OK);
	assert_int_equal(c.up.datagrams, 4);
	assert_int_equal(c.up.bytes, 45 + 3 * 12);
	assert_int_equal(c.down.datagrams, 4);
	assert_int_equal(c.down.bytes, 12 + 2 * 14 + 15);
	assert_int_equal(c.round_trips, 3);
	assert_int_equal(c.blocks, 0);
	assert_int_equal(c.steps, 3);

	/*
	 * POST /bs     45
	 *              26  4.01, Echo 2 and 12
	 * POST /bs     59  the same with Echo
	 */
	usual.echo = true;
	c = measured(&usual);
	assert_int_equal(c.outcome, OUTCOME_OK);
	assert_int_equal(c.up.datagrams, 5);
	assert_int_equal(c.up.bytes, 45 + 59 + 3 * 12);
	assert_int_equal(c.down.bytes, 26 + 12 + 2 * 14 + 15);
	assert_int_equal(c.round_trips, 4);
}

static void
all_shipped_profiles(void **state)
{
	static const char *const devices[] = {
	    "{profile: default}",
	    "{profile: anjay}",
	    "{profile: wakaama}",
	    "{profile: zephyr, key_max: 64B, endpoint_max: 64B}",
	    "{profile: leshan}",
	    "{profile: contiki-ng}",
	    "{profile: awa}",
	    "{profile: default, level: object}",
	    "{profile: default, level: resource}",
	    "{profile: default, version: 1.0, formats: tlv}",
	    "{profile: default, version: 1.2, formats: lwm2m-cbor}",
	    "{profile: default, formats: senml-json}",
	};
	char policy[1024];
	struct cost c;

	(void)state;
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		(void)snprintf(policy, sizeof(policy),
		    "device: %s\nclean: [/0, /1]\n" SERVER, devices[i]);
		start(policy);
		for (enum cost_transport t = COST_UDP; t <= COST_DTLS_13; t++)
			for (enum cost_proof p = COST_NONE; p <= COST_RAW_KEY;
			     p++) {
				if (!cost_can(t, p))
					continue;
				c = over(t, p);
				if (c.outcome != OUTCOME_OK)
					fail_msg("%s, %s %s: %s", devices[i],
					    cost_transport_name(t),
					    cost_proof_name(p),
					    reason_code(c.reason));
			}
		stop(NULL);
	}
	start(SERVER); /* for the tear-down */
}

static void
verified(void **state)
{
	static const char *const verify[] = {"none", "discover", "read"};
	uint32_t bytes = 0;
	char policy[1024];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct cost c;

		(void)snprintf(policy, sizeof(policy),
		    "device: {profile: leshan}\nverify: %s\n" SERVER,
		    verify[i]);
		start(policy);
		c = over(COST_UDP, COST_NONE);
		assert_int_equal(c.outcome, OUTCOME_OK);
		if (i == 0)
			bytes = c.up.bytes;
		else
			assert_true(c.up.bytes > bytes);
		stop(NULL);
	}
	start(SERVER); /* for the tear-down */
}

static void
an_account_that_is_rotated(void **state)
{
	struct cost kept, rotated;

	(void)state;
	start("device: {profile: anjay}\n" SERVER);
	kept = over(COST_UDP, COST_NONE);
	stop(NULL);
	start("device: {profile: anjay}\n"
	      "bootstrap_account: {rotate: true, uri: coaps://bs.example}\n"
	      "verify: discover\n" SERVER);
	rotated = over(COST_UDP, COST_NONE);
	assert_int_equal(rotated.outcome, OUTCOME_OK);
	/* its Write, and the Discover behind it */
	assert_int_equal(rotated.down.datagrams, kept.down.datagrams + 2);
}

static void
lengths_count(void **state)
{
	struct cost a, b;

	(void)state;
	start(SERVER);
	/* once in ClientKeyExchange */
	a = over(COST_DTLS_12, COST_PSK);
	usual.psk_identity.len -= 3;
	b = measured(&usual);
	assert_int_equal(a.up.bytes, b.up.bytes + 3);
	assert_int_equal(a.down.bytes, b.down.bytes);
	assert_int_equal(a.up.datagrams, b.up.datagrams);
	/* as many as the chains are longer */
	a = over(COST_DTLS_12, COST_CERTIFICATE);
	usual.server_chain.len[1] += 21;
	usual.device_chain.len[0] += 10;
	b = measured(&usual);
	assert_int_equal(a.up.bytes + 10, b.up.bytes);
	assert_int_equal(a.down.bytes + 21, b.down.bytes);
	/* and when they do not fit one datagram any more, there is another */
	usual.server_chain.len[0] += 1000;
	assert_true(measured(&usual).down.datagrams > b.down.datagrams);
}

static void
the_same_each_time(void **state)
{
	(void)state;
	start(SERVER);
	for (enum cost_transport t = COST_UDP; t <= COST_DTLS_13; t++)
		for (enum cost_proof p = COST_NONE; p <= COST_PSK; p++) {
			struct cost a, b;

			if (!cost_can(t, p))
				continue;
			a = over(t, p);
			b = over(t, p);
			assert_memory_equal(&a.up, &b.up, sizeof(a.up));
			assert_memory_equal(&a.down, &b.down, sizeof(a.down));
			assert_int_equal(a.round_trips, b.round_trips);
		}
}

static void
in_blocks(void **state)
{
	struct policy_profile device;
	struct cost c, whole;

	(void)state;
	start(SERVER);
	whole = over(COST_UDP, COST_NONE);
	stop(NULL);
	start("device: {max_message: 128B, block_size: 64B}\n" SERVER);
	c = over(COST_UDP, COST_NONE);
	assert_int_equal(c.outcome, OUTCOME_OK);
	assert_true(c.blocks >= 3);
	/* each block is a round trip, the first of them was there before */
	assert_int_equal(c.round_trips, whole.round_trips + c.blocks - 1);
	/* a device that takes none, whatever the plan says */
	device = *usual.device;
	device.block_size = 0;
	usual.device = &device;
	c = measured(&usual);
	assert_int_equal(c.outcome, OUTCOME_FAILED);
	assert_int_equal(c.reason, REASON_WRITE_REFUSED);
}

static void
the_worst_time(void **state)
{
	struct cost c;

	(void)state;
	start(SERVER);
	assert_int_equal(cost_measure(meter, &usual, true, &c), RC_OK);
	/* set-up, one loss until the timer of 3 s, and each round trip */
	assert_true(c.worst_ms[COST_LTE_M] > 1000 + 3000 + c.round_trips * 300);
	assert_true(c.worst_ms[COST_LTE_M] < 15000);
	assert_true(
	    c.worst_ms[COST_NB_IOT] > 5000 + 3000 + c.round_trips * 2000);
	assert_true(c.worst_ms[COST_NB_IOT] < 60000);
	for (enum cost_transport t = COST_DTLS_12; t <= COST_DTLS_13; t++) {
		uint64_t plain_ms = c.worst_ms[COST_LTE_M];

		if (!cost_can(t, COST_PSK))
			continue;
		usual.transport = t;
		usual.proof = COST_PSK;
		assert_int_equal(cost_measure(meter, &usual, true, &c), RC_OK);
		assert_true(c.worst_ms[COST_LTE_M] > plain_ms);
		assert_true(c.worst_ms[COST_NB_IOT] < 120000);
		c.worst_ms[COST_LTE_M] = plain_ms;
	}
}

static void
what_comes_to_no_end(void **state)
{
	struct cost c;

	(void)state;
	start(SERVER);
	usual.plan = SPAN_LIT("no plan");
	assert_int_equal(cost_measure(meter, &usual, true, &c), RC_OK);
	assert_int_equal(c.outcome, OUTCOME_FAILED);
	assert_int_equal(c.reason, REASON_PLAN_TOO_LARGE);
	assert_true(c.worst_ms[COST_NB_IOT] == TIME_NEVER);
	/* the request and its refusal */
	assert_int_equal(c.up.datagrams + c.down.datagrams, 2);
}

static void
what_cannot_be_measured(void **state)
{
	struct cost c;

	(void)state;
	start(SERVER);
	usual.proof = COST_PSK;
	assert_int_equal(
	    cost_measure(meter, &usual, false, &c), RC_UNSUPPORTED);
	usual.transport = COST_DTLS_12;
	usual.key_len = 8;
	assert_int_equal(cost_measure(meter, &usual, false, &c), RC_MALFORMED);
	usual.proof = COST_CERTIFICATE;
	usual.device_chain.len[0] = 100;
	assert_int_equal(cost_measure(meter, &usual, false, &c), RC_MALFORMED);
	/* and it is none the worse for it */
	usual.device_chain.len[0] = 420;
	assert_int_equal(measured(&usual).outcome, OUTCOME_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(counted_by_hand, stop),
	    cmocka_unit_test_teardown(all_shipped_profiles, stop),
	    cmocka_unit_test_teardown(verified, stop),
	    cmocka_unit_test_teardown(an_account_that_is_rotated, stop),
	    cmocka_unit_test_teardown(lengths_count, stop),
	    cmocka_unit_test_teardown(the_same_each_time, stop),
	    cmocka_unit_test_teardown(in_blocks, stop),
	    cmocka_unit_test_teardown(the_worst_time, stop),
	    cmocka_unit_test_teardown(what_comes_to_no_end, stop),
	    cmocka_unit_test_teardown(what_cannot_be_measured, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
