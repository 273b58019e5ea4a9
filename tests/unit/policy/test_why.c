/* What policies say of a device that they are not for. */
#include "policy/why.h"

#include "expect.h"
#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static const char documents[] = "identity: factory\n"
				"psk: {derive: m}\n"
				"---\n"
				"identity: plant\n"
				"psk: {derive: n}\n"
				"---\n"
				"devices: {file: devices.csv}\n"
				"---\n"
				"policy: exact\n"
				"match: {endpoint: dev-1}\n"
				"servers: []\n"
				"---\n"
				"policy: one-off\n"
				"match:\n"
				"  identity: factory\n"
				"  model: [\"WM2*\", XM1]\n"
				"servers: []\n"
				"---\n"
				"policy: two-off\n"
				"match:\n"
				"  identity: factory\n"
				"  network: [10.20.0.0/16, \"fd00:20::/32\"]\n"
				"  batch: b-7\n"
				"servers: []\n"
				"---\n"
				"policy: nothing-in-common\n"
				"match: {identity: plant, endpoint: gw-*}\n"
				"servers: []\n"
				"---\n"
				"policy: also\n"
				"order: 2000\n"
				"servers: []\n";

struct world {
	struct folder folder;
	struct policy_set *set;
	struct address from;
	struct policy_facts facts;
};

static void
setup_world(struct world *w, const char *endpoint)
{
	struct diag *d = diag_new();

	assert_true(folder_init(&w->folder));
	folder_put(&w->folder, "a.yaml", span_str(documents));
	folder_put(&w->folder, "devices.csv",
	    SPAN_LIT("endpoint,model,batch\n"
		     "# the first\n"
		     "dev-1,WM300,\n"));
	assert_int_equal(policy_load(w->folder.path, d, &w->set), RC_OK);
	diag_free(d);
	assert_int_equal(
	    address_parse(SPAN_LIT("192.0.2.7:4711"), &w->from), RC_OK);
	w->facts = (struct policy_facts){
	    .identity = &w->set->identities[0],
	    .endpoint = span_str(endpoint),
	    .from = &w->from,
	};
}

static void
end_world(struct world *w)
{
	policy_set_unref(w->set);
	folder_fini(&w->folder);
}

static const struct policy *
named(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->set->policy_count; i++)
		if (strcmp(w->set->policies[i].name, name) == 0)
			return &w->set->policies[i];
	fail();
	return NULL;
}

/** The sentences of a policy, a line each; the folder's name cut off. */
static const char *
sentences(const struct world *w, const char *name)
{
	static char out[4096];
	struct policy_unmet unmet[POLICY_CONDITIONS];
	size_t n = policy_unmet(w->set, named(w, name), &w->facts, unmet);
	size_t cut = strlen(w->folder.path) + 1;
	char *folder;
	struct writer x;

	writer_init(&x, out, sizeof(out) - 1);
	for (size_t i = 0; i < n; i++) {
		policy_unmet_print(&x, &unmet[i]);
		writer_str(&x, "\n");
	}
	assert_false(x.full);
	out[x.len] = '\0';
	while ((folder = strstr(out, w->folder.path)))
		memmove(folder, folder + cut, strlen(folder + cut) + 1);
	return out;
}

static void
every_condition_that_fails_is_told(void **state)
{
	struct world w;

	(void)state;
	setup_world(&w, "dev-1");
	assert_string_equal(sentences(&w, "exact"), "");
	assert_string_equal(sentences(&w, "one-off"),
	    "match.model at a.yaml:16: \"WM300\" by devices.csv:3 does not "
	    "fit \"WM2*\", \"XM1\"\n");
	assert_string_equal(sentences(&w, "two-off"),
	    "match.network at a.yaml:22: 192.0.2.7 is in none of "
	    "10.20.0.0/16, fd00:20::/32\n"
	    "match.batch at a.yaml:23: nothing is said by devices.csv:3, "
	    "wanted is \"b-7\"\n");
	assert_string_equal(sentences(&w, "nothing-in-common"),
	    "match.identity at a.yaml:27: \"factory\" is not among \"plant\"\n"
	    "match.endpoint at a.yaml:27: \"dev-1\" does not fit \"gw-*\"\n");
	end_world(&w);
}

static void
what_is_not_known_is_said(void **state)
{
	struct world w;

	(void)state;
	setup_world(&w, "dev-2");
	w.facts.from = NULL;
	assert_string_equal(sentences(&w, "two-off"),
	    "match.network at a.yaml:22: no address is known, wanted is "
	    "10.20.0.0/16, fd00:20::/32\n"
	    "match.batch at a.yaml:23: it is in no list of devices, wanted is "
	    "\"b-7\"\n");
	end_world(&w);
}

