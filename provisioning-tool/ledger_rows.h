/**
 * ledger_rows.h - rows of the ledger as people and machines read them. A
 * ledger may come from anywhere: what is not as the programs write it is shown
 * in quotes.
 */
#ifndef TOOL_LEDGER_ROWS_H
#define TOOL_LEDGER_ROWS_H

#include "ledger/ledger.h"

/** One line: number, time, kind, endpoint, then the fields. */
void row_line(const struct ledger_row *row);

/** All of it, a line a field. `since_ms`: time of the first of the story, to
 *  show what has passed; negative: do not. */
void row_story(const struct ledger_row *row, int64_t since_ms);

/** One JSON object and a newline; the fields under "data". */
void row_json(const struct ledger_row *row);

/** One line of CSV; `names` first prints the line of names. */
void row_csv(const struct ledger_row *row, bool names);

#endif
