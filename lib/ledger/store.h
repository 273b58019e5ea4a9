/**
 * store.h - what the files of this module share: the connection, its prepared
 * statements, and what SQLite's codes mean. Nobody else includes it.
 */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include "ledger/merge.h"

#include <sqlite3.h>
#include <sys/stat.h>

/** The statements of append.c, read.c, secret.c and blob.c; their text is in store.c. */
enum store_stmt {
	STORE_BEGIN,
	STORE_COMMIT,
	STORE_ROLLBACK,
	STORE_INSERT,
	STORE_HEAD,
	STORE_OPEN_SESSIONS,
	STORE_VERIFY,
	STORE_READ_ALL,
	STORE_READ_ALL_NEWEST,
	STORE_READ_KIND,
	STORE_READ_KIND_NEWEST,
	STORE_READ_SESSION,
	STORE_READ_SESSION_NEWEST,
	STORE_READ_ENDPOINT,
	STORE_READ_ENDPOINT_NEWEST,
	STORE_READ_REVOKED,
	STORE_READ_REVOKED_NEWEST,
	STORE_READ_SERIAL,
	STORE_READ_SERIAL_NEWEST,
	STORE_READ_OWNER, /**< revoked, of an endpoint */
	STORE_READ_OWNER_NEWEST,
	STORE_SNAPSHOT,
	STORE_FLEET,
	STORE_DEVICES,
	STORE_DEVICES_UNORDERED,
	STORE_HAS_PART,
	STORE_SECRET_LOOK,
	STORE_SECRET_INSERT,
	STORE_SECRETS,
	STORE_SECRETS_NAME,
	STORE_SECRETS_ENDPOINT,
	STORE_SECRETS_COLLECTION,
	STORE_SECRETS_SHOWN,
	STORE_COLLECTIONS,
	STORE_BLOB_INSERT,
	STORE_BLOB_HAS,
	STORE_BLOB_GET,
	STORE_BLOBS,
	STORE_HISTORY,
	STORE_HISTORY_TURNED,
	STORE_PLACEMENT,
	STORE_ORDER,
	STORE_ORDER_UNIT,
	STORE_MINTED_UNIT,
	STORE_BY_ENDPOINT,
	STORE_COUNT
};

enum store_group {
	GROUP_NONE,
	GROUP_OPEN,
	GROUP_LOST, /* an append failed; the transaction is gone already */
};

enum {
	/* Six characters for a byte at worst, and two quotes. */
	STORE_SHOWN_MAX = 6 * LEDGER_ENDPOINT_MAX + 2,
};

struct ledger {
	sqlite3 *db;
	sqlite3_stmt *stmts[STORE_COUNT]; /* NULL until first used */
	bool writable;
	struct stat file; /* as it was opened */
	enum store_group group;
	enum rc lost; /* why, in GROUP_LOST */
	uint64_t seq; /* head of the chain within a group */
	uint8_t hash[DIGEST_LEN];
	uint8_t data[LEDGER_MERGED_MAX];
	uint8_t shown[STORE_SHOWN_MAX];
};

/** RC_OK, RC_FULL or RC_DB for a code that the connection has just given. */
enum rc store_rc(sqlite3 *db, int code);

/** store_rc, and a line in the log that says what was being done. */
enum rc store_failed(struct ledger *l, int code, const char *doing);

/** End the transaction, if there is one; nothing of it is written. */
void store_roll_back(struct ledger *l);

/** The same after an error of its group, which is lost by it; never RC_OK. */
enum rc store_lose_group(struct ledger *l, int code, const char *doing);

/**
 * A statement, prepared at its first use. One that is being stepped already (a
 * callback reads while its caller does) is prepared afresh. Give it back with
 * store_give_back. Errors: RC_DB.
 */
MUST_CHECK enum rc store_take(
    struct ledger *l, enum store_stmt which, sqlite3_stmt **out);
void store_give_back(struct ledger *l, sqlite3_stmt *stmt);

/** Run a statement that yields no row. Returns a code of SQLite. */
int store_run(struct ledger *l, enum store_stmt which);

/** Call `each` with every row of a statement with its parameters bound, and give
 *  it back. As store_each. */
MUST_CHECK enum rc store_each_of(
    struct ledger *l, sqlite3_stmt *stmt, ledger_row_fn each, void *ctx);

/** Call `each` with every row of a statement without parameters whose first
 *  seven columns are event's. Errors: RC_DB, and what `each` returns. */
MUST_CHECK enum rc store_each(
    struct ledger *l, enum store_stmt which, ledger_row_fn each, void *ctx);

/**
 * RC_OK when the schema has such a part ("table", "secret"), RC_NOT_FOUND when
 * not: files of an older version are read as they are. Errors: RC_DB.
 */
MUST_CHECK enum rc store_has(
    struct ledger *l, const char *type, const char *name);

/** Borrowed until the next step. */
struct span store_column(sqlite3_stmt *stmt, int column);

/** The row that `stmt` stands on: the first seven columns are event's. */
void store_row(sqlite3_stmt *stmt, struct ledger_row *row);

/**
 * The printable form of an endpoint: a JSON string without its quotes. In
 * `l->shown`, until the next call. `endpoint` is at most LEDGER_ENDPOINT_MAX.
 */
struct span store_shown(struct ledger *l, struct span endpoint);

/** Bind an endpoint as it stands in tables beside event: its printable form at
 *  `at`, its bytes behind that, x'' where they are the same. A code of SQLite. */
int store_bind_endpoint(
    struct ledger *l, sqlite3_stmt *stmt, int at, struct span endpoint);

/** Is what people see of the sealed store what lies there? Errors: RC_DB. */
MUST_CHECK enum rc secret_check_shown(struct ledger *l, bool *altered);

/**
 * Are the blobs those that were put? SHA-256 of the first that is not, in
 * `which`. Errors: RC_DB.
 */
MUST_CHECK enum rc blob_check(
    struct ledger *l, bool *altered, uint8_t which[static DIGEST_LEN]);

/** Lower-case letters, digits and '_', one at least? Kinds and fields are. */
bool store_is_name(struct span s);

/**
 * Append to the open group: `row` is complete but for its number and hash, which
 * it receives. Errors: RC_DB, RC_FULL; the group is lost then.
 */
MUST_CHECK enum rc store_append(struct ledger *l, struct ledger_row *row);

/** The hash of a row that follows one of hash `previous`; see ledger.h. */
void chain_hash(const uint8_t previous[static DIGEST_LEN],
    const struct ledger_row *row, uint8_t out[static DIGEST_LEN]);

enum { SCHEMA_VERSION = 5, SCHEMA_APPLICATION = 0x62734c47 };

/** Make the tables, triggers and views of the newest version. Returns a code
 *  of SQLite. */
int schema_create(sqlite3 *db);

/**
 * Compare what the file has with what its version says. RC_CONFIG: `what` says
 * in words which part is missing, altered or foreign; things of one's own other
 * than triggers do no harm. Errors: RC_DB.
 */
MUST_CHECK enum rc schema_check(sqlite3 *db, struct writer *what);

/**
 * Bring a file of an older version to the newest, within the transaction that
 * is open; what was altered is not brought anywhere. On any error the caller
 * rolls back. RC_CONFIG: `what` as above. Errors: RC_DB, RC_FULL.
 */
MUST_CHECK enum rc schema_upgrade(sqlite3 *db, struct writer *what);

#endif
