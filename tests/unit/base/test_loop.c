#include "base/loop.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static struct loop *loop;

/* A socket pair whose near end is watched, and what came of it. */
struct link {
	int near_fd, far_fd;
	unsigned calls;
	uint32_t events;
	struct link *victim; /* unwatched by the callback */
};

static struct link links[3];

static void
open_link(struct link *k)
{
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	*k = (struct link){.near_fd = fds[0], .far_fd = fds[1]};
}

static int
setup(void **state)
{
	(void)state;
	if (loop_new(&loop) != RC_OK)
		return -1;
	for (size_t i = 0; i < 3; i++)
		open_link(&links[i]);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	loop_free(loop);
	for (size_t i = 0; i < 3; i++) {
		close(links[i].near_fd);
		close(links[i].far_fd);
	}
	return 0;
}

static void
on_ready(void *ctx, uint32_t events)
{
	struct link *k = ctx;
	char byte;

	k->calls++;
	k->events = events;
	(void)!read(k->near_fd, &byte, 1);
	if (k->victim)
		loop_unwatch(loop, k->victim->near_fd);
}

static void
watch(struct link *k, uint32_t events)
{
	assert_int_equal(
	    loop_watch(loop, k->near_fd, events, on_ready, k), RC_OK);
}

static void
poke(struct link *k)
{
	assert_int_equal(write(k->far_fd, "x", 1), 1);
}

static void
step(void)
{
	assert_int_equal(loop_step(loop, 0), RC_OK);
}

static void
test_ready_descriptors_are_called(void **state)
{
	(void)state;
	watch(&links[0], EPOLLIN);
	watch(&links[1], EPOLLIN);
	step();
	assert_int_equal(links[0].calls, 0);
	poke(&links[1]);
	step();
	assert_int_equal(links[0].calls, 0);
	assert_int_equal(links[1].calls, 1);
	assert_int_equal(links[1].events, EPOLLIN);
}

static void
test_watching_has_rules(void **state)
{
	struct link *k = &links[0];
	int file;

	(void)state;
	watch(k, EPOLLOUT);
	assert_int_equal(
	    loop_watch(loop, k->near_fd, EPOLLIN, on_ready, k), RC_CONFLICT);
	step();
	assert_int_equal(k->events, EPOLLOUT);
	loop_unwatch(loop, k->near_fd);
	loop_unwatch(loop, k->near_fd);
	step();
	assert_int_equal(k->calls, 1);

	assert_int_equal(loop_watch(loop, -1, EPOLLIN, on_ready, k), RC_IO);
	loop_unwatch(loop, -1);
	/* epoll(7) has no use for regular files. */
	file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	assert_int_equal(loop_watch(loop, file, EPOLLIN, on_ready, k), RC_IO);
	close(file);
	assert_int_equal(loop_watch(loop, file, EPOLLIN, on_ready, k), RC_IO);
}

static void
test_descriptors_of_any_number(void **state)
{
	int high = fcntl(links[0].near_fd, F_DUPFD_CLOEXEC, 900);

	(void)state;
	assert_true(high >= 900);
	assert_int_equal(
	    loop_watch(loop, high, EPOLLIN, on_ready, &links[0]), RC_OK);
	poke(&links[0]);
	step();
	assert_int_equal(links[0].calls, 1);
	loop_unwatch(loop, high);
	close(high);
}

/* Whichever is called first removes itself and its neighbour. */
static void
test_a_callback_may_remove_itself(void **state)
{
	(void)state;
	watch(&links[0], EPOLLIN);
	links[0].victim = &links[0];
	poke(&links[0]);
	poke(&links[0]);
	step();
	step();
	assert_int_equal(links[0].calls, 1);
}

static void
test_a_callback_may_remove_another_that_is_ready(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		watch(&links[i], EPOLLIN);
		links[i].victim = &links[1 - i];
		poke(&links[i]);
	}
	step();
	step();
	assert_int_equal(links[0].calls + links[1].calls, 1);
}

/*
 * The first one called closes its neighbour and opens a link of its own, which
 * gets the neighbour's number: what was ready there is not news of the new one.
 */
static void
replace_neighbour(void *ctx, uint32_t events)
{
	struct link *k = ctx;
	struct link *neighbour = &links[k == &links[0] ? 1 : 0];
	int number = neighbour->near_fd;

	(void)events;
	k->calls++;
	loop_unwatch(loop, number);
	assert_int_equal(dup2(links[2].near_fd, number), number);
	assert_int_equal(
	    loop_watch(loop, number, EPOLLIN, on_ready, &links[2]), RC_OK);
	loop_unwatch(loop, k->near_fd);
}

static void
test_a_number_that_is_used_again_is_another(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(loop_watch(loop, links[i].near_fd, EPOLLIN,
				     replace_neighbour, &links[i]),
		    RC_OK);
		poke(&links[i]);
	}
	step();
	assert_int_equal(links[0].calls + links[1].calls, 1);
	assert_int_equal(links[2].calls, 0);
	poke(&links[2]);
	step();
	assert_int_equal(links[2].calls, 1);
}

static void
test_a_peer_that_hangs_up_is_reported(void **state)
{
	(void)state;
	watch(&links[0], 0);
	shutdown(links[0].far_fd, SHUT_RDWR);
	step();
	assert_true(links[0].events & EPOLLHUP);
}

/* A timer that notes when it was called, and may set itself again. */
struct alarm {
	struct loop_timer timer;
	unsigned calls;
	unsigned order;
	bool again;
	struct alarm *victim;
};

static unsigned alarm_calls;

