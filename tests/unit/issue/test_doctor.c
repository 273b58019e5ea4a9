/* Which wrong key did the device use? A device, a master in memory, and all
 * that goes wrong between factory and handshake. */
#include "issue/doctor.h"

#include "base/digest.h"
#include "base/text.h"
#include "seal.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char documents[] =
    "identity: factory\n"
    "endpoint: 'urn:dev:ops:0057F2-*'\n"
    "psk:\n"
    "  derive: bootstrap-2026\n"
    "  epoch: [{epoch: 4, until: 2027-01-01}, 5]\n"
    "  identity: 'id/{endpoint}'\n"
    "---\n"
    "policy: meters\n"
    "match: {identity: factory}\n"
    "servers:\n"
    "  - name: eu\n"
    "    short_server_id: 101\n"
    "    uri: coaps://eu.example:5684\n"
    "    lifetime: 1d\n"
    "    security:\n"
    "      mode: psk\n"
    "      identity: '{endpoint}'\n"
    "      key: {derive: fleet-2026, epoch: 3}\n"
    "  - name: us\n"
    "    short_server_id: 102\n"
    "    uri: coaps://us.example:5684\n"
    "    lifetime: 1d\n"
    "    security:\n"
    "      mode: psk\n"
    "      identity: '{endpoint}'\n"
    "      key: {derive: bootstrap-2026, epoch: 1}\n";

#define ENDPOINT "urn:dev:ops:0057F2-WM1"
#define IDENTITY "id/" ENDPOINT

static const struct seal ccm_8 = {0xc0a8, true, false};

static struct policy_set *set;

/* 2026-12-01 */
static int64_t now_s = 1796083200;

/* What the token does: a master of 32 bytes of its label. */
static void
master_of(const char *label, uint8_t out[static 32])
{
	digest_of(span_str(label), out);
}

static enum rc token_says; /* in place of an answer */
static unsigned asked;

static enum rc
derive(void *ctx, const struct hsm_derivation *d, struct secret *key)
{
	uint8_t master[32], context[512];
	struct writer w;
	unsigned len;

	(void)ctx;
	asked++;
	if (token_says)
		return token_says;
	master_of(d->master, master);
	writer_init(&w, context, sizeof(context));
	writer_be(&w, (uint64_t)d->purpose, 1);
	writer_be(&w, d->short_server_id, 2);
	writer_be(&w, d->epoch, 4);
	writer_put(&w, d->endpoint);
	assert_false(w.full);
	assert_int_equal(secret_reserve(key, 32), RC_OK);
	key->len = 32;
	assert_non_null(
	    HMAC(EVP_sha256(), master, 32, context, w.len, key->bytes, &len));
	return RC_OK;
}

static bool digests_keys;

static enum rc
premaster(
    void *ctx, const char *label, uint8_t digest[static PSK_TEST_PREMASTER_LEN])
{
	uint8_t bytes[2 + 32 + 2 + 32] = {0};

	(void)ctx;
	asked++;
	if (!digests_keys)
		return RC_UNSUPPORTED;
	bytes[1] = bytes[35] = 32;
	master_of(label, bytes + 36);
	digest_of(span_of(bytes, sizeof(bytes)), digest);
	return RC_OK;
}

static const struct doctor_keys keys = {derive, premaster, NULL};

/* The key of the endpoint; owned. */
static struct secret
key_of(const char *master, enum hsm_purpose purpose, uint16_t ssid,
    uint32_t epoch, const char *endpoint)
{
	const struct hsm_derivation d = {
	    .master = master,
	    .purpose = purpose,
	    .short_server_id = ssid,
	    .epoch = epoch,
	    .endpoint = span_str(endpoint),
	};
	struct secret key = {0};

	assert_int_equal(derive(NULL, &d, &key), RC_OK);
	return key;
}

static struct secret
right_key(uint32_t epoch)
{
	return key_of(
	    "bootstrap-2026", HSM_PURPOSE_BOOTSTRAP, 0, epoch, ENDPOINT);
}

/* A device with that key has come, and has failed. */
static struct doctor *
called(const struct seal *how, struct span device_key)
{
	uint8_t evidence[EVIDENCE_BYTES_MAX];
	struct doctor *d;
	struct writer w;

	writer_init(&w, evidence, sizeof(evidence));
	seal_evidence(how, device_key, &w);
	assert_int_equal(
	    doctor_new(set, SPAN_LIT(IDENTITY), writer_span(&w), now_s, &d),
	    RC_OK);
	asked = 0;
	return d;
}

