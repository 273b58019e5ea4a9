/* Rows of a station's ledger in the central one, and what becomes of them. */
#include "support.h"

#include "base/text.h"
#include "ledger/merge.h"
#include "ledger/store.h"

#include <stdio.h>

/* The desk is the central one; the station's lies beside it. */
struct two {
	struct desk *central;
	char path[112];
	struct ledger *station;
	struct ledger_origin from;
	bool keep;
	enum rc last;
	char name[LEDGER_STATION_MAX];
};

static void
two_open(struct two *t, void **state, const char *name)
{
	struct desk *d = *state;

	*t = (struct two){.central = d, .keep = true};
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->from.station = span_str(t->name);
	snprintf(t->path, sizeof(t->path), "%s/%s.db", d->dir, name);
	assert_int_equal(
	    ledger_open(t->path, LEDGER_WRITE, &t->station, NULL, 0), RC_OK);
}

/* Five rows, of every shape that a row can have. */
static void
tell(struct ledger *l)
{
	assert_int_equal(ledger_begin(l), RC_OK);
	put(l, "nothing_said", 0, span_str(NULL), NULL, 0);
	PUT(l, "image_minted", 0, "ep-1", F_TEXT("identity", "factory"),
	    F_INT("epoch", 2));
	PUT(l, "image_minted", 3, "ep-\"\x01\xff", F_TEXT("station", "line-3"),
	    F_TEXT("odd", "\"station_seq\":7, \\ \x01"), F_BOOL("again", true));
	PUT(l, "key_check", 0, NULL, F_INT("n", -1));
	PUT(l, "at_station_x", 0, "ep-2", F_TEXT("last", "5"));
	assert_int_equal(ledger_commit(l), RC_OK);
}

static enum rc
take(void *ctx, const struct ledger_row *row)
{
	struct two *t = ctx;

	return t->last = ledger_append_merged(t->central->ledger, &t->from, row,
		   t->keep && !span_is(row->kind, "key_check"), NULL);
}

/* In a group of its own, all that there is from where it has come to. */
static enum rc
merge(struct two *t)
{
	const struct ledger_query q = {.after_seq = t->from.seq};
	enum rc rc;

	assert_int_equal(ledger_begin(t->central->ledger), RC_OK);
	rc = ledger_read(t->station, &q, take, t);
	assert_int_equal(ledger_commit(t->central->ledger), RC_OK);
	return rc;
}

static struct ledger_verdict
verdict(struct desk *d)
{
	struct ledger_verdict v;

	assert_int_equal(ledger_verify(d->ledger, &v, NULL, NULL), RC_OK);
	return v;
}

static void
test_rows_keep_what_they_say(void **state)
{
	struct two t;

	two_open(&t, state, "line-3");
	tell(t.station);
	put_rows(t.central->ledger, 2);
	assert_int_equal(merge(&t), RC_OK);
	assert_int_equal(t.from.seq, 5);
	assert_int_equal(verified_rows(t.central->ledger), 7);
	assert_string_equal(
	    raw_text(t.central->path,
		"SELECT group_concat(kind || ' ' || coalesce(endpoint, '-') || "
		"' ' || (data ->> 'station') || ' ' || (data ->> "
		"'station_seq'), '; ') FROM event WHERE seq > 2"),
	    "nothing_said - line-3 1; image_minted ep-1 line-3 2; "
	    "image_minted ep-\\\"\\u0001\\u00ff line-3 3; "
	    "at_station_key_check - line-3 4; "
	    "at_station_at_station_x ep-2 line-3 5");
	/* said once, and by the row itself where it does */
	assert_string_equal(
	    raw_text(t.central->path,
		"SELECT length(data) - length(replace(data, "
		"'\"station\":', '')) FROM event WHERE seq = 5"),
	    "10");
	/* tables and views take them for what they are */
	assert_string_equal(raw_text(t.central->path,
				"SELECT count(*) FROM devices WHERE minted = "
				"(SELECT strftime('%Y-%m-%dT%H:%M:%fZ', data "
				"->> 'station_time_ms' / 1000.0, 'unixepoch') "
				"FROM event WHERE seq = 4)"),
	    "2");
	ledger_close(t.station);
}

