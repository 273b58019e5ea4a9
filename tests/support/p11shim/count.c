/* How often each function was called, for tests to read. */
#include "count.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	COUNT_LINE = 38,
	SESSIONS_LINE = FUNCTION_COUNT,
	STRUCK_LINE,
	LINES,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int count_fd = -1;
static int log_fd = -1;
static unsigned long sessions; /* open */

static int
open_file(const char *variable, int flags)
{
	const char *path = getenv(variable);
	int fd = path ? open(path, flags | O_CREAT | O_CLOEXEC, 0666) : -1;

	if (path && fd < 0)
		refuse(path, strerror(errno));
	return fd;
}

void
count_open(void)
{
	count_fd = open_file("P11SHIM_COUNT", O_RDWR);
	log_fd = open_file("P11SHIM_LOG", O_WRONLY | O_APPEND);
}

static void
write_log(const char *name)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "%s\n", name);

	if (log_fd >= 0 && write(log_fd, line, (size_t)n) != n)
		refuse("P11SHIM_LOG", strerror(errno));
}

static void
write_line(int number, const char *name, unsigned long n)
{
	char line[64];

	snprintf(line, sizeof(line), "%-24s %12lu\n", name, n);
	if (pwrite(count_fd, line, COUNT_LINE, (off_t)number * COUNT_LINE) !=
	    COUNT_LINE)
		refuse("P11SHIM_COUNT", strerror(errno));
}

/* Truncated by a test that begins to count anew. */
static void
begin(void)
{
	struct stat st;

	if (fstat(count_fd, &st) || st.st_size >= (off_t)LINES * COUNT_LINE)
		return;
	for (int i = 0; i < FUNCTION_COUNT; i++)
		write_line(i, function_names[i], 0);
	write_line(SESSIONS_LINE, "sessions", sessions);
	write_line(STRUCK_LINE, "struck", 0);
}

/* One more. */
static void
add(int number, const char *name)
{
	char line[COUNT_LINE + 1] = {0};
	off_t at = (off_t)number * COUNT_LINE;

	pthread_mutex_lock(&lock);
	flock(count_fd, LOCK_EX);
	if (pread(count_fd, line, COUNT_LINE, at) != COUNT_LINE) {
		begin();
		line[0] = '\0';
	}
	write_line(
	    number, name, strtoul(line[0] ? line + 24 : "0", NULL, 10) + 1);
	flock(count_fd, LOCK_UN);
	pthread_mutex_unlock(&lock);
}

void
count_call(enum function function)
{
	write_log(function_names[function]);
	if (count_fd >= 0)
		add((int)function, function_names[function]);
}

void
count_struck(void)
{
	if (count_fd >= 0)
		add(STRUCK_LINE, "struck");
}

/* Under lock. */
static void
write_sessions(void)
{
	if (count_fd < 0)
		return;
	flock(count_fd, LOCK_EX);
	begin();
	write_line(SESSIONS_LINE, "sessions", sessions);
	flock(count_fd, LOCK_UN);
}

void
count_sessions_opened(void)
{
	pthread_mutex_lock(&lock);
	sessions++;
	write_sessions();
	pthread_mutex_unlock(&lock);
}

void
count_sessions_closed(void)
{
	pthread_mutex_lock(&lock);
	if (sessions > 0)
		sessions--;
	write_sessions();
	pthread_mutex_unlock(&lock);
}

void
count_sessions_gone(void)
{
	pthread_mutex_lock(&lock);
	sessions = 0;
	write_sessions();
	pthread_mutex_unlock(&lock);
}