static void
on_time(void *ctx, uint64_t now_ms)
{
	struct alarm *a = ctx;

	a->calls++;
	a->order = ++alarm_calls;
	assert_int_equal(a->timer.timer.index, 0);
	if (a->again)
		assert_int_equal(
		    loop_timer_set(loop, &a->timer, now_ms, on_time, a), RC_OK);
	if (a->victim)
		loop_timer_clear(loop, &a->victim->timer);
}

static void
set(struct alarm *a, uint64_t at_ms)
{
	assert_int_equal(
	    loop_timer_set(loop, &a->timer, at_ms, on_time, a), RC_OK);
}

static void
test_timers_come_in_order(void **state)
{
	struct alarm a = {0}, b = {0}, c = {0}, never = {0};

	(void)state;
	alarm_calls = 0;
	set(&a, 3);
	set(&b, 1);
	set(&c, 2);
	set(&never, TIME_NEVER);
	loop_timer_clear(loop, &c.timer);
	step();
	assert_int_equal(b.order, 1);
	assert_int_equal(a.order, 2);
	assert_int_equal(c.calls, 0);
	assert_int_equal(never.calls, 0);
}

static void
test_a_timer_may_clear_another_that_is_due(void **state)
{
	struct alarm a = {0}, b = {0};

	(void)state;
	set(&a, 1);
	set(&b, 2);
	a.victim = &b;
	step();
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 0);
}

/* Else this step would never end, and no descriptor would get its turn. */
static void
test_a_timer_set_for_now_waits_for_the_next_round(void **state)
{
	struct alarm a = {.again = true};

	(void)state;
	watch(&links[0], EPOLLIN);
	set(&a, 0);
	step();
	assert_int_equal(a.calls, 1);
	poke(&links[0]);
	step();
	assert_int_equal(a.calls, 2);
	assert_int_equal(links[0].calls, 1);
}

static void
stop(void *ctx, uint64_t now_ms)
{
	(void)ctx;
	(void)now_ms;
	loop_stop(loop);
}

static void
test_runs_until_it_is_stopped(void **state)
{
	struct loop_timer t = {0};
	uint64_t at_ms = clock_now_ms() + 5;

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(
		    loop_timer_set(loop, &t, at_ms, stop, NULL), RC_OK);
		assert_int_equal(loop_run(loop), RC_OK);
		assert_true(clock_now_ms() >= at_ms);
	}
	/* Stopped before it ran: it does not wait for anything. */
	loop_stop(loop);
	assert_int_equal(loop_run(loop), RC_OK);
}

struct round {
	unsigned count;
	unsigned seen; /* calls of links[0] by then */
};

static void
end_of_round(void *ctx)
{
	struct round *r = ctx;

	r->count++;
	r->seen = links[0].calls;
}

/* What callbacks gather leaves once for all of them: also in the round that
 * stops the loop. */
static void
test_a_round_has_an_end(void **state)
{
	struct loop_timer t = {0};
	struct round r = {0};

	(void)state;
	watch(&links[0], EPOLLIN);
	watch(&links[1], EPOLLIN);
	loop_after_round(loop, end_of_round, &r);
	poke(&links[0]);
	poke(&links[1]);
	step();
	assert_int_equal(r.count, 1);
	assert_int_equal(r.seen, 1);
	assert_int_equal(loop_timer_set(loop, &t, 0, stop, NULL), RC_OK);
	assert_int_equal(loop_run(loop), RC_OK);
	assert_int_equal(r.count, 2);
	loop_after_round(loop, NULL, NULL);
	step();
	assert_int_equal(r.count, 2);
}

static int signal_fd;

static void
on_signal(int number)
{
	(void)number;
	(void)!write(signal_fd, "x", 1);
}

static void
stop_when_ready(void *ctx, uint32_t events)
{
	(void)ctx;
	(void)events;
	loop_stop(loop);
}

/* A signal ends the wait of epoll_wait(2), not the loop. */
static void
test_signals_do_not_end_it(void **state)
{
	struct sigaction action = {.sa_handler = on_signal}, before;
	struct itimerval soon = {.it_value.tv_usec = 2000};

	(void)state;
	signal_fd = links[0].far_fd;
	assert_int_equal(
	    loop_watch(loop, links[0].near_fd, EPOLLIN, stop_when_ready, NULL),
	    RC_OK);
	assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_int_equal(loop_run(loop), RC_OK);
	assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
}

static void
test_clocks(void **state)
{
	uint64_t before_ms = clock_now_ms();

	(void)state;
	assert_true(clock_now_ms() >= before_ms);
	/* 2020 and on: milliseconds, since 1970. */
	assert_true(clock_wall_ms() > INT64_C(1577836800000));
	assert_true(clock_wall_ms() < INT64_C(32503680000000));
}

#define LOOP_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    LOOP_TEST(test_ready_descriptors_are_called),
	    LOOP_TEST(test_watching_has_rules),
	    LOOP_TEST(test_descriptors_of_any_number),
	    LOOP_TEST(test_a_callback_may_remove_itself),
	    LOOP_TEST(test_a_callback_may_remove_another_that_is_ready),
	    LOOP_TEST(test_a_number_that_is_used_again_is_another),
	    LOOP_TEST(test_a_peer_that_hangs_up_is_reported),
	    LOOP_TEST(test_timers_come_in_order),
	    LOOP_TEST(test_a_timer_may_clear_another_that_is_due),
	    LOOP_TEST(test_a_timer_set_for_now_waits_for_the_next_round),
	    LOOP_TEST(test_runs_until_it_is_stopped),
	    LOOP_TEST(test_a_round_has_an_end),
	    LOOP_TEST(test_signals_do_not_end_it),
	    LOOP_TEST(test_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
