/* Pre-shared keys from every source: derived with epochs that end, made at
 * random and kept sealed, imported; and those that were taken back. */
#include "issue_world.h"

#include "../../support/psk/seal.h"

#include "base/evidence.h"

#include <stdio.h>

#define MODULE "urn:imei:350000000000017"
#define SECRET_16 "0123456789abcdef"

static const char documents[] =
    "identity: factory\n"
    "endpoint: 'urn:dev:ops:*'\n"
    "psk:\n"
    "  derive: bootstrap-2026\n"
    "  epoch: [{epoch: 1, until: 2027-01-01}, 2, 3]\n"
    "---\n"
    "identity: modules\n"
    "endpoint: 'urn:imei:*'\n"
    "psk: {imported: q3}\n"
    "---\n"
    "policy: all\n"
    "match: {endpoint: 'urn:*'}\n"
    "servers:\n"
    "  - name: kept\n"
    "    short_server_id: 201\n"
    "    uri: coaps://kept.example\n"
    "    security: {mode: psk, key: {random: seal-2026, length: 24,\n"
    "                                  epoch: 1}}\n"
    "---\n"
    "policy: fleet\n"
    "match: {endpoint: 'urn:dev:ops:fleet-*'}\n"
    "order: 1\n"
    "servers:\n"
    "  - name: fleet\n"
    "    short_server_id: 203\n"
    "    uri: coaps://fleet.example\n"
    "    security: {mode: psk, key: {derive: fleet-2026, epoch: 1}}\n"
    "---\n"
    "policy: operator\n"
    "match: {identity: modules, endpoint: '*'}\n"
    "order: 1\n"
    "servers:\n"
    "  - name: operator\n"
    "    short_server_id: 202\n"
    "    uri: coaps://operator.example\n"
    "    security: {mode: psk, key: {imported: operator}}\n";

/* 2026-12-01 and 2027-02-01: before and after the end of epoch 1. */
enum { BEFORE_S = 1796083200, AFTER_S = 1801440000 };

static int
setup(void **state)
{
	int rc = world_open(state);

	world_rules(documents, span_of(NULL, 0));
	return rc;
}

static void
known(const char *identity, uint32_t first, unsigned attempt, uint32_t epoch)
{
	struct issue_psk_answer a;

	assert_int_equal(
	    issue_psk(&world.issuer, span_str(identity), first, attempt, &a),
	    RC_OK);
	assert_int_equal(a.epoch, epoch);
	assert_true(a.key.len >= 16);
	secret_fini(&a.key);
}

static void
unknown(const char *identity, enum reason why)
{
	struct issue_psk_answer a;

	assert_int_equal(issue_psk(&world.issuer, span_str(identity), 0, 0, &a),
	    RC_NOT_FOUND);
	assert_string_equal(reason_code(a.peer.why), reason_code(why));
	assert_int_equal(a.key.len, 0);
}

/** The fingerprint of the derived key, as rows have it. */
static const char *
fingerprint(const char *endpoint, uint32_t epoch)
{
	const struct hsm_derivation d = {
	    .master = "bootstrap-2026",
	    .purpose = HSM_PURPOSE_BOOTSTRAP,
	    .epoch = epoch,
	    .endpoint = span_str(endpoint),
	};
	uint8_t bytes[HSM_FINGERPRINT_LEN];
	struct secret key = {0};

	assert_int_equal(hsm_derive(world.session, &d, &key), RC_OK);
	assert_int_equal(hsm_fingerprint(&key, bytes), RC_OK);
	secret_fini(&key);
	return world_hex(span_of(bytes, sizeof(bytes)));
}

static void
revoke_key(const char *endpoint, uint32_t epoch)
{
	world_revoke(endpoint,
	    (const char *const[]){
		"fingerprint", fingerprint(endpoint, epoch), NULL});
}

/* --- epochs ----------------------------------------------------------------- */

static void
epochs_have_an_order_and_an_end(void **state)
{
	struct issue_request rq = by_psk("urn:dev:ops:1", 1);

	(void)state;
	world.issuer.now_s = BEFORE_S;
	known("urn:dev:ops:1", 0, 0, 3);
	known("urn:dev:ops:1", 0, 1, 2);
	known("urn:dev:ops:1", 0, 2, 1);
	known("urn:dev:ops:1", 0, 3, 3);
	known("urn:dev:ops:1", 1, 0, 1);
	known("urn:dev:ops:1", 1, 1, 3);
	world.issuer.now_s = AFTER_S;
	known("urn:dev:ops:1", 0, 2, 3);
	known("urn:dev:ops:1", 1, 0, 3);
	/* nor does a handshake of before let it in */
	world_refuse(&rq, REASON_NO_IDENTITY);
	world.issuer.now_s = world.now_s;
}

