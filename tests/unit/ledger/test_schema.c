/* What people with the file and sqlite3 can do, and what they see. */
#include "support.h"

#include <stdio.h>

#define DIGEST_A "aa11"

static void
test_rows_can_be_neither_changed_nor_taken_away(void **state)
{
	static const char *const cases[] = {
	    "DELETE FROM event",
	    "DELETE FROM event WHERE seq = 3",
	    "UPDATE event SET data = '{}' WHERE seq = 2",
	    "UPDATE OR IGNORE event SET time_ms = 0",
	    "UPDATE OR REPLACE event SET seq = 1 WHERE seq = 2",
	    "INSERT OR REPLACE INTO event VALUES "
	    "(2, 0, 'x', NULL, NULL, NULL, '{}', zeroblob(32))",
	    "REPLACE INTO event VALUES "
	    "(3, 0, 'x', NULL, NULL, NULL, '{}', zeroblob(32))",
	    "INSERT INTO event VALUES "
	    "(9, 0, 'x', NULL, NULL, NULL, '{}', zeroblob(32))",
	    "INSERT INTO event VALUES "
	    "(NULL, 0, 'x', NULL, NULL, NULL, '{}', zeroblob(32))",
	    /* The next number, but not a row of this table. */
	    "INSERT INTO event VALUES "
	    "(4, 0, 'x', NULL, NULL, NULL, '{', zeroblob(32))",
	    "INSERT INTO event VALUES "
	    "(4, 0, 'x', NULL, NULL, NULL, '{}', zeroblob(31))",
	    "INSERT INTO event VALUES "
	    "(4, 0, 'x', zeroblob(15), NULL, NULL, '{}', zeroblob(32))",
	    "INSERT INTO event VALUES "
	    "(4, 'noon', 'x', NULL, NULL, NULL, '{}', zeroblob(32))",
	};
	struct desk *d = *state;

	put_rows(d->ledger, 3);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if ((raw_try(d->path, cases[i]) & 0xff) != SQLITE_CONSTRAINT)
			fail_msg("%s", cases[i]);
	assert_int_equal(verified_rows(d->ledger), 3);
}

static void
begin(struct ledger *l, uint8_t session, const char *endpoint, int epoch)
{
	PUT(l, "bootstrap_begin", session, endpoint, F_TEXT("instance", "i"),
	    F_TEXT("worker", "0"), F_TEXT("credential", "psk-id"),
	    F_TEXT("kind", "psk"), F_TEXT("identity", "factory-2026"),
	    F_TEXT("identity_at", "a.yaml:1"), F_INT("epoch", epoch),
	    F_TEXT("address", "127.0.0.1:40000"), F_TEXT("transport", "udp"),
	    F_INT("format", 11542), F_TEXT("policy", "meters"),
	    F_TEXT("policy_at", "m.yaml:3"), F_TEXT("plan", DIGEST_A),
	    F_TEXT("policy_set", "bb22"), F_INT("steps", 4));
}

static void
end(struct ledger *l, uint8_t session, const char *endpoint,
    const char *outcome, const char *reason)
{
	PUT(l, "bootstrap_end", session, endpoint, F_TEXT("outcome", outcome),
	    F_TEXT("reason", reason), F_TEXT("sentence", "It is so."),
	    F_TEXT("remedy", "Do that."), F_INT("duration_ms", 1234),
	    F_INT("step", 4), F_INT("step_code", 204), F_INT("steps", 4));
}

static void
issued(struct ledger *l, uint8_t session, const char *endpoint, int server,
    const char *fingerprint)
{
	PUT(l, "credential_issued", session, endpoint, F_TEXT("kind", "psk"),
	    F_TEXT("purpose", "server"), F_INT("short_server_id", server),
	    F_TEXT("master", "fleet-2026"), F_INT("epoch", 1),
	    F_TEXT("fingerprint", fingerprint));
}

