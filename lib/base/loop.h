/**
 * loop.h - the epoll loop of every process: descriptors and timers. Signals
 * come as a signalfd(2), which is watched like any other descriptor.
 *
 * Nothing above the programs sees it: protocol code takes a time and returns
 * a deadline. A watcher may remove itself or any other during a callback.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/heap.h"
#include "base/rc.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

/** Called with the ready events (EPOLLIN, EPOLLOUT, EPOLLHUP...). */
typedef void (*loop_ready_fn)(void *ctx, uint32_t events);

/** Called when a loop timer is due; it is disarmed before the call. */
typedef void (*loop_timer_fn)(void *ctx, uint64_t now_ms);

/** Called at the end of each round of callbacks, before the next wait. */
typedef void (*loop_round_fn)(void *ctx);

/** A timer and who is called; embedded in its owner, zero before first use. */
struct loop_timer {
	struct timer timer; /* first member: the heap hands it back */
	loop_timer_fn fn;
	void *ctx;
};

/** Errors: RC_MEMORY, RC_IO. Owned. */
MUST_CHECK enum rc loop_new(struct loop **out);
void loop_free(struct loop *l);

/** Watch `fd` (borrowed: the loop never closes it). Errors: RC_IO,
 *  RC_MEMORY, RC_CONFLICT (watched already). */
MUST_CHECK enum rc loop_watch(
    struct loop *l, int fd, uint32_t events, loop_ready_fn fn, void *ctx);
/** Harmless when not watched. Call before close(fd). */
void loop_unwatch(struct loop *l, int fd);

/** Errors: RC_MEMORY. */
MUST_CHECK enum rc loop_timer_set(struct loop *l, struct loop_timer *t,
    uint64_t at_ms, loop_timer_fn fn, void *ctx);
void loop_timer_clear(struct loop *l, struct loop_timer *t);

/** Have `fn` called after each round, also the one that stops the loop: what
 *  was gathered in it leaves at once. One for a loop; NULL: none. */
void loop_after_round(struct loop *l, loop_round_fn fn, void *ctx);

/** Run until loop_stop. Errors: RC_IO. */
MUST_CHECK enum rc loop_run(struct loop *l);
void loop_stop(struct loop *l);

/** One wait of at most `timeout_ms` and one round of callbacks (tests). */
MUST_CHECK enum rc loop_step(struct loop *l, uint64_t timeout_ms);

/** CLOCK_MONOTONIC in ms. */
uint64_t clock_now_ms(void);
/** CLOCK_REALTIME in ms since 1970. */
int64_t clock_wall_ms(void);

#endif
