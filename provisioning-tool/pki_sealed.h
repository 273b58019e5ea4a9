/**
 * pki_sealed.h - keys of one device that lie sealed in the ledger's store. What
 * they are called in public only the token can say, by opening them.
 */
#ifndef TOOL_PKI_SEALED_H
#define TOOL_PKI_SEALED_H

#include "pki_credentials.h"
#include "settings.h"

/**
 * Add those of `cs->endpoint` to the list, with their fingerprints. The token
 * of the settings is asked for and opened only where there are any; not within
 * a group of the ledger, because that may take a while.
 * An exit code: EX_OK, EX_USAGE (no token is named), those of token_open and
 * token_fault, EX_DATAERR (one does not open), EX_IOERR.
 */
MUST_CHECK int sealed_find(
    struct credentials *cs, struct ledger *l, struct settings *s);

#endif
