#include "support.h"

#include <stdio.h>

struct seen {
	struct ledger *ledger;
	char seqs[64]; /* "1 2 3 " */
	unsigned stop_after;
};

static enum rc
note(void *ctx, const struct ledger_row *row)
{
	struct seen *s = ctx;
	size_t len = strlen(s->seqs);

	snprintf(s->seqs + len, sizeof(s->seqs) - len, "%llu ",
	    (unsigned long long)row->seq);
	return s->stop_after && --s->stop_after == 0 ? RC_TIMEOUT : RC_OK;
}

static void
begin_and_end(struct ledger *l)
{
	assert_int_equal(ledger_begin(l), RC_OK);
	PUT(l, "daemon_start", 0, NULL, F_INT("n", 1)); /* 1 */
	PUT(l, "bootstrap_begin", 1, "ep-a", F_INT("n", 2)); /* 2 */
	PUT(l, "bootstrap_begin", 2, "ep-b", F_INT("n", 3)); /* 3 */
	PUT(l, "credential_issued", 1, "ep-a", F_INT("n", 4)); /* 4 */
	PUT(l, "bootstrap_end", 1, "ep-a", F_INT("n", 5)); /* 5 */
	PUT(l, "bootstrap_begin", 3, "ep-a", F_INT("n", 6)); /* 6 */
	PUT(l, "bootstrap_refused", 0, "ep-a", F_INT("n", 7)); /* 7 */
	assert_int_equal(ledger_commit(l), RC_OK);
}

static void
test_queries(void **state)
{
	static const struct {
		uint64_t after, limit;
		const char *kind;
		uint8_t session;
		const char *endpoint;
		bool newest;
		const char *want;
	} cases[] = {
	    {0, 0, NULL, 0, NULL, false, "1 2 3 4 5 6 7 "},
	    {0, 0, NULL, 0, NULL, true, "7 6 5 4 3 2 1 "},
	    {5, 0, NULL, 0, NULL, false, "6 7 "},
	    {5, 0, NULL, 0, NULL, true, "7 6 "},
	    {7, 0, NULL, 0, NULL, false, ""},
	    {UINT64_MAX, 0, NULL, 0, NULL, false, ""},
	    {0, 3, NULL, 0, NULL, false, "1 2 3 "},
	    {0, UINT64_MAX, NULL, 0, NULL, true, "7 6 5 4 3 2 1 "},
	    {0, 0, "bootstrap_begin", 0, NULL, false, "2 3 6 "},
	    {2, 1, "bootstrap_begin", 0, NULL, false, "3 "},
	    {0, 1, "bootstrap_begin", 0, NULL, true, "6 "},
	    {0, 0, "bootstrap", 0, NULL, false, ""},
	    {0, 0, NULL, 1, NULL, false, "2 4 5 "},
	    {2, 0, NULL, 1, NULL, true, "5 4 "},
	    {0, 0, "bootstrap_end", 1, NULL, false, "5 "},
	    {0, 0, NULL, 1, "ep-a", false, "2 4 5 "},
	    {0, 0, NULL, 1, "ep-b", false, ""},
	    {0, 0, NULL, 9, NULL, false, ""},
	    {0, 0, NULL, 0, "ep-a", false, "2 4 5 6 7 "},
	    {0, 2, NULL, 0, "ep-a", true, "7 6 "},
	    {2, 0, "bootstrap_begin", 0, "ep-a", false, "6 "},
	    {0, 0, NULL, 0, "ep-", false, ""},
	    {0, 0, NULL, 0, "ep\"", false, ""},
	};
	struct desk *d = *state;

	begin_and_end(d->ledger);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ledger_query q = {
		    .after_seq = cases[i].after,
		    .limit = cases[i].limit,
		    .kind = span_str(cases[i].kind),
		    .session = session_of(cases[i].session),
		    .endpoint = span_str(cases[i].endpoint),
		    .newest_first = cases[i].newest,
		};
		struct seen s = {0};

		assert_int_equal(ledger_read(d->ledger, &q, note, &s), RC_OK);
		assert_string_equal(s.seqs, cases[i].want);
	}
}

