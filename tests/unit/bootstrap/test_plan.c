/* A plan as bytes: what comes back, and what is refused. */
#include "sample.h"

#include "lwm2m/object.h"

#include <stdlib.h>

static const struct lwm2m_value *
value_at(const struct plan *p, size_t step, size_t entry)
{
	const struct plan_step *s = &p->steps[step];

	assert_true(entry < s->entry_count);
	return &p->entries[s->entry_first + entry].entry.value;
}

static void
round_trip(void **state)
{
	uint8_t digest[DIGEST_LEN];
	struct secret bytes = {0};
	const struct plan_entry *key;
	struct plan p;

	(void)state;
	assert_int_equal(sample_build(&sample_usual, &bytes, digest), RC_OK);
	assert_int_equal(plan_decode(&bytes, &p), RC_OK);
	assert_int_equal(bytes.len, 0); /* taken */
	assert_int_equal(p.flags, PLAN_CLEAN_ON_FAILURE);
	assert_int_equal(p.max_message, 500);
	assert_memory_equal(p.digest, digest, DIGEST_LEN);
	assert_int_equal(p.step_count, 6);
	assert_int_equal(p.steps[0].op, PLAN_DISCOVER);
	assert_int_equal(path_depth(p.steps[0].path), 0);
	assert_int_equal(p.steps[1].op, PLAN_DELETE);
	assert_int_equal(p.steps[1].flags, PLAN_STRICT);
	assert_int_equal(
	    path_compare(p.steps[1].path, LWM2M_OBJECT(OBJECT_SECURITY)), 0);
	assert_int_equal(p.steps[2].op, PLAN_WRITE);
	assert_int_equal(p.steps[2].account, 1);
	assert_int_equal(p.steps[2].ssid, 101);
	assert_int_equal(p.steps[2].entry_count, 4);
	assert_int_equal(p.steps[3].entry_count, 5);
	assert_int_equal(p.steps[4].op, PLAN_VERIFY);
	assert_int_equal(p.steps[5].op, PLAN_FINISH);
	assert_int_equal(p.entry_count, 9);

	assert_true(span_is(value_at(&p, 2, 0)->bytes, sample_usual.uri));
	assert_false(value_at(&p, 2, 1)->boolean);
	assert_int_equal(value_at(&p, 2, 2)->integer, MODE_PSK);
	key = &p.entries[p.steps[2].entry_first + 3];
	assert_true(key->secret);
	assert_true(span_is(key->label, sample_usual.label));
	assert_true(span_is(key->entry.value.bytes, sample_usual.key));
	assert_int_equal(
	    path_compare(key->entry.path, LWM2M_RESOURCE(0, 0, 5)), 0);
	assert_true(value_at(&p, 3, 0)->real == 20.48);
	assert_int_equal(value_at(&p, 3, 1)->number, 49320);
	assert_int_equal(value_at(&p, 3, 2)->link.object, 21);
	assert_int_equal(value_at(&p, 3, 3)->integer, 1700000000);
	assert_int_equal(value_at(&p, 3, 4)->type, LWM2M_CORELNK);
	plan_fini(&p);
}

/** Decodes a copy of its own length, so that a read past the end is seen. */
static enum rc
decode(const uint8_t *p, size_t len, struct plan *out)
{
	struct secret bytes = {0};
	enum rc rc = secret_reserve(&bytes, len ? len : 1);

	assert_int_equal(rc, RC_OK);
	memcpy(bytes.bytes, p, len);
	bytes.len = len;
	rc = plan_decode(&bytes, out);
	secret_fini(&bytes);
	return rc;
}

/** What every plan that is believed has to be. */
static void
check_sane(const struct plan *p)
{
	size_t entries = 0;

	assert_true(p->step_count >= 1 && p->step_count <= PLAN_STEPS_MAX);
	for (size_t i = 0; i < p->step_count; i++) {
		const struct plan_step *s = &p->steps[i];

		assert_true(s->op >= PLAN_DISCOVER && s->op <= PLAN_FINISH);
		assert_int_equal(s->entry_first, entries);
		assert_true(s->entry_count <= PLAN_ENTRIES_MAX);
		assert_true((s->entry_count > 0) == (s->op == PLAN_WRITE));
		assert_true(!s->account || (s->ssid && s->path.object <= 1));
		for (size_t n = 0; n < s->entry_count; n++) {
			const struct plan_entry *e = &p->entries[entries + n];

			assert_true(path_within(e->entry.path, s->path));
			assert_true(path_depth(e->entry.path) >= 3);
			assert_true(e->label.len <= PLAN_LABEL_MAX);
			assert_true(!e->secret || e->label.len > 0);
			assert_true(e->entry.value.type != LWM2M_NONE);
		}
		entries += s->entry_count;
	}
	assert_int_equal(entries, p->entry_count);
}

