#include "base/arena.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdalign.h>

static void
test_allocations_are_zeroed_aligned_and_apart(void **state)
{
	struct arena *a = arena_new(0);
	uint8_t *before = NULL;

	(void)state;
	assert_non_null(a);
	for (size_t size = 0; size < 3000; size += 7) {
		uint8_t *p = arena_alloc(a, size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		assert_ptr_not_equal(p, before);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xa5, size);
		before = p;
	}
	arena_free(a);
}

/* A large allocation between small ones costs none of the room they share. */
static void
test_large_allocations_stand_alone(void **state)
{
	struct arena *a = arena_new(0);
	uint8_t *first = arena_alloc(a, 16);
	uint8_t *large = arena_alloc(a, 1 << 20);
	uint8_t *second = arena_alloc(a, 16);

	(void)state;
	assert_non_null(large);
	memset(large, 1, 1 << 20);
	assert_ptr_equal(second, first + 16);
	arena_free(a);
}

static void
test_the_limit_holds(void **state)
{
	struct arena *a = arena_new(1024);
	size_t got = 0;

	(void)state;
	assert_null(arena_alloc(a, 1025));
	while (arena_alloc(a, 64))
		got += 64;
	assert_int_equal(got, 1024);
	assert_null(arena_alloc(a, 0));
	assert_null(arena_copy(a, SPAN_LIT("")).p);
	assert_null(arena_str(a, "x"));
	arena_free(a);
}

static void
test_sizes_that_overflow_are_refused(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	assert_null(arena_array(a, SIZE_MAX / 2, 3));
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_null(arena_alloc(a, SIZE_MAX - 15));
	assert_null(arena_copy(a, span_of("", SIZE_MAX)).p);
	assert_non_null(arena_array(a, 0, SIZE_MAX));
	arena_free(a);
}

static void
test_copies_end_in_nul(void **state)
{
	struct arena *a = arena_new(0);
	struct span s;

	(void)state;
	s = arena_copy(a, span_of("abcdefgh", 3));
	assert_int_equal(s.len, 3);
	assert_string_equal((const char *)s.p, "abc");
	assert_string_equal(
	    (const char *)arena_copy(a, span_of(NULL, 0)).p, "");
	assert_string_equal(arena_str(a, "meters"), "meters");
	arena_free(a);
	arena_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_allocations_are_zeroed_aligned_and_apart),
	    cmocka_unit_test(test_large_allocations_stand_alone),
	    cmocka_unit_test(test_the_limit_holds),
	    cmocka_unit_test(test_sizes_that_overflow_are_refused),
	    cmocka_unit_test(test_copies_end_in_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
