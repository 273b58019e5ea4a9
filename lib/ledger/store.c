#include "ledger/store.h"

#include "base/text.h"

#include <assert.h>
#include <errno.h>

#define ROW \
	"seq, time_ms, kind, session, coalesce(endpoint_raw, endpoint), " \
	"data, hash"
#define IS_KIND " AND (?3 IS NULL OR kind = ?3)"
#define IS_ENDPOINT \
	" AND (?5 IS NULL OR (endpoint = ?5 AND endpoint_raw IS ?6))"
#define IS_MARKED \
	" AND (?7 IS NULL OR json_extract(data, '$.fingerprint') = ?7)" \
	" AND (?8 IS NULL OR json_extract(data, '$.serial') = ?8)"
#define IS_SESSION " AND (?4 IS NULL OR session = ?4)"
#define LIMIT " LIMIT ?2"
#define OLDEST IS_MARKED " ORDER BY seq" LIMIT
#define NEWEST IS_MARKED " ORDER BY seq DESC" LIMIT

/*
 * ?1 after_seq, ?2 limit (negative: none), ?3 kind, ?4 session, ?5 endpoint
 * and ?6 endpoint_raw, ?7 fingerprint, ?8 serial. What narrows most is asked
 * for in the open, so that its index is used; the rest is checked row by row.
 */
#define READ_ALL "SELECT " ROW " FROM event WHERE seq > ?1"
#define READ_KIND READ_ALL " AND kind = ?3"
#define READ_SESSION READ_ALL " AND session = ?4" IS_KIND IS_ENDPOINT
#define READ_ENDPOINT \
	READ_ALL " AND endpoint = ?5 AND endpoint_raw IS ?6" IS_KIND
/* Its indexes are of these rows alone, so their kind must stand here. */
#define READ_REVOKED \
	READ_ALL " AND kind = 'credential_revoked'" IS_SESSION IS_ENDPOINT
#define READ_FINGERPRINT \
	READ_REVOKED " AND json_extract(data, '$.fingerprint') = ?7"
#define READ_SERIAL READ_REVOKED " AND json_extract(data, '$.serial') = ?8"
/* Of a device that has come ten thousand times. */
#define READ_OWNER \
	"SELECT " ROW " FROM event INDEXED BY event_revoked_endpoint " \
	"WHERE seq > ?1 AND kind = 'credential_revoked'" IS_SESSION \
	" AND endpoint = ?5 AND endpoint_raw IS ?6"

/* The join's order is said: the planner would read all events. */
#define DEVICES(index) \
	"SELECT e.seq, e.time_ms, e.kind, e.session, " \
	"coalesce(e.endpoint_raw, e.endpoint), e.data, e.hash " \
	"FROM device AS d " index "CROSS JOIN event AS e " \
	"ON e.seq = d.begin_seq WHERE d.begin_seq IS NOT NULL"

/* ?1 collection, ?2 name, ?3 endpoint, ?4 epoch, ?5 limit */
#define SECRETS_BY(index) \
	"SELECT collection, name, epoch, endpoint, master, sealed " \
	"FROM secret " index "WHERE (?4 IS NULL OR epoch = ?4)"
#define SECRETS SECRETS_BY("")
/* Said, because the order could be had more cheaply without it. */
#define SECRETS_BY_OWNER SECRETS_BY("INDEXED BY secret_endpoint ")
#define IN_COLLECTION " AND collection = ?1"
#define IS_NAME " AND (?2 IS NULL OR name = ?2)"
#define IS_OWNER " AND (?3 IS NULL OR endpoint = ?3)"
#define BY_NAME " ORDER BY collection, name, epoch DESC LIMIT ?5"

