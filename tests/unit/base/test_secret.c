#include "base/secret.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* These sanitizers answer mlock(2) themselves and lock nothing. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MLOCK_IS_REAL 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define MLOCK_IS_REAL 0
#endif
#endif
#ifndef MLOCK_IS_REAL
#define MLOCK_IS_REAL 1
#endif

static bool
all_zero(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i])
			return false;
	return true;
}

/* kB of locked memory, proc_pid_status(5). */
static unsigned long
locked_kb(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long kb = 0;
	char line[256];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmLck: %lu", &kb) == 1)
			break;
	fclose(f);
	return kb;
}

/* The VmFlags of the mapping that `p` lies in, proc_pid_smaps(5). */
static void
flags_of(const void *p, char *flags, size_t cap)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	uintptr_t at = (uintptr_t)p, from, to;
	bool here = false;
	char line[512];

	assert_non_null(f);
	flags[0] = '\0';
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
			here = from <= at && at < to;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(flags, cap, "%s", line + 8);
	}
	fclose(f);
}

static int
status_of(pid_t child)
{
	int status;

	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void
test_room_is_zeroed_and_wiped(void **state)
{
	static const size_t caps[] = {
	    16, 63, 64, 65, 256, 257, 1024, 1025, 4096};

	(void)state;
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		struct secret s = {0};
		const uint8_t *bytes;

		assert_int_equal(secret_reserve(&s, caps[i]), RC_OK);
		assert_int_equal(s.cap, caps[i]);
		assert_int_equal(s.len, 0);
		assert_true(all_zero(s.bytes, s.cap));
		memset(s.bytes, 0xa5, s.cap);
		bytes = s.bytes;
		secret_fini(&s);
		assert_null(s.bytes);
		assert_int_equal(s.cap, 0);
		/* The chunk stays mapped; its free slot holds but a link. */
		assert_true(
		    all_zero(bytes + sizeof(void *), caps[i] - sizeof(void *)));
		secret_fini(&s);
	}
}

static void
test_sizes_up_to_the_limit(void **state)
{
	struct secret s = {0};

	(void)state;
	assert_int_equal(secret_reserve(&s, 4097), RC_OK);
	memset(s.bytes, 1, 4097);
	assert_int_equal(secret_reserve(&s, SECRET_MAX), RC_OK);
	assert_true(all_zero(s.bytes, SECRET_MAX));
	memset(s.bytes, 1, SECRET_MAX);
	assert_int_equal(secret_reserve(&s, SECRET_MAX + 1), RC_TOO_LARGE);
	assert_null(s.bytes);
	assert_int_equal(secret_reserve(&s, SIZE_MAX), RC_TOO_LARGE);
	assert_int_equal(secret_reserve_large(&s, SECRET_LARGE_MAX), RC_OK);
	assert_true(all_zero(s.bytes, SECRET_LARGE_MAX));
	assert_int_equal(
	    secret_reserve_large(&s, SECRET_LARGE_MAX + 1), RC_TOO_LARGE);
	assert_null(s.bytes);
	assert_int_equal(secret_reserve(&s, 0), RC_OK);
	assert_null(s.bytes);
}

static void
test_set_move_equal(void **state)
{
	struct secret a = {0}, b = {0};

	(void)state;
	assert_true(secret_equal(&a, &b));
	assert_int_equal(secret_set(&a, SPAN_LIT("0123456789abcdef")), RC_OK);
	assert_true(span_is(secret_expose(&a), "0123456789abcdef"));
	assert_false(secret_equal(&a, &b));
	assert_int_equal(secret_set(&b, SPAN_LIT("0123456789abcdeF")), RC_OK);
	assert_false(secret_equal(&a, &b));
	assert_int_equal(secret_set(&b, secret_expose(&a)), RC_OK);
	assert_true(secret_equal(&a, &b));

	/* From itself, in part. */
	assert_int_equal(
	    secret_set(&b, span_from(secret_expose(&b), 10)), RC_OK);
	assert_true(span_is(secret_expose(&b), "abcdef"));
	assert_false(secret_equal(&a, &b));

	secret_move(&b, &a);
	assert_null(a.bytes);
	assert_true(span_is(secret_expose(&b), "0123456789abcdef"));
	secret_move(&b, &b);
	assert_int_equal(b.len, 16);
	assert_int_equal(secret_set(&b, span_of(NULL, 0)), RC_OK);
	assert_null(b.bytes);
}

static void
test_comparison_sees_every_bit(void **state)
{
	uint8_t a[40] = {0}, b[40] = {0};

	(void)state;
	assert_true(bytes_equal_ct(a, b, sizeof(a)));
	assert_true(bytes_equal_ct(NULL, NULL, 0));
	for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(bytes_equal_ct(a, b, sizeof(a)));
		b[bit / 8] = 0;
	}
}

static void
test_pages_are_locked_and_left_out_of_cores(void **state)
{
	static const size_t caps[] = {16, 200, 1000, 4096, 10000};

	(void)state;
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		struct secret s = {0};
		char flags[512];

		assert_int_equal(secret_reserve(&s, caps[i]), RC_OK);
		flags_of(s.bytes + caps[i] - 1, flags, sizeof(flags));
		assert_non_null(strstr(flags, " dd"));
		if (MLOCK_IS_REAL)
			assert_non_null(strstr(flags, " lo"));
		secret_fini(&s);
	}
}

