/**
 * merge_survey.h - may a ledger be merged, as what station's, and from which
 * row on? Asked before anything is written; what is wrong has been said on
 * stderr when a call returns.
 */
#ifndef TOOL_MERGE_SURVEY_H
#define TOOL_MERGE_SURVEY_H

#include "ledger/merge.h"

/** A station's ledger on its way into the central one. */
struct merge {
	const char *station_path, *central_path; /**< borrowed */
	struct ledger *station; /**< owned; as of one moment */
	struct ledger *central; /**< owned */
	char name[LEDGER_STATION_MAX + 1];
	char ledger[2 * DIGEST_LEN + 1]; /**< hash of its first row, hex */
	uint64_t rows; /**< that it has */
	struct ledger_origin from; /**< where the merge has come to */
	int64_t last_ms; /**< time there of its last row that was merged */
};

/**
 * Walk the station's chain, and see what it is: its first row, and the name of
 * its station; `given` (NULL: none) is what the user calls it. Returns an exit
 * code: EX_OK, EX_DATAERR (the chain does not hold; not a station's ledger, or
 * another station's), EX_USAGE (no row says whose it is), EX_IOERR.
 */
MUST_CHECK int merge_survey(struct merge *m, const char *given);

/**
 * Fill `m->from` out of the central ledger: in a group, so that nobody else adds
 * to it meanwhile. EX_OK, EX_DATAERR (it knows that station by another ledger,
 * that ledger by another name, or another row where the merge had come to; or is
 * it itself), EX_IOERR.
 */
MUST_CHECK int merge_resume(struct merge *m);

#endif
