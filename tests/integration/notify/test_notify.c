/*
 * The service manager's side of the socket: what arrives there, from a path
 * and from the abstract space, and what does not.
 */
#include "notify.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char dir[] = "/tmp/notify-XXXXXX";
static char path[64], abstract[64];

/* Listen on what $NOTIFY_SOCKET then says. */
static int
manager_open(const char *name)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	memcpy(sa.sun_path, name, len);
	if (name[0] == '@')
		sa.sun_path[0] = '\0';
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&sa,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
	    0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static void
manager_close(int fd, const char *name)
{
	unsetenv("NOTIFY_SOCKET");
	close(fd);
	if (name[0] == '/')
		unlink(name);
}

/* The next message, "" when there is none. */
static const char *
heard(int fd)
{
	static char text[2048];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
test_states(void **state)
{
	const char *const names[] = {path, abstract};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int fd = manager_open(names[i]);

		assert_true(notify_state("READY=1\nSTATUS=serving"));
		assert_string_equal(heard(fd), "READY=1\nSTATUS=serving");
		assert_true(notify_state("WATCHDOG=1"));
		assert_true(notify_state("STOPPING=1"));
		assert_string_equal(heard(fd), "WATCHDOG=1");
		assert_string_equal(heard(fd), "STOPPING=1");
		assert_string_equal(heard(fd), "");
		manager_close(fd, names[i]);
	}
}

static void
test_a_long_state_is_cut(void **state)
{
	char longer[NOTIFY_TEXT_MAX * 2];
	int fd = manager_open(path);

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_true(notify_state(longer));
	assert_int_equal(strlen(heard(fd)), NOTIFY_TEXT_MAX);
	manager_close(fd, path);
}

static void
test_reloading(void **state)
{
	int fd = manager_open(path);
	struct timespec before, after;
	uint64_t usec;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_true(notify_reloading());
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_int_equal(
	    sscanf(heard(fd), "RELOADING=1\nMONOTONIC_USEC=%" SCNu64, &usec),
	    1);
	assert_true(usec >= (uint64_t)before.tv_sec * 1000000 +
		(uint64_t)before.tv_nsec / 1000);
	assert_true(usec <=
	    (uint64_t)after.tv_sec * 1000000 + (uint64_t)after.tv_nsec / 1000);
	manager_close(fd, path);
}

static void
test_nobody_listens(void **state)
{
	static const char *const names[] = {"", "/", "@", "relative",
	    "vsock:2:1234", "/nonexistent/notify", "@nobody-is-here"};
	char longer[200];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_false(notify_state("READY=1"));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		assert_false(notify_state("READY=1"));
	}
	/* one longer than an address can be is not taken for a shorter one */
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	longer[0] = '/';
	setenv("NOTIFY_SOCKET", longer, 1);
	assert_false(notify_state("READY=1"));
	unsetenv("NOTIFY_SOCKET");
}

/* A manager that does not read must not hold the daemon up. */
static void
test_full_socket(void **state)
{
	int fd = manager_open(path);
	int sent = 0;

	(void)state;
	while (sent < 100000 && notify_state("WATCHDOG=1"))
		sent++;
	assert_in_range(sent, 1, 99999);
	for (int i = 0; i < sent; i++)
		assert_string_equal(heard(fd), "WATCHDOG=1");
	assert_true(notify_state("WATCHDOG=1"));
	manager_close(fd, path);
}

static void
test_watchdog(void **state)
{
	static const struct {
		const char *usec;
		uint64_t ms;
	} cases[] = {
	    {"30000000", 15000},
	    {"2000", 1},
	    {"1", 1},
	    {"0", 0},
	    {"", 0},
	    {"30s", 0},
	    {"-1", 0},
	    {"99999999999999999999999", 0},
	    {"18446744073709551615", UINT64_MAX / 2000},
	};
	char pid[32];

	(void)state;
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(notify_watchdog_ms(), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setenv("WATCHDOG_USEC", cases[i].usec, 1);
		assert_int_equal(notify_watchdog_ms(), cases[i].ms);
	}
	setenv("WATCHDOG_USEC", "30000000", 1);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog_ms(), 15000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_PID", "all", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
}

static int
set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", dir);
	snprintf(
	    abstract, sizeof(abstract), "@bootstrapd-test-%d", (int)getpid());
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_states),
	    cmocka_unit_test(test_a_long_state_is_cut),
	    cmocka_unit_test(test_reloading),
	    cmocka_unit_test(test_nobody_listens),
	    cmocka_unit_test(test_full_socket),
	    cmocka_unit_test(test_watchdog),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
