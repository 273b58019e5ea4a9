#include "vectors.h"

static const uint16_t known[] = {0, 1, 2, 3, 11, 21, 23, 24};

static void
test_tables_are_complete_and_in_order(void **state)
{
	static const size_t resources[] = {31, 28, 4, 23, 9, 7, 3, 9};

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		const struct lwm2m_object *o = object_find(known[i]);

		assert_non_null(o);
		assert_int_equal(o->id, known[i]);
		assert_int_equal(o->single, known[i] == OBJECT_DEVICE);
		assert_int_equal(o->resource_count, resources[i]);
		/* None of these objects has a gap in its numbers. */
		for (size_t r = 0; r < o->resource_count; r++) {
			assert_int_equal(o->resources[r].id, r);
			assert_ptr_equal(
			    resource_find(known[i], o->resources[r].id),
			    &o->resources[r]);
		}
		assert_null(
		    resource_find(known[i], (uint16_t)o->resource_count));
	}
	assert_null(object_find(4));
	assert_null(object_find(LWM2M_ID_NONE));
	assert_null(resource_find(4, 0));
}

/* Flags, ranges and versions hang together whatever the row. */
static void
test_rows_make_sense(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		const struct lwm2m_object *o = object_find(known[i]);

		assert_in_range(o->since, 10, 12);
		for (size_t n = 0; n < o->resource_count; n++) {
			const struct lwm2m_resource *r = &o->resources[n];
			bool executable = (r->flags & RES_EXECUTABLE) != 0;

			assert_int_equal(executable, r->type == LWM2M_NONE);
			assert_true(r->since >= 10 && r->since <= 20);
			assert_true(r->min <= r->max);
			assert_true(!(r->flags & RES_SECRET) ||
			    r->type == LWM2M_OPAQUE || r->type == LWM2M_STRING);
			/* Nothing new was ever made mandatory. */
			assert_true(
			    !(r->flags & RES_MANDATORY) || r->since == 10);
		}
	}
}

static void
test_key_bytes_are_marked(void **state)
{
	static const uint16_t secret[][2] = {
	    {0, 5}, {0, 8}, {11, 6}, {21, 0}, {23, 2}, {24, 8}};
	size_t marked = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(secret); i++)
		assert_true(resource_find(secret[i][0], secret[i][1])->flags &
		    RES_SECRET);
	for (size_t i = 0; i < COUNT(known); i++) {
		const struct lwm2m_object *o = object_find(known[i]);

		for (size_t n = 0; n < o->resource_count; n++)
			marked += (o->resources[n].flags & RES_SECRET) != 0;
	}
	assert_int_equal(marked, COUNT(secret));
}

static void
test_which_resources_have_instances(void **state)
{
	static const uint16_t multiple[][2] = {
	    {0, 16},
	    {0, 18},
	    {0, 19},
	    {0, 20},
	    {0, 21},
	    {0, 25},
	    {0, 27},
	    {1, 24},
	    {1, 25},
	    {2, 2},
	    {3, 6},
	    {3, 7},
	    {3, 8},
	    {3, 11},
	    {3, 22},
	    {11, 8},
	};
	size_t next = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		const struct lwm2m_object *o = object_find(known[i]);

		for (size_t n = 0; n < o->resource_count; n++) {
			if (!(o->resources[n].flags & RES_MULTIPLE))
				continue;
			assert_true(next < COUNT(multiple));
			assert_int_equal(o->id, multiple[next][0]);
			assert_int_equal(o->resources[n].id, multiple[next][1]);
			next++;
		}
	}
	assert_int_equal(next, COUNT(multiple));
}

static void
test_what_came_with_which_version(void **state)
{
	static const struct {
		uint16_t object;
		uint16_t last_10, last_11; /* resources up to and with */
	} cases[] = {{0, 12, 17}, {1, 8, 23}, {2, 3, 3}, {21, 5, 6}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct lwm2m_object *o = object_find(cases[i].object);

		for (size_t n = 0; n < o->resource_count; n++) {
			uint16_t id = o->resources[n].id;

			assert_int_equal(o->resources[n].since,
			    id <= cases[i].last_10       ? 10
				: id <= cases[i].last_11 ? 11
							 : 12);
		}
	}
}

static void
test_types_of_values(void **state)
{
	(void)state;
	assert_int_equal(
	    object_type(LWM2M_RESOURCE(0, 9, SECURITY_URI)), LWM2M_STRING);
	assert_int_equal(
	    object_type(LWM2M_RESOURCE(0, 9, SECURITY_MODE)), LWM2M_INTEGER);
	assert_int_equal(
	    object_type(LWM2M_RESOURCE(0, 9, SECURITY_CERTIFICATE_USAGE)),
	    LWM2M_UNSIGNED);
	assert_int_equal(
	    object_type((struct lwm2m_path){0, 9, 16, 3}), LWM2M_UNSIGNED);
	assert_int_equal(object_type(LWM2M_RESOURCE(0, 9, 17)), LWM2M_OBJLNK);
	assert_int_equal(object_type(LWM2M_RESOURCE(1, 0, 4)), LWM2M_NONE);
	assert_int_equal(object_type(LWM2M_RESOURCE(3, 0, 13)), LWM2M_TIME);
	assert_int_equal(object_type(LWM2M_RESOURCE(21, 0, 0)), LWM2M_OPAQUE);
	assert_int_equal(object_type(LWM2M_RESOURCE(4, 0, 0)), LWM2M_OPAQUE);
	assert_int_equal(object_type(LWM2M_RESOURCE(0, 0, 99)), LWM2M_OPAQUE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tables_are_complete_and_in_order),
	    cmocka_unit_test(test_rows_make_sense),
	    cmocka_unit_test(test_key_bytes_are_marked),
	    cmocka_unit_test(test_which_resources_have_instances),
	    cmocka_unit_test(test_what_came_with_which_version),
	    cmocka_unit_test(test_types_of_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
