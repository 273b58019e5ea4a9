/* What rows name by its SHA-256: bytes that lie beside the chain, for good. */
#include "ledger/store.h"

static enum rc
look(struct ledger *l, const uint8_t sha256[static DIGEST_LEN])
{
	sqlite3_stmt *stmt;
	enum rc rc = store_take(l, STORE_BLOB_HAS, &stmt);
	int code;

	if (rc)
		return rc;
	sqlite3_bind_blob(stmt, 1, sha256, DIGEST_LEN, SQLITE_STATIC);
	code = sqlite3_step(stmt);
	store_give_back(l, stmt);
	if (code == SQLITE_ROW)
		return RC_OK;
	return code == SQLITE_DONE ? RC_NOT_FOUND
				   : store_failed(l, code, "look for a blob");
}

enum rc
ledger_blob_has(struct ledger *l, const uint8_t sha256[static DIGEST_LEN])
{
	enum rc rc = store_has(l, "table", "blob");

	return rc ? rc : look(l, sha256);
}

static int
insert(struct ledger *l, const uint8_t sha256[static DIGEST_LEN],
    struct span bytes)
{
	sqlite3_stmt *stmt;
	int code;

	if (store_take(l, STORE_BLOB_INSERT, &stmt) != RC_OK)
		return SQLITE_ERROR;
	sqlite3_bind_blob(stmt, 1, sha256, DIGEST_LEN, SQLITE_STATIC);
	/* no bytes are bytes too, and not NULL */
	sqlite3_bind_blob(stmt, 2, bytes.len ? (const void *)bytes.p : "",
	    (int)bytes.len, SQLITE_STATIC);
	code = sqlite3_step(stmt);
	store_give_back(l, stmt);
	return code;
}

enum rc
ledger_blob_put(
    struct ledger *l, struct span bytes, uint8_t sha256[static DIGEST_LEN])
{
	enum rc rc;
	int code;

	if (l->group == GROUP_LOST)
		return l->lost;
	if (l->group != GROUP_OPEN)
		return RC_BUG;
	if (bytes.len > LEDGER_BLOB_MAX)
		return RC_TOO_LARGE;
	digest_of(bytes, sha256);
	/* Under the lock: nobody else puts it there meanwhile. */
	rc = look(l, sha256);
	if (rc == RC_OK)
		return RC_OK;
	code = rc == RC_NOT_FOUND ? insert(l, sha256, bytes) : SQLITE_ERROR;
	return code == SQLITE_DONE ? RC_OK
				   : store_lose_group(l, code, "put a blob");
}

static bool
is_its_own(struct span sha256, struct span bytes)
{
	uint8_t hash[DIGEST_LEN];

	digest_of(bytes, hash);
	return span_equal(sha256, span_of(hash, sizeof(hash)));
}

enum rc
ledger_blob_get(struct ledger *l, const uint8_t sha256[static DIGEST_LEN],
    struct arena *a, struct span *out)
{
	sqlite3_stmt *stmt;
	struct span bytes;
	enum rc rc;
	int code;

	rc = store_has(l, "table", "blob");
	if (!rc)
		rc = store_take(l, STORE_BLOB_GET, &stmt);
	if (rc)
		return rc;
	sqlite3_bind_blob(stmt, 1, sha256, DIGEST_LEN, SQLITE_STATIC);
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		bytes = store_column(stmt, 0);
		rc = is_its_own(span_of(sha256, DIGEST_LEN), bytes)
		    ? RC_OK
		    : RC_MALFORMED;
		if (!rc)
			*out = arena_copy(a, bytes);
		if (!rc && !out->p)
			rc = RC_MEMORY;
	} else {
		rc = code == SQLITE_DONE ? RC_NOT_FOUND
					 : store_failed(l, code, "read a blob");
	}
	store_give_back(l, stmt);
	return rc;
}

enum rc
blob_check(struct ledger *l, bool *altered, uint8_t which[static DIGEST_LEN])
{
	sqlite3_stmt *stmt;
	enum rc rc;
	int code;

	*altered = false;
	rc = store_has(l, "table", "blob");
	if (rc)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	rc = store_take(l, STORE_BLOBS, &stmt);
	if (rc)
		return rc;
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct span sha256 = store_column(stmt, 0);

		*altered = !is_its_own(sha256, store_column(stmt, 1));
		if (!*altered)
			continue;
		/* by the check of its column; said whatever stands there */
		memset(which, 0, DIGEST_LEN);
		if (sha256.len == DIGEST_LEN)
			memcpy(which, sha256.p, DIGEST_LEN);
		break;
	}
	rc = store_failed(l, code, "verify blobs");
	store_give_back(l, stmt);
	return rc;
}
