#include "lwm2m/oma_json.h"
#include "vectors.h"

static struct lwm2m_entry got[ENTRIES_MAX];
static size_t count;
static uint8_t scratch[256];

static enum rc
decode(struct lwm2m_path base, const char *text)
{
	struct writer w;

	writer_init(&w, scratch, sizeof(scratch));
	return oma_json_decode(
	    base, span_str(text), &w, got, COUNT(got), &count);
}

static void
test_forms_of_one_entry(void **state)
{
	static const struct lwm2m_entry wanted = {AT(1, 0, 1), INTEGER(60)};
	static const char *const cases[] = {
	    "{\"bn\":\"/1/0/\",\"e\":[{\"n\":\"1\",\"v\":60}]}",
	    "{\"e\":[{\"v\":60,\"n\":\"1\"}],\"bn\":\"/1/0/\"}",
	    "{\"bn\":\"/\",\"e\":[{\"n\":\"1/0/1\",\"v\":60}]}",
	    "{\"bn\":\"/1/0/1\",\"e\":[{\"v\":60}]}",
	    "{\"bn\":\"/1/0/1\",\"e\":[{\"n\":\"\",\"v\":60}]}",
	    /* relative to the path that was asked for, or absolute */
	    "{\"e\":[{\"n\":\"1\",\"v\":60}]}",
	    "{\"bn\":\"\",\"e\":[{\"n\":\"1\",\"v\":60}]}",
	    "{\"e\":[{\"n\":\"/1/0/1\",\"v\":60.0}]}",
	    "{\"bt\":25462634,\"e\":[{\"n\":\"1\",\"v\":60,\"t\":-5}]}",
	    "{\"x\":[[{}]],\"e\":[{\"n\":\"1\",\"v\":60,\"y\":{\"z\":[]}}]}",
	    (" { \"\\u0062n\" : \"\\/1\\/0\\/\" , \"e\" : "
	     "[ { \"n\" : \"1\" , \"v\" : 60 } ] } "),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (decode(LWM2M_INSTANCE(1, 0), cases[i]) != RC_OK)
			fail_msg("%s: was refused", cases[i]);
		assert_entries(cases[i], got, count, &wanted, 1);
	}
}

/* Names below other paths than an instance's. */
static void
test_names_without_a_base(void **state)
{
	static const struct lwm2m_entry lifetime = {AT(1, 0, 1), INTEGER(60)};
	static const struct lwm2m_entry right = {AT4(2, 0, 2, 101), INTEGER(1)};

	(void)state;
	assert_int_equal(
	    decode(LWM2M_ROOT, "{\"e\":[{\"n\":\"1/0/1\",\"v\":60}]}"), RC_OK);
	assert_entries("/", got, count, &lifetime, 1);
	assert_int_equal(
	    decode(LWM2M_OBJECT(1), "{\"e\":[{\"n\":\"0/1\",\"v\":60}]}"),
	    RC_OK);
	assert_entries("/1", got, count, &lifetime, 1);
	assert_int_equal(
	    decode(LWM2M_RESOURCE(1, 0, 1), "{\"e\":[{\"v\":60}]}"), RC_OK);
	assert_entries("/1/0/1", got, count, &lifetime, 1);
	assert_int_equal(decode(LWM2M_RESOURCE(2, 0, 2),
			     "{\"e\":[{\"n\":\"101\",\"v\":1}]}"),
	    RC_OK);
	assert_entries("/2/0/2", got, count, &right, 1);
	assert_int_equal(decode(right.path, "{\"e\":[{\"v\":1}]}"), RC_OK);
	assert_entries("/2/0/2/101", got, count, &right, 1);
}

static void
test_nothing(void **state)
{
	(void)state;
	assert_int_equal(decode(LWM2M_OBJECT(2), "{\"e\":[]}"), RC_OK);
	assert_int_equal(count, 0);
	assert_int_equal(
	    decode(LWM2M_OBJECT(2), "{\"bn\":\"/2/\",\"e\":[ ]}"), RC_OK);
	assert_int_equal(count, 0);
}

/* Only the tables tell base64 from text. */
static void
test_values_of_every_kind(void **state)
{
	static const struct lwm2m_entry wanted[] = {
	    {AT(0, 1, 0), TEXT("AAEC")},
	    {AT(0, 1, 1), BOOLEAN(true)},
	    {AT(0, 1, 3), BYTES("\0\1\2")},
	    {AT(0, 1, 5), BYTES("\xfb\xff")},
	    {AT(0, 1, 17), LINK(21, 0)},
	    {AT(0, 1, 2), INTEGER(-1)},
	    {AT(0, 1, 99), TEXT("AAEC")},
	    {AT(0, 1, 98), REAL(0.5)},
	};

	(void)state;
	assert_int_equal(decode(LWM2M_INSTANCE(0, 1),
			     "{\"e\":[{\"n\":\"0\",\"sv\":\"AAEC\"},"
			     "{\"n\":\"1\",\"bv\":true},"
			     "{\"n\":\"3\",\"sv\":\"AAEC\"},"
			     "{\"n\":\"5\",\"sv\":\"+\\/8=\"},"
			     "{\"n\":\"17\",\"ov\":\"21:0\"},"
			     "{\"n\":\"2\",\"v\":-1},"
			     "{\"n\":\"99\",\"sv\":\"AAEC\"},"
			     "{\"n\":\"98\",\"v\":0.5}]}"),
	    RC_OK);
	assert_entries("kinds", got, count, wanted, COUNT(wanted));
}

