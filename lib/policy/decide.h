/**
 * decide.h - the one decision: what does this device get? The policy that
 * matches it, and what that gives once servers are chosen for it (allocation),
 * what it was given before is taken into account (`reprovision:`) and what is
 * said for it alone is put in (`override:`). The daemon, `policy explain`,
 * `policy costs` and `policy plan` all ask here and nowhere else.
 *
 * Pure: no token, no ledger, no clock; what these know stands in the facts.
 * Nothing is allocated; a call takes microseconds.
 */
#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

#include "policy/match.h"

enum policy_answer {
	POLICY_GIVEN, /**< `given` is to be compiled */
	POLICY_NONE, /**< no policy matches */
	POLICY_DENIED, /**< `deny:` */
	POLICY_HELD, /**< `quarantine:`: after `wait_s` it may ask again */
	POLICY_PROVISIONED, /**< `reprovision: never`, and it has been here */
	POLICY_NO_SERVER, /**< a pool has none for it: network, list, drain */
	POLICY_FULL, /**< those that it may have are full; `wait_s` */
};

/** Why a member of a pool was chosen. */
enum policy_chosen {
	CHOSEN_ALONE, /**< no pool: there is but one */
	CHOSEN_STAYS, /**< the device is there already, and it is full */
	CHOSEN_HASH,
	CHOSEN_NETWORK,
	CHOSEN_LIST,
	CHOSEN_DEFAULT, /**< of no member's network or list */
};

/** "hash": as `policy explain` says it; "" for CHOSEN_ALONE. */
const char *policy_chosen_name(enum policy_chosen why);

/** What stands behind the n-th server that is given. */
struct policy_choice {
	const struct policy_pool *pool; /**< of the policy */
	size_t server; /**< index into the servers of the policy */
	enum policy_chosen why;
	unsigned drained, full; /**< members passed over, and why */
};

/** What is done with a device that comes again. */
enum policy_again {
	AGAIN_FIRST, /**< no bootstrap of it has ended ok, or nobody asked */
	AGAIN_SAME, /**< as written, or at its turn (policy_history) */
	AGAIN_ROTATED, /**< its keys are of the next turn */
	AGAIN_RESET, /**< everything is deleted first */
	AGAIN_RELEASED, /**< `never`, and an operator has let it in once */
};

/** "rotated": as in the ledger's rows and `policy explain`. */
const char *policy_again_name(enum policy_again again);

/** Not to be copied: `given` points into it. About 80 KiB. */
struct policy_decided {
	enum policy_answer answer;
	/** That matches; NULL: POLICY_NONE. Of the set. */
	const struct policy *policy;
	/** POLICY_GIVEN: to be compiled. It has one server an account and no
	 *  pools. Of the set, and of this value. */
	struct policy given;
	/** Not POLICY_GIVEN, POLICY_NONE: words for the row and for people. */
	char why[200];
	uint32_t wait_s; /**< POLICY_HELD, POLICY_FULL */
	enum policy_again again;
	/** By how much the epochs of its servers' keys were raised. */
	uint32_t turn;
	struct policy_choice choices[POLICY_SERVERS_MAX]; /**< as given */
	/** What was said for it alone, in the order it was put in. */
	const struct policy_override *overrides[POLICY_OVERRIDES_MAX];
	size_t override_count;
	/* room behind `given` */
	struct policy_server servers[POLICY_SERVERS_MAX];
	struct policy_object objects[POLICY_STEPS_MAX];
	struct lwm2m_entry entries[POLICY_OVERRIDE_ENTRIES_MAX];
	size_t entry_count;
	struct policy_account_of account_of[POLICY_OVERRIDE_ENTRIES_MAX];
	size_t account_of_count;
	struct lwm2m_path clean[1];
};

/**
 * Decide. `f->history` NULL: the device was never here; `f->load` NULL: every
 * server has room. Errors: those of `f->load`; RC_TOO_LARGE (more is said for
 * the device alone than there is room for; `why` says so).
 */
MUST_CHECK enum rc policy_decide(const struct policy_set *s,
    const struct policy_facts *f, struct policy_decided *out);

/** The same for a policy that is known already: of a device that has come by a
 *  rollout, or of none (a sample). NULL: POLICY_NONE. */
MUST_CHECK enum rc policy_decide_by(const struct policy_set *s,
    const struct policy *p, const struct policy_facts *f,
    struct policy_decided *out);

/** Put in what is said for the device alone, once its servers are chosen.
 *  Errors: RC_TOO_LARGE, as policy_decide. */
MUST_CHECK enum rc policy_decide_overrides(const struct policy_set *s,
    const struct policy_facts *f, struct policy_decided *d);

/** Make `d->given.servers` a copy, `d->servers`, that may be changed. */
void policy_own_servers(struct policy_decided *d);

/** Does the policy ask what the device was given before, or how many are at a
 *  server? If not, history and load are not looked at. NULL: no. */
bool policy_asks_history(const struct policy *p);

/** Was it given a server of that name last? `h` may be NULL. */
bool policy_is_there(const struct policy_history *h, const char *server);

/** The key so many turns later: its epoch is as many more, and stays at the
 *  last there is. An imported one has none. */
void policy_key_turn(struct policy_key *k, uint32_t by);

/** As many samples of the policy as its largest pool has members, from 1, and
 *  as many again for each of its overrides. */
size_t policy_sample_count(const struct policy *p);

/** The n-th sample, to measure with: what a device gets that comes for the
 *  first time and is given the n-th member of each pool (the last, where it has
 *  fewer). Behind these, as many again for each override that may be for its
 *  devices, with those that a device may have beside it. */
void policy_sample(const struct policy_set *s, const struct policy *p, size_t n,
    struct policy_decided *out);

#endif
