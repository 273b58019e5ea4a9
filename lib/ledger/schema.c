#include "ledger/store.h"

#include "base/text.h"
#include "ledger/ledger_sql.h"

/* What SQLite made by itself has no text of its own. */
#define PARTS "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
#define TRIGGERS PARTS " AND type = 'trigger'"
#define PART PARTS " AND type = ?1 AND name = ?2"

int
schema_create(sqlite3 *db)
{
	return sqlite3_exec(db, ledger_sql, NULL, NULL, NULL);
}

/*
 * Look up each part that `query` finds in `want` among those of `have`. Returns
 * SQLITE_DONE when all are there, SQLITE_ROW when `what` names one that is not.
 */
static int
find_odd(sqlite3 *want, const char *query, sqlite3 *have, const char *verdict,
    struct writer *what)
{
	sqlite3_stmt *parts = NULL, *part = NULL;
	int code;

	code = sqlite3_prepare_v2(want, query, -1, &parts, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(have, PART, -1, &part, NULL);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(parts);
		if (code != SQLITE_ROW)
			break;
		sqlite3_reset(part);
		sqlite3_bind_value(part, 1, sqlite3_column_value(parts, 0));
		sqlite3_bind_value(part, 2, sqlite3_column_value(parts, 1));
		code = sqlite3_step(part);
		if (code == SQLITE_ROW &&
		    span_equal(store_column(parts, 2), store_column(part, 2)))
			continue;
		if (code != SQLITE_ROW && code != SQLITE_DONE)
			break;
		writer_put(what, store_column(parts, 0));
		writer_str(what, " ");
		text_quote(what, store_column(parts, 1));
		writer_str(what, verdict);
		code = SQLITE_ROW;
		break;
	}
	sqlite3_finalize(part);
	sqlite3_finalize(parts);
	return code;
}

enum rc
schema_check(sqlite3 *db, struct writer *what)
{
	sqlite3 *model = NULL;
	int code;

	code = sqlite3_open(":memory:", &model);
	if (code == SQLITE_OK)
		code = schema_create(model);
	if (code == SQLITE_OK)
		code =
		    find_odd(model, PARTS, db, " is missing or altered", what);
	if (code == SQLITE_DONE)
		code =
		    find_odd(db, TRIGGERS, model, " is not the ledger's", what);
	sqlite3_close(model);
	if (code == SQLITE_DONE)
		return RC_OK;
	return code == SQLITE_ROW ? RC_CONFIG : RC_DB;
}
