/* Whose credential is this, what does it prove, which policy does that get. */
#include "policy/match.h"

#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

static const char set_text[] =
    "identity: meters\n"
    "endpoint: \"m-*\"\n"
    "psk: {derive: birth}\n"
    "---\n"
    "identity: gateways\n"
    "endpoint: \"*\"\n"
    "psk: {derive: birth, identity: \"gw/{endpoint}/1\"}\n"
    "---\n"
    "identity: lab\n"
    "endpoint: \"lab-*\"\n"
    "nosec: {network: [127.0.0.0/8, \"::1/128\"]}\n"
    "---\n"
    "policy: late\n"
    "order: 2000\n"
    "servers: []\n"
    "---\n"
    "policy: meters-north\n"
    "match: {identity: meters, endpoint: \"m-n-*\"}\n"
    "servers: []\n"
    "---\n"
    "policy: meters\n"
    "match: {identity: [meters, gateways], endpoint: \"m-*\"}\n"
    "servers: []\n"
    "---\n"
    "policy: early\n"
    "order: 1\n"
    "match: {endpoint: \"m-n-early\"}\n"
    "servers: []\n";

static int
setup(void **state)
{
	*state = loaded(set_text);
	return 0;
}

static int
teardown(void **state)
{
	policy_set_unref(*state);
	return 0;
}

static void
test_an_identity_proves_an_endpoint(void **state)
{
	static const struct {
		const char *psk_identity, *name, *endpoint;
	} t[] = {
	    {"m-1", "meters", "m-1"},
	    {"m-", "meters", "m-"},
	    {"x-1", NULL, NULL},
	    {"", NULL, NULL},
	    {"gw/g1/1", "gateways", "g1"},
	    {"gw/m-1/1", "gateways", "m-1"},
	    {"gw//1", NULL, NULL},
	    {"gw/1", NULL, NULL},
	    {"gw/g1/2", NULL, NULL},
	    {"GW/g1/1", NULL, NULL},
	    /* what is inside is the endpoint, whatever it looks like */
	    {"gw/gw/g1/1/1", "gateways", "gw/g1/1"},
	    /* a NoSec document has no PSK */
	    {"lab-1", NULL, NULL},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct span endpoint;
		const struct identity *id = identity_for_psk(
		    *state, span_str(t[i].psk_identity), &endpoint);

		if (!id != !t[i].name)
			fail_msg("%s", t[i].psk_identity);
		if (!id)
			assert_null(endpoint.p);
		else
			assert_string_equal(id->name, t[i].name);
		assert_true(span_equal(endpoint, span_str(t[i].endpoint)));
	}
}

static void
test_an_endpoint_is_text_of_a_length(void **state)
{
	struct span endpoint;
	char long_name[254];

	memset(long_name, 'm', sizeof(long_name));
	long_name[1] = '-';
	assert_non_null(
	    identity_for_psk(*state, span_of(long_name, 252), &endpoint));
	assert_null(
	    identity_for_psk(*state, span_of(long_name, 253), &endpoint));
	assert_non_null(
	    identity_for_psk(*state, SPAN_LIT("m-\xc3\xbc"), &endpoint));
	assert_null(identity_for_psk(*state, SPAN_LIT("m-\xff"), &endpoint));
	assert_null(identity_for_psk(*state, span_of("m-\0", 3), &endpoint));
}

static struct address
address(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(span_str(text), &a), RC_OK);
	return a;
}

static void
test_nosec_is_for_a_network_and_an_endpoint(void **state)
{
	const struct address local = address("127.0.0.1:5683");
	const struct address local6 = address("[::1]:5683");
	const struct address away = address("192.0.2.1:5683");
	const struct identity *id;

	id = identity_for_nosec(*state, &local, SPAN_LIT("lab-1"));
	assert_non_null(id);
	assert_string_equal(id->name, "lab");
	assert_ptr_equal(
	    identity_for_nosec(*state, &local6, SPAN_LIT("lab-1")), id);
	assert_null(identity_for_nosec(*state, &away, SPAN_LIT("lab-1")));
	assert_null(identity_for_nosec(*state, &local, SPAN_LIT("m-1")));
	assert_null(identity_for_nosec(*state, &local, SPAN_LIT("")));
}

static const char *
policy_name(struct policy_set *s, size_t identity, const char *endpoint)
{
	const struct policy_facts f = {
	    .identity = identity_at(s, identity),
	    .endpoint = span_str(endpoint),
	};
	const struct policy *p = policy_for(s, &f);

	return p ? p->name : "none";
}

/* By `order`, then as they stand. */
static void
test_the_first_policy_that_matches(void **state)
{
	assert_string_equal(policy_name(*state, 0, "m-1"), "meters");
	assert_string_equal(policy_name(*state, 0, "m-n-1"), "meters-north");
	assert_string_equal(policy_name(*state, 0, "m-n-early"), "early");
	assert_string_equal(policy_name(*state, 1, "m-n-1"), "meters");
	assert_string_equal(policy_name(*state, 1, "g-1"), "late");
	assert_string_equal(policy_name(*state, 2, "lab-1"), "late");
}

static void
test_nobody_gets_a_policy_by_default(void **state)
{
	struct policy_set *s = loaded("identity: a\n"
				      "psk: {derive: x}\n"
				      "---\n"
				      "policy: p\n"
				      "match: {endpoint: \"m-*\"}\n");

	(void)state;
	assert_string_equal(policy_name(s, 0, "g-1"), "none");
	policy_set_unref(s);
}

