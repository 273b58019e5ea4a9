/* Who is in a stage, and when it is passed or halted. */
#include "rollout.h"
#include "rollout_words.h"
#include "tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NAMES = 10000 };

static const uint8_t id[ROLLOUT_ID_LEN] = {
    0x5e, 0xed, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};

static uint64_t
place_of(const uint8_t *of, unsigned n)
{
	char name[32];

	snprintf(name, sizeof(name), "urn:dev:ops:%06u", n);
	return rollout_place(of, span_str(name));
}

/* --- who ------------------------------------------------------------------ */

static void
test_place(void **state)
{
	static const uint8_t zero[ROLLOUT_ID_LEN];

	(void)state;
	/* (printf rollout; head -c16 /dev/zero; printf meter-1) | sha256sum */
	assert_true(rollout_place(zero, SPAN_LIT("meter-1")) ==
	    UINT64_C(0x5bb415707f4938fb));
	/* another rollout, other devices first */
	assert_true(rollout_place(id, SPAN_LIT("meter-1")) !=
	    rollout_place(zero, SPAN_LIT("meter-1")));
}

static void
test_bounds(void **state)
{
	(void)state;
	assert_true(rollout_takes_part(UINT64_MAX, SHARE_WHOLE));
	assert_false(rollout_takes_part(UINT64_MAX, SHARE_WHOLE - 1));
	assert_true(rollout_takes_part(0, 1));
	assert_false(rollout_takes_part(0, 0));
	assert_true(rollout_takes_part(UINT64_MAX / 2 - SHARE_WHOLE, 500000));
	assert_false(rollout_takes_part(UINT64_MAX / 2 + 1, 500000));
}

/** A share p of n names gets p n of them: within five standard deviations, the
 *  roots of which are not taken: (got - np)^2 <= 25 np(1-p). */
static void
test_share_of_many(void **state)
{
	(void)state;
	for (uint32_t share = 1000; share < SHARE_WHOLE; share += 24975) {
		double p = (double)share / SHARE_WHOLE, off;
		unsigned got = 0;

		for (unsigned n = 0; n < NAMES; n++)
			got += rollout_takes_part(place_of(id, n), share);
		off = got - p * NAMES;
		assert_true(off * off <= 25 * NAMES * p * (1 - p));
	}
}

static void
test_share_only_grows(void **state)
{
	(void)state;
	for (unsigned n = 0; n < NAMES; n++) {
		uint64_t place = place_of(id, n);
		bool was = false;

		for (uint32_t share = 0; share <= SHARE_WHOLE; share += 5000) {
			bool is = rollout_takes_part(place, share);

			assert_true(is || !was);
			was = is;
		}
		assert_true(was);
	}
}

/* --- when ----------------------------------------------------------------- */

static void
test_judge(void **state)
{
	static const struct {
		struct rollout_counts c;
		uint64_t elapsed_ms;
		enum rollout_verdict verdict;
	} of[] = {
	    /* 98 % of at least 20 over 1000 ms: nothing has happened */
	    {{0, 0, 0}, 0, ROLLOUT_WAITS},
	    {{0, 0, 0}, 5000, ROLLOUT_WAITS},
	    /* too few, however long */
	    {{19, 0, 0}, 5000000, ROLLOUT_WAITS},
	    {{20, 0, 0}, 999, ROLLOUT_WAITS},
	    {{20, 0, 0}, 1000, ROLLOUT_PASSES},
	    /* one and two of few may be noise, and three of twenty is none */
	    {{0, 2, 0}, 5000, ROLLOUT_WAITS},
	    {{0, 3, 0}, 0, ROLLOUT_FAILS},
	    {{16, 3, 0}, 0, ROLLOUT_FAILS},
	    /* the minimum has ended: the share alone */
	    {{19, 1, 0}, 0, ROLLOUT_FAILS},
	    {{49, 1, 0}, 999, ROLLOUT_WAITS},
	    {{49, 1, 0}, 1000, ROLLOUT_PASSES},
	    {{48, 1, 0}, 0, ROLLOUT_FAILS},
	    {{970, 30, 0}, 0, ROLLOUT_FAILS},
	    {{980, 20, 0}, 0, ROLLOUT_WAITS},
	    /* unknown may be settled as long as there is time */
	    {{20, 0, 10}, 999, ROLLOUT_WAITS},
	    {{20, 0, 10}, 1000, ROLLOUT_FAILS},
	    {{49, 0, 1}, 1000, ROLLOUT_PASSES},
	    {{98, 1, 1}, 1000, ROLLOUT_PASSES},
	    {{97, 1, 2}, 1000, ROLLOUT_FAILS},
	    {{97, 1, 2}, 999, ROLLOUT_WAITS},
	    /* counts that nobody has do not overflow */
	    {{UINT32_MAX, UINT32_MAX, 0}, 0, ROLLOUT_FAILS},
	};
	struct rollout_terms t;
	const char *why;

	(void)state;
	rollout_defaults(&t);
	t.window_ms = 1000;
	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		why = NULL;
		assert_int_equal(
		    rollout_judge(&t, &of[i].c, of[i].elapsed_ms, &why),
		    of[i].verdict);
		assert_non_null(why);
	}
}