/* A large secret ends at the end of a page at most; then comes the guard. */
static void
test_running_over_the_end_ends_the_process(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct secret s = {0};
	pid_t child;
	int status;

	(void)state;
	assert_int_equal(secret_reserve(&s, 8 * page), RC_OK);
	for (int side = 0; side < 2; side++) {
		volatile uint8_t *p = s.bytes;

		child = fork();
		if (child == 0) {
			/* What a sanitizer has to say of it is no news. */
			fclose(stderr);
			close(STDERR_FILENO);
			secret_harden_process();
			if (side == 0)
				p[8 * page] = 1;
			else
				*(p - 1) = 1;
			_exit(0);
		}
		status = status_of(child);
		assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	secret_fini(&s);
}

static void
test_a_forked_child_locks_its_copy(void **state)
{
	struct secret s = {0};
	pid_t child;

	(void)state;
	if (!MLOCK_IS_REAL)
		skip();
	assert_int_equal(secret_set(&s, SPAN_LIT("key")), RC_OK);
	assert_true(locked_kb() > 0);
	child = fork();
	if (child == 0)
		_exit(locked_kb() > 0 && span_is(secret_expose(&s), "key") ? 0
									   : 1);
	assert_int_equal(status_of(child), 0);
	secret_fini(&s);
}

/* In a child, where no lockable memory is left: what went wrong, 0: nothing. */
static int
live_without_lockable_memory(void)
{
	struct rlimit limit;
	struct secret s = {0}, large = {0};
	unsigned long before_kb;

	/* The superuser is above the limit. */
	if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
		return 1;
	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return 2;
	limit.rlim_cur = 0;
	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return 3;
	before_kb = locked_kb();
	for (int i = 0; i < 100; i++) {
		if (secret_reserve(&large, SECRET_MAX) != RC_MEMORY)
			return 4;
		if (large.bytes || large.len || large.cap)
			return 5;
	}
	/* Slots run out as well, if only when those that were locked do. */
	for (int i = 0; i < 1000; i++) {
		enum rc rc;

		s = (struct secret){0};
		rc = secret_reserve(&s, 4096);
		if (rc == RC_MEMORY)
			break;
		if (rc != RC_OK || i == 999)
			return 6;
	}
	if (s.bytes || locked_kb() != before_kb)
		return 7;
	secret_harden_process();
	if (limit.rlim_max < 65536 * 4)
		return 0;
	return secret_reserve(&s, SECRET_MAX) == RC_OK ? 0 : 8;
}

static void
test_no_lockable_memory_is_no_secret(void **state)
{
	pid_t child;

	(void)state;
	if (!MLOCK_IS_REAL)
		skip();
	child = fork();
	if (child == 0)
		_exit(live_without_lockable_memory());
	assert_int_equal(status_of(child), 0);
}

static void
test_a_hardened_process_leaves_no_core(void **state)
{
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		struct rlimit limit;

		secret_harden_process();
		_exit(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
			    getrlimit(RLIMIT_CORE, &limit) == 0 &&
			    limit.rlim_max == 0
			? 0
			: 1);
	}
	assert_int_equal(status_of(child), 0);
}

/* Each thread finds in its secrets what it put there, and nothing else. */
static void *
take_and_give(void *arg)
{
	const uint8_t *mark = arg;
	struct secret held[16] = {0};
	bool good = true;

	for (size_t round = 0; round < 2000; round++) {
		struct secret *s = &held[round % 16];

		for (size_t i = 0; i < s->cap; i++)
			good = good && s->bytes[i] == *mark;
		if (secret_reserve(s, 1 + round * 37 % 5000) != RC_OK)
			return NULL;
		good = good && all_zero(s->bytes, s->cap);
		memset(s->bytes, *mark, s->cap);
	}
	for (size_t i = 0; i < 16; i++)
		secret_fini(&held[i]);
	return good ? arg : NULL;
}

static void
test_threads_do_not_share_slots(void **state)
{
	static uint8_t marks[4] = {1, 2, 3, 4};
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, take_and_give, &marks[i]),
		    0);
	for (size_t i = 0; i < 4; i++) {
		void *result;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, &marks[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_room_is_zeroed_and_wiped),
	    cmocka_unit_test(test_sizes_up_to_the_limit),
	    cmocka_unit_test(test_set_move_equal),
	    cmocka_unit_test(test_comparison_sees_every_bit),
	    cmocka_unit_test(test_pages_are_locked_and_left_out_of_cores),
	    cmocka_unit_test(test_running_over_the_end_ends_the_process),
	    cmocka_unit_test(test_a_forked_child_locks_its_copy),
	    cmocka_unit_test(test_no_lockable_memory_is_no_secret),
	    cmocka_unit_test(test_a_hardened_process_leaves_no_core),
	    cmocka_unit_test(test_threads_do_not_share_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