static const char *const sql[STORE_COUNT] = {
    [STORE_BEGIN] = "BEGIN IMMEDIATE",
    [STORE_COMMIT] = "COMMIT",
    [STORE_ROLLBACK] = "ROLLBACK",
    [STORE_INSERT] = "INSERT INTO event (seq, time_ms, kind, session, "
		     "endpoint, endpoint_raw, data, hash) "
		     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [STORE_HEAD] = "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1",
    /* The numbers are gathered first: a callback may end the session. */
    [STORE_OPEN_SESSIONS] = "SELECT " ROW " FROM event WHERE seq IN "
			    "(SELECT seq FROM open_session) ORDER BY seq",
    [STORE_VERIFY] = "SELECT " ROW ", endpoint, endpoint_raw "
		     "FROM event ORDER BY seq",
    [STORE_READ_ALL] = READ_ALL OLDEST,
    [STORE_READ_ALL_NEWEST] = READ_ALL NEWEST,
    [STORE_READ_KIND] = READ_KIND OLDEST,
    [STORE_READ_KIND_NEWEST] = READ_KIND NEWEST,
    [STORE_READ_SESSION] = READ_SESSION OLDEST,
    [STORE_READ_SESSION_NEWEST] = READ_SESSION NEWEST,
    [STORE_READ_ENDPOINT] = READ_ENDPOINT OLDEST,
    [STORE_READ_ENDPOINT_NEWEST] = READ_ENDPOINT NEWEST,
    [STORE_READ_REVOKED] = READ_FINGERPRINT OLDEST,
    [STORE_READ_REVOKED_NEWEST] = READ_FINGERPRINT NEWEST,
    [STORE_READ_SERIAL] = READ_SERIAL OLDEST,
    [STORE_READ_SERIAL_NEWEST] = READ_SERIAL NEWEST,
    [STORE_READ_OWNER] = READ_OWNER OLDEST,
    [STORE_READ_OWNER_NEWEST] = READ_OWNER NEWEST,
    [STORE_SNAPSHOT] = "BEGIN",
    [STORE_FLEET] = "SELECT count(begin_seq), count(*) - count(begin_seq) "
		    "FROM device",
    [STORE_DEVICES] =
	DEVICES("INDEXED BY device_begin ") " ORDER BY d.begin_seq",
    [STORE_DEVICES_UNORDERED] = DEVICES(""),
    [STORE_HAS_PART] =
	"SELECT 1 FROM sqlite_schema WHERE type = ?1 AND name = ?2",
    [STORE_SECRET_LOOK] = "SELECT endpoint, master, sealed FROM secret "
			  "WHERE collection = ?1 AND name = ?2 AND epoch = ?3",
    [STORE_SECRET_INSERT] = "INSERT INTO secret (collection, name, epoch, "
			    "endpoint, master, sealed, name_shown, "
			    "endpoint_shown) "
			    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [STORE_SECRETS] = SECRETS IS_NAME IS_OWNER BY_NAME,
    [STORE_SECRETS_NAME] =
	SECRETS IN_COLLECTION " AND name = ?2" IS_OWNER BY_NAME,
    [STORE_SECRETS_ENDPOINT] =
	SECRETS_BY_OWNER IN_COLLECTION " AND endpoint = ?3" BY_NAME,
    [STORE_SECRETS_COLLECTION] = SECRETS IN_COLLECTION BY_NAME,
    [STORE_SECRETS_SHOWN] = "SELECT name, name_shown, endpoint, "
			    "endpoint_shown FROM secret",
    [STORE_COLLECTIONS] = "SELECT collection, master, count(*) FROM secret "
			  "GROUP BY 1, 2",
    [STORE_BLOB_INSERT] = "INSERT INTO blob (sha256, bytes) VALUES (?1, ?2)",
    [STORE_BLOB_HAS] = "SELECT 1 FROM blob WHERE sha256 = ?1",
    [STORE_BLOB_GET] = "SELECT bytes FROM blob WHERE sha256 = ?1",
    [STORE_BLOBS] = "SELECT sha256, bytes FROM blob",
    [STORE_HISTORY] =
	"SELECT h.oks, h.turn, h.released_seq > coalesce(h.ok_seq, 0), "
	"(SELECT b.data ->> 'servers' FROM event AS b "
	"WHERE b.seq = h.servers_seq) FROM history AS h "
	"WHERE h.endpoint = ?1 AND h.endpoint_raw = ?2",
    [STORE_HISTORY_TURNED] = "SELECT 1 FROM history WHERE turn > 0 LIMIT 1",
    [STORE_PLACEMENT] = "SELECT devices FROM placement WHERE server = ?1",
    /* ?1 its name, ?2 the station */
    [STORE_ORDER] = "SELECT (SELECT revision FROM work_order WHERE name = ?1), "
		    "(SELECT sha256 FROM work_order WHERE name = ?1), "
		    "coalesce(sum(units), 0), coalesce(sum(scrapped), 0), "
		    "coalesce(sum(units) FILTER (WHERE station = ?2), 0), "
		    "coalesce(sum(scrapped) FILTER (WHERE station = ?2), 0) "
		    "FROM order_count WHERE work_order = ?1",
    [STORE_ORDER_UNIT] =
	"SELECT scrapped_seq IS NOT NULL FROM order_unit "
	"WHERE work_order = ?1 AND endpoint = ?2 AND endpoint_raw = ?3",
    [STORE_MINTED_UNIT] = "SELECT " ROW " FROM event INDEXED BY event_unit "
			  "WHERE kind = 'image_minted' "
			  "AND json_extract(data, '$.unit') = ?1 ORDER BY seq",
    /* Said: the planner would sort the rows of these kinds instead. */
    [STORE_BY_ENDPOINT] =
	"SELECT " ROW " FROM event INDEXED BY event_endpoint "
	"WHERE endpoint IS NOT NULL AND +kind IN ('image_minted', "
	"'unit_flashed', 'unit_scrapped', 'bootstrap_begin', "
	"'bootstrap_end', 'credential_revoked', 'certificate_signed') "
	"ORDER BY endpoint, endpoint_raw, seq",
};