/** All must be ok: the first failure of the minimum, and the third of fewer. */
static void
test_nothing_may_fail(void **state)
{
	struct rollout_terms t;
	const char *why;

	(void)state;
	rollout_defaults(&t);
	t.success = SHARE_WHOLE;
	assert_int_equal(
	    rollout_judge(&t, &(struct rollout_counts){1000000, 1, 0}, 0, &why),
	    ROLLOUT_FAILS);
	assert_int_equal(
	    rollout_judge(&t, &(struct rollout_counts){5, 1, 0}, 0, &why),
	    ROLLOUT_WAITS);
	t.minimum = 1;
	assert_int_equal(
	    rollout_judge(&t, &(struct rollout_counts){0, 1, 0}, 0, &why),
	    ROLLOUT_FAILS);
}

/** What status says of failures that may still come is what then happens. */
static void
test_spare(void **state)
{
	struct rollout_terms t;
	const char *why;

	(void)state;
	rollout_defaults(&t);
	for (uint64_t ok = 0; ok < 600; ok += 7) {
		struct rollout_counts c = {.ok = ok};
		uint64_t n = rollout_spare(&t, &c);

		c.failed = n;
		assert_int_equal(rollout_judge(&t, &c, 0, &why), ROLLOUT_FAILS);
		c.failed = n - 1;
		assert_int_equal(rollout_judge(&t, &c, 0, &why), ROLLOUT_WAITS);
	}
}

/** The window goes by the monotonic clock; a row of the ledger tells it to
 *  the keeper that comes next. */
static void
test_clock(void **state)
{
	enum { WALL = 1700000000 };
	const int64_t wall = (int64_t)WALL * 1000;

	(void)state;
	/* killed after a minute */
	assert_int_equal(
	    rollout_began_ms(wall, 5000, wall + 60000, 65000), 5000);
	/* a week, the clock steered by 300 parts in a million */
	assert_int_equal(rollout_began_ms(wall, 5000, wall + 604800000 + 181440,
			     5000 + 604800000),
	    5000);
	/* somebody has moved the wall clock an hour: forth, and back */
	assert_int_equal(
	    rollout_began_ms(wall, 5000, wall + 3660000, 65000), 65000);
	assert_int_equal(
	    rollout_began_ms(wall, 5000, wall - 3540000, 65000), 65000);
	/* another boot: its clock is younger, or was started at another time */
	assert_int_equal(
	    rollout_began_ms(wall, 500000, wall + 60000, 65000), 65000);
	assert_int_equal(
	    rollout_began_ms(wall, 5000, wall + 86400000, 65000), 65000);
	/* by a little, which could be between reading the two */
	assert_int_equal(
	    rollout_began_ms(wall, 68000, wall + 1000, 65000), 65000);
	assert_int_equal(rollout_began_ms(wall, -1, wall, 65000), 65000);
}

/* --- how many ------------------------------------------------------------- */

static void
note(struct tally *t, unsigned device, enum outcome o)
{
	assert_int_equal(
	    tally_note(t, place_of(id, device), o, 0, true), RC_OK);
}

static void
test_a_device_is_one(void **state)
{
	struct tally t;

	(void)state;
	tally_init(&t);
	for (unsigned n = 0; n < 10; n++)
		note(&t, 1, OUTCOME_FAILED);
	assert_int_equal(t.now.failed, 1);
	note(&t, 2, OUTCOME_UNKNOWN);
	note(&t, 2, OUTCOME_OK);
	note(&t, 1, OUTCOME_OK);
	assert_int_equal(t.now.failed, 0);
	assert_int_equal(t.now.unknown, 0);
	assert_int_equal(t.now.ok, 2);
	/* a fresh window: only who comes again is of it */
	tally_fresh(&t);
	assert_int_equal(rollout_ended(&t.now), 0);
	assert_int_equal(t.all.ok, 2);
	note(&t, 2, OUTCOME_FAILED);
	assert_int_equal(t.now.failed, 1);
	assert_int_equal(t.all.ok, 1);
	assert_int_equal(t.all.failed, 1);
	assert_int_equal(t.count, 2);
	tally_fini(&t);
}