static void
tell_a_fleet(struct ledger *l)
{
	assert_int_equal(ledger_begin(l), RC_OK);
	PUT(l, "key_check", 0, NULL, F_TEXT("label", "fleet-2026"),
	    F_TEXT("kcv", "k1"), F_TEXT("token", "t"));
	PUT(l, "key_check", 0, NULL, F_TEXT("label", "fleet-2026"),
	    F_TEXT("kcv", "k1"), F_TEXT("token", "t"));
	PUT(l, "key_check", 0, NULL, F_TEXT("label", "fleet-2026"),
	    F_TEXT("kcv", "k2"), F_TEXT("token", "t"));
	PUT(l, "image_minted", 0, "ep-a", F_TEXT("identity", "factory-2026"),
	    F_TEXT("master", "bootstrap-2026"), F_INT("epoch", 1),
	    F_TEXT("format", "json"), F_TEXT("sha256", "cc"),
	    F_TEXT("fingerprint", "f-image"));
	PUT(l, "image_minted", 0, "ep-never",
	    F_TEXT("identity", "factory-2026"), F_INT("epoch", 2),
	    F_TEXT("fingerprint", "f-never"));
	begin(l, 1, "ep-a", 1); /* 6 */
	issued(l, 1, "ep-a", 101, "f-1");
	end(l, 1, "ep-a", "failed", "write-refused");
	begin(l, 2, "ep-a", 2); /* 9: superseded by 10 */
	begin(l, 3, "ep-a", 2);
	end(l, 2, "ep-a", "failed", "superseded");
	end(l, 3, "ep-a", "ok", "finished");
	begin(l, 4, "ep-b", 1); /* 13: open */
	/* Somebody claims to be ep-b, and to be nobody known. */
	PUT(l, "bootstrap_refused", 0, "ep-b", F_TEXT("instance", "i"),
	    F_TEXT("worker", "1"), F_TEXT("credential", "thief"),
	    F_TEXT("kind", "psk"), F_TEXT("address", "127.0.0.1:666"),
	    F_TEXT("transport", "udp"), F_TEXT("reason", "endpoint-mismatch"),
	    F_TEXT("sentence", "It is not."), F_TEXT("remedy", "Beware."));
	PUT(l, "bootstrap_refused", 0, "ep-z", F_TEXT("reason", "no-policy"));
	begin(l, 5, "ep-c", 1); /* 16 */
	end(l, 5, "ep-c", "unknown", "finish-unanswered");
	PUT(l, "credential_revoked", 0, NULL, F_TEXT("fingerprint", "f-1"));
	PUT(l, "checkpoint", 0, NULL, F_INT("covered_seq", 18),
	    F_TEXT("head", "dd33"));
	PUT(l, "handshake_refused", 0, "ep-x", F_TEXT("reason", "revoked"),
	    F_TEXT("sentence", "It was."), F_TEXT("remedy", "Mint anew."),
	    F_TEXT("address", "127.0.0.1:7"), F_TEXT("credential", "CN=\033x"),
	    F_TEXT("kind", "certificate"), F_TEXT("fingerprint", "f-5"));
	PUT(l, "credential_issued", 5, "ep-d", F_TEXT("kind", "certificate"),
	    F_TEXT("purpose", "server"), F_INT("short_server_id", 102),
	    F_TEXT("ca", "device-ca"), F_TEXT("serial", "0a1b"),
	    F_TEXT("issuer_key", "i-1"), F_INT("not_after", 2000000000),
	    F_TEXT("fingerprint", "f-5"));
	PUT(l, "credential_issued", 5, "ep-d", F_TEXT("kind", "certificate"),
	    F_TEXT("serial", "0a1c"), F_TEXT("issuer_key", "i-1"),
	    F_TEXT("not_after", "2033-05-18T03:33:20Z"),
	    F_TEXT("fingerprint", "f-6"));
	PUT(l, "credential_issued", 5, "ep-d", F_TEXT("kind", "certificate"),
	    F_TEXT("serial", "0a1d"), F_TEXT("issuer_key", "i-1"),
	    F_TEXT("fingerprint", "f-7"));
	/* By its number alone; by number and issuer; of another issuer. */
	PUT(l, "credential_revoked", 0, NULL, F_TEXT("serial", "0a1b"));
	PUT(l, "credential_revoked", 0, NULL, F_TEXT("serial", "0a1c"),
	    F_TEXT("issuer_key", "i-1"));
	PUT(l, "credential_revoked", 0, NULL, F_TEXT("serial", "0a1d"),
	    F_TEXT("issuer_key", "i-2"));
	assert_int_equal(ledger_commit(l), RC_OK);
}