static void
evidence_finds_the_key_that_was_used(void **state)
{
	static const struct seal ccm_8 = {0xc0a8, true, false};
	const struct hsm_derivation d = {
	    .master = "bootstrap-2026",
	    .purpose = HSM_PURPOSE_BOOTSTRAP,
	    .epoch = 2,
	    .endpoint = SPAN_LIT("urn:dev:ops:2"),
	};
	uint8_t bytes[EVIDENCE_BYTES_MAX];
	struct issue_psk_answer a;
	struct secret key = {0};
	struct writer w;

	(void)state;
	assert_int_equal(hsm_derive(world.session, &d, &key), RC_OK);
	writer_init(&w, bytes, sizeof(bytes));
	seal_evidence(&ccm_8, secret_expose(&key), &w);
	assert_int_equal(issue_psk_by_evidence(&world.issuer,
			     SPAN_LIT("urn:dev:ops:2"), 0, writer_span(&w), &a),
	    RC_OK);
	assert_int_equal(a.epoch, 2);
	assert_true(secret_equal(&a.key, &key));
	secret_fini(&a.key);
	/* of another device */
	assert_int_equal(issue_psk_by_evidence(&world.issuer,
			     SPAN_LIT("urn:dev:ops:3"), 0, writer_span(&w), &a),
	    RC_DENIED);
	assert_int_equal(a.key.len, 0);
	/* once it is taken back it opens nothing */
	revoke_key("urn:dev:ops:2", 2);
	assert_int_equal(issue_psk_by_evidence(&world.issuer,
			     SPAN_LIT("urn:dev:ops:2"), 0, writer_span(&w), &a),
	    RC_DENIED);
	assert_int_equal(a.key.len, 0);
	secret_fini(&key);
}

/* --- taken back ------------------------------------------------------------- */

static void
a_key_that_was_taken_back_is_passed_over(void **state)
{
	struct issue_request rq = by_psk("urn:dev:ops:4", 3);
	struct issue_decision d;

	(void)state;
	world_grant(&rq, &d);
	issue_decision_fini(&d);
	revoke_key("urn:dev:ops:4", 3);
	/* since its handshake */
	rq = by_psk("urn:dev:ops:4", 3);
	world_refuse(&rq, REASON_REVOKED);
	/* the other epochs' keys are good */
	known("urn:dev:ops:4", 0, 0, 2);
	rq = by_psk("urn:dev:ops:4", 2);
	world_grant(&rq, &d);
	issue_decision_fini(&d);
	revoke_key("urn:dev:ops:4", 1);
	revoke_key("urn:dev:ops:4", 2);
	unknown("urn:dev:ops:4", REASON_REVOKED);
}

/* Whoever measures the token does not learn which names are known. */
static void
an_unknown_name_costs_what_a_known_one_does(void **state)
{
	unsigned long known_cost, cost;

	(void)state;
	world_import("q3", "cost-1", 1, MODULE "9", SPAN_LIT(SECRET_16));
	known("urn:dev:ops:5", 0, 0, 3); /* handles are found */
	known("cost-1", 0, 0, 1);
	count_reset();
	known("urn:dev:ops:5", 0, 0, 3);
	known_cost = count_of("C_Sign");
	assert_true(known_cost > 0);
	count_reset();
	unknown("nobody", REASON_NO_IDENTITY);
	cost = count_of("C_Sign");
	assert_int_equal(cost, known_cost);
	count_reset();
	known("cost-1", 0, 0, 1);
	assert_int_equal(count_of("C_Sign"), known_cost);
	/* imported names alone */
	world_rules(
	    "identity: modules\npsk: {imported: q3}\n", span_of(NULL, 0));
	count_reset();
	unknown("nobody", REASON_NO_IDENTITY);
	assert_int_equal(count_of("C_Sign"), known_cost);
	unknown("", REASON_NO_IDENTITY);
	world_rules(documents, span_of(NULL, 0));
}

static struct span
key_of(const struct plan *plan)
{
	for (size_t i = 0; i < plan->entry_count; i++)
		if (plan->entries[i].secret)
			return plan->entries[i].entry.value.bytes;
	fail_msg("no key");
	return span_of(NULL, 0);
}