enum rc
store_rc(sqlite3 *db, int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return RC_OK;
	case SQLITE_FULL:
		return RC_FULL;
	case SQLITE_IOERR:
		/* Quotas and file size limits are no space either. */
		switch (sqlite3_system_errno(db)) {
		case ENOSPC:
		case EDQUOT:
		case EFBIG:
			return RC_FULL;
		default:
			return RC_DB;
		}
	default:
		return RC_DB;
	}
}

enum rc
store_failed(struct ledger *l, int code, const char *doing)
{
	enum rc rc = store_rc(l->db, code);

	if (rc)
		LOG(LOG_ERROR, "ledger_failed", F_TEXT("doing", doing),
		    F_TEXT("error", sqlite3_errmsg(l->db)), F_INT("code", code),
		    F_INT("errno", sqlite3_system_errno(l->db)));
	return rc;
}

void
store_roll_back(struct ledger *l)
{
	/* SQLite ends it by itself after some errors, not after others. */
	if (!sqlite3_get_autocommit(l->db))
		(void)store_run(l, STORE_ROLLBACK);
}

enum rc
store_lose_group(struct ledger *l, int code, const char *doing)
{
	l->lost = store_failed(l, code, doing);
	if (l->lost == RC_OK)
		l->lost = RC_DB;
	store_roll_back(l);
	l->group = GROUP_LOST;
	return l->lost;
}

enum rc
store_take(struct ledger *l, enum store_stmt which, sqlite3_stmt **out)
{
	sqlite3_stmt *stmt = NULL;
	int code;

	*out = l->stmts[which];
	if (*out && !sqlite3_stmt_busy(*out))
		return RC_OK;
	code = sqlite3_prepare_v3(l->db, sql[which], -1,
	    *out ? 0 : SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
	if (code != SQLITE_OK) {
		*out = NULL;
		return store_failed(l, code, "prepare");
	}
	if (!*out)
		l->stmts[which] = stmt;
	*out = stmt;
	return RC_OK;
}

void
store_give_back(struct ledger *l, sqlite3_stmt *stmt)
{
	for (size_t i = 0; i < STORE_COUNT; i++) {
		if (l->stmts[i] == stmt) {
			sqlite3_reset(stmt);
			sqlite3_clear_bindings(stmt);
			return;
		}
	}
	sqlite3_finalize(stmt);
}

int
store_run(struct ledger *l, enum store_stmt which)
{
	sqlite3_stmt *stmt;
	int code;

	if (store_take(l, which, &stmt) != RC_OK)
		return SQLITE_ERROR;
	code = sqlite3_step(stmt);
	/* The code stays the connection's last: reset repeats it. */
	store_give_back(l, stmt);
	return code;
}

enum rc
store_has(struct ledger *l, const char *type, const char *name)
{
	sqlite3_stmt *stmt;
	enum rc rc;
	int code;

	rc = store_take(l, STORE_HAS_PART, &stmt);
	if (rc)
		return rc;
	sqlite3_bind_text(stmt, 1, type, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, name, -1, SQLITE_STATIC);
	code = sqlite3_step(stmt);
	store_give_back(l, stmt);
	if (code == SQLITE_ROW)
		return RC_OK;
	return code == SQLITE_DONE ? RC_NOT_FOUND
				   : store_failed(l, code, "read the schema");
}

struct span
store_column(sqlite3_stmt *stmt, int column)
{
	const void *p = sqlite3_column_blob(stmt, column);

	return span_of(p, (size_t)sqlite3_column_bytes(stmt, column));
}

void
store_row(sqlite3_stmt *stmt, struct ledger_row *row)
{
	struct span hash = store_column(stmt, 6);

	row->seq = (uint64_t)sqlite3_column_int64(stmt, 0);
	row->time_ms = sqlite3_column_int64(stmt, 1);
	row->kind = store_column(stmt, 2);
	row->session = store_column(stmt, 3);
	row->endpoint = store_column(stmt, 4);
	row->data = store_column(stmt, 5);
	memset(row->hash, 0, DIGEST_LEN);
	if (hash.len == DIGEST_LEN)
		memcpy(row->hash, hash.p, DIGEST_LEN);
}

struct span
store_shown(struct ledger *l, struct span endpoint)
{
	struct writer w;

	writer_init(&w, l->shown, sizeof(l->shown));
	text_quote(&w, endpoint);
	assert(!w.full);
	return span_of(l->shown + 1, w.len - 2);
}

int
store_bind_endpoint(
    struct ledger *l, sqlite3_stmt *stmt, int at, struct span endpoint)
{
	const struct span shown = store_shown(l, endpoint);
	const bool same = span_equal(shown, endpoint);
	int code = sqlite3_bind_text64(stmt, at, (const char *)shown.p,
	    shown.len, SQLITE_TRANSIENT, SQLITE_UTF8);

	if (code == SQLITE_OK)
		code = sqlite3_bind_blob64(stmt, at + 1,
		    same ? (const void *)"" : endpoint.p,
		    same ? 0 : endpoint.len, SQLITE_TRANSIENT);
	return code;
}
