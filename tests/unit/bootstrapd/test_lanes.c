/* Who comes next to the token: the order alone, no token and no thread. A job
 * is written as kind and worker, "b0": p a key, s a signature, b a session that
 * begins, d what nobody waits for. */
#include "lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct lanes lanes;
static size_t alive;

/* The real one belongs to a daemon with a token. */
void
job_free(struct job *j)
{
	alive--;
	free(j);
}

static struct job *
job(char kind, unsigned worker)
{
	struct job *j = calloc(1, sizeof(*j));

	assert_non_null(j);
	alive++;
	j->worker = worker;
	j->kind = kind == 'p' ? JOB_PSK
	    : kind == 's'     ? JOB_SIGN
	    : kind == 'b'     ? JOB_BEGIN
			      : JOB_DOCTOR;
	return j;
}

static bool
put(char kind, unsigned worker)
{
	struct job *j = job(kind, worker);
	bool room = lanes_put(&lanes, j);

	if (!room)
		job_free(j);
	return room;
}

static void
put_all(const char *text)
{
	for (; *text; text += text[2] ? 3 : 2)
		assert_true(put(text[0], (unsigned)(text[1] - '0')));
}

static char
letter(const struct job *j)
{
	return "psbd"[j->kind];
}

/** Each is done before the next is taken. */
static void
served(const char *expected)
{
	for (; *expected; expected += expected[2] ? 3 : 2) {
		struct job *j = lanes_take(&lanes);

		assert_non_null(j);
		assert_int_equal(letter(j), expected[0]);
		assert_int_equal(j->worker, expected[1] - '0');
		lanes_done(&lanes, j);
		job_free(j);
	}
}

static void
nothing_left(void)
{
	assert_null(lanes_take(&lanes));
	assert_int_equal(lanes_waiting(&lanes), 0);
	assert_int_equal(alive, 0);
}

static void
one_worker_in_order(void **state)
{
	(void)state;
	lanes_init(&lanes, 4, 1);
	put_all("p0 s0 s0 p0 b0 p0");
	assert_int_equal(lanes_waiting(&lanes), 6);
	served("b0 p0 s0 p0 s0 p0");
	nothing_left();
}

/* However many keys are asked for, every other job is a signature. */
static void
keys_and_signatures_take_turns(void **state)
{
	static const unsigned threads[] = {1, 2, 9};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		lanes_init(&lanes, threads[i], 1);
		put_all("p0 p0 p0 p0 p0 p0 s0 s0 s0");
		served("p0 s0 p0 s0 p0 s0 p0");
		put_all("s0");
		served("s0 p0 p0");
		nothing_left();
	}
}

static void
workers_take_turns(void **state)
{
	static const char kinds[] = {'p', 's', 'b', 'd'};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds); i++) {
		static const unsigned turns[] = {0, 1, 3, 0, 1, 0, 0};
		size_t n;

		lanes_init(&lanes, 4, 4);
		for (n = 0; n < 4; n++)
			assert_true(put(kinds[i], 0));
		assert_true(put(kinds[i], 1));
		assert_true(put(kinds[i], 3));
		assert_true(put(kinds[i], 1));
		for (n = 0; n < sizeof(turns) / sizeof(turns[0]); n++) {
			struct job *j = lanes_take(&lanes);

			assert_non_null(j);
			assert_int_equal(j->worker, turns[n]);
			lanes_done(&lanes, j);
			job_free(j);
		}
		nothing_left();
	}
}

static void
one_that_floods_waits_for_itself(void **state)
{
	static const char kinds[] = {'p', 's', 'b'};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds); i++) {
		struct job *j, *second;
		size_t put_count = 0;

		lanes_init(&lanes, 4, 2);
		while (put(kinds[i], 0))
			put_count++;
		assert_int_equal(put_count, LANE_MOST / 2);
		/* there is room for the other, and it is next but one */
		assert_true(put(kinds[i], 1));
		j = lanes_take(&lanes);
		second = lanes_take(&lanes);
		assert_int_equal(j->worker + second->worker, 1);
		assert_true(put(kinds[i], 0));
		assert_false(put(kinds[i], 0));
		lanes_done(&lanes, j);
		lanes_done(&lanes, second);
		job_free(j);
		job_free(second);
		lanes_drop(&lanes);
		nothing_left();
	}
}

