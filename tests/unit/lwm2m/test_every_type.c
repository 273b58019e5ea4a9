/*
 * Every type of LwM2M at both ends of its range, through every format that can
 * hold it and back.
 */
#include "vectors.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { LONG_MAX_LEN = 70000 };

static uint8_t payload[8 * LONG_MAX_LEN];
static uint8_t scratch[8 * LONG_MAX_LEN];

/** Through every format at once; `skip` (or -1) cannot say this type here. */
static void
there_and_back(struct lwm2m_entry e, int skip, int skip_too)
{
	for (size_t i = 0; i < lwm2m_format_count; i++) {
		const struct format *f = &lwm2m_formats[i];
		struct lwm2m_path base = e.path;
		struct lwm2m_entry got[2];
		struct writer s;
		struct writer w;
		size_t count;

		if (!f->encode || f->number == skip || f->number == skip_too ||
		    (f->number == FORMAT_OPAQUE &&
			e.value.type != LWM2M_OPAQUE))
			continue;
		/* From the value itself up to what the format can hold. */
		for (unsigned depth = path_depth(e.path) + 1; depth-- > 0;) {
			if ((f->holds == FORMAT_HOLDS_VALUE &&
				depth < path_depth(e.path)) ||
			    (f->holds == FORMAT_HOLDS_OBJECT && depth == 0))
				break;
			base = path_upper(e.path, depth);
			writer_init(&w, payload, sizeof(payload));
			if (f->encode(base, &e, 1, &w) != RC_OK)
				fail_msg("%s does not take a %s", f->name,
				    lwm2m_type_name(e.value.type));
			writer_init(&s, scratch, sizeof(scratch));
			if (f->decode(base, writer_span(&w), &s, got, 2,
				&count) != RC_OK)
				fail_msg("%s does not give a %s back", f->name,
				    lwm2m_type_name(e.value.type));
			assert_entries(f->name, got, count, &e, 1);
			assert_true(s.len <= 2 * w.len);
		}
	}
}

static const int64_t integers[] = {0, 1, -1, 23, 24, -24, -25, 127, 128, -128,
    -129, 255, 256, -256, -257, 32767, 32768, -32768, -32769, 65535, 65536,
    INT32_MAX, (int64_t)INT32_MAX + 1, INT32_MIN, (int64_t)INT32_MIN - 1,
    UINT32_MAX, (int64_t)UINT32_MAX + 1, 9007199254740991, 9007199254740993,
    -9007199254740993, INT64_MAX - 1, INT64_MAX, INT64_MIN + 1, INT64_MIN};

static void
test_integers_and_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(integers); i++) {
		there_and_back(
		    (struct lwm2m_entry){AT(1, 0, 1), INTEGER(integers[i])}, -1,
		    -1);
		there_and_back((struct lwm2m_entry){AT4(2, 0, 2, 65534),
				   INTEGER(integers[i])},
		    -1, -1);
		there_and_back(
		    (struct lwm2m_entry){AT(1, 65534, 12), TIME(integers[i])},
		    -1, -1);
	}
}

static void
test_unsigned_integers(void **state)
{
	static const uint64_t numbers[] = {
	    (uint64_t)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(integers); i++) {
		if (integers[i] < 0)
			continue;
		there_and_back((struct lwm2m_entry){AT(1, 0, 17),
				   UNSIGNED((uint64_t)integers[i])},
		    -1, -1);
	}
	for (size_t i = 0; i < COUNT(numbers); i++) {
		there_and_back((struct lwm2m_entry){AT4(0, 1, 16, 0),
				   UNSIGNED(numbers[i])},
		    -1, -1);
	}
}

/* No table has a Float: TLV and text cannot tell what is one. */
static void
test_floats(void **state)
{
	static const double reals[] = {0.0, 1.0, -1.0, 0.5, 20.48, 1.0 / 3,
	    1e20, 1e21, -1e-6, 1e-7, 9007199254740993.0, 1e300, DBL_MAX,
	    -DBL_MAX, DBL_MIN, 0x1p-1074, -0x1p-1074, FLT_MAX, FLT_MIN, 65504.0,
	    0x1p-24};

	(void)state;
	for (size_t i = 0; i < COUNT(reals); i++)
		there_and_back(
		    (struct lwm2m_entry){AT(9, 0, 0), REAL(reals[i])},
		    FORMAT_TLV, FORMAT_TEXT);
}

