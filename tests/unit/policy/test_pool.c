/* servers: pools, and what is wrong with them. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#define HEAD \
	"identity: i\n" \
	"psk: {derive: m}\n" \
	"---\n" \
	"policy: p\n"

#define SERVER(name, id, more) \
	"{name: " name ", short_server_id: " id ", uri: coaps://" name \
	", security: {mode: psk, key: {derive: f}}" more "}\n"

static void
test_a_pool_is_one_account(void **state)
{
	struct policy_set *s = loaded(HEAD
	    "servers:\n"
	    "  - " SERVER("one", "9",
		"") "  - pool: eu\n"
		    "    servers:\n"
		    "      - " SERVER("a", "1",
			", weight: 3, drain: true") "      - " SERVER("b", "2",
			", capacity: 50000") "  - " SERVER("two", "8",
			"") "objects:\n"
			    "  /2/0: {0: 1, 1: {instance_of: two}, 3: 9}\n"
			    "  /2/1: {0: 1, 1: {instance_of: eu}, 3: 9}\n");
	const struct policy *p = policy_at(s, 0);

	(void)state;
	assert_int_equal(p->server_count, 4);
	assert_int_equal(p->pool_count, 3);
	assert_null(p->pools[0].name);
	assert_string_equal(p->pools[1].name, "eu");
	assert_int_equal(p->pools[1].allocate, ALLOCATE_HASHED);
	assert_int_equal(p->pools[1].first, 1);
	assert_int_equal(p->pools[1].count, 2);
	assert_int_equal(p->pools[2].first, 3);
	assert_int_equal(p->servers[1].share.weight, 3);
	assert_true(p->servers[1].share.drain);
	assert_int_equal(p->servers[2].share.capacity, 50000);
	assert_int_equal(p->servers[2].share.weight, 1);
	/* accounts, not servers */
	assert_int_equal(p->objects[0].account_of[0].server, 2);
	assert_int_equal(p->objects[1].account_of[0].server, 1);
	assert_int_equal(s->server_count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(p->servers[i].number, i);
	policy_set_unref(s);
}

static void
test_names_and_ids_among_pools(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "servers:\n"
	    "  - " SERVER("one", "1",
		"") "  - pool: eu\n"
		    "    servers:\n"
		    "      - " SERVER("a", "1", "") "      - " SERVER("a", "2",
			"") "      - " SERVER("b", "2", "") "  - pool: eu\n"
							    "    servers:\n"
							    "      - " SERVER(
								"eu", "2", ""),
	    "9:36: error: servers[1].servers[0].short_server_id: 1 is the "
	    "Short Server ID of servers[0] already\n"
	    "10:16: error: servers[1].servers[1].name: a is the name of eu[0] "
	    "already\n"
	    "11:36: warning: servers[1].servers[2].short_server_id: a device "
	    "that is moved between a and b keeps its key: ID, master and epoch "
	    "are the same; give them IDs or masters of their own unless they "
	    "are one system\n"
	    "12:11: error: servers[2].pool: eu is the name of servers[1] "
	    "already\n"
	    "14:37: error: servers[2].servers[0].short_server_id: 2 is the "
	    "Short Server ID of eu[1] already\n");
}

static void
test_shares_that_make_no_sense(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "servers:\n"
	    "  - pool: eu\n"
	    "    servers:\n"
	    "      - " SERVER("a", "1",
		", weight: 0, network: 10.0.0.0/8") "      - " SERVER("b", "2",
		", drain: yes, capacity: 0, list: x") "  - pool: us\n"
						      "    allocate: network\n"
						      "    servers:\n"
						      "      - " SERVER("c",
							  "3", ", weight: 2") "      - " SERVER("d",
							  "4",
							  "") "  - {pool: "
							      "empty, servers: "
							      "[], more: 1}\n"
							      "  - {pool: "
							      "\"\", allocate: "
							      "best}\n"
							      "  - " SERVER("e",
								  "5",
								  ", drain: "
								  "true"),
	    "8:104: error: servers[0].servers[0].weight: 0 is out of range; 1 "
	    "to 1000 is expected\n"
	    "8:116: error: servers[0].servers[0].network: only a pool with "
	    "`allocate: network` asks for networks\n"
	    "9:103: error: servers[0].servers[1].drain: \"yes\" is not "
	    "accepted; write `true` or `false`, which mean the same to every "
	    "reader of YAML\n"
	    "9:118: error: servers[0].servers[1].capacity: 0 is out of range; "
	    "1 to 4294967295 is expected\n"
	    "9:127: error: servers[0].servers[1].list: only a pool with "
	    "`allocate: list` asks for lists\n"
	    "13:104: error: servers[1].servers[0].weight: only a pool with "
	    "`allocate: hashed` has weights\n"
	    "14:9: error: servers[1].servers[1]: only one member may be "
	    "without a `network:`, for all other devices\n"
	    "15:28: error: servers[2].servers: a pool without a member; one at "
	    "least is expected\n"
	    "15:32: error: servers[2].more: unknown key\n"
	    "16:5: error: servers[3]: `servers:` is missing\n"
	    "16:12: error: servers[3].pool: \"\": a name is 1 to 64 letters, "
	    "digits, '.', '_' or '-'\n"
	    "16:26: error: servers[3].allocate: \"best\" is not known; "
	    "expected: hashed, network or list\n"
	    "17:99: error: servers[4].drain: only a member of a pool has it: "
	    "`- {pool: NAME, servers: [...]}`\n");
}

