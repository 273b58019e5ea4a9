/**
 * rotated.h - what a device does not need any more once it has new keys: the
 * credentials of the same accounts, from bootstraps before (`reprovision:
 * rotate`). Taken back when the bootstrap with the new ones has ended ok, and
 * not before: until then the device may have to live with the old ones.
 */
#ifndef ISSUE_ROTATED_H
#define ISSUE_ROTATED_H

#include "ledger/ledger.h"

/**
 * Append a row `credential_revoked` for each, to the open group in which the
 * row `bootstrap_end` (ok) of that session stands already. Nothing of sessions
 * that rotated none, nor what is revoked already or was given again. Errors: as
 * ledger_append and ledger_read.
 */
MUST_CHECK enum rc issue_rotated(
    struct ledger *l, struct span session, struct span endpoint);

#endif
