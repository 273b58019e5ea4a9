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
	assert_int_equal(p.head.flags, PLAN_CLEAN_ON_FAILURE);
	assert_int_equal(p.head.max_message, 500);
	assert_int_equal(p.head.block_size, 1024);
	assert_int_equal(p.head.version, 11);
	assert_int_equal(p.head.own, LWM2M_ID_NONE);
	assert_int_equal(p.head.format_count, 2);
	assert_int_equal(p.head.formats[0], 112);
	assert_int_equal(p.head.formats[1], 11542);
	assert_int_equal(p.head.account_count, 2);
	assert_int_equal(p.head.ssids[0], 101);
	assert_int_equal(p.head.ssids[1], 7);
	assert_int_equal(plan_first_finish(&p), 5);
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
	assert_int_equal(p.steps[3].entry_count, 6);
	assert_int_equal(p.steps[4].op, PLAN_VERIFY);
	assert_int_equal(p.steps[5].op, PLAN_FINISH);
	assert_int_equal(p.entry_count, 10);

	assert_true(span_is(value_at(&p, 2, 0)->bytes, sample_usual.uri));
	assert_false(value_at(&p, 2, 1)->boolean);
	assert_int_equal(value_at(&p, 2, 2)->integer, MODE_PSK);
	key = &p.entries[p.steps[2].entry_first + 3];
	assert_true(key->secret);
	assert_true(span_is(key->label, sample_usual.label));
	assert_true(span_is(key->entry.value.bytes, sample_usual.key));
	assert_int_equal(
	    path_compare(key->entry.path, LWM2M_RESOURCE(0, 0, 5)), 0);
	assert_int_equal(key->account, 1);
	assert_int_equal(key->resolve, 0);
	key = &p.entries[p.steps[3].entry_first + 4];
	assert_int_equal(key->account, 0);
	assert_int_equal(key->resolve, 1);
	assert_int_equal(key->resolve_object, OBJECT_SERVER);
	assert_true(value_at(&p, 3, 0)->real == 20.48);
	assert_int_equal(value_at(&p, 3, 1)->number, 49320);
	assert_int_equal(value_at(&p, 3, 2)->link.object, 21);
	assert_int_equal(value_at(&p, 3, 3)->integer, 1700000000);
	assert_int_equal(value_at(&p, 3, 5)->type, LWM2M_CORELNK);
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

		assert_true(s->op >= PLAN_DISCOVER && s->op <= PLAN_READ);
		assert_int_equal(s->entry_first, entries);
		assert_true(s->entry_count <= PLAN_ENTRIES_MAX);
		assert_true((s->entry_count > 0) == (s->op == PLAN_WRITE));
		assert_true(!s->account || s->path.instance == 0);
		assert_true((s->ssid != 0) ==
		    (s->account != 0 && s->account != PLAN_ACCOUNT_OURS));
		for (size_t n = 0; n < s->entry_count; n++) {
			const struct plan_entry *e = &p->entries[entries + n];

			assert_true(path_within(e->entry.path, s->path));
			assert_true(path_depth(e->entry.path) >= 3);
			assert_true(e->label.len <= PLAN_LABEL_MAX);
			assert_true(e->account <= p->head.account_count ||
			    e->account == PLAN_ACCOUNT_OURS);
			assert_true(e->resolve <= p->head.account_count);
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

/* The bytes of plan.h, one rule broken at a time: without formats the first
 * step is at 46, and one without entries has 11 bytes. */
enum {
	FORMATS = 9,
	ACCOUNTS = 42,
	STEPS = 45,
	STEP = 46,
	STEP_LEN = 11,
	PATH = 3,
	COUNT = 9,
	TWO_STEPS = STEP + 2 * STEP_LEN,
};

/** One account, Discover, Finish. */
static const uint8_t two_steps[TWO_STEPS] = {
    [0] = 2,
    [6] = 11,
    [7] = 0xff,
    [8] = 0xff,
    [ACCOUNTS] = 1,
    [ACCOUNTS + 2] = 101,
    [STEPS] = 2,
    [STEP] = PLAN_DISCOVER,
    [STEP + PATH] = 0xff,
    [STEP + PATH + 1] = 0xff,
    [STEP + PATH + 2] = 0xff,
    [STEP + PATH + 3] = 0xff,
    [STEP + PATH + 4] = 0xff,
    [STEP + PATH + 5] = 0xff,
    [STEP + STEP_LEN] = PLAN_FINISH,
    [STEP + STEP_LEN + PATH + 1] = 3,
    [STEP + STEP_LEN + PATH + 4] = 0xff,
    [STEP + STEP_LEN + PATH + 5] = 0xff,
};

static void
rules(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
	} broken[] = {
	    {"version 1", 0, 1},
	    {"version 3", 0, 3},
	    {"no step", STEPS, 0},
	    {"fewer steps than are there", STEPS, 1},
	    {"more steps than are there", STEPS, 3},
	    {"too many formats", FORMATS, PLAN_FORMATS_MAX + 1},
	    {"a format that is not there", FORMATS, 1},
	    {"too many accounts", ACCOUNTS, PLAN_ACCOUNTS_MAX + 1},
	    {"an account that is not there", ACCOUNTS, 2},
	    {"Short Server ID 0", ACCOUNTS + 2, 0},
	    {"op 0", STEP, 0},
	    {"op 7", STEP, 7},
	    {"a Read of everything", STEP, PLAN_READ},
	    {"a plan's flag that is none", 1, 2},
	    {"a step's flag that is none", STEP + 1, 2},
	    {"a strict Discover", STEP + 1, PLAN_STRICT},
	    {"a Discover with an account", STEP + 2, 1},
	    {"an instance of no object", STEP + PATH + 3, 0},
	    {"a Finish with entries", STEP + STEP_LEN + COUNT + 1, 1},
	    {"a Write of everything", STEP, PLAN_WRITE},
	    {"Finish, and another step", STEP + STEP_LEN, PLAN_DELETE},
	};
	uint8_t plan[TWO_STEPS];
	struct plan p;

	(void)state;
	assert_int_equal(decode(two_steps, TWO_STEPS, &p), RC_OK);
	plan_fini(&p);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		memcpy(plan, two_steps, TWO_STEPS);
		plan[broken[i].at] = broken[i].value;
		if (strncmp(broken[i].what, "Finish", 6) == 0)
			plan[STEP] = PLAN_FINISH;
		if (decode(plan, TWO_STEPS, &p) != RC_MALFORMED)
			fail_msg("believed: %s", broken[i].what);
	}
}

