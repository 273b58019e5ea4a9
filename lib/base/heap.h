/**
 * heap.h - a binary heap of deadlines, embedded in the things that wait.
 *
 * A struct timer lives in its owner; arming, moving and disarming cost
 * O(log n). The heap keeps pointers only. Times are monotonic milliseconds.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include "base/rc.h"

#include <stddef.h>
#include <stdint.h>

#define TIME_NEVER UINT64_MAX

struct timer {
	uint64_t at_ms;
	size_t index; /**< place in the heap + 1; 0: not armed */
};

struct timer_heap {
	struct timer **items;
	size_t count;
	size_t cap;
};

void timer_heap_init(struct timer_heap *h);
/**
 * Releases the heap's own array; the timers belong to their owners. One that is
 * still armed is not touched, and must be zeroed before it is armed again.
 */
void timer_heap_fini(struct timer_heap *h);

/** Arm or move. Errors: RC_MEMORY (the timer is then not armed). */
MUST_CHECK enum rc timer_arm(
    struct timer_heap *h, struct timer *t, uint64_t at_ms);
/** Harmless when not armed. */
void timer_disarm(struct timer_heap *h, struct timer *t);

/** The earliest deadline, TIME_NEVER when none. */
uint64_t timer_next(const struct timer_heap *h);

/** Take the earliest timer that is due at `now_ms`, disarmed; NULL: none. */
struct timer *timer_pop(struct timer_heap *h, uint64_t now_ms);

#endif
