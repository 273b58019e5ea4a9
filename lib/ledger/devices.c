/* The fleet: every device that ever came, as it came last. */
#include "ledger/store.h"

enum rc
ledger_snapshot(struct ledger *l)
{
	uint8_t hash[DIGEST_LEN];
	uint64_t seq;
	int code;

	if (l->writable)
		return RC_BUG;
	code = store_run(l, STORE_SNAPSHOT);
	if (code != SQLITE_DONE)
		return store_failed(l, code, "begin a snapshot");
	/* the moment is that of the first read */
	return ledger_head(l, &seq, hash);
}

void
ledger_snapshot_end(struct ledger *l)
{
	if (!l->writable)
		store_roll_back(l);
}

enum rc
ledger_fleet(struct ledger *l, struct ledger_fleet *out)
{
	sqlite3_stmt *stmt;
	enum rc rc;
	int code;

	*out = (struct ledger_fleet){0};
	rc = store_take(l, STORE_FLEET, &stmt);
	if (rc)
		return rc;
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		out->came = (uint64_t)sqlite3_column_int64(stmt, 0);
		out->first_boot = (uint64_t)sqlite3_column_int64(stmt, 1);
	}
	rc = store_failed(l, code, "count devices");
	store_give_back(l, stmt);
	return rc;
}

enum rc
ledger_devices(struct ledger *l, ledger_row_fn each, void *ctx)
{
	enum rc rc = store_has(l, "index", "device_begin");

	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	return store_each(l,
	    rc == RC_OK ? STORE_DEVICES : STORE_DEVICES_UNORDERED, each, ctx);
}
