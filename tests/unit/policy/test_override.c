/* What is said for some devices over what their policy gives. */
#include "policy/override.h"

#include "expect.h"
#include "lwm2m/object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEAD \
	"identity: i\n" \
	"psk: {derive: m}\n" \
	"---\n" \
	"policy: p\n" \
	"device: {profile: anjay}\n" \
	"servers:\n" \
	"  - {name: eu, short_server_id: 1, uri: \"coaps://eu.example\", " \
	"lifetime: 1d, retry: {count: 5, timer: 1m}, security: {mode: psk, " \
	"key: {derive: f}}}\n" \
	"  - pool: us\n" \
	"    servers:\n" \
	"      - {name: us-1, short_server_id: 2, uri: " \
	"\"coaps://us1.example\"" \
	", security: {mode: psk, key: {derive: f}}}\n" \
	"      - {name: us-2, short_server_id: 3, uri: " \
	"\"coaps://us2.example\"" \
	", security: {mode: psk, key: {derive: f}}}\n" \
	"objects:\n" \
	"  /2/0: {0: 1, 1: {instance_of: eu}, 2: {1: 1}, 3: 1}\n" \
	"  /3/0: {14: \"+01:00\"}\n" \
	"---\n" /* line 15 */

#define OVERRIDE(name, endpoint) \
	"override: " name "\nmatch: {endpoint: \"" endpoint "\"}\n"

static struct policy_decided *
decide(const struct policy_set *s, const char *endpoint)
{
	const struct policy_facts f = {
	    .identity = &s->identities[0],
	    .endpoint = span_str(endpoint),
	};
	struct policy_decided *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	assert_int_equal(policy_decide(s, &f, d), RC_OK);
	assert_int_equal(d->answer, POLICY_GIVEN);
	return d;
}

static uint64_t
number(const struct policy_server *s, uint16_t resource)
{
	for (size_t i = 0; i < s->server_entry_count; i++)
		if (s->server_entries[i].path.resource == resource)
			return s->server_entries[i].value.number;
	return UINT64_MAX;
}

static void
only_the_device_that_it_is_for_gets_it(void **state)
{
	struct policy_set *s = loaded(HEAD OVERRIDE("o",
	    "x-7") "servers:\n"
		   "  eu: {uri: \"coaps://lab.example\", lifetime: 10m,\n"
		   "       retry: {timer: 30s}, registration: {delay: 5s}}\n"
		   "device: {max_message: 512B, formats: tlv}\n"
		   "verify: discover\n"
		   "on_failure: clean\n");
	struct policy_decided *d = decide(s, "x-8");

	(void)state;
	assert_int_equal(d->override_count, 0);
	assert_string_equal(d->given.servers[0].uri, "coaps://eu.example");
	assert_int_equal(d->given.verify, VERIFY_NONE);
	free(d);
	d = decide(s, "x-7");
	assert_int_equal(d->override_count, 1);
	assert_string_equal(d->overrides[0]->name, "o");
	assert_int_equal(d->overrides[0]->place.line, 16);
	assert_string_equal(d->given.servers[0].uri, "coaps://lab.example");
	assert_int_equal(d->given.servers[0].lifetime_s, 600);
	assert_int_equal(d->given.servers[0].short_server_id, 1);
	assert_int_equal(number(&d->given.servers[0], SERVER_RETRY_COUNT), 5);
	assert_int_equal(number(&d->given.servers[0], SERVER_RETRY_TIMER), 30);
	assert_int_equal(
	    number(&d->given.servers[0], SERVER_REGISTRATION_DELAY), 5);
	assert_int_equal(d->given.device.max_message, 512);
	assert_int_equal(d->given.device.format_count, 1);
	assert_int_equal(d->given.verify, VERIFY_DISCOVER);
	assert_int_equal(d->given.on_failure, FAILURE_CLEAN);
	/* the set is as it was */
	assert_int_equal(s->policies[0].servers[0].lifetime_s, 86400);
	free(d);
	policy_set_unref(s);
}

static void
several_apply_in_the_order_of_the_documents(void **state)
{
	struct policy_set *s = loaded(HEAD OVERRIDE(
	    "a", "x-*") "servers: {eu: {lifetime: 2d, retry: {count: 2}}}\n"
			"---\n" OVERRIDE("b",
			    "*") "servers: {eu: {lifetime: 3d, binding: UQ}}\n"
				 "---\n" OVERRIDE("c",
				     "y") "servers: {eu: {lifetime: 4d}}\n");
	struct policy_decided *d = decide(s, "x-7");

	(void)state;
	assert_int_equal(d->override_count, 2);
	assert_int_equal(d->given.servers[0].lifetime_s, 3 * 86400);
	assert_string_equal(d->given.servers[0].binding, "UQ");
	assert_int_equal(number(&d->given.servers[0], SERVER_RETRY_COUNT), 2);
	free(d);
	d = decide(s, "y");
	assert_int_equal(d->override_count, 2);
	assert_int_equal(d->given.servers[0].lifetime_s, 4 * 86400);
	free(d);
	policy_set_unref(s);
}

