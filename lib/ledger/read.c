#include "ledger/store.h"

#include <limits.h>

/* Binds NULL, which is no restriction, for the empty span. */
static int
bind(sqlite3_stmt *stmt, int at, struct span s, bool text)
{
	if (s.len == 0 || sqlite3_bind_parameter_count(stmt) < at)
		return SQLITE_OK;
	/* Copied: a callback may use l->shown for another query. */
	if (text)
		return sqlite3_bind_text64(stmt, at, (const char *)s.p, s.len,
		    SQLITE_TRANSIENT, SQLITE_UTF8);
	return sqlite3_bind_blob64(stmt, at, s.p, s.len, SQLITE_TRANSIENT);
}

static enum rc
each_row(struct ledger *l, sqlite3_stmt *stmt, ledger_row_fn each, void *ctx)
{
	enum rc rc = RC_OK;
	int code;

	while ((code = sqlite3_step(stmt)) == SQLITE_ROW && rc == RC_OK) {
		struct ledger_row row;

		store_row(stmt, &row);
		rc = each(ctx, &row);
		if (rc)
			return rc;
	}
	return store_failed(l, code, "read");
}

static enum store_stmt
choose(const struct ledger_query *q)
{
	bool revoked = span_is(q->kind, "credential_revoked");
	enum store_stmt which;

	if (q->fingerprint.len && revoked)
		which = STORE_READ_REVOKED;
	else if (q->serial.len && revoked)
		which = STORE_READ_SERIAL;
	else if (q->endpoint.len && revoked)
		which = STORE_READ_OWNER;
	else if (q->session.len)
		which = STORE_READ_SESSION;
	else if (q->endpoint.len)
		which = STORE_READ_ENDPOINT;
	else if (q->kind.len)
		which = STORE_READ_KIND;
	else
		which = STORE_READ_ALL;
	return q->newest_first ? which + 1 : which;
}

enum rc
ledger_read(struct ledger *l, const struct ledger_query *q, ledger_row_fn each,
    void *ctx)
{
	struct span shown = {0}, raw = {0};
	sqlite3_stmt *stmt;
	enum rc rc;
	int code;

	/* No row has such an endpoint, and no number is as large. */
	if (q->endpoint.len > LEDGER_ENDPOINT_MAX || q->after_seq > INT64_MAX)
		return RC_OK;
	if (q->endpoint.len) {
		shown = store_shown(l, q->endpoint);
		if (!span_equal(shown, q->endpoint))
			raw = q->endpoint;
	}
	rc = store_take(l, choose(q), &stmt);
	if (rc)
		return rc;
	code = sqlite3_bind_int64(stmt, 1, (int64_t)q->after_seq);
	if (code == SQLITE_OK)
		code = sqlite3_bind_int64(stmt, 2,
		    q->limit && q->limit <= INT64_MAX ? (int64_t)q->limit : -1);
	if (code == SQLITE_OK)
		code = bind(stmt, 3, q->kind, true);
	if (code == SQLITE_OK)
		code = bind(stmt, 4, q->session, false);
	if (code == SQLITE_OK)
		code = bind(stmt, 5, shown, true);
	if (code == SQLITE_OK)
		code = bind(stmt, 6, raw, false);
	if (code == SQLITE_OK)
		code = bind(stmt, 7, q->fingerprint, true);
	if (code == SQLITE_OK)
		code = bind(stmt, 8, q->serial, true);
	if (code == SQLITE_OK)
		rc = each_row(l, stmt, each, ctx);
	else
		rc = store_failed(l, code, "read");
	store_give_back(l, stmt);
	return rc;
}

enum rc
store_each(
    struct ledger *l, enum store_stmt which, ledger_row_fn each, void *ctx)
{
	sqlite3_stmt *stmt;
	enum rc rc;

	rc = store_take(l, which, &stmt);
	return rc ? rc : store_each_of(l, stmt, each, ctx);
}

enum rc
store_each_of(
    struct ledger *l, sqlite3_stmt *stmt, ledger_row_fn each, void *ctx)
{
	enum rc rc = each_row(l, stmt, each, ctx);

	store_give_back(l, stmt);
	return rc;
}

enum rc
ledger_open_sessions(struct ledger *l, ledger_row_fn each, void *ctx)
{
	return store_each(l, STORE_OPEN_SESSIONS, each, ctx);
}
