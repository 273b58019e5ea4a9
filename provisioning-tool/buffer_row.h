/**
 * buffer_row.h - what the central ledger knows of buffers: rows buffer_filled
 * (buffer, station, identity, count, expires, sha256 of the file, policy_set),
 * image_reserved of each endpoint in one (identity, fields of
 * image_credential.h, buffer, entry, station), and buffer_released: what was not
 * used of it may be minted here again.
 */
#ifndef TOOL_BUFFER_ROW_H
#define TOOL_BUFFER_ROW_H

#include "buffer_file.h"
#include "image_mint.h"

enum { BUFFER_ID_TEXT = 2 * BUFFER_ID_LEN + 1 /**< hex, and a NUL */ };

void buffer_id_text(
    const uint8_t id[static BUFFER_ID_LEN], char out[static BUFFER_ID_TEXT]);

/**
 * May an endpoint without an image be minted for, by the accounts of buffer
 * `buffer` (NULL: by the token)? If not, why stands in `f`: another buffer has
 * it. Errors: RC_DENIED (`f`), RC_DB.
 */
MUST_CHECK enum rc buffer_row_admit(struct ledger *l, const char *buffer,
    struct span endpoint, struct image_fault *f);

/** Append image_reserved to the open group. Errors: as ledger_append. */
MUST_CHECK enum rc buffer_row_reserve(struct ledger *l,
    const struct identity *id, const struct buffer_head *head,
    const struct buffer_entry *e);

/** Append buffer_filled. `sha256` is that of the file. Errors: as
 *  ledger_append. */
MUST_CHECK enum rc buffer_row_filled(struct ledger *l,
    const struct buffer_head *head, const uint8_t sha256[static DIGEST_LEN],
    uint64_t *seq);

/** A row of that kind with that `buffer`: RC_OK, RC_NOT_FOUND. Errors: RC_DB. */
MUST_CHECK enum rc buffer_row_find(
    struct ledger *l, const char *kind, const char *buffer);

#endif
