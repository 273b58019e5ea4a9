#include "ledger/ledger.h"

#include "ledger/store.h"

#include <sys/stat.h>

enum rc
ledger_copy(struct ledger *from, const char *to)
{
	/* of one moment, without its WAL, and never over another file */
	mode_t old = umask(0177);
	sqlite3_stmt *stmt = NULL;
	int code =
	    sqlite3_prepare_v2(from->db, "VACUUM INTO ?1", -1, &stmt, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_bind_text(stmt, 1, to, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	umask(old);
	if (code == SQLITE_DONE)
		return RC_OK;
	return store_failed(from, code, "copy it");
}
