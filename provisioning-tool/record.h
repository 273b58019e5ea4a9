/**
 * record.h - the ledger as the tool opens it: one row at a time, durable when
 * the call returns. Every failure has been said on stderr.
 */
#ifndef TOOL_RECORD_H
#define TOOL_RECORD_H

#include "ledger/ledger.h"

/** Returns an exit code: EX_OK, EX_IOERR, EX_DATAERR (not a ledger). */
MUST_CHECK int record_open(
    const char *path, enum ledger_mode mode, struct ledger **out);

/**
 * Append one row. `seq` receives its number. `hence`: what follows for the user
 * when it fails, in words. EX_OK, EX_IOERR.
 */
MUST_CHECK int record_row(struct ledger *l, const struct ledger_event *e,
    uint64_t *seq, const char *hence);

/** Is there a row that the query finds? Errors: RC_DB. */
MUST_CHECK enum rc record_any(
    struct ledger *l, const struct ledger_query *q, bool *any);

#endif
