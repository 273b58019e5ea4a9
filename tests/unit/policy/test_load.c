/* Documents: which kind they are, and what all of them share. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_a_document_is_of_one_kind(void **state)
{
	(void)state;
	expect_findings("identity: a\n"
			"policy: a\n"
			"---\n"
			"description: x\n"
			"servers: []\n"
			"---\n"
			"polcy: a\n"
			"servers: []\n"
			"---\n"
			"- policy\n"
			"---\n"
			"policy\n",
	    "2:9: error: policy: an identity and a policy in one document; "
	    "separate the two by a line `---`\n"
	    "4:1: error: none of `identity:`, `policy:`, `authority:`, "
	    "`certificate_profile:`, `profile:`, `devices:`, `fragment:`, "
	    "`include:`, `override:` and `image:` is here, one of "
	    "which says what the document is\n"
	    "7:1: error: none of `identity:`, `policy:`, `authority:`, "
	    "`certificate_profile:`, `profile:`, `devices:`, `fragment:`, "
	    "`include:`, `override:` and `image:` is here, one of "
	    "which says what the document is\n"
	    "7:1: error: polcy: unknown key; did you mean `policy`?\n"
	    "10:1: error: a map (`key: value`) is expected, found a list\n"
	    "12:1: error: a map (`key: value`) is expected, found a single "
	    "value\n");
}

static void
test_a_line_that_was_left_out_is_named(void **state)
{
	(void)state;
	expect_findings("identity: a\n"
			"psk: {derive: birth}\n"
			"---\n"
			"policy: p\n"
			"servers: []\n"
			"policy: q\n",
	    "6:1: error: the key \"policy\" is there already, in line 4\n"
	    "6:9: error: policy: a policy and another one in one document; "
	    "separate the two by a line `---`\n");
}

static void
test_empty_documents_are_passed_over(void **state)
{
	static const char *const empty[] = {"", "\n", "# words\n", "---\n",
	    "---\n---\n", "---\n# words\n...\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		expect_findings(empty[i],
		    "warning: 0 identities and 0 policies: no device is "
		    "served\n");
}

static void
test_findings_of_all_documents_come_in_one_run_by_line(void **state)
{
	(void)state;
	expect_codes("policy: p\n"
		     "match: {identity: nobody}\n"
		     "order: x\n"
		     "---\n"
		     "identity: a\n"
		     "nosec: {network: x}\n"
		     "endpoint: \"\"\n"
		     "---\n"
		     "policy: p\n"
		     "servers: 1\n",
	    "2:19 policy-identity-unknown\n"
	    "3:8 yaml-number\n"
	    "6:18 policy-network\n"
	    "7:11 policy-glob\n"
	    "9:9 policy-duplicate\n"
	    "10:10 yaml-type\n");
}

/* Pasting the key where its name belongs is an easy slip. */
static void
test_a_key_instead_of_its_label_is_not_shown(void **state)
{
	(void)state;
	expect_findings("identity: a\n"
			"psk: {derive: 00112233445566778899aabbccddeeff}\n"
			"---\n"
			"policy: p\n"
			"servers: []\n",
	    "2:15: error: psk.derive: this looks like a key; the label of a "
	    "master key in the token is expected (provisioning-tool hsm "
	    "keys)\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_document_is_of_one_kind),
	    cmocka_unit_test(test_a_line_that_was_left_out_is_named),
	    cmocka_unit_test(test_empty_documents_are_passed_over),
	    cmocka_unit_test(
		test_findings_of_all_documents_come_in_one_run_by_line),
	    cmocka_unit_test(test_a_key_instead_of_its_label_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