static void
every_truncation_is_refused(void **state)
{
	struct secret bytes = {0};
	struct plan p;

	(void)state;
	assert_int_equal(sample_build(&sample_usual, &bytes, NULL), RC_OK);
	for (size_t len = 0; len < bytes.len; len++) {
		assert_int_equal(decode(bytes.bytes, len, &p), RC_MALFORMED);
		assert_null(p.entries);
		assert_int_equal(p.bytes.len, 0);
	}
	secret_fini(&bytes);
}

static void
a_byte_too_many(void **state)
{
	struct secret bytes = {0};
	uint8_t longer[4096];
	struct plan p;

	(void)state;
	assert_int_equal(sample_build(&sample_usual, &bytes, NULL), RC_OK);
	memcpy(longer, bytes.bytes, bytes.len);
	longer[bytes.len] = 0;
	assert_int_equal(decode(longer, bytes.len + 1, &p), RC_MALFORMED);
	secret_fini(&bytes);
}

static uint32_t
draw(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Refused, or sane: never anything else. */
static void
a_hundred_thousand_mutations(void **state)
{
	enum { ROUNDS = 100000, FLIPS_MAX = 4 };
	struct secret bytes = {0};
	uint8_t mutant[4096];
	uint32_t random = 1;
	size_t believed = 0;
	struct plan p;

	(void)state;
	assert_int_equal(sample_build(&sample_usual, &bytes, NULL), RC_OK);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned flips = 1 + draw(&random) % FLIPS_MAX;

		memcpy(mutant, bytes.bytes, bytes.len);
		while (flips-- > 0)
			mutant[draw(&random) % bytes.len] =
			    (uint8_t)draw(&random);
		if (decode(mutant, bytes.len, &p) != RC_OK)
			continue;
		check_sane(&p);
		plan_fini(&p);
		believed++;
	}
	/* both happen, else this tests nothing */
	assert_true(believed > 0 && believed < ROUNDS);
	secret_fini(&bytes);
}

/* The bytes of plan.h, one rule broken at a time. Offsets: 36 is the first
 * step; a Discover without entries has 10 bytes. */
static void
rules(void **state)
{
	enum { STEP = 37, STEP_LEN = 10, PATH = 5, COUNT = 9 };
	static const uint8_t root[4] = {0xff, 0xff, 0xff, 0xff};
	static const uint8_t device[4] = {0, 3, 0, 0};
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
	} broken[] = {
	    {"version", 0, 2},
	    {"no step", 36, 0},
	    {"fewer steps than are there", 36, 1},
	    {"more steps than are there", 36, 3},
	    {"too many steps", 36, PLAN_STEPS_MAX + 1},
	    {"op 0", STEP, 0},
	    {"op 6", STEP, 6},
	    {"a plan's flag that is none", 1, 2},
	    {"a step's flag that is none", STEP + 1, 2},
	    {"a strict Discover", STEP + 1, PLAN_STRICT},
	    {"a Discover with an account", STEP + 2, 1},
	    {"a Finish with entries", STEP + STEP_LEN + COUNT, 1},
	    {"a Write of an object", STEP, PLAN_WRITE},
	    {"Finish, and another step", STEP, PLAN_FINISH},
	};
	uint8_t plan[STEP + 2 * STEP_LEN] = {1};
	struct plan p;

	(void)state;
	plan[36] = 2;
	plan[STEP] = PLAN_DISCOVER;
	memcpy(plan + STEP + PATH, root, 4);
	plan[STEP + STEP_LEN] = PLAN_FINISH;
	memcpy(plan + STEP + STEP_LEN + PATH, device, 4);
	assert_int_equal(decode(plan, sizeof(plan), &p), RC_OK);
	plan_fini(&p);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		uint8_t was = plan[broken[i].at];

		plan[broken[i].at] = broken[i].value;
		if (decode(plan, sizeof(plan), &p) != RC_MALFORMED)
			fail_msg("believed: %s", broken[i].what);
		plan[broken[i].at] = was;
	}
}

static void
names(void **state)
{
	(void)state;
	assert_string_equal(plan_op_name(PLAN_DISCOVER), "Discover");
	assert_string_equal(plan_op_name(PLAN_DELETE), "Delete");
	assert_string_equal(plan_op_name(PLAN_WRITE), "Write");
	assert_string_equal(plan_op_name(PLAN_VERIFY), "Verify");
	assert_string_equal(plan_op_name(PLAN_FINISH), "Finish");
	assert_string_equal(plan_op_name((enum plan_op)9), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(every_truncation_is_refused),
	    cmocka_unit_test(a_byte_too_many),
	    cmocka_unit_test(a_hundred_thousand_mutations),
	    cmocka_unit_test(rules),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
