/**
 * rollout_way.h - which of two sets decides about a device while a rollout is
 * under way: the one in force, or the candidate. Immutable, counted by the
 * questions that use it; each movement of the rollout makes another one.
 *
 * Both sets are asked who the device is; who neither of them lets in is left to
 * the set in force, which refuses it. Then the candidate decides if the device
 * is of the group, its place (rollout.h) lies below the stage's share, and,
 * where the rollout is halted, if the candidate has decided about it before.
 * What then happens, also a refusal, is that set's decision alone: nobody gets
 * in by one and something by the other.
 */
#ifndef BOOTSTRAPD_ROLLOUT_WAY_H
#define BOOTSTRAPD_ROLLOUT_WAY_H

#include "issue/issue.h"
#include "rollout.h"

enum { ROLLOUT_NAME_MAX = 256 /**< bytes of a glob, of a policy's name */ };

/** Whom a rollout is for. */
struct rollout_group {
	char glob[ROLLOUT_NAME_MAX + 1]; /**< of endpoints; "": all */
	/** Name of the policy that matches in either set; "": any */
	char policy[ROLLOUT_NAME_MAX + 1];
};

struct rollout_way;

/** Takes a reference to `candidate`; the rest is copied. `stage` from 1. NULL:
 *  out of memory. */
struct rollout_way *rollout_way_new(const uint8_t id[static ROLLOUT_ID_LEN],
    unsigned stage, uint32_t share, bool halted,
    const struct rollout_group *group, struct issue_rules *candidate);
/** Thread-safe. NULL is harmless, and NULL. */
struct rollout_way *rollout_way_ref(struct rollout_way *w);
void rollout_way_unref(struct rollout_way *w);

/** Borrowed as long as the way is. */
struct issue_rules *rollout_way_candidate(const struct rollout_way *w);
struct span rollout_way_id(const struct rollout_way *w);
unsigned rollout_way_stage(const struct rollout_way *w);

/**
 * Does the candidate decide about who asks? `base` has the rules in force.
 * Errors: those of issue_identify and ledger_read: nobody decides then.
 */
MUST_CHECK enum rc rollout_way_choose(const struct rollout_way *w,
    const struct issuer *base, const struct issue_request *rq, bool *candidate);

/** The key of a PSK handshake, as issue_psk_by_evidence and issue_psk give it:
 *  of the set that will decide first, then of the other. */
MUST_CHECK enum rc rollout_way_psk(const struct rollout_way *w,
    const struct issuer *base, struct span psk_identity, uint32_t first,
    unsigned attempt, struct span evidence, struct issue_psk_answer *out);

#endif
