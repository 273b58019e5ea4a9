/**
 * key_checks.h - check values of keys in the token: the ledger knows the one
 * that each label had when it was first used, and a key that has another one
 * is another key.
 */
#ifndef BOOTSTRAPD_KEY_CHECKS_H
#define BOOTSTRAPD_KEY_CHECKS_H

#include "hsm/ec.h"
#include "issue/rules.h"
#include "ledger/ledger.h"

/** What is checked against what. */
struct key_checks {
	struct hsm_session *hsm;
	struct ledger *ledger; /**< NULL: it does not exist yet */
	const char *token; /**< its name */
	bool record; /**< labels that the ledger does not know yet */
	/** The one whose keys these are, for the record; NULL: none. */
	const struct policy_set *set;
	struct hsm_error *err; /**< receives what is wrong */
};

/**
 * Compare the check value of `label` with the ledger's. `lost`: what would be
 * lost with another key, for people.
 * Errors: RC_CONFLICT (it is another one), RC_DB and the like.
 */
MUST_CHECK enum rc key_check(const struct key_checks *c, const char *label,
    struct span value, const char *lost);

/* masters.c */

/**
 * Are all secret keys that `set` derives from or seals with, and those that
 * the ledger's store is sealed with, in the token, and are they the ones that
 * the ledger knows? New ones are recorded.
 * Errors: RC_NOT_FOUND, RC_CONFLICT (another key under the same label),
 * RC_TOKEN, RC_DB.
 */
MUST_CHECK enum rc masters_check(
    const struct key_checks *c, const struct policy_set *set);

/* authorities.c */

/**
 * Is the key of each authority in the token, does it sign, is it the one of
 * the authority's certificate, and the one that the ledger knows?
 * Errors: RC_NOT_FOUND, RC_CONFLICT, RC_DENIED (it signs wrongly), RC_TOKEN,
 * RC_DB.
 */
MUST_CHECK enum rc authorities_check(
    const struct key_checks *c, const struct issue_rules *rules);

#endif
