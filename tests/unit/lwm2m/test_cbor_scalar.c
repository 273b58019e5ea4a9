#include "lwm2m/cbor_scalar.h"
#include "vectors.h"

#include <math.h>

#define LIFETIME LWM2M_RESOURCE(1, 0, 1)
#define BOOTSTRAPPED LWM2M_RESOURCE(1, 0, 12)
#define UNKNOWN LWM2M_RESOURCE(9, 0, 0)

static struct lwm2m_value v;
static uint8_t room[64];

static enum rc
read_at(struct lwm2m_path path, const char *bytes)
{
	struct cbor_scalar s;
	struct cbor_item head;
	struct writer scratch;
	struct reader r;
	enum rc rc;

	reader_init(&r, hex(bytes));
	writer_init(&scratch, room, sizeof(room));
	rc = cbor_next(&r, &head);
	if (rc == RC_OK)
		rc = cbor_scalar_read(&r, &head, &scratch, &s);
	if (rc == RC_OK)
		rc = cbor_scalar_value(path, &s, &v);
	assert_true(rc != RC_OK || reader_left(&r) == 0);
	return rc;
}

/* encodings.md section 3. */
static void
test_values_are_written(void **state)
{
	static const struct {
		struct lwm2m_value value;
		const char *bytes;
	} cases[] = {
	    {INTEGER(0), "00"},
	    {INTEGER(23), "17"},
	    {INTEGER(24), "1818"},
	    {INTEGER(127), "187f"},
	    {INTEGER(128), "1880"},
	    {INTEGER(-1), "20"},
	    {INTEGER(-129), "3880"},
	    {UNSIGNED(32768), "198000"},
	    {UNSIGNED(65535), "19ffff"},
	    {INTEGER(65536), "1a00010000"},
	    {INTEGER(86400), "1a00015180"},
	    {INTEGER(2147483648), "1a80000000"},
	    {INTEGER(4294967296), "1b0000000100000000"},
	    {INTEGER(INT64_MAX), "1b7fffffffffffffff"},
	    {INTEGER(INT64_MIN), "3b7fffffffffffffff"},
	    {UNSIGNED(UINT64_MAX), "1bffffffffffffffff"},
	    {REAL(20.48), "fb40347ae147ae147b"},
	    {TIME(1700000000), "1a6553f100"},
	    {BOOLEAN(false), "f4"},
	    {BOOLEAN(true), "f5"},
	    {TEXT(""), "60"},
	    {TEXT("U"), "6155"},
	    {CORELNK("</3>"), "643c2f333e"},
	    {BYTES(""), "40"},
	    {BYTES("\0\xff"), "4200ff"},
	    {LINK(66, 0), "6436363a30"},
	    {LINK(65535, 65535), "6b36353533353a3635353335"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t buf[32];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		cbor_value(&w, &cases[i].value);
		assert_bytes(
		    cases[i].bytes, writer_span(&w), hex(cases[i].bytes));
	}
}

static void
test_values_are_read(void **state)
{
	static const struct {
		struct lwm2m_entry wanted;
		const char *bytes;
	} cases[] = {
	    {{AT(1, 0, 1), INTEGER(86400)}, "1a00015180"},
	    {{AT(1, 0, 1), INTEGER(86400)}, "1b0000000000015180"},
	    {{AT(1, 0, 1), INTEGER(60)}, "f95380"},
	    {{AT(1, 0, 1), INTEGER(60)}, "fa42700000"},
	    {{AT(1, 0, 1), INTEGER(60)}, "fb404e000000000000"},
	    /* decimal fractions: 6 x 10^1, 6000 x 10^-2, -5 x 10^0 */
	    {{AT(1, 0, 1), INTEGER(60)}, "c4 82 01 06"},
	    {{AT(1, 0, 1), INTEGER(60)}, "c4 82 21 191770"},
	    {{AT(1, 0, 1), INTEGER(-5)}, "c4 82 00 24"},
	    {{AT(1, 0, 1), INTEGER(60)}, "c4 9f 01 06 ff"},
	    {{AT(1, 0, 1), INTEGER(INT64_MIN)}, "c4 82 00 3b7fffffffffffffff"},
	    {{AT(1, 0, 17), UNSIGNED(UINT64_MAX)},
		"c4 82 00 1bffffffffffffffff"},
	    {{AT(9, 0, 0), REAL(273.15)}, "c4 82 21 196ab3"},
	    {{AT(9, 0, 0), REAL(1.5)}, "f93e00"},
	    {{AT(9, 0, 0), REAL(100000.0)}, "fa47c35000"},
	    {{AT(9, 0, 0), REAL(5.960464477539063e-8)}, "f90001"},
	    {{AT(9, 0, 0), INTEGER(-1)}, "20"},
	    {{AT(9, 0, 0), UNSIGNED(UINT64_MAX)}, "1bffffffffffffffff"},
	    {{AT(1, 0, 12), TIME(1700000000)}, "1a6553f100"},
	    {{AT(1, 0, 12), TIME(1700000000)}, "c1 1a6553f100"},
	    {{AT(1, 0, 12), TIME(-1)}, "c1 20"},
	    {{AT(1, 0, 12), TIME(1700000000)}, "c1 fb41d954fc40000000"},
	    {{AT(1, 0, 12), TIME(1700000000)},
		"c0 74 323032332d31312d31345432323a31333a32305a"},
	    {{AT(1, 0, 12), TIME(1700000000)},
		"c0 7f 6a323032332d31312d3134 6a5432323a31333a32305a ff"},
	    {{AT(9, 0, 0), TIME(0)}, "c1 00"},
	    {{AT(1, 0, 6), BOOLEAN(true)}, "f5"},
	    {{AT(1, 0, 7), TEXT("UQ")}, "625551"},
	    {{AT(1, 0, 7), TEXT("UQ")}, "7f 6155 60 6151 ff"},
	    {{AT(0, 1, 5), BYTES("\1\2")}, "420102"},
	    {{AT(0, 1, 5), BYTES("\1\2")}, "5f 4101 4102 ff"},
	    {{AT(0, 1, 17), LINK(21, 0)}, "6432313a30"},
	    {{AT(9, 0, 0), TEXT("21:0")}, "6432313a30"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lwm2m_entry got = {.path = cases[i].wanted.path};

		if (read_at(got.path, cases[i].bytes) != RC_OK)
			fail_msg("%s: was refused", cases[i].bytes);
		got.value = v;
		assert_entries(cases[i].bytes, &got, 1, &cases[i].wanted, 1);
	}
}

static void
test_what_is_refused(void **state)
{
	static const struct {
		const char *why;
		struct lwm2m_path path;
		const char *bytes;
	} cases[] = {
	    {"nothing", AT(1, 0, 1), ""},
	    {"half a number", AT(1, 0, 1), "1a0001"},
	    {"an array", AT(1, 0, 1), "8101"},
	    {"a map", AT(1, 0, 1), "a10101"},
	    {"null", AT(1, 0, 1), "f6"},
	    {"undefined", AT(1, 0, 1), "f7"},
	    {"a break", AT(1, 0, 1), "ff"},
	    {"a simple value", AT(1, 0, 1), "f820"},
	    {"a bignum", AT(1, 0, 1), "c2 4101"},
	    {"a bigfloat", AT(1, 0, 1), "c5 82 00 01"},
	    {"a tag that means nothing", AT(1, 0, 1), "d9d9f7 01"},
	    {"a tag on a tag", AT(1, 0, 12), "c1 c1 00"},
	    {"a tag without an item", AT(1, 0, 12), "c1"},
	    {"a time for an Integer", AT(1, 0, 1), "c1 183c"},
	    {"a time for text", AT(1, 0, 7),
		"c0 74 323032332d31312d31345432323a31333a32305a"},
	    {"half a second", AT(1, 0, 12), "c1 f93800"},
	    {"a time that is not a number", AT(1, 0, 12), "c1 f97e00"},
	    {"an endless time", AT(1, 0, 12), "c1 f97c00"},
	    {"a time above 63 bits", AT(1, 0, 12), "c1 1b8000000000000000"},
	    {"a time of 2^63 as a float", AT(1, 0, 12),
		"c1 fb43e0000000000000"},
	    {"an epoch of text", AT(1, 0, 12), "c1 6130"},
	    {"a date of a number", AT(1, 0, 12), "c0 00"},
	    {"a date that is none", AT(1, 0, 12), "c0 6a323032332d31312d3134"},
	    {"a decimal of one part", AT(1, 0, 1), "c4 81 01"},
	    {"a decimal of three parts", AT(1, 0, 1), "c4 83 01 06 00"},
	    {"a decimal of none", AT(1, 0, 1), "c4 80"},
	    {"a decimal that is no array", AT(1, 0, 1), "c4 06"},
	    {"a decimal with a float", AT(1, 0, 1), "c4 82 01 f93c00"},
	    {"a decimal with a bignum", AT(1, 0, 1), "c4 82 01 c24106"},
	    {"a decimal too large", AT(9, 0, 0), "c4 82 190135 01"},
	    {"an exponent too large", AT(9, 0, 0),
		"c4 82 1bffffffffffffffff 01"},
	    {"an exponent too small", AT(9, 0, 0),
		"c4 82 3bffffffffffffffff 01"},
	    {"a mantissa too small", AT(9, 0, 0),
		"c4 82 00 3bffffffffffffffff"},
	    {"a fraction for an Integer", AT(1, 0, 1), "c4 82 20 0f"},
	    {"below 63 bits", AT(1, 0, 1), "3b8000000000000000"},
	    {"below 64 bits", AT(9, 0, 0), "3bffffffffffffffff"},
	    {"text for a number", AT(1, 0, 1), "623630"},
	    {"a number for text", AT(1, 0, 7), "00"},
	    {"text for bytes", AT(0, 1, 5), "6101"},
	    {"bytes for text", AT(1, 0, 7), "4155"},
	    {"a link that is none", AT(0, 1, 17), "623231"},
	    {"an executable", AT(1, 0, 4), "00"},
	    {"text that is not UTF-8", AT(1, 0, 7), "61ff"},
	    {"text that is cut within a letter", AT(9, 0, 0), "61c3"},
	    {"text with a NUL", AT(1, 0, 7), "6100"},
	    {"pieces of another kind", AT(1, 0, 7), "7f 4155 ff"},
	    {"pieces in pieces", AT(1, 0, 7), "7f 7f 6155 ff ff"},
	    {"pieces without end", AT(1, 0, 7), "7f 6155"},
	    {"a string of 2^63 bytes", AT(0, 1, 5), "5b8000000000000000 00"},
	    {"a string of 4 GB", AT(0, 1, 5), "5affffffff 00"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum rc rc = read_at(cases[i].path, cases[i].bytes);

		if (rc != RC_MALFORMED)
			fail_msg("%s: %s", cases[i].why, rc_name(rc));
	}
}

/* A letter of two bytes may come in two pieces: it is whole in the end. */
static void
test_pieces_are_joined_before_they_are_looked_at(void **state)
{
	(void)state;
	assert_int_equal(read_at(UNKNOWN, "7f 61c3 61a4 ff"), RC_OK);
	assert_bytes("a letter", v.bytes, SPAN_LIT("\xc3\xa4"));
}

static void
test_floats_that_are_no_numbers(void **state)
{
	(void)state;
	assert_int_equal(read_at(UNKNOWN, "f97e00"), RC_OK);
	assert_true(isnan(v.real));
	assert_int_equal(read_at(UNKNOWN, "f9fc00"), RC_OK);
	assert_true(isinf(v.real) && v.real < 0);
	assert_int_equal(read_at(LIFETIME, "f97c00"), RC_MALFORMED);
}

static void
test_no_more_scratch_than_there_is(void **state)
{
	struct cbor_scalar s;
	struct cbor_item head;
	struct writer scratch;
	struct reader r;

	(void)state;
	for (size_t cap = 0; cap <= 4; cap++) {
		reader_init(&r, hex("5f 4201ff 420203 ff"));
		writer_init(&scratch, room, cap);
		assert_int_equal(cbor_next(&r, &head), RC_OK);
		assert_int_equal(cbor_scalar_read(&r, &head, &scratch, &s),
		    cap < 4 ? RC_TOO_LARGE : RC_OK);
	}
	reader_init(
	    &r, hex("c0 7f 6a323032332d31312d3134 6a5432323a31333a32305a ff"));
	writer_init(&scratch, room, 19);
	assert_int_equal(cbor_next(&r, &head), RC_OK);
	assert_int_equal(
	    cbor_scalar_read(&r, &head, &scratch, &s), RC_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values_are_written),
	    cmocka_unit_test(test_values_are_read),
	    cmocka_unit_test(test_what_is_refused),
	    cmocka_unit_test(test_pieces_are_joined_before_they_are_looked_at),
	    cmocka_unit_test(test_floats_that_are_no_numbers),
	    cmocka_unit_test(test_no_more_scratch_than_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
