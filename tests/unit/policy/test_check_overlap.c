/* Two policies: does one leave the other nothing, may a device fit both? */
#include "policy/set.h"

#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#define IDENTITIES \
	"identity: a\n" \
	"endpoint: \"m*\"\n" \
	"psk: {derive: m}\n" \
	"---\n" \
	"identity: b\n" \
	"psk: {derive: m, identity: \"b-{endpoint}\"}\n" \
	"---\n"

#define SERVER(host) \
	"servers:\n" \
	"  - name: s\n" \
	"    short_server_id: 1\n" \
	"    uri: coap://" host "\n" \
	"    security: {mode: nosec}\n"

/** How often a.yaml and b.yaml have a finding of that code. */
static unsigned
found(const char *a, const char *b, const char *code)
{
	struct diag *d = diag_new();
	struct policy_set *s;
	struct folder f;
	unsigned n = 0;

	assert_non_null(d);
	assert_true(folder_init(&f));
	folder_put(&f, "a.yaml", span_str(a));
	folder_put(&f, "b.yaml", span_str(b));
	assert_int_equal(policy_load(f.path, d, &s), RC_OK);
	for (size_t i = 0; i < diag_total(d); i++)
		n += strcmp(diag_get(d, i)->code, code) == 0;
	policy_set_unref(s);
	folder_fini(&f);
	diag_free(d);
	return n;
}

static void
test_who_leaves_whom_nothing(void **state)
{
	static const struct {
		const char *first, *second;
		bool nothing;
	} pairs[] = {
	    {"credential: psk", "credential: psk", true},
	    {"credential: [psk, rpk]", "credential: rpk", true},
	    {"credential: psk", "credential: [psk, rpk]", false},
	    {"credential: psk", "endpoint: x", false},
	    {"network: 10.0.0.0/8", "network: 10.0.0.0/16", true},
	    {"network: 10.0.0.0/16", "network: 10.0.0.0/8", false},
	    {"network: 10.0.0.0/8", "network: [10.1.0.0/16, 11.0.0.0/8]",
		false},
	    {"network: 10.0.0.0/8", "endpoint: x", false},
	    {"batch: b*", "batch: [b7, b8]", true},
	    {"batch: b7", "batch: b*", false},
	    {"batch: b7", "endpoint: x", false},
	    {"model: 'w?'", "model: w1", true},
	    {"model: w1", "model: [w1, w2]", false},
	    {"san: '*.example'", "san: a.example", true},
	    {"san: a.example", "san: '*.example'", false},
	    {"issuer: [CA, DA]", "issuer: CA", true},
	    {"issuer: CA", "issuer: [CA, DA]", false},
	    {"identity: [a, b]", "identity: b", true},
	    {"identity: a", "endpoint: x", false},
	    {"identity: b", "identity: [a, b]", false},
	    {"endpoint: 'x*'", "endpoint: [xa, {prefix: xb}]", true},
	    {"endpoint: 'x*'", "endpoint: [xa, y]", false},
	    {"endpoint: 'm*'", "identity: a", true},
	    {"endpoint: 'mm*'", "identity: a", false},
	    {"endpoint: 'x*', batch: b", "endpoint: xa", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char a[512], b[256];

		snprintf(a, sizeof(a),
		    IDENTITIES "policy: p\norder: 1\n"
			       "match: {%s}\n" SERVER("p"),
		    pairs[i].first);
		snprintf(b, sizeof(b),
		    "policy: q\norder: 2\n"
		    "match: {%s}\n" SERVER("q"),
		    pairs[i].second);
		if (found(a, b, "policy-unreachable") != pairs[i].nothing)
			fail_msg("%s, %s", pairs[i].first, pairs[i].second);
	}
}

static void
test_whom_a_device_may_fit_both(void **state)
{
	static const struct {
		const char *first, *second;
		bool both;
	} pairs[] = {
	    {"endpoint: 'x*'", "endpoint: '*y'", true},
	    {"endpoint: 'x*'", "endpoint: 'y*'", false},
	    /* one that says nothing of endpoints, in front and behind */
	    {"network: 10.0.0.0/8", "endpoint: 'x*'", true},
	    {"endpoint: 'x*'", "network: 10.0.0.0/8", true},
	    {"network: 10.1.0.0/16", "network: 10.0.0.0/8", true},
	    {"network: 10.0.0.0/16", "network: 10.1.0.0/16", false},
	    {"credential: psk", "credential: rpk", false},
	    {"batch: 'b*'", "batch: '*7'", true},
	    {"batch: 'b*'", "batch: c", false},
	    /* whose devices are none of the other's */
	    {"identity: a, batch: b", "identity: b", false},
	    {"identity: a, batch: b", "identity: [a, b]", true},
	    {"identity: a", "endpoint: 'x*'", false},
	    {"identity: a", "endpoint: '?1'", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char a[512], b[256];

		snprintf(a, sizeof(a),
		    IDENTITIES "policy: p\nmatch: {%s}\n" SERVER("p"),
		    pairs[i].first);
		snprintf(b, sizeof(b), "policy: q\nmatch: {%s}\n" SERVER("q"),
		    pairs[i].second);
		if (found(a, b, "policy-overlap") != pairs[i].both)
			fail_msg("%s, %s", pairs[i].first, pairs[i].second);
		/* the same thing to both */
		snprintf(b, sizeof(b), "policy: q\nmatch: {%s}\n" SERVER("p"),
		    pairs[i].second);
		assert_int_equal(found(a, b, "policy-overlap"), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_who_leaves_whom_nothing),
	    cmocka_unit_test(test_whom_a_device_may_fit_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