struct back {
	struct two *t;
	unsigned count;
};

static enum rc
same_as_there(void *ctx, const struct ledger_row *row)
{
	static struct ledger_merged m;
	struct back *b = ctx;

	if (row->seq <= 2) {
		assert_int_equal(ledger_merged_read(row, &m), RC_NOT_FOUND);
		return RC_OK;
	}
	assert_int_equal(ledger_merged_read(row, &m), RC_OK);
	assert_true(span_is(m.station, "line-3"));
	assert_int_equal(m.row.seq, row->seq - 2);
	/* append_merged holds it against the hash */
	assert_int_equal(take(b->t, &m.row), RC_OK);
	b->count++;
	return RC_OK;
}

static void
test_rows_can_be_had_back_as_they_were(void **state)
{
	struct ledger *again;
	struct back b;
	struct two t;
	char path[112];

	two_open(&t, state, "line-3");
	tell(t.station);
	put_rows(t.central->ledger, 2);
	assert_int_equal(merge(&t), RC_OK);
	/* out of the central one, into a third */
	b = (struct back){.t = &t};
	t.from = (struct ledger_origin){.station = t.from.station};
	snprintf(path, sizeof(path), "%s/third.db", t.central->dir);
	assert_int_equal(
	    ledger_open(path, LEDGER_WRITE, &again, NULL, 0), RC_OK);
	ledger_close(t.station);
	t.station = t.central->ledger;
	t.central->ledger = again;
	assert_int_equal(ledger_begin(again), RC_OK);
	assert_int_equal(ledger_read(t.station, &(struct ledger_query){0},
			     same_as_there, &b),
	    RC_OK);
	assert_int_equal(ledger_commit(again), RC_OK);
	assert_int_equal(b.count, 5);
	assert_int_equal(verified_rows(again), 5);
	ledger_close(t.station);
}

static void
test_what_does_not_follow_is_not_merged(void **state)
{
	struct ledger_row row = {.seq = 1, .kind = SPAN_LIT("kind")};
	const uint8_t zeros[DIGEST_LEN] = {0};
	struct two t;

	two_open(&t, state, "line-3");
	tell(t.station);
	/* the second before the first */
	t.from.seq = 1;
	assert_int_equal(merge(&t), RC_DENIED);
	/* behind a row that is another one */
	t.from.head[0] = 1;
	assert_int_equal(merge(&t), RC_DENIED);
	assert_int_equal(verified_rows(t.central->ledger), 0);
	/* a station that made its chain by itself, of what is no row */
	t.from = (struct ledger_origin){.station = t.from.station};
	static const struct {
		const char *kind, *data;
		enum rc rc;
	} cases[] = {
	    {"kind", "{}", RC_OK},
	    {"Kind", "{}", RC_MALFORMED},
	    {"", "{}", RC_MALFORMED},
	    {"kind;--", "{}", RC_MALFORMED},
	    {"kind", "", RC_MALFORMED},
	    {"kind", "{", RC_MALFORMED},
	    {"kind", "{} ", RC_MALFORMED},
	    {"kind", "[]", RC_MALFORMED},
	    {"kind", "{\"a\":1 }", RC_MALFORMED},
	    {"kind", "{\"a\":1}}", RC_MALFORMED},
	    {"kind", "{\"a\":1,}", RC_MALFORMED},
	    {"kind", "{\"a\":{\"b\":1}}", RC_MALFORMED},
	    {"kind", "{\"a\":[1]}", RC_MALFORMED},
	    {"kind", "{\"A\":1}", RC_MALFORMED},
	    {"kind", "{\"a\\u0022\":1}", RC_MALFORMED},
	    {"kind", "{\"station\":\"line-4\"}", RC_CONFLICT},
	    {"kind", "{\"station\":3}", RC_CONFLICT},
	    {"kind", "{\"station\":\"line-3\",\"station\":\"x\"}", RC_CONFLICT},
	    {"kind", "{\"station_seq\":1}", RC_UNSUPPORTED},
	    {"kind", "{\"station_time_ms\":1}", RC_UNSUPPORTED},
	    {"kind", "{\"station_hash\":\"00\"}", RC_UNSUPPORTED},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		row.kind = span_str(cases[i].kind);
		row.data = span_str(cases[i].data);
		chain_hash(zeros, &row, row.hash);
		t.from.seq = 0;
		memset(t.from.head, 0, DIGEST_LEN);
		assert_int_equal(ledger_begin(t.central->ledger), RC_OK);
		if (take(&t, &row) != cases[i].rc)
			fail_msg("%s %s: %s", cases[i].kind, cases[i].data,
			    rc_name(t.last));
		ledger_rollback(t.central->ledger);
	}
	/* and what nobody merges looks like no merged row */
	assert_int_equal(ledger_begin(t.central->ledger), RC_OK);
	assert_int_equal(
	    ledger_append(t.central->ledger,
		&(struct ledger_event){
		    .kind = "kind",
		    .fields = (const struct field[]){F_INT("station_seq", 1)},
		    .field_count = 1,
		},
		NULL),
	    RC_BUG);
	ledger_rollback(t.central->ledger);
	ledger_close(t.station);
}