/* --- imported --------------------------------------------------------------- */

static void
an_imported_key_comes_with_its_endpoint(void **state)
{
	struct issue_request rq = by_psk("module-17", 2);
	struct issue_psk_answer a;
	struct issue_decision d;
	char text[256];

	(void)state;
	world_import("q3", "module-17", 1, MODULE, SPAN_LIT(SECRET_16));
	world_import(
	    "q3", "module-17", 2, MODULE, SPAN_LIT("fedcba9876543210"));
	world_import(
	    "operator", "other-name", 7, MODULE, SPAN_LIT("operator's secret"));
	/* another collection, and an endpoint that the document denies */
	world_import("q4", "module-18", 1, MODULE, SPAN_LIT(SECRET_16));
	world_import(
	    "q3", "module-19", 1, "urn:dev:ops:1", SPAN_LIT(SECRET_16));

	assert_int_equal(
	    issue_psk(&world.issuer, SPAN_LIT("module-17"), 0, 0, &a), RC_OK);
	assert_int_equal(a.epoch, 2);
	assert_true(span_is(a.peer.endpoint, MODULE));
	assert_string_equal(a.peer.identity->name, "modules");
	assert_memory_equal(a.key.bytes, "fedcba9876543210", 16);
	secret_fini(&a.key);
	known("module-17", 1, 0, 1);
	unknown("module-18", REASON_NO_IDENTITY);
	unknown("module-19", REASON_NO_IDENTITY);

	world_grant(&rq, &d);
	assert_true(span_is(d.peer.endpoint, MODULE));
	assert_int_equal(d.credentials[0].epoch, 7);
	(void)world_rows("credential_issued", "source", text);
	assert_string_equal(text, "imported");
	(void)world_rows("credential_issued", "collection", text);
	assert_string_equal(text, "operator");
	issue_decision_fini(&d);
	/* an epoch that is not there */
	rq = by_psk("module-17", 9);
	world_refuse(&rq, REASON_NO_IDENTITY);
}

/* Of several the newest, in whatever order they came. */
static void
the_newest_imported_key_is_handed_out(void **state)
{
	struct issue_request rq = by_psk("module-23", 1);
	struct issue_decision d;
	struct plan plan;

	(void)state;
	world_import("q3", "module-23", 1, MODULE "23", SPAN_LIT(SECRET_16));
	world_import(
	    "operator", "a", 4, MODULE "23", SPAN_LIT("of epoch 4......"));
	world_import(
	    "operator", "b", 9, MODULE "23", SPAN_LIT("of epoch 9......"));
	world_import(
	    "operator", "c", 6, MODULE "23", SPAN_LIT("of epoch 6......"));
	world_import(
	    "operator", "d", 9, MODULE "23", SPAN_LIT("of epoch 9, late"));
	world_grant(&rq, &d);
	assert_int_equal(d.credentials[0].epoch, 9);
	assert_int_equal(plan_decode(&d.plan, &plan), RC_OK);
	assert_true(span_is(key_of(&plan), "of epoch 9......"));
	plan_fini(&plan);
	issue_decision_fini(&d);
}

static void
an_account_without_its_key_is_refused(void **state)
{
	struct issue_request rq = by_psk("module-20", 1);

	(void)state;
	world_import("q3", "module-20", 1, MODULE "20", SPAN_LIT(SECRET_16));
	world_refuse(&rq, REASON_KEY_MISSING);
}

/* Somebody who can write to the file, and has no token. */
static void
a_row_that_was_changed_does_not_open(void **state)
{
	static const char line[] =
	    "python3 -c 'import sqlite3; "
	    "sqlite3.connect(\"ledger.db\").executescript(\""
	    "DROP TRIGGER secret_keeps_values; "
	    "UPDATE secret SET endpoint = CAST(\\\"" MODULE "66\\\" AS BLOB) "
	    "WHERE name = CAST(\\\"module-21\\\" AS BLOB)\")'";
	struct issue_request rq = by_psk("module-21", 1);

	(void)state;
	world_import("q3", "module-21", 1, MODULE "21", SPAN_LIT(SECRET_16));
	world_import(
	    "operator", "module-21", 1, MODULE "66", SPAN_LIT(SECRET_16));
	known("module-21", 0, 0, 1);
	assert_int_equal(shell(NULL, 0, line), 0);
	unknown("module-21", REASON_KEY_MISSING);
	/* not even after a handshake that was right */
	world_refuse(&rq, REASON_KEY_MISSING);
}

