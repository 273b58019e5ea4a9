/**
 * support.h - a ledger in a directory of its own, and a way around it: SQL that
 * somebody with the file and sqlite3 could run.
 */
#ifndef TESTS_LEDGER_SUPPORT_H
#define TESTS_LEDGER_SUPPORT_H

#include "ledger/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

struct desk {
	char dir[64];
	char path[96]; /* DIR/ledger.db */
	struct ledger *ledger; /* open to write; NULL once closed */
};

/** cmocka's set-up and tear-down; *state is the desk. */
int desk_setup(void **state);
int desk_teardown(void **state);

void desk_close(struct desk *d);
void desk_open(struct desk *d);

/** What ledger_open says of the file; closes what it opened. */
enum rc desk_try(const struct desk *d, enum ledger_mode mode, char why[200]);

/** Session ids of 16 equal bytes. The empty span for 0. */
struct span session_of(uint8_t byte);

/** Append one row to the group that is open. */
void put(struct ledger *l, const char *kind, uint8_t session,
    struct span endpoint, const struct field *fields, size_t count);
#define PUT(l, kind, session, endpoint, ...) \
	put(l, kind, session, span_str(endpoint), \
	    (const struct field[]){__VA_ARGS__}, \
	    sizeof((const struct field[]){__VA_ARGS__}) / \
		sizeof(struct field))

/** A group of `count` rows with nothing but a number in them. */
void put_rows(struct ledger *l, unsigned count);

/** Rows that verify, which all must. */
uint64_t verified_rows(struct ledger *l);

/** Run SQL on the file through a connection of its own: a code of SQLite. */
int raw_try(const char *path, const char *sql);
void raw(const char *path, const char *sql);
/** First column of the first row, "NULL" for that; static. */
const char *raw_text(const char *path, const char *sql);

/** What keeps rows from being changed, taken away. */
extern const char *const without_guards;

#endif
