/**
 * rollout.h - a change of the policy set that goes to a share of the devices
 * first, as arithmetic: who is in the share, what was counted, and when a stage
 * is passed or the rollout halts itself. No clock, no ledger, no policy: time
 * and counts are arguments.
 *
 * A device's place is a number in [0, 2^64) that follows from the rollout's
 * number and the endpoint, so that anybody can compute it:
 *
 *   first 8 bytes, big endian, of SHA-256("rollout" | id (16 bytes) | endpoint)
 *
 * It takes part in a stage when its place lies below the stage's share. Shares
 * only grow, so who is in one stage is in every later one.
 *
 * What is counted are distinct devices by the last ending of each under the
 * candidate, since the stage began or was resumed: one that fails ten times is
 * one failed device, and no failed device any more once it has ended ok.
 *
 * A stage is passed when its window is over, at least `minimum` devices have
 * ended, and those that are ok are at least `success` of them. It halts
 *   - as soon as `minimum` devices have ended and the failed ones are more than
 *     1 - `success` of them;
 *   - before that, as soon as so many have failed that `minimum` devices with
 *     no further failure would not do either, and those are at least
 *     ROLLOUT_EARLY_FAILURES: one bad radio link stops nothing by itself;
 *   - when the window is over and too few are ok because the outcome of others
 *     is unknown (Finish was sent, its answer never seen). Until then they may
 *     come again and settle it.
 * While fewer than `minimum` have ended it waits, however long the window was.
 */
#ifndef BOOTSTRAPD_ROLLOUT_H
#define BOOTSTRAPD_ROLLOUT_H

#include "base/rc.h"
#include "base/share.h"
#include "base/span.h"

enum {
	ROLLOUT_ID_LEN = 16, /**< bytes */
	ROLLOUT_STAGES_MAX = 16,
	ROLLOUT_EARLY_FAILURES = 3,
	ROLLOUT_MINIMUM_MAX = 1000000,
};

/** What was asked for. */
struct rollout_terms {
	uint32_t stages[ROLLOUT_STAGES_MAX]; /**< shares; rise, end in WHOLE */
	size_t stage_count;
	uint32_t success; /**< share, of those that have ended */
	uint64_t window_ms;
	uint32_t minimum; /**< devices, from 1 */
};

/** Distinct devices. */
struct rollout_counts {
	uint64_t ok, failed, unknown;
};

enum rollout_verdict {
	ROLLOUT_WAITS,
	ROLLOUT_PASSES, /**< on to the next stage, or done */
	ROLLOUT_FAILS, /**< to be halted */
};

/** 1 %, 10 %, 50 %, 100 %; 98 % of at least 20 devices over an hour. */
void rollout_defaults(struct rollout_terms *t);

uint64_t rollout_place(
    const uint8_t id[static ROLLOUT_ID_LEN], struct span endpoint);
/** Does that place lie below the share? */
bool rollout_takes_part(uint64_t place, uint32_t share);

uint64_t rollout_ended(const struct rollout_counts *c);

/** `why` receives a sentence, static, for people. */
enum rollout_verdict rollout_judge(const struct rollout_terms *t,
    const struct rollout_counts *c, uint64_t elapsed_ms, const char **why);

/** How many more distinct devices may fail until it halts, if nothing else
 *  ends; 0: it halts. */
uint64_t rollout_spare(
    const struct rollout_terms *t, const struct rollout_counts *c);

/**
 * When did the stage begin, on the monotonic clock of this boot? A row of the
 * ledger says when by both clocks. Where they are as far apart now as they were
 * then, the machine has not been booted since and nobody has moved the wall
 * clock: then it is what the row says, and else `now_ms`: the window begins
 * again, for nobody knows how much of it has passed.
 */
uint64_t rollout_began_ms(int64_t row_wall_ms, int64_t row_monotonic_ms,
    int64_t wall_ms, uint64_t now_ms);

#endif
