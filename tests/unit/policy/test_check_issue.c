/* Who makes certificates, and whether they lead back in. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#define CA \
	"authority: device-ca\n" \
	"certificate: ca.pem\n" \
	"---\n"
#define POLICY \
	"---\n" \
	"policy: p\n" \
	"servers: []\n"

/* Wherever the documents stand. */
static void
test_names_are_looked_up_in_the_whole_set(void **state)
{
	struct policy_set *s =
	    loaded_files("identity: i\n"
			 "certificate:\n"
			 "  issue: {ca: two, profile: short, validity: 30d}\n"
			 "  server_certificate: {file: server.pem}\n"
			 "---\n"
			 "policy: p\n"
			 "servers:\n"
			 "  - name: a\n"
			 "    short_server_id: 1\n"
			 "    uri: coaps://h\n"
			 "    security:\n"
			 "      mode: certificate\n"
			 "      issue: {ca: one}\n"
			 "      server_certificate: {file: server.pem}\n"
			 "---\n"
			 "certificate_profile: short\n"
			 "subject: \"{endpoint}\"\n"
			 "---\n"
			 "authority: one\n"
			 "certificate: ca.pem\n"
			 "---\n"
			 "authority: two\n"
			 "certificate: ca.pem\n");
	const struct policy_issue *issue = &identity_at(s, 0)->issue;

	(void)state;
	assert_ptr_equal(issue->ca, &s->authorities[1]);
	assert_string_equal(issue->ca->name, "two");
	assert_ptr_equal(issue->profile, &s->certificates[1]);
	assert_int_equal(issue->validity_s, 30 * 86400);
	issue = &server_at(policy_at(s, 0), 0)->issue;
	assert_ptr_equal(issue->ca, &s->authorities[0]);
	assert_string_equal(issue->profile->name, "device-p256");
	assert_int_equal(issue->validity_s, -1);
	policy_set_unref(s);
}

static void
test_names_that_nobody_has(void **state)
{
	(void)state;
	expect_files(CA "identity: i\n"
			"certificate:\n"
			"  issue: {ca: devise-ca, profile: device-p265}\n"
			"  server_certificate: {file: server.pem}\n"
			"---\n"
			"identity: j\n"
			"certificate:\n"
			"  issue: {ca: zebra, profile: zebra}\n"
			"  server_certificate: {file: server.pem}\n" POLICY,
	    "1:1: warning: no `issue:` names this authority\n"
	    "6:15: error: certificate.issue.ca: no authority has the name "
	    "\"devise-ca\"; did you mean device-ca?\n"
	    "6:35: error: certificate.issue.profile: no certificate_profile "
	    "has the name \"device-p265\"; did you mean device-p256?\n"
	    "11:15: error: certificate.issue.ca: no authority has the name "
	    "\"zebra\"\n"
	    "11:31: error: certificate.issue.profile: no certificate_profile "
	    "has the name \"zebra\"\n");
}

static void
test_names_that_two_have(void **state)
{
	(void)state;
	expect_files(CA CA "identity: i\n"
			   "certificate:\n"
			   "  issue: {ca: device-ca}\n"
			   "  server_certificate: {file: server.pem}\n" POLICY,
	    "4:12: error: authority: device-ca is the name of the authority at "
	    "t.yaml:1 already\n");
}

/* An identity whose images get certificates of `profile`. `want` NULL: they
 * lead back in. */
static void
expect_way_back(const char *endpoint, const char *profile, const char *want)
{
	char text[1024], finding[512] = "";

	snprintf(text, sizeof(text),
	    CA "identity: i\n"
	       "certificate:\n"
	       "  endpoint: %s\n"
	       "  issue: {ca: device-ca, profile: p}\n"
	       "  server_certificate: {file: server.pem}\n" POLICY "---\n"
	       "certificate_profile: p\n"
	       "%s\n",
	    endpoint, profile);
	if (want)
		snprintf(finding, sizeof(finding),
		    "4:1: warning: devices of its images are not let in: the "
		    "profile p %s\n",
		    want);
	expect_files(text, finding);
}

static void
test_what_an_image_has_leads_back_in(void **state)
{
	(void)state;
	expect_way_back("cn", "subject: \"{endpoint}\"", NULL);
	expect_way_back(
	    "cn", "subject: \"m {endpoint}\"", "has no `CN: \"{endpoint}\"`");
	expect_way_back("cn", "subject: {O: \"{endpoint}\"}",
	    "has no `CN: \"{endpoint}\"`");
	expect_way_back("san-uri", "subject: m\nsan_uri: \"{endpoint}\"", NULL);
	expect_way_back("san-uri", "subject: \"{endpoint}\"",
	    "has no `san_uri: \"{endpoint}\"`");
	expect_way_back("san-uri", "subject: m\nsan_uri: \"urn:{endpoint}\"",
	    "has no `san_uri: \"{endpoint}\"`");
	expect_way_back("{table: table.csv}", "subject: \"{endpoint}\"",
	    "makes certificates whose fingerprints are in no table");
	expect_way_back("cn",
	    "subject: \"{endpoint}\"\nextended_key_usage: serverAuth",
	    "is without clientAuth");
}

/* What no server demands, no policy has to lead back to. */
static void
test_certificates_for_servers_lead_elsewhere(void **state)
{
	(void)state;
	expect_files(CA "identity: i\n"
			"psk: {derive: x}\n"
			"---\n"
			"certificate_profile: serial\n"
			"subject: {serialNumber: \"{endpoint}\"}\n"
			"extended_key_usage: []\n"
			"---\n"
			"policy: p\n"
			"servers:\n"
			"  - name: a\n"
			"    short_server_id: 1\n"
			"    uri: coaps://h\n"
			"    security:\n"
			"      mode: certificate\n"
			"      issue: {ca: device-ca, profile: serial}\n"
			"      server_certificate: {file: server.pem}\n",
	    "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_are_looked_up_in_the_whole_set),
	    cmocka_unit_test(test_names_that_nobody_has),
	    cmocka_unit_test(test_names_that_two_have),
	    cmocka_unit_test(test_what_an_image_has_leads_back_in),
	    cmocka_unit_test(test_certificates_for_servers_lead_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
