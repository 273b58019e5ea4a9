/**
 * buffer_station.h - a buffer as its station uses it: opened by the station's
 * own token, held to its time and ledger, and asked for accounts. What is wrong
 * has been said on stderr; exit codes.
 */
#ifndef TOOL_BUFFER_STATION_H
#define TOOL_BUFFER_STATION_H

#include "buffer_row.h"
#include "token.h"

enum { BUFFER_CLOCK_SLACK_S = 300 };

/** Read by any number of threads once it is open. Zero: none. */
struct buffer {
	const char *path; /**< borrowed */
	uint8_t *bytes; /**< owned */
	struct buffer_file file;
	char id[BUFFER_ID_TEXT];
	struct buffer_entry *entries; /**< owned; in the order of endpoints */
	struct secret key; /**< empty: not unsealed */
};

/** Read it, and nothing more. EX_OK, EX_NOINPUT, EX_DATAERR (no buffer),
 *  EX_SOFTWARE. */
MUST_CHECK int buffer_load(const char *path, struct buffer *b);
void buffer_free(struct buffer *b);

/** NULL: it is not in it. */
const struct buffer_entry *buffer_find(
    const struct buffer *b, struct span endpoint);

/** Open it by the token of its station, and hold all its bytes to what was
 *  written. EX_OK, EX_DATAERR (changed, or of another token), and those of
 *  token_fault. */
MUST_CHECK int buffer_unseal(struct buffer *b, const struct token *t);

/**
 * May it be minted from now, into that ledger, by that recipe? Its time, the
 * ledger it is bound to, a clock that is behind the ledger's last row; the
 * documents that it was filled by. `station` (NULL: not said) is what the user
 * calls the station. EX_OK, EX_NOPERM, EX_DATAERR, EX_IOERR.
 */
MUST_CHECK int buffer_admit(const struct buffer *b, struct ledger *l,
    const struct image_recipe *r, const char *station, int64_t now_s);

/** For image_mint.account, one a thread. */
struct buffer_source {
	const struct buffer *buffer;
	struct image_mint *mint;
};

/** An image_account_fn; its `ctx` is a struct buffer_source. */
enum rc buffer_account(void *ctx, const struct image_recipe *r,
    const struct issuer *issuer, struct span endpoint, struct secret *plan,
    struct issue_credential *credential, char *detail);

#endif
