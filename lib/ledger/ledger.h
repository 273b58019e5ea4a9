/**
 * ledger.h - the append-only, hash-chained record of all that happened.
 *
 * One SQLite file, WAL, synchronous=FULL. A row is: sequence number, UTC time,
 * kind, session id, endpoint, and the event's fields as JSON text in the order
 * given; its hash is SHA-256 over the previous row's hash and the canonical
 * form of this one:
 *
 *   "bootstrapd-ledger-1" 0x00 | previous hash (32) | seq (u64) |
 *   time_ms (u64) | len (u32) kind | len (u32) session | len (u32) endpoint |
 *   len (u32) data
 *
 * The first row's previous hash is 32 zero bytes. Triggers refuse UPDATE and
 * DELETE; ledger_verify finds what got past them.
 *
 * The ledger does not know what an event means. Its views (schema/ledger.sql)
 * give plain column names to people with nothing but sqlite3.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/event.h"

enum {
	LEDGER_SESSION_LEN = 16, /**< bytes of a session's or a push's id */
	LEDGER_DATA_MAX = 16384, /**< bytes of one row's JSON */
	LEDGER_ENDPOINT_MAX = 16384, /**< bytes */
};

enum ledger_mode {
	LEDGER_READ, /**< must exist */
	LEDGER_WRITE, /**< made (0600) with its schema when absent */
};

/** One connection to the file: for one thread, and opened after a fork. */
struct ledger;

/**
 * `why` (may be NULL) receives one line for people.
 * Errors: RC_NOT_FOUND, RC_DB (cannot be opened or written), RC_FULL (no space
 * to make it in), RC_CONFIG (not a ledger, of a newer version, or to be written
 * and its schema was altered), RC_MEMORY. A file of an older version is brought
 * to this one when it is opened to be written, whole or not at all.
 */
MUST_CHECK enum rc ledger_open(const char *path, enum ledger_mode mode,
    struct ledger **out, char *why, size_t why_len);
void ledger_close(struct ledger *l);

/**
 * Is the file at the path that was opened another one by now, or none? What is
 * written then is in a ledger that nobody reads, so ledger_begin says RC_DB.
 */
bool ledger_replaced(struct ledger *l);

/**
 * On this connection a very great number of rows will be written, in any order:
 * up to 64 MiB more memory and as much of WAL, and several times the speed.
 * What is promised of each commit stays.
 */
void ledger_expect_many(struct ledger *l);

/**
 * Copy all of it, as of one moment, to a new file of mode 0600: a ledger that
 * may be written while this one goes on. For a connection that is open to be
 * read, and one thread in the process. Errors: RC_DB (also: there is a file of that name), RC_FULL.
 */
MUST_CHECK enum rc ledger_copy(struct ledger *from, const char *to);

/** One event to append. All borrowed. */
struct ledger_event {
	const char *kind; /**< static, [a-z_]+ */
	struct span session; /**< empty or LEDGER_SESSION_LEN bytes */
	struct span endpoint; /**< may be empty; bytes of a peer */
	const struct field *fields;
	size_t field_count;
};

/**
 * Group commit: begin once, append any number, commit once. ledger_begin takes
 * the write lock of the file (waits at most 5 s for another process).
 * ledger_commit returns after the rows are durable, never before; on any error
 * nothing of the group was written and the ledger is ready for a new begin.
 * Errors: RC_DB (also: ledger_replaced), RC_FULL (no space: what cannot be recorded does not happen),
 * RC_BUG (out of turn, or an event that the caller got wrong).
 */
MUST_CHECK enum rc ledger_begin(struct ledger *l);
/**
 * `seq` may be NULL. Errors: as above, and RC_TOO_LARGE (this row only; the
 * group goes on). After RC_DB or RC_FULL the group is lost: ledger_commit will
 * say so once more, ledger_rollback or ledger_begin clear it.
 */
MUST_CHECK enum rc ledger_append(
    struct ledger *l, const struct ledger_event *e, uint64_t *seq);
MUST_CHECK enum rc ledger_commit(struct ledger *l);
void ledger_rollback(struct ledger *l);

