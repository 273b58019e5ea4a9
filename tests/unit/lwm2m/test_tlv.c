#include "lwm2m/tlv.h"
#include "vectors.h"

#include <stdlib.h>

static void
test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];
		uint8_t buf[PAYLOAD_MAX];
		struct writer w;

		if (!v->tlv)
			continue;
		writer_init(&w, buf, sizeof(buf));
		assert_int_equal(
		    tlv_encode(v->base, v->entries, v->count, &w), RC_OK);
		assert_bytes(v->name, writer_span(&w), hex(v->tlv));
	}
}

/** The value's bytes alone, without type and identifier. */
static struct span
encoded(struct lwm2m_value value)
{
	static uint8_t buf[64];
	struct lwm2m_entry e = {LWM2M_RESOURCE(9999, 0, 0), value};
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(tlv_encode(LWM2M_INSTANCE(9999, 0), &e, 1, &w), RC_OK);
	/* Beyond 7 bytes the length has a byte of its own. */
	return span_from(writer_span(&w), w.len > 2 + 7 ? 3 : 2);
}

static void
test_integers_take_1_2_4_or_8_bytes(void **state)
{
	static const struct {
		int64_t value;
		const char *bytes;
	} cases[] = {
	    {0, "00"},
	    {127, "7f"},
	    {128, "0080"},
	    {-1, "ff"},
	    {-128, "80"},
	    {-129, "ff7f"},
	    {32767, "7fff"},
	    {32768, "00008000"},
	    {-32768, "8000"},
	    {-32769, "ffff7fff"},
	    {65535, "0000ffff"},
	    {86400, "00015180"},
	    {2147483647, "7fffffff"},
	    {2147483648, "0000000080000000"},
	    {-2147483648, "80000000"},
	    {INT64_MAX, "7fffffffffffffff"},
	    {INT64_MIN, "8000000000000000"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lwm2m_value time = {
		    .type = LWM2M_TIME, .integer = cases[i].value};

		assert_bytes("integer",
		    encoded(LWM2M_VALUE_INTEGER(cases[i].value)),
		    hex(cases[i].bytes));
		assert_bytes("time", encoded(time), hex(cases[i].bytes));
	}
}

/* Clients that read an Unsigned as signed must see the same number. */
static void
test_unsigned_leaves_the_top_bit_clear(void **state)
{
	static const struct {
		uint64_t value;
		const char *bytes;
	} cases[] = {
	    {0, "00"},
	    {127, "7f"},
	    {128, "0080"},
	    {255, "00ff"},
	    {32768, "00008000"},
	    {49320, "0000c0a8"},
	    {65535, "0000ffff"},
	    {2147483648, "0000000080000000"},
	    {INT64_MAX, "7fffffffffffffff"},
	    {UINT64_MAX, "ffffffffffffffff"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_bytes("unsigned",
		    encoded(LWM2M_VALUE_UNSIGNED(cases[i].value)),
		    hex(cases[i].bytes));
}

static void
test_other_types(void **state)
{
	static const struct {
		struct lwm2m_value value;
		const char *bytes;
	} cases[] = {
	    {BOOLEAN(false), "00"},
	    {BOOLEAN(true), "01"},
	    {LINK(21, 0), "00150000"},
	    {LINK(65535, 65535), "ffffffff"},
	    {{.type = LWM2M_FLOAT, .real = 20.48}, "40347ae147ae147b"},
	    {TEXT("U"), "55"},
	    {TEXT(""), ""},
	    {BYTES("\0\xff"), "00ff"},
	    {{.type = LWM2M_CORELNK, .bytes = {(const uint8_t *)"</3>", 4}},
		"3c2f333e"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_bytes(
		    "value", encoded(cases[i].value), hex(cases[i].bytes));
}

/* The identifier in 1 or 2 bytes, the length in 0 to 3. */
static void
test_heads(void **state)
{
	static const struct {
		enum tlv_kind kind;
		uint16_t id;
		size_t len;
		const char *head;
	} cases[] = {
	    {TLV_OBJECT_INSTANCE, 0, 0, "00 00"},
	    {TLV_RESOURCE_INSTANCE, 1, 7, "47 01"},
	    {TLV_MULTIPLE, 255, 8, "88 ff 08"},
	    {TLV_RESOURCE, 256, 7, "e7 0100"},
	    {TLV_RESOURCE, 65534, 255, "e8 fffe ff"},
	    {TLV_RESOURCE, 5, 256, "d0 05 0100"},
	    {TLV_RESOURCE, 5, 65535, "d0 05 ffff"},
	    {TLV_RESOURCE, 5, 65536, "d8 05 010000"},
	    {TLV_RESOURCE_INSTANCE, 310, 1, "61 0136"},
	};
	static uint8_t value[65536];
	static uint8_t buf[65536 + 8];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span head = hex(cases[i].head);
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		tlv_bytes(&w, cases[i].kind, cases[i].id,
		    span_of(value, cases[i].len));
		assert_false(w.full);
		assert_int_equal(w.len, head.len + cases[i].len);
		assert_bytes("head", span_of(buf, head.len), head);
	}
}

static void
test_no_length_above_24_bits(void **state)
{
	size_t len = 0x1000000;
	uint8_t *value = calloc(1, len);
	uint8_t *buf = malloc(len + 8);
	struct writer w;

	(void)state;
	assert_non_null(value);
	assert_non_null(buf);
	writer_init(&w, buf, len + 8);
	tlv_bytes(&w, TLV_RESOURCE, 5, span_of(value, len));
	assert_true(w.full);
	writer_init(&w, buf, len + 8);
	tlv_bytes(&w, TLV_RESOURCE, 5, span_of(value, len - 1));
	assert_false(w.full);
	free(buf);
	free(value);
}

static void
test_too_little_room_at_every_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];
		uint8_t buf[PAYLOAD_MAX];
		size_t whole;

		if (!v->tlv)
			continue;
		whole = hex(v->tlv).len;
		for (size_t cap = 0; cap < whole; cap++) {
			struct writer w;

			writer_init(&w, buf, cap);
			assert_int_equal(
			    tlv_encode(v->base, v->entries, v->count, &w),
			    RC_TOO_LARGE);
		}
	}
}

static void
test_what_is_refused(void **state)
{
	static const struct lwm2m_entry outside = {AT(0, 2, 2), INTEGER(0)};
	uint8_t buf[64];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(
	    tlv_encode(LWM2M_ROOT, &outside, 1, &w), RC_UNSUPPORTED);
	assert_int_equal(
	    tlv_encode(LWM2M_INSTANCE(0, 1), &outside, 1, &w), RC_MALFORMED);
	assert_int_equal(w.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_integers_take_1_2_4_or_8_bytes),
	    cmocka_unit_test(test_unsigned_leaves_the_top_bit_clear),
	    cmocka_unit_test(test_other_types),
	    cmocka_unit_test(test_heads),
	    cmocka_unit_test(test_no_length_above_24_bits),
	    cmocka_unit_test(test_too_little_room_at_every_length),
	    cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
