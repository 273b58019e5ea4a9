#include "fault_clock.h"

#include <stdatomic.h>
#include <time.h>

int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);
int __real_clock_gettime(clockid_t id, struct timespec *out);

static _Atomic uint64_t ahead_ms, slept_ms;

int
__wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	uint64_t ms =
	    (uint64_t)time->tv_sec * 1000 + (uint64_t)time->tv_nsec / 1000000;

	(void)left;
	ahead_ms += ms;
	slept_ms += ms;
	return 0;
}

int
__wrap_clock_gettime(clockid_t id, struct timespec *out)
{
	int e = __real_clock_gettime(id, out);

	if (e == 0 && id == CLOCK_MONOTONIC)
		out->tv_sec += (time_t)(ahead_ms / 1000);
	return e;
}

uint64_t
clock_slept_ms(void)
{
	return slept_ms;
}

void
clock_reset(void)
{
	slept_ms = 0;
}

void
clock_advance(uint64_t ms)
{
	ahead_ms += ms;
}
