/* The one decision: servers by network, list and capacity, and devices that
 * come again. */
#include "policy/decide.h"

#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#define HEAD \
	"identity: i\n" \
	"psk: {derive: m}\n" \
	"---\n" \
	"policy: p\n"

#define SERVER(name, id, more) \
	"{name: " name ", short_server_id: " id ", uri: coaps://" name \
	", security: {mode: psk, key: {derive: f}}" more "}\n"

/* A fleet as the ledger would know it. */
struct fleet {
	const char *full; /* a server that 10 devices are at; others: 9 */
	unsigned asked;
	enum rc rc;
};

static enum rc
load(void *ctx, const char *server, uint64_t *devices)
{
	struct fleet *f = ctx;

	f->asked++;
	*devices = f->full && strcmp(f->full, server) == 0 ? 10 : 9;
	return f->rc;
}

static void
decide(const struct policy_set *s, const char *endpoint, const char *from,
    const struct policy_history *h, struct fleet *fleet,
    struct policy_decided *out)
{
	struct address address;
	struct policy_facts f = {
	    .identity = &s->identities[0],
	    .endpoint = span_str(endpoint),
	    .history = h,
	    .load = fleet ? load : NULL,
	    .load_ctx = fleet,
	};

	if (from) {
		assert_int_equal(
		    address_parse(span_str(from), &address), RC_OK);
		f.from = &address;
	}
	assert_int_equal(policy_decide(s, &f, out), RC_OK);
}

static void
expect_server(const struct policy_decided *d, const char *name, uint16_t id,
    enum policy_chosen why)
{
	assert_int_equal(d->answer, POLICY_GIVEN);
	assert_int_equal(d->given.server_count, 1);
	assert_string_equal(d->given.servers[0].name, name);
	assert_int_equal(d->given.servers[0].short_server_id, id);
	assert_int_equal(d->choices[0].why, why);
}

static void
test_without_pools_what_is_written_is_given(void **state)
{
	struct policy_set *s = loaded(
	    HEAD "servers:\n"
		 "  - " SERVER("a", "1", "") "  - " SERVER("b", "2", ""));
	struct policy_decided d;

	(void)state;
	decide(s, "x", NULL, NULL, NULL, &d);
	assert_int_equal(d.answer, POLICY_GIVEN);
	assert_ptr_equal(d.policy, &s->policies[0]);
	assert_ptr_equal(d.given.servers, s->policies[0].servers);
	assert_int_equal(d.given.server_count, 2);
	assert_int_equal(d.given.pool_count, 0);
	assert_int_equal(d.choices[1].why, CHOSEN_ALONE);
	assert_int_equal(d.turn, 0);
	policy_set_unref(s);
}

static void
test_a_network_has_its_server(void **state)
{
	struct policy_set *s = loaded(
	    HEAD "servers:\n"
		 "  - pool: eu\n"
		 "    allocate: network\n"
		 "    servers:\n"
		 "      - " SERVER("rest", "1", "") "      - " SERVER(
		     "a", "2", ", network: 10.0.0.0/8") "      - " SERVER("b",
		     "3", ", network: [10.1.0.0/16, 192.168.0.0/16]"));
	struct policy_decided d;

	(void)state;
	decide(s, "x", "10.1.2.3:5683", NULL, NULL, &d);
	expect_server(&d, "a", 2, CHOSEN_NETWORK);
	decide(s, "x", "192.168.0.1:5683", NULL, NULL, &d);
	expect_server(&d, "b", 3, CHOSEN_NETWORK);
	decide(s, "x", "172.16.0.1:5683", NULL, NULL, &d);
	expect_server(&d, "rest", 1, CHOSEN_DEFAULT);
	decide(s, "x", NULL, NULL, NULL, &d);
	expect_server(&d, "rest", 1, CHOSEN_DEFAULT);
	policy_set_unref(s);
}

