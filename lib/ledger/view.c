#include "ledger/store.h"

#include <stdio.h>

static const char *const views[] = {
    "events",
    "bootstraps",
    "devices",
    "credentials",
    "refusals",
    "pushes",
    "rollouts",
    "policy_sets",
    "orders",
    "secrets",
    "checkpoints",
    "stations",
    "keys",
};

static enum rc
each_cells(
    struct ledger *l, sqlite3_stmt *stmt, ledger_cells_fn each, void *ctx)
{
	struct ledger_cells row = {0};
	int code, count = sqlite3_column_count(stmt);

	if (count > LEDGER_COLUMNS_MAX)
		return RC_BUG;
	row.count = (size_t)count;
	for (int i = 0; i < count; i++)
		row.names[i] = sqlite3_column_name(stmt, i);
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		enum rc rc;

		for (int i = 0; i < count; i++) {
			/* asked first: the text of it changes its type */
			row.numbers[i] =
			    sqlite3_column_type(stmt, i) == SQLITE_INTEGER;
			row.values[i] = store_column(stmt, i);
		}
		rc = each(ctx, &row);
		if (rc != RC_OK)
			return rc;
	}
	return store_failed(l, code, "read a view");
}

enum rc
ledger_view(struct ledger *l, const char *view, ledger_cells_fn each, void *ctx)
{
	const char *name = NULL;
	sqlite3_stmt *stmt = NULL;
	char sql[64];
	enum rc rc;
	int code;

	/* the name goes into the statement: only one of ours may */
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		if (strcmp(views[i], view) == 0)
			name = views[i];
	if (!name)
		return RC_NOT_FOUND;
	rc = store_has(l, "view", name);
	if (rc)
		return rc;
	snprintf(sql, sizeof(sql), "SELECT * FROM %s", name);
	code = sqlite3_prepare_v2(l->db, sql, -1, &stmt, NULL);
	rc = code == SQLITE_OK ? each_cells(l, stmt, each, ctx)
			       : store_failed(l, code, "read a view");
	sqlite3_finalize(stmt);
	return rc;
}
