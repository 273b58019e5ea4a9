/*
 * A process in the worker's jail does what a worker does, and lives. And what
 * else the jail has: its name, and descriptors closed before it.
 */
#include "child.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/event.h"
#include "base/loop.h"
#include "base/secret.h"
#include "tcp.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What the children inherit, made before there is a jail. */
static int udp_socket; /* bound */
static struct sockaddr_in udp_address;
static int tcp_listener, tcp_caller;
static int pipe_ends[2];
static int sealed; /* memory file */

static bool
no_jail(void)
{
	return true;
}

static bool
worker_jail(void)
{
	return jail_worker() == RC_OK;
}

static int
do_udp_echo(void)
{
	struct sockaddr_in from;
	struct iovec iov;
	struct msghdr m = {
	    .msg_name = &from,
	    .msg_namelen = sizeof(from),
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	};
	char buf[16];

	/* to itself: the address is its own */
	if (sendto(udp_socket, "ping", 4, 0, (struct sockaddr *)&udp_address,
		sizeof(udp_address)) != 4)
		return 1;
	iov = (struct iovec){buf, sizeof(buf)};
	if (recvmsg(udp_socket, &m, 0) != 4)
		return 2;
	iov.iov_len = 4;
	if (sendmsg(udp_socket, &m, MSG_DONTWAIT | MSG_NOSIGNAL) != 4)
		return 3;
	if (recvfrom(udp_socket, buf, sizeof(buf), 0, NULL, NULL) != 4)
		return 4;
	return memcmp(buf, "ping", 4) == 0 ? 0 : 5;
}

/* A device that has called before there was a jail. */
static int
do_tcp(void)
{
	struct address from;
	uint8_t buf[16];
	size_t len;
	int fd;

	if (tcp_accept(tcp_listener, &fd, &from) != RC_OK || from.family != 4)
		return 1;
	if (tcp_read(fd, buf, sizeof(buf), &len) != RC_OK || len != 4)
		return 2;
	if (tcp_write(fd, span_of(buf, len), &len) != RC_OK || len != 4)
		return 3;
	tcp_finish(fd);
	tcp_close(fd);
	return tcp_accept(tcp_listener, &fd, &from) == RC_AGAIN ? 0 : 4;
}

/* A loop is made before the jail, as in the worker. */
static struct loop *loop;
static int rang;

static void
ring(void *ctx, uint64_t now_ms)
{
	struct loop *l = ctx;

	(void)now_ms;
	rang++;
	loop_stop(l);
}

static void
readable(void *ctx, uint32_t events)
{
	char c;

	(void)ctx;
	if ((events & EPOLLIN) && read(pipe_ends[0], &c, 1) == 1)
		rang++;
}

static int
do_loop(void)
{
	struct loop_timer timer = {0};
	struct timespec nap = {0, 1000000};

	if (loop_watch(loop, pipe_ends[0], EPOLLIN, readable, NULL) != RC_OK ||
	    write(pipe_ends[1], "x", 1) != 1 ||
	    loop_timer_set(loop, &timer, clock_now_ms() + 20, ring, loop) !=
		RC_OK)
		return 1;
	if (loop_run(loop) != RC_OK || rang != 2)
		return 2;
	loop_unwatch(loop, pipe_ends[0]);
	nanosleep(&nap, NULL);
	return 0;
}

static int
do_random(void)
{
	uint8_t bytes[64] = {0}, none[64] = {0};

	random_bytes(bytes, sizeof(bytes));
	return memcmp(bytes, none, sizeof(none)) != 0 ? 0 : 1;
}

static int
do_memory(void)
{
	for (size_t len = 10; len <= 10u << 20; len *= 4) {
		char *p = malloc(len), *q;

		if (!p)
			return 1;
		memset(p, 1, len);
		q = realloc(p, 2 * len);
		if (!q) {
			free(p);
			return 1;
		}
		q[2 * len - 1] = q[0];
		free(q);
	}
	return 0;
}

static int
do_secret(void)
{
	struct secret small = {0}, large = {0};
	int r = 0;

	if (secret_set(&small, SPAN_LIT("key")) != RC_OK ||
	    secret_reserve(&large, 20000) != RC_OK)
		r = 1;
	secret_fini(&small);
	secret_fini(&large);
	return r;
}