static void
test_a_list_has_its_server_and_others_none(void **state)
{
	struct folder f;
	struct policy_set *s;
	struct policy_decided d;

	(void)state;
	assert_true(folder_init(&f));
	folder_put(&f, "one.csv", SPAN_LIT("endpoint\nx\ny\n"));
	folder_put(&f, "two.csv", SPAN_LIT("y\nz\n"));
	folder_put(&f, "t.yaml",
	    SPAN_LIT(HEAD "servers:\n"
			  "  - pool: eu\n"
			  "    allocate: list\n"
			  "    servers:\n"
			  "      - " SERVER("a", "1",
			      ", list: one.csv") "      - " SERVER("b", "2",
			      ", list: two.csv")));
	s = expect_folder(&f, ".",
	    "6:5: warning: servers[0]: no member without a `list:`: a "
	    "device of none of them is refused\n");
	decide(s, "y", NULL, NULL, NULL, &d);
	expect_server(&d, "a", 1, CHOSEN_LIST);
	decide(s, "z", NULL, NULL, NULL, &d);
	expect_server(&d, "b", 2, CHOSEN_LIST);
	decide(s, "w", NULL, NULL, NULL, &d);
	assert_int_equal(d.answer, POLICY_NO_SERVER);
	assert_string_equal(d.why, "pool eu: 2 members, 0 drained, 0 full");
	policy_set_unref(s);
	folder_fini(&f);
}

static void
test_a_full_server_sends_on(void **state)
{
	struct policy_set *s = loaded(HEAD
	    "servers:\n"
	    "  - pool: eu\n"
	    "    servers:\n"
	    "      - " SERVER("a", "1", ", capacity: 10") "      - " SERVER(
		"b", "2", ", capacity: 10"));
	struct fleet fleet = {.full = NULL};
	struct policy_history here = {.servers = SPAN_LIT("other a")};
	struct policy_history near = {.servers = SPAN_LIT("aa b-a a-")};
	struct policy_decided d;
	const char *first = "x";

	(void)state;
	decide(s, first, NULL, NULL, &fleet, &d);
	/* one that would go to a */
	for (int i = 0; d.choices[0].server != 0; i++) {
		static char name[8];

		snprintf(name, sizeof(name), "x%d", i);
		first = name;
		decide(s, first, NULL, NULL, &fleet, &d);
	}
	expect_server(&d, "a", 1, CHOSEN_HASH);
	fleet.full = "a";
	decide(s, first, NULL, NULL, &fleet, &d);
	expect_server(&d, "b", 2, CHOSEN_HASH);
	assert_int_equal(d.choices[0].full, 1);
	/* who is there stays, and a name that looks like it is not there */
	decide(s, first, NULL, &here, &fleet, &d);
	expect_server(&d, "a", 1, CHOSEN_STAYS);
	decide(s, first, NULL, &near, &fleet, &d);
	expect_server(&d, "b", 2, CHOSEN_HASH);
	policy_set_unref(s);
}

static void
test_all_full_is_said_so(void **state)
{
	struct policy_set *s = loaded(
	    HEAD "servers:\n"
		 "  - pool: eu\n"
		 "    servers:\n"
		 "      - " SERVER("a", "1", ", capacity: 9") "      - " SERVER(
		     "b", "2", ", drain: true"));
	struct fleet fleet = {.full = NULL};
	struct policy_facts f = {
	    .identity = &s->identities[0],
	    .endpoint = SPAN_LIT("x"),
	    .load = load,
	    .load_ctx = &fleet,
	};
	struct policy_decided d;

	(void)state;
	decide(s, "x", NULL, NULL, &fleet, &d);
	assert_int_equal(d.answer, POLICY_FULL);
	assert_int_equal(d.wait_s, 600);
	assert_string_equal(d.why, "pool eu: 2 members, 1 drained, 1 full");
	/* who cannot count does not give */
	fleet.rc = RC_DB;
	assert_int_equal(policy_decide(s, &f, &d), RC_DB);
	policy_set_unref(s);
}

/* --- devices that come again ---------------------------------------------- */

static uint32_t
epoch(const struct policy_set *s, const struct policy_history *h)
{
	struct policy_decided d;

	decide(s, "x", NULL, h, NULL, &d);
	assert_int_equal(d.answer, POLICY_GIVEN);
	assert_int_equal(
	    d.given.servers[0].key.epoch - s->policies[0].servers[0].key.epoch,
	    d.turn);
	return d.given.servers[0].key.epoch;
}

