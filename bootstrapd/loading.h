/**
 * loading.h - policies and the files of `server:` on their way into force:
 * loaded whole, checked against token and ledger, recorded, installed, or not
 * at all. reload.c and rollout_load.c share it.
 */
#ifndef BOOTSTRAPD_LOADING_H
#define BOOTSTRAPD_LOADING_H

#include "keeper_state.h"

/** What is about to be put into force. */
struct loading {
	struct policy_set *set; /**< one reference */
	struct signed_by signed_by; /**< of it; serial 0: not said */
	struct issue_rules *rules; /**< of it; one reference */
	/** Of a rollout: who may come by them is let in, too. One reference;
	 *  NULL: there is none. */
	struct issue_rules *candidate;
	struct server_files *files; /**< NULL: those in force stay */
	struct showing showing;
	struct diag *diag;
	char *first; /**< one line for people */
	size_t cap;
};

/** `first`, of `cap` bytes, is borrowed. Errors: RC_MEMORY. */
MUST_CHECK enum rc loading_init(struct loading *l, char *first, size_t cap);
void loading_fini(struct loading *l);

/** What is wrong, as the one line. */
void loading_fault(struct loading *l, const struct hsm_error *err);

/** The set, from `policies:` of the configuration, signed as `trust:` asks.
 *  Errors: as policy_load, signed_check, signed_serial_check. */
MUST_CHECK enum rc loading_disk(struct keeper *k, struct loading *l);
/** The set of that digest, as the ledger has kept it; where `trust:` is asked
 *  for, one that was signed. Errors: as issue_set_kept. */
MUST_CHECK enum rc loading_kept(struct keeper *k, struct loading *l,
    const uint8_t digest[static DIGEST_LEN]);
/** The files of `server:`. Errors: as server_files_load. */
MUST_CHECK enum rc loading_files(struct keeper *k, struct loading *l);
/** Rules of l->set and the files; into `out`. Errors: as issue_rules_new. */
MUST_CHECK enum rc loading_rules(const struct keeper *k, struct loading *l,
    struct policy_set *set, struct issue_rules **out);
/** Are the keys those that are meant? Errors: as masters_check. */
MUST_CHECK enum rc loading_keys(struct keeper *k, struct loading *l,
    const struct policy_set *set, const struct issue_rules *rules);

/** It was not let in: a row, and what status says. `rc` is why, where l->first
 *  does not tell. */
void keeper_refuse(
    struct keeper *k, struct loading *l, const char *by, enum rc rc);

/**
 * Record, then install: all of `l` is the keeper's. `policies`: they were
 * loaded, too, which is a row. `also`: one more row of the same group, or NULL.
 * Errors: as showing_make, ledger_append.
 */
MUST_CHECK enum rc loading_install(struct keeper *k, struct loading *l,
    const char *by, bool policies, const struct ledger_event *also);

#endif
