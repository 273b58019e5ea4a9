#include "ledger/ledger.h"

#include "ledger/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LOCK_WAIT_MS = 5000,
	WAL_RETRY_MS = 20,
	URI_MAX = 3 * PATH_MAX + 32,
};

/* The caller's place for one line about what went wrong. */
struct reason {
	char *text;
	size_t cap;
};

PRINTF_LIKE(2, 3)
static void
say(const struct reason *why, const char *fmt, ...)
{
	va_list ap;

	if (!why->text || why->cap == 0)
		return;
	va_start(ap, fmt);
	vsnprintf(why->text, why->cap, fmt, ap);
	va_end(ap);
}

static enum rc
failed(sqlite3 *db, int code, const struct reason *why, const char *path)
{
	/* SQLITE_NOTADB: the first bytes are no header of its own. */
	if ((code & 0xff) == SQLITE_NOTADB) {
		say(why, "%s: not a ledger: no SQLite database", path);
		return RC_CONFIG;
	}
	say(why, "%s: %s", path, sqlite3_errmsg(db));
	return store_rc(db, code);
}

static int
get_int(sqlite3 *db, const char *query, int64_t *value)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(db, query, -1, &stmt, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		*value = sqlite3_column_int64(stmt, 0);
		code = SQLITE_OK;
	}
	sqlite3_finalize(stmt);
	return code;
}

static int
configure(sqlite3 *db)
{
	sqlite3_busy_timeout(db, LOCK_WAIT_MS);
	/* Nothing edits the schema as text, or a page as a row. */
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* No mapping: a file cut short would end in SIGBUS, not in a code. */
	return sqlite3_exec(db,
	    "PRAGMA mmap_size = 0;"
	    "PRAGMA cell_size_check = ON;"
	    "PRAGMA temp_store = MEMORY;"
	    "PRAGMA synchronous = FULL;"
	    "PRAGMA journal_size_limit = 67108864;",
	    NULL, NULL, NULL);
}

/* What tells one file from another, as of one moment: somebody else may be
 * making it a ledger just now. */
