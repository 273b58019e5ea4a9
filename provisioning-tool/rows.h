/**
 * rows.h - lists for machines: the same typed fields as a JSON object a line
 * or as a line of CSV (RFC 4180) under one line of names.
 *
 * Text in CSV stands escaped as in JSON, without the outer quotes, and what a
 * spreadsheet would take for a formula has its first character escaped, too.
 */
#ifndef TOOL_ROWS_H
#define TOOL_ROWS_H

#include "base/event.h"

/** One object and a newline on stdout. */
void rows_json(const struct field *fields, size_t count);

/** `"name":value` of one field, for objects that are put together. */
void rows_json_member(const struct field *f);

/** A JSON string on stdout. */
void rows_json_text(struct span s);

/** The line of names. */
void rows_csv_names(const struct field *fields, size_t count);

/** One line. */
void rows_csv(const struct field *fields, size_t count);

#endif
