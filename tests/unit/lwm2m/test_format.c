#include "lwm2m/format.h"
#include "vectors.h"

static void
test_the_number_picks_the_codec(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];
		const struct {
			int format;
			const char *payload;
		} cases[] = {
		    {FORMAT_TLV, v->tlv}, {FORMAT_SENML_CBOR, v->senml_cbor}};

		for (size_t c = 0; c < COUNT(cases); c++) {
			uint8_t buf[PAYLOAD_MAX];
			struct lwm2m_entry got[ENTRIES_MAX];
			size_t count;
			struct writer w;

			if (!cases[c].payload)
				continue;
			writer_init(&w, buf, sizeof(buf));
			assert_int_equal(lwm2m_encode(cases[c].format, v->base,
					     v->entries, v->count, &w),
			    RC_OK);
			assert_bytes(
			    v->name, writer_span(&w), hex(cases[c].payload));
			writer_init(&w, NULL, 0);
			assert_int_equal(lwm2m_decode(cases[c].format, v->base,
					     hex(cases[c].payload), &w, got,
					     COUNT(got), &count),
			    RC_OK);
			assert_entries(
			    v->name, got, count, v->entries, v->count);
		}
	}
}

static void
test_formats_that_are_not_there(void **state)
{
	static const int others[] = {FORMAT_TEXT, FORMAT_LINK, FORMAT_OPAQUE,
	    FORMAT_CBOR, 320, 65535, -1};
	uint8_t buf[64];
	struct lwm2m_entry entries[4];
	struct writer w;

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		size_t count = 4711;

		writer_init(&w, buf, sizeof(buf));
		assert_false(format_writable(others[i]));
		assert_int_equal(
		    lwm2m_encode(others[i], LWM2M_INSTANCE(1, 0), NULL, 0, &w),
		    RC_UNSUPPORTED);
		assert_int_equal(
		    lwm2m_decode(others[i], LWM2M_INSTANCE(1, 0), SPAN_LIT("x"),
			&w, entries, COUNT(entries), &count),
		    RC_UNSUPPORTED);
		assert_int_equal(count, 0);
		assert_int_equal(w.len, 0);
	}
	assert_true(format_writable(FORMAT_TLV));
	assert_true(format_writable(FORMAT_SENML_CBOR));
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
	    cmocka_unit_test(test_the_number_picks_the_codec),
	    cmocka_unit_test(test_formats_that_are_not_there),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
