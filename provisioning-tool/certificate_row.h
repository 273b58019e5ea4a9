/**
 * certificate_row.h - the row certificate_signed of the ledger.
 */
#ifndef TOOL_CERTIFICATE_ROW_H
#define TOOL_CERTIFICATE_ROW_H

#include "base/digest.h"
#include "base/event.h"
#include "hsm/cert.h"

enum { CERTIFICATE_ROW_MAX = 16 /**< fields, with those of a ceremony */ };

/** Its fields, and the memory that they point into: not to be moved. */
struct certificate_row {
	struct field fields[CERTIFICATE_ROW_MAX];
	size_t count;
	uint8_t fingerprint[DIGEST_LEN], key[DIGEST_LEN],
	    issuer_key[DIGEST_LEN];
	char subject[1024], until[32];
};

/**
 * Fill `r` for a certificate that the key `issuer_spki` has signed in the token
 * `token` and that becomes `file`. Text is borrowed as long as the row is used.
 */
void certificate_row(struct certificate_row *r, const char *role,
    const struct cert *c, struct span issuer_spki, const char *token,
    const char *file);

#endif
