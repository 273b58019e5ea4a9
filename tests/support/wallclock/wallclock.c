/*
 * A wall clock that a test sets: preloaded (LD_PRELOAD), it adds what stands in
 * the file $WALLCLOCK, a number of seconds as a 64-bit integer of this machine,
 * to CLOCK_REALTIME, and to no other clock. The file is mapped when the program
 * starts, so that a process in a jail sees what is written there later.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead_s;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void
wallclock_open(void)
{
	const char *path = getenv("WALLCLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *at;

	*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	if (fd < 0)
		return;
	at = mmap(NULL, sizeof(*ahead_s), PROT_READ, MAP_SHARED, fd, 0);
	if (at != MAP_FAILED)
		ahead_s = at;
	close(fd);
}

int
clock_gettime(clockid_t clock, struct timespec *out)
{
	int rc = real(clock, out);

	if (rc == 0 && clock == CLOCK_REALTIME && ahead_s)
		out->tv_sec += (time_t)*ahead_s;
	return rc;
}
