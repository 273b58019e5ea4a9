/* The decisions of the keeper that need no token: who is refused and why, and
 * what a plan is made of. With keys: tests/integration/daemon. */
#include "issue/issue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char documents[] =
    "identity: factory\n"
    "endpoint: 'urn:dev:ops:0057F2-*'\n"
    "psk: {derive: bootstrap-2026, epoch: [1, 2], identity: 'id/{endpoint}'}\n"
    "---\n"
    "identity: bench\n"
    "nosec: {network: [127.0.0.0/8]}\n"
    "---\n"
    "policy: meters\n"
    "match: {identity: factory, endpoint: 'urn:dev:ops:0057F2-WM*'}\n"
    "clean: [/0, /1]\n"
    "servers:\n"
    "  - name: eu\n"
    "    short_server_id: 101\n"
    "    uri: coaps://eu.example:5684\n"
    "    lifetime: 1d\n"
    "    security:\n"
    "      mode: psk\n"
    "      key: {derive: fleet-2026, epoch: 3}\n"
    "objects:\n"
    "  /2/0: {0: 3, 1: 0, 2: {101: 15}, 3: 101}\n"
    "verify: discover\n"
    "---\n"
    "policy: lab\n"
    "match: {identity: bench}\n"
    "servers:\n"
    "  - name: lab\n"
    "    short_server_id: 1\n"
    "    uri: coap://127.0.0.1:5683\n"
    "    security: {mode: nosec}\n"
    "---\n"
    "policy: stolen\n"
    "order: 1001\n"
    "match: {endpoint: 'urn:dev:ops:0057F2-SN9*'}\n"
    "deny: Reported stolen\n"
    "---\n"
    "policy: odd\n"
    "order: 1002\n"
    "match: {endpoint: 'urn:dev:ops:0057F2-SN8*'}\n"
    "quarantine: {because: Battery recall, retry: 2h}\n";

static struct policy_set *set;
static struct issue_rules *rules;
static struct issuer issuer;

static int
load(void **state)
{
	struct diag *d = diag_new();

	(void)state;
	if (policy_load_text("test.yaml", span_str(documents), d, &set) !=
	    RC_OK)
		diag_print(d, stderr);
	else if (issue_rules_new(set, NULL, d, &rules) == RC_OK)
		issuer = (struct issuer){.rules = rules, .now_s = 1764000000};
	diag_free(d);
	return rules ? 0 : -1;
}

static int
unload(void **state)
{
	(void)state;
	issue_rules_unref(rules);
	policy_set_unref(set);
	return 0;
}

/** A request over DTLS by that PSK identity. */
static struct issue_request
by_psk(const char *identity)
{
	return (struct issue_request){
	    .proof = PROOF_PSK,
	    .credential = span_str(identity),
	    .epoch = 1,
	    .pct = -1,
	};
}

static struct issue_request
by_nosec(const char *address, const char *endpoint)
{
	struct issue_request rq = {.proof = PROOF_NONE, .pct = -1};

	assert_int_equal(address_parse(span_str(address), &rq.address), RC_OK);
	rq.has_endpoint = endpoint != NULL;
	rq.endpoint = span_str(endpoint);
	return rq;
}

static void
refused(struct issue_request rq, enum reason why)
{
	struct issue_decision d;

	/* no HSM: a refusal must not get as far as one */
	issue_begin(&issuer, &rq, &d);
	assert_false(d.granted);
	assert_string_equal(reason_code(d.reason), reason_code(why));
	assert_int_equal(d.plan.len, 0);
	issue_decision_fini(&d);
}

