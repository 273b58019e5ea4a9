/**
 * kept.h - policy sets in the ledger: every file of a set that was put into
 * force lies there under its SHA-256, and so does the manifest, whose SHA-256 is
 * the set's digest. So what a row of two years ago was decided by can be read,
 * and loaded again, when the folder has long changed.
 */
#ifndef ISSUE_KEPT_H
#define ISSUE_KEPT_H

#include "ledger/ledger.h"
#include "policy/set.h"

/**
 * Put the set into the ledger, within a group, beside the row
 * `policies_loaded` that has its digest. `kept` (may be NULL): false for a set
 * of more than POLICY_KEPT_MAX bytes, which is not kept. Errors: as
 * ledger_append; RC_MEMORY.
 */
MUST_CHECK enum rc issue_set_keep(
    struct ledger *l, const struct policy_set *s, bool *kept);

/** Is it small enough to be kept? */
bool issue_set_fits(const struct policy_set *s);

/**
 * Load the set of that digest from the ledger alone, as it was: its places and
 * findings show the source that the last row `policies_loaded` of it names, or
 * of a candidate that never was in force the last row `rollout_started`.
 * Files that no set keeps (secrets of triggers) are looked for where they were.
 * Errors: RC_NOT_FOUND (it was not kept), RC_MALFORMED (what lies there is not
 * what was kept; a finding says which file), RC_CONFIG (this version does not
 * read it as the one that kept it did; findings), RC_DB, RC_MEMORY.
 */
MUST_CHECK enum rc issue_set_kept(struct ledger *l,
    const uint8_t digest[static DIGEST_LEN], struct diag *d,
    struct policy_set **out);

#endif