static void
diagnose(struct doctor *d)
{
	enum rc rc;

	while ((rc = doctor_step(d, &keys)) == RC_AGAIN)
		;
	assert_int_equal(rc, RC_OK);
}

static void
expect_result(const struct seal *how, struct span device_key,
    enum doctor_verdict verdict, const char *code, const char *sentence,
    bool proves, uint32_t epoch)
{
	struct doctor *d = called(how, device_key);
	const struct doctor_result *r = doctor_result(d);

	diagnose(d);
	assert_string_equal(r->code, code);
	assert_string_equal(r->sentence, sentence);
	assert_int_equal(r->verdict, verdict);
	assert_int_equal(r->proves, proves);
	assert_int_equal(r->epoch, epoch);
	assert_true(verdict == DOCTOR_RIGHT || strlen(r->remedy) > 10);
	doctor_free(d);
}

/* --- the right key, in another form --------------------------------------- */

static void
reverse(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		uint8_t t = p[i];

		p[i] = p[len - 1 - i];
		p[len - 1 - i] = t;
	}
}

/* Made here once more, by hand and otherwise than by the table. */
static size_t
spoil(const char *how, const uint8_t *key, uint8_t *out)
{
	char hex[65];
	size_t n = 0;

	for (size_t i = 0; i < 32; i++)
		n += (size_t)snprintf(
		    hex + n, 3, strstr(how, "upper") ? "%02X" : "%02x", key[i]);
	if (strstr(how, "base64")) {
		n = (size_t)EVP_EncodeBlock(out, key, 32);
		return strstr(how, "unpadded") ? n - 1 : n;
	}
	if (strncmp(how, "hex-ascii", 9) == 0) {
		memcpy(out, hex, 64);
		if (strstr(how, "crlf"))
			memcpy(out + 64, "\r\n", 2);
		else if (strstr(how, "newline"))
			out[64] = '\n';
		else if (strstr(how, "nul"))
			out[64] = '\0';
		if (strstr(how, "cut-32"))
			return 32;
		return strstr(how, "crlf")                         ? 66
		    : strstr(how, "newline") || strstr(how, "nul") ? 65
								   : 64;
	}
	memcpy(out, key, 32);
	memset(out + 32, 0, 32);
	if (strcmp(how, "reversed") == 0)
		reverse(out, 32);
	if (strcmp(how, "reversed-words") == 0)
		for (size_t i = 0; i < 32; i += 4)
			reverse(out + i, 4);
	if (strcmp(how, "key-newline") == 0)
		out[32] = '\n';
	if (strstr(how, "newline") || strstr(how, "nul"))
		return 33;
	if (strstr(how, "cut-"))
		return (size_t)atoi(strstr(how, "cut-") + 4);
	if (strstr(how, "last-")) {
		size_t len = (size_t)atoi(strstr(how, "last-") + 5);

		memmove(out, out + 32 - len, len);
		return len;
	}
	if (strstr(how, "zeros-before-64")) {
		memset(out, 0, 32);
		memcpy(out + 32, key, 32);
	}
	return strstr(how, "-64") ? 64 : 32;
}