/* --- random ----------------------------------------------------------------- */

static bool
in_ledger(struct span what)
{
	static uint8_t bytes[8 << 20];
	char path[128];
	size_t len;
	FILE *f;

	for (int wal = 0; wal < 2; wal++) {
		snprintf(path, sizeof(path), "%s%s", world.ledger_path,
		    wal ? "-wal" : "");
		f = fopen(path, "re");
		assert_non_null(f);
		len = fread(bytes, 1, sizeof(bytes), f);
		fclose(f);
		assert_true(len < sizeof(bytes));
		for (size_t i = 0; i + what.len <= len; i++)
			if (memcmp(bytes + i, what.p, what.len) == 0)
				return true;
	}
	return false;
}

static void
a_random_key_is_made_once(void **state)
{
	struct issue_request rq = by_psk("urn:dev:ops:30", 3);
	struct issue_decision first, second, other;
	struct plan a, b, c;
	char text[256];

	(void)state;
	world_grant(&rq, &first);
	assert_int_equal(first.sealed_count, 1);
	(void)world_rows("credential_issued", "source", text);
	assert_string_equal(text, "random");
	rq = by_psk("urn:dev:ops:30", 3);
	world_grant(&rq, &second);
	assert_int_equal(second.sealed_count, 0);
	rq = by_psk("urn:dev:ops:31", 3);
	world_grant(&rq, &other);
	assert_memory_equal(first.plan_digest, second.plan_digest, DIGEST_LEN);
	assert_memory_equal(first.credentials[0].fingerprint,
	    second.credentials[0].fingerprint, HSM_FINGERPRINT_LEN);
	assert_int_equal(plan_decode(&first.plan, &a), RC_OK);
	assert_int_equal(plan_decode(&second.plan, &b), RC_OK);
	assert_int_equal(plan_decode(&other.plan, &c), RC_OK);
	assert_int_equal(key_of(&a).len, 24);
	assert_true(span_equal(key_of(&a), key_of(&b)));
	assert_false(span_equal(key_of(&a), key_of(&c)));
	assert_false(in_ledger(key_of(&a)));
	assert_true(in_ledger(
	    span_of(first.sealed[0].sealed, first.sealed[0].sealed_len)));
	plan_fini(&a);
	plan_fini(&b);
	plan_fini(&c);
	issue_decision_fini(&first);
	issue_decision_fini(&second);
	issue_decision_fini(&other);
}

/* Two threads had the same request of the same device at once. */
static void
of_two_decisions_one_is_recorded(void **state)
{
	struct issue_request rq = by_psk("urn:dev:ops:32", 3);
	struct issue_request rq2 = by_psk("urn:dev:ops:32", 3);
	struct issue_decision a, b;
	size_t begun;

	(void)state;
	issue_begin(&world.issuer, &rq, &a);
	issue_begin(&world.issuer, &rq2, &b);
	assert_true(a.granted && b.granted);
	assert_int_equal(a.sealed_count, 1);
	assert_int_equal(b.sealed_count, 1);
	assert_int_equal(world_record(&rq, &a, false), RC_OK);
	begun = world_rows("bootstrap_begin", NULL, NULL);
	assert_int_equal(world_record(&rq2, &b, false), RC_CONFLICT);
	assert_int_equal(world_rows("bootstrap_begin", NULL, NULL), begun);
	issue_decision_fini(&b);

	/* decided again it has the one that is on record */
	issue_begin(&world.issuer, &rq2, &b);
	assert_int_equal(b.sealed_count, 0);
	assert_memory_equal(a.credentials[0].fingerprint,
	    b.credentials[0].fingerprint, HSM_FINGERPRINT_LEN);
	assert_int_equal(world_record(&rq2, &b, false), RC_OK);
	issue_decision_fini(&a);
	issue_decision_fini(&b);
}

/* --- accounts' keys that were taken back ------------------------------------ */

/** The documents with every key of an account one epoch on. */
static void
raise_epochs(void)
{
	static char raised[sizeof(documents)];
	char *at = raised;

	memcpy(raised, documents, sizeof(documents));
	while ((at = strstr(at, "epoch: 1}")))
		at[7] = '2';
	world_rules(raised, span_of(NULL, 0));
}

