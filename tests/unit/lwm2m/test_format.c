#include "vectors.h"

static const int structured[] = {FORMAT_SENML_JSON, FORMAT_SENML_CBOR,
    FORMAT_TLV, FORMAT_OMA_JSON, FORMAT_LWM2M_CBOR};
static struct lwm2m_entry got[ENTRIES_MAX];
static size_t count;

static enum rc
decode(int format, struct lwm2m_path base, struct span payload)
{
	static uint8_t scratch[2 * PAYLOAD_MAX];
	struct writer w;

	writer_init(&w, scratch, sizeof(scratch));
	return lwm2m_decode(format, base, payload, &w, got, COUNT(got), &count);
}

typedef void (*each_fn)(
    int format, const struct vector *v, struct span payload);

/** Call for every vector in every format that it has. */
static void
each(each_fn call)
{
	for (size_t i = 0; i < vector_count; i++) {
		for (size_t f = 0; f < COUNT(structured); f++) {
			struct span payload;

			if (vector_payload(
				&vectors[i], structured[f], &payload))
				call(structured[f], &vectors[i], payload);
		}
	}
}

static void
is_written(int format, const struct vector *v, struct span payload)
{
	uint8_t buf[PAYLOAD_MAX];
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	if (lwm2m_encode(format, v->base, v->entries, v->count, &w) != RC_OK)
		fail_msg("%s: not in %s", v->name, format_name(format));
	assert_bytes(v->name, writer_span(&w), payload);
}

static void
is_read(int format, const struct vector *v, struct span payload)
{
	if (decode(format, v->base, payload) != RC_OK)
		fail_msg("%s: not from %s", v->name, format_name(format));
	assert_entries(v->name, got, count, v->entries, v->count);
}

static void
needs_all_its_room(int format, const struct vector *v, struct span payload)
{
	uint8_t buf[PAYLOAD_MAX];

	for (size_t cap = 0; cap < payload.len; cap++) {
		struct writer w;

		writer_init(&w, buf, cap);
		assert_int_equal(
		    lwm2m_encode(format, v->base, v->entries, v->count, &w),
		    RC_TOO_LARGE);
		assert_true(w.len <= cap);
	}
}

static void
needs_all_its_bytes(int format, const struct vector *v, struct span payload)
{
	uint8_t longer[PAYLOAD_MAX + 1] = {0};

	/* What TLV lacks at the end was never said to be there. */
	for (size_t len = 0; len < payload.len && format != FORMAT_TLV; len++) {
		assert_int_equal(
		    decode(format, v->base, span_of(payload.p, len)),
		    RC_MALFORMED);
		assert_int_equal(count, 0);
	}
	memcpy(longer, payload.p, payload.len);
	assert_int_equal(
	    decode(format, v->base, span_of(longer, payload.len + 1)),
	    RC_MALFORMED);
}

static void
needs_all_its_entries(int format, const struct vector *v, struct span payload)
{
	uint8_t scratch[2 * PAYLOAD_MAX];

	for (size_t cap = 0; cap < v->count; cap++) {
		struct writer w;

		writer_init(&w, scratch, sizeof(scratch));
		assert_int_equal(lwm2m_decode(format, v->base, payload, &w, got,
				     cap, &count),
		    RC_TOO_LARGE);
		assert_int_equal(count, 0);
	}
}

static void
stays_below_its_path(int format, const struct vector *v, struct span payload)
{
	/* TLV says no object and no instance of its own here. */
	if (v->count == 0 || format == FORMAT_TLV)
		return;
	assert_int_equal(
	    decode(format, LWM2M_INSTANCE(3, 0), payload), RC_MALFORMED);
}

static void
test_each_vector_in_each_format(void **state)
{
	(void)state;
	each(is_written);
	each(is_read);
}

static void
test_limits_of_each_format(void **state)
{
	(void)state;
	each(needs_all_its_room);
	each(needs_all_its_bytes);
	each(needs_all_its_entries);
	each(stays_below_its_path);
}

