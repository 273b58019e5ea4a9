/* What devices were given before: the tables `history` and `placement`. */
#include "ledger/store.h"

static enum rc
has_history(struct ledger *l)
{
	return store_has(l, "table", "history");
}

static void
take(
    sqlite3_stmt *stmt, struct ledger_history *out, char *room, size_t room_len)
{
	const struct span servers = store_column(stmt, 3);

	out->oks = (uint64_t)sqlite3_column_int64(stmt, 0);
	out->turn = (uint32_t)sqlite3_column_int64(stmt, 1);
	out->released = sqlite3_column_int(stmt, 2) != 0;
	if (servers.len == 0 || servers.len > room_len)
		return;
	memcpy(room, servers.p, servers.len);
	out->servers = span_of(room, servers.len);
}

enum rc
ledger_history(struct ledger *l, struct span endpoint,
    struct ledger_history *out, char *room, size_t room_len)
{
	sqlite3_stmt *stmt;
	enum rc rc = has_history(l);
	int code;

	*out = (struct ledger_history){0};
	if (rc == RC_OK && endpoint.len > LEDGER_ENDPOINT_MAX)
		rc = RC_NOT_FOUND;
	if (rc == RC_OK)
		rc = store_take(l, STORE_HISTORY, &stmt);
	if (rc)
		return rc;
	code = store_bind_endpoint(l, stmt, 1, endpoint);
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		take(stmt, out, room, room_len);
	store_give_back(l, stmt);
	if (code == SQLITE_ROW)
		return RC_OK;
	return code == SQLITE_DONE ? RC_NOT_FOUND
				   : store_failed(l, code, "read a history");
}

enum rc
ledger_history_turned(struct ledger *l)
{
	sqlite3_stmt *stmt;
	enum rc rc = has_history(l);
	int code;

	if (rc == RC_OK)
		rc = store_take(l, STORE_HISTORY_TURNED, &stmt);
	if (rc)
		return rc;
	code = sqlite3_step(stmt);
	store_give_back(l, stmt);
	if (code == SQLITE_ROW)
		return RC_OK;
	return code == SQLITE_DONE ? RC_NOT_FOUND
				   : store_failed(l, code, "read histories");
}

enum rc
ledger_placement(struct ledger *l, const char *server, uint64_t *devices)
{
	sqlite3_stmt *stmt;
	enum rc rc = has_history(l);
	int code;

	*devices = 0;
	if (rc == RC_OK)
		rc = store_take(l, STORE_PLACEMENT, &stmt);
	if (rc)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	code = sqlite3_bind_text(stmt, 1, server, -1, SQLITE_TRANSIENT);
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		*devices = (uint64_t)sqlite3_column_int64(stmt, 0);
	store_give_back(l, stmt);
	return code == SQLITE_ROW || code == SQLITE_DONE
	    ? RC_OK
	    : store_failed(l, code, "count devices");
}
