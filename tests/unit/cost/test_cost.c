/* What a bootstrap costs: held in memory and counted. */
#include "cost/cost.h"

#include "issue/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW_S = 1795000000 };

static const char text[] =
    "identity: factory\n"
    "psk: {derive: bootstrap-2026, epoch: 1}\n"
    "endpoint: \"urn:dev:ops:0057F2-*\"\n"
    "---\n"
    "policy: meters\n"
    "match: {identity: factory}\n"
    "device: {profile: %s}\n"
    "clean: [/0, /1]\n"
    "servers:\n"
    "  - name: eu-1\n"
    "    short_server_id: 101\n"
    "    uri: coaps://eu1.lwm2m.example:5684\n"
    "    security: {mode: psk, identity: \"{endpoint}\", "
    "key: {derive: fleet-2026}}\n";

struct world {
	struct policy_set *set;
	struct issue_rules *rules;
	struct issue_decision d;
	struct cost_meter *meter;
	uint8_t room[POLICY_ENDPOINT_MAX];
	struct cost_case c;
};

static void
start(struct world *w, const char *profile)
{
	struct diag *diag = diag_new();
	char yaml[2048];

	(void)snprintf(yaml, sizeof(yaml), text, profile);
	*w = (struct world){.meter = cost_meter_new()};
	if (policy_load_text("p.yaml", span_str(yaml), diag, &w->set) != RC_OK)
		diag_print(diag, stderr);
	assert_non_null(w->set);
	assert_int_equal(
	    issue_rules_new(w->set, NULL, diag, &w->rules), RC_OK);
	diag_free(diag);
	w->c = (struct cost_case){
	    .device = &w->set->policies[0].device,
	    .endpoint = issue_sample_endpoint(
		w->set, &w->set->policies[0], w->room),
	    .key_len = 32,
	    .server_name = "bs.lwm2m.example",
	    .server_chain = {.len = {520}, .count = 1},
	    .device_chain = {.len = {420}, .count = 1},
	};
	w->c.psk_identity = w->c.endpoint;
	assert_int_equal(issue_sample_plan(w->rules, &w->set->policies[0],
			     w->c.endpoint, NOW_S, &w->d),
	    RC_OK);
	w->c.plan = secret_expose(&w->d.plan);
}

static void
stop(struct world *w)
{
	issue_decision_fini(&w->d);
	cost_meter_free(w->meter);
	issue_rules_unref(w->rules);
	policy_set_unref(w->set);
}

static void
dump(void **state)
{
	struct world w;
	struct cost c;

	(void)state;
	start(&w, "anjay");
	for (int t = 0; t < 3; t++)
		for (int p = 0; p < 4; p++) {
			if (!cost_can(t, p))
				continue;
			w.c.transport = t;
			w.c.proof = p;
			int rc = cost_measure(w.meter, &w.c, true, &c);
			printf("%s %s rc=%d out=%d %s step %u/%u up %u/%u down "
			       "%u/%u rt %u blocks %u nb %llu ltem %llu\n",
			    cost_transport_name(t), cost_proof_name(p), rc,
			    c.outcome, reason_code(c.reason), c.step, c.steps,
			    c.up.datagrams, c.up.bytes, c.down.datagrams,
			    c.down.bytes, c.round_trips, c.blocks,
			    (unsigned long long)c.worst_ms[0],
			    (unsigned long long)c.worst_ms[1]);
		}
	stop(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