/** A row as it stands; borrowed until the callback returns. */
struct ledger_row {
	uint64_t seq;
	int64_t time_ms; /**< UTC, since 1970 */
	struct span kind;
	struct span session;
	struct span endpoint;
	struct span data; /**< JSON object text */
	uint8_t hash[DIGEST_LEN];
};

/**
 * Returns RC_OK to go on, anything else to stop; that is then returned. It may
 * read, and append to a group that was begun before (ledger_read may then come
 * to the new rows as well).
 */
typedef enum rc (*ledger_row_fn)(void *ctx, const struct ledger_row *row);

/** What to read; zero members do not restrict. */
struct ledger_query {
	uint64_t after_seq; /**< rows with a greater number */
	uint64_t limit;
	struct span kind;
	struct span session;
	struct span endpoint;
	/** Of the data, as it stands there ("0a1b..."); by an index for rows
	 *  of the kind credential_revoked. */
	struct span fingerprint;
	struct span serial; /**< likewise */
	bool newest_first;
};

MUST_CHECK enum rc ledger_read(struct ledger *l, const struct ledger_query *q,
    ledger_row_fn each, void *ctx);

/**
 * A text field of a row's data, unescaped into `out`; false when absent or not
 * text. Not printable any more, and a byte that was not UTF-8 has become the
 * character of its number.
 */
bool ledger_field(
    const struct ledger_row *row, const char *name, struct writer *out);
/** A number, or 0 and 1 for a truth value; false when absent or neither. */
bool ledger_field_int(
    const struct ledger_row *row, const char *name, int64_t *out);

/** A field of a row's data as it stands there: text without its quotes and
 *  still escaped (text_unescape), or a number, true, false. Borrowed. */
struct ledger_member {
	struct span name, raw;
	bool is_text;
};

/**
 * The next field of `rest`, which is `data` at first; for who wants many of
 * them. False at the end, and where it is no such JSON.
 */
bool ledger_member_next(
    struct span *rest, bool first, struct ledger_member *out);

/**
 * Sessions that began and have no ending: kept in a table of its own by
 * triggers on the kinds bootstrap_begin and bootstrap_end. `each` gets the row
 * that began it.
 */
MUST_CHECK enum rc ledger_open_sessions(
    struct ledger *l, ledger_row_fn each, void *ctx);

/**
 * From now on all that is read is as of one moment, until ledger_snapshot_end:
 * a report whose numbers fit each other. Whoever writes is not kept from it,
 * but the WAL does not begin anew before the end: it grows by what is written
 * meanwhile. For a connection that is open to be read. Errors: RC_DB, RC_BUG.
 */
MUST_CHECK enum rc ledger_snapshot(struct ledger *l);
/** Harmless without a snapshot. */
void ledger_snapshot_end(struct ledger *l);

/** What is known of devices as a whole. */
struct ledger_fleet {
	uint64_t came; /**< were granted a bootstrap */
	uint64_t first_boot; /**< were minted, and have not come yet */
};

MUST_CHECK enum rc ledger_fleet(struct ledger *l, struct ledger_fleet *out);

/**
 * Every device that was granted a bootstrap, once: `each` gets the row of its
 * last bootstrap_begin. In the order of those rows, so that a file of any size
 * is read from its beginning to its end; in a file before version 4 by
 * endpoint. Nothing is sorted: memory does not grow with the number of devices.
 * Rows that somebody took from under the table of devices are not there.
 * Errors: RC_DB, and what `each` returns to stop.
 */
MUST_CHECK enum rc ledger_devices(
    struct ledger *l, ledger_row_fn each, void *ctx);

enum {
	LEDGER_COLLECTION_MAX = 64, /**< bytes, from 1 */
	LEDGER_NAME_MAX = 252, /**< bytes, from 1 */
	LEDGER_SEALED_MAX = 4200, /**< bytes, from 1 */
};

/**
 * A secret at rest: sealed under a key of the token by whoever puts it here,
 * and bound there to everything else of its row. The ledger cannot open it. The
 * store lies beside the chain: a row of it is never changed and never taken
 * away, and rows of the chain say what was put in.
 */
struct ledger_secret {
	struct span collection; /**< text, "module-vendor-q3" */
	struct span name; /**< in the collection: a PSK identity */
	uint32_t epoch; /**< from 1 */
	struct span endpoint; /**< whose it is, 1..LEDGER_NAME_MAX bytes */
	struct span master; /**< label of the sealing key, text */
	struct span sealed;
};

