#include "lwm2m/lwm2m_cbor.h"
#include "vectors.h"

static void
expect(struct lwm2m_path base, const struct lwm2m_entry *entries, size_t count,
    const char *bytes)
{
	uint8_t buf[PAYLOAD_MAX];
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(lwm2m_cbor_encode(base, entries, count, &w), RC_OK);
	assert_bytes(bytes, writer_span(&w), hex(bytes));
}

/* The same two rights of one account, from the object down to one of them. */
static void
test_the_key_is_the_path_of_the_request(void **state)
{
	static const struct lwm2m_entry rights[] = {
	    {AT4(2, 300, 2, 0), INTEGER(1)},
	    {AT4(2, 300, 2, 310), INTEGER(15)},
	};

	(void)state;
	expect(LWM2M_ROOT, rights, 2, "a1 82 02 19012c a1 02 a2 0001 1901360f");
	expect(LWM2M_OBJECT(2), rights, 2,
	    "a1 02 a1 19012c a1 02 a2 0001 1901360f");
	expect(LWM2M_INSTANCE(2, 300), rights, 2,
	    "a1 82 02 19012c a1 02 a2 0001 1901360f");
	expect(LWM2M_RESOURCE(2, 300, 2), rights, 2,
	    "a1 83 02 19012c 02 a2 0001 1901360f");
	expect(rights[1].path, rights + 1, 1, "a1 84 02 19012c 02 190136 0f");
}

static void
test_maps_are_counted(void **state)
{
	static const struct lwm2m_entry entries[] = {
	    {AT(9, 0, 0), INTEGER(1)},
	    {AT4(9, 0, 1, 0), INTEGER(2)},
	    {AT4(9, 0, 1, 7), INTEGER(3)},
	    {AT(9, 0, 2), REAL(0.5)},
	    {AT(9, 1, 0), TIME(5)},
	    {AT(10, 1, 0), TEXT("x")},
	};

	(void)state;
	expect(LWM2M_ROOT, entries, COUNT(entries),
	    "a3 820900 a3 0001 01a20002 0703 02fb3fe0000000000000"
	    "820901 a1 0005 820a01 a1 006178");
	expect(LWM2M_OBJECT(9), entries, 5,
	    "a1 09 a2 00 a3 0001 01a20002 0703 02fb3fe0000000000000"
	    "01 a1 0005");
}

static void
test_what_another_encoder_made_of_the_same(void **state)
{
	struct lwm2m_entry entries[ENTRIES_MAX];
	uint8_t buf[PAYLOAD_MAX];
	struct span file = vector_file("lwm2m_cbor/x509-bs.cbor");
	struct writer none;
	struct writer w;
	size_t count;

	(void)state;
	writer_init(&none, NULL, 0);
	assert_int_equal(lwm2m_decode(FORMAT_SENML_CBOR, LWM2M_INSTANCE(0, 1),
			     vector_file("senml_cbor/anjay-x509-bs.senml.cbor"),
			     &none, entries, COUNT(entries), &count),
	    RC_OK);
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(
	    lwm2m_cbor_encode(LWM2M_INSTANCE(0, 1), entries, count, &w), RC_OK);
	assert_bytes("certificate", writer_span(&w), file);
}

static void
test_what_is_refused(void **state)
{
	static const struct lwm2m_entry outside = {AT(0, 2, 2), INTEGER(0)};
	static const struct lwm2m_entry broken = {AT(0, 1, 14), TEXT("\xff")};
	uint8_t buf[64];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(
	    lwm2m_cbor_encode(LWM2M_INSTANCE(0, 1), &outside, 1, &w),
	    RC_MALFORMED);
	assert_int_equal(
	    lwm2m_cbor_encode(LWM2M_INSTANCE(0, 1), &broken, 1, &w),
	    RC_MALFORMED);
	/* There is no empty map to say it with. */
	assert_int_equal(
	    lwm2m_cbor_encode(LWM2M_OBJECT(2), NULL, 0, &w), RC_UNSUPPORTED);
	assert_int_equal(w.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_key_is_the_path_of_the_request),
	    cmocka_unit_test(test_maps_are_counted),
	    cmocka_unit_test(test_what_another_encoder_made_of_the_same),
	    cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