static void
test_the_right_key_in_another_form(void **state)
{
	static const struct {
		const char *code, *sentence;
	} cases[] = {
	    {"hex-ascii", "The device used the ASCII form of its hex key."},
	    {"hex-ascii-upper",
		"The device used the ASCII form of its hex key in capitals."},
	    {"hex-ascii-newline",
		"The device used the ASCII form of its hex key, with a newline "
		"at the end."},
	    {"hex-ascii-upper-crlf",
		"The device used the ASCII form of its hex key in capitals, "
		"with a carriage return and a newline at the end."},
	    {"hex-ascii-nul",
		"The device used the ASCII form of its hex key, with a NUL at "
		"the end."},
	    {"hex-ascii-cut-32",
		"The device used the ASCII form of its hex key, cut to its "
		"first 32 bytes."},
	    {"base64-ascii",
		"The device used the ASCII form of its base64 key."},
	    {"base64-unpadded",
		"The device used the ASCII form of its base64 key without the "
		"padding."},
	    {"reversed",
		"The device used its key with the bytes in reverse order."},
	    {"reversed-words",
		"The device used its key with the bytes of each 32-bit word "
		"reversed."},
	    {"key-newline",
		"The device used its key, with a newline at the end."},
	    {"key-nul", "The device used its key, with a NUL at the end."},
	    {"key-cut-8", "The device used its key, cut to its first 8 bytes."},
	    {"key-cut-16",
		"The device used its key, cut to its first 16 bytes."},
	    {"key-cut-24",
		"The device used its key, cut to its first 24 bytes."},
	    {"key-cut-31",
		"The device used its key, cut to its first 31 bytes."},
	    {"key-last-16",
		"The device used its key, of which it kept the last 16 "
		"bytes."},
	    {"key-zeros-behind-64",
		"The device used its key, filled up with zeros at the end to "
		"64 bytes."},
	    {"key-zeros-before-64",
		"The device used its key, filled up with zeros at the front "
		"to 64 bytes."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (uint32_t epoch = 4; epoch <= 5; epoch++) {
			struct secret key = right_key(epoch);
			uint8_t out[128];
			size_t n = spoil(cases[i].code, key.bytes, out);

			expect_result(&ccm_8, span_of(out, n), DOCTOR_MISTAKE,
			    cases[i].code, cases[i].sentence, true, epoch);
			secret_fini(&key);
		}
	}
}

/* --- another key ---------------------------------------------------------- */

static void
expect_key(struct secret key, enum doctor_verdict verdict, const char *code,
    const char *sentence, uint32_t epoch)
{
	expect_result(
	    &ccm_8, secret_expose(&key), verdict, code, sentence, true, epoch);
	secret_fini(&key);
}

static void
test_another_key(void **state)
{
	const enum hsm_purpose bs = HSM_PURPOSE_BOOTSTRAP;

	(void)state;
	expect_key(right_key(3), DOCTOR_MISTAKE, "other-epoch",
	    "The device used its key of epoch 3, which is not accepted.", 3);
	expect_key(right_key(6), DOCTOR_MISTAKE, "other-epoch",
	    "The device used its key of epoch 6, which is not accepted.", 6);
	expect_key(right_key(1), DOCTOR_MISTAKE, "other-epoch",
	    "The device used its key of epoch 1, which is not accepted.", 1);
	expect_key(right_key(8), DOCTOR_MISTAKE, "other-epoch",
	    "The device used its key of epoch 8, which is not accepted.", 8);
	expect_key(key_of("bootstrap-2026", bs, 0, 5, "urn:dev:ops:0057f2-wm1"),
	    DOCTOR_MISTAKE, "endpoint-lower-case",
	    "The device used the key of its endpoint in lower case, of epoch "
	    "5.",
	    5);
	expect_key(key_of("bootstrap-2026", bs, 0, 4, "URN:DEV:OPS:0057F2-WM1"),
	    DOCTOR_MISTAKE, "endpoint-upper-case",
	    "The device used the key of its endpoint in capitals, of epoch 4.",
	    4);
	expect_key(key_of("bootstrap-2026", bs, 0, 5, ENDPOINT " "),
	    DOCTOR_MISTAKE, "endpoint-space",
	    "The device used the key of its endpoint with a space at the end, "
	    "of epoch 5.",
	    5);
	expect_key(key_of("bootstrap-2026", bs, 0, 5, ENDPOINT "\n"),
	    DOCTOR_MISTAKE, "endpoint-newline",
	    "The device used the key of its endpoint with a newline at the "
	    "end, of epoch 5.",
	    5);
	expect_key(key_of("bootstrap-2026", bs, 0, 5, IDENTITY), DOCTOR_MISTAKE,
	    "identity-for-endpoint",
	    "The device used the key of its endpoint as in its PSK identity, "
	    "of epoch 5.",
	    5);
	expect_key(key_of("fleet-2026", HSM_PURPOSE_SERVER, 101, 3, ENDPOINT),
	    DOCTOR_MISTAKE, "server-account",
	    "The device used the key of its account at server 101, of epoch "
	    "3.",
	    3);
	expect_key(key_of("fleet-2026", HSM_PURPOSE_SERVER, 101, 2, ENDPOINT),
	    DOCTOR_MISTAKE, "server-account",
	    "The device used the key of its account at server 101, of epoch "
	    "2.",
	    2);
	expect_key(
	    key_of("bootstrap-2026", HSM_PURPOSE_SERVER, 102, 1, ENDPOINT),
	    DOCTOR_MISTAKE, "server-account",
	    "The device used the key of its account at server 102, of epoch "
	    "1.",
	    1);
	expect_key(key_of("fleet-2026", bs, 0, 4, ENDPOINT), DOCTOR_MISTAKE,
	    "other-master",
	    "The device used a key of the master \"fleet-2026\", of epoch 4.",
	    4);
	/* no mistake at all: another one was offered to it */
	expect_key(right_key(4), DOCTOR_RIGHT, "accepted",
	    "The key is right, of epoch 4.", 4);
}

/* What was right yesterday is what the device has; in whatever form. */
static void
test_an_epoch_that_has_ended(void **state)
{
	struct secret key = right_key(4);
	char hex[65];
	struct writer w;
	int64_t before_s = now_s;

	(void)state;
	writer_init(&w, hex, sizeof(hex));
	text_hex(&w, secret_expose(&key));
	now_s = 1798847999; /* the last second of that day */
	expect_key(right_key(4), DOCTOR_RIGHT, "accepted",
	    "The key is right, of epoch 4.", 4);
	now_s++;
	expect_key(right_key(4), DOCTOR_MISTAKE, "other-epoch",
	    "The device used its key of epoch 4, which ended on 2027-01-01.",
	    4);
	expect_result(&ccm_8, writer_span(&w), DOCTOR_MISTAKE, "hex-ascii",
	    "The device used the ASCII form of its hex key.", true, 4);
	expect_key(right_key(5), DOCTOR_RIGHT, "accepted",
	    "The key is right, of epoch 5.", 5);
	now_s = before_s;
	secret_fini(&key);
}

static void
test_the_master_itself(void **state)
{
	static const char *const labels[] = {"bootstrap-2026", "fleet-2026"};
	uint8_t master[32];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char sentence[128];

		master_of(labels[i], master);
		(void)snprintf(sentence, sizeof(sentence),
		    "The device used the master \"%s\" itself as its key.",
		    labels[i]);
		digests_keys = true;
		expect_result(&ccm_8, span_of(master, 32), DOCTOR_MISTAKE,
		    "master", sentence, true, 0);
		digests_keys = false;
		expect_result(&ccm_8, span_of(master, 32), DOCTOR_UNKNOWN,
		    "unknown",
		    "The device used another key, by none of the mistakes that "
		    "are known; the token does not let the master itself be "
		    "tried.",
		    false, 0);
	}
}

