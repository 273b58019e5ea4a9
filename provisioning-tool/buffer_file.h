/**
 * buffer_file.h - a station's buffer as bytes: accounts that were minted while
 * the HSM was there, sealed for a station that works without it.
 *
 *   file  = "bsbuffer" 0001 | length (u32) head | data key | entry * count | end
 *   head  = text station | id (16) | text identity | text image | text uri |
 *           policy set (32) | ledger (32) | instance (u16) | hold-off (i64) |
 *           created (i64) | expires (i64) | count (u32) | text master
 *   text  = length (u16) | bytes | 00
 *   entry = length (u32) facts | length (u32) sealed
 *   facts = text endpoint | kind (u8) |
 *           1: epoch (u32) | text master | fingerprint (8)
 *           2: sha256 (32) | serial (16) | issuer key (32) | not after (i64) |
 *              text ca | text profile
 *
 * All numbers big-endian, times in seconds since 1970; a text has no NUL of its
 * own, and its length does not count the one behind it.
 *
 * The data key is random, of this file alone, and sealed under the key `master`
 * of the station's own token (hsm/seal.h): table "buffer", column "data key",
 * record SHA-256 of all before it. So a head of which one bit was changed opens
 * nothing. What it seals (seal_data_close):
 *
 *   entry n (from 1)  number n, the plan of issue_account; additional data:
 *                     "bootstrapd-buffer-1" 00 | SHA-256 of the head | facts
 *   end               number 0, SHA-256 of all bytes before it; additional data:
 *                     "bootstrapd-buffer-1 end" 00
 *
 * These are codecs: they do not allocate and know no token.
 */
#ifndef TOOL_BUFFER_FILE_H
#define TOOL_BUFFER_FILE_H

#include "hsm/seal.h"
#include "issue/issue.h"
#include "ledger/merge.h"

enum {
	BUFFER_ID_LEN = 16, /**< bytes */
	BUFFER_COUNT_MAX = 10000, /**< entries */
	BUFFER_HEAD_MAX = 2048, /**< bytes with what stands before it */
	BUFFER_KEY_LEN =
	    SEAL_DATA_KEY_LEN + SEAL_OVERHEAD, /**< bytes, sealed */
	BUFFER_FACTS_MAX = 1024, /**< bytes */
	BUFFER_ENTRY_MAX =
	    8 + BUFFER_FACTS_MAX + SECRET_MAX + SEAL_DATA_OVERHEAD,
	BUFFER_END_LEN = DIGEST_LEN + SEAL_DATA_OVERHEAD,
	BUFFER_FILE_MAX = 64 << 20, /**< bytes */
};

/** Texts are borrowed, with their NUL; none is NULL. */
struct buffer_head {
	const char *station; /**< 1..LEDGER_STATION_MAX bytes */
	uint8_t id[BUFFER_ID_LEN];
	const char *identity; /**< the document that minted */
	const char *image; /**< the `image:` document; "": none */
	const char *uri; /**< of the bootstrap server */
	uint8_t policy_set[DIGEST_LEN]; /**< where the documents stood */
	/** Hash of the first row of the station's ledger; zeros: of any. */
	uint8_t ledger[DIGEST_LEN];
	uint16_t instance;
	int64_t hold_off_s;
	int64_t created_s, expires_s;
	uint32_t count; /**< entries */
	const char *master; /**< label of the key in the station's token */
};

/** Begin the file. Errors: RC_TOO_LARGE (a text, or `w`), RC_MALFORMED (a
 *  station's name that is none, no entries or too many). */
MUST_CHECK enum rc buffer_put_head(
    struct writer *w, const struct buffer_head *h);

/** An account, public but for `sealed`. */
struct buffer_entry {
	uint32_t number; /**< from 1 */
	struct span endpoint;
	struct issue_credential credential; /**< texts borrowed */
	struct span facts, sealed; /**< as they stand in the file */
};

/**
 * Append an entry: `e` has its number, endpoint and credential, `plan` is what
 * is sealed. `head` is SHA-256 of the bytes that buffer_put_head wrote.
 * Errors: RC_TOO_LARGE, RC_UNSUPPORTED (no such credential), RC_MEMORY.
 */
MUST_CHECK enum rc buffer_put_entry(struct writer *w, const struct secret *key,
    const uint8_t head[static DIGEST_LEN], const struct buffer_entry *e,
    const struct secret *plan);

/** Append the end; `all` is SHA-256 of what stands before it. Errors:
 *  RC_TOO_LARGE, RC_MEMORY. */
MUST_CHECK enum rc buffer_put_end(struct writer *w, const struct secret *key,
    const uint8_t all[static DIGEST_LEN]);

/** A file that is read. Borrows its bytes. */
struct buffer_file {
	struct span bytes;
	struct buffer_head head;
	uint8_t head_digest[DIGEST_LEN];
	struct span sealed_key;
	struct span entries, end;
};

/**
 * Take the file apart, as far as that goes without a key: it has `count` entries
 * and an end, and nothing behind it. Errors: RC_MALFORMED, RC_UNSUPPORTED (of
 * another version).
 */
MUST_CHECK enum rc buffer_read(struct span bytes, struct buffer_file *out);

/**
 * The next entry of `rest`, which is `f->entries` at first; `e->number` counts
 * from 0 there. False at the end, never amid a file that buffer_read has taken.
 */
bool buffer_next(struct span *rest, struct buffer_entry *e);

/** Are the bytes those that were written with that key? Errors: RC_DENIED,
 *  RC_MEMORY. */
MUST_CHECK enum rc buffer_check(
    const struct buffer_file *f, const struct secret *key);

/** The plan of an entry. `out` as in seal_data_open. Errors: as there. */
MUST_CHECK enum rc buffer_open_entry(const struct buffer_file *f,
    const struct secret *key, const struct buffer_entry *e, struct secret *out);

/** The place of the data key; borrows from `f`, or from what it is called
 *  with. */
struct seal_place buffer_key_place(
    const char *master, const uint8_t head[static DIGEST_LEN]);

#endif