static void
test_rotate_takes_the_next_epoch_after_each_ok(void **state)
{
	struct policy_set *s = loaded(HEAD "reprovision: rotate\n"
					   "servers:\n"
					   "  - " SERVER("a", "1", ""));
	struct policy_set *keep = loaded(HEAD "servers:\n"
					      "  - " SERVER("a", "1", ""));

	(void)state;
	assert_int_equal(epoch(s, NULL), 1);
	assert_int_equal(epoch(s, &(struct policy_history){.oks = 0}), 1);
	assert_int_equal(epoch(s, &(struct policy_history){.oks = 1}), 2);
	/* until that one has ended ok it is the same */
	assert_int_equal(epoch(s, &(struct policy_history){.oks = 1}), 2);
	assert_int_equal(
	    epoch(s, &(struct policy_history){.oks = 2, .turn = 1}), 3);
	/* beyond the last there is none */
	assert_int_equal(
	    epoch(
		s, &(struct policy_history){.oks = 1, .turn = UINT32_MAX - 2}),
	    UINT32_MAX);
	/* whoever goes back to keep keeps what the device has */
	assert_int_equal(
	    epoch(keep, &(struct policy_history){.oks = 9, .turn = 4}), 5);
	assert_int_equal(epoch(keep, &(struct policy_history){.oks = 9}), 1);
	policy_set_unref(keep);
	policy_set_unref(s);
}

/* Every key that has an epoch turns, and none beyond the last. */
static void
test_what_turns_and_what_stays(void **state)
{
	struct policy_set *s = loaded(
	    HEAD "reprovision: rotate\n"
		 "device: {version: 1.2}\n"
		 "servers:\n"
		 "  - name: a\n"
		 "    short_server_id: 1\n"
		 "    uri: coaps://a\n"
		 "    security: {mode: psk, key: {imported: theirs}}\n"
		 "  - name: b\n"
		 "    short_server_id: 2\n"
		 "    uri: coap://b\n"
		 "    security:\n"
		 "      mode: nosec\n"
		 "      oscore: {key: {derive: o}, recipient_id: \"01\"}\n");
	const uint32_t imported = s->policies[0].servers[0].key.epoch;
	struct policy_decided d;

	(void)state;
	decide(s, "x", NULL, &(struct policy_history){.oks = 1}, NULL, &d);
	assert_int_equal(d.turn, 1);
	assert_int_equal(d.given.servers[0].key.epoch, imported);
	assert_int_equal(d.given.servers[1].oscore.key.epoch, 2);
	decide(s, "x", NULL,
	    &(struct policy_history){.oks = 1, .turn = UINT32_MAX}, NULL, &d);
	assert_int_equal(d.turn, UINT32_MAX);
	assert_int_equal(d.given.servers[0].key.epoch, imported);
	assert_int_equal(d.given.servers[1].oscore.key.epoch, UINT32_MAX);
	policy_set_unref(s);
}

static void
test_who_asks_what_was_before(void **state)
{
	static const struct {
		const char *policy;
		bool asks;
	} t[] = {
	    {"servers:\n  - " SERVER("a", "1", ""), true},
	    {"servers:\n  - {name: a, short_server_id: 1, uri: coap://a, "
	     "security: {mode: nosec}}\n",
		false},
	    {"reprovision: never\nservers: []\n", true},
	    {"servers:\n  - {pool: eu, servers: [{name: a, short_server_id: "
	     "1, uri: coap://a, capacity: 9, security: {mode: nosec}}]}\n",
		true},
	    {"device: {version: 1.2}\n"
	     "servers:\n  - {name: a, short_server_id: 1, uri: coap://a, "
	     "security: {mode: nosec, oscore: {key: {derive: o}, "
	     "recipient_id: \"01\"}}}\n",
		true},
	    {"deny: Stolen\n", false},
	};
	char text[1024];

	(void)state;
	assert_false(policy_asks_history(NULL));
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct policy_set *s;

		snprintf(text, sizeof(text), HEAD "%s", t[i].policy);
		s = loaded(text);
		assert_int_equal(
		    policy_asks_history(&s->policies[0]), t[i].asks);
		policy_set_unref(s);
	}
}