/* As whoever looks for the revocation of one credential among all. */
static void
test_by_fingerprint_and_serial(void **state)
{
	static const struct {
		const char *kind, *fingerprint, *serial, *endpoint;
		uint64_t after;
		bool newest;
		const char *want;
	} cases[] = {
	    {"credential_revoked", "f-1", NULL, NULL, 0, false, "4 6 "},
	    {"credential_revoked", "f-1", NULL, NULL, 0, true, "6 4 "},
	    {"credential_revoked", "f-1", NULL, NULL, 4, false, "6 "},
	    {"credential_revoked", "f-1", NULL, "ep-b", 0, false, "6 "},
	    {"credential_revoked", "f-1", "0a", NULL, 0, false, "4 "},
	    {"credential_revoked", NULL, "0a", NULL, 0, false, "4 5 "},
	    {"credential_revoked", NULL, "0a", NULL, 0, true, "5 4 "},
	    {"credential_revoked", NULL, "0A", NULL, 0, false, ""},
	    {"credential_revoked", "f-", NULL, NULL, 0, false, ""},
	    {"credential_revoked", "'", NULL, NULL, 0, false, ""},
	    {"credential_issued", "f-1", NULL, NULL, 0, false, "1 "},
	    {"credential_issued", NULL, "0b", NULL, 0, false, "2 "},
	    {NULL, "f-1", NULL, NULL, 0, false, "1 4 6 "},
	    {NULL, "f-1", NULL, "ep-a", 0, false, "1 4 "},
	    {NULL, NULL, "0b", NULL, 0, true, "7 2 "},
	};
	struct desk *d = *state;
	struct ledger *l = d->ledger;

	assert_int_equal(ledger_begin(l), RC_OK);
	PUT(l, "credential_issued", 1, "ep-a", F_TEXT("fingerprint", "f-1"));
	PUT(l, "credential_issued", 2, "ep-b", F_TEXT("fingerprint", "f-2"),
	    F_TEXT("serial", "0b"));
	PUT(l, "daemon_start", 0, NULL, F_INT("n", 1));
	PUT(l, "credential_revoked", 0, "ep-a", F_TEXT("fingerprint", "f-1"),
	    F_TEXT("serial", "0a"));
	PUT(l, "credential_revoked", 0, "ep-a", F_TEXT("serial", "0a"));
	PUT(l, "credential_revoked", 0, "ep-b", F_TEXT("fingerprint", "f-1"));
	PUT(l, "credential_revoked", 0, NULL, F_TEXT("serial", "0b"));
	assert_int_equal(ledger_commit(l), RC_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ledger_query q = {
		    .after_seq = cases[i].after,
		    .kind = span_str(cases[i].kind),
		    .endpoint = span_str(cases[i].endpoint),
		    .fingerprint = span_str(cases[i].fingerprint),
		    .serial = span_str(cases[i].serial),
		    .newest_first = cases[i].newest,
		};
		struct seen s = {0};

		assert_int_equal(ledger_read(l, &q, note, &s), RC_OK);
		if (strcmp(s.seqs, cases[i].want) != 0)
			fail_msg("case %zu: %s", i, s.seqs);
	}
}

static enum rc
check_row(void *ctx, const struct ledger_row *row)
{
	uint8_t head[DIGEST_LEN];
	struct desk *d = ctx;
	uint64_t seq;

	assert_int_equal(ledger_head(d->ledger, &seq, head), RC_OK);
	assert_int_equal(row->seq, seq);
	assert_memory_equal(row->hash, head, DIGEST_LEN);
	assert_true(span_is(row->kind, "policies_loaded"));
	assert_true(span_equal(row->session, session_of(7)));
	assert_true(span_is(row->endpoint, "ep"));
	assert_true(span_is(row->data,
	    "{\"by\":\"a\\nb\",\"n\":-5,\"id\":\"0aff\",\"t\":true}"));
	return RC_OK;
}

static void
test_a_row_as_it_stands(void **state)
{
	struct ledger_query last = {.newest_first = true, .limit = 1};
	struct desk *d = *state;

	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	PUT(d->ledger, "policies_loaded", 7, "ep", F_TEXT("by", "a\nb"),
	    F_INT("n", -5), F_BYTES("id", SPAN_LIT("\x0a\xff")),
	    F_BOOL("t", true));
	/* Within its own group, a row is there. */
	assert_int_equal(ledger_read(d->ledger, &last, check_row, d), RC_OK);
	assert_int_equal(ledger_commit(d->ledger), RC_OK);
	assert_int_equal(ledger_read(d->ledger, &last, check_row, d), RC_OK);
}

static void
test_a_reader_stops_when_told(void **state)
{
	struct seen s = {.stop_after = 2};
	struct desk *d = *state;
	struct seen all = {0};

	begin_and_end(d->ledger);
	assert_int_equal(
	    ledger_read(d->ledger, &(struct ledger_query){0}, note, &s),
	    RC_TIMEOUT);
	assert_string_equal(s.seqs, "1 2 ");
	/* And the same statement serves again, from the start. */
	assert_int_equal(
	    ledger_read(d->ledger, &(struct ledger_query){0}, note, &all),
	    RC_OK);
	assert_string_equal(all.seqs, "1 2 3 4 5 6 7 ");
}