/* encodings.md section 1: what stands there is what the table says. */
static void
test_the_table(void **state)
{
	static const struct {
		int number, legacy;
		const char *media_type;
		bool v1_0, v1_1, v1_2, several;
	} cases[] = {
	    {0, 1541, "text/plain", true, true, true, false},
	    {40, -1, "application/link-format", true, true, true, false},
	    {42, 1544, "application/octet-stream", true, true, true, false},
	    {60, -1, "application/cbor", false, true, true, false},
	    {110, -1, "application/senml+json", false, true, true, true},
	    {112, -1, "application/senml+cbor", false, true, true, true},
	    {11542, 1542, "application/vnd.oma.lwm2m+tlv", true, true, true,
		true},
	    {11543, 1543, "application/vnd.oma.lwm2m+json", true, false, false,
		true},
	    {11544, -1, "application/vnd.oma.lwm2m+cbor", false, false, true,
		true},
	};

	(void)state;
	assert_int_equal(lwm2m_format_count, COUNT(cases));
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct format *f = format_by_number(cases[i].number);

		assert_ptr_equal(f, &lwm2m_formats[i]);
		assert_int_equal(f->number, cases[i].number);
		assert_int_equal(f->legacy, cases[i].legacy);
		assert_string_equal(f->media_type, cases[i].media_type);
		assert_int_equal(format_in_version(f, 10), cases[i].v1_0);
		assert_int_equal(format_in_version(f, 11), cases[i].v1_1);
		assert_int_equal(format_in_version(f, 12), cases[i].v1_2);
		assert_int_equal(
		    format_writable(cases[i].number), cases[i].several);
		if (cases[i].legacy >= 0)
			assert_ptr_equal(format_by_number(cases[i].legacy), f);
	}
}

static void
test_legacy_numbers_are_names_of_the_same(void **state)
{
	static const struct {
		int legacy, number;
	} cases[] = {
	    {FORMAT_LEGACY_TLV, FORMAT_TLV},
	    {FORMAT_LEGACY_JSON, FORMAT_OMA_JSON},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct vector *v = &vectors[0];
		struct span payload;

		assert_true(vector_payload(v, cases[i].number, &payload));
		is_written(cases[i].legacy, v, payload);
		is_read(cases[i].legacy, v, payload);
		assert_string_equal(
		    format_name(cases[i].legacy), format_name(cases[i].number));
	}
	assert_string_equal(format_name(FORMAT_LEGACY_TEXT), "plain text");
	assert_string_equal(format_name(FORMAT_LEGACY_OPAQUE), "opaque");
}

static void
test_formats_that_are_not_there(void **state)
{
	static const int others[] = {
	    FORMAT_LINK, 320, 322, 1540, 1545, 11545, 65535, -1, INT32_MIN};
	uint8_t buf[64];
	struct writer w;

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		count = 4711;
		writer_init(&w, buf, sizeof(buf));
		assert_false(format_writable(others[i]));
		assert_int_equal(
		    lwm2m_encode(others[i], LWM2M_INSTANCE(1, 0), NULL, 0, &w),
		    RC_UNSUPPORTED);
		assert_int_equal(
		    lwm2m_decode(others[i], LWM2M_INSTANCE(1, 0), SPAN_LIT("x"),
			&w, got, COUNT(got), &count),
		    RC_UNSUPPORTED);
		assert_int_equal(count, 0);
		assert_int_equal(w.len, 0);
	}
}

/* What no format of several can say of more than one, or of none at all. */
static void
test_one_value_and_no_more(void **state)
{
	static const int singles[] = {FORMAT_TEXT, FORMAT_OPAQUE, FORMAT_CBOR};
	static const struct lwm2m_entry members[] = {
	    {AT4(0, 1, 27, 0), LINK(23, 0)},
	    {AT4(0, 1, 27, 1), LINK(23, 1)},
	};
	struct lwm2m_path resource = LWM2M_RESOURCE(0, 1, 27);
	uint8_t buf[64];
	struct writer w;

	(void)state;
	for (size_t i = 0; i < COUNT(singles); i++) {
		writer_init(&w, buf, sizeof(buf));
		assert_int_equal(lwm2m_encode(singles[i], LWM2M_INSTANCE(0, 1),
				     members, 1, &w),
		    RC_UNSUPPORTED);
		assert_int_equal(
		    lwm2m_encode(singles[i], resource, members, 2, &w),
		    RC_UNSUPPORTED);
		assert_int_equal(
		    lwm2m_encode(singles[i], resource, NULL, 0, &w),
		    RC_MALFORMED);
		assert_int_equal(lwm2m_encode(singles[i],
				     LWM2M_RESOURCE(0, 2, 27), members, 1, &w),
		    RC_MALFORMED);
		assert_int_equal(w.len, 0);
		assert_int_equal(
		    decode(singles[i], LWM2M_INSTANCE(0, 1), SPAN_LIT("1:1")),
		    RC_UNSUPPORTED);
	}
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(format_name(FORMAT_TLV), "TLV");
	assert_string_equal(format_name(FORMAT_SENML_CBOR), "SenML CBOR");
	assert_string_equal(format_name(FORMAT_LWM2M_CBOR), "LwM2M CBOR");
	assert_string_equal(format_name(4711), "unknown");
	assert_string_equal(format_name(-1), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_vector_in_each_format),
	    cmocka_unit_test(test_limits_of_each_format),
	    cmocka_unit_test(test_the_table),
	    cmocka_unit_test(test_legacy_numbers_are_names_of_the_same),
	    cmocka_unit_test(test_formats_that_are_not_there),
	    cmocka_unit_test(test_one_value_and_no_more),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
