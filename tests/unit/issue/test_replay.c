/* A device decided again from its row: what rows say, what they do not, and
 * rows that nobody of ours has written. That the decision is issue_begin's own:
 * tests/integration/tool/test_policy_plan.py, with a daemon
 * tests/integration/daemon/test_plan.py. */
#include "issue/replay.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#define HEX32 "00112233445566778899aabbccddeeff"
#define SHA HEX32 HEX32
#define PLAN ",\"plan\":\"" SHA "\"}"
#define PSK(credential, more) \
	"{\"credential\":\"" credential \
	"\",\"kind\":\"psk\",\"identity\":\"f\"," \
	"\"address\":\"192.0.2.1:5683\",\"transport\":\"coaps\"," \
	"\"epoch\":2" more ",\"policy\":\"p\"" PLAN

static struct issue_replay replay;

static struct ledger_row
row_of(const char *endpoint, const char *data)
{
	return (struct ledger_row){
	    .kind = SPAN_LIT("bootstrap_begin"),
	    .endpoint = span_str(endpoint),
	    .data = span_str(data),
	};
}

static enum rc
read_row(const char *data)
{
	const struct ledger_row row = row_of("ep-1", data);

	return issue_replay_read(&row, &replay);
}

static void
what_a_row_says(void **state)
{
	(void)state;
	assert_int_equal(
	    read_row(
		"{\"instance\":\"i\",\"worker\":1,\"credential\":\"a\\\"b\","
		"\"kind\":\"certificate\",\"fingerprint\":\"" SHA "\","
		"\"serial\":\"0a0b\",\"issuer_key\":\"" SHA "\","
		"\"anchor_key\":\"" SHA "\",\"issuer\":\"A CA\","
		"\"san\":\"DNS:a URI:urn:b\",\"identity\":\"doc\","
		"\"address\":\"[2001:db8::1]:99\",\"push\":\"00\","
		"\"transport\":\"coaps+tcp\",\"pct\":112,\"pack\":11544,"
		"\"policy\":\"p\",\"servers\":\"eu-1 eu-2\",\"turn\":3,"
		"\"policy_set\":\"" SHA "\",\"steps\":9" PLAN),
	    RC_OK);
	assert_int_equal(replay.rq.proof, PROOF_CERTIFICATE);
	assert_true(span_is(replay.cn, "a\"b"));
	assert_int_equal(replay.serial_len, 2);
	assert_true(replay.has_issuer_key && replay.has_anchor_key);
	assert_int_equal(replay.issuer_key[1], 0x11);
	assert_true(span_is(replay.issuer_cn, "A CA"));
	assert_true(span_is(replay.san, "DNS:a URI:urn:b"));
	assert_true(span_is(replay.identity, "doc"));
	assert_int_equal(replay.rq.address.family, 6);
	assert_true(replay.rq.stream && replay.rq.pack);
	assert_int_equal(replay.rq.pct, 112);
	assert_int_equal(replay.rq.accept, 11544);
	assert_true(span_is(replay.servers, "eu-1 eu-2"));
	assert_int_equal(replay.turn, 3);
	assert_true(replay.has_plan && replay.has_set);
	assert_true(replay.rq.has_endpoint && replay.rq.fresh);
	assert_true(span_is(replay.rq.endpoint, "ep-1"));
	/* and nothing of it is left in the next */
	assert_int_equal(read_row(PSK("x", "")), RC_OK);
	assert_int_equal(replay.rq.pct, -1);
	assert_false(replay.rq.pack || replay.has_set || replay.turn);
	assert_int_equal(replay.san.len + replay.servers.len, 0);
	assert_int_equal(replay.rq.epoch, 2);
}

static void
a_certificate_without_a_name_has_its_fingerprint(void **state)
{
	(void)state;
	assert_int_equal(
	    read_row("{\"credential\":\"" SHA "\",\"kind\":\"certificate\","
		     "\"fingerprint\":\"" SHA "\"" PLAN),
	    RC_OK);
	assert_int_equal(replay.cn.len, 0);
}

