/* What waits for the token: nothing keeps it from everything else. */
#include "lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

/* In place of job.c: a job here is its kind. */
void
job_free(struct job *j)
{
	free(j);
}

static void
put(struct lanes *l, enum job_kind kind, unsigned count)
{
	while (count-- > 0) {
		struct job *j = calloc(1, sizeof(*j));

		assert_non_null(j);
		j->kind = kind;
		lane_queue_put(&lanes_of(l, kind)->queue, j);
	}
}

static char
letter(enum job_kind kind)
{
	switch (kind) {
	case JOB_PSK:
		return 'p';
	case JOB_SIGN:
		return 's';
	case JOB_BEGIN:
		return 'b';
	case JOB_DOCTOR:
		break;
	}
	return '?';
}

/** The kinds of all that can be taken now, as letters. None is done. */
static const char *
taken(struct lanes *l)
{
	static char text[64];
	struct job *j;
	size_t n = 0;

	while ((j = lanes_take(l))) {
		assert_true(n + 1 < sizeof(text));
		text[n++] = letter(j->kind);
		job_free(j);
	}
	text[n] = '\0';
	return text;
}

static void
done(struct lanes *l, enum job_kind kind, unsigned count)
{
	lanes_of(l, kind)->busy -= count;
}

/* Four threads: what takes its time has three of them at most. */
static void
one_thread_is_left(void **state)
{
	struct lanes l;

	(void)state;
	lanes_init(&l, 4);
	put(&l, JOB_SIGN, 10);
	assert_int_equal(lanes_takeable(&l), 3);
	assert_string_equal(taken(&l), "sss");
	assert_int_equal(lanes_waiting(&l), 10);
	put(&l, JOB_PSK, 1);
	put(&l, JOB_BEGIN, 1);
	assert_string_equal(taken(&l), "bp");
	assert_string_equal(taken(&l), "");
	/* one comes back, one goes */
	done(&l, JOB_SIGN, 1);
	assert_string_equal(taken(&l), "s");
	lanes_drop(&l);
}

/* However many keys are asked for, every other job is a signature. */
static void
keys_and_signatures_take_turns(void **state)
{
	struct lanes l;

	(void)state;
	lanes_init(&l, 9);
	put(&l, JOB_PSK, 100);
	put(&l, JOB_SIGN, 3);
	assert_string_equal(taken(&l), "pspspsppppp");
	done(&l, JOB_PSK, 8);
	put(&l, JOB_SIGN, 1);
	assert_string_equal(taken(&l), "spppppppp");
	lanes_drop(&l);
}

/* Who is proved goes first. */
static void
bootstraps_go_first(void **state)
{
	struct lanes l;

	(void)state;
	lanes_init(&l, 4);
	put(&l, JOB_PSK, 2);
	put(&l, JOB_SIGN, 2);
	put(&l, JOB_BEGIN, 4);
	assert_string_equal(taken(&l), "bbbpsps");
	done(&l, JOB_BEGIN, 1);
	assert_string_equal(taken(&l), "b");
	lanes_drop(&l);
}

/* With one thread there is none to be left: it has one job of a lane at a
 * time, and takes turns. */
static void
a_single_thread(void **state)
{
	struct lanes l;
	struct job *j;
	char text[9] = "";

	(void)state;
	lanes_init(&l, 1);
	put(&l, JOB_SIGN, 4);
	put(&l, JOB_PSK, 4);
	for (size_t i = 0; i < 8; i++) {
		j = lanes_take(&l);
		assert_non_null(j);
		text[i] = letter(j->kind);
		done(&l, j->kind, 1);
		job_free(j);
	}
	assert_string_equal(text, "pspspsps");
	assert_null(lanes_take(&l));
	assert_int_equal(lanes_waiting(&l), 0);
}

static void
what_nobody_waits_for_has_no_lane(void **state)
{
	struct lanes l;

	(void)state;
	lanes_init(&l, 4);
	assert_null(lanes_of(&l, JOB_DOCTOR));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_thread_is_left),
	    cmocka_unit_test(keys_and_signatures_take_turns),
	    cmocka_unit_test(bootstraps_go_first),
	    cmocka_unit_test(a_single_thread),
	    cmocka_unit_test(what_nobody_waits_for_has_no_lane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
