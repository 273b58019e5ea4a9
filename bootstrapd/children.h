/**
 * children.h - the supervisor's children, one keeper and the workers: forked,
 * told, reaped and started again. What they run, and what their end means, is
 * the supervisor's to say.
 *
 * A child that dies starts anew at once, then after 100 ms and twice as long
 * each time, up to 10 s; one that has lived for a minute begins at the start.
 */
#ifndef BOOTSTRAPD_CHILDREN_H
#define BOOTSTRAPD_CHILDREN_H

#include "base/loop.h"
#include "config.h"

#include <sys/types.h>

struct children;

struct child {
	struct children *all;
	pid_t pid; /**< 0: not running */
	uint64_t started_ms;
	uint64_t backoff_ms; /**< the wait before the next start */
	bool idle; /**< a worker that drains: nothing runs in it any more */
	struct loop_timer timer; /**< when to start it again */
};

/** What the child runs, in the child; never returns. */
typedef void (*child_run_fn)(void *ctx, const struct child *c);
/** It has ended, with that status of waitpid(2); `c->pid` is 0 already. */
typedef void (*child_ended_fn)(void *ctx, struct child *c, int status);

struct children {
	struct loop *loop; /**< borrowed */
	unsigned worker_count;
	bool closing; /**< none is started any more */
	child_run_fn run;
	child_ended_fn ended;
	void *ctx;
	struct child keeper, workers[WORKERS_MAX];
};

/** Into zeroed memory, which stays where it is. */
void children_init(struct children *all, struct loop *loop,
    unsigned worker_count, child_run_fn run, child_ended_fn ended, void *ctx);

/** Fork, now; where that fails, again in a second. Nothing when it runs. */
void child_start(struct child *c, uint64_t now_ms);
/** Start it anew after its wait. */
void child_start_again(struct child *c, uint64_t now_ms);
/** Send it `sig`. False: it does not run. */
bool child_signal(const struct child *c, int sig);

bool child_is_keeper(const struct child *c);
/** Of a worker, from 0. */
unsigned child_number(const struct child *c);

/** Collect all that have ended; `ended` is called for each. */
void children_reap(struct children *all);
void workers_start(struct children *all, uint64_t now_ms);
void workers_signal(struct children *all, int sig);
/** None runs. */
bool workers_gone(const struct children *all);
/** None that runs has anything to do. */
bool workers_idle(const struct children *all);

#endif
