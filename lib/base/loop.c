#include "base/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { ROUND_MAX = 64 /* events taken from the kernel at once */ };

struct watcher {
	loop_ready_fn fn; /* NULL: removed in this round */
	void *ctx;
	struct watcher *next_removed;
};

struct loop {
	int epoll_fd;
	struct watcher **by_fd;
	size_t fd_cap;
	struct timer_heap timers;
	/*
	 * Removed while a round is under way, whose events may still name
	 * them: freed when it ends.
	 */
	struct watcher *removed;
	loop_round_fn after; /* NULL: nothing */
	void *after_ctx;
	unsigned depth; /* rounds under way: a callback may step the loop */
	bool stop;
};

uint64_t
clock_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t
clock_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum rc
loop_new(struct loop **out)
{
	struct loop *l = calloc(1, sizeof(*l));

	*out = NULL;
	if (!l)
		return RC_MEMORY;
	timer_heap_init(&l->timers);
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0) {
		free(l);
		return RC_IO;
	}
	*out = l;
	return RC_OK;
}

static void
free_removed(struct loop *l)
{
	while (l->removed) {
		struct watcher *next = l->removed->next_removed;

		free(l->removed);
		l->removed = next;
	}
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->fd_cap; i++)
		free(l->by_fd[i]);
	free(l->by_fd);
	free_removed(l);
	timer_heap_fini(&l->timers);
	close(l->epoll_fd);
	free(l);
}

static struct watcher *
find(const struct loop *l, int fd)
{
	return fd >= 0 && (size_t)fd < l->fd_cap ? l->by_fd[fd] : NULL;
}

static enum rc
make_room(struct loop *l, size_t fd)
{
	size_t cap = l->fd_cap ? l->fd_cap : 64;
	struct watcher **by_fd;

	while (cap <= fd)
		cap *= 2;
	if (cap == l->fd_cap)
		return RC_OK;
	by_fd = reallocarray(l->by_fd, cap, sizeof(struct watcher *));
	if (!by_fd)
		return RC_MEMORY;
	for (size_t i = l->fd_cap; i < cap; i++)
		by_fd[i] = NULL;
	l->by_fd = by_fd;
	l->fd_cap = cap;
	return RC_OK;
}

enum rc
loop_watch(struct loop *l, int fd, uint32_t events, loop_ready_fn fn, void *ctx)
{
	struct epoll_event ev = {.events = events};
	struct watcher *watcher;

	if (fd < 0)
		return RC_IO;
	if (find(l, fd))
		return RC_CONFLICT;
	if (make_room(l, (size_t)fd) != RC_OK)
		return RC_MEMORY;
	watcher = calloc(1, sizeof(*watcher));
	if (!watcher)
		return RC_MEMORY;
	watcher->fn = fn;
	watcher->ctx = ctx;
	ev.data.ptr = watcher;
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0) {
		free(watcher);
		return errno == EEXIST ? RC_CONFLICT : RC_IO;
	}
	l->by_fd[fd] = watcher;
	return RC_OK;
}

void
loop_unwatch(struct loop *l, int fd)
{
	struct watcher *watcher = find(l, fd);

	if (!watcher)
		return;
	/* Fails only if the descriptor was closed before: then it is gone. */
	(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	l->by_fd[fd] = NULL;
	if (l->depth == 0) {
		free(watcher);
		return;
	}
	watcher->fn = NULL;
	watcher->next_removed = l->removed;
	l->removed = watcher;
}

enum rc
loop_timer_set(struct loop *l, struct loop_timer *t, uint64_t at_ms,
    loop_timer_fn fn, void *ctx)
{
	t->fn = fn;
	t->ctx = ctx;
	return timer_arm(&l->timers, &t->timer, at_ms);
}

void
loop_timer_clear(struct loop *l, struct loop_timer *t)
{
	timer_disarm(&l->timers, &t->timer);
}

void
loop_after_round(struct loop *l, loop_round_fn fn, void *ctx)
{
	l->after = fn;
	l->after_ctx = ctx;
}

static int
wait_ms(const struct loop *l, uint64_t timeout_ms)
{
	uint64_t next_ms = timer_next(&l->timers);

	if (next_ms != TIME_NEVER) {
		uint64_t now_ms = clock_now_ms();
		uint64_t left_ms = next_ms > now_ms ? next_ms - now_ms : 0;

		if (left_ms < timeout_ms)
			timeout_ms = left_ms;
	}
	if (timeout_ms == TIME_NEVER)
		return -1;
	return timeout_ms < INT_MAX ? (int)timeout_ms : INT_MAX;
}

static void
run_timers(struct loop *l)
{
	uint64_t now_ms = clock_now_ms();

	/* As many as are armed now: one that arms itself for now comes next
	 * time, and the descriptors get their turn. */
	for (size_t left = l->timers.count; left > 0; left--) {
		struct timer *t = timer_pop(&l->timers, now_ms);
		struct loop_timer *due = (struct loop_timer *)t;

		if (!due)
			break;
		due->fn(due->ctx, now_ms);
	}
}

enum rc
loop_step(struct loop *l, uint64_t timeout_ms)
{
	struct epoll_event ready[ROUND_MAX];
	int n =
	    epoll_wait(l->epoll_fd, ready, ROUND_MAX, wait_ms(l, timeout_ms));

	if (n < 0 && errno != EINTR)
		return RC_IO;
	l->depth++;
	for (int i = 0; i < n; i++) {
		const struct watcher *watcher = ready[i].data.ptr;

		if (watcher->fn)
			watcher->fn(watcher->ctx, ready[i].events);
	}
	run_timers(l);
	if (l->after)
		l->after(l->after_ctx);
	if (--l->depth == 0)
		free_removed(l);
	return RC_OK;
}

enum rc
loop_run(struct loop *l)
{
	enum rc rc = RC_OK;

	while (!l->stop && rc == RC_OK)
		rc = loop_step(l, TIME_NEVER);
	l->stop = false;
	return rc;
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
}
