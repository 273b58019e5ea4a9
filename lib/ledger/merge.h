/**
 * merge.h - rows of a station's ledger in the central one, with their chain.
 *
 * A merged row keeps its session, its endpoint and its fields. Behind these
 * stand, as the last:
 *
 *   station_seq (its number there), station_time_ms (its time there),
 *   station_hash (its hash there, hex), station (whose it is; not where the
 *   row has a field of that name already, which must then say the same)
 *
 * Its kind is kept, or has "at_station_" before it: whoever merges says which,
 * and a kind that begins so always has it once more. So everything that the hash of
 * the row was made of can be read out of the central ledger again, and
 * ledger_verify walks the chain of each station there from its first row on.
 * Number, time and hash of a merged row in the central chain are the central
 * ledger's own.
 */
#ifndef LEDGER_MERGE_H
#define LEDGER_MERGE_H

#include "ledger/ledger.h"

enum {
	LEDGER_STATION_MAX = 64, /**< bytes of a station's name, from 1 */
	/** Bytes of a merged row's JSON, and of its kind. */
	LEDGER_MERGED_MAX = LEDGER_DATA_MAX + 320,
	LEDGER_MERGED_KIND_MAX = 64,
};

/** Letters, digits, '.', '_' and '-', 1..LEDGER_STATION_MAX of them? */
bool ledger_station_valid(struct span name);

/** Where the merge of a station's rows has come to. */
struct ledger_origin {
	struct span station; /**< borrowed; ledger_station_valid */
	uint64_t seq; /**< its last row that was merged; 0: none yet */
	uint8_t head[DIGEST_LEN]; /**< the hash of that; zeros */
};

/**
 * Append the next row of a station to the open group. `row` is borrowed, as
 * ledger_read gave it; `from` moves on to it. `keep_kind`: see above. `seq` may
 * be NULL.
 * Errors: RC_DENIED (it does not follow from the row before it: the chain does
 * not hold there), RC_CONFLICT (its `station` is another one), RC_UNSUPPORTED
 * (it was merged there from elsewhere), RC_MALFORMED (no row that ledger_append
 * writes): the group goes on after these. And those of ledger_append.
 */
MUST_CHECK enum rc ledger_append_merged(struct ledger *l,
    struct ledger_origin *from, const struct ledger_row *row, bool keep_kind,
    uint64_t *seq);

/** A row of the central ledger that was merged, as it was. */
struct ledger_merged {
	struct span station; /**< borrowed from the row */
	/** Borrows from the row, and its data lies in `data`. */
	struct ledger_row row;
	uint8_t data[LEDGER_DATA_MAX];
};

/**
 * RC_NOT_FOUND: it is a row of this ledger. Errors: RC_MALFORMED (what was added
 * behind its fields is not what ledger_append_merged adds).
 */
MUST_CHECK enum rc ledger_merged_read(
    const struct ledger_row *row, struct ledger_merged *out);

#endif
