/**
 * merge_owner.h - whose a credential is that a station takes back. What a station
 * has not minted it cannot take back here: its ledger is a file that somebody may
 * have written, and a revocation turns a device away for good.
 */
#ifndef TOOL_MERGE_OWNER_H
#define TOOL_MERGE_OWNER_H

#include "ledger/merge.h"
#include "name_set.h"

/** Zero at first. */
struct merge_owner {
	bool known;
	struct name_set others; /**< credentials that are not the station's */
};

/**
 * Is what a row credential_revoked takes back the station's own, minted by it or
 * for it under that endpoint, and nobody else's? In the open group of `central`.
 * Errors: RC_DB, RC_MEMORY.
 */
MUST_CHECK enum rc merge_owner_is(struct merge_owner *o, struct ledger *central,
    struct span station, const struct ledger_row *row, bool *own);
/**
 * Was the first image of that endpoint here made by the station?
 * What becomes of a unit counts with the quota of who has minted it. Errors:
 * RC_DB.
 */
MUST_CHECK enum rc merge_owner_minted(struct ledger *central,
    struct span station, struct span endpoint, bool *own);
void merge_owner_fini(struct merge_owner *o);

#endif