static void
one_alone_has_it_all(void **state)
{
	size_t n = 0;

	(void)state;
	lanes_init(&lanes, 4, 1);
	while (put('b', 0))
		n++;
	assert_int_equal(n, LANE_MOST);
	lanes_drop(&lanes);
	nothing_left();
}

static void
as_many_workers_as_there_may_be(void **state)
{
	(void)state;
	lanes_init(&lanes, 4, WORKERS_MAX);
	for (unsigned w = 0; w < WORKERS_MAX; w++) {
		assert_true(put('d', w));
		assert_false(put('d', w));
		assert_true(put('s', w));
	}
	for (unsigned w = 0; w < WORKERS_MAX; w++) {
		struct job *j = lanes_take(&lanes);

		assert_int_equal(j->kind, JOB_SIGN);
		assert_int_equal(j->worker, w);
		lanes_done(&lanes, j);
		job_free(j);
	}
	lanes_drop(&lanes);
	nothing_left();
}

static void
a_worker_that_is_none(void **state)
{
	(void)state;
	lanes_init(&lanes, 4, 2);
	assert_false(put('b', 2));
	nothing_left();
}

static void
no_lane_has_all_threads(void **state)
{
	struct job *begins[3], *sign;

	(void)state;
	lanes_init(&lanes, 4, 2);
	put_all("b0 b0 b0 b0 b1");
	assert_int_equal(lanes_takeable(&lanes), 3);
	for (int i = 0; i < 3; i++)
		begins[i] = lanes_take(&lanes);
	assert_null(lanes_take(&lanes));
	put_all("s1");
	assert_int_equal(lanes_takeable(&lanes), 1);
	sign = lanes_take(&lanes);
	assert_int_equal(sign->kind, JOB_SIGN);
	assert_int_equal(lanes_waiting(&lanes), 6);
	lanes_done(&lanes, sign);
	job_free(sign);
	for (int i = 0; i < 3; i++) {
		lanes_done(&lanes, begins[i]);
		job_free(begins[i]);
	}
	served("b0 b0");
	nothing_left();
}

static void
a_thread_alone_has_time_for_handshakes(void **state)
{
	(void)state;
	lanes_init(&lanes, 1, 2);
	put_all("b0 b0 b0 b0 p1 s1");
	served("b0 p1 b0 s1 b0 b0");
	nothing_left();
}

static void
nobody_waits_for_it(void **state)
{
	struct job *j;

	(void)state;
	lanes_init(&lanes, 4, 2);
	put_all("d0 d1 p0");
	assert_int_equal(lanes_waiting(&lanes), 1);
	served("p0");
	j = lanes_take(&lanes);
	assert_int_equal(j->kind, JOB_DOCTOR);
	assert_true(lanes_idling(&lanes));
	/* one at a time */
	assert_null(lanes_take(&lanes));
	lanes_done(&lanes, j);
	assert_false(lanes_idling(&lanes));
	/* there is more to do of it: behind the other's */
	lanes_again(&lanes, j);
	served("d1 d0");
	nothing_left();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_worker_in_order),
	    cmocka_unit_test(keys_and_signatures_take_turns),
	    cmocka_unit_test(workers_take_turns),
	    cmocka_unit_test(one_that_floods_waits_for_itself),
	    cmocka_unit_test(one_alone_has_it_all),
	    cmocka_unit_test(as_many_workers_as_there_may_be),
	    cmocka_unit_test(a_worker_that_is_none),
	    cmocka_unit_test(no_lane_has_all_threads),
	    cmocka_unit_test(a_thread_alone_has_time_for_handshakes),
	    cmocka_unit_test(nobody_waits_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