static void
names_of_peers_are_quoted_and_cut(void **state)
{
	char name[200];
	struct world w;

	(void)state;
	memset(name, 'x', sizeof(name));
	memcpy(name, "\033[2J", 4);
	name[sizeof(name) - 1] = '\0';
	setup_world(&w, name);
	assert_non_null(strstr(sentences(&w, "exact"), "\"\\u001b[2Jxxx"));
	assert_non_null(strstr(sentences(&w, "exact"), "x\"... does not"));
	end_world(&w);
}

static void
the_nearest_come_first(void **state)
{
	static const char *const wanted[] = {"also", "one-off", "two-off"};
	struct policy_near near[8];
	size_t n, others;
	struct world w;

	(void)state;
	setup_world(&w, "dev-1");
	n = policy_near_misses(
	    w.set, &w.facts, named(&w, "exact"), near, 8, &others);
	assert_int_equal(n, 3);
	assert_int_equal(others, 1);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(near[i].policy->name, wanted[i]);
	assert_int_equal(near[0].unmet, 0);
	assert_int_equal(near[2].unmet, 2);
	assert_int_equal(near[2].stated, 3);
	/* no more than there is room for: the nearest of all */
	n = policy_near_misses(
	    w.set, &w.facts, named(&w, "exact"), near, 1, &others);
	assert_int_equal(n, 1);
	assert_int_equal(others, 3);
	assert_string_equal(near[0].policy->name, "also");
	end_world(&w);
}

/** More than is shown is told by dots. */
static void
long_lists_are_cut(void **state)
{
	struct policy_set *s = loaded("identity: i\n"
				      "psk: {derive: m}\n"
				      "---\n"
				      "policy: p\n"
				      "match: {endpoint: [a1, a2, a3, a4, a5, "
				      "a6, a7, a8, a9]}\n"
				      "servers: []\n");
	const struct policy_facts f = {
	    .identity = &s->identities[0], .endpoint = SPAN_LIT("x")};
	struct policy_unmet unmet[POLICY_CONDITIONS];
	char want[WHY_TEXT_MAX] = "";

	(void)state;
	assert_int_equal(policy_unmet(s, policy_at(s, 0), &f, unmet), 1);
	for (unsigned i = 1; i <= WHY_WANTS_MAX; i++)
		snprintf(want + strlen(want), sizeof(want) - strlen(want),
		    "\"a%u\", ", i);
	strcat(want, "...");
	assert_string_equal(unmet[0].wants, want);
	policy_set_unref(s);
}

/** Why an identity document does not let a device in. */
static void
networks_of_nosec_are_told(void **state)
{
	struct policy_set *s =
	    loaded("identity: lab\n"
		   "nosec: {network: [10.1.0.0/16, \"fd00::/8\"]}\n"
		   "---\n"
		   "policy: p\n"
		   "servers: []\n");
	struct address from;
	struct identity_facts f = {
	    .kind = POLICY_NOSEC, .endpoint = SPAN_LIT("x")};
	struct identity_unmet unmet[IDENTITY_UNMET_MAX];

	(void)state;
	assert_int_equal(identity_unmet(identity_at(s, 0), &f, unmet), 1);
	assert_string_equal(unmet[0].key, "nosec.network");
	assert_string_equal(unmet[0].text,
	    "no address is known, which is in none of 10.1.0.0/16, fd00::/8");
	assert_int_equal(address_parse(SPAN_LIT("10.2.0.1:1"), &from), RC_OK);
	f.from = &from;
	assert_int_equal(identity_unmet(identity_at(s, 0), &f, unmet), 1);
	assert_string_equal(
	    unmet[0].text, "10.2.0.1 is in none of 10.1.0.0/16, fd00::/8");
	assert_int_equal(address_parse(SPAN_LIT("10.1.0.1:1"), &from), RC_OK);
	assert_int_equal(identity_unmet(identity_at(s, 0), &f, unmet), 0);
	policy_set_unref(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_condition_that_fails_is_told),
	    cmocka_unit_test(what_is_not_known_is_said),
	    cmocka_unit_test(names_of_peers_are_quoted_and_cut),
	    cmocka_unit_test(the_nearest_come_first),
	    cmocka_unit_test(long_lists_are_cut),
	    cmocka_unit_test(networks_of_nosec_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
