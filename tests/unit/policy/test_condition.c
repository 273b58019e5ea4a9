/* match: what a device has to be, to get a policy. */
#include "policy/match.h"

#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#define ONES "1111111111111111111111111111111111111111111111111111111111111111"

static const char identities[] = "identity: psk\n"
				 "psk: {derive: birth}\n"
				 "---\n"
				 "identity: cert\n"
				 "certificate: {}\n"
				 "---\n"
				 "identity: bench\n"
				 "rpk: {table: keys.csv}\n"
				 "---\n";

enum { PSK, CERT, BENCH };

/* A policy with that `match:`, and what stands in the folder. */
static struct policy_set *
matching(const char *match, const char *more, const char *want)
{
	struct policy_set *s;
	struct folder f;
	char *text;

	assert_true(folder_init(&f));
	folder_put(&f, "keys.csv", SPAN_LIT(ONES ",b-1\n"));
	folder_put(&f, "list.csv",
	    SPAN_LIT("# stolen\nserial,Endpoint\n1,m-9\n2,m-3\n3,m-9\n"));
	folder_put(&f, "lines.txt", SPAN_LIT("m-1\r\n\"m-2\"\r\n\r\nm-5"));
	folder_put(&f, "empty.txt", SPAN_LIT("# none yet\n"));
	folder_put(&f, "bad.txt", SPAN_LIT("m-1\n m-2\nm-\x01\n\"m\n"));
	folder_put(&f, "short.csv", SPAN_LIT("a,endpoint\nx\n"));
	folder_put(&f, "devices.csv",
	    SPAN_LIT("batch,endpoint,model\n"
		     "b-7,m-1,WM200\n"
		     ",m-2,WM300\n"
		     "b-8,m-3,\n"));
	assert_true(asprintf(&text, "%spolicy: p\nmatch: %s\nservers: []\n%s",
			identities, match, more) > 0);
	folder_put(&f, "t.yaml", span_str(text));
	s = expect_folder(&f, "t.yaml", want);
	free(text);
	folder_fini(&f);
	return s;
}

static const char with_devices[] = "---\ndevices: {file: devices.csv}\n";

static enum policy_miss
miss(struct policy_set *s, struct policy_facts f)
{
	enum policy_miss m;

	if (f.endpoint.len == 0)
		f.endpoint = SPAN_LIT("m-1");
	if (!f.identity)
		f.identity = identity_at(s, PSK);
	m = policy_miss(s, policy_at(s, 0), &f);
	/* the two say the same */
	assert_int_equal(m == MISS_NONE, policy_for(s, &f) != NULL);
	return m;
}

static bool
fits(struct policy_set *s, const char *endpoint)
{
	enum policy_miss m =
	    miss(s, (struct policy_facts){.endpoint = span_str(endpoint)});

	assert_true(m == MISS_NONE || m == MISS_ENDPOINT);
	return m == MISS_NONE;
}