static void
test_no_key_at_all(void **state)
{
	uint8_t key[32];

	(void)state;
	expect_result(&ccm_8, SPAN_LIT(""), DOCTOR_MISTAKE, "empty",
	    "The device used an empty key.", false, 0);
	expect_result(&ccm_8, SPAN_LIT(IDENTITY), DOCTOR_MISTAKE,
	    "identity-as-key", "The device used its PSK identity as the key.",
	    false, 0);
	expect_result(&ccm_8, SPAN_LIT(ENDPOINT), DOCTOR_MISTAKE,
	    "endpoint-as-key", "The device used its endpoint name as the key.",
	    false, 0);
	memset(key, 0, sizeof(key));
	expect_result(&ccm_8, span_of(key, 16), DOCTOR_MISTAKE, "zeros-16",
	    "The device used 16 zero bytes as its key.", false, 0);
	memset(key, 0xff, sizeof(key));
	expect_result(&ccm_8, span_of(key, 32), DOCTOR_MISTAKE, "erased-32",
	    "The device used 32 bytes of erased flash (0xff) as its key.",
	    false, 0);
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	expect_result(&ccm_8, span_of(key, 16), DOCTOR_MISTAKE, "sample-16",
	    "The device used the sample key 00 01 02 ... 0f.", false, 0);
}

