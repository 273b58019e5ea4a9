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

/* All of a row but its name: number, type, [] where it has instances, M where it
 * has to be there, version, range. As the tables of OMA's registry have it. */
static const struct {
	uint16_t object;
	const char *rows;
} registry[] = {
    {0,
	"0 String M 1.0 0..255\n"
	"1 Boolean M 1.0\n"
	"2 Integer M 1.0 0..4\n"
	"3 Opaque M 1.0\n"
	"4 Opaque M 1.0\n"
	"5 Opaque M 1.0\n"
	"6 Integer 1.0 0..255\n"
	"7 Opaque 1.0 6..6\n"
	"8 Opaque 1.0 16..48\n"
	"9 String 1.0\n"
	"10 Integer 1.0 1..65534\n"
	"11 Integer 1.0\n"
	"12 Integer 1.0\n"
	"13 Unsigned 1.1 0..3\n"
	"14 String 1.1\n"
	"15 Unsigned 1.1 0..3\n"
	"16 Unsigned[] 1.1 0..65535\n"
	"17 Objlnk 1.1\n"
	"18 Unsigned[] 1.2 0..65535\n"
	"19 Unsigned[] 1.2 0..65535\n"
	"20 Unsigned[] 1.2 0..65535\n"
	"21 Unsigned[] 1.2 0..65535\n"
	"22 Unsigned 1.2\n"
	"23 Unsigned 1.2\n"
	"24 Unsigned 1.2\n"
	"25 String[] 1.2 0..255\n"
	"26 Objlnk 1.2\n"
	"27 Objlnk[] 1.2\n"
	"28 Integer 1.2 0..15\n"
	"29 Integer 1.2 0..15\n"
	"30 String 1.2\n"},
    {1,
	"0 Integer M 1.0 1..65534\n"
	"1 Integer M 1.0\n"
	"2 Integer 1.0\n"
	"3 Integer 1.0\n"
	"4 - 1.0\n"
	"5 Integer 1.0\n"
	"6 Boolean M 1.0\n"
	"7 String M 1.0\n"
	"8 - M 1.0\n"
	"9 - 1.1\n"
	"10 Objlnk 1.1\n"
	"11 Unsigned 1.1 0..255\n"
	"12 Time 1.1\n"
	"13 Unsigned 1.1\n"
	"14 Unsigned 1.1\n"
	"15 Boolean 1.1\n"
	"16 Boolean 1.1\n"
	"17 Unsigned 1.1\n"
	"18 Unsigned 1.1\n"
	"19 Unsigned 1.1\n"
	"20 Unsigned 1.1\n"
	"21 Boolean 1.1\n"
	"22 String 1.1 1..1\n"
	"23 Boolean 1.1\n"
	"24 Objlnk[] 1.2\n"
	"25 String[] 1.2\n"
	"26 Integer 1.2 0..1\n"
	"27 Unsigned 1.2 0..255\n"},
    {2,
	"0 Integer M 1.0 1..65534\n"
	"1 Integer M 1.0 0..65535\n"
	"2 Integer[] 1.0 0..31\n"
	"3 Integer M 1.0 0..65535\n"},
    {21,
	"0 Opaque M 1.0\n"
	"1 Opaque M 1.0\n"
	"2 Opaque M 1.0\n"
	"3 Integer 1.0\n"
	"4 Integer 1.0\n"
	"5 Opaque 1.0\n"
	"6 Opaque 1.1\n"},
    {23,
	"0 String M 1.0\n"
	"1 Integer M 1.0\n"
	"2 String M 1.0\n"},
    {24,
	"0 Boolean 1.0\n"
	"1 String 1.0\n"
	"2 String 1.0\n"
	"3 Boolean 1.0\n"
	"4 Unsigned 1.0 0..3\n"
	"5 Unsigned 1.0 0..65535\n"
	"6 String M 1.0\n"
	"7 String 1.0\n"
	"8 Opaque 1.0\n"},
};

static void
print_row(struct writer *w, const struct lwm2m_resource *r)
{
	static const char *const types[] = {
	    [LWM2M_NONE] = "-",
	    [LWM2M_STRING] = "String",
	    [LWM2M_INTEGER] = "Integer",
	    [LWM2M_UNSIGNED] = "Unsigned",
	    [LWM2M_FLOAT] = "Float",
	    [LWM2M_BOOLEAN] = "Boolean",
	    [LWM2M_OPAQUE] = "Opaque",
	    [LWM2M_TIME] = "Time",
	    [LWM2M_OBJLNK] = "Objlnk",
	    [LWM2M_CORELNK] = "Corelnk",
	};

	writer_fmt(w, "%u %s%s%s %u.%u", r->id, types[r->type],
	    r->flags & RES_MULTIPLE ? "[]" : "",
	    r->flags & RES_MANDATORY ? " M" : "", r->since / 10, r->since % 10);
	if (r->min != 0 || r->max != 0)
		writer_fmt(
		    w, " %lld..%lld", (long long)r->min, (long long)r->max);
	writer_str(w, "\n");
}

static void
test_each_row_is_the_registrys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(registry); i++) {
		const struct lwm2m_object *o = object_find(registry[i].object);
		char text[2048];
		struct writer w;

		assert_non_null(o);
		writer_init(&w, text, sizeof(text) - 1);
		for (size_t n = 0; n < o->resource_count; n++)
			print_row(&w, &o->resources[n]);
		assert_false(w.full);
		text[w.len] = '\0';
		assert_string_equal(text, registry[i].rows);
	}
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
	    cmocka_unit_test(test_each_row_is_the_registrys),
	    cmocka_unit_test(test_rows_make_sense),
	    cmocka_unit_test(test_key_bytes_are_marked),
	    cmocka_unit_test(test_which_resources_have_instances),
	    cmocka_unit_test(test_types_of_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