static void
test_floats_beyond_numbers(void **state)
{
	static const double reals[] = {(double)INFINITY, (double)-INFINITY};
	static const int can[] = {
	    FORMAT_CBOR, FORMAT_SENML_CBOR, FORMAT_LWM2M_CBOR};
	struct lwm2m_entry e = {AT(9, 0, 0), REAL(0)};

	(void)state;
	for (size_t r = 0; r < COUNT(reals); r++) {
		e.value.real = reals[r];
		for (size_t i = 0; i < COUNT(can); i++) {
			struct lwm2m_entry got;
			struct writer w;
			size_t count;

			writer_init(&w, payload, sizeof(payload));
			assert_int_equal(
			    lwm2m_encode(can[i], e.path, &e, 1, &w), RC_OK);
			assert_int_equal(
			    lwm2m_decode(can[i], e.path, writer_span(&w), &w,
				&got, 1, &count),
			    RC_OK);
			assert_entries("infinity", &got, count, &e, 1);
		}
	}
}

static void
test_booleans_and_links(void **state)
{
	static const uint16_t ends[] = {0, 1, 255, 256, 65534, 65535};

	(void)state;
	there_and_back(
	    (struct lwm2m_entry){AT(1, 0, 6), BOOLEAN(false)}, -1, -1);
	there_and_back(
	    (struct lwm2m_entry){AT(1, 0, 6), BOOLEAN(true)}, -1, -1);
	for (size_t i = 0; i < COUNT(ends); i++) {
		for (size_t k = 0; k < COUNT(ends); k++)
			there_and_back((struct lwm2m_entry){AT(0, 65534, 17),
					   LINK(ends[i], ends[k])},
			    -1, -1);
	}
}

static void
test_strings(void **state)
{
	static const struct lwm2m_value strings[] = {
	    TEXT(""),
	    TEXT("U"),
	    TEXT("66:0"),
	    TEXT("\"\\/"),
	    TEXT("\x01\x02\x1f\x20\x7e\x7f"),
	    TEXT("\t\r\n\b\f"),
	    TEXT("\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"),
	    TEXT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
	    TEXT("\xef\xbb\xbf\xe2\x80\x8e\xe2\x80\xae\xe2\x81\xa6"),
	    TEXT("\xf3\xa0\x80\x81"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(strings); i++) {
		there_and_back(
		    (struct lwm2m_entry){AT(1, 0, 7), strings[i]}, -1, -1);
		/* What nobody knows is bytes in TLV. */
		there_and_back((struct lwm2m_entry){AT(9, 0, 0), strings[i]},
		    FORMAT_TLV, -1);
	}
}

static void
test_bytes(void **state)
{
	static uint8_t all[256];

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	for (size_t len = 0; len <= sizeof(all); len++) {
		struct lwm2m_value v = LWM2M_VALUE_OPAQUE(span_of(all, len));

		there_and_back((struct lwm2m_entry){AT(0, 1, 5), v}, -1, -1);
		/* What nobody knows is text in these. */
		there_and_back((struct lwm2m_entry){AT(9, 0, 0), v},
		    FORMAT_TEXT, FORMAT_OMA_JSON);
	}
}

static void
test_long_values(void **state)
{
	static const size_t lengths[] = {255, 256, 65535, 65536, LONG_MAX_LEN};
	static uint8_t bytes[LONG_MAX_LEN];

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct span s = span_of(bytes, lengths[i]);

		memset(bytes, 0x1f, sizeof(bytes));
		there_and_back(
		    (struct lwm2m_entry){AT(1, 0, 7), LWM2M_VALUE_STRING(s)},
		    -1, -1);
		memset(bytes, 0xff, sizeof(bytes));
		there_and_back(
		    (struct lwm2m_entry){AT(0, 1, 5), LWM2M_VALUE_OPAQUE(s)},
		    -1, -1);
	}
}

/* Text is UTF-8 or is not written: no format has other words for it. */
static void
test_text_that_is_none(void **state)
{
	static const struct lwm2m_value bad[] = {TEXT("\xff"), TEXT("\xc0\x80"),
	    TEXT("\xed\xa0\x80"), TEXT("a\0b"), CORELNK("\x80")};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		for (size_t f = 0; f < lwm2m_format_count; f++) {
			struct lwm2m_entry e = {AT(1, 0, 7), bad[i]};
			struct writer w;

			if (!lwm2m_formats[f].encode)
				continue;
			writer_init(&w, payload, sizeof(payload));
			assert_int_equal(
			    lwm2m_formats[f].encode(e.path, &e, 1, &w),
			    RC_MALFORMED);
			assert_int_equal(w.len, 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_integers_and_times),
	    cmocka_unit_test(test_unsigned_integers),
	    cmocka_unit_test(test_floats),
	    cmocka_unit_test(test_floats_beyond_numbers),
	    cmocka_unit_test(test_booleans_and_links),
	    cmocka_unit_test(test_strings),
	    cmocka_unit_test(test_bytes),
	    cmocka_unit_test(test_long_values),
	    cmocka_unit_test(test_text_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