static void
test_patterns_of_endpoints(void **state)
{
	static const struct {
		const char *match, *yes, *no;
	} t[] = {
	    {"{endpoint: \"m-*\"}", "m-1", "n-1"},
	    {"{endpoint: [\"a*\", \"m-?\"]}", "m-1", "m-11"},
	    {"{endpoint: {prefix: m-}}", "m-", "m"},
	    {"{endpoint: {prefix: m-}}", "m-1", "xm-1"},
	    {"{endpoint: {regex: 'm-\\d+'}}", "m-12", "m-12x"},
	    {"{endpoint: {list: list.csv}}", "m-3", "m-2"},
	    {"{endpoint: {list: list.csv}}", "m-9", "1"},
	    {"{endpoint: {list: lines.txt}}", "m-1", "m-11"},
	    {"{endpoint: {list: lines.txt}}", "m-2", "\"m-2\""},
	    {"{endpoint: {list: lines.txt}}", "m-5", "m-"},
	    {"{endpoint: [{list: list.csv}, {prefix: x}, \"y*\"]}", "yy", "z"},
	    {"{endpoint: [{list: list.csv}, {prefix: x}, \"y*\"]}", "m-9", "m"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct policy_set *s = matching(t[i].match, "", NULL);

		if (!fits(s, t[i].yes) || fits(s, t[i].no))
			fail_msg("%s", t[i].match);
		policy_set_unref(s);
	}
}

/* A glob that is wide enough for all of them: for lengths and samples. */
static void
test_the_glob_of_all(void **state)
{
	static const struct {
		const char *match, *glob;
	} t[] = {
	    {"{}", "*"},
	    {"{endpoint: \"m-*\"}", "m-*"},
	    {"{endpoint: [\"m-*\"]}", "m-*"},
	    {"{endpoint: {prefix: m-}}", "m-*"},
	    {"{endpoint: [{prefix: m-}, x]}", "*"},
	    {"{endpoint: {regex: m-1}}", "*"},
	    {"{endpoint: {list: list.csv}}", "*"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct policy_set *s = matching(t[i].match, "", NULL);

		assert_string_equal(policy_at(s, 0)->endpoint, t[i].glob);
		policy_set_unref(s);
	}
}

static void
test_kinds_of_credentials(void **state)
{
	struct policy_set *s = matching("{credential: [psk, rpk]}", "", NULL);

	(void)state;
	assert_int_equal(
	    miss(s, (struct policy_facts){.identity = identity_at(s, PSK)}),
	    MISS_NONE);
	assert_int_equal(
	    miss(s, (struct policy_facts){.identity = identity_at(s, BENCH)}),
	    MISS_NONE);
	assert_int_equal(
	    miss(s, (struct policy_facts){.identity = identity_at(s, CERT)}),
	    MISS_CREDENTIAL);
	policy_set_unref(s);
}

static void
test_the_ca_of_a_certificate(void **state)
{
	struct policy_set *s = matching(
	    "{issuer: [Factory CA, {key_sha256: " ONES "}]}", "", NULL);
	struct policy_facts f = {
	    .identity = identity_at(s, CERT),
	    .has_issuer = true,
	    .issuer_cn = SPAN_LIT("Factory CA"),
	};

	(void)state;
	assert_int_equal(miss(s, f), MISS_NONE);
	f.issuer_cn = SPAN_LIT("Factory CA 2");
	assert_int_equal(miss(s, f), MISS_ISSUER);
	memset(f.issuer_key, 0x11, sizeof(f.issuer_key));
	assert_int_equal(miss(s, f), MISS_NONE);
	f.issuer_key[31] = 0x10;
	assert_int_equal(miss(s, f), MISS_ISSUER);
	f.issuer_key[31] = 0x11;
	/* what is not known fits nothing */
	f.has_issuer = false;
	assert_int_equal(miss(s, f), MISS_ISSUER);
	policy_set_unref(s);
}

/* Names behind each other, a '|' behind each. */
static bool
next_san(struct span *rest, struct span *name)
{
	const uint8_t *end = rest->len ? memchr(rest->p, '|', rest->len) : NULL;

	if (!end)
		return false;
	*name = span_of(rest->p, (size_t)(end - rest->p));
	*rest = span_from(*rest, name->len + 1);
	return true;
}

static void
test_the_names_of_a_certificate(void **state)
{
	struct policy_set *s =
	    matching("{san: [\"*.meters.example\", \"urn:x:*\"]}", "", NULL);
	struct policy_facts f = {
	    .identity = identity_at(s, CERT),
	    .san_next = next_san,
	    .sans = SPAN_LIT("a.example|m1.meters.example|"),
	};

	(void)state;
	assert_int_equal(miss(s, f), MISS_NONE);
	f.sans = SPAN_LIT("a.example|urn:y:1|");
	assert_int_equal(miss(s, f), MISS_SAN);
	f.sans = SPAN_LIT("urn:x:1|");
	assert_int_equal(miss(s, f), MISS_NONE);
	f.san_next = NULL;
	assert_int_equal(miss(s, f), MISS_SAN);
	policy_set_unref(s);
}

static void
test_where_it_comes_from(void **state)
{
	struct policy_set *s =
	    matching("{network: [10.0.0.0/8, \"fd00::/8\"]}", "", NULL);
	struct address from;

	(void)state;
	assert_int_equal(miss(s, (struct policy_facts){0}), MISS_NETWORK);
	from = (struct address){0};
	assert_int_equal(
	    miss(s, (struct policy_facts){.from = &from}), MISS_NETWORK);
	assert_int_equal(
	    address_parse(SPAN_LIT("10.1.2.3:5683"), &from), RC_OK);
	assert_int_equal(
	    miss(s, (struct policy_facts){.from = &from}), MISS_NONE);
	assert_int_equal(
	    address_parse(SPAN_LIT("[fd00::1]:5683"), &from), RC_OK);
	assert_int_equal(
	    miss(s, (struct policy_facts){.from = &from}), MISS_NONE);
	assert_int_equal(
	    address_parse(SPAN_LIT("192.0.2.1:5683"), &from), RC_OK);
	assert_int_equal(
	    miss(s, (struct policy_facts){.from = &from}), MISS_NETWORK);
	policy_set_unref(s);
}

static enum policy_miss
miss_of(struct policy_set *s, const char *endpoint)
{
	return miss(s, (struct policy_facts){.endpoint = span_str(endpoint)});
}

static void
test_models_and_batches(void **state)
{
	struct policy_set *s =
	    matching("{model: \"WM*\", batch: [b-7, b-9]}", with_devices, "");

	(void)state;
	assert_int_equal(s->device_count, 3);
	assert_int_equal(miss_of(s, "m-1"), MISS_NONE);
	assert_int_equal(miss_of(s, "m-2"), MISS_BATCH);
	assert_int_equal(miss_of(s, "m-3"), MISS_MODEL);
	assert_int_equal(miss_of(s, "m-4"), MISS_MODEL);
	policy_set_unref(s);
	/* nothing said is no empty word that "*" takes */
	s = matching("{batch: \"*\"}", with_devices, "");
	assert_int_equal(miss_of(s, "m-3"), MISS_NONE);
	assert_int_equal(miss_of(s, "m-2"), MISS_BATCH);
	policy_set_unref(s);
}

static void
test_all_that_is_named_has_to_hold(void **state)
{
	struct policy_set *s =
	    matching("{identity: psk, endpoint: \"m-*\", credential: psk, "
		     "network: 10.0.0.0/8, model: WM200}",
		with_devices, NULL);
	struct address from;
	struct policy_facts f = {.from = &from};

	(void)state;
	assert_int_equal(address_parse(SPAN_LIT("10.0.0.1:1"), &from), RC_OK);
	assert_int_equal(miss(s, f), MISS_NONE);
	f.identity = identity_at(s, BENCH);
	assert_int_equal(miss(s, f), MISS_IDENTITY);
	f.identity = NULL;
	f.endpoint = SPAN_LIT("m-2");
	assert_int_equal(miss(s, f), MISS_MODEL);
	f.endpoint = SPAN_LIT("n-2");
	assert_int_equal(miss(s, f), MISS_ENDPOINT);
	policy_set_unref(s);
}

static void
test_each_miss_has_its_key(void **state)
{
	(void)state;
	assert_string_equal(policy_miss_key(MISS_NONE), "");
	assert_string_equal(policy_miss_key(MISS_IDENTITY), "identity");
	assert_string_equal(policy_miss_key(MISS_CREDENTIAL), "credential");
	assert_string_equal(policy_miss_key(MISS_BATCH), "batch");
}

static void
test_faults(void **state)
{
	static const struct {
		const char *match, *want;
	} t[] = {
	    {"{endpoint: []}",
		"11:19: error: match.endpoint: an empty list matches nobody; "
		"name a pattern, or leave the key out for any"},
	    {"{endpoint: {regex: 'a(b'}}",
		"11:27: error: match.endpoint.regex: \"a(b\": at byte 2: this "
		"( is not closed"},
	    {"{endpoint: {regex: a, list: lines.txt}}",
		"11:19: error: match.endpoint: exactly one of `regex:`, "
		"`list:` and `prefix:` is expected here; more than one go in "
		"a list"},
	    {"{endpoint: {regexp: a}}",
		"11:19: error: match.endpoint: exactly one of `regex:`, "
		"`list:` and `prefix:` is expected here; more than one go in "
		"a list\n"
		"11:20: error: match.endpoint.regexp: unknown key; did you "
		"mean `regex`?"},
	    {"{endpoint: {prefix: \"m*\"}}",
		"11:28: error: match.endpoint.prefix: \"m*\": a prefix is "
		"taken as it is, without * and ?; a pattern with these stands "
		"alone, not behind `prefix:`"},
	    {"{endpoint: {list: gone.txt}}",
		"11:26: error: match.endpoint.list: \"gone.txt\" cannot be "
		"read: No such file or directory"},
	    {"{endpoint: {list: empty.txt}}",
		"11:26: warning: match.endpoint.list: \"empty.txt\" names no "
		"device: nobody fits it"},
	    {"{endpoint: {list: bad.txt}}",
		"bad.txt:2: error: \" m-2\": a space before or behind an "
		"endpoint name\n"
		"bad.txt:3: error: \"m-\\u0001\": a control or invisible "
		"character in an endpoint name\n"
		"bad.txt:4: error: \"\\\"m\": a quote is not closed on its "
		"line"},
	    {"{endpoint: {list: short.csv}}",
		"short.csv:2: error: \"x\": the column of the endpoint is not "
		"there"},
	    {"{credential: pks}",
		"11:21: error: match.credential: \"pks\" is not known; did "
		"you mean psk? (psk, certificate, rpk or nosec)"},
	    {"{credential: psk, issuer: CA}",
		"11:34: error: match.issuer: nobody has that who comes by "
		"none of the certificates; add `certificate` to "
		"`credential:`, or leave one of the two out"},
	    {"{issuer: {key_sha256: 00}}",
		"11:30: error: match.issuer.key_sha256: \"00\" is no SHA-256; "
		"64 hex digits are expected, of the CA's SubjectPublicKeyInfo "
		"in DER"},
	    {"{network: 10.0.0.1/8}",
		"11:18: error: match.network: \"10.0.0.1/8\" is no network; "
		"one like 10.0.0.0/8 or \"fd00::/8\" is expected, no bits set "
		"behind the prefix"},
	    {"{model: WM200}",
		"11:16: warning: match.model: nobody fits: no document "
		"`devices: {file: ...}` says which device is which"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char *want;

		assert_true(asprintf(&want, "%s\n", t[i].want) > 0);
		policy_set_unref(matching(t[i].match, "", want));
		free(want);
	}
}

/* A policy for some devices of an identity does not hide those behind it. */
static void
test_no_condition_hides_others(void **state)
{
	static const char *const t[] = {"{credential: psk}", "{issuer: CA}",
	    "{san: a}", "{network: 10.0.0.0/8}", "{endpoint: {prefix: m}}",
	    "{endpoint: {regex: m}}", "{endpoint: [a, b]}"};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		policy_set_unref(
		    matching(t[i], "---\npolicy: q\nservers: []\n", ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_patterns_of_endpoints),
	    cmocka_unit_test(test_the_glob_of_all),
	    cmocka_unit_test(test_kinds_of_credentials),
	    cmocka_unit_test(test_the_ca_of_a_certificate),
	    cmocka_unit_test(test_the_names_of_a_certificate),
	    cmocka_unit_test(test_where_it_comes_from),
	    cmocka_unit_test(test_models_and_batches),
	    cmocka_unit_test(test_all_that_is_named_has_to_hold),
	    cmocka_unit_test(test_each_miss_has_its_key),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_no_condition_hides_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