static int
read_marks(sqlite3 *db, int64_t *application, int64_t *version, int64_t *parts)
{
	bool alone = sqlite3_get_autocommit(db);
	int code = SQLITE_OK;

	if (alone)
		code = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = get_int(db, "PRAGMA application_id", application);
	if (code == SQLITE_OK)
		code = get_int(db, "PRAGMA user_version", version);
	if (code == SQLITE_OK)
		code = get_int(db, "SELECT count(*) FROM sqlite_schema", parts);
	if (alone && !sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return code;
}

/* RC_OK: a ledger; RC_NOT_FOUND: a database with nothing in it yet; RC_AGAIN:
 * a ledger of an older version. */
static enum rc
identify(sqlite3 *db, const struct reason *why, const char *path)
{
	int64_t application = 0, version = 0, parts = 0;
	int code = read_marks(db, &application, &version, &parts);

	if (code != SQLITE_OK)
		return failed(db, code, why, path);
	if (application == 0 && version == 0 && parts == 0) {
		say(why, "%s: not a ledger: empty", path);
		return RC_NOT_FOUND;
	}
	if (application != SCHEMA_APPLICATION || version < 1) {
		say(why, "%s: not a ledger: a database of something else",
		    path);
		return RC_CONFIG;
	}
	if (version > SCHEMA_VERSION) {
		say(why,
		    "%s: of version %lld, newer than this program, which "
		    "knows %d",
		    path, (long long)version, SCHEMA_VERSION);
		return RC_CONFIG;
	}
	return version < SCHEMA_VERSION ? RC_AGAIN : RC_OK;
}

static enum rc
use_wal(sqlite3 *db, const struct reason *why, const char *path)
{
	sqlite3_stmt *stmt = NULL;
	bool wal = false;
	int code;

	/* Two that make one ledger at once: the busy timeout does not cover
	 * the exclusive lock that this takes. */
	for (int waited_ms = 0;; waited_ms += WAL_RETRY_MS) {
		code = sqlite3_prepare_v2(
		    db, "PRAGMA journal_mode = WAL", -1, &stmt, NULL);
		if (code == SQLITE_OK)
			code = sqlite3_step(stmt);
		if (code == SQLITE_ROW)
			wal = span_is(store_column(stmt, 0), "wal");
		sqlite3_finalize(stmt);
		if ((code & 0xff) != SQLITE_BUSY || waited_ms >= LOCK_WAIT_MS)
			break;
		usleep(WAL_RETRY_MS * 1000);
	}
	if (code != SQLITE_ROW)
		return failed(db, code, why, path);
	if (!wal) {
		say(why, "%s: its file system cannot hold a WAL", path);
		return RC_DB;
	}
	return RC_OK;
}

static enum rc
altered(const struct reason *why, const char *path, const struct writer *what)
{
	say(why, "%s: the schema was altered: %.*s", path,
	    SPAN_FMT(writer_span(what)));
	return RC_CONFIG;
}

/* Make it a ledger of the newest version, whole or not at all. */
static enum rc
bring_up(sqlite3 *db, const struct reason *why, const char *path)
{
	char text[256];
	struct writer what;
	enum rc rc;
	int code;

	writer_init(&what, text, sizeof(text));
	code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (code != SQLITE_OK)
		return failed(db, code, why, path);
	/* Somebody else may have done it while we waited for the lock. */
	rc = identify(db, why, path);
	if (rc == RC_NOT_FOUND) {
		code = schema_create(db);
		rc = code == SQLITE_OK ? RC_OK : failed(db, code, why, path);
	} else if (rc == RC_AGAIN) {
		rc = schema_upgrade(db, &what);
		if (rc == RC_CONFIG)
			altered(why, path, &what);
		else if (rc)
			say(why, "%s: cannot be brought to version %d: %s",
			    path, SCHEMA_VERSION, sqlite3_errmsg(db));
	}
	if (!rc) {
		code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
		rc = code == SQLITE_OK ? RC_OK : failed(db, code, why, path);
	}
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

static enum rc
prepare_to_write(sqlite3 *db, const struct reason *why, const char *path)
{
	char text[256];
	struct writer what;
	enum rc rc;

	if (sqlite3_db_readonly(db, "main") == 1) {
		say(why, "%s: may be read only", path);
		return RC_DB;
	}
	rc = identify(db, why, path);
	if (rc != RC_OK && rc != RC_NOT_FOUND && rc != RC_AGAIN)
		return rc;
	/* Not before it is known to be ours: this changes the file. */
	if (use_wal(db, why, path) != RC_OK)
		return store_rc(db, sqlite3_errcode(db)) == RC_FULL ? RC_FULL
								    : RC_DB;
	if (rc != RC_OK)
		rc = bring_up(db, why, path);
	if (rc)
		return rc;
	writer_init(&what, text, sizeof(text));
	rc = schema_check(db, &what);
	if (rc == RC_CONFIG)
		return altered(why, path, &what);
	if (rc)
		say(why, "%s: the schema cannot be read", path);
	return rc;
}

/*
 * A file on a medium that cannot be written, without a WAL of its own: nobody
 * has it open, and it is complete as it stands. SQLite must be told so.
 */
static bool
make_immutable_uri(const char *name, char uri[static URI_MAX])
{
	char wal[PATH_MAX + 8];
	struct writer w;

	snprintf(wal, sizeof(wal), "%s-wal", name);
	if (access(wal, F_OK) == 0 || errno != ENOENT)
		return false;
	writer_init(&w, uri, URI_MAX);
	writer_str(&w, "file:");
	for (; *name; name++) {
		if (*name == '%' || *name == '?' || *name == '#')
			writer_fmt(&w, "%%%02x", (unsigned)*name);
		else
			writer_put(&w, span_of(name, 1));
	}
	writer_put(&w, SPAN_LIT("?immutable=1\0"));
	return !w.full;
}

/* SQLite opens the file in earnest at the first read. */
static int
open_and_touch(const char *name, int flags, sqlite3 **db)
{
	int64_t version;
	int code = sqlite3_open_v2(name, db, flags, NULL);

	if (code == SQLITE_OK)
		code = configure(*db);
	if (code == SQLITE_OK)
		code = get_int(*db, "PRAGMA user_version", &version);
	return code;
}

static enum rc
open_to_read(
    const char *name, sqlite3 **db, const struct reason *why, const char *path)
{
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
	char uri[URI_MAX];
	enum rc rc;
	int code;

	code = open_and_touch(name, flags, db);
	if (((code & 0xff) == SQLITE_CANTOPEN ||
		(code & 0xff) == SQLITE_READONLY) &&
	    make_immutable_uri(name, uri)) {
		sqlite3_close(*db);
		code = open_and_touch(uri, flags | SQLITE_OPEN_URI, db);
	}
	if (code != SQLITE_OK)
		return failed(*db, code, why, path);
	rc = identify(*db, why, path);
	if (rc == RC_AGAIN)
		return RC_OK; /* read as it is */
	return rc == RC_NOT_FOUND ? RC_CONFIG : rc;
}

static enum rc
open_to_write(
    const char *name, sqlite3 **db, const struct reason *why, const char *path)
{
	int code;
	int fd;

	/* SQLite gives its WAL the mode of the file, so that is all it takes
	 * to keep others out. Only a file made here is opened and closed: on
	 * one that is in use, close would drop this process's locks. */
	fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		close(fd);
	} else if (errno != EEXIST) {
		say(why, "%s: %s", path, strerror(errno));
		return errno == ENOSPC || errno == EDQUOT ? RC_FULL : RC_DB;
	}
	code = sqlite3_open_v2(
	    name, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK)
		code = configure(*db);
	if (code != SQLITE_OK)
		return failed(*db, code, why, path);
	return prepare_to_write(*db, why, path);
}

enum rc
ledger_open(const char *path, enum ledger_mode mode, struct ledger **out,
    char *why_text, size_t why_len)
{
	const struct reason why = {why_text, why_len};
	char name[PATH_MAX];
	struct stat st;
	struct ledger *l;
	enum rc rc;
	int n;

	*out = NULL;
	say(&why, "%s", "");
	/* ":memory:" and "" mean other things to SQLite than to people. */
	n = snprintf(
	    name, sizeof(name), "%s%s", path[0] == '/' ? "" : "./", path);
	if (path[0] == '\0' || n < 0 || (size_t)n >= sizeof(name)) {
		say(&why, "not a path: empty or too long");
		return RC_DB;
	}
	if (stat(name, &st) == 0 && !S_ISREG(st.st_mode)) {
		say(&why, "%s: not a ledger: not a file", path);
		return RC_CONFIG;
	}
	if (mode == LEDGER_READ && access(name, F_OK) < 0 && errno == ENOENT) {
		say(&why, "%s: %s", path, strerror(ENOENT));
		return RC_NOT_FOUND;
	}
	l = calloc(1, sizeof(*l));
	if (!l) {
		say(&why, "%s: out of memory", path);
		return RC_MEMORY;
	}
	l->writable = mode == LEDGER_WRITE;
	rc = mode == LEDGER_WRITE ? open_to_write(name, &l->db, &why, path)
				  : open_to_read(name, &l->db, &why, path);
	if (rc == RC_OK &&
	    (stat(name, &l->file) != 0 ||
		(mode == LEDGER_WRITE && ledger_replaced(l)))) {
		say(&why, "%s: another file while it was opened", path);
		rc = RC_DB;
	}
	if (rc) {
		ledger_close(l);
		return rc;
	}
	say(&why, "%s", "");
	*out = l;
	return RC_OK;
}

bool
ledger_replaced(struct ledger *l)
{
	const char *name = sqlite3_db_filename(l->db, "main");
	struct stat now;
	int moved = 0;

	/* SQLite knows the inode that it has open, and no device */
	return !name || stat(name, &now) != 0 || now.st_dev != l->file.st_dev ||
	    now.st_ino != l->file.st_ino ||
	    sqlite3_file_control(
		l->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK ||
	    moved;
}

void
ledger_close(struct ledger *l)
{
	if (!l)
		return;
	ledger_rollback(l);
	for (size_t i = 0; i < STORE_COUNT; i++)
		sqlite3_finalize(l->stmts[i]);
	sqlite3_close(l->db);
	free(l);
}

void
ledger_expect_many(struct ledger *l)
{
	/* Pages that are changed over and over are then read once, and brought
	 * into the file once for many commits. */
	int code = sqlite3_exec(l->db,
	    "PRAGMA cache_size = -65536;"
	    "PRAGMA wal_autocheckpoint = 16384;",
	    NULL, NULL, NULL);

	if (code != SQLITE_OK)
		(void)store_failed(l, code, "expect many rows");
}

void
ledger_time(int64_t time_ms, char out[static 25])
{
	/* Years 0000 to 9999: what the form has room for. */
	static const int64_t first = -62167219200000, last = 253402300799999;
	int64_t ms, s;
	struct tm tm;
	time_t t;

	if (time_ms < first)
		time_ms = first;
	if (time_ms > last)
		time_ms = last;
	ms = (time_ms % 1000 + 1000) % 1000;
	s = (time_ms - ms) / 1000;
	t = (time_t)s;
	gmtime_r(&t, &tm);
	/* The remainders are for the compiler: it measures the worst case. */
	snprintf(out, 25, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
	    (unsigned)(tm.tm_year + 1900) % 10000,
	    (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100,
	    (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
	    (unsigned)tm.tm_sec % 100, (unsigned)ms % 1000);
}