/**
 * Put one in, within a group. `is_new` (may be NULL): it was not there.
 * Errors: RC_CONFLICT (that name and epoch are there with another endpoint,
 * master or secret: nothing has changed, the group goes on), RC_MALFORMED
 * (lengths; collection or master is no text, or has control characters: the
 * group goes on), and those of ledger_append.
 */
MUST_CHECK enum rc ledger_secret_put(
    struct ledger *l, const struct ledger_secret *s, bool *is_new);

/** Borrowed until it returns; as ledger_row_fn. */
typedef enum rc (*ledger_secret_fn)(void *ctx, const struct ledger_secret *s);

/** What to look for; empty and zero members do not restrict. */
struct ledger_secret_query {
	struct span collection, name, endpoint;
	uint32_t epoch;
	uint64_t limit;
};

/** By index where collection and name, or collection and endpoint are given;
 *  the newest epoch of a name first. Errors: RC_DB, and what `each` returns to
 *  stop. */
MUST_CHECK enum rc ledger_secret_read(struct ledger *l,
    const struct ledger_secret_query *q, ledger_secret_fn each, void *ctx);

/** A collection, as a whole. */
struct ledger_collection {
	struct span collection, master;
	uint64_t count;
};

/** Each pair of collection and sealing key once. */
typedef enum rc (*ledger_collection_fn)(
    void *ctx, const struct ledger_collection *c);
MUST_CHECK enum rc ledger_collections(
    struct ledger *l, ledger_collection_fn each, void *ctx);

/** What was given to a device before, kept in a table by triggers. */
struct ledger_history {
	uint64_t oks; /**< bootstraps that ended ok */
	uint32_t turn; /**< `turn` of the row that began the last of these */
	bool released; /**< a `device_released` or `push_planned` since then */
	struct span servers; /**< `servers` of the last row that had it */
};

/**
 * That of an endpoint. `servers` is copied into `room`, and empty where it does
 * not fit. Errors: RC_NOT_FOUND (nothing is known of it, or the file is of an
 * older version), RC_DB.
 */
MUST_CHECK enum rc ledger_history(struct ledger *l, struct span endpoint,
    struct ledger_history *out, char *room, size_t room_len);

/** Is there a device whose `turn` is not 0? RC_OK or RC_NOT_FOUND. Errors:
 *  RC_DB. */
MUST_CHECK enum rc ledger_history_turned(struct ledger *l);

/** How many devices were last given a server of that name. Errors: RC_DB. */
MUST_CHECK enum rc ledger_placement(
    struct ledger *l, const char *server, uint64_t *devices);

/** A work order, as rows of the kinds order_opened, image_minted and
 *  unit_scrapped tell of it, kept in tables by triggers. */
struct ledger_order {
	bool opened; /**< `revision` and `sha256` are set */
	int64_t revision; /**< the highest */
	char sha256[2 * DIGEST_LEN + 1]; /**< hex, of that one's file */
	uint64_t units; /**< endpoints that were minted under it */
	uint64_t scrapped; /**< of these, scrapped since */
	uint64_t station_units, station_scrapped; /**< of one station */
};

/**
 * What is known of the order of that name, and of `station` in it (empty: of
 * images that name none). Nothing known is all zeros, and RC_OK. In an open group it is
 * what the group has made of it. Errors: RC_DB.
 */
MUST_CHECK enum rc ledger_order(struct ledger *l, struct span name,
    struct span station, struct ledger_order *out);

/** Is the endpoint a unit of that order? RC_NOT_FOUND: no. Errors: RC_DB. */
MUST_CHECK enum rc ledger_order_unit(
    struct ledger *l, struct span name, struct span endpoint, bool *scrapped);

/** Rows image_minted whose field `unit`, the serial number of a device, is
 *  that; by an index, oldest first. Errors: RC_DB, and what `each` returns. */
MUST_CHECK enum rc ledger_minted_unit(
    struct ledger *l, struct span unit, ledger_row_fn each, void *ctx);

