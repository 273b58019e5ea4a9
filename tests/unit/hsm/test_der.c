/* DER: what is written is the shortest form, what is read has no other. */
#include "hsm/der.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct span
hex(const char *text, uint8_t *buf, size_t cap)
{
	struct writer w;

	writer_init(&w, buf, cap);
	assert_int_equal(text_unhex(&w, span_str(text)), RC_OK);
	return writer_span(&w);
}

static void
expect_hex(const struct writer *w, const char *expected)
{
	char text[1024];
	struct writer t;

	assert_false(w->full);
	writer_init(&t, text, sizeof(text) - 1);
	text_hex(&t, writer_span(w));
	text[t.len] = '\0';
	assert_string_equal(text, expected);
}

static void
test_numbers_written(void **state)
{
	static const struct {
		uint64_t v;
		const char *der;
	} cases[] = {
	    {0, "020100"},
	    {1, "020101"},
	    {127, "02017f"},
	    {128, "02020080"},
	    {255, "020200ff"},
	    {256, "02020100"},
	    {0x7fff, "02027fff"},
	    {0x8000, "0203008000"},
	    {UINT64_MAX, "020900ffffffffffffffff"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t buf[16];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		der_put_small(&w, DER_INTEGER, cases[i].v);
		expect_hex(&w, cases[i].der);
	}
}

/* 128 random bits may begin with a one, or with zeros. */
static void
test_serials_written(void **state)
{
	static const char *const cases[][2] = {
	    {"00", "020100"},
	    {"0000000001", "020101"},
	    {"7f01", "02027f01"},
	    {"ff01", "020300ff01"},
	    {"0080", "02020080"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[16], buf[32];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		der_put_unsigned(&w, hex(cases[i][0], bytes, sizeof(bytes)));
		expect_hex(&w, cases[i][1]);
	}
}

static void
test_named_bits_written(void **state)
{
	static const struct {
		unsigned bits;
		const char *der;
	} cases[] = {
	    {0, "030100"}, {1u << 0, "03020780"}, /* digitalSignature */
	    {1u << 5 | 1u << 6, "03020106"}, /* keyCertSign, cRLSign */
	    {1u << 7, "03020001"}, {1u << 8, "0303070080"}, /* decipherOnly */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct der_fault fault;
		struct der_reader r;
		uint8_t buf[16];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		der_put_named_bits(&w, cases[i].bits);
		expect_hex(&w, cases[i].der);
		der_reader_init(&r, writer_span(&w), &fault);
		assert_int_equal(der_named_bits(&r), cases[i].bits);
		assert_true(der_ok(&r));
	}
}

/* The length of what is inside is known at the end: 1, 2, 3, 4 bytes. */
static void
test_lengths(void **state)
{
	static const size_t cases[] = {0, 1, 127, 128, 255, 256, 65535, 65536};
	static uint8_t buf[65536 + 16], contents[65536];

	(void)state;
	memset(contents, 0x5a, sizeof(contents));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct der_fault fault;
		struct der_reader r;
		struct writer w;
		struct span back;

		writer_init(&w, buf, sizeof(buf));
		der_put(&w, DER_OCTET_STRING, span_of(contents, cases[i]));
		assert_false(w.full);
		der_reader_init(&r, writer_span(&w), &fault);
		back = der_take(&r, DER_OCTET_STRING);
		der_end(&r);
		assert_true(der_ok(&r));
		assert_true(span_equal(back, span_of(contents, cases[i])));
		/* A byte less, and it does not fit. */
		writer_init(&w, buf, w.len - 1);
		der_put(&w, DER_OCTET_STRING, span_of(contents, cases[i]));
		assert_true(w.full);
	}
}

enum how { TAKE, UNSIGNED, SMALL, BOOLEAN, BITS, NAMED, OID, TIME };

static void
read_one(struct der_reader *r, enum how how)
{
	unsigned unused;
	uint8_t tag;

	switch (how) {
	case TAKE:
		(void)der_take_any(r, &tag);
		break;
	case UNSIGNED:
		(void)der_unsigned(r, 4, false);
		break;
	case SMALL:
		(void)der_small(r, DER_INTEGER, 255);
		break;
	case BOOLEAN:
		(void)der_boolean(r);
		break;
	case BITS:
		(void)der_bits(r, &unused);
		break;
	case NAMED:
		(void)der_named_bits(r);
		break;
	case OID:
		(void)der_oid(r);
		break;
	case TIME:
		(void)der_time(r);
		break;
	}
	der_end(r);
}

static void
test_other_forms_refused(void **state)
{
	static const struct {
		enum how how;
		const char *der, *clause;
		size_t offset;
	} cases[] = {
	    {TAKE, "", "X.690 8.1", 0},
	    {TAKE, "30", "X.690 8.1.3", 1},
	    {TAKE, "3080020100", "X.690 10.1", 1}, /* indefinite */
	    {TAKE, "04810100", "X.690 10.1", 1}, /* 81 01 for 01 */
	    {TAKE, "0482007f", "X.690 10.1", 1},
	    {TAKE, "0485000000000100", "X.690 10.1", 1},
	    {TAKE, "0482", "X.690 8.1.3", 1},
	    {TAKE, "0402aa", "X.690 8.1.3", 0},
	    {TAKE, "1f8101", "X.690 8.1.2.4", 0},
	    {TAKE, "040100ff", "X.690 8.1", 3}, /* more follows */
	    {UNSIGNED, "0200", "X.690 8.3.1", 0},
	    {UNSIGNED, "02020001", "X.690 8.3.2", 0},
	    {UNSIGNED, "020180", "X.690 8.1", 0}, /* negative */
	    {UNSIGNED, "020100", "X.690 8.1", 0}, /* zero */
	    {UNSIGNED, "02050102030405", "X.690 8.1", 0},
	    {UNSIGNED, "040101", "X.690 8.1", 0}, /* another type */
	    {SMALL, "02020100", "X.690 8.1", 0},
	    {SMALL, "0209010000000000000000", "X.690 8.1", 0},
	    {BOOLEAN, "010101", "X.690 11.1", 0},
	    {BOOLEAN, "01020000", "X.690 11.1", 0},
	    {BITS, "0300", "X.690 8.6.2", 0},
	    {BITS, "03020880", "X.690 8.6.2", 0},
	    {BITS, "030101", "X.690 8.6.2", 0},
	    {BITS, "03020181", "X.690 11.2.1", 0},
	    {NAMED, "03020080", "X.690 11.2.2", 0}, /* zeros at the end */
	    {NAMED, "03040000ff01", "X.690 8.1", 0},
	    {OID, "0600", "X.690 8.19.2", 0},
	    {OID, "06022a80", "X.690 8.19.2", 0},
	    {OID, "06032a8001", "X.690 8.19.2", 0},
	    {TIME, "170b323630353031313230305a", "X.690 8.1", 0}, /* no s */
	    {TIME, "170d3236303530313132303030302b", "X.690 8.1", 0},
	    {TIME, "170d3236313330313132303030305a", "X.690 8.1", 0},
	    {TIME, "170d3235303232393030303030305a", "X.690 8.1", 0},
	    {TIME, "170d3236303530313234303030305a", "X.690 8.1", 0},
	    {TIME, "170d3236303530313131303036305a", "X.690 8.1", 0},
	    {TIME, "170d2036303530313131303030305a", "X.690 8.1", 0},
	    /* 2049 as GeneralizedTime */
	    {TIME, "180f32303439303530313131303030305a", "X.690 8.1", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct der_fault fault;
		struct der_reader r;
		uint8_t buf[32];

		der_reader_init(
		    &r, hex(cases[i].der, buf, sizeof(buf)), &fault);
		read_one(&r, cases[i].how);
		if (der_ok(&r))
			fail_msg("%s was read", cases[i].der);
		if (strcmp(fault.clause, cases[i].clause) != 0 ||
		    fault.offset != cases[i].offset)
			fail_msg("%s: %s (%s) at %zu", cases[i].der, fault.what,
			    fault.clause, fault.offset);
	}
}

/* The first fault stays, with the offset in the whole. */
static void
test_fault_inside(void **state)
{
	uint8_t buf[32];
	char text[128];
	struct span in = hex("300a040100"
			     "3005"
			     "020200"
			     "01"
			     "05",
	    buf, sizeof(buf));
	struct der_fault fault;
	struct der_reader r, outer, inner;
	struct writer w;

	(void)state;
	der_reader_init(&r, in, &fault);
	outer = der_enter(&r, DER_SEQUENCE);
	(void)der_take(&outer, DER_OCTET_STRING);
	inner = der_enter(&outer, DER_SEQUENCE);
	inner.clause = "RFC 0000 1";
	assert_int_equal(der_small(&inner, DER_INTEGER, 9), 0);
	assert_int_equal(der_peek(&inner), 0);
	assert_int_equal(der_peek(&outer), 0);
	der_fail(&outer, "later");
	writer_init(&w, text, sizeof(text) - 1);
	der_fault_print(&fault, &w);
	text[w.len] = '\0';
	assert_string_equal(
	    text, "X.690 8.3.2: a number not in its shortest form, at byte 7");
}

static void
test_times(void **state)
{
	static const struct {
		int64_t s;
		const char *der, *text;
	} cases[] = {
	    {0, "170d3730303130313030303030305a", "1970-01-01T00:00:00Z"},
	    {-631152000, "170d3530303130313030303030305a",
		"1950-01-01T00:00:00Z"},
	    {951782400, "170d3030303232393030303030305a",
		"2000-02-29T00:00:00Z"},
	    {1795428000, "170d3236313132333130303030305a",
		"2026-11-23T10:00:00Z"},
	    {2524607999, "170d3439313233313233353935395a",
		"2049-12-31T23:59:59Z"},
	    {2524608000, "180f32303530303130313030303030305a",
		"2050-01-01T00:00:00Z"},
	    {4107542399, "180f32313030303232383233353935395a",
		"2100-02-28T23:59:59Z"},
	    {4107542400, "180f32313030303330313030303030305a",
		"2100-03-01T00:00:00Z"},
	    {DER_TIME_FOREVER, "180f39393939313233313233353935395a", "never"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct der_fault fault;
		struct der_reader r;
		uint8_t buf[32];
		char text[32];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		der_put_time(&w, cases[i].s);
		expect_hex(&w, cases[i].der);
		der_reader_init(&r, writer_span(&w), &fault);
		assert_int_equal(der_time(&r), cases[i].s);
		assert_true(der_ok(&r));
		writer_init(&w, text, sizeof(text) - 1);
		der_print_time(&w, cases[i].s);
		text[w.len] = '\0';
		assert_string_equal(text, cases[i].text);
	}
}

static void
test_times_beyond(void **state)
{
	static const int64_t cases[] = {
	    DER_TIME_FOREVER + 1, -631152001, INT64_MAX, INT64_MIN};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t buf[32];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		der_put_time(&w, cases[i]);
		assert_true(w.full);
	}
}

/* Every day of 150 years comes back as itself. */
static void
test_calendar(void **state)
{
	(void)state;
	for (int64_t day = -7305; day < 47482; day++) {
		int64_t s = day * 86400 + 86399;
		struct der_fault fault;
		struct der_reader r;
		uint8_t buf[32];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		der_put_time(&w, s);
		der_reader_init(&r, writer_span(&w), &fault);
		assert_int_equal(der_time(&r), s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_numbers_written),
	    cmocka_unit_test(test_serials_written),
	    cmocka_unit_test(test_named_bits_written),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_other_forms_refused),
	    cmocka_unit_test(test_fault_inside),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_times_beyond),
	    cmocka_unit_test(test_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
