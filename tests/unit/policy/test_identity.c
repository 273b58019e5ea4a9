/* What a device proves itself with. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* So that the identities under test are served. */
#define POLICY \
	"---\n" \
	"policy: p\n" \
	"servers: []\n"

static void
test_a_psk_is_derived(void **state)
{
	struct policy_set *s =
	    loaded("# a comment first\n"
		   "identity: factory-2026\n"
		   "endpoint: \"urn:dev:ops:0057F2-*\"\n"
		   "psk: {derive: bootstrap-2026, epoch: [2, 1], identity: "
		   "\"psk:{endpoint}\"}\n" POLICY);
	const struct identity *id = identity_at(s, 0);

	(void)state;
	assert_string_equal(id->name, "factory-2026");
	assert_string_equal(id->place.file, "t.yaml");
	assert_int_equal(id->place.line, 2);
	assert_int_equal(id->kind, IDENTITY_PSK);
	assert_string_equal(id->endpoint, "urn:dev:ops:0057F2-*");
	assert_string_equal(id->master, "bootstrap-2026");
	assert_int_equal(id->epoch_count, 2);
	assert_int_equal(id->epochs[0], 2);
	assert_int_equal(id->epochs[1], 1);
	assert_string_equal(id->psk_identity, "psk:{endpoint}");
	policy_set_unref(s);
}

static void
test_what_is_not_said_has_a_default(void **state)
{
	struct policy_set *s = loaded("identity: a\n"
				      "psk: {derive: birth}\n" POLICY);
	const struct identity *id = identity_at(s, 0);

	(void)state;
	assert_string_equal(id->endpoint, "*");
	assert_int_equal(id->epoch_count, 1);
	assert_int_equal(id->epochs[0], 1);
	assert_string_equal(id->psk_identity, "{endpoint}");
	policy_set_unref(s);
}

static void
test_nosec_names_its_networks_and_is_said(void **state)
{
	struct policy_set *s;
	const struct identity *id;
	const char *text =
	    "identity: lab\n"
	    "nosec: {network: [127.0.0.0/8, \"::1/128\"]}\n" POLICY;

	(void)state;
	expect_findings(text,
	    "2:8: warning: nosec: NoSec: any host of 127.0.0.0/8, ::1/128 may "
	    "claim to be any endpoint of this identity, and reads in clear "
	    "what it is given\n");
	s = loaded(text);
	id = identity_at(s, 0);
	assert_int_equal(id->kind, IDENTITY_NOSEC);
	assert_int_equal(id->network_count, 2);
	assert_int_equal(id->networks[0].family, 4);
	assert_int_equal(id->networks[0].prefix, 8);
	assert_int_equal(id->networks[1].family, 6);
	policy_set_unref(s);
}

static void
test_a_long_list_of_networks_is_cut_in_the_warning(void **state)
{
	(void)state;
	expect_findings(
	    "identity: lab\n"
	    "nosec: {network: [1.0.0.0/8, 2.0.0.0/8, 3.0.0.0/8, 4.0.0.0/8, "
	    "5.0.0.0/8, 6.0.0.0/8, 7.0.0.0/8, 8.0.0.0/8, 9.0.0.0/8]}\n" POLICY,
	    "2:8: warning: nosec: NoSec: any host of 1.0.0.0/8, 2.0.0.0/8, "
	    "3.0.0.0/8, 4.0.0.0/8, 5.0.0.0/8, 6.0.0.0/8, 7.0.0.0/8, 8.0.0.0/8, "
	    "... may claim to be any endpoint of this identity, and reads in "
	    "clear what it is given\n");
}

static void
test_exactly_one_credential(void **state)
{
	static const char want[] =
	    "1:1: error: exactly one of `psk:`, `certificate:`, `rpk:` and "
	    "`nosec:` says how a device proves what it is\n";

	(void)state;
	expect_findings("identity: a\n" POLICY, want);
	expect_codes("identity: a\n"
		     "psk: {derive: birth}\n"
		     "nosec: {network: 10.0.0.0/8}\n" POLICY,
	    "1:1 policy-credential\n"
	    "3:8 policy-nosec\n");
}

static void
test_a_typing_error_is_told(void **state)
{
	(void)state;
	expect_findings("identity: c\n"
			"psk: {derived: birth, identity: \"c-{endpoint}\"}\n"
			"endpiont: x\n" POLICY,
	    "2:6: error: psk: `derive:` is missing\n"
	    "2:7: error: psk.derived: unknown key; did you mean `derive`?\n"
	    "3:1: error: endpiont: unknown key; did you mean `endpoint`?\n");
}