/* For each row of an endpoint, all of that endpoint's: the same statement. */
static enum rc
read_within(void *ctx, const struct ledger_row *row)
{
	struct ledger_query q = {.endpoint = row->endpoint};
	struct seen *s = ctx;
	struct seen inner = {0};
	enum rc rc;

	rc = ledger_read(s->ledger, &q, note, &inner);
	assert_string_equal(inner.seqs, "2 4 5 6 7 ");
	assert_true(span_is(row->endpoint, "ep-a"));
	return rc ? rc : note(s, row);
}

static void
test_a_reader_reads(void **state)
{
	struct ledger_query q = {.endpoint = SPAN_LIT("ep-a")};
	struct desk *d = *state;
	struct seen s = {.ledger = d->ledger};

	begin_and_end(d->ledger);
	assert_int_equal(ledger_read(d->ledger, &q, read_within, &s), RC_OK);
	assert_string_equal(s.seqs, "2 4 5 6 7 ");
}

/* As the keeper does at its start with what its predecessor left. */
static enum rc
end_session(void *ctx, const struct ledger_row *row)
{
	const struct field outcome = F_TEXT("outcome", "failed");
	struct ledger_event e = {
	    "bootstrap_end", row->session, row->endpoint, &outcome, 1};
	struct seen *s = ctx;

	assert_true(span_is(row->kind, "bootstrap_begin"));
	assert_int_equal(ledger_append(s->ledger, &e, NULL), RC_OK);
	return note(s, row);
}

static void
test_open_sessions(void **state)
{
	struct desk *d = *state;
	struct seen s = {0};

	assert_int_equal(ledger_open_sessions(d->ledger, note, &s), RC_OK);
	assert_string_equal(s.seqs, "");
	begin_and_end(d->ledger);
	assert_int_equal(ledger_open_sessions(d->ledger, note, &s), RC_OK);
	assert_string_equal(s.seqs, "3 6 ");
	/* They outlive the process. */
	desk_close(d);
	desk_open(d);
	s = (struct seen){.ledger = d->ledger};
	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	assert_int_equal(
	    ledger_open_sessions(d->ledger, end_session, &s), RC_OK);
	assert_int_equal(ledger_commit(d->ledger), RC_OK);
	assert_string_equal(s.seqs, "3 6 ");
	s = (struct seen){0};
	assert_int_equal(ledger_open_sessions(d->ledger, note, &s), RC_OK);
	assert_string_equal(s.seqs, "");
	assert_int_equal(verified_rows(d->ledger), 9);
}

#define ON_A_DESK(test) \
	cmocka_unit_test_setup_teardown(test, desk_setup, desk_teardown)

static enum rc
note_device(void *ctx, const struct ledger_cells *row)
{
	char *said = ctx;
	size_t len = strlen(said);

	for (size_t i = 0; i < row->count; i++)
		if (row->numbers[i] || strcmp(row->names[i], "endpoint") == 0)
			len += (size_t)snprintf(said + len, 64, "%s=%.*s ",
			    row->names[i], SPAN_FMT(row->values[i]));
	return RC_OK;
}

/* What is a number in a view, and what only looks like one. */
static void
test_numbers_of_a_view(void **state)
{
	struct desk *d = *state;
	char said[256] = "";

	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	PUT(d->ledger, "bootstrap_begin", 1, "ep", F_INT("epoch", 2),
	    F_TEXT("policy", "7"));
	PUT(d->ledger, "bootstrap_begin", 2, "42", F_TEXT("policy", "x"));
	assert_int_equal(ledger_commit(d->ledger), RC_OK);
	assert_int_equal(
	    ledger_view(d->ledger, "devices", note_device, said), RC_OK);
	if (strstr(said, "endpoint=ep attempts=1 epoch=2 ") == NULL ||
	    strstr(said, "endpoint=42 attempts=1 ") == NULL ||
	    strstr(said, "policy="))
		fail_msg("%s", said);
	assert_int_equal(ledger_view(d->ledger, "devices; DROP TABLE event",
			     note_device, said),
	    RC_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_DESK(test_queries),
	    ON_A_DESK(test_by_fingerprint_and_serial),
	    ON_A_DESK(test_a_row_as_it_stands),
	    ON_A_DESK(test_a_reader_stops_when_told),
	    ON_A_DESK(test_a_reader_reads),
	    ON_A_DESK(test_open_sessions),
	    ON_A_DESK(test_numbers_of_a_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