static enum policy_miss
miss(struct policy_set *s, const struct policy *p, size_t identity,
    const char *endpoint)
{
	const struct policy_facts f = {
	    .identity = identity_at(s, identity),
	    .endpoint = span_str(endpoint),
	};

	return policy_miss(s, p, &f);
}

static void
test_why_not(void **state)
{
	struct policy_set *s = *state;
	const struct policy *north = policy_at(s, 1);

	assert_string_equal(north->name, "meters-north");
	assert_int_equal(miss(s, north, 0, "m-n-1"), MISS_NONE);
	assert_int_equal(miss(s, north, 0, "m-s-1"), MISS_ENDPOINT);
	assert_int_equal(miss(s, north, 1, "m-n-1"), MISS_IDENTITY);
}

static void
test_templates_expand(void **state)
{
	uint8_t buf[16];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	template_expand(&w, "a{endpoint}b{endpoint}", SPAN_LIT("EP"));
	assert_true(span_is(writer_span(&w), "aEPbEP"));
	writer_init(&w, buf, sizeof(buf));
	template_expand(&w, "{endpoint", SPAN_LIT("EP"));
	assert_true(span_is(writer_span(&w), "{endpoint"));
	/* an endpoint is never a template itself */
	writer_init(&w, buf, sizeof(buf));
	template_expand(&w, "{endpoint}", SPAN_LIT("{endpoint}"));
	assert_true(span_is(writer_span(&w), "{endpoint}"));
	writer_init(&w, buf, 3);
	template_expand(&w, "ab{endpoint}", SPAN_LIT("EP"));
	assert_true(w.full);
}

static void
test_who_may_have_an_endpoint(void **state)
{
	const struct identity *meters = identity_at(*state, 0);
	const struct {
		struct span endpoint;
		bool fits;
	} rows[] = {
	    {SPAN_LIT("m-1"), true},
	    {SPAN_LIT("m-\xc3\xbc"), true},
	    {SPAN_LIT("m"), false},
	    {SPAN_LIT("g-1"), false},
	    {SPAN_LIT(""), false},
	    {SPAN_LIT("m-\xff"), false},
	    {SPAN_LIT("m-\0"), false},
	};
	char longest[254];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    identity_fits(meters, rows[i].endpoint), rows[i].fits);
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "m-", 2);
	assert_true(identity_fits(meters, span_of(longest, 252)));
	assert_false(identity_fits(meters, span_of(longest, 253)));
}

/* What was imported or is shown as a certificate has no template. */
static void
test_a_psk_identity_is_matched_with_templates_alone(void **state)
{
	struct policy_set *s = loaded("identity: a\n"
				      "psk: {imported: q3}\n"
				      "---\n"
				      "identity: b\n"
				      "certificate: {}\n"
				      "---\n"
				      "identity: c\n"
				      "psk: {derive: x}\n");
	struct span endpoint;

	(void)state;
	assert_ptr_equal(
	    identity_for_psk(s, SPAN_LIT("m-1"), &endpoint), identity_at(s, 2));
	policy_set_unref(s);
}

static void
test_an_epoch_ends_at_its_second(void **state)
{
	struct policy_set *s =
	    loaded("identity: a\n"
		   "psk: {derive: x, epoch: [{epoch: 1, until: "
		   "2027-03-31T12:00:00Z}, 2]}\n");
	const struct identity *id = identity_at(s, 0);
	const int64_t end_s = 1806494400;

	(void)state;
	assert_true(identity_accepts(id, 0, 0));
	assert_true(identity_accepts(id, 0, end_s - 1));
	assert_false(identity_accepts(id, 0, end_s));
	assert_true(identity_accepts(id, 1, end_s));
	assert_true(identity_accepts(id, 1, INT64_MAX - 1));
	assert_false(identity_accepts(id, 2, 0));
	policy_set_unref(s);
}

static void
test_fingerprints_are_found_in_the_document_of_theirs(void **state)
{
	struct policy_set *s = loaded_files("identity: a\n"
					    "rpk: {table: table.csv}\n"
					    "---\n"
					    "identity: b\n"
					    "certificate: {}\n");
	uint8_t zeros[DIGEST_LEN] = {0}, ones[DIGEST_LEN], other[DIGEST_LEN];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	memset(other, 0x80, sizeof(other));
	assert_true(
	    span_is(identity_table_find(identity_at(s, 0), zeros), "a"));
	assert_true(span_is(identity_table_find(identity_at(s, 0), ones), "b"));
	assert_int_equal(identity_table_find(identity_at(s, 0), other).len, 0);
	assert_int_equal(identity_table_find(identity_at(s, 1), zeros).len, 0);
	policy_set_unref(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_identity_proves_an_endpoint),
	    cmocka_unit_test(test_an_endpoint_is_text_of_a_length),
	    cmocka_unit_test(test_nosec_is_for_a_network_and_an_endpoint),
	    cmocka_unit_test(test_the_first_policy_that_matches),
	    cmocka_unit_test(test_nobody_gets_a_policy_by_default),
	    cmocka_unit_test(test_why_not),
	    cmocka_unit_test(test_templates_expand),
	    cmocka_unit_test(test_who_may_have_an_endpoint),
	    cmocka_unit_test(
		test_a_psk_identity_is_matched_with_templates_alone),
	    cmocka_unit_test(test_an_epoch_ends_at_its_second),
	    cmocka_unit_test(
		test_fingerprints_are_found_in_the_document_of_theirs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