static void
test_all_faults_of_a_psk_at_once(void **state)
{
	(void)state;
	expect_findings("identity: \"a b\"\n"
			"endpoint: \"\"\n"
			"psk:\n"
			"  derive: \"\"\n"
			"  epoch: [0, 1, 1, 4294967296, x]\n"
			"  identity: all-the-same\n" POLICY,
	    "1:11: error: identity: \"a b\": a name is 1 to 64 letters, "
	    "digits, "
	    "'.', '_' or '-'\n"
	    "2:11: error: endpoint: \"\": a pattern of endpoint names is 1 to "
	    "252 bytes, with * for any run and ? for any one byte\n"
	    "4:11: error: psk.derive: \"\": the label of a master key is 1 to "
	    "64 bytes of text\n"
	    "5:11: error: psk.epoch[0]: 0 is out of range; 1 to 4294967295 is "
	    "expected\n"
	    "5:17: error: psk.epoch[2]: epoch 1 is there already\n"
	    "5:20: error: psk.epoch[3]: 4294967296 is out of range; 1 to "
	    "4294967295 is expected\n"
	    "5:32: error: psk.epoch[4]: \"x\" is no number; a whole one from 1 "
	    "to 4294967295 is expected\n"
	    "6:13: error: psk.identity: \"all-the-same\": {endpoint} has to "
	    "stand in it, once: the identity tells the endpoint\n");
}

static void
test_the_number_of_epochs_is_limited(void **state)
{
	(void)state;
	expect_findings(
	    "identity: a\n"
	    "psk: {derive: x, epoch: [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n" POLICY,
	    "2:25: error: psk.epoch: 9 epochs; 1 to 8 are expected\n");
	expect_codes("identity: a\n"
		     "psk: {derive: x, epoch: []}\n" POLICY,
	    "2:25 policy-epochs\n");
}

static void
test_a_network_is_exact(void **state)
{
	(void)state;
	expect_codes("identity: a\n"
		     "nosec: {network: [127.0.0.1, 10.0.0.1/8, \"fe80::/129\", "
		     "localhost/8, [10.0.0.0/8]]}\n"
		     "---\n"
		     "identity: b\n"
		     "nosec: {network: []}\n"
		     "---\n"
		     "identity: c\n"
		     "nosec: {}\n" POLICY,
	    "2:19 policy-network\n"
	    "2:30 policy-network\n"
	    "2:42 policy-network\n"
	    "2:56 policy-network\n"
	    "2:69 yaml-type\n"
	    "5:18 policy-network\n"
	    "8:8 yaml-missing-key\n");
}

static void
test_a_map_is_a_map(void **state)
{
	(void)state;
	expect_codes("identity: a\n"
		     "psk:\n"
		     "---\n"
		     "identity: b\n"
		     "nosec: [10.0.0.0/8]\n" POLICY,
	    "2:5 yaml-type\n"
	    "5:8 yaml-type\n");
}

static void
test_an_imported_one_is_a_collection(void **state)
{
	struct policy_set *s =
	    loaded("identity: a\n"
		   "psk: {imported: module-vendor.q3}\n" POLICY);
	const struct identity *id = identity_at(s, 0);

	(void)state;
	assert_int_equal(id->kind, IDENTITY_IMPORTED);
	assert_string_equal(id->collection, "module-vendor.q3");
	assert_int_equal(id->epoch_count, 0);
	policy_set_unref(s);
	expect_findings(
	    "identity: a\n"
	    "psk: {imported: a/b, epoch: 1, derive: x, identity: y}\n" POLICY,
	    "2:17: error: psk.imported: \"a/b\": a name is 1 to 64 letters, "
	    "digits, '.', '_' or '-'\n"
	    "2:29: error: psk.epoch: not said beside `imported:`; the store "
	    "has each key with its own identity and epoch\n"
	    "2:40: error: psk.derive: not said beside `imported:`; the store "
	    "has each key with its own identity and epoch\n"
	    "2:53: error: psk.identity: not said beside `imported:`; the store "
	    "has each key with its own identity and epoch\n");
}

static void
test_a_certificate(void **state)
{
	struct policy_set *s =
	    loaded_files("authority: ca\n"
			 "certificate: ca.pem\n"
			 "---\n"
			 "identity: a\n"
			 "certificate:\n"
			 "  trust: ca.pem\n"
			 "  endpoint: san-uri\n"
			 "  issue: {ca: ca}\n"
			 "  server_certificate: {file: server.pem}\n" POLICY);
	const struct identity *id = identity_at(s, 0);

	(void)state;
	assert_int_equal(id->kind, IDENTITY_CERTIFICATE);
	assert_true(span_is(id->trust.bytes, "the CA"));
	assert_int_equal(id->endpoint_from, ENDPOINT_SAN_URI);
	assert_non_null(id->issue.ca);
	assert_true(span_is(id->server.file.bytes, "the server"));
	assert_null(id->psk_identity);
	policy_set_unref(s);
}

