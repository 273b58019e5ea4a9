#include "base/cursor.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

static void
test_writes_in_a_straight_line(void **state)
{
	uint8_t buf[32];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	writer_be(&w, 0x12345678, 2);
	writer_be(&w, 0x0102030405060708, 8);
	writer_be(&w, 99, 0);
	writer_put(&w, SPAN_LIT("ab"));
	writer_put(&w, span_of(NULL, 0));
	writer_str(&w, "c");
	writer_fmt(&w, "%d", -5);
	*writer_skip(&w, 1) = '!';
	assert_false(w.full);
	assert_true(span_equal(writer_span(&w),
	    SPAN_LIT("\x56\x78\1\2\3\4\5\6\7\x08"
		     "abc-5!")));
}

/* One write that does not fit spoils all later ones, even those that would. */
static void
test_full_is_sticky(void **state)
{
	static const char untouched[] = "....";
	char buf[5] = "....";
	struct writer w;

	(void)state;
	writer_init(&w, buf, 4);
	writer_put(&w, SPAN_LIT("12345"));
	assert_true(w.full);
	writer_be(&w, 1, 1);
	writer_str(&w, "");
	writer_fmt(&w, "x");
	assert_null(writer_skip(&w, 0));
	assert_int_equal(w.len, 0);
	assert_string_equal(buf, untouched);
}

static void
test_fills_to_the_last_byte(void **state)
{
	char buf[4];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	writer_fmt(&w, "%04d", 12);
	assert_false(w.full);
	assert_memory_equal(buf, "0012", 4);
	writer_str(&w, "");
	assert_false(w.full);
	writer_str(&w, "x");
	assert_true(w.full);
}

static void
test_no_buffer_is_a_buffer_of_no_bytes(void **state)
{
	struct writer w;

	(void)state;
	writer_init(&w, NULL, 0);
	writer_str(&w, "");
	writer_fmt(&w, "%s", "");
	writer_be(&w, 0, 0);
	assert_false(w.full);
	writer_be(&w, 0, 1);
	assert_true(w.full);
}

static void
test_a_huge_length_does_not_wrap(void **state)
{
	uint8_t buf[8];
	struct writer w;
	struct reader r;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	writer_be(&w, 0, 4);
	assert_null(writer_skip(&w, SIZE_MAX - 2));
	assert_int_equal(w.len, 4);

	reader_init(&r, SPAN_LIT("12345678"));
	(void)reader_be(&r, 4);
	assert_int_equal(reader_take(&r, SIZE_MAX - 2).len, 0);
	assert_true(r.bad);
}

/* Text around WRITER_FMT_EXACT, where the way of formatting changes. */
static void
test_formats_long_text_whole_or_not_at_all(void **state)
{
	(void)state;
	for (int len = WRITER_FMT_EXACT - 2; len < WRITER_FMT_EXACT + 2;
	     len++) {
		for (int room = len - 1; room <= len + 1; room++) {
			char *buf = malloc((size_t)room);
			struct writer w;

			assert_non_null(buf);
			writer_init(&w, buf, (size_t)room);
			writer_fmt(&w, "%0*d", len, 7);
			if (room > len ||
			    (room == len && len < WRITER_FMT_EXACT)) {
				assert_false(w.full);
				assert_int_equal(w.len, len);
				assert_int_equal(buf[len - 1], '7');
			} else {
				assert_true(w.full);
				assert_int_equal(w.len, 0);
			}
			free(buf);
		}
	}
}

static void
test_reads_to_the_end(void **state)
{
	struct reader r;

	(void)state;
	reader_init(&r,
	    SPAN_LIT("\x01\x02\xff"
		     "abc"
		     "de"));
	assert_int_equal(reader_be(&r, 2), 0x0102);
	assert_int_equal(reader_be(&r, 0), 0);
	assert_int_equal(reader_be(&r, 1), 0xff);
	assert_true(span_is(reader_take(&r, 3), "abc"));
	assert_int_equal(reader_left(&r), 2);
	assert_true(span_is(reader_rest(&r), "de"));
	assert_int_equal(reader_rest(&r).len, 0);
	assert_int_equal(reader_left(&r), 0);
	assert_false(r.bad);
}

static void
test_bad_is_sticky(void **state)
{
	struct reader r;

	(void)state;
	reader_init(&r, SPAN_LIT("\1\2\3"));
	assert_int_equal(reader_be(&r, 4), 0);
	assert_true(r.bad);
	assert_int_equal(reader_be(&r, 1), 0);
	assert_int_equal(reader_take(&r, 0).len, 0);
	assert_int_equal(reader_rest(&r).len, 0);
	assert_int_equal(reader_left(&r), 0);
	assert_true(r.bad);

	reader_init(&r, SPAN_LIT("123456789"));
	assert_int_equal(reader_be(&r, 9), 0);
	assert_true(r.bad);

	reader_init(&r, SPAN_LIT("1"));
	reader_fail(&r);
	assert_int_equal(reader_left(&r), 0);

	reader_init(&r, span_of(NULL, 0));
	assert_int_equal(reader_take(&r, 0).len, 0);
	assert_false(r.bad);
	assert_int_equal(reader_be(&r, 1), 0);
	assert_true(r.bad);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_writes_in_a_straight_line),
	    cmocka_unit_test(test_full_is_sticky),
	    cmocka_unit_test(test_fills_to_the_last_byte),
	    cmocka_unit_test(test_no_buffer_is_a_buffer_of_no_bytes),
	    cmocka_unit_test(test_a_huge_length_does_not_wrap),
	    cmocka_unit_test(test_formats_long_text_whole_or_not_at_all),
	    cmocka_unit_test(test_reads_to_the_end),
	    cmocka_unit_test(test_bad_is_sticky),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
