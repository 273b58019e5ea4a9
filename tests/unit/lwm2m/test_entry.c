#include "lwm2m/entry.h"
#include "vectors.h"

static void
test_vectors_are_valid_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++)
		assert_true(entries_valid(
		    vectors[i].base, vectors[i].entries, vectors[i].count));
}

static void
test_what_no_encoder_takes(void **state)
{
	static const struct {
		const char *why;
		struct lwm2m_entry entries[2];
		size_t count;
	} cases[] = {
	    {"no resource",
		{{{0, 1, LWM2M_ID_NONE, LWM2M_ID_NONE}, INTEGER(0)}}, 1},
	    {"another instance", {{AT(0, 2, 2), INTEGER(0)}}, 1},
	    {"another object", {{AT(1, 1, 0), INTEGER(1)}}, 1},
	    {"twice", {{AT(0, 1, 2), INTEGER(0)}, {AT(0, 1, 2), INTEGER(1)}},
		2},
	    {"out of order",
		{{AT(0, 1, 2), INTEGER(0)}, {AT(0, 1, 1), BOOLEAN(true)}}, 2},
	    {"no value", {{AT(0, 1, 2), {.type = LWM2M_NONE}}}, 1},
	    {"text that is not UTF-8", {{AT(0, 1, 14), TEXT("\xff")}}, 1},
	    {"text with a NUL", {{AT(0, 1, 14), TEXT("\0")}}, 1},
	    {"multiple without its instance", {{AT(0, 1, 16), UNSIGNED(49320)}},
		1},
	    {"single with an instance", {{AT4(0, 1, 2, 0), INTEGER(0)}}, 1},
	    {"both, where no table says which",
		{{AT(0, 1, 99), INTEGER(0)}, {AT4(0, 1, 99, 0), INTEGER(0)}},
		2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (entries_valid(
			LWM2M_INSTANCE(0, 1), cases[i].entries, cases[i].count))
			fail_msg("%s: was taken", cases[i].why);
	}
}

static void
test_one_value_at_the_path_itself(void **state)
{
	static const struct lwm2m_entry members[] = {
	    {AT4(0, 1, 16, 0), UNSIGNED(1)},
	    {AT4(0, 1, 16, 1), UNSIGNED(2)},
	};
	static const struct lwm2m_entry mode = {AT(0, 1, 2), INTEGER(0)};
	struct lwm2m_path multiple = LWM2M_RESOURCE(0, 1, 16);

	(void)state;
	assert_int_equal(entries_single(mode.path, &mode, 1), RC_OK);
	assert_int_equal(
	    entries_single(members[1].path, members + 1, 1), RC_OK);
	assert_int_equal(entries_single(multiple, members, 1), RC_UNSUPPORTED);
	assert_int_equal(entries_single(multiple, members, 2), RC_UNSUPPORTED);
	assert_int_equal(
	    entries_single(LWM2M_INSTANCE(0, 1), &mode, 1), RC_UNSUPPORTED);
	assert_int_equal(entries_single(mode.path, NULL, 0), RC_MALFORMED);
	assert_int_equal(
	    entries_single(LWM2M_RESOURCE(0, 1, 3), &mode, 1), RC_MALFORMED);
	assert_int_equal(
	    entries_single(members[0].path, members, 2), RC_MALFORMED);
}

static void
test_runs(void **state)
{
	static const struct lwm2m_entry e[] = {
	    {AT(0, 1, 2), INTEGER(0)},
	    {AT4(0, 1, 16, 0), UNSIGNED(1)},
	    {AT4(0, 1, 16, 1), UNSIGNED(2)},
	    {AT(0, 2, 2), INTEGER(0)},
	    {AT(1, 2, 0), INTEGER(1)},
	};
	static const size_t wanted[] = {5, 4, 3, 1};

	(void)state;
	for (unsigned depth = 0; depth < COUNT(wanted); depth++)
		assert_int_equal(
		    entries_run(e, COUNT(e), depth), wanted[depth]);
	assert_int_equal(entries_run(e + 1, 4, 3), 2);
	assert_int_equal(entries_run(e + 1, 1, 3), 1);
	assert_int_equal(entries_run(e + 1, 4, 4), 1);
}

static void
test_a_list_keeps_each_path_once(void **state)
{
	struct lwm2m_entry room[8];
	struct entry_list l = {
	    .base = LWM2M_INSTANCE(0, 1), .entries = room, .cap = COUNT(room)};
	struct lwm2m_value v = LWM2M_VALUE_INTEGER(1);

	(void)state;
	assert_int_equal(entry_add(&l, LWM2M_RESOURCE(0, 1, 10), v), RC_OK);
	assert_int_equal(entry_add(&l, LWM2M_RESOURCE(0, 1, 2), v), RC_OK);
	assert_int_equal(
	    entry_add(&l, (struct lwm2m_path){0, 1, 16, 1}, v), RC_OK);
	assert_int_equal(
	    entry_add(&l, (struct lwm2m_path){0, 1, 16, 0}, v), RC_OK);

	assert_int_equal(
	    entry_add(&l, LWM2M_RESOURCE(0, 1, 10), v), RC_MALFORMED);
	assert_int_equal(
	    entry_add(&l, LWM2M_RESOURCE(0, 1, 16), v), RC_MALFORMED);
	assert_int_equal(
	    entry_add(&l, (struct lwm2m_path){0, 1, 2, 0}, v), RC_MALFORMED);
	assert_int_equal(
	    entry_add(&l, LWM2M_RESOURCE(0, 2, 2), v), RC_MALFORMED);
	assert_int_equal(entry_add(&l, LWM2M_INSTANCE(0, 1), v), RC_MALFORMED);
	assert_int_equal(l.count, 4);
}

static void
test_a_list_ends_at_its_capacity(void **state)
{
	struct lwm2m_entry room[2];
	struct entry_list l = {.base = LWM2M_ROOT, .entries = room, .cap = 1};
	struct lwm2m_value v = LWM2M_VALUE_INTEGER(1);

	(void)state;
	room[1].path = LWM2M_ROOT;
	assert_int_equal(entry_add(&l, LWM2M_RESOURCE(0, 1, 2), v), RC_OK);
	assert_int_equal(
	    entry_add(&l, LWM2M_RESOURCE(0, 1, 10), v), RC_TOO_LARGE);
	assert_int_equal(l.count, 1);
	assert_int_equal(path_depth(room[1].path), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors_are_valid_lists),
	    cmocka_unit_test(test_what_no_encoder_takes),
	    cmocka_unit_test(test_one_value_at_the_path_itself),
	    cmocka_unit_test(test_runs),
	    cmocka_unit_test(test_a_list_keeps_each_path_once),
	    cmocka_unit_test(test_a_list_ends_at_its_capacity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