static void
test_in_every_suite(void **state)
{
	static const struct seal all[] = {
	    {0xc0a8, false, false},
	    {0xc0a4, true, false},
	    {0x00a8, true, false},
	    {0x00ae, true, true},
	    {0x00ae, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct secret key = right_key(5);
		uint8_t out[128];
		size_t n = spoil("hex-ascii", key.bytes, out);

		expect_result(&all[i], span_of(out, n), DOCTOR_MISTAKE,
		    "hex-ascii",
		    "The device used the ASCII form of its hex key.", true, 5);
		secret_fini(&key);
	}
}

/* --- what is not there is not found --------------------------------------- */

/* Nobody is ever told of a mistake that was none. */
static void
test_ten_thousand_other_keys(void **state)
{
	enum { KEYS = 10000 };

	(void)state;
	digests_keys = true;
	for (size_t i = 0; i < KEYS; i++) {
		static const size_t lens[] = {32, 32, 16, 64, 24, 8};
		uint8_t key[64];
		struct doctor *d;

		random_bytes(key, sizeof(key));
		d = called(&ccm_8, span_of(key, lens[i % 6]));
		diagnose(d);
		assert_int_equal(doctor_result(d)->verdict, DOCTOR_UNKNOWN);
		assert_string_equal(doctor_result(d)->code, "unknown");
		doctor_free(d);
	}
}

/* Another device's key, and its forms: not this one's. */
static void
test_the_key_of_another_device(void **state)
{
	struct secret key = key_of("bootstrap-2026", HSM_PURPOSE_BOOTSTRAP, 0,
	    5, "urn:dev:ops:0057F2-WM2");
	uint8_t out[128];

	(void)state;
	digests_keys = true;
	expect_result(&ccm_8, secret_expose(&key), DOCTOR_UNKNOWN, "unknown",
	    "The device used another key, by none of the mistakes that are "
	    "known.",
	    false, 0);
	expect_result(&ccm_8, span_of(out, spoil("hex-ascii", key.bytes, out)),
	    DOCTOR_UNKNOWN, "unknown",
	    "The device used another key, by none of the mistakes that are "
	    "known.",
	    false, 0);
	secret_fini(&key);
}

/* One question to the token a step, and never many. */
static void
test_what_it_asks_of_the_token(void **state)
{
	struct doctor *d = called(&ccm_8, SPAN_LIT("some other key of 24 b"));
	unsigned steps = 0, before;
	enum rc rc;

	(void)state;
	do {
		before = asked;
		rc = doctor_step(d, &keys);
		assert_in_range(asked - before, 0, 1);
		steps++;
	} while (rc == RC_AGAIN);
	assert_int_equal(rc, RC_OK);
	assert_in_range(steps, 20, 96);
	doctor_free(d);
}

static void
test_a_token_that_goes_away(void **state)
{
	struct secret key = right_key(3);
	struct doctor *d = called(&ccm_8, secret_expose(&key));

	(void)state;
	token_says = RC_TOKEN;
	assert_int_equal(doctor_step(d, &keys), RC_TOKEN);
	assert_int_equal(doctor_step(d, &keys), RC_TOKEN);
	/* it goes on where it was; a key that is not there is passed over */
	token_says = RC_NOT_FOUND;
	assert_int_equal(doctor_step(d, &keys), RC_AGAIN);
	token_says = RC_OK;
	diagnose(d);
	assert_string_equal(doctor_result(d)->code, "other-epoch");
	doctor_free(d);
	secret_fini(&key);
}

static void
test_who_is_not_treated(void **state)
{
	uint8_t evidence[EVIDENCE_BYTES_MAX];
	struct doctor *d;
	struct writer w;

	(void)state;
	writer_init(&w, evidence, sizeof(evidence));
	seal_evidence(&ccm_8, SPAN_LIT("key"), &w);
	assert_int_equal(
	    doctor_new(set, SPAN_LIT("nobody"), writer_span(&w), now_s, &d),
	    RC_NOT_FOUND);
	assert_null(d);
	assert_int_equal(
	    doctor_new(set, SPAN_LIT(IDENTITY), (struct span){0}, now_s, &d),
	    RC_MALFORMED);
	evidence[3] = 0xae; /* a suite with certificates */
	assert_int_equal(
	    doctor_new(set, SPAN_LIT(IDENTITY), writer_span(&w), now_s, &d),
	    RC_UNSUPPORTED);
	assert_null(d);
}

static int
load(void **state)
{
	struct diag *d = diag_new();

	(void)state;
	if (policy_load_text("test.yaml", span_str(documents), d, &set) !=
	    RC_OK)
		diag_print(d, stderr);
	diag_free(d);
	return set ? 0 : -1;
}

static int
unload(void **state)
{
	(void)state;
	policy_set_unref(set);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_right_key_in_another_form),
	    cmocka_unit_test(test_another_key),
	    cmocka_unit_test(test_an_epoch_that_has_ended),
	    cmocka_unit_test(test_the_master_itself),
	    cmocka_unit_test(test_no_key_at_all),
	    cmocka_unit_test(test_in_every_suite),
	    cmocka_unit_test(test_ten_thousand_other_keys),
	    cmocka_unit_test(test_the_key_of_another_device),
	    cmocka_unit_test(test_what_it_asks_of_the_token),
	    cmocka_unit_test(test_a_token_that_goes_away),
	    cmocka_unit_test(test_who_is_not_treated),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
