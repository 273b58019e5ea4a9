/**
 * key_check.h - the check values of keys that the ledger knows: a key under a
 * label that is not the one that was there before is never worked with. What
 * is wrong has been said on stderr.
 */
#ifndef TOOL_KEY_CHECK_H
#define TOOL_KEY_CHECK_H

#include "ledger/ledger.h"
#include "token.h"

/**
 * Append the row `key_check`. `hence`: as record_row. EX_OK, EX_IOERR.
 */
MUST_CHECK int key_check_record(struct ledger *l, const struct token *t,
    const char *label, struct span kcv, const char *hence);

/**
 * Compare the key of that label with the ledger's newest row of it; where there
 * is none, append it. Returns an exit code: EX_OK, EX_CONFIG (another key), and
 * those of token_fault and key_check_record.
 */
MUST_CHECK int key_check(
    struct ledger *l, const struct token *t, const char *label);

#endif
