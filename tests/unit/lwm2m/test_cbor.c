#include "lwm2m/cbor.h"
#include "vectors.h"

#include <math.h>

static uint8_t buf[64];
static struct writer w;
static struct reader r;
static struct cbor_item item;

static enum rc
next(const char *text)
{
	reader_init(&r, hex(text));
	return cbor_next(&r, &item);
}

/* RFC 8949 Appendix A, and the numbers of LwM2M payloads. */
static void
test_integers_are_written_shortest(void **state)
{
	static const struct {
		int64_t value;
		const char *bytes;
	} cases[] = {
	    {0, "00"},
	    {23, "17"},
	    {24, "1818"},
	    {127, "187f"},
	    {255, "18ff"},
	    {256, "190100"},
	    {65535, "19ffff"},
	    {65536, "1a00010000"},
	    {86400, "1a00015180"},
	    {4294967295, "1affffffff"},
	    {4294967296, "1b0000000100000000"},
	    {INT64_MAX, "1b7fffffffffffffff"},
	    {-1, "20"},
	    {-24, "37"},
	    {-25, "3818"},
	    {-129, "3880"},
	    {-256, "38ff"},
	    {-257, "390100"},
	    {INT64_MIN, "3b7fffffffffffffff"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		writer_init(&w, buf, sizeof(buf));
		cbor_int(&w, cases[i].value);
		assert_bytes("integer", writer_span(&w), hex(cases[i].bytes));
		assert_int_equal(next(cases[i].bytes), RC_OK);
		assert_int_equal(
		    item.kind, cases[i].value < 0 ? CBOR_NEGATIVE : CBOR_UINT);
		assert_true(item.number ==
		    (uint64_t)(cases[i].value < 0 ? -1 - cases[i].value
						  : cases[i].value));
	}
	writer_init(&w, buf, sizeof(buf));
	cbor_uint(&w, UINT64_MAX);
	assert_bytes("uint", writer_span(&w), hex("1bffffffffffffffff"));
}

static void
test_everything_else_that_is_written(void **state)
{
	(void)state;
	writer_init(&w, buf, sizeof(buf));
	cbor_array(&w, 2);
	cbor_map(&w, 24);
	cbor_bool(&w, false);
	cbor_bool(&w, true);
	cbor_float(&w, 20.48);
	cbor_text(&w, SPAN_LIT("vlo"));
	cbor_bytes(&w, SPAN_LIT("\xab"));
	cbor_text(&w, span_of(NULL, 0));
	assert_false(w.full);
	assert_bytes("items", writer_span(&w),
	    hex("82 b818 f4 f5 fb40347ae147ae147b 63766c6f 41ab 60"));
}

/* Others need not write the shortest form. */
static void
test_numbers_of_every_width_are_read(void **state)
{
	static const char *const five[] = {
	    "05", "1805", "190005", "1a00000005", "1b0000000000000005"};

	(void)state;
	for (size_t i = 0; i < COUNT(five); i++) {
		assert_int_equal(next(five[i]), RC_OK);
		assert_int_equal(item.kind, CBOR_UINT);
		assert_int_equal(item.number, 5);
		assert_int_equal(reader_left(&r), 0);
	}
	assert_int_equal(next("3bffffffffffffffff"), RC_OK);
	assert_int_equal(item.kind, CBOR_NEGATIVE);
	assert_true(item.number == UINT64_MAX);
}

static void
test_floats_of_every_width_are_read(void **state)
{
	static const struct {
		const char *bytes;
		double value;
	} cases[] = {
	    {"f90000", 0.0},
	    {"f98000", -0.0},
	    {"f93c00", 1.0},
	    {"f93e00", 1.5},
	    {"f97bff", 65504.0},
	    {"f90001", 5.960464477539063e-8},
	    {"f90400", 0.00006103515625},
	    {"f9c400", -4.0},
	    {"f97c00", INFINITY},
	    {"f9fc00", -INFINITY},
	    {"fa47c35000", 100000.0},
	    {"fa7f7fffff", 3.4028234663852886e+38},
	    {"fa41a3d70a", 20.479999542236328},
	    {"fb40347ae147ae147b", 20.48},
	    {"fbc010666666666666", -4.1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(next(cases[i].bytes), RC_OK);
		assert_int_equal(item.kind, CBOR_FLOAT);
		assert_true(item.real == cases[i].value);
		assert_int_equal(
		    signbit(item.real) != 0, signbit(cases[i].value) != 0);
	}
	assert_int_equal(next("f97e00"), RC_OK);
	assert_true(isnan(item.real));
	assert_int_equal(next("fa7fc00000"), RC_OK);
	assert_true(isnan(item.real));
}

static void
test_heads_of_other_items(void **state)
{
	static const struct {
		const char *bytes;
		enum cbor_kind kind;
		uint64_t number;
		bool indefinite;
		size_t len;
	} cases[] = {
	    {"f4", CBOR_BOOL, 0, false, 0},
	    {"f5", CBOR_BOOL, 1, false, 0},
	    {"f6", CBOR_NULL, 22, false, 0},
	    {"f7", CBOR_NULL, 23, false, 0},
	    {"ff", CBOR_BREAK, 0, false, 0},
	    {"80", CBOR_ARRAY, 0, false, 0},
	    {"820102", CBOR_ARRAY, 2, false, 0},
	    {"9f", CBOR_ARRAY, 0, true, 0},
	    {"a10102", CBOR_MAP, 1, false, 0},
	    {"bf", CBOR_MAP, 0, true, 0},
	    {"c1", CBOR_TAG, 1, false, 0},
	    {"d9d9f7", CBOR_TAG, 55799, false, 0},
	    {"40", CBOR_BYTES, 0, false, 0},
	    {"43616263", CBOR_BYTES, 3, false, 3},
	    {"5803616263", CBOR_BYTES, 3, false, 3},
	    {"5f", CBOR_BYTES, 0, true, 0},
	    {"63616263", CBOR_TEXT, 3, false, 3},
	    {"63ff00fe", CBOR_TEXT, 3, false, 3},
	    {"7f", CBOR_TEXT, 0, true, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(next(cases[i].bytes), RC_OK);
		assert_int_equal(item.kind, cases[i].kind);
		assert_true(item.number == cases[i].number);
		assert_int_equal(item.indefinite, cases[i].indefinite);
		assert_int_equal(item.bytes.len, cases[i].len);
	}
}

static void
test_what_is_malformed(void **state)
{
	static const char *const bad[] = {
	    "",
	    "18",
	    "1900",
	    "1b00000000000000",
	    "1c",
	    "1d",
	    "1e", /* reserved widths */
	    "1f",
	    "3f",
	    "df", /* numbers and tags have an end */
	    "44616263",
	    "5bffffffffffffffff61",
	    "7b8000000000000000",
	    "81", /* more elements than bytes */
	    "9bffffffffffffffff00",
	    "a101", /* half a pair */
	    "bb8000000000000000000000",
	    "e0",
	    "f3",
	    "f818",
	    "f8ff", /* simple values of nobody */
	    "fc",
	    "f97e",
	    "fa7fc000",
	    "fb40347ae147ae14",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (next(bad[i]) != RC_MALFORMED)
			fail_msg("%s: was taken", bad[i]);
		assert_true(r.bad);
		assert_int_equal(cbor_next(&r, &item), RC_MALFORMED);
	}
}

static void
test_elements_of_every_kind_of_container(void **state)
{
	static const char *const three[] = {
	    "83010203", "9f010203ff", "a3010002000300", "bf010002000300ff"};

	(void)state;
	for (size_t i = 0; i < COUNT(three); i++) {
		struct cbor_item in;
		uint64_t n = 0;

		assert_int_equal(next(three[i]), RC_OK);
		in = item;
		while (cbor_element(&r, &in, &item)) {
			assert_true(item.number == ++n);
			if (in.kind == CBOR_MAP)
				assert_int_equal(cbor_skip(&r, 0), RC_OK);
		}
		assert_int_equal(n, 3);
		assert_false(r.bad);
		assert_int_equal(reader_left(&r), 0);
	}
}

static void
test_a_break_ends_indefinite_containers_only(void **state)
{
	struct cbor_item in;

	(void)state;
	assert_int_equal(next("8201ff"), RC_OK);
	in = item;
	assert_true(cbor_element(&r, &in, &item));
	assert_false(cbor_element(&r, &in, &item));
	assert_true(r.bad);

	assert_int_equal(next("9f01"), RC_OK);
	in = item;
	assert_true(cbor_element(&r, &in, &item));
	assert_false(cbor_element(&r, &in, &item));
	assert_true(r.bad);
}

static void
test_strings_are_made_whole(void **state)
{
	static const struct {
		const char *bytes;
		const char *whole; /* hex; NULL: broken */
		size_t room; /* that joining takes */
	} cases[] = {
	    {"40", "", 0},
	    {"43010203", "010203", 0},
	    {"5fff", "", 0},
	    {"5f4101 40 420203 ff", "010203", 3},
	    {"7f6161 626263 ff", "616263", 3},
	    {"5f6161ff", NULL, 3},
	    {"7f4161ff", NULL, 3},
	    {"5f5f4101ffff", NULL, 3},
	    {"5f00ff", NULL, 3},
	    {"5f4101", NULL, 3},
	    {"5f4201", NULL, 3},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t room[8];
		struct writer joined;
		struct span got;

		writer_init(&joined, room, cases[i].room);
		assert_int_equal(next(cases[i].bytes), RC_OK);
		got = cbor_whole(&r, &item, &joined);
		assert_int_equal(r.bad, !cases[i].whole);
		if (cases[i].whole)
			assert_bytes(cases[i].bytes, got, hex(cases[i].whole));
		if (!cases[i].whole || cases[i].room == 0)
			continue;
		writer_init(&joined, room, cases[i].room - 1);
		assert_int_equal(next(cases[i].bytes), RC_OK);
		(void)cbor_whole(&r, &item, &joined);
		assert_true(joined.full && !r.bad);
	}
}

static void
test_skipping_by_depth(void **state)
{
	static const struct {
		const char *bytes;
		unsigned depth; /* what it needs */
	} cases[] = {
	    {"05", 0},
	    {"63616263", 0},
	    {"fb40347ae147ae147b", 0},
	    {"f6", 0},
	    {"80", 1},
	    {"83010243616263", 1},
	    {"9f0102ff", 1},
	    {"a201020304", 1},
	    {"bf0102ff", 1},
	    {"c11a6553f100", 1},
	    {"7f6161626262ff", 1},
	    {"8181818100", 4},
	    {"a1018101", 2},
	    {"9fbf01c1c200ffff", 4},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char longer[64];
		struct writer t;

		/* One item and no byte of what follows. */
		writer_init(&t, longer, sizeof(longer));
		writer_fmt(&t, "%s00", cases[i].bytes);
		writer_be(&t, 0, 1);
		reader_init(&r, hex(longer));
		assert_int_equal(cbor_skip(&r, cases[i].depth), RC_OK);
		assert_int_equal(reader_left(&r), 1);
		if (cases[i].depth == 0)
			continue;
		reader_init(&r, hex(cases[i].bytes));
		assert_int_equal(
		    cbor_skip(&r, cases[i].depth - 1), RC_MALFORMED);
	}
}

static void
test_what_cannot_be_skipped(void **state)
{
	static const char *const bad[] = {
	    "",
	    "ff",
	    "8201",
	    "bf01ff",
	    "7f4161ff",
	    "7f7f6161ffff",
	    "9f",
	    "7f",
	    "c1",
	    "c1ff",
	    "a1ff00",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		reader_init(&r, hex(bad[i]));
		if (cbor_skip(&r, 8) != RC_MALFORMED)
			fail_msg("%s: was skipped", bad[i]);
		assert_true(r.bad);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_integers_are_written_shortest),
	    cmocka_unit_test(test_everything_else_that_is_written),
	    cmocka_unit_test(test_numbers_of_every_width_are_read),
	    cmocka_unit_test(test_floats_of_every_width_are_read),
	    cmocka_unit_test(test_heads_of_other_items),
	    cmocka_unit_test(test_what_is_malformed),
	    cmocka_unit_test(test_elements_of_every_kind_of_container),
	    cmocka_unit_test(test_a_break_ends_indefinite_containers_only),
	    cmocka_unit_test(test_strings_are_made_whole),
	    cmocka_unit_test(test_skipping_by_depth),
	    cmocka_unit_test(test_what_cannot_be_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
