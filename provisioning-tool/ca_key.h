/**
 * ca_key.h - the key of a CA in the token, found by its certificate: the public
 * key is the surest name. Failures have been said on stderr; exit codes.
 */
#ifndef TOOL_CA_KEY_H
#define TOOL_CA_KEY_H

#include "hsm/ec.h"
#include "token.h"

/**
 * Which key of the open token is the one of the certificate `file`?
 * `named` (may be NULL) must be it: label, and id unless it is left out.
 * EX_OK, EX_UNAVAILABLE (not there), EX_CANTCREAT (twice), EX_DATAERR (the key
 * that is named is another), and those of token_fault.
 */
MUST_CHECK int ca_key_find(const struct token *t, const char *file,
    struct span spki, const struct hsm_ec_ref *named, struct hsm_ec_ref *out);

#endif
