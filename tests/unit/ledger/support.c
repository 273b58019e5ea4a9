#include "support.h"

#include "base/event.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *const without_guards = "DROP TRIGGER event_keeps_rows;"
				   "DROP TRIGGER event_keeps_values;"
				   "DROP TRIGGER event_only_grows;";

int
desk_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct desk *d = calloc(1, sizeof(*d));
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	assert_non_null(d);
	/* The faults provoked here are logged as they should be. */
	log_setup("test", LOG_ERROR, null);
	snprintf(d->dir, sizeof(d->dir), "%s/ledger-XXXXXX",
	    tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	assert_non_null(mkdtemp(d->dir));
	snprintf(d->path, sizeof(d->path), "%s/ledger.db", d->dir);
	desk_open(d);
	*state = d;
	return 0;
}

static int
unlink_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

int
desk_teardown(void **state)
{
	struct desk *d = *state;

	ledger_close(d->ledger);
	nftw(d->dir, unlink_one, 8, FTW_DEPTH | FTW_PHYS);
	free(d);
	return 0;
}

void
desk_close(struct desk *d)
{
	ledger_close(d->ledger);
	d->ledger = NULL;
}

void
desk_open(struct desk *d)
{
	char why[200];
	enum rc rc;

	rc = ledger_open(d->path, LEDGER_WRITE, &d->ledger, why, sizeof(why));
	if (rc)
		fail_msg("%s: %s", rc_name(rc), why);
}

enum rc
desk_try(const struct desk *d, enum ledger_mode mode, char why[200])
{
	struct ledger *l;
	enum rc rc = ledger_open(d->path, mode, &l, why, 200);

	assert_true(rc == RC_OK ? l != NULL : l == NULL);
	assert_true(rc == RC_OK ? why[0] == '\0' : why[0] != '\0');
	ledger_close(l);
	return rc;
}

struct span
session_of(uint8_t byte)
{
	static uint8_t ids[256][LEDGER_SESSION_LEN];

	memset(ids[byte], byte, LEDGER_SESSION_LEN);
	return span_of(ids[byte], byte ? LEDGER_SESSION_LEN : 0);
}

void
put(struct ledger *l, const char *kind, uint8_t session, struct span endpoint,
    const struct field *fields, size_t count)
{
	const struct ledger_event e = {
	    kind, session_of(session), endpoint, fields, count};

	assert_int_equal(ledger_append(l, &e, NULL), RC_OK);
}

void
put_rows(struct ledger *l, unsigned count)
{
	assert_int_equal(ledger_begin(l), RC_OK);
	for (unsigned i = 0; i < count; i++)
		PUT(l, "handshakes", 0, NULL, F_INT("asked", i));
	assert_int_equal(ledger_commit(l), RC_OK);
}

uint64_t
verified_rows(struct ledger *l)
{
	struct ledger_verdict v;

	assert_int_equal(ledger_verify(l, &v, NULL, NULL), RC_OK);
	if (v.bad_seq || v.altered)
		fail_msg("%s", v.text);
	return v.rows;
}

int
raw_try(const char *path, const char *sql)
{
	sqlite3 *db;
	int code;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	code = sqlite3_exec(db, sql, NULL, NULL, NULL);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return code;
}

void
raw(const char *path, const char *sql)
{
	assert_int_equal(raw_try(path, sql), SQLITE_OK);
}

const char *
raw_text(const char *path, const char *sql)
{
	static char text[512];
	sqlite3_stmt *stmt;
	const void *got;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	got = sqlite3_column_text(stmt, 0);
	snprintf(text, sizeof(text), "%s", got ? (const char *)got : "NULL");
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return text;
}