static void
a_member_of_a_pool_is_changed_where_it_is_given(void **state)
{
	struct policy_set *s = loaded(HEAD OVERRIDE("o",
	    "*") "servers: {us-1: {lifetime: 7d}, us-2: {lifetime: 8d}}\n");
	struct policy_decided *d = decide(s, "x");
	const bool first = strcmp(d->given.servers[1].name, "us-1") == 0;

	(void)state;
	assert_int_equal(
	    d->given.servers[1].lifetime_s, (first ? 7 : 8) * 86400);
	assert_int_equal(d->given.servers[0].lifetime_s, 86400);
	free(d);
	policy_set_unref(s);
}

/* An entry more in front: what waits for an account's instance has moved. */
static void
objects_are_put_together_value_by_value(void **state)
{
	struct policy_set *s = loaded(HEAD OVERRIDE(
	    "o", "*") "objects:\n"
		      "  /2/0: {2: {0: 1, 2: 15}}\n"
		      "  /3/0: {14: \"+02:00\", 15: Europe/Berlin}\n"
		      "  /11/0: {0: a, 4: 1}\n");
	struct policy_decided *d = decide(s, "x");
	const struct policy_object *o = d->given.objects;

	(void)state;
	assert_int_equal(d->given.object_count, 3);
	assert_int_equal(o[0].entry_count, 6);
	assert_int_equal(o[0].account_of_count, 1);
	assert_int_equal(
	    o[0].entries[o[0].account_of[0].entry].path.resource, 1);
	assert_int_equal(o[1].entry_count, 2);
	assert_true(span_is(o[1].entries[0].value.bytes, "+02:00"));
	assert_int_equal(o[2].path.object, 11);
	free(d);
	policy_set_unref(s);
}

static void
what_names_an_instance_of_an_account_may_be_replaced(void **state)
{
	struct policy_set *s =
	    loaded(HEAD OVERRIDE("o", "*") "objects: {/2/0: {1: 7}}\n");
	struct policy_decided *d = decide(s, "x");

	(void)state;
	assert_int_equal(d->given.objects[0].account_of_count, 0);
	assert_int_equal(d->given.objects[0].entries[1].value.integer, 7);
	free(d);
	policy_set_unref(s);
}

static void
samples_have_the_overrides_too(void **state)
{
	struct policy_set *s = loaded(HEAD OVERRIDE(
	    "a", "x-*") "servers: {eu: {lifetime: 2d}}\n"
			"---\n" OVERRIDE(
			    "b", "x-7") "device: {max_message: 512B}\n");
	struct policy_decided *d = calloc(1, sizeof(*d));
	const struct policy *p = policy_at(s, 0);

	(void)state;
	assert_non_null(d);
	assert_int_equal(policy_sample_count(p), 6);
	policy_sample(s, p, 1, d);
	assert_int_equal(d->override_count, 0);
	policy_sample(s, p, 5, d);
	assert_int_equal(d->override_count, 2);
	assert_int_equal(d->given.servers[0].lifetime_s, 2 * 86400);
	assert_int_equal(d->given.device.max_message, 512);
	assert_string_equal(d->given.servers[1].name, "us-2");
	free(d);
	policy_set_unref(s);
}

/* --- what cannot be ------------------------------------------------------- */

static void
what_is_promised_of_policies_holds_for_overrides(void **state)
{
	(void)state;
	expect_codes(
	    HEAD OVERRIDE(
		"o", "*") "servers:\n"
			  "  eu: {uri: \"coap://eu.example\", lifetime: 0s}\n",
	    "19:13 policy-uri-mode\n19:44 yaml-range\n");
	/* the device cannot do what the policy asks any more */
	expect_codes(HEAD OVERRIDE("o", "*") "device: {security: nosec}\n",
	    "7:124 policy-device-mode\n10:87 policy-device-mode\n"
	    "11:87 policy-device-mode\n");
	expect_codes(HEAD OVERRIDE(
			 "o", "*") "device: {version: \"1.0\"}\n"
				   "servers: {eu: {uri: "
				   "\"coaps+tcp://eu.example\", binding: T}}\n",
	    "7:92 policy-version\n7:102 policy-version\n19:21 "
	    "policy-version\n19:56 policy-version\n");
	/* an instance that is new is written whole */
	expect_codes(HEAD OVERRIDE("o", "*") "objects: {/2/1: {3: 1}}\n",
	    "18:17 policy-mandatory\n");
}

