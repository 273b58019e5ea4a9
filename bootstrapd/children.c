#include "children.h"

#include "base/event.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	BACKOFF_FIRST_MS = 100,
	BACKOFF_MAX_MS = 10000,
	/** A child that has lived so long starts anew without a wait. */
	BACKOFF_FORGET_MS = 60000,
	FORK_AGAIN_MS = 1000,
};

void
children_init(struct children *all, struct loop *loop, unsigned worker_count,
    child_run_fn run, child_ended_fn ended, void *ctx)
{
	all->loop = loop;
	all->worker_count = worker_count;
	all->run = run;
	all->ended = ended;
	all->ctx = ctx;
	all->keeper.all = all;
	for (unsigned n = 0; n < WORKERS_MAX; n++)
		all->workers[n].all = all;
}

bool
child_is_keeper(const struct child *c)
{
	return c == &c->all->keeper;
}

unsigned
child_number(const struct child *c)
{
	return (unsigned)(c - c->all->workers);
}

static void
on_timer(void *ctx, uint64_t now_ms)
{
	child_start(ctx, now_ms);
}

static void
start_at(struct child *c, uint64_t at_ms)
{
	struct loop *loop = c->all->loop;

	if (loop_timer_set(loop, &c->timer, at_ms, on_timer, c) != RC_OK)
		loop_stop(loop);
}

static _Noreturn void
become(const struct child *c, pid_t parent, const char *who)
{
	/* The supervisor's signals stay blocked here: a child takes its own by
	 * descriptor, and Ctrl-C on the group is for the supervisor alone.
	 * Nobody outlives it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	log_rename(who);
	c->all->run(c->all->ctx, c);
	abort();
}

void
child_start(struct child *c, uint64_t now_ms)
{
	pid_t parent = getpid(), pid;
	char who[24] = "keeper";

	if (c->pid != 0 || c->all->closing)
		return;
	if (!child_is_keeper(c))
		snprintf(who, sizeof(who), "worker %u", child_number(c));
	pid = fork();
	if (pid == 0)
		become(c, parent, who);
	if (pid < 0) {
		LOG(LOG_ERROR, "fork", F_TEXT("error", strerror(errno)));
		start_at(c, now_ms + FORK_AGAIN_MS);
		return;
	}
	c->pid = pid;
	c->started_ms = now_ms;
	c->idle = false;
	LOG(LOG_DEBUG, "started", F_TEXT("child", (const char *)who),
	    F_INT("pid", pid));
}

void
child_start_again(struct child *c, uint64_t now_ms)
{
	uint64_t wait;

	if (now_ms - c->started_ms > BACKOFF_FORGET_MS)
		c->backoff_ms = 0;
	wait = c->backoff_ms;
	c->backoff_ms = wait ? wait * 2 : BACKOFF_FIRST_MS;
	if (c->backoff_ms > BACKOFF_MAX_MS)
		c->backoff_ms = BACKOFF_MAX_MS;
	start_at(c, now_ms + wait);
}

bool
child_signal(const struct child *c, int sig)
{
	return c->pid != 0 && kill(c->pid, sig) == 0;
}

static void
take_end(struct child *c, pid_t pid, int status)
{
	if (c->pid != pid)
		return;
	c->pid = 0;
	c->all->ended(c->all->ctx, c, status);
}

void
children_reap(struct children *all)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		take_end(&all->keeper, pid, status);
		for (unsigned n = 0; n < all->worker_count; n++)
			take_end(&all->workers[n], pid, status);
	}
}

void
workers_start(struct children *all, uint64_t now_ms)
{
	for (unsigned n = 0; n < all->worker_count; n++)
		child_start(&all->workers[n], now_ms);
}

void
workers_signal(struct children *all, int sig)
{
	for (unsigned n = 0; n < all->worker_count; n++)
		child_signal(&all->workers[n], sig);
}

bool
workers_gone(const struct children *all)
{
	for (unsigned n = 0; n < all->worker_count; n++)
		if (all->workers[n].pid)
			return false;
	return true;
}

bool
workers_idle(const struct children *all)
{
	for (unsigned n = 0; n < all->worker_count; n++)
		if (all->workers[n].pid && !all->workers[n].idle)
			return false;
	return true;
}