static void
test_reset_deletes_everything_first(void **state)
{
	struct policy_set *s = loaded(HEAD "reprovision: reset\n"
					   "clean: [/1, /2]\n"
					   "servers:\n"
					   "  - " SERVER("a", "1", ""));
	struct policy_decided d;

	(void)state;
	decide(s, "x", NULL, NULL, NULL, &d);
	assert_int_equal(d.given.clean_count, 2);
	assert_int_equal(d.again, AGAIN_FIRST);
	decide(s, "x", NULL, &(struct policy_history){.oks = 1}, NULL, &d);
	assert_int_equal(d.given.clean_count, 1);
	assert_int_equal(path_depth(d.given.clean[0]), 0);
	assert_int_equal(d.again, AGAIN_RESET);
	policy_set_unref(s);
}

static void
test_never_is_once_until_released(void **state)
{
	struct policy_set *s = loaded(HEAD "reprovision: never\n"
					   "servers:\n"
					   "  - " SERVER("a", "1", ""));
	struct policy_decided d;

	(void)state;
	decide(s, "x", NULL, &(struct policy_history){.oks = 0}, NULL, &d);
	assert_int_equal(d.answer, POLICY_GIVEN);
	decide(s, "x", NULL, &(struct policy_history){.oks = 2}, NULL, &d);
	assert_int_equal(d.answer, POLICY_PROVISIONED);
	assert_string_equal(
	    d.why, "reprovision: never; 2 bootstraps of it ended ok");
	decide(s, "x", NULL,
	    &(struct policy_history){.oks = 1, .released = true}, NULL, &d);
	assert_int_equal(d.answer, POLICY_GIVEN);
	assert_int_equal(d.again, AGAIN_RELEASED);
	policy_set_unref(s);
}

static void
test_refusals_and_no_policy(void **state)
{
	struct policy_set *s =
	    loaded(HEAD "match: {endpoint: \"x*\"}\n"
			"quarantine: {because: Recall, retry: 2h}\n"
			"---\n"
			"policy: d\n"
			"match: {endpoint: \"y*\"}\n"
			"deny: Stolen\n");
	struct policy_decided d;

	(void)state;
	decide(s, "x", NULL, NULL, NULL, &d);
	assert_int_equal(d.answer, POLICY_HELD);
	assert_int_equal(d.wait_s, 7200);
	assert_string_equal(d.why, "Recall");
	decide(s, "y", NULL, NULL, NULL, &d);
	assert_int_equal(d.answer, POLICY_DENIED);
	assert_string_equal(d.why, "Stolen");
	assert_false(policy_asks_history(d.policy));
	decide(s, "z", NULL, NULL, NULL, &d);
	assert_int_equal(d.answer, POLICY_NONE);
	assert_null(d.policy);
	policy_set_unref(s);
}

static void
test_samples_are_every_member(void **state)
{
	struct policy_set *s = loaded(
	    HEAD "servers:\n"
		 "  - " SERVER("alone", "9",
		     "") "  - pool: eu\n"
			 "    servers:\n"
			 "      - " SERVER("a", "1",
			     ", drain: true") "      - " SERVER("b", "2", ""));
	const struct policy *p = policy_at(s, 0);
	struct policy_decided d;

	(void)state;
	assert_int_equal(policy_sample_count(p), 2);
	policy_sample(s, p, 0, &d);
	assert_int_equal(d.given.server_count, 2);
	assert_string_equal(d.given.servers[0].name, "alone");
	assert_string_equal(d.given.servers[1].name, "a");
	policy_sample(s, p, 7, &d);
	assert_string_equal(d.given.servers[1].name, "b");
	policy_set_unref(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_without_pools_what_is_written_is_given),
	    cmocka_unit_test(test_a_network_has_its_server),
	    cmocka_unit_test(test_a_list_has_its_server_and_others_none),
	    cmocka_unit_test(test_a_full_server_sends_on),
	    cmocka_unit_test(test_all_full_is_said_so),
	    cmocka_unit_test(test_rotate_takes_the_next_epoch_after_each_ok),
	    cmocka_unit_test(test_what_turns_and_what_stays),
	    cmocka_unit_test(test_who_asks_what_was_before),
	    cmocka_unit_test(test_reset_deletes_everything_first),
	    cmocka_unit_test(test_never_is_once_until_released),
	    cmocka_unit_test(test_refusals_and_no_policy),
	    cmocka_unit_test(test_samples_are_every_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
