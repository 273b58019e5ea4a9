/* Work orders, and the units that were minted under them. */
#include "ledger/store.h"

#include <stdio.h>

static int
bind_text(sqlite3_stmt *stmt, int at, struct span s)
{
	/* NULL would be no text at all */
	return sqlite3_bind_text64(stmt, at, s.len ? (const char *)s.p : "",
	    s.len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void
take(sqlite3_stmt *stmt, struct ledger_order *out)
{
	const struct span sha256 = store_column(stmt, 1);

	out->opened = sqlite3_column_type(stmt, 0) == SQLITE_INTEGER;
	out->revision = sqlite3_column_int64(stmt, 0);
	if (sha256.len < sizeof(out->sha256) && sha256.len > 0)
		memcpy(out->sha256, sha256.p, sha256.len);
	out->units = (uint64_t)sqlite3_column_int64(stmt, 2);
	out->scrapped = (uint64_t)sqlite3_column_int64(stmt, 3);
	out->station_units = (uint64_t)sqlite3_column_int64(stmt, 4);
	out->station_scrapped = (uint64_t)sqlite3_column_int64(stmt, 5);
}

enum rc
ledger_order(struct ledger *l, struct span name, struct span station,
    struct ledger_order *out)
{
	sqlite3_stmt *stmt;
	enum rc rc = store_has(l, "table", "work_order");
	int code;

	*out = (struct ledger_order){0};
	if (rc == RC_OK)
		rc = store_take(l, STORE_ORDER, &stmt);
	if (rc)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	code = bind_text(stmt, 1, name);
	if (code == SQLITE_OK)
		code = bind_text(stmt, 2, station);
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		take(stmt, out);
	store_give_back(l, stmt);
	return code == SQLITE_ROW ? RC_OK
				  : store_failed(l, code, "read an order");
}

enum rc
ledger_order_unit(
    struct ledger *l, struct span name, struct span endpoint, bool *scrapped)
{
	sqlite3_stmt *stmt;
	enum rc rc = store_has(l, "table", "order_unit");
	int code;

	*scrapped = false;
	if (rc == RC_OK && endpoint.len > LEDGER_ENDPOINT_MAX)
		rc = RC_NOT_FOUND;
	if (rc == RC_OK)
		rc = store_take(l, STORE_ORDER_UNIT, &stmt);
	if (rc)
		return rc;
	code = bind_text(stmt, 1, name);
	if (code == SQLITE_OK)
		code = store_bind_endpoint(l, stmt, 2, endpoint);
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		*scrapped = sqlite3_column_int(stmt, 0) != 0;
	store_give_back(l, stmt);
	if (code == SQLITE_ROW)
		return RC_OK;
	return code == SQLITE_DONE ? RC_NOT_FOUND
				   : store_failed(l, code, "read units");
}

enum rc
ledger_minted_unit(
    struct ledger *l, struct span unit, ledger_row_fn each, void *ctx)
{
	sqlite3_stmt *stmt;
	enum rc rc = store_has(l, "index", "event_unit");
	int code;

	if (rc == RC_OK)
		rc = store_take(l, STORE_MINTED_UNIT, &stmt);
	if (rc)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	code = bind_text(stmt, 1, unit);
	rc = code == SQLITE_OK ? store_each_of(l, stmt, each, ctx)
			       : store_failed(l, code, "read units");
	if (code != SQLITE_OK)
		store_give_back(l, stmt);
	return rc;
}

enum rc
ledger_by_endpoint(struct ledger *l, ledger_row_fn each, void *ctx)
{
	return store_each(l, STORE_BY_ENDPOINT, each, ctx);
}