/* Each alone is good: it is the second that cannot go with the first. */
static void
two_that_a_device_may_have_are_tried_together(void **state)
{
	static const char *const first =
	    HEAD OVERRIDE("a", "x*") "device: {discover: false, "
				     "account_instance: 0}\n---\n";
	char text[4096];

	(void)state;
	snprintf(text, sizeof(text), "%s%s", first,
	    OVERRIDE("b", "x-7") "verify: discover\n");
	expect_codes(text, "22:9 policy-verify\n");
	snprintf(text, sizeof(text), "%s%s", first,
	    OVERRIDE("b", "y-7") "verify: discover\n");
	expect_codes(text, "");
}

static void
names_are_those_of_the_policies(void **state)
{
	(void)state;
	expect_findings(
	    HEAD OVERRIDE("o", "*") "servers: {eu1: {lifetime: 1d}}\n",
	    "18:11: error: servers.eu1: no server of its policies has the "
	    "name \"eu1\"; did you mean eu?\n");
	expect_codes(HEAD "override: o\nmatch: {policy: q}\nverify: none\n",
	    "17:17 policy-override-policy\n");
	expect_codes(HEAD OVERRIDE("o", "*") "verify: none\n---\n" OVERRIDE(
			 "o", "*") "verify: none\n",
	    "20:11 policy-duplicate\n");
	expect_codes(HEAD "policy: q\norder: 1\nmatch: {endpoint: \"z*\"}\n"
			  "deny: lost\n---\n"
			  "override: o\nmatch: {endpoint: \"z*\", policy: q}\n"
			  "verify: none\n",
	    "21:1 policy-override-nobody\n");
}

static void
what_a_server_is_known_by_stays(void **state)
{
	(void)state;
	expect_codes(HEAD OVERRIDE("o", "*") "servers:\n"
					     "  eu:\n"
					     "    short_server_id: 9\n"
					     "    security: {mode: nosec}\n"
					     "    lifetime: 1d\n",
	    "20:22 policy-override\n21:15 policy-override\n");
	expect_codes(
	    HEAD OVERRIDE("o", "*") "objects: {/2/0: {1: {instance_of: us}}}\n",
	    "18:35 policy-override\n");
}

static void
nothing_said_is_a_fault(void **state)
{
	(void)state;
	expect_codes(HEAD OVERRIDE("o", "*"), "16:1 policy-override\n");
	expect_codes(
	    HEAD "override: o\nverify: none\n", "16:1 yaml-missing-key\n");
	expect_codes(HEAD "override: o\nmatch: {}\nverify: none\n",
	    "17:8 policy-override\n");
}

/* Found when the set is loaded, and not when the device comes. */
static void
more_than_one_device_may_have_is_a_finding(void **state)
{
	char text[8192];
	struct writer w;

	(void)state;
	for (int all = 1; all >= 0; all--) {
		struct diag *d = diag_new();
		struct policy_set *s;

		writer_init(&w, text, sizeof(text));
		writer_str(&w, HEAD);
		for (char c = 'a'; c < 'a' + POLICY_OVERRIDES_MAX + 1; c++) {
			char one[128];

			/* each for a device of its own: no limit */
			snprintf(one, sizeof(one),
			    "---\noverride: %c\nmatch: {endpoint: \"x%c\"}\n"
			    "verify: none\n",
			    c, all ? '*' : c);
			writer_str(&w, one);
		}
		assert_false(w.full);
		assert_int_equal(
		    policy_load_text("t.yaml", writer_span(&w), d, &s),
		    all ? RC_CONFIG : RC_OK);
		assert_int_equal(diag_count(d, DIAG_ERROR), all);
		if (all)
			assert_string_equal(
			    diag_get(d, diag_total(d) - 1)->code,
			    "policy-limit");
		policy_set_unref(s);
		diag_free(d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_the_device_that_it_is_for_gets_it),
	    cmocka_unit_test(several_apply_in_the_order_of_the_documents),
	    cmocka_unit_test(a_member_of_a_pool_is_changed_where_it_is_given),
	    cmocka_unit_test(objects_are_put_together_value_by_value),
	    cmocka_unit_test(
		what_names_an_instance_of_an_account_may_be_replaced),
	    cmocka_unit_test(samples_have_the_overrides_too),
	    cmocka_unit_test(what_is_promised_of_policies_holds_for_overrides),
	    cmocka_unit_test(two_that_a_device_may_have_are_tried_together),
	    cmocka_unit_test(names_are_those_of_the_policies),
	    cmocka_unit_test(what_a_server_is_known_by_stays),
	    cmocka_unit_test(nothing_said_is_a_fault),
	    cmocka_unit_test(more_than_one_device_may_have_is_a_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
