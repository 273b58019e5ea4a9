/**
 * vault.h - secrets of the ledger's store, in clear and sealed: each bound to
 * the row it lies in, so that one copied to another name, device, epoch or
 * collection does not open.
 *
 * The place (hsm/seal.h) is: table "secret", column "sealed", version 1, and as
 * its record
 *
 *   len (u16) collection | len (u16) name | 0004 epoch (u32) |
 *   len (u16) endpoint
 */
#ifndef ISSUE_VAULT_H
#define ISSUE_VAULT_H

#include "hsm/seal.h"
#include "ledger/ledger.h"

/** A secret of the store, in clear. All is borrowed. */
struct issue_vault_item {
	struct span collection, name, endpoint; /**< as struct ledger_secret */
	uint32_t epoch;
	const char *master; /**< label of the sealing key */
};

/**
 * Seal a secret for its place in the store, bound to all of `item`: appends to
 * `out`, for ledger_secret.sealed. Errors: as seal_close.
 */
MUST_CHECK enum rc issue_vault_seal(struct hsm_session *s,
    const struct issue_vault_item *item, const struct secret *secret,
    struct writer *out);

/** Open one; `out` is empty or initialised. Errors: as seal_open. */
MUST_CHECK enum rc issue_vault_open(struct hsm_session *s,
    const struct ledger_secret *stored, struct secret *out);

/** The name of the collection of random keys of a server's accounts there;
 *  no import can have it: "random/101", and "random/101/oscore" of Master
 *  Secrets. */
void issue_vault_random(uint16_t short_server_id, bool oscore,
    char out[static LEDGER_COLLECTION_MAX + 1]);

#endif
