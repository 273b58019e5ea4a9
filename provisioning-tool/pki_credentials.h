/**
 * pki_credentials.h - what the ledger says was given to devices, or shown by
 * them, and what of it was taken back: rows credential_issued, image_minted,
 * certificate_signed and bootstrap_begin (a vendor's certificate, a raw public
 * key), against rows credential_revoked.
 */
#ifndef TOOL_PKI_CREDENTIALS_H
#define TOOL_PKI_CREDENTIALS_H

#include "hsm/cert.h"
#include "ledger/ledger.h"
#include "policy/nearest.h"

enum {
	CREDENTIAL_HEX_MAX = 2 * DIGEST_LEN,
	CREDENTIAL_SERIAL_MAX = 2 * CERT_SERIAL_MAX,
	CREDENTIALS_MAX = 16384, /**< that are taken back at once */
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

/** What is looked for, by exactly one of three, and what was found. */
struct credentials {
	const char *endpoint; /**< NULL, or all of this device */
	char serial[CREDENTIAL_SERIAL_MAX + 1]; /**< "", or of this number */
	char fingerprint[CREDENTIAL_HEX_MAX + 1]; /**< "", or this one */
	struct credential *list; /**< owned, each once */
	size_t count;
	/** With `endpoint`, when nothing was found: who is most like it. */
	char nearest[NEAREST_WORD_MAX + 1];
	unsigned edits;
};

/**
 * Fill `c->list`, and mark what was revoked before.
 * Errors: RC_DB, RC_MEMORY, RC_TOO_LARGE (more than CREDENTIALS_MAX).
 */
MUST_CHECK enum rc credentials_find(struct credentials *c, struct ledger *l);

/** Add one that no row of the ledger has; its endpoint is `cs->endpoint`. Before
 *  credentials_find, which adds none twice, or after. Errors: RC_MEMORY,
 *  RC_TOO_LARGE. */
MUST_CHECK enum rc credentials_add(
    struct credentials *cs, const struct credential *one);

/** Mark in the list what was revoked before. Errors: RC_DB. */
MUST_CHECK enum rc credentials_mark(struct credentials *c, struct ledger *l);

/** Harmless twice. */
void credentials_fini(struct credentials *c);

#endif