static void
test_the_largest_row_has_room(void **state)
{
	static char text[LEDGER_DATA_MAX - 8 + 1];
	struct two t;

	two_open(&t, state,
	    "a-name-of-sixty-three-characters-which-is-about-all-there-may-b");
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(ledger_begin(t.station), RC_OK);
	PUT(t.station, "kind", 0, NULL, F_TEXT("a", (const char *)text));
	assert_int_equal(ledger_commit(t.station), RC_OK);
	assert_int_equal(merge(&t), RC_OK);
	assert_int_equal(verified_rows(t.central->ledger), 1);
	ledger_close(t.station);
}

/* Somebody who can write the central file makes its chain whole again. */
static void
chain_again(const char *path)
{
	uint8_t previous[DIGEST_LEN] = {0};
	sqlite3_stmt *read, *write;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db,
		"SELECT seq, time_ms, kind, session, coalesce(endpoint_raw, "
		"endpoint), data, hash FROM event ORDER BY seq",
		-1, &read, NULL),
	    SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, "UPDATE event SET hash = ?1 WHERE seq = ?2",
		-1, &write, NULL),
	    SQLITE_OK);
	while (sqlite3_step(read) == SQLITE_ROW) {
		struct ledger_row row;

		store_row(read, &row);
		chain_hash(previous, &row, row.hash);
		memcpy(previous, row.hash, DIGEST_LEN);
		sqlite3_bind_blob(
		    write, 1, row.hash, DIGEST_LEN, SQLITE_TRANSIENT);
		sqlite3_bind_int64(write, 2, (int64_t)row.seq);
		assert_int_equal(sqlite3_step(write), SQLITE_DONE);
		sqlite3_reset(write);
	}
	sqlite3_finalize(read);
	sqlite3_finalize(write);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_what_was_done_to_merged_rows_is_found(void **state)
{
	static const struct {
		const char *sql;
		uint64_t bad_seq;
		const char *word;
	} cases[] = {
	    {"UPDATE event SET kind = 'unit_flashed' WHERE seq = 4", 4,
		"row 2 of station line-3 does not follow"},
	    {"UPDATE event SET kind = 'key_check' WHERE seq = 6", 0, NULL},
	    {"UPDATE event SET endpoint = 'ep-9' WHERE seq = 4", 4, "row 2"},
	    {"UPDATE event SET session = NULL WHERE seq = 5", 5, "row 3"},
	    {"UPDATE event SET data = replace(data, 'factory', 'Factory') "
	     "WHERE seq = 4",
		4, "row 2"},
	    {"UPDATE event SET data = replace(data, '\"epoch\":2,', '') "
	     "WHERE seq = 4",
		4, "row 2"},
	    {"UPDATE event SET data = replace(data, '\"station_seq\":2', "
	     "'\"station_seq\":3') WHERE seq = 4",
		4, "row 2 of station line-3 is missing"},
	    {"UPDATE event SET data = replace(data, 'time_ms\":1', "
	     "'time_ms\":2') WHERE seq = 4",
		4, "row 2"},
	    {"UPDATE event SET data = replace(data, '\"station\":\"line-3\"', "
	     "'\"station\":\"line-4\"') WHERE seq = 4",
		4, "row 1 of station line-4 is missing"},
	    {"UPDATE event SET data = replace(data, ',\"station\":\"line-3\"', "
	     "'') WHERE seq = 4",
		4, "not as a merge writes it"},
	    {"UPDATE event SET data = replace(data, '}', ',\"more\":1}') "
	     "WHERE seq = 4",
		4, "not as a merge writes it"},
	    {"UPDATE event SET data = '{\"a\":1}' WHERE seq = 4", 5,
		"row 2 of station line-3 is missing"},
	    {"DELETE FROM event WHERE seq = 4;"
	     "UPDATE event SET seq = seq - 1 WHERE seq > 4",
		4, "row 2 of station line-3 is missing"},
	    {"INSERT INTO event SELECT 8, time_ms, kind, session, endpoint, "
	     "endpoint_raw, data, hash FROM event WHERE seq = 7",
		8, "row 6 of station line-3 is missing"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ledger_verdict v;
		struct two t;
		char sql[512];
		struct desk *d = *state;

		if (!d->ledger)
			desk_open(d);
		two_open(&t, state, "line-3");
		tell(t.station);
		put_rows(d->ledger, 2);
		assert_int_equal(merge(&t), RC_OK);
		ledger_close(t.station);
		desk_close(d);
		snprintf(
		    sql, sizeof(sql), "%s %s", without_guards, cases[i].sql);
		raw(d->path, sql);
		chain_again(d->path);
		assert_int_equal(
		    ledger_open(d->path, LEDGER_READ, &d->ledger, NULL, 0),
		    RC_OK);
		v = verdict(d);
		if (v.bad_seq != cases[i].bad_seq ||
		    (cases[i].word && !strstr(v.text, cases[i].word)))
			fail_msg("%s: %llu: %s", cases[i].sql,
			    (unsigned long long)v.bad_seq, v.text);
		desk_close(d);
		assert_int_equal(remove(d->path), 0);
		assert_int_equal(remove(t.path), 0);
	}
}

static void
test_every_station_has_a_chain_of_its_own(void **state)
{
	struct desk *d = *state;
	struct two t[40];
	char name[16];

	/* interleaved, in an order that is not that of their names */
	for (unsigned i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "s-%u", i * 17 % 40);
		two_open(&t[i], state, name);
		put_rows(t[i].station, 3);
	}
	for (unsigned turn = 0; turn < 3; turn++) {
		for (unsigned i = 0; i < 40; i++) {
			const struct ledger_query q = {
			    .after_seq = t[i].from.seq, .limit = 1};

			assert_int_equal(ledger_begin(d->ledger), RC_OK);
			assert_int_equal(
			    ledger_read(t[i].station, &q, take, &t[i]), RC_OK);
			assert_int_equal(ledger_commit(d->ledger), RC_OK);
		}
	}
	assert_int_equal(verified_rows(d->ledger), 120);
	for (unsigned i = 0; i < 40; i++)
		ledger_close(t[i].station);
}

