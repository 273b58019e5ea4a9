#include "lwm2m/senml_cbor.h"
#include "vectors.h"

static struct lwm2m_entry got[ENTRIES_MAX];
static size_t count;
static uint8_t scratch[256];

static enum rc
decode(struct lwm2m_path base, struct span payload)
{
	struct writer w;

	writer_init(&w, scratch, sizeof(scratch));
	return senml_cbor_decode(base, payload, &w, got, COUNT(got), &count);
}

static void
test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];

		if (!v->senml_cbor)
			continue;
		assert_int_equal(decode(v->base, hex(v->senml_cbor)), RC_OK);
		assert_entries(v->name, got, count, v->entries, v->count);
	}
}

/* The array's count makes every shorter payload broken. */
static void
test_vectors_cut_short_or_with_more_behind(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];
		uint8_t longer[PAYLOAD_MAX + 1] = {0};
		struct span whole;

		if (!v->senml_cbor)
			continue;
		whole = hex(v->senml_cbor);
		for (size_t len = 0; len < whole.len; len++)
			assert_int_equal(decode(v->base, span_of(whole.p, len)),
			    RC_MALFORMED);
		memcpy(longer, whole.p, whole.len);
		assert_int_equal(
		    decode(v->base, span_of(longer, whole.len + 1)),
		    RC_MALFORMED);
	}
}

