/* The messages of a bootstrap, and what of them is secret: in each format. That
 * they are the daemon's: tests/integration/daemon/test_explain.py. */
#include "cost/wire.h"

#include "issue/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { NOW_S = 1795000000, YAML_MAX = 2048, MESSAGES_MAX = 64 };

#define DOCUMENTS \
	"identity: lab\n" \
	"nosec: {network: 127.0.0.0/8}\n" \
	"---\n" \
	"policy: bench\n" \
	"servers:\n" \
	"  - name: eu-1\n" \
	"    short_server_id: 101\n" \
	"    uri: coaps://eu1.lwm2m.example:5684\n" \
	"    security: {mode: psk, key: {random: seal, length: 37}}\n"

struct story {
	size_t count, down, masked;
	enum rc stop; /* after the first */
};

static enum rc
hear(void *ctx, const struct cost_message *m)
{
	struct story *s = ctx;

	assert_int_equal(m->bytes.len, m->other.len);
	s->count++;
	s->down += m->down;
	for (size_t i = 0; i < m->bytes.len; i++)
		s->masked += m->bytes.p[i] != m->other.p[i];
	/* what a device says holds no secret */
	if (!m->down)
		assert_true(span_equal(m->bytes, m->other));
	return s->stop;
}

static enum rc
tell(const char *device, struct story *s, struct cost *end)
{
	struct diag *d = diag_new();
	struct issue_decision decision = {0};
	struct issue_rules *rules = NULL;
	struct policy_set *set = NULL;
	char yaml[YAML_MAX];
	struct cost_case c;
	enum rc rc;

	(void)snprintf(yaml, sizeof(yaml), DOCUMENTS "device: {%s}\n", device);
	assert_int_equal(
	    policy_load_text("t.yaml", span_str(yaml), d, &set), RC_OK);
	assert_int_equal(issue_rules_new(set, NULL, d, &rules), RC_OK);
	diag_free(d);
	c = (struct cost_case){
	    .device = &set->policies[0].device,
	    .endpoint = SPAN_LIT("dev-1"),
	};
	assert_int_equal(issue_sample_plan(rules, &set->policies[0], c.endpoint,
			     NOW_S, &decision),
	    RC_OK);
	c.plan = secret_expose(&decision.plan);
	rc = cost_wire(&c, hear, s, end);
	issue_decision_fini(&decision);
	issue_rules_unref(rules);
	policy_set_unref(set);
	return rc;
}

static void
just_the_key_is_masked(void **state)
{
	/* 37 bytes are 50 characters of base64 */
	static const struct {
		const char *device;
		size_t masked;
	} formats[] = {
	    {"formats: [senml-cbor]", 37},
	    {"version: 1.0, discover: false, formats: [tlv]", 37},
	    {"version: 1.2, formats: [lwm2m-cbor]", 37},
	    {"formats: [senml-json]", 50},
	    {"max_message: 100B, block_size: 32B", 37},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct story s = {0};
		struct cost end;

		assert_int_equal(tell(formats[i].device, &s, &end), RC_OK);
		assert_int_equal(end.outcome, OUTCOME_OK);
		assert_true(s.count < MESSAGES_MAX && s.down > 0);
		if (s.masked != formats[i].masked)
			fail_msg("%s: %zu", formats[i].device, s.masked);
	}
}

static void
whoever_hears_may_end_it(void **state)
{
	struct story s = {.stop = RC_IO};
	struct cost end;

	(void)state;
	assert_int_equal(tell("profile: default", &s, &end), RC_IO);
	assert_int_equal(s.count, 1);
}

static void
no_plan_is_no_bootstrap(void **state)
{
	static const struct policy_profile none = {.name = "none"};
	const struct cost_case c = {
	    .device = &none,
	    .endpoint = SPAN_LIT("dev-1"),
	    .plan = SPAN_LIT("no plan"),
	};
	struct story s = {0};
	struct cost end;

	(void)state;
	assert_int_equal(cost_wire(&c, hear, &s, &end), RC_MALFORMED);
	assert_int_equal(s.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(just_the_key_is_masked),
	    cmocka_unit_test(whoever_hears_may_end_it),
	    cmocka_unit_test(no_plan_is_no_bootstrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
