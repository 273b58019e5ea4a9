#include "lwm2m/lwm2m_cbor.h"
#include "vectors.h"

static struct lwm2m_entry got[ENTRIES_MAX];
static size_t count;
static uint8_t scratch[256];

static enum rc
decode(struct lwm2m_path base, struct span payload)
{
	struct writer w;

	writer_init(&w, scratch, sizeof(scratch));
	return lwm2m_cbor_decode(base, payload, &w, got, COUNT(got), &count);
}

/* Two resources and two rights, as different encoders might cut the paths. */
static void
test_keys_split_in_any_way(void **state)
{
	static const struct lwm2m_entry wanted[] = {
	    {AT(2, 0, 0), INTEGER(1)},
	    {AT4(2, 0, 2, 0), INTEGER(3)},
	    {AT4(2, 0, 2, 310), INTEGER(15)},
	};
	static const struct {
		const char *how, *payload;
	} cases[] = {
	    {"an instance", "a1 820200 a2 0001 02 a2 0003 1901360f"},
	    {"an object", "a1 02 a1 00 a2 0001 02 a2 0003 1901360f"},
	    {"whole paths", "a3 83020000 01 8402000200 03 8402000219 0136 0f"},
	    {"two and two", "a1 820200 a3 00 01 820200 03 8202190136 0f"},
	    {"one and three",
		"a1 02 a3 820000 01 83000200 03 83000219 0136 0f"},
	    {"arrays of one",
		"a1 8102 a1 8100 a2 810001 8102 a2 810003 81190136"
		"0f"},
	    {"without ends",
		"bf 9f0200ff bf 0001 02 bf 0003 1901360f ff ff ff"},
	    {"as Anjay writes it",
		"bf 02 bf 00 bf 0001 02 bf 0003 1901360f ff ff ff ff"},
	    {"wide numbers",
		"b90001 9a00000002 190002 1800 b90002 1b0000000000000000 1801"
		"1802 b90002 1800 03 1a00000136 1b000000000000000f"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (decode(LWM2M_OBJECT(2), hex(cases[i].payload)) != RC_OK)
			fail_msg("%s: was refused", cases[i].how);
		assert_entries(cases[i].how, got, count, wanted, COUNT(wanted));
	}
}

static void
test_factory_payloads_read_the_same_as_in_senml(void **state)
{
	static const char *const files[][2] = {
	    {"lwm2m_cbor/psk-bs.cbor", "senml_cbor/anjay-psk-bs.senml.cbor"},
	    {"lwm2m_cbor/x509-bs.cbor", "senml_cbor/anjay-x509-bs.senml.cbor"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct lwm2m_entry wanted[ENTRIES_MAX];
		size_t wanted_count;
		struct writer none;

		writer_init(&none, NULL, 0);
		assert_int_equal(
		    lwm2m_decode(FORMAT_SENML_CBOR, LWM2M_INSTANCE(0, 1),
			vector_file(files[i][1]), &none, wanted, COUNT(wanted),
			&wanted_count),
		    RC_OK);
		assert_int_equal(
		    decode(LWM2M_INSTANCE(0, 1), vector_file(files[i][0])),
		    RC_OK);
		assert_entries(files[i][0], got, count, wanted, wanted_count);
	}
}

/* Anjay closes the map that it has opened, and has put nothing in. */
static void
test_an_object_without_instances(void **state)
{
	(void)state;
	assert_int_equal(decode(LWM2M_OBJECT(2), hex("bfff")), RC_OK);
	assert_int_equal(count, 0);
	assert_int_equal(decode(LWM2M_OBJECT(2), hex("a0")), RC_OK);
	assert_int_equal(count, 0);
}

static void
test_values(void **state)
{
	static const struct lwm2m_entry wanted[] = {
	    {AT(0, 1, 0), TEXT("a.b")},
	    {AT(0, 1, 1), BOOLEAN(true)},
	    {AT(0, 1, 2), INTEGER(2)},
	    {AT(0, 1, 5), BYTES("\1\2\3")},
	    {AT(0, 1, 17), LINK(21, 0)},
	    {AT(0, 1, 98), REAL(273.15)},
	    {AT(0, 1, 99), TIME(1700000000)},
	};

	(void)state;
	assert_int_equal(
	    decode(LWM2M_INSTANCE(0, 1),
		hex("a1820001 a7 00 7f 62612e 6162 ff 01f5 02f94000"
		    "05 5f 4101 40 420203 ff 11 6432313a30"
		    "1862 c48221196ab3"
		    "1863 c074323032332d31312d31345432323a31333a32305a")),
	    RC_OK);
	assert_entries("values", got, count, wanted, COUNT(wanted));
}

static void
test_what_is_malformed(void **state)
{
	/* Under /1/0; "S" of the cases: {[1,0]: ...} */
	static const struct {
		const char *why, *payload;
	} cases[] = {
#define S "a1820100 "
	    {"nothing", ""},
	    {"an array", "80"},
	    {"a number", "00"},
	    {"a tag before the map", "d9d9f7 a0"},
	    {"a break", "ff"},
	    {"something behind", S "a101183c 00"},
	    {"a map without end", "bf 820100 a101183c"},
	    {"a map that ends after a key", "bf 820100 ff"},
	    {"a break in a definite map", "a2 820100 a101183c ff"},
	    {"a count beyond the payload", "bb7fffffffffffffff 820100"},
	    {"a count beyond the payload, within", S "bb0fffffffffffffff 01"},
	    {"an empty map within", S "a0"},
	    {"an empty map without end within", S "bfff"},
	    {"an empty map of resource instances", S "a2 01183c 02a0"},
	    {"a value for an instance", "a1820100 00"},
	    {"a value for an object", "a101 00"},
	    {"an instance's map missing", "a1820100 f6"},
	    {"an array for a value", S "a101 81183c"},
	    {"null for a value", S "a101 f6"},
	    {"five levels", S "a1 02a1 00a1 00a1 00 00"},
	    {"five levels in one key", "a1 850100010000 00"},
	    {"five levels in two keys", S "a1 83010000 00"},
	    {"an array that goes on and on", "a1 9f 01000102030405 ff 00"},
	    {"a map below a resource instance", S "a1 820100 a1 00 00"},
	    {"an empty key", "a180 a1820100a101183c"},
	    {"an empty key without end", "a19fff a1820100a101183c"},
	    {"a key without end", "a19f0100"},
	    {"the reserved identifier", S "a119ffff 00"},
	    {"an identifier of 17 bits", S "a11a00010000 00"},
	    {"an identifier of 64 bits", S "a11bffffffffffffffff 00"},
	    {"a negative identifier", S "a120 00"},
	    {"a text for a key", S "a16131 183c"},
	    {"a device behind a gateway", "a1 83646465763101 00 a101183c"},
	    {"a gateway's prefix", "a1 6464657631 a1820100a101183c"},
	    {"bytes for a key", S "a14101 183c"},
	    {"a float for a key", S "a1f93c00 183c"},
	    {"an array in a key", "a1 82018100 a101183c"},
	    {"a map for a key", "a1 a0 00"},
	    {"true for a key", S "a1f5 183c"},
	    {"a tag on a key", S "a1c101 183c"},
	    {"a tag on a map", "a1820100 c1a101183c"},
	    {"another object", "a1820200 a100183c"},
	    {"another instance", "a1820101 a101183c"},
	    {"relative to the request", "a1 01183c"},
	    {"twice the same", S "a2 01183c 01183c"},
	    {"twice, by other keys", "a2 820100 a101183c 83010001 183c"},
	    {"a value and one below it", S "a2 01183c 820100 183c"},
	    {"text for a number", S "a101 623630"},
	    {"an executable", S "a104 f6"},
	    {"not UTF-8", S "a107 61ff"},
	    {"a string of 2^64 bytes", S "a107 7bffffffffffffffff 55"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum rc rc =
		    decode(LWM2M_INSTANCE(1, 0), hex(cases[i].payload));

		if (rc != RC_MALFORMED)
			fail_msg("%s: %s", cases[i].why, rc_name(rc));
		assert_int_equal(count, 0);
	}
}

/* Maps and arrays in each other, as deep as a datagram can be. */
static void
test_depth_is_bounded(void **state)
{
	static const uint8_t openers[] = {
	    0x81, 0x9f, 0xa1, 0xbf, 0xc1, 0x5f, 0x7f};
	static uint8_t deep[65536];

	(void)state;
	for (size_t i = 0; i < COUNT(openers); i++) {
		memset(deep, openers[i], sizeof(deep));
		assert_int_equal(
		    decode(LWM2M_ROOT, span_of(deep, sizeof(deep))),
		    RC_MALFORMED);
		/* and with keys between them */
		for (size_t k = 1; k < sizeof(deep); k += 2)
			deep[k] = 0x01;
		assert_int_equal(
		    decode(LWM2M_ROOT, span_of(deep, sizeof(deep))),
		    RC_MALFORMED);
	}
}

static void
test_no_more_scratch_than_there_is(void **state)
{
	struct span payload = hex("a1820001 a1 05 5f 4101 40 420203 ff");
	struct writer w;

	(void)state;
	for (size_t cap = 0; cap <= 3; cap++) {
		writer_init(&w, scratch, cap);
		assert_int_equal(lwm2m_cbor_decode(LWM2M_INSTANCE(0, 1),
				     payload, &w, got, COUNT(got), &count),
		    cap < 3 ? RC_TOO_LARGE : RC_OK);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keys_split_in_any_way),
	    cmocka_unit_test(test_factory_payloads_read_the_same_as_in_senml),
	    cmocka_unit_test(test_an_object_without_instances),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_what_is_malformed),
	    cmocka_unit_test(test_depth_is_bounded),
	    cmocka_unit_test(test_no_more_scratch_than_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