static void
test_factory_payloads_read_the_same_in_both_forms(void **state)
{
	static const char *const files[][2] = {
	    {"senml_cbor/anjay-psk-bs.senml.cbor",
		"senml_cbor/anjay-psk-bs.bn.senml.cbor"},
	    {"senml_cbor/anjay-x509-bs.senml.cbor",
		"senml_cbor/anjay-x509-bs.bn.senml.cbor"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct lwm2m_entry first[ENTRIES_MAX];
		size_t first_count;

		assert_int_equal(
		    decode(LWM2M_ROOT, vector_file(files[i][0])), RC_OK);
		memcpy(first, got, sizeof(first));
		first_count = count;
		assert_int_equal(
		    decode(LWM2M_INSTANCE(0, 1), vector_file(files[i][1])),
		    RC_OK);
		assert_entries(files[i][1], got, count, first, first_count);
	}
}

static void
test_the_certificate_account_of_the_factory(void **state)
{
	static const struct lwm2m_entry wanted[] = {
	    {AT(0, 1, 0), TEXT("coaps://bs.example.com:5684")},
	    {AT(0, 1, 1), BOOLEAN(true)},
	    {AT(0, 1, 2), INTEGER(MODE_CERTIFICATE)},
	};
	static const struct lwm2m_entry usage = {AT(0, 1, 15), UNSIGNED(2)};

	(void)state;
	assert_int_equal(decode(LWM2M_OBJECT(0),
			     vector_file("senml_cbor/"
					 "anjay-x509-bs.senml.cbor")),
	    RC_OK);
	assert_int_equal(count, 7);
	assert_entries("head", got, 3, wanted, COUNT(wanted));
	assert_int_equal(got[3].value.bytes.len, 422);
	assert_int_equal(got[4].value.bytes.len, 385);
	assert_int_equal(got[5].value.bytes.len, 138);
	assert_entries("usage", got + 6, 1, &usage, 1);
}

/* One Lifetime, as different encoders might write it. */
static void
test_forms_of_one_record(void **state)
{
	static const struct lwm2m_entry wanted = {AT(1, 0, 1), INTEGER(60)};
	static const struct {
		const char *how, *payload;
	} cases[] = {
	    {"bn, n, v", "81 a3 21 652f312f302f 00 6131 02 183c"},
	    {"v, n, bn", "81 a3 02 183c 00 6131 21 652f312f302f"},
	    {"n, v, bn", "81 a3 00 6131 02 183c 21 652f312f302f"},
	    {"no n", "81 a2 21 662f312f302f31 02 183c"},
	    {"no bn", "81 a2 00 662f312f302f31 02 183c"},
	    {"wide numbers",
		"9b0000000000000001 ba00000003 3801 7805 2f312f302f 1900 00"
		"6131 1a00000002 1b000000000000003c"},
	    {"indefinite array", "9f a3 21 652f312f302f 00 6131 02 183c ff"},
	    {"indefinite map", "81 bf 21 652f312f302f 00 6131 02 183c ff"},
	    {"both", "9f bf 21 652f312f302f 00 6131 02 183c ff ff"},
	    {"half float", "81 a3 21 652f312f302f 00 6131 02 f95380"},
	    {"single float", "81 a3 21 652f312f302f 00 6131 02 fa42700000"},
	    {"decimal fraction",
		"81 a3 21 652f312f302f 00 6131 02 c4 82 01 06"},
	    {"double float",
		"81 a3 21 652f312f302f 00 6131 02 fb404e000000000000"},
	    {"names in pieces",
		"81 a3 21 7f 632f312f 62302f ff 00 7f 6131 ff 02 183c"},
	    {"time, unit and version beside it",
		"81 a6 21 652f312f302f 20 0a 00 6131 01 6173 02 183c"
		"06 fb41d954fc40000000"},
	    {"labels that nobody knows",
		"81 a6 21 652f312f302f 00 6131 02 183c 18ff 8182a0f6"
		"39ffff c100 656f74686572 a1 01 02"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (decode(LWM2M_INSTANCE(1, 0), hex(cases[i].payload)) !=
		    RC_OK)
			fail_msg("%s: was refused", cases[i].how);
		assert_entries(cases[i].how, got, count, &wanted, 1);
	}
}

static void
test_the_base_name_sticks_until_the_next(void **state)
{
	static const struct lwm2m_entry wanted[] = {
	    {AT(1, 0, 0), INTEGER(1)},
	    {AT(1, 0, 1), INTEGER(60)},
	    {AT(1, 7, 0), INTEGER(2)},
	    {AT(1, 7, 1), INTEGER(61)},
	    {AT(2, 0, 0), INTEGER(3)},
	};

	(void)state;
	assert_int_equal(
	    decode(LWM2M_ROOT,
		hex("85 a3 21652f312f302f 006130 0201 a2 006131 02183c"
		    /* a new one that comes last in its record */
		    "a3 006130 0202 21652f312f372f a2 006131 02183d"
		    "a3 2160 00 662f322f302f30 0203")),
	    RC_OK);
	assert_entries("sticky", got, count, wanted, COUNT(wanted));
}

static void
test_strings_in_pieces_are_joined(void **state)
{
	static const struct lwm2m_entry wanted[] = {
	    {AT(0, 1, 3), BYTES("\1\2\3")},
	    {AT(0, 1, 5), BYTES("")},
	    {AT(0, 1, 14), TEXT("a.b")},
	};
	struct span payload =
	    hex("83 a3 21652f302f312f 006133 08 5f 4101 40 420203 ff"
		"a2 006135 08 5fff a2 00623134 03 7f 62612e 6162 ff");
	struct writer w;

	(void)state;
	assert_int_equal(decode(LWM2M_INSTANCE(0, 1), payload), RC_OK);
	assert_entries("joined", got, count, wanted, COUNT(wanted));
	/* Six bytes in all: one less is too little room. */
	writer_init(&w, scratch, 6);
	assert_int_equal(senml_cbor_decode(LWM2M_INSTANCE(0, 1), payload, &w,
			     got, COUNT(got), &count),
	    RC_OK);
	writer_init(&w, scratch, 5);
	assert_int_equal(senml_cbor_decode(LWM2M_INSTANCE(0, 1), payload, &w,
			     got, COUNT(got), &count),
	    RC_TOO_LARGE);
	assert_int_equal(count, 0);
}

static void
test_oscore_before_version_2(void **state)
{
	static const struct lwm2m_entry wanted = {AT(21, 0, 1), TEXT("id")};

	(void)state;
	assert_int_equal(decode(LWM2M_INSTANCE(21, 0),
			     hex("81 a2 00 672f32312f302f31 03 626964")),
	    RC_OK);
	assert_entries("String", got, count, &wanted, 1);
}

static void
test_what_is_malformed(void **state)
{
	/* Under /1/0; "B" and "N" of the cases: {bn "/1/0/", n "1", ...} */
	static const struct {
		const char *why, *payload;
	} cases[] = {
#define B "21 652f312f302f "
#define N "00 6131 "
	    {"nothing", ""},
	    {"no array", "a1 02 183c"},
	    {"a number", "00"},
	    {"a tag before the array", "d9d9f7 80"},
	    {"a break", "ff"},
	    {"an array without end", "9f"},
	    {"a count beyond the payload", "9b7fffffffffffffff"},
	    {"a record that is no map", "81 80"},
	    {"a record of nothing", "81 a0"},
	    {"a record without a value", "81 a2" B N},
	    {"a record without a name", "81 a1 02 183c"},
	    {"two values", "81 a4" B N "02 183c 02 183c"},
	    {"two values of two kinds", "81 a4" B N "02 183c 03 6155"},
	    {"two names", "81 a4" B N N "02 183c"},
	    {"two base names", "81 a4" B B N "02 183c"},
	    {"another object", "81 a2 00 662f322f302f31 02 00"},
	    {"another instance", "81 a2 00 662f312f312f31 02 183c"},
	    {"an instance's name", "81 a2 00 642f312f30 02 183c"},
	    {"a relative name", "81 a2 00 6131 02 183c"},
	    {"a slash behind", "81 a3" B "00 62312f 02 183c"},
	    {"a name too long",
		"81 a3" B
		"00 781c 31313131313131313131313131313131313131313131313131"
		"313131 02 183c"},
	    {"a name of bytes", "81 a3" B "00 4131 02 183c"},
	    {"a name that is a number", "81 a3" B "00 01 02 183c"},
	    {"pieces of another kind", "81 a3" B "00 7f 4131 ff 02 183c"},
	    {"pieces in pieces", "81 a3" B "00 7f 7f 6131 ff ff 02 183c"},
	    {"twice the same", "82 a3" B N "02 183c a2" N "02 183c"},
	    {"twice, by other names",
		"82 a3" B N "02 183c a3 2160 00 662f312f302f31 02 183c"},
	    {"a value and one below it",
		"82 a3" B "00 6131 02 183c a2 00 63312f30 02 183c"},
	    {"half a second", "81 a3" B N "02 f93800"},
	    {"not a number", "81 a3" B N "02 f97e00"},
	    {"above 63 bits", "81 a3" B N "02 1b8000000000000000"},
	    {"below 63 bits", "81 a3" B N "02 3b8000000000000000"},
	    {"a time that is tagged", "81 a3" B N "02 c100"},
	    {"a bignum", "81 a3" B N "02 c24101"},
	    {"a label that comes twice", "81 a5" B N "06 00 06 00 02 183c"},
	    {"a later version", "81 a4" B N "20 0b 02 183c"},
	    {"a version of text", "81 a4" B N "20 623130 02 183c"},
	    {"text that is not UTF-8", "81 a3" B "00 6137 03 62fffe"},
	    {"a NUL in text", "81 a3" B "00 6137 03 6100"},
	    {"null for a number", "81 a3" B N "02 f6"},
	    {"text under v", "81 a3" B N "02 623630"},
	    {"text for a number", "81 a3" B N "03 623630"},
	    {"a number under vs", "81 a3" B "00 6137 03 00"},
	    {"bytes for text", "81 a3" B "00 6137 08 4155"},
	    {"text under vd", "81 a3" B "00 6137 08 6155"},
	    {"bytes under vs", "81 a3" B "00 6137 03 4155"},
	    {"a number for a boolean", "81 a3" B "00 6136 02 00"},
	    {"a number under vb", "81 a3" B "00 6136 04 00"},
	    {"a negative unsigned", "81 a3" B "00 623137 02 20"},
	    {"a link that is none", "81 a3" B "00 623130 63766c6f 6131"},
	    {"a link of bytes", "81 a3" B "00 623130 63766c6f 4331313a"},
	    {"a link as text", "81 a3" B "00 623130 03 6431313a30"},
	    {"an executable", "81 a3" B "00 6134 02 00"},
	    {"a base value", "81 a4" B N "02 183c 24 01"},
	    {"a label to be understood", "81 a4" B N "02 183c 6278 5f 00"},
	    {"a label that is an array", "81 a4" B N "02 183c 80 00"},
	    {"a label that is a float", "81 a4" B N "02 183c f93c00 00"},
	    {"too deep inside an unknown field",
		"81 a4" B N "02 183c 18ff 8181818181 00"},
	    {"an unknown field without end", "81 a4" B N "02 183c 18ff 9f"},
	    {"a map that ends after a key", "81 bf" B N "02 ff"},
	    {"a break in a definite map", "81 a4" B N "02 183c ff"},
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

static void
test_no_more_entries_than_there_is_room(void **state)
{
	struct span payload =
	    hex("82 a3 21652f312f302f 006130 0201 a2 006131 02183c");
	struct writer w;

	(void)state;
	writer_init(&w, scratch, sizeof(scratch));
	assert_int_equal(senml_cbor_decode(
			     LWM2M_INSTANCE(1, 0), payload, &w, got, 1, &count),
	    RC_TOO_LARGE);
	assert_int_equal(count, 0);
	assert_int_equal(senml_cbor_decode(
			     LWM2M_INSTANCE(1, 0), payload, &w, got, 2, &count),
	    RC_OK);
	assert_int_equal(count, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_vectors_cut_short_or_with_more_behind),
	    cmocka_unit_test(test_factory_payloads_read_the_same_in_both_forms),
	    cmocka_unit_test(test_the_certificate_account_of_the_factory),
	    cmocka_unit_test(test_forms_of_one_record),
	    cmocka_unit_test(test_the_base_name_sticks_until_the_next),
	    cmocka_unit_test(test_strings_in_pieces_are_joined),
	    cmocka_unit_test(test_oscore_before_version_2),
	    cmocka_unit_test(test_what_is_malformed),
	    cmocka_unit_test(test_no_more_entries_than_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
