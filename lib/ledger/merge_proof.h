/**
 * merge_proof.h - the chains of stations inside the central one, while its rows
 * are walked. For verify.c.
 */
#ifndef LEDGER_MERGE_PROOF_H
#define LEDGER_MERGE_PROOF_H

#include "ledger/merge.h"

struct merge_chain {
	char station[LEDGER_STATION_MAX];
	size_t station_len;
	uint64_t seq;
	uint8_t head[DIGEST_LEN];
};

/** Zero at first. */
struct merge_proof {
	struct merge_chain *chains; /**< in the order of their names */
	size_t count, cap;
	struct ledger_merged merged; /**< the row that is looked at */
};

/**
 * The next row of the central chain. RC_CONFLICT: `what` says in words what does
 * not hold. Errors: RC_MEMORY.
 */
MUST_CHECK enum rc merge_proof_row(
    struct merge_proof *p, const struct ledger_row *row, struct writer *what);
void merge_proof_fini(struct merge_proof *p);

#endif