/* Each question and its answer, as they stand in a terminal. */
static const struct {
	const char *sql, *want;
} answers[] = {
    /* One row an attempt. */
    {"SELECT group_concat(seq || ' ' || outcome, ', ') FROM "
     "(SELECT * FROM bootstraps ORDER BY seq)",
	"6 failed, 9 failed, 10 ok, 13 open, 14 refused, 15 refused, "
	"16 unknown"},
    {"SELECT endpoint || '|' || session || '|' || credential || '|' || kind "
     "|| '|' || identity || '|' || address || '|' || transport || '|' || "
     "policy || '|' || policy_at || '|' || plan || '|' || policy_set || '|' "
     "|| format || '|' || worker || '|' || outcome || '|' || reason || '|' "
     "|| sentence || '|' || remedy || '|' || duration_ms "
     "FROM bootstraps WHERE endpoint = 'ep-a' AND outcome = 'ok'",
	"ep-a|03030303030303030303030303030303|psk-id|psk|factory-2026|"
	"127.0.0.1:40000|udp|meters|m.yaml:3|" DIGEST_A
	"|bb22|11542|0|ok|finished|It is so.|Do that.|1234"},
    {"SELECT reason FROM bootstraps WHERE seq = 9", "superseded"},
    {"SELECT ended FROM bootstraps WHERE seq = 13", "NULL"},
    {"SELECT credential || '|' || reason || '|' || sentence || '|' || remedy "
     "FROM bootstraps WHERE seq = 14",
	"thief|endpoint-mismatch|It is not.|Beware."},
    {"SELECT credential FROM bootstraps WHERE seq = 15", "NULL"},
    {"SELECT session FROM bootstraps WHERE seq = 15", "NULL"},
    /* What is known of each device; who only claims to be one is none. */
    {"SELECT group_concat(endpoint || ' ' || coalesce(outcome, '-') || ' ' || "
     "attempts, ', ') FROM (SELECT * FROM devices ORDER BY endpoint)",
	"ep-a ok 3, ep-b open 1, ep-c unknown 1, ep-never - 0"},
    {"SELECT reason || '|' || policy || '|' || plan || '|' || identity || '|' "
     "|| epoch FROM devices WHERE endpoint = 'ep-a'",
	"finished|meters|" DIGEST_A "|factory-2026|2"},
    {"SELECT identity || epoch FROM devices WHERE endpoint = 'ep-never'",
	"factory-20262"},
    {"SELECT first_seen FROM devices WHERE endpoint = 'ep-never'", "NULL"},
    {"SELECT minted IS NOT NULL FROM devices WHERE endpoint = 'ep-a'", "1"},
    {"SELECT minted FROM devices WHERE endpoint = 'ep-b'", "NULL"},
    {"SELECT group_concat(fingerprint || ' ' || purpose || ' ' || "
     "coalesce(short_server_id, '-') || ' ' || (revoked IS NOT NULL), ', ') "
     "FROM (SELECT * FROM credentials ORDER BY fingerprint)",
	"f-1 server 101 1, f-5 server 102 1, f-image image - 0, f-never image "
	"- 0"},
    {"SELECT group_concat(fingerprint || ' ' || serial || ' ' || "
     "coalesce(not_after, '-') || ' ' || coalesce(ca, '-') || ' ' || "
     "(revoked IS NOT NULL), ', ') FROM (SELECT * FROM credentials "
     "WHERE kind = 'certificate' ORDER BY serial)",
	"f-5 0a1b 2033-05-18T03:33:20.000Z device-ca 1, "
	"f-6 0a1c 2033-05-18T03:33:20Z - 1, f-7 0a1d - - 0"},
    /* Who was turned away, at either door. */
    {"SELECT group_concat(seq || ' ' || endpoint || ' ' || reason, ', ') "
     "FROM (SELECT * FROM refusals ORDER BY seq)",
	"14 ep-b endpoint-mismatch, 15 ep-z no-policy, 20 ep-x revoked"},
    {"SELECT kind || '|' || credential || '|' || address || '|' || sentence "
     "|| '|' || remedy || '|' || (time IS NOT NULL) FROM refusals "
     "WHERE seq = 20",
	"certificate|CN=\\u001bx|127.0.0.1:7|It was.|Mint anew.|1"},
    {"SELECT endpoint || ' ' || session || ' ' || kind || ' ' || master || "
     "' ' || epoch FROM credentials WHERE fingerprint = 'f-1'",
	"ep-a 01010101010101010101010101010101 psk fleet-2026 1"},
    {"SELECT seq || ' ' || covered_seq || ' ' || head FROM checkpoints",
	"19 18 dd33"},
    {"SELECT group_concat(label || ' ' || kcv, ', ') FROM "
     "(SELECT * FROM keys ORDER BY kcv)",
	"fleet-2026 k1, fleet-2026 k2"},
    {"SELECT kind || ' ' || data FROM events WHERE seq = 18",
	"credential_revoked {\"fingerprint\":\"f-1\"}"},
    {"SELECT count(*) FROM inconsistencies", "0"},
    {"SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema "
     "WHERE type = 'view' ORDER BY name)",
	"bootstraps checkpoints credentials devices events history_facts "
	"inconsistencies keys order_unit_facts orders policy_sets pushes "
	"refusals rollouts secrets stations"},
};