static void
no_account_is_given_a_key_that_was_taken_back(void **state)
{
	static const struct {
		const char *identity, *endpoint, *detail;
		uint32_t epoch;
	} devices[] = {
	    {"urn:dev:ops:40", "urn:dev:ops:40",
		"the key for server 201, of epoch 1, "
		"was revoked",
		3},
	    {"urn:dev:ops:fleet-1", "urn:dev:ops:fleet-1",
		"the key for server 203, of epoch 1, "
		"was revoked",
		3},
	    {"module-22", MODULE "22",
		"the key for server 202, of epoch 1, "
		"was revoked",
		1},
	};
	enum { DEVICES = sizeof(devices) / sizeof(devices[0]) };
	uint8_t old[DEVICES][HSM_FINGERPRINT_LEN];
	struct issue_request rq;
	struct issue_decision d;
	char text[256];

	(void)state;
	world_import("q3", "module-22", 1, MODULE "22", SPAN_LIT(SECRET_16));
	world_import("operator", "module-22", 1, MODULE "22",
	    SPAN_LIT("a secret of the operator"));
	for (size_t i = 0; i < DEVICES; i++) {
		rq = by_psk(devices[i].identity, devices[i].epoch);
		world_grant(&rq, &d);
		memcpy(old[i], d.credentials[0].fingerprint, sizeof(old[i]));
		issue_decision_fini(&d);
		world_revoke(devices[i].endpoint,
		    (const char *const[]){"fingerprint",
			world_hex(span_of(old[i], sizeof(old[i]))), NULL});
		rq = by_psk(devices[i].identity, devices[i].epoch);
		world_refuse(&rq, REASON_KEY_REVOKED);
		(void)world_rows("bootstrap_refused", "detail", text);
		assert_string_equal(text, devices[i].detail);
	}
	/* another device's is none of those */
	rq = by_psk("urn:dev:ops:fleet-2", 3);
	world_grant(&rq, &d);
	issue_decision_fini(&d);

	/* as the remedy says */
	raise_epochs();
	world_import("operator", "module-22", 2, MODULE "22",
	    SPAN_LIT("another of the operator"));
	for (size_t i = 0; i < DEVICES; i++) {
		rq = by_psk(devices[i].identity, devices[i].epoch);
		world_grant(&rq, &d);
		assert_int_equal(d.credentials[0].epoch, 2);
		assert_memory_not_equal(
		    old[i], d.credentials[0].fingerprint, sizeof(old[i]));
		issue_decision_fini(&d);
	}
	world_rules(documents, span_of(NULL, 0));
}

static void
no_image_is_minted_with_a_key_that_was_taken_back(void **state)
{
	const struct issue_account account = {
	    .uri = "coaps://bs.example:5684", .hold_off_s = -1};
	struct issue_account older = account;
	const struct span endpoint = SPAN_LIT("urn:dev:ops:41");
	const struct identity *id = &world.set->identities[0];
	struct issue_credential c;
	struct secret bytes = {0};
	char detail[200];

	(void)state;
	revoke_key("urn:dev:ops:41", 3);
	assert_int_equal(issue_account(&world.issuer, id, endpoint, &account,
			     &bytes, &c, detail),
	    RC_DENIED);
	assert_string_equal(detail, "the key of epoch 3 was revoked");
	assert_int_equal(bytes.len, 0);
	/* another epoch's is good */
	older.epoch = 2;
	assert_int_equal(issue_account(&world.issuer, id, endpoint, &older,
			     &bytes, &c, detail),
	    RC_OK);
	assert_int_equal(c.epoch, 2);
	assert_string_equal(detail, "");
	secret_fini(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(epochs_have_an_order_and_an_end),
	    cmocka_unit_test(evidence_finds_the_key_that_was_used),
	    cmocka_unit_test(a_key_that_was_taken_back_is_passed_over),
	    cmocka_unit_test(an_unknown_name_costs_what_a_known_one_does),
	    cmocka_unit_test(an_imported_key_comes_with_its_endpoint),
	    cmocka_unit_test(an_account_without_its_key_is_refused),
	    cmocka_unit_test(a_random_key_is_made_once),
	    cmocka_unit_test(of_two_decisions_one_is_recorded),
	    cmocka_unit_test(the_newest_imported_key_is_handed_out),
	    cmocka_unit_test(no_account_is_given_a_key_that_was_taken_back),
	    cmocka_unit_test(no_image_is_minted_with_a_key_that_was_taken_back),
	    /* the last: it changes the file */
	    cmocka_unit_test(a_row_that_was_changed_does_not_open),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, world_close);
	fixture_fini();
	return failed;
}
