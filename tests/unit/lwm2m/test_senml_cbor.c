#include "lwm2m/senml_cbor.h"
#include "vectors.h"

static uint8_t buf[PAYLOAD_MAX];
static struct writer w;

static void
test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];

		if (!v->senml_cbor)
			continue;
		writer_init(&w, buf, sizeof(buf));
		assert_int_equal(
		    senml_cbor_encode(v->base, v->entries, v->count, &w),
		    RC_OK);
		assert_bytes(v->name, writer_span(&w), hex(v->senml_cbor));
	}
}

/** Read one factory payload and write it again in both forms. */
static void
rewrite(const char *absolute_file, const char *based_file,
    struct lwm2m_path base, size_t records)
{
	struct span absolute = vector_file(absolute_file);
	struct lwm2m_entry e[ENTRIES_MAX];
	struct writer none;
	size_t count;

	writer_init(&none, NULL, 0);
	assert_int_equal(
	    senml_cbor_decode(LWM2M_ROOT, absolute, &none, e, COUNT(e), &count),
	    RC_OK);
	assert_int_equal(count, records);
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(senml_cbor_encode_absolute(e, count, &w), RC_OK);
	assert_bytes(absolute_file, writer_span(&w), absolute);
	if (!based_file)
		return;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(senml_cbor_encode(base, e, count, &w), RC_OK);
	assert_bytes(based_file, writer_span(&w), vector_file(based_file));
}

static void
test_factory_payloads_to_the_byte(void **state)
{
	(void)state;
	rewrite("senml_cbor/anjay-psk-bs.senml.cbor",
	    "senml_cbor/anjay-psk-bs.bn.senml.cbor", LWM2M_INSTANCE(0, 1), 6);
	rewrite("senml_cbor/anjay-x509-bs.senml.cbor",
	    "senml_cbor/anjay-x509-bs.bn.senml.cbor", LWM2M_ROOT, 7);
	rewrite(
	    "senml_cbor/anjay-psk-bs-server.senml.cbor", NULL, LWM2M_ROOT, 16);
}

static void
test_values_of_every_type(void **state)
{
	static const struct {
		struct lwm2m_value value;
		const char *record; /* behind {0: "0", */
	} cases[] = {
	    {INTEGER(-129), "02 3880"},
	    {INTEGER(86400), "02 1a00015180"},
	    {{.type = LWM2M_TIME, .integer = 1700000000}, "02 1a6553f100"},
	    {UNSIGNED(UINT64_MAX), "02 1bffffffffffffffff"},
	    {{.type = LWM2M_FLOAT, .real = 20.48}, "02 fb40347ae147ae147b"},
	    {{.type = LWM2M_FLOAT, .real = 1.0}, "02 fb3ff0000000000000"},
	    {BOOLEAN(true), "04 f5"},
	    {TEXT(""), "03 60"},
	    {BYTES(""), "08 40"},
	    {{.type = LWM2M_CORELNK, .bytes = {(const uint8_t *)"</3>", 4}},
		"03 64 3c2f333e"},
	    {LINK(65535, 65535), "63766c6f 6b 36353533353a3635353335"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lwm2m_entry e = {
		    LWM2M_RESOURCE(9, 0, 0), cases[i].value};
		struct span head = hex("81 a3 21 65 2f392f302f 00 61 30");

		writer_init(&w, buf, sizeof(buf));
		assert_int_equal(
		    senml_cbor_encode(LWM2M_INSTANCE(9, 0), &e, 1, &w), RC_OK);
		assert_bytes("head", span_of(buf, head.len), head);
		assert_bytes("value", span_from(writer_span(&w), head.len),
		    hex(cases[i].record));
	}
}

static void
test_too_little_room_at_every_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];
		size_t whole;

		if (!v->senml_cbor)
			continue;
		whole = hex(v->senml_cbor).len;
		for (size_t cap = 0; cap < whole; cap++) {
			writer_init(&w, buf, cap);
			assert_int_equal(senml_cbor_encode(
					     v->base, v->entries, v->count, &w),
			    RC_TOO_LARGE);
		}
	}
}

static void
test_what_is_refused(void **state)
{
	static const struct lwm2m_entry twice[] = {
	    {AT(0, 1, 2), INTEGER(0)}, {AT(0, 1, 2), INTEGER(0)}};

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(
	    senml_cbor_encode(LWM2M_ROOT, twice, 2, &w), RC_MALFORMED);
	assert_int_equal(
	    senml_cbor_encode_absolute(twice, 2, &w), RC_MALFORMED);
	assert_int_equal(senml_cbor_encode(LWM2M_INSTANCE(0, 2), twice, 1, &w),
	    RC_MALFORMED);
	assert_int_equal(w.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_factory_payloads_to_the_byte),
	    cmocka_unit_test(test_values_of_every_type),
	    cmocka_unit_test(test_too_little_room_at_every_length),
	    cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
