/**
 * revoked.h - what the ledger has taken back: rows of the kind
 * credential_revoked. Looked up anew each time, so that a revocation counts
 * from the moment it is durable. Within this module.
 */
#ifndef ISSUE_REVOKED_H
#define ISSUE_REVOKED_H

#include "issue/issue.h"

/** By fingerprint. Errors: RC_DB. */
MUST_CHECK enum rc revoked_fingerprint(
    struct ledger *store, struct span fingerprint, bool *out);

/** Of a pre-shared key. One of less than 16 bytes has no fingerprint.
 *  Errors: RC_DB, RC_MEMORY. */
MUST_CHECK enum rc revoked_key(
    struct ledger *store, const struct secret *key, bool *out);

/** Has that endpoint ever had a credential taken back? Errors: RC_DB. */
MUST_CHECK enum rc revoked_any(
    struct ledger *store, struct span endpoint, bool *out);

/**
 * A certificate by its serial number, as its issuer's: `issuer_key` is SHA-256
 * of the key of the CA that has signed it. A row that names no issuer takes
 * back that number of any. Errors: RC_DB.
 */
MUST_CHECK enum rc revoked_serial(struct ledger *store, struct span serial,
    const uint8_t issuer_key[static DIGEST_LEN], bool *out);

#endif
