/**
 * key_check.h - the check values of keys that the ledger knows: a key under a
 * label that is not the one that was there before is never worked with. What
 * is wrong has been said on stderr.
 */
#ifndef TOOL_KEY_CHECK_H
#define TOOL_KEY_CHECK_H

#include "ledger/ledger.h"
#include "token.h"

enum { KEY_CHECK_LABEL_MAX = 128 /**< bytes of a row's label, and a NUL */ };

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

/**
 * Compare without appending: `value` of the key, which is recorded under
 * `label`; empty: the token has no such key, and then the ledger may know none
 * either. EX_OK, EX_CONFIG, EX_IOERR.
 */
MUST_CHECK int key_check_known(
    struct ledger *l, const char *label, struct span value);

/** The check value of a CA: 4 bytes of SHA-256 over its public key, in
 *  `digest`. */
struct span key_check_ca_value(
    struct span spki, uint8_t digest[static DIGEST_LEN]);
/** What a CA's key is recorded under: "ca key LABEL". Returns `buf`. */
const char *key_check_ca_label(
    char buf[static KEY_CHECK_LABEL_MAX], const char *label);

/**
 * key_check of a CA: by the name of its authority ("ca NAME", as bootstrapd
 * does; NULL: it has none), and by the label of its key in the token.
 */
MUST_CHECK int key_check_ca(struct ledger *l, const struct token *t,
    const char *authority, const char *label, struct span spki);

#endif