static int
by_value(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Large enough that the C library asks for the size of memory. */
static int
do_sort(void)
{
	static int numbers[4096];

	for (int i = 0; i < 4096; i++)
		numbers[i] = (i * 1237) % 4096;
	qsort(numbers, 4096, sizeof(numbers[0]), by_value);
	for (int i = 1; i < 4096; i++)
		if (numbers[i - 1] > numbers[i])
			return 1;
	return 0;
}

/* The first line of a process: time zone, and whose journal it is. */
static int
do_log(void)
{
	char line[256];
	ssize_t n;

	setenv("JOURNAL_STREAM", "1:2", 1);
	LOG(LOG_INFO, "from_jail", F_TEXT("jail", jail_name()));
	n = read(pipe_ends[0], line, sizeof(line) - 1);
	if (n <= 0)
		return 1;
	line[n] = '\0';
	return strstr(line, "from_jail jail=\"seccomp") ? 0 : 2;
}

/* What the keeper sends: is it sealed, and what is in it? */
static int
do_sealed(void)
{
	char text[8] = "";

	if (fcntl(sealed, F_GET_SEALS) != F_SEAL_WRITE)
		return 1;
	return pread(sealed, text, sizeof(text), 1) == 4 &&
		strcmp(text, "hown") == 0
	    ? 0
	    : 2;
}

static int
do_close(void)
{
	return close(udp_socket) == 0 ? 0 : 1;
}

static bool
worker_jail_log(void)
{
	if (dup2(pipe_ends[1], STDERR_FILENO) < 0)
		return false;
	return worker_jail();
}

static bool
worker_jail_loop(void)
{
	return loop_new(&loop) == RC_OK && worker_jail();
}

static void
test_lives(void **state)
{
	static const struct {
		const char *what;
		jail_fn jail;
		attempt_fn attempt;
	} fine[] = {
	    {"UDP echo", worker_jail, do_udp_echo},
	    {"TCP: accept, read, write, FIN", worker_jail, do_tcp},
	    {"loop and timer", worker_jail_loop, do_loop},
	    {"random", worker_jail, do_random},
	    {"memory", worker_jail, do_memory},
	    {"secrets", worker_jail, do_secret},
	    {"qsort", worker_jail, do_sort},
	    {"log", worker_jail_log, do_log},
	    {"a sealed file", worker_jail, do_sealed},
	    {"close", worker_jail, do_close},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		int how = child_exit(fine[i].jail, fine[i].attempt);

		if (how != 0)
			fail_msg(
			    "%s: %d %s", fine[i].what, how, child_ending(how));
	}
}

static int
do_abort(void)
{
	abort();
}

/* A fault of ours ends in SIGABRT and not in SIGSYS: abort(3) gets through. */
static void
test_abort(void **state)
{
	(void)state;
	assert_int_equal(child_try(worker_jail, do_abort), CHILD_LOST);
}

/* --- names and descriptors ------------------------------------------------ */

static int
check_name(void)
{
	char want[64];
	int abi = child_landlock_abi();

	snprintf(want, sizeof(want), "seccomp, landlock %d", abi);
	if (abi == 0)
		snprintf(want, sizeof(want), "seccomp");
	if (strcmp(jail_name(), "none") != 0)
		return 1;
	/* the question about Landlock forks, so it comes first */
	if (!worker_jail())
		return 2;
	return strcmp(jail_name(), want) == 0 ? 0 : 3;
}

static void
test_name(void **state)
{
	(void)state;
	assert_int_equal(child_try(no_jail, check_name), 0);
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int
check_close_others(void)
{
	int keep[] = {40, 12, -1, 1, 12};

	for (int fd = 10; fd < 60; fd++)
		if (dup2(pipe_ends[0], fd) < 0)
			return 1;
	jail_close_others(keep, sizeof(keep) / sizeof(keep[0]));
	for (int fd = 3; fd < 100; fd++)
		if (is_open(fd) != (fd == 12 || fd == 40))
			return 2;
	for (int fd = 0; fd < 3; fd++)
		if (!is_open(fd))
			return 3;
	jail_close_others(NULL, 0);
	return is_open(12) || is_open(40) || !is_open(2) ? 4 : 0;
}

static void
test_close_others(void **state)
{
	(void)state;
	assert_int_equal(child_try(no_jail, check_close_others), 0);
}

static bool
make_tcp(void)
{
	struct address where, bound;
	struct sockaddr_storage sa = {0};

	if (address_parse(SPAN_LIT("127.0.0.1:0"), &where) != RC_OK ||
	    tcp_listen(&where, false, &tcp_listener, &bound) != RC_OK)
		return false;
	tcp_caller = socket(AF_INET, SOCK_STREAM, 0);
	return tcp_caller >= 0 &&
	    connect(tcp_caller, (struct sockaddr *)&sa,
		(socklen_t)address_to(
		    &bound, AF_INET, (struct sockaddr *)&sa)) == 0 &&
	    send(tcp_caller, "ping", 4, 0) == 4;
}

static int
set_up(void **state)
{
	struct sockaddr_in loopback = {.sin_family = AF_INET};
	socklen_t len = sizeof(udp_address);

	(void)state;
	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!make_tcp())
		return -1;
	udp_socket = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(udp_socket, (struct sockaddr *)&loopback, sizeof(loopback)) ||
	    getsockname(udp_socket, (struct sockaddr *)&udp_address, &len))
		return -1;
	sealed = memfd_create("shown", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (write(sealed, "shown", 5) != 5 ||
	    fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE) != 0)
		return -1;
	return pipe(pipe_ends);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lives),
	    cmocka_unit_test(test_abort),
	    cmocka_unit_test(test_name),
	    cmocka_unit_test(test_close_others),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