static void
test_what_is_malformed(void **state)
{
	/* Under /1/0 */
	static const struct {
		const char *why, *text;
	} cases[] = {
	    {"nothing", ""},
	    {"an array", "[]"},
	    {"no entries", "{}"},
	    {"no entries but a base", "{\"bn\":\"/1/0/\"}"},
	    {"entries that are an object", "{\"e\":{}}"},
	    {"entries that are null", "{\"e\":null}"},
	    {"an entry that is a number", "{\"e\":[1]}"},
	    {"an entry without a value", "{\"e\":[{\"n\":\"1\"}]}"},
	    {"an entry without a name", "{\"e\":[{\"v\":60}]}"},
	    {"entries twice", "{\"e\":[],\"e\":[]}"},
	    {"two bases", "{\"bn\":\"/1/0/\",\"bn\":\"/1/0/\",\"e\":[]}"},
	    {"two base times", "{\"bt\":1,\"bt\":1,\"e\":[]}"},
	    {"a base that is a number", "{\"bn\":1,\"e\":[]}"},
	    {"two names", "{\"e\":[{\"n\":\"1\",\"n\":\"1\",\"v\":60}]}"},
	    {"two values", "{\"e\":[{\"n\":\"1\",\"v\":60,\"v\":60}]}"},
	    {"two kinds", "{\"e\":[{\"n\":\"1\",\"v\":60,\"sv\":\"\"}]}"},
	    {"twice the same",
		"{\"e\":[{\"n\":\"1\",\"v\":60},{\"n\":\"/1/0/1\",\"v\":60}]}"},
	    {"a base of elsewhere",
		"{\"bn\":\"/2/0/\",\"e\":[{\"n\":\"1\",\"v\":60}]}"},
	    {"no slash between",
		"{\"bn\":\"/1/0\",\"e\":[{\"n\":\"1\",\"v\":60}]}"},
	    {"a slash too many",
		"{\"bn\":\"/1/0/\",\"e\":[{\"n\":\"/1\",\"v\":60}]}"},
	    {"SenML's labels", "{\"e\":[{\"n\":\"7\",\"vs\":\"U\"}]}"},
	    {"a number in quotes", "{\"e\":[{\"n\":\"1\",\"v\":\"60\"}]}"},
	    {"text for a number", "{\"e\":[{\"n\":\"1\",\"sv\":\"60\"}]}"},
	    {"a link as text", "{\"e\":[{\"n\":\"10\",\"sv\":\"11:0\"}]}"},
	    {"a number for a boolean", "{\"e\":[{\"n\":\"6\",\"v\":1}]}"},
	    {"an executable", "{\"e\":[{\"n\":\"4\",\"sv\":\"\"}]}"},
	    {"not UTF-8", "{\"e\":[{\"n\":\"7\",\"sv\":\"\xff\"}]}"},
	    {"an open object", "{\"e\":[{\"n\":\"1\",\"v\":60}]"},
	    {"a comma behind", "{\"e\":[{\"n\":\"1\",\"v\":60}],}"},
	    {"a comma behind an entry", "{\"e\":[{\"n\":\"1\",\"v\":60},]}"},
	    {"something behind", "{\"e\":[]}{}"},
	    {"too deep", "{\"e\":[],\"x\":[[[[[]]]]]}"},
	    {"too deep in an entry",
		"{\"e\":[{\"n\":\"1\",\"v\":60,\"x\":[[[[[]]]]]}]}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum rc rc = decode(LWM2M_INSTANCE(1, 0), cases[i].text);

		if (rc != RC_MALFORMED)
			fail_msg("%s: %s", cases[i].why, rc_name(rc));
		assert_int_equal(count, 0);
	}
	assert_int_equal(decode(LWM2M_INSTANCE(0, 1),
			     "{\"e\":[{\"n\":\"5\",\"sv\":\"no base64\"}]}"),
	    RC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms_of_one_entry),
	    cmocka_unit_test(test_names_without_a_base),
	    cmocka_unit_test(test_nothing),
	    cmocka_unit_test(test_values_of_every_kind),
	    cmocka_unit_test(test_what_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
