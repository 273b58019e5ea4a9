/**
 * psk_store.h - rows of a vendor's list on their way into the sealed store of
 * the ledger: sealed one by one, committed in groups, each with a row
 * `secrets_imported` of the chain. What is there already with the same key is
 * passed over, so that an import that was cut short is simply run again.
 */
#ifndef TOOL_PSK_STORE_H
#define TOOL_PSK_STORE_H

#include "hsm/seal.h"
#include "ledger/ledger.h"
#include "psk_row.h"

enum { PSK_GROUP = 1000 /**< rows to a commit, at most */ };

/** Called for a row that cannot go in, though it is well formed; static. */
typedef void (*psk_finding_fn)(void *ctx, uint64_t line, const char *fault);

struct psk_pending;

/** All but `group` and the counts is set by the caller, and borrowed. */
struct psk_store {
	struct hsm_session *hsm;
	struct ledger *ledger;
	const char *collection, *master;
	const char *file; /**< as the ledger names it */
	uint32_t epoch;
	psk_finding_fn finding;
	void *ctx;

	struct psk_pending *group; /**< owned; sealed, and not yet there */
	size_t count;
	uint64_t looked_at, first_line, last_line; /**< of the group */
	/** Over all: what went in, and what was there. Committed. */
	uint64_t new_count, there_count;
	bool token_failed; /**< an error was the token's, not the ledger's */
};

/**
 * One row more. Errors: as issue_vault_seal, ledger_secret_put and so on; the
 * group is lost then, what was committed is not.
 */
MUST_CHECK enum rc psk_store_add(
    struct psk_store *s, uint64_t line, const struct psk_row *row);

/** Commit what is pending; returns when it is durable. Errors: as above. */
MUST_CHECK enum rc psk_store_flush(struct psk_store *s);

void psk_store_fini(struct psk_store *s);

#endif
