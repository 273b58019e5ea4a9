/* The sealed store: rows that lie beside the chain, and never change. */
#include "ledger/store.h"

#include "base/text.h"

enum { MASTER_MAX = 64 };

static bool
is_name(struct span s, size_t max)
{
	if (s.len == 0 || s.len > max || !text_utf8_valid(s))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool
is_valid(const struct ledger_secret *s)
{
	return is_name(s->collection, LEDGER_COLLECTION_MAX) &&
	    is_name(s->master, MASTER_MAX) && s->epoch > 0 && s->name.len > 0 &&
	    s->name.len <= LEDGER_NAME_MAX && s->endpoint.len > 0 &&
	    s->endpoint.len <= LEDGER_NAME_MAX && s->sealed.len > 0 &&
	    s->sealed.len <= LEDGER_SEALED_MAX;
}

static void
bind_text(sqlite3_stmt *stmt, int at, struct span s)
{
	if (s.len)
		sqlite3_bind_text(
		    stmt, at, (const char *)s.p, (int)s.len, SQLITE_TRANSIENT);
}

static void
bind_blob(sqlite3_stmt *stmt, int at, struct span s)
{
	if (s.len)
		sqlite3_bind_blob(stmt, at, s.p, (int)s.len, SQLITE_TRANSIENT);
}

/* The printable form, where the bytes are not it themselves. */
static void
bind_shown(struct ledger *l, sqlite3_stmt *stmt, int at, struct span s)
{
	struct span shown = store_shown(l, s);

	if (!span_equal(shown, s))
		bind_text(stmt, at, shown);
}

static int
look(struct ledger *l, const struct ledger_secret *s, bool *same)
{
	sqlite3_stmt *stmt;
	int code;

	if (store_take(l, STORE_SECRET_LOOK, &stmt) != RC_OK)
		return SQLITE_ERROR;
	bind_text(stmt, 1, s->collection);
	bind_blob(stmt, 2, s->name);
	sqlite3_bind_int64(stmt, 3, s->epoch);
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		*same = span_equal(store_column(stmt, 0), s->endpoint) &&
		    span_equal(store_column(stmt, 1), s->master) &&
		    span_equal(store_column(stmt, 2), s->sealed);
	store_give_back(l, stmt);
	return code;
}

static int
insert(struct ledger *l, const struct ledger_secret *s)
{
	sqlite3_stmt *stmt;
	int code;

	if (store_take(l, STORE_SECRET_INSERT, &stmt) != RC_OK)
		return SQLITE_ERROR;
	bind_text(stmt, 1, s->collection);
	bind_blob(stmt, 2, s->name);
	sqlite3_bind_int64(stmt, 3, s->epoch);
	bind_blob(stmt, 4, s->endpoint);
	bind_text(stmt, 5, s->master);
	bind_blob(stmt, 6, s->sealed);
	bind_shown(l, stmt, 7, s->name);
	bind_shown(l, stmt, 8, s->endpoint);
	code = sqlite3_step(stmt);
	store_give_back(l, stmt);
	return code;
}

enum rc
ledger_secret_put(struct ledger *l, const struct ledger_secret *s, bool *is_new)
{
	bool same = false;
	int code;

	if (l->group == GROUP_LOST)
		return l->lost;
	if (l->group != GROUP_OPEN)
		return RC_BUG;
	if (!is_valid(s))
		return RC_MALFORMED;
	/* Under the lock: nobody else puts one there meanwhile. */
	code = look(l, s, &same);
	if (code == SQLITE_DONE)
		code = insert(l, s);
	else if (code == SQLITE_ROW && !same)
		return RC_CONFLICT;
	if (code != SQLITE_DONE && code != SQLITE_ROW)
		return store_lose_group(l, code, "put a secret");
	if (is_new)
		*is_new = code == SQLITE_DONE;
	return RC_OK;
}

static bool
is_shown(struct ledger *l, sqlite3_stmt *stmt, int bytes, int text)
{
	struct span s = store_column(stmt, bytes), shown;

	if (s.len > LEDGER_NAME_MAX)
		return false;
	shown = store_shown(l, s);
	if (sqlite3_column_type(stmt, text) == SQLITE_NULL)
		return span_equal(shown, s);
	return !span_equal(shown, s) &&
	    span_equal(shown, store_column(stmt, text));
}

enum rc
secret_check_shown(struct ledger *l, bool *altered)
{
	sqlite3_stmt *stmt;
	enum rc rc;
	int code;

	*altered = false;
	rc = store_has(l, "table", "secret");
	if (rc)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	rc = store_take(l, STORE_SECRETS_SHOWN, &stmt);
	if (rc)
		return rc;
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW && !*altered)
		*altered = !is_shown(l, stmt, 0, 1) || !is_shown(l, stmt, 2, 3);
	rc = store_failed(l, code, "verify secrets");
	store_give_back(l, stmt);
	return rc;
}

