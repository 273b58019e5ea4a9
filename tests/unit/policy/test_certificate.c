/* Profiles: what a device's certificate says. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define REST \
	"---\n" \
	"identity: a\n" \
	"psk: {derive: x}\n" \
	"---\n" \
	"policy: p\n" \
	"servers: []\n"

static void
test_one_is_built_in(void **state)
{
	struct policy_set *s = loaded("");
	const struct policy_certificate *p = s->certificates;

	(void)state;
	assert_int_equal(s->certificate_count, 1);
	assert_string_equal(p->name, "device-p256");
	assert_int_equal(p->subject_count, 1);
	assert_string_equal(p->subject[0].attribute, "CN");
	assert_string_equal(p->subject[0].value, "{endpoint}");
	assert_string_equal(p->san_uri, "{endpoint}");
	assert_null(p->san_dns);
	assert_true(p->client_auth);
	assert_false(p->server_auth);
	assert_false(p->digital_signature);
	assert_false(p->key_ids);
	assert_int_equal(p->backdate_s, 86400);
	assert_int_equal(p->validity_s, 10 * 365 * 86400);
	policy_set_unref(s);
}

static void
test_a_profile_with_everything_said(void **state)
{
	struct policy_set *s =
	    loaded("certificate_profile: meter\n"
		   "subject: {O: Example Meters, OU: W, C: DE, ST: B, L: B, "
		   "serialNumber: \"4711\", CN: \"meter {endpoint}\"}\n"
		   "san_uri: \"urn:x:{endpoint}\"\n"
		   "san_dns: \"{endpoint}.example\"\n"
		   "extended_key_usage: [serverAuth, clientAuth]\n"
		   "key_usage: digitalSignature\n"
		   "key_ids: true\n"
		   "backdate: 2h\n"
		   "validity: forever\n" REST);
	const struct policy_certificate *p = &s->certificates[1];
	static const char *const order[] = {
	    "O", "OU", "C", "ST", "L", "serialNumber", "CN"};

	(void)state;
	assert_int_equal(s->certificate_count, 2);
	assert_string_equal(p->name, "meter");
	assert_int_equal(p->place.line, 1);
	assert_int_equal(p->subject_count, 7);
	for (size_t i = 0; i < 7; i++)
		assert_string_equal(p->subject[i].attribute, order[i]);
	assert_string_equal(p->subject[5].value, "4711");
	assert_string_equal(p->subject[6].value, "meter {endpoint}");
	assert_string_equal(p->san_uri, "urn:x:{endpoint}");
	assert_string_equal(p->san_dns, "{endpoint}.example");
	assert_true(p->client_auth);
	assert_true(p->server_auth);
	assert_true(p->digital_signature);
	assert_true(p->key_ids);
	assert_int_equal(p->backdate_s, 7200);
	assert_true(p->validity_s == POLICY_FOREVER);
	policy_set_unref(s);
}

static void
test_the_least_is_a_common_name(void **state)
{
	struct policy_set *s = loaded("certificate_profile: meter\n"
				      "subject: \"{endpoint}\"\n"
				      "extended_key_usage: []\n" REST);
	const struct policy_certificate *p = &s->certificates[1];

	(void)state;
	assert_string_equal(p->subject[0].attribute, "CN");
	assert_null(p->san_uri);
	assert_false(p->client_auth);
	assert_int_equal(p->backdate_s, 86400);
	assert_int_equal(p->validity_s, 10 * 365 * 86400);
	policy_set_unref(s);
}

static void
test_all_faults_of_a_profile_at_once(void **state)
{
	(void)state;
	expect_findings(
	    "certificate_profile: p\n"
	    "subject: {CN: \"{name}\", C: de, EMAIL: x, O: \"\"}\n"
	    "san_uri: \"{endpoint}{endpoint}\"\n"
	    "san_dns: under_score.example\n"
	    "extended_key_usage: [clientAuth, codeSigning, clientAuth]\n"
	    "key_usage: keyCertSign\n"
	    "key_ids: yes\n"
	    "backdate: 2y\n"
	    "validity: 101y\n" REST,
	    "2:15: error: subject.CN: what {name} stands for is not known "
	    "here; {endpoint}, {model} and {batch} stand here\n"
	    "2:28: error: subject.C: \"de\": a country is two capital letters "
	    "(ISO 3166)\n"
	    "2:32: error: subject.EMAIL: unknown key\n"
	    "2:45: error: subject.O: \"\": an attribute has 1 to 64 bytes (RFC "
	    "5280 appendix A.1)\n"
	    "3:10: error: san_uri: \"{endpoint}{endpoint}\": a URI of at most "
	    "255 bytes with {endpoint}, once, in it is expected\n"
	    "4:10: error: san_dns: \"under_score.example\": a host name is "
	    "expected, with {endpoint}, once, in it\n"
	    "5:34: error: extended_key_usage[1]: \"codeSigning\" is not known; "
	    "expected: clientAuth or serverAuth\n"
	    "5:47: error: extended_key_usage[2]: clientAuth is there already\n"
	    "6:12: error: key_usage: \"keyCertSign\" is not known; expected: "
	    "digitalSignature\n"
	    "7:10: error: key_ids: \"yes\" is not accepted; write `true` or "
	    "`false`, which mean the same to every reader of YAML\n"
	    "8:11: error: backdate: 2y is above 1y\n"
	    "9:11: error: validity: 101y is above 100y\n");
}

static void
test_a_subject_is_there(void **state)
{
	(void)state;
	expect_codes("certificate_profile: p\n"
		     "---\n"
		     "certificate_profile: q\n"
		     "subject: {}\n"
		     "---\n"
		     "certificate_profile: r\n"
		     "subject: [CN]\n"
		     "validity: 59s\n"
		     "---\n"
		     "certificate_profile: s\n"
		     "subject:\n" REST,
	    "1:1 yaml-missing-key\n"
	    "4:10 policy-subject\n"
	    "7:10 yaml-type\n"
	    "8:11 yaml-range\n"
	    "11:9 yaml-empty\n");
}

static void
test_a_certificate_says_whose_it_is(void **state)
{
	(void)state;
	expect_findings("certificate_profile: p\n"
			"subject: {O: Example Meters, CN: meter}\n"
			"san_uri: urn:example:meter\n" REST,
	    "1:1: warning: {endpoint} stands in no name: every certificate of "
	    "this profile says the same\n");
	expect_findings("certificate_profile: p\n"
			"subject: meter\n"
			"san_dns: \"{endpoint}.example\"\n" REST,
	    "");
}

static void
test_what_is_built_in_stays(void **state)
{
	(void)state;
	expect_findings("certificate_profile: device-p256\n"
			"subject: \"{endpoint}\"\n"
			"---\n"
			"certificate_profile: q\n"
			"subject: \"{endpoint}\"\n"
			"---\n"
			"certificate_profile: q\n"
			"subject: \"{endpoint}\"\n" REST,
	    "1:22: error: certificate_profile: device-p256 is built in; give "
	    "yours another name\n"
	    "7:22: error: certificate_profile: q is the name of the "
	    "certificate_profile at t.yaml:4 already\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_is_built_in),
	    cmocka_unit_test(test_a_profile_with_everything_said),
	    cmocka_unit_test(test_the_least_is_a_common_name),
	    cmocka_unit_test(test_all_faults_of_a_profile_at_once),
	    cmocka_unit_test(test_a_subject_is_there),
	    cmocka_unit_test(test_a_certificate_says_whose_it_is),
	    cmocka_unit_test(test_what_is_built_in_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