static const struct plan_head head = {
    .version = 11,
    .own = LWM2M_ID_NONE,
    .ssids = {101, 102},
    .account_count = 2,
};

/** A Write of one number. */
struct one_write {
	struct lwm2m_path step;
	unsigned account; /**< of the step */
	unsigned of; /**< of the entry */
	struct lwm2m_path entry;
	unsigned resolve;
	uint16_t resolve_object;
	bool boolean; /**< and no number */
};

static enum rc
decode_write(const struct plan_head *h, const struct one_write *w)
{
	struct lwm2m_entry e = {w->entry,
	    w->boolean ? LWM2M_VALUE_BOOLEAN(true) : LWM2M_VALUE_INTEGER(5)};
	struct secret bytes = {0};
	struct plan_builder b;
	struct plan p;
	enum rc rc;

	plan_begin(&b, h);
	plan_step(&b, PLAN_WRITE, 0, w->account, w->step);
	plan_account(&b, w->of);
	plan_put_instance_of(&b, &e, w->resolve, w->resolve_object);
	assert_int_equal(plan_end(&b, &bytes, NULL), RC_OK);
	rc = plan_decode(&bytes, &p);
	plan_fini(&p);
	return rc;
}

/* A Write may go to an object, an instance, a resource; its accounts are those
 * of the plan, and stand at instance 0 until one is chosen. */