static void
test_pools_where_nobody_goes(void **state)
{
	(void)state;
	expect_findings(HEAD "servers:\n"
			     "  - pool: eu\n"
			     "    servers:\n"
			     "      - " SERVER("a", "1",
				 ", drain: true") "  - pool: us\n"
						  "    allocate: network\n"
						  "    servers:\n"
						  "      - " SERVER("b", "2",
						      ", network: 10.0.0.0/8"),
	    "6:5: warning: servers[0]: every member is drained: no device is "
	    "given one\n"
	    "9:5: warning: servers[1]: no member without a `network:`: a "
	    "device of none of them is refused\n");
}

static void
test_an_instance_is_of_a_pool_not_of_a_member(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "servers:\n"
	    "  - pool: eu\n"
	    "    servers:\n"
	    "      - " SERVER(
		"a", "1", "") "objects:\n"
			      "  /2/0: {0: 1, 1: {instance_of: a}, 3: 1}\n"
			      "  /2/1: {0: 21, 1: {instance_of: eu}, 3: 1}\n",
	    "10:33: error: objects[/2/0].1.instance_of: \"a\" is one of the "
	    "pool eu, of which a device has one; name the pool\n"
	    "11:20: error: objects[/2/1].1: the server a has no instance of "
	    "/21, for it has no `oscore:`\n");
}

/* One system under two names: that a moved device keeps its key is meant. */
static void
test_members_at_one_address_share_a_key(void **state)
{
	(void)state;
	expect_findings(HEAD
	    "servers:\n"
	    "  - pool: eu\n"
	    "    servers:\n"
	    "      - {name: a, short_server_id: 1, uri: coaps://x, security: "
	    "{mode: psk, key: {derive: f}}}\n"
	    "      - {name: b, short_server_id: 1, uri: coaps://x, security: "
	    "{mode: psk, key: {derive: f}}}\n",
	    "");
}

static void
test_words_of_members_outside_of_a_pool(void **state)
{
	static const char only[] = "only a member of a pool has it: `- {pool: "
				   "NAME, servers: [...]}`";
	char want[1024];

	(void)state;
	snprintf(want, sizeof(want),
	    "6:100: error: servers[0].weight: %s\n"
	    "6:113: error: servers[0].capacity: %s\n"
	    "6:125: error: servers[0].network: %s\n"
	    "6:143: error: servers[0].list: %s\n",
	    only, only, only, only);
	expect_findings(HEAD "servers:\n"
			     "  - " SERVER("a", "1",
				 ", weight: 2, capacity: 3, network: "
				 "10.0.0.0/8, list: x.csv"),
	    want);
}

static void
test_more_members_than_there_may_be(void **state)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	fputs(HEAD "servers:\n  - pool: eu\n    servers:\n", f);
	for (unsigned i = 0; i <= POLICY_MEMBERS_MAX; i++)
		fprintf(f,
		    "      - {name: a%u, short_server_id: 1, uri: coap://a, "
		    "security: {mode: nosec}}\n",
		    i);
	fclose(f);
	expect_codes(text, "6:3 policy-limit\n");
	free(text);
}

/* A pool without members is there, and is asked for. */
static void
test_an_instance_of_a_pool_with_faults(void **state)
{
	(void)state;
	expect_findings(HEAD "servers:\n"
			     "  - {pool: eu}\n"
			     "objects:\n"
			     "  /2/0: {0: 21, 1: {instance_of: eu}, 3: 65535}\n"
			     "  /2/1: {0: 1, 1: {instance_of: us}, 3: 65535}\n",
	    "6:5: error: servers[0]: `servers:` is missing\n"
	    "9:33: error: objects[/2/1].1.instance_of: no server of this "
	    "policy has the name \"us\"\n");
}

static void
test_a_policy_that_gives_nothing(void **state)
{
	(void)state;
	expect_findings(HEAD "servers: []\n",
	    "5:10: warning: servers: no server, no `objects:` and no "
	    "`bootstrap_account:`: nothing is given\n");
	expect_findings(HEAD "servers: []\n"
			     "objects: {/3/0: {14: \"+01:00\"}}\n",
	    "");
	expect_findings(
	    "identity: i\n"
	    "psk: {derive: m, epoch: [{epoch: 1, until: 2099-01-01}, 2]}\n"
	    "---\n"
	    "policy: p\n"
	    "servers: []\n"
	    "bootstrap_account: rotate\n",
	    "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_pool_is_one_account),
	    cmocka_unit_test(test_names_and_ids_among_pools),
	    cmocka_unit_test(test_shares_that_make_no_sense),
	    cmocka_unit_test(test_pools_where_nobody_goes),
	    cmocka_unit_test(test_an_instance_is_of_a_pool_not_of_a_member),
	    cmocka_unit_test(test_members_at_one_address_share_a_key),
	    cmocka_unit_test(test_words_of_members_outside_of_a_pool),
	    cmocka_unit_test(test_more_members_than_there_may_be),
	    cmocka_unit_test(test_an_instance_of_a_pool_with_faults),
	    cmocka_unit_test(test_a_policy_that_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