static void
test_views(void **state)
{
	struct desk *d = *state;

	tell_a_fleet(d->ledger);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const char *got = raw_text(d->path, answers[i].sql);

		if (strcmp(got, answers[i].want) != 0)
			fail_msg("%s: %s", answers[i].sql, got);
	}
	assert_int_equal(verified_rows(d->ledger), 26);
}

static enum rc
check_time(void *ctx, const struct ledger_row *row)
{
	struct desk *d = ctx;
	char sql[80], text[25];

	snprintf(sql, sizeof(sql), "SELECT time FROM events WHERE seq = %llu",
	    (unsigned long long)row->seq);
	ledger_time(row->time_ms, text);
	assert_string_equal(raw_text(d->path, sql), text);
	return RC_OK;
}

/* Views and ledger_time write one and the same time. */
static void
test_times_of_views(void **state)
{
	struct desk *d = *state;

	tell_a_fleet(d->ledger);
	/* All thousandths of a second, past and far ahead. */
	raw(d->path, without_guards);
	raw(d->path,
	    "WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL "
	    "SELECT i + 1 FROM n WHERE i < 999) "
	    "INSERT INTO event SELECT 100 + i, "
	    "(i - 300) * 5000000000 * 86 / 10 + i, 'x', NULL, NULL, "
	    "NULL, '{}', zeroblob(32) FROM n");
	assert_int_equal(
	    ledger_read(d->ledger, &(struct ledger_query){0}, check_time, d),
	    RC_OK);
}

/* Whole plans, so that nobody scans a fleet for one of its devices. */
static void
test_one_device_is_found_by_its_name(void **state)
{
	static const char *const cases[] = {"events", "bootstraps", "devices",
	    "credentials", "refusals", "pushes"};
	struct desk *d = *state;
	char sql[120];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sqlite3_stmt *stmt;
		sqlite3 *db;

		assert_int_equal(sqlite3_open(d->path, &db), SQLITE_OK);
		snprintf(sql, sizeof(sql),
		    "EXPLAIN QUERY PLAN SELECT * FROM %s WHERE endpoint = 'x'",
		    cases[i]);
		assert_int_equal(
		    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			const void *text = sqlite3_column_text(stmt, 3);
			const char *step = text;

			if (strstr(step, "SCAN") || strstr(step, "event_kind"))
				fail_msg("%s: %s", cases[i], step);
		}
		sqlite3_finalize(stmt);
		sqlite3_close(db);
	}
}

#define ON_A_DESK(test) \
	cmocka_unit_test_setup_teardown(test, desk_setup, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_DESK(test_rows_can_be_neither_changed_nor_taken_away),
	    ON_A_DESK(test_views),
	    ON_A_DESK(test_times_of_views),
	    ON_A_DESK(test_one_device_is_found_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
