/* One spelling for each length (X.690 10.1). */
#include "dtls/der.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void
objects_one_after_the_other(void **state)
{
	static uint8_t bytes[4 + 0x1234] = {0x30, 0x82, 0x12, 0x34};
	struct span in = SPAN_LIT("\2\1\7\x30\0\4\2xy");
	struct der d;

	(void)state;
	assert_true(der_next(&in, &d));
	assert_int_equal(d.tag, DER_INTEGER);
	assert_int_equal(d.value.p[0], 7);
	assert_int_equal(d.raw.len, 3);
	/* Not that one: it stays. */
	assert_false(der_next_tag(&in, DER_OCTET_STRING, &d));
	assert_true(der_next_tag(&in, DER_SEQUENCE, &d));
	assert_int_equal(d.value.len, 0);
	assert_true(der_next_tag(&in, DER_OCTET_STRING, &d));
	assert_true(span_is(d.value, "xy"));
	assert_int_equal(in.len, 0);
	assert_false(der_next(&in, &d));
	in = span_of(bytes, sizeof(bytes));
	assert_true(der_next(&in, &d));
	assert_int_equal(d.value.len, 0x1234);
}

static void
no_der(void **state)
{
	static uint8_t bytes[300];
	static const struct {
		const char *what;
		const char *head;
		size_t len;
	} rows[] = {
	    {"a tag alone", "\2", 1},
	    {"cut off", "\2\2\7", 3},
	    {"no end", "\x30\x80\0\0", 300},
	    {"a length of no need for a byte", "\2\x81\x7f", 300},
	    {"a length with a zero", "\2\x82\0\x80", 300},
	    {"a length of four bytes", "\2\x84\0\0\0\1", 300},
	    {"a length of 127 bytes", "\2\xff", 300},
	    {"a long tag", "\x1f\x81\1\0", 300},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span in;
		struct der d;

		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, rows[i].head,
		    rows[i].len < 8 ? rows[i].len : strlen(rows[i].head) + 1);
		in = span_of(bytes, rows[i].len);
		if (der_next(&in, &d) || in.len != rows[i].len)
			fail_msg("taken: %s", rows[i].what);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(objects_one_after_the_other),
	    cmocka_unit_test(no_der),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