/** Rows are read kind by kind: the later ending counts, whenever it is read. */
static void
test_order_of_rows(void **state)
{
	struct tally t;
	uint64_t a = place_of(id, 1);

	(void)state;
	tally_init(&t);
	assert_int_equal(tally_note(&t, a, OUTCOME_OK, 900, true), RC_OK);
	assert_int_equal(tally_note(&t, a, OUTCOME_FAILED, 300, false), RC_OK);
	assert_int_equal(t.now.ok, 1);
	assert_int_equal(t.all.failed, 0);
	/* and what happens afterwards comes behind all rows */
	note(&t, 1, OUTCOME_FAILED);
	assert_int_equal(t.now.ok, 0);
	assert_int_equal(t.now.failed, 1);
	tally_fini(&t);
}

static void
test_many_devices(void **state)
{
	struct tally t;

	(void)state;
	tally_init(&t);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned n = 0; n < NAMES; n++)
			note(&t, n, n % 4 ? OUTCOME_OK : OUTCOME_FAILED);
	assert_int_equal(t.count, NAMES);
	assert_int_equal(t.now.ok, NAMES / 4 * 3);
	assert_int_equal(t.all.failed, NAMES / 4);
	tally_fini(&t);
}

/* --- words ---------------------------------------------------------------- */

static void
test_no_share_is_none_of_a_rollout(void **state)
{
	uint32_t share = 7;

	(void)state;
	assert_false(rollout_share_read(SPAN_LIT("0%"), &share));
	assert_false(rollout_share_read(SPAN_LIT("0.0%"), &share));
	assert_false(rollout_share_read(SPAN_LIT("101%"), &share));
	assert_int_equal(share, 7);
	assert_true(rollout_share_read(SPAN_LIT("0.0001%"), &share));
	assert_int_equal(share, 1);
}

static void
test_stages_read(void **state)
{
	static const char *const wrong[] = {"", "1%,", ",100%", "10%,1%,100%",
	    "10%,10%,100%", "1%,10%", "100%,100%", "1%;100%", "1%, 100%",
	    "1%,2%,3%,4%,5%,6%,7%,8%,9%,10%,11%,12%,13%,14%,15%,16%,100%"};
	char text[ROLLOUT_STAGES_TEXT] = "";
	struct rollout_terms t;
	struct writer w;

	(void)state;
	assert_null(rollout_stages_read(SPAN_LIT("0.5%,25%,100%"), &t));
	assert_int_equal(t.stage_count, 3);
	assert_int_equal(t.stages[0], 5000);
	writer_init(&w, text, sizeof(text) - 1);
	rollout_stages_print(&w, &t);
	assert_string_equal(text, "0.5%,25%,100%");
	assert_null(rollout_stages_read(SPAN_LIT("100%"), &t));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_non_null(rollout_stages_read(span_str(wrong[i]), &t));
	rollout_defaults(&t);
	assert_null(rollout_stages_fault(&t));
}

static void
test_windows_read(void **state)
{
	static const char *const wrong[] = {"", "1", "h", "0s", "1w", "-1h",
	    "1.5h", "366d", "99999999999999999999s", "4294967296ms", "1h "};
	static const struct {
		const char *text;
		uint64_t ms;
	} of[] = {{"250ms", 250}, {"90s", 90000}, {"5m", 300000},
	    {"1h", 3600000}, {"365d", ROLLOUT_WINDOW_MAX_MS}};

	(void)state;
	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		char text[32] = "";
		struct writer w;
		uint64_t ms = 0;

		assert_true(rollout_window_read(span_str(of[i].text), &ms));
		assert_true(ms == of[i].ms);
		writer_init(&w, text, sizeof(text) - 1);
		rollout_window_print(&w, ms);
		assert_string_equal(text, of[i].text);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint64_t ms;

		assert_false(rollout_window_read(span_str(wrong[i]), &ms));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_place),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_share_of_many),
	    cmocka_unit_test(test_share_only_grows),
	    cmocka_unit_test(test_judge),
	    cmocka_unit_test(test_nothing_may_fail),
	    cmocka_unit_test(test_spare),
	    cmocka_unit_test(test_clock),
	    cmocka_unit_test(test_a_device_is_one),
	    cmocka_unit_test(test_order_of_rows),
	    cmocka_unit_test(test_many_devices),
	    cmocka_unit_test(test_no_share_is_none_of_a_rollout),
	    cmocka_unit_test(test_stages_read),
	    cmocka_unit_test(test_windows_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