/**
 * Rows that tell of a device by its name, those of one endpoint behind each
 * other, oldest first: image_minted, unit_flashed, unit_scrapped,
 * bootstrap_begin, bootstrap_end, credential_revoked, certificate_signed. In the order of an index,
 * so that memory does not grow with the file. Errors: RC_DB, and what `each`
 * returns to stop.
 */
MUST_CHECK enum rc ledger_by_endpoint(
    struct ledger *l, ledger_row_fn each, void *ctx);

enum { LEDGER_BLOB_MAX = 256 << 20 /**< bytes */ };

/**
 * Bytes under their SHA-256, for what rows name by it: the files of policy sets.
 * They lie beside the chain, where none is ever changed or taken away. Put
 * within a group; what is there already is not written again. Errors:
 * RC_TOO_LARGE (the group goes on), and those of ledger_append.
 */
MUST_CHECK enum rc ledger_blob_put(
    struct ledger *l, struct span bytes, uint8_t sha256[static DIGEST_LEN]);

/**
 * The bytes of that SHA-256, copied into `a`; their hash is verified.
 * Errors: RC_NOT_FOUND (also in a file of an older version), RC_MALFORMED (they
 * are not those that were put), RC_DB, RC_MEMORY.
 */
MUST_CHECK enum rc ledger_blob_get(struct ledger *l,
    const uint8_t sha256[static DIGEST_LEN], struct arena *a, struct span *out);

/** Is there such a blob? RC_OK or RC_NOT_FOUND. Errors: RC_DB. */
MUST_CHECK enum rc ledger_blob_has(
    struct ledger *l, const uint8_t sha256[static DIGEST_LEN]);

enum { LEDGER_COLUMNS_MAX = 32 };

/** A row of a view: names as in schema/ledger.sql, values as text, empty where
 *  there is none. Borrowed until the callback returns. */
struct ledger_cells {
	size_t count;
	const char *names[LEDGER_COLUMNS_MAX];
	struct span values[LEDGER_COLUMNS_MAX];
	bool numbers[LEDGER_COLUMNS_MAX]; /**< the value is a whole number */
};

typedef enum rc (*ledger_cells_fn)(void *ctx, const struct ledger_cells *row);

/**
 * All rows of one of the views of schema/ledger.sql: "devices", "bootstraps",
 * "credentials", "refusals", "pushes", "policy_sets", "rollouts", "orders",
 * "secrets", "checkpoints", "stations", "keys", "events".
 * Errors: RC_NOT_FOUND (no such view, or not yet in a file of an older version
 * that is open to be read), RC_DB, and what `each` returns to stop.
 */
MUST_CHECK enum rc ledger_view(
    struct ledger *l, const char *view, ledger_cells_fn each, void *ctx);

/** The number and hash of the last row; seq 0 and zeros when empty. */
MUST_CHECK enum rc ledger_head(
    struct ledger *l, uint64_t *seq, uint8_t hash[static DIGEST_LEN]);

/** What ledger_verify found. */
struct ledger_verdict {
	uint64_t rows; /**< that hold, up to the first that does not */
	uint64_t bad_seq; /**< first row that does not fit; 0: none */
	/** The chain holds, but the schema, an index or a table beside it is
	 *  not as the rows make it: the views cannot be believed. */
	bool altered;
	char text[160]; /**< in words; printable */
	uint8_t head[DIGEST_LEN]; /**< hash of the last row that holds */
};

/**
 * Walk the whole chain. `progress` (may be NULL) is called now and then.
 * RC_OK: `out` says whether the chain holds. Rows missing from the end leave a
 * chain that holds: only a head noted elsewhere (a checkpoint, a receipt)
 * shows that. Rows of stations (ledger/merge.h) are walked as the chains that
 * they were, too. Errors: RC_DB (unreadable; `out` says how far it went),
 * RC_MEMORY.
 */
typedef void (*ledger_progress_fn)(void *ctx, uint64_t done, uint64_t total);
MUST_CHECK enum rc ledger_verify(struct ledger *l, struct ledger_verdict *out,
    ledger_progress_fn progress, void *ctx);

/** "2026-11-22T08:00:00.000Z" and NUL: 25 bytes. */
void ledger_time(int64_t time_ms, char out[static 25]);

#endif
