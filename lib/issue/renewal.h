/**
 * renewal.h - the life of a Bootstrap-Server Account's credential that is
 * renewed (`bootstrap_account: rotate`). Both are good until the device comes
 * with the new one: the Finish of the bootstrap that wrote it may have been
 * lost, and the device may have kept what it had. Then the one it came by
 * before is taken back, as any other credential is: a row credential_revoked,
 * in one commit with the bootstrap that shows that it is not needed any more.
 * What the device was given again since, or is given now, is not.
 * Within this module.
 */
#ifndef ISSUE_RENEWAL_H
#define ISSUE_RENEWAL_H

#include "issue/issue.h"

/**
 * A decision that was granted: where it gives a new account, say what that
 * takes the place of; where the device came with one that it was given, say
 * what is taken back. Errors: RC_DB, RC_MEMORY, and those of hsm_derive.
 */
MUST_CHECK enum rc renewal_note(const struct issuer *i,
    const struct issue_request *rq, struct issue_decision *d);

#endif