/* Known, proved, and turned away all the same. */
static void
a_policy_may_refuse(void **state)
{
	static const struct {
		const char *identity, *policy, *detail;
		enum reason why;
		uint32_t wait_s;
	} t[] = {
	    {"id/urn:dev:ops:0057F2-SN9", "stolen", "Reported stolen",
		REASON_DENIED, 0},
	    {"id/urn:dev:ops:0057F2-SN8", "odd", "Battery recall",
		REASON_QUARANTINED, 7200},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct issue_request rq = by_psk(t[i].identity);
		struct issue_decision d;

		issue_begin(&issuer, &rq, &d);
		assert_false(d.granted);
		assert_string_equal(
		    reason_code(d.reason), reason_code(t[i].why));
		assert_string_equal(d.policy->name, t[i].policy);
		assert_string_equal(d.detail, t[i].detail);
		assert_int_equal(d.wait_s, t[i].wait_s);
		assert_int_equal(d.plan.len, 0);
		issue_decision_fini(&d);
		/* nor is there a pack for it */
		rq.pack = true;
		refused(rq, t[i].why);
	}
}

static void
a_refusal_names_its_reason(void **state)
{
	struct issue_request rq;

	(void)state;
	refused(by_psk("nobody"), REASON_NO_IDENTITY);
	refused(by_psk("id/urn:dev:ops:FFFFFF-WM1"), REASON_NO_IDENTITY);
	/* proved, but no policy is for it */
	refused(by_psk("id/urn:dev:ops:0057F2-XX1"), REASON_NO_POLICY);

	rq = by_psk("id/urn:dev:ops:0057F2-WM1");
	rq.has_endpoint = true;
	rq.endpoint = SPAN_LIT("urn:dev:ops:0057F2-WM2");
	refused(rq, REASON_ENDPOINT_MISMATCH);

	rq = by_psk("id/urn:dev:ops:0057F2-WM1");
	rq.pct = 99;
	refused(rq, REASON_PCT_UNSUPPORTED);
	rq.fault = REASON_REQUEST_MALFORMED;
	refused(rq, REASON_REQUEST_MALFORMED);
}

static void
nosec_is_admitted_by_network_only(void **state)
{
	struct issue_request rq = by_nosec("127.0.0.1:5683", "lab-1");
	struct issue_decision d;

	(void)state;
	refused(by_nosec("10.0.0.1:5683", "lab-1"), REASON_NO_IDENTITY);
	refused(by_nosec("127.0.0.1:5683", NULL), REASON_ENDPOINT_MISSING);
	/* a PSK document is not for those who prove nothing */
	refused(by_nosec("10.0.0.1:5683", "urn:dev:ops:0057F2-WM1"),
	    REASON_NO_IDENTITY);

	issue_begin(&issuer, &rq, &d);
	assert_true(d.granted);
	assert_string_equal(d.policy->name, "lab");
	assert_int_equal(d.credential_count, 0);
	issue_decision_fini(&d);
}

static void
a_missing_endpoint_is_taken_from_the_credential(void **state)
{
	struct issue_request rq = by_psk("id/urn:dev:ops:0057F2-WM1");
	struct issue_decision d;

	(void)state;
	issue_begin(&issuer, &rq, &d);
	assert_true(d.granted);
	assert_true(span_is(d.peer.endpoint, "urn:dev:ops:0057F2-WM1"));
	issue_decision_fini(&d);
}

static void
step_is(const struct plan *p, size_t i, enum plan_op op, uint16_t object,
    uint16_t instance, unsigned account)
{
	const struct plan_step *s = &p->steps[i];

	assert_string_equal(plan_op_name(s->op), plan_op_name(op));
	assert_int_equal(s->path.object, object);
	assert_int_equal(s->path.instance, instance);
	assert_int_equal(s->account, account);
}