static void
rows_that_nobody_of_ours_has_written(void **state)
{
	static const char *const bad[] = {
	    "",
	    "{}",
	    "[]",
	    "null",
	    "{\"kind\":\"psk\"}",
	    "{\"kind\":\"psk\",\"plan\":\"00\"}",
	    "{\"kind\":\"magic\"" PLAN,
	    "{\"kind\":7" PLAN,
	    "{\"kind\":\"psk\",\"epoch\":\"1\"" PLAN,
	    "{\"kind\":\"psk\",\"epoch\":-1" PLAN,
	    "{\"kind\":\"psk\",\"epoch\":4294967296" PLAN,
	    "{\"kind\":\"psk\",\"pct\":65536" PLAN,
	    "{\"kind\":\"psk\",\"epoch\":true" PLAN,
	    "{\"kind\":\"psk\",\"serial\":\"abc\"" PLAN,
	    "{\"kind\":\"psk\",\"serial\":\"" SHA "\"" PLAN,
	    "{\"kind\":\"psk\",\"issuer_key\":\"zz\"" PLAN,
	    "{\"kind\":\"psk\",\"policy\":\"\\u00\"" PLAN,
	    "{\"kind\":\"psk\",\"policy\":{}" PLAN,
	    "{\"kind\":\"psk\"" PLAN "x",
	    "{\"kind\":\"psk\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (read_row(bad[i]) != RC_MALFORMED)
			fail_msg("taken: %s", bad[i]);
}

/* the room behind a row is what escapes take, and no more than there is */
static void
texts_that_do_not_fit(void **state)
{
	char *data = malloc(3 * REPLAY_ROOM);
	size_t len;

	(void)state;
	assert_non_null(data);
	len = (size_t)sprintf(data, "{\"kind\":\"psk\",\"credential\":\"");
	while (len < 2 * REPLAY_ROOM + 100) {
		memcpy(data + len, "\\\"", 2);
		len += 2;
	}
	strcpy(data + len, "\"" PLAN);
	assert_int_equal(read_row(data), RC_MALFORMED);
	free(data);
}

/* whoever changes a byte of the file gets a row or none, never a fault */
static void
every_byte_changed(void **state)
{
	static const char good[] = PSK("a\\u00e4\\n", ",\"pct\":110");
	static const char to[] = {'"', '\\', '{', '}', ',', ':', '9', 'a', 1};
	char data[sizeof(good)];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(good); i++)
		for (size_t n = 0; n < sizeof(to); n++) {
			memcpy(data, good, sizeof(good));
			data[i] = to[n];
			(void)!read_row(data);
		}
	for (size_t len = 0; len < sizeof(good) - 1; len++) {
		struct ledger_row row = row_of("ep", good);

		row.data.len = len;
		assert_int_equal(
		    issue_replay_read(&row, &replay), RC_MALFORMED);
	}
}

/* --- decisions ------------------------------------------------------------ */

struct rules {
	struct policy_set *set;
	struct issue_rules *rules;
};

static struct rules
load(const char *yaml)
{
	struct rules r = {0};
	struct diag *d = diag_new();

	if (policy_load_text("t.yaml", span_str(yaml), d, &r.set) != RC_OK ||
	    issue_rules_new(r.set, NULL, d, &r.rules) != RC_OK) {
		diag_print(d, stderr);
		fail_msg("%s", yaml);
	}
	diag_free(d);
	return r;
}

static enum reason
decide(const char *yaml, const struct ledger_row *row)
{
	static struct policy_decided decided;
	static struct issue_decision out;
	struct rules r = load(yaml);
	const struct issuer issuer = {.rules = r.rules, .now_s = 1764000000};
	const struct issue_replay_config config = {.daemon_known = true};
	enum reason why;

	assert_int_equal(issue_replay_read(row, &replay), RC_OK);
	issue_replay(&issuer, &config, &replay, &decided, &out);
	why = out.granted ? REASON_NONE : out.reason;
	issue_decision_fini(&out);
	issue_rules_unref(r.rules);
	policy_set_unref(r.set);
	return why;
}

#define ANY "---\npolicy: p\nservers: []\n"

static void
a_long_psk_identity_is_whole_again(void **state)
{
	char endpoint[153], data[1024];
	struct ledger_row row;

	(void)state;
	memset(endpoint, 'e', sizeof(endpoint) - 1);
	endpoint[sizeof(endpoint) - 1] = '\0';
	/* 128 bytes of "psk/eeee..." stand in the row */
	snprintf(data, sizeof(data),
	    "{\"credential\":\"psk/%.124s\",\"kind\":\"psk\",\"epoch\":1" PLAN,
	    endpoint);
	row = row_of(endpoint, data);
	assert_int_equal(decide("identity: f\npsk: {derive: m, identity: "
				"'psk/{endpoint}'}\n" ANY,
			     &row),
	    REASON_NONE);
	assert_int_equal(decide("identity: f\npsk: {derive: m, identity: "
				"'hub/{endpoint}'}\n" ANY,
			     &row),
	    REASON_NO_IDENTITY);
}

static void
who_proves_another_endpoint_is_refused(void **state)
{
	const struct ledger_row row = row_of("ep-1", PSK("psk/ep-2", ""));

	(void)state;
	assert_int_equal(decide("identity: f\npsk: {derive: m, epoch: 2, "
				"identity: 'psk/{endpoint}'}\n" ANY,
			     &row),
	    REASON_ENDPOINT_MISMATCH);
}

/* an address that cannot be read fits no network */
static void
an_address_that_says_nothing(void **state)
{
	const struct ledger_row row = row_of("ep-1",
	    "{\"credential\":\"\",\"kind\":\"nosec\",\"address\":"
	    "\"here\"" PLAN);

	(void)state;
	assert_int_equal(
	    decide("identity: n\nnosec: {network: 0.0.0.0/0}\n" ANY, &row),
	    REASON_NO_IDENTITY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_row_says),
	    cmocka_unit_test(a_certificate_without_a_name_has_its_fingerprint),
	    cmocka_unit_test(rows_that_nobody_of_ours_has_written),
	    cmocka_unit_test(texts_that_do_not_fit),
	    cmocka_unit_test(every_byte_changed),
	    cmocka_unit_test(a_long_psk_identity_is_whole_again),
	    cmocka_unit_test(who_proves_another_endpoint_is_refused),
	    cmocka_unit_test(an_address_that_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