static void
test_a_certificate_with_the_least(void **state)
{
	struct policy_set *s = loaded("identity: a\n"
				      "certificate: {}\n" POLICY);
	const struct identity *id = identity_at(s, 0);

	(void)state;
	assert_int_equal(id->kind, IDENTITY_CERTIFICATE);
	assert_null(id->trust.name);
	assert_int_equal(id->endpoint_from, ENDPOINT_CN);
	assert_null(id->issue.ca);
	assert_null(id->issue.profile);
	assert_int_equal(id->server.usage, -1);
	policy_set_unref(s);
}

static void
test_where_the_endpoint_stands(void **state)
{
	struct policy_set *s = loaded_files(
	    "identity: a\n"
	    "certificate: {endpoint: {table: table.csv}}\n" POLICY);
	const struct identity *id = identity_at(s, 0);

	(void)state;
	assert_int_equal(id->kind, IDENTITY_CERTIFICATE);
	assert_int_equal(id->endpoint_from, ENDPOINT_TABLE);
	assert_int_equal(id->table_count, 2);
	assert_true(span_is(id->table[0].endpoint, "a"));
	policy_set_unref(s);
	expect_findings("identity: a\n"
			"certificate: {endpoint: ou}\n"
			"---\n"
			"identity: b\n"
			"certificate: {endpoint: {tabel: x}}\n"
			"---\n"
			"identity: c\n"
			"certificate: {endpoint: [cn]}\n" POLICY,
	    "2:25: error: certificate.endpoint: \"ou\" is not known; expected: "
	    "cn or san-uri\n"
	    "5:25: error: certificate.endpoint: `table:` is missing\n"
	    "5:26: error: certificate.endpoint.tabel: unknown key; did you "
	    "mean `table`?\n"
	    "8:25: error: certificate.endpoint: a single value is expected, "
	    "found a list\n");
}

static void
test_raw_keys_are_in_a_table(void **state)
{
	struct policy_set *s = loaded_files("identity: a\n"
					    "rpk: {table: table.csv}\n" POLICY);
	const struct identity *id = identity_at(s, 0);

	(void)state;
	assert_int_equal(id->kind, IDENTITY_RPK);
	assert_int_equal(id->endpoint_from, ENDPOINT_TABLE);
	assert_int_equal(id->table_count, 2);
	policy_set_unref(s);
	expect_codes("identity: a\n"
		     "rpk: {}\n"
		     "---\n"
		     "identity: b\n"
		     "rpk: table.csv\n" POLICY,
	    "2:6 yaml-missing-key\n"
	    "5:6 yaml-type\n");
}

static void
test_a_table_for_others_is_said(void **state)
{
	(void)state;
	expect_files("identity: a\n"
		     "endpoint: b*\n"
		     "rpk: {table: table.csv}\n" POLICY,
	    "3:14: warning: rpk.table: 1 of the table's endpoints, like "
	    "\"a\", do not fit the identity's `endpoint:`\n");
}

/* Whoever asks has to show that the address is its own. */
static void
test_an_address_that_is_shown_fresh(void **state)
{
	struct policy_set *s = loaded("identity: a\n"
				      "nosec: {network: 10.0.0.0/8, echo: "
				      "true}\n"
				      "---\n"
				      "identity: b\n"
				      "nosec: {network: 10.0.0.0/8}\n"
				      "---\n"
				      "policy: p\n");

	(void)state;
	assert_true(identity_at(s, 0)->echo);
	assert_false(identity_at(s, 1)->echo);
	policy_set_unref(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_address_that_is_shown_fresh),
	    cmocka_unit_test(test_a_psk_is_derived),
	    cmocka_unit_test(test_what_is_not_said_has_a_default),
	    cmocka_unit_test(test_nosec_names_its_networks_and_is_said),
	    cmocka_unit_test(
		test_a_long_list_of_networks_is_cut_in_the_warning),
	    cmocka_unit_test(test_exactly_one_credential),
	    cmocka_unit_test(test_a_typing_error_is_told),
	    cmocka_unit_test(test_all_faults_of_a_psk_at_once),
	    cmocka_unit_test(test_an_imported_one_is_a_collection),
	    cmocka_unit_test(test_a_certificate),
	    cmocka_unit_test(test_a_certificate_with_the_least),
	    cmocka_unit_test(test_where_the_endpoint_stands),
	    cmocka_unit_test(test_raw_keys_are_in_a_table),
	    cmocka_unit_test(test_a_table_for_others_is_said),
	    cmocka_unit_test(test_the_number_of_epochs_is_limited),
	    cmocka_unit_test(test_a_network_is_exact),
	    cmocka_unit_test(test_a_map_is_a_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
