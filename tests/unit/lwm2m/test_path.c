#include "lwm2m/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NONE LWM2M_ID_NONE
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *text;
	struct lwm2m_path path;
	unsigned depth;
} good[] = {
    {"/", {NONE, NONE, NONE, NONE}, 0},
    {"/0", {0, NONE, NONE, NONE}, 1},
    {"/0/1", {0, 1, NONE, NONE}, 2},
    {"/21/0/5", {21, 0, 5, NONE}, 3},
    {"/0/1/16/0", {0, 1, 16, 0}, 4},
    {"/65534/65534/65534/65534", {65534, 65534, 65534, 65534}, 4},
};

static void
test_text_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		char text[LWM2M_PATH_TEXT_MAX];
		struct lwm2m_path p;
		struct writer w;

		assert_int_equal(path_parse(span_str(good[i].text), &p), RC_OK);
		assert_int_equal(path_compare(p, good[i].path), 0);
		assert_int_equal(path_depth(p), good[i].depth);
		writer_init(&w, text, sizeof(text));
		path_print(&w, p);
		assert_true(span_is(writer_span(&w), good[i].text));
	}
}

static void
test_what_is_no_path(void **state)
{
	static const char *const bad[] = {
	    "",
	    "0/1",
	    "//",
	    "/0/",
	    "/0//1",
	    "/00",
	    "/01/0",
	    "/0/1/2/3/4",
	    "/65535",
	    "/0/65536",
	    "/99999999999999999999",
	    "/-1",
	    "/+1",
	    "/ 1",
	    "/0x1",
	    "/0/1 ",
	    "/0/1\n",
	    "coap://h/0",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct lwm2m_path p;

		if (path_parse(span_str(bad[i]), &p) != RC_MALFORMED)
			fail_msg("\"%s\" was taken for a path", bad[i]);
	}
}

static void
test_what_lies_within(void **state)
{
	(void)state;
	assert_true(path_within(LWM2M_RESOURCE(0, 1, 2), LWM2M_ROOT));
	assert_true(path_within(LWM2M_RESOURCE(0, 1, 2), LWM2M_OBJECT(0)));
	assert_true(path_within(LWM2M_RESOURCE(0, 1, 2), LWM2M_INSTANCE(0, 1)));
	assert_true(
	    path_within(LWM2M_RESOURCE(0, 1, 2), LWM2M_RESOURCE(0, 1, 2)));
	assert_false(path_within(LWM2M_RESOURCE(0, 1, 2), LWM2M_OBJECT(1)));
	assert_false(
	    path_within(LWM2M_RESOURCE(0, 1, 2), LWM2M_INSTANCE(0, 2)));
	assert_false(path_within(LWM2M_OBJECT(0), LWM2M_INSTANCE(0, 1)));
	assert_false(path_within(LWM2M_ROOT, LWM2M_OBJECT(0)));
}

static void
test_upper_levels(void **state)
{
	static const struct lwm2m_path whole = {0, 1, 16, 2};

	(void)state;
	for (unsigned depth = 0; depth <= 4; depth++) {
		struct lwm2m_path upper = path_upper(whole, depth);

		assert_int_equal(path_depth(upper), depth);
		assert_true(path_within(whole, upper));
	}
	/* There is nothing more below than there was. */
	assert_int_equal(path_depth(path_upper(LWM2M_OBJECT(3), 4)), 1);
}

static void
test_order_is_by_level_and_parents_come_first(void **state)
{
	static const struct lwm2m_path sorted[] = {
	    {NONE, NONE, NONE, NONE},
	    {0, NONE, NONE, NONE},
	    {0, 0, NONE, NONE},
	    {0, 0, 10, NONE},
	    {0, 0, 16, NONE},
	    {0, 0, 16, 0},
	    {0, 0, 16, 300},
	    {0, 0, 17, NONE},
	    {0, 1, NONE, NONE},
	    {1, 0, 0, NONE},
	    {65534, 0, 0, NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(sorted); i++) {
		for (size_t j = 0; j < COUNT(sorted); j++)
			assert_int_equal(path_compare(sorted[i], sorted[j]),
			    (i > j) - (i < j));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_and_back),
	    cmocka_unit_test(test_what_is_no_path),
	    cmocka_unit_test(test_what_lies_within),
	    cmocka_unit_test(test_upper_levels),
	    cmocka_unit_test(test_order_is_by_level_and_parents_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
