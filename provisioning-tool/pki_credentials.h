/**
 * pki_credentials.h - what the ledger says was given to devices, or shown by
 * them, and what of it was taken back: rows credential_issued, image_minted,
 * certificate_signed and bootstrap_begin (a vendor's certificate, a raw public
 * key), against rows credential_revoked.
 */
#ifndef TOOL_PKI_CREDENTIALS_H
#define TOOL_PKI_CREDENTIALS_H

#include "base/table.h"
#include "hsm/cert.h"
#include "ledger/ledger.h"
#include "policy/nearest.h"

enum {
	CREDENTIAL_HEX_MAX = 2 * DIGEST_LEN,
	CREDENTIAL_SERIAL_MAX = 2 * CERT_SERIAL_MAX,
	CREDENTIALS_GROUP = 1000, /**< that are found at a time */
	CREDENTIALS_KINDS = 4, /**< of rows that know one */
};

/** One credential; texts as the ledger has them, "" where it has none. */
struct credential {
	uint64_t seq; /**< the row that knows it; then the one that took it */
	/** Hex, without zero bytes in front; "": no certificate. */
	char serial[CREDENTIAL_SERIAL_MAX + 1];
	/** Hex: SHA-256 of a certificate or raw public key, or the shorter
	 *  keyed fingerprint of a secret. */
	char fingerprint[CREDENTIAL_HEX_MAX + 1];
	char issuer_key[CREDENTIAL_HEX_MAX + 1];
	char *endpoint; /**< owned */
	size_t endpoint_len;
	bool revoked; /**< before */
};

/**
 * What is looked for, by exactly one of three, and what was found: a group at a
 * time, so that nobody who writes to the ledger waits long, however many there
 * are. A zero struct with one of the three has found nothing yet.
 */
struct credentials {
	const char *endpoint; /**< NULL, or all of this device */
	char serial[CREDENTIAL_SERIAL_MAX + 1]; /**< "", or of this number */
	char fingerprint[CREDENTIAL_HEX_MAX + 1]; /**< "", or this one */
	struct credential *list; /**< owned: of this group */
	size_t count, cap;
	bool more; /**< there may be another group */
	uint64_t total; /**< of all groups */
	struct table seen; /**< their names: each is found once */
	uint64_t after[CREDENTIALS_KINDS]; /**< rows that were looked at */
	size_t kind, looked; /**< at which, and how many in this group */
	uint64_t head, now; /**< of the ledger: first, and in this group */
	bool begun;
	/** With `endpoint`, when nothing was found: who is most like it. */
	char nearest[NEAREST_WORD_MAX + 1];
	unsigned edits;
};

/**
 * The next group, into `c->list` behind what was added, with what was revoked
 * before the first group marked. Within a group of the ledger: when `c->more`
 * is false, there is no other now. Then, if none was found at all and
 * `c->endpoint` is set, `c->nearest` is. Errors: RC_DB, RC_MEMORY.
 */
MUST_CHECK enum rc credentials_find(struct credentials *c, struct ledger *l);

/** The list is empty again, for the next group. */
void credentials_clear(struct credentials *c);

/** Add one that no row of the ledger has; its endpoint is `cs->endpoint`. Before
 *  credentials_find, which adds none twice, or after. Errors: RC_MEMORY. */
MUST_CHECK enum rc credentials_add(
    struct credentials *cs, const struct credential *one);

/** Mark in the list what was revoked before. Errors: RC_DB. */
MUST_CHECK enum rc credentials_mark(struct credentials *c, struct ledger *l);

/** Harmless twice. */
void credentials_fini(struct credentials *c);

#endif