static void
test_names_of_stations(void **state)
{
	static const struct {
		const char *name;
		bool valid;
	} cases[] = {
	    {"line-3", true},
	    {"A.b_9", true},
	    {"", false},
	    {"line 3", false},
	    {"line\"3", false},
	    {"\xc3\xa4", false},
	    {"a\n", false},
	};
	char longest[LEDGER_STATION_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(ledger_station_valid(span_str(cases[i].name)),
		    cases[i].valid);
	memset(longest, 'a', sizeof(longest));
	assert_true(ledger_station_valid(span_of(longest, LEDGER_STATION_MAX)));
	assert_false(
	    ledger_station_valid(span_of(longest, LEDGER_STATION_MAX + 1)));
}

#define ON_A_DESK(test) \
	cmocka_unit_test_setup_teardown((test), desk_setup, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_DESK(test_rows_keep_what_they_say),
	    ON_A_DESK(test_rows_can_be_had_back_as_they_were),
	    ON_A_DESK(test_what_does_not_follow_is_not_merged),
	    ON_A_DESK(test_the_largest_row_has_room),
	    ON_A_DESK(test_what_was_done_to_merged_rows_is_found),
	    ON_A_DESK(test_every_station_has_a_chain_of_its_own),
	    cmocka_unit_test(test_names_of_stations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
