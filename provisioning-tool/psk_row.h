/**
 * psk_row.h - one row of a vendor's list as it goes into the store.
 */
#ifndef TOOL_PSK_ROW_H
#define TOOL_PSK_ROW_H

#include "psk_file.h"

enum {
	PSK_KEY_MIN = 16, /**< bytes */
	PSK_KEY_MAX = 64,
	PSK_IDENTITY_MAX = 128, /**< bytes, from 1 */
	PSK_ENDPOINT_MAX = 252, /**< bytes, from 1 */
};

/** Borrowed from a record, but the key. */
struct psk_row {
	struct span endpoint, identity;
	struct secret key; /**< owned */
};

/**
 * `encoding`: as the user says, or PSK_ENCODING_NONE; then as the column's name
 * says, or hexadecimal. `row` is empty or was filled before. What is wrong, and
 * the cure, in `fault`; static, and nothing of what stands in the record.
 * Errors: RC_MALFORMED (`fault`), RC_MEMORY.
 */
MUST_CHECK enum rc psk_row_read(const struct psk_record *r,
    enum psk_encoding encoding, struct psk_row *row, const char **fault);

#endif