static void
a_plan_is_what_the_policy_says_in_the_order_that_clients_take(void **state)
{
	const struct span endpoint = SPAN_LIT("urn:dev:ops:0057F2-WM1");
	struct issue_decision d = {0};
	struct plan plan;
	size_t labels = 0;

	(void)state;
	assert_int_equal(
	    issue_plan(&issuer, &set->policies[0], endpoint, &d), RC_OK);
	assert_int_equal(d.credential_count, 1);
	assert_string_equal(d.credentials[0].master, "fleet-2026");
	assert_int_equal(d.credentials[0].epoch, 3);
	assert_int_equal(plan_decode(&d.plan, &plan), RC_OK);

	assert_int_equal(plan.step_count, 8);
	step_is(&plan, 0, PLAN_DISCOVER, LWM2M_ID_NONE, LWM2M_ID_NONE, 0);
	step_is(&plan, 1, PLAN_DELETE, 0, LWM2M_ID_NONE, 0);
	step_is(&plan, 2, PLAN_DELETE, 1, LWM2M_ID_NONE, 0);
	step_is(&plan, 3, PLAN_WRITE, 0, 0, 1);
	step_is(&plan, 4, PLAN_WRITE, 1, 0, 1);
	step_is(&plan, 5, PLAN_WRITE, 2, 0, 0);
	step_is(&plan, 6, PLAN_VERIFY, LWM2M_ID_NONE, LWM2M_ID_NONE, 0);
	step_is(&plan, 7, PLAN_FINISH, LWM2M_ID_NONE, LWM2M_ID_NONE, 0);
	/* only one value is a secret, and it is known by its label */
	for (size_t i = 0; i < plan.entry_count; i++) {
		if (!plan.entries[i].secret)
			continue;
		labels++;
		assert_int_equal(plan.entries[i].entry.path.resource, 5);
		assert_true(span_is(plan.entries[i].label,
		    "psk fleet-2026 purpose 2 ssid 101 epoch 3"));
	}
	assert_int_equal(labels, 1);
	plan_fini(&plan);
}

static void
the_digest_tells_endpoints_and_policies_apart(void **state)
{
	struct issue_decision a = {0}, b = {0}, again = {0};

	(void)state;
	assert_int_equal(issue_plan(&issuer, &set->policies[0],
			     SPAN_LIT("urn:dev:ops:0057F2-WM1"), &a),
	    RC_OK);
	assert_int_equal(issue_plan(&issuer, &set->policies[0],
			     SPAN_LIT("urn:dev:ops:0057F2-WM2"), &b),
	    RC_OK);
	assert_int_equal(issue_plan(&issuer, &set->policies[0],
			     SPAN_LIT("urn:dev:ops:0057F2-WM1"), &again),
	    RC_OK);
	assert_memory_not_equal(a.plan_digest, b.plan_digest, DIGEST_LEN);
	assert_memory_equal(a.plan_digest, again.plan_digest, DIGEST_LEN);
	issue_decision_fini(&a);
	issue_decision_fini(&b);
	issue_decision_fini(&again);
}

static void
an_account_is_minted_only_by_the_document_of_the_endpoint(void **state)
{
	const struct issue_account account = {
	    .uri = "coaps://bs.example:5684",
	    .hold_off_s = -1,
	    .instance = 1,
	};
	struct issue_account other = account;
	struct issue_credential c;
	char detail[200];
	struct secret plan = {0};

	(void)state;
	assert_int_equal(
	    issue_account(&issuer, &set->identities[0],
		SPAN_LIT("urn:dev:ops:FFFFFF-1"), &account, &plan, &c, detail),
	    RC_DENIED);
	other.epoch = 7;
	assert_int_equal(
	    issue_account(&issuer, &set->identities[0],
		SPAN_LIT("urn:dev:ops:0057F2-1"), &other, &plan, &c, detail),
	    RC_CONFIG);
	assert_int_equal(
	    issue_account(&issuer, &set->identities[0],
		SPAN_LIT("urn:dev:ops:0057F2-1"), &account, &plan, &c, detail),
	    RC_OK);
	assert_int_equal(c.epoch, 2); /* the newest */
	secret_fini(&plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_refusal_names_its_reason),
	    cmocka_unit_test(a_policy_may_refuse),
	    cmocka_unit_test(nosec_is_admitted_by_network_only),
	    cmocka_unit_test(a_missing_endpoint_is_taken_from_the_credential),
	    cmocka_unit_test(
		a_plan_is_what_the_policy_says_in_the_order_that_clients_take),
	    cmocka_unit_test(the_digest_tells_endpoints_and_policies_apart),
	    cmocka_unit_test(
		an_account_is_minted_only_by_the_document_of_the_endpoint),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
