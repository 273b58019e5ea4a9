/**
 * history.h - what the ledger knows of a device, for policies that ask
 * (policy_asks_history): how often it was bootstrapped, which servers it was
 * given, how many devices are at a server.
 */
#ifndef ISSUE_HISTORY_H
#define ISSUE_HISTORY_H

#include "ledger/ledger.h"
#include "policy/match.h"

enum {
	ISSUE_SERVERS_MAX = POLICY_SERVERS_MAX * 65, /**< bytes of names */
};

/** Not to be copied: it points into itself. */
struct issue_history {
	struct policy_history value;
	char servers[ISSUE_SERVERS_MAX];
};

/** Read it. `known` is false for a device that never began a bootstrap. Errors:
 *  RC_DB. */
MUST_CHECK enum rc issue_history_read(struct ledger *store,
    struct span endpoint, struct issue_history *out, bool *known);

/** A policy_load_fn; `ctx` is the ledger. */
MUST_CHECK enum rc issue_history_load(
    void *ctx, const char *server, uint64_t *devices);

#endif
