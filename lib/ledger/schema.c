#include "ledger/store.h"

#include "base/text.h"
#include "ledger/ledger_sql.h"

#include <stdio.h>

/* What SQLite made by itself has no text of its own. */
#define PARTS "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
#define TRIGGERS PARTS " AND type = 'trigger'"
#define PART PARTS " AND type = ?1 AND name = ?2"

#define VERSION "PRAGMA user_version"

/* By version; each as it is, or was. */
static const char *const texts[] = {
    NULL, ledger_sql_1, ledger_sql_2, ledger_sql_3, ledger_sql_4, ledger_sql};

_Static_assert(sizeof(texts) / sizeof(texts[0]) == SCHEMA_VERSION + 1,
    "a text for each version");

int
schema_create(sqlite3 *db)
{
	return sqlite3_exec(db, texts[SCHEMA_VERSION], NULL, NULL, NULL);
}

/* An empty ledger of that version, in memory. */
static int
open_model(int version, sqlite3 **model)
{
	int code = sqlite3_open(":memory:", model);

	if (code == SQLITE_OK)
		code = sqlite3_exec(*model, texts[version], NULL, NULL, NULL);
	return code;
}

/* 0: none that is known. */
static int
read_version(sqlite3 *db, int *version)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(db, VERSION, -1, &stmt, NULL);

	*version = 0;
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		*version = sqlite3_column_int(stmt, 0);
		if (*version < 1 || *version > SCHEMA_VERSION)
			*version = 0;
		code = SQLITE_OK;
	}
	sqlite3_finalize(stmt);
	return code;
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
	int code, version;

	code = read_version(db, &version);
	if (code != SQLITE_OK)
		return RC_DB;
	if (version == 0) {
		writer_str(what, "version is not one of a ledger");
		return RC_CONFIG;
	}
	code = open_model(version, &model);
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

/* The part that `parts` stands on, as the newest version has it. */
static int
renew_part(sqlite3 *db, sqlite3_stmt *parts, bool there)
{
	const void *text = sqlite3_column_text(parts, 2);
	char *drop = NULL;
	int code = SQLITE_OK;

	if (there) {
		/* nothing but a way to look at the rows */
		if (!span_is(store_column(parts, 0), "view"))
			return SQLITE_INTERNAL;
		drop = sqlite3_mprintf("DROP VIEW \"%w\"",
		    (const char *)sqlite3_column_text(parts, 1));
		code = drop ? sqlite3_exec(db, drop, NULL, NULL, NULL)
			    : SQLITE_NOMEM;
		sqlite3_free(drop);
	}
	return code == SQLITE_OK ? sqlite3_exec(db, text, NULL, NULL, NULL)
				 : code;
}

/* Bring `db`, which is as `old` is, to what `new` is. */
static int
renew(sqlite3 *db, sqlite3 *old, sqlite3 *new, struct writer *what)
{
	sqlite3_stmt *parts = NULL, *part = NULL;
	int code;

	code =
	    sqlite3_prepare_v2(new, PARTS " ORDER BY rowid", -1, &parts, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(old, PART, -1, &part, NULL);
	while (
	    code == SQLITE_OK && (code = sqlite3_step(parts)) == SQLITE_ROW) {
		int found;

		sqlite3_reset(part);
		sqlite3_bind_value(part, 1, sqlite3_column_value(parts, 0));
		sqlite3_bind_value(part, 2, sqlite3_column_value(parts, 1));
		found = sqlite3_step(part);
		code = SQLITE_OK;
		if (found == SQLITE_ROW &&
		    span_equal(store_column(parts, 2), store_column(part, 2)))
			continue;
		code = renew_part(db, parts, found == SQLITE_ROW);
		/* as where somebody has put one of that name there */
		if (code == SQLITE_ERROR) {
			writer_put(what, store_column(parts, 0));
			writer_str(what, " ");
			text_quote(what, store_column(parts, 1));
			writer_str(what, " is in the way of the ledger's");
		}
	}
	sqlite3_finalize(part);
	sqlite3_finalize(parts);
	return code;
}

/* What follows from rows that were there before the table. No row of an older
 * version has `servers`, so nobody is placed. */
static int
fill_history(sqlite3 *db)
{
	return sqlite3_exec(db,
	    "INSERT INTO history (endpoint, endpoint_raw, oks, ok_seq, turn, "
	    "released_seq, servers_seq) "
	    "SELECT endpoint, endpoint_raw, oks, ok_seq, turn, released_seq, "
	    "servers_seq FROM history_facts",
	    NULL, NULL, NULL);
}

/* Likewise, where somebody's rows have named orders already. */
static int
fill_orders(sqlite3 *db)
{
	return sqlite3_exec(db,
	    "INSERT INTO order_unit (work_order, endpoint, endpoint_raw, "
	    "station, minted_seq, scrapped_seq) "
	    "SELECT work_order, endpoint, endpoint_raw, station, minted_seq, "
	    "scrapped_seq FROM order_unit_facts; "
	    "INSERT INTO work_order (name, revision, sha256, opened_seq) "
	    "SELECT data ->> 'order', max(CAST(data ->> 'revision' AS "
	    "INTEGER)), data ->> 'sha256', seq FROM event "
	    "WHERE kind = 'order_opened' GROUP BY 1",
	    NULL, NULL, NULL);
}

enum rc
schema_upgrade(sqlite3 *db, struct writer *what)
{
	sqlite3 *old = NULL, *new = NULL;
	char set[40];
	int code, version;
	enum rc rc;

	rc = schema_check(db, what);
	if (rc)
		return rc;
	code = read_version(db, &version);
	if (code == SQLITE_OK)
		code = open_model(version, &old);
	if (code == SQLITE_OK)
		code = open_model(SCHEMA_VERSION, &new);
	if (code == SQLITE_OK)
		code = renew(db, old, new, what);
	sqlite3_close(old);
	sqlite3_close(new);
	if (code == SQLITE_DONE && version < 4)
		code = fill_history(db) == SQLITE_OK ? SQLITE_DONE
						     : SQLITE_INTERNAL;
	if (code == SQLITE_DONE && version < 5)
		code = fill_orders(db) == SQLITE_OK ? SQLITE_DONE
						    : SQLITE_INTERNAL;
	if (code == SQLITE_DONE) {
		snprintf(set, sizeof(set), VERSION " = %d", SCHEMA_VERSION);
		code = sqlite3_exec(db, set, NULL, NULL, NULL);
	}
	if (code == SQLITE_ERROR && what->len > 0)
		return RC_CONFIG;
	if (code != SQLITE_OK)
		return store_rc(db, code);
	return schema_check(db, what);
}