static void
writes(void **state)
{
	enum { OURS = PLAN_ACCOUNT_OURS };
	const struct one_write good[] = {
	    {LWM2M_OBJECT(1), 0, 1, LWM2M_RESOURCE(1, 0, 1), 0, 0, false},
	    {LWM2M_OBJECT(1), 0, 0, LWM2M_RESOURCE(1, 7, 1), 0, 0, false},
	    {LWM2M_OBJECT(0), 0, OURS, LWM2M_RESOURCE(0, 0, 2), 0, 0, false},
	    {LWM2M_INSTANCE(1, 0), 2, 2, LWM2M_RESOURCE(1, 0, 1), 0, 0, false},
	    {LWM2M_INSTANCE(21, 0), 1, 1, LWM2M_RESOURCE(21, 0, 3), 0, 0,
		false},
	    {LWM2M_INSTANCE(0, 0), OURS, OURS, LWM2M_RESOURCE(0, 0, 2), 0, 0,
		false},
	    {LWM2M_RESOURCE(1, 0, 1), 1, 1, LWM2M_RESOURCE(1, 0, 1), 0, 0,
		false},
	    {LWM2M_RESOURCE(2, 0, 2), 0, 0, {2, 0, 2, 101}, 0, 0, false},
	    {LWM2M_INSTANCE(2, 0), 0, 0, LWM2M_RESOURCE(2, 0, 1), 2, 1, false},
	};
	const struct one_write bad[] = {
	    {LWM2M_INSTANCE(1, 0), 3, 3, LWM2M_RESOURCE(1, 0, 1), 0, 0, false},
	    {LWM2M_INSTANCE(1, 0), 1, 2, LWM2M_RESOURCE(1, 0, 1), 0, 0, false},
	    {LWM2M_INSTANCE(1, 0), 0, 1, LWM2M_RESOURCE(1, 0, 1), 0, 0, false},
	    {LWM2M_INSTANCE(1, 0), 1, 0, LWM2M_RESOURCE(1, 0, 1), 0, 0, false},
	    {LWM2M_INSTANCE(1, 5), 1, 1, LWM2M_RESOURCE(1, 5, 1), 0, 0, false},
	    {LWM2M_INSTANCE(2, 0), 1, 1, LWM2M_RESOURCE(2, 0, 1), 0, 0, false},
	    {LWM2M_INSTANCE(1, 0), OURS, OURS, LWM2M_RESOURCE(1, 0, 1), 0, 0,
		false},
	    {LWM2M_OBJECT(1), 1, 1, LWM2M_RESOURCE(1, 0, 1), 0, 0, false},
	    {LWM2M_OBJECT(1), 0, 1, LWM2M_RESOURCE(1, 5, 1), 0, 0, false},
	    {LWM2M_OBJECT(1), 0, 3, LWM2M_RESOURCE(1, 0, 1), 0, 0, false},
	    {LWM2M_OBJECT(1), 0, OURS, LWM2M_RESOURCE(1, 0, 1), 0, 0, false},
	    {LWM2M_OBJECT(2), 0, 1, LWM2M_RESOURCE(2, 0, 1), 0, 0, false},
	    {LWM2M_OBJECT(1), 0, 0, LWM2M_RESOURCE(2, 0, 1), 0, 0, false},
	    {LWM2M_INSTANCE(2, 0), 0, 0, LWM2M_INSTANCE(2, 0), 0, 0, false},
	    {LWM2M_INSTANCE(2, 0), 0, 0, LWM2M_RESOURCE(2, 0, 1), 3, 1, false},
	    {LWM2M_INSTANCE(2, 0), 0, 0, LWM2M_RESOURCE(2, 0, 1), OURS, 0,
		false},
	    {LWM2M_INSTANCE(2, 0), 0, 0, LWM2M_RESOURCE(2, 0, 1), 1, 2, false},
	    {LWM2M_INSTANCE(2, 0), 0, 0, LWM2M_RESOURCE(2, 0, 1), 0, 1, false},
	    {LWM2M_INSTANCE(2, 0), 0, 0, LWM2M_RESOURCE(2, 0, 1), 1, 1, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (decode_write(&head, &good[i]) != RC_OK)
			fail_msg("refused: good[%zu]", i);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (decode_write(&head, &bad[i]) != RC_MALFORMED)
			fail_msg("believed: bad[%zu]", i);
}

/* One Short Server ID is one account. */
static void
short_server_ids(void **state)
{
	const struct one_write w = {
	    LWM2M_INSTANCE(1, 0), 1, 1, LWM2M_RESOURCE(1, 0, 1), 0, 0, false};
	static const uint16_t bad[][2] = {{0, 1}, {65535, 1}, {1, 0}, {7, 7}};
	struct plan_head h = head;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		h.ssids[0] = bad[i][0];
		h.ssids[1] = bad[i][1];
		assert_int_equal(decode_write(&h, &w), RC_MALFORMED);
	}
	h.ssids[0] = 65534;
	h.ssids[1] = 1;
	assert_int_equal(decode_write(&h, &w), RC_OK);
}

/* What stands behind the first Finish is the correction, and ends with another;
 * there is no third. */
static void
corrections(void **state)
{
	static const struct {
		const char *steps; /* F: Finish, D: Delete */
		enum rc rc;
		size_t first_finish;
	} cases[] = {
	    {"F", RC_OK, 0},
	    {"DF", RC_OK, 1},
	    {"D", RC_OK, 1},
	    {"DFDF", RC_OK, 1},
	    {"FF", RC_OK, 0},
	    {"FD", RC_MALFORMED, 0},
	    {"FDFD", RC_MALFORMED, 0},
	    {"FFF", RC_MALFORMED, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct secret bytes = {0};
		struct plan_builder b;
		struct plan p;

		plan_begin(&b, &head);
		for (const char *c = cases[i].steps; *c; c++)
			plan_step(&b, *c == 'F' ? PLAN_FINISH : PLAN_DELETE, 0,
			    0, LWM2M_ROOT);
		assert_int_equal(plan_end(&b, &bytes, NULL), RC_OK);
		assert_int_equal(plan_decode(&bytes, &p), cases[i].rc);
		if (cases[i].rc == RC_OK)
			assert_int_equal(
			    plan_first_finish(&p), cases[i].first_finish);
		plan_fini(&p);
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
	assert_string_equal(plan_op_name(PLAN_READ), "Read");
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
	    cmocka_unit_test(writes),
	    cmocka_unit_test(short_server_ids),
	    cmocka_unit_test(corrections),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