static enum store_stmt
choose(const struct ledger_secret_query *q)
{
	if (!q->collection.len)
		return STORE_SECRETS;
	if (q->name.len)
		return STORE_SECRETS_NAME;
	return q->endpoint.len ? STORE_SECRETS_ENDPOINT
			       : STORE_SECRETS_COLLECTION;
}

static enum rc
each_secret(
    struct ledger *l, sqlite3_stmt *stmt, ledger_secret_fn each, void *ctx)
{
	int code;

	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		const struct ledger_secret s = {
		    .collection = store_column(stmt, 0),
		    .name = store_column(stmt, 1),
		    .epoch = (uint32_t)sqlite3_column_int64(stmt, 2),
		    .endpoint = store_column(stmt, 3),
		    .master = store_column(stmt, 4),
		    .sealed = store_column(stmt, 5),
		};
		enum rc rc = each(ctx, &s);

		if (rc)
			return rc;
	}
	return store_failed(l, code, "read secrets");
}

enum rc
ledger_secret_read(struct ledger *l, const struct ledger_secret_query *q,
    ledger_secret_fn each, void *ctx)
{
	sqlite3_stmt *stmt;
	enum rc rc;

	/* None is there by such a name. */
	if (q->collection.len > LEDGER_COLLECTION_MAX ||
	    q->name.len > LEDGER_NAME_MAX || q->endpoint.len > LEDGER_NAME_MAX)
		return RC_OK;
	rc = store_has(l, "table", "secret");
	if (rc)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	rc = store_take(l, choose(q), &stmt);
	if (rc)
		return rc;
	bind_text(stmt, 1, q->collection);
	bind_blob(stmt, 2, q->name);
	bind_blob(stmt, 3, q->endpoint);
	if (q->epoch)
		sqlite3_bind_int64(stmt, 4, q->epoch);
	sqlite3_bind_int64(stmt, 5,
	    q->limit && q->limit <= INT64_MAX ? (int64_t)q->limit : -1);
	rc = each_secret(l, stmt, each, ctx);
	store_give_back(l, stmt);
	return rc;
}

enum rc
ledger_collections(struct ledger *l, ledger_collection_fn each, void *ctx)
{
	sqlite3_stmt *stmt;
	enum rc rc;
	int code;

	rc = store_has(l, "table", "secret");
	if (rc)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	rc = store_take(l, STORE_COLLECTIONS, &stmt);
	if (rc)
		return rc;
	while (!rc && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		const struct ledger_collection c = {
		    .collection = store_column(stmt, 0),
		    .master = store_column(stmt, 1),
		    .count = (uint64_t)sqlite3_column_int64(stmt, 2),
		};

		rc = each(ctx, &c);
	}
	if (!rc)
		rc = store_failed(l, code, "read secrets");
	store_give_back(l, stmt);
	return rc;
}
