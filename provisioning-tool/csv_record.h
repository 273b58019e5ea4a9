/**
 * csv_record.h - one record of CSV (RFC 4180) taken apart.
 */
#ifndef TOOL_CSV_RECORD_H
#define TOOL_CSV_RECORD_H

#include "base/cursor.h"

/** A field without its quotes; borrowed as long as `room` is. */
typedef void (*csv_field_fn)(void *ctx, size_t column, struct span field);

/**
 * Take the record that `in` begins with. `whole`: nothing comes behind `in`.
 * `room`, as large as the record, gets its fields, and `each` is called for
 * them in order, before it is known that all of the record is well formed.
 * `used` receives what the record takes of `in`, its line break included; after
 * a fault that is up to the next line break.
 * Errors: RC_AGAIN (it does not end within `in`), RC_MALFORMED (`fault`: what
 * is wrong, and the cure; static).
 */
MUST_CHECK enum rc csv_record_take(struct span in, bool whole,
    uint8_t separator, struct writer *room, csv_field_fn each, void *ctx,
    size_t *used, const char **fault);

#endif
