/**
 * merge_row.h - what a row of a station means for the central ledger: whether it
 * speaks there as one of its own, and what is odd about it.
 */
#ifndef TOOL_MERGE_ROW_H
#define TOOL_MERGE_ROW_H

#include "merge_owner.h"

/**
 * Does it keep its kind, so that tables and views take it for what it says?
 * What a station mints, takes back and reports does. What it says of its own
 * programs, token and policies does not. (Nor does a revocation of what is not
 * its own: merge_row_look.)
 */
bool merge_row_speaks(struct span kind);

/** What was found; counted over a merge. */
struct merge_findings {
	uint64_t minted, revoked;
	uint64_t foreign; /**< revocations that hold nothing here */
	uint64_t twice; /**< minted though another has done so */
	uint64_t unreserved; /**< out of a buffer that was not filled here */
	unsigned said; /**< lines on stderr */
};

/**
 * Look at a row before it is appended to the open group of `central`. What is
 * odd is said on stderr (the first hundred), and is no error. `*keep_kind`: for
 * ledger_append_merged. Errors: RC_DB, RC_MEMORY.
 */
MUST_CHECK enum rc merge_row_look(struct ledger *central,
    struct merge_owner *owner, struct span station,
    const struct ledger_row *row, struct merge_findings *f, bool *keep_kind);

#endif
