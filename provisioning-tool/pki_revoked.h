/**
 * pki_revoked.h - what the ledger says was revoked of one CA, and what number
 * its next list has.
 */
#ifndef TOOL_PKI_REVOKED_H
#define TOOL_PKI_REVOKED_H

#include "hsm/crl.h"
#include "ledger/ledger.h"
#include "tool.h"

/** One certificate that was revoked. */
struct revoked {
	struct crl_entry entry; /**< without `serial` */
	uint8_t serial[CERT_SERIAL_MAX];
	size_t serial_len;
};

/** All of them, once each with its first date. A zero struct is empty. */
struct revoked_list {
	char issuer_key[HEX_TEXT_MAX]; /**< SHA-256 of the CA's key, in hex */
	struct revoked *list; /**< owned; by serial number */
	size_t count, cap;
	uint64_t number; /**< of the CA's next list */
};

/**
 * Fill `l` for its `issuer_key`, with those whose CA is not known too. Within a
 * group of the ledger the number is nobody else's.
 * Errors: RC_DB, RC_MEMORY, RC_MALFORMED (a row's serial number is none).
 */
MUST_CHECK enum rc revoked_read(struct revoked_list *l, struct ledger *ledger);
/** Harmless twice. */
void revoked_fini(struct revoked_list *l);

#endif
