#include "lwm2m/tlv.h"
#include "vectors.h"

static struct lwm2m_entry got[ENTRIES_MAX];
static size_t count;

static enum rc
decode(struct lwm2m_path base, struct span payload)
{
	struct writer none;

	writer_init(&none, NULL, 0);
	return tlv_decode(base, payload, &none, got, COUNT(got), &count);
}

static void
test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];

		if (!v->tlv)
			continue;
		assert_int_equal(decode(v->base, hex(v->tlv)), RC_OK);
		assert_entries(v->name, got, count, v->entries, v->count);
	}
}

/* Every prefix of a good payload that ends inside an entry is broken. */
static void
test_vectors_cut_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];
		struct span whole;

		if (!v->tlv)
			continue;
		whole = hex(v->tlv);
		for (size_t len = 1; len < whole.len; len++) {
			enum rc rc = decode(v->base, span_of(whole.p, len));

			if (rc == RC_OK)
				assert_true(count < v->count);
			else
				assert_int_equal(rc, RC_MALFORMED);
		}
	}
}

/* The shortest form that other encoders choose for 49320 and 49326. */
static void
test_unsigned_with_its_top_bit_set(void **state)
{
	static const struct lwm2m_entry wanted[] = {
	    {AT4(0, 2, 16, 0), UNSIGNED(49320)},
	    {AT4(0, 2, 16, 1), UNSIGNED(49326)},
	    {AT(0, 2, 17), LINK(21, 0)},
	};

	(void)state;
	assert_int_equal(decode(LWM2M_INSTANCE(0, 2),
			     hex("881008 4200c0a8 4201c0ae c41100150000")),
	    RC_OK);
	assert_entries("minimal", got, count, wanted, COUNT(wanted));
}

static void
test_numbers_of_every_width(void **state)
{
	static const struct {
		const char *tlv;
		struct lwm2m_entry wanted;
	} cases[] = {
	    {"c101ff", {AT(1, 0, 1), INTEGER(-1)}},
	    {"c201ff7f", {AT(1, 0, 1), INTEGER(-129)}},
	    {"c4010000007f", {AT(1, 0, 1), INTEGER(127)}},
	    {"c80108ffffffffffffffff", {AT(1, 0, 1), INTEGER(-1)}},
	    {"c801088000000000000000", {AT(1, 0, 1), INTEGER(INT64_MIN)}},
	    {"c80108000000000000003c", {AT(1, 0, 1), INTEGER(60)}},
	    {"c111ff", {AT(1, 0, 17), UNSIGNED(255)}},
	    {"c2110005", {AT(1, 0, 17), UNSIGNED(5)}},
	    {"c411ffffffff", {AT(1, 0, 17), UNSIGNED(UINT32_MAX)}},
	    {"c81108ffffffffffffffff", {AT(1, 0, 17), UNSIGNED(UINT64_MAX)}},
	    {"c40c6553f100",
		{AT(1, 0, 12), {.type = LWM2M_TIME, .integer = 1700000000}}},
	    {"c10600", {AT(1, 0, 6), BOOLEAN(false)}},
	    {"c10601", {AT(1, 0, 6), BOOLEAN(true)}},
	    {"c40affffffff", {AT(1, 0, 10), LINK(65535, 65535)}},
	    {"c007", {AT(1, 0, 7), TEXT("")}},
	    {"c0 63", {AT(1, 0, 99), BYTES("")}},
	    {"c3 63 010203", {AT(1, 0, 99), BYTES("\1\2\3")}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(
		    decode(LWM2M_INSTANCE(1, 0), hex(cases[i].tlv)), RC_OK);
		assert_entries(cases[i].tlv, got, count, &cases[i].wanted, 1);
	}
}

static void
test_an_instance_repeated_around_its_resources(void **state)
{
	static const struct lwm2m_entry wanted = {AT(1, 7, 0), INTEGER(101)};

	(void)state;
	assert_int_equal(
	    decode(LWM2M_INSTANCE(1, 7), hex("0307 c10065")), RC_OK);
	assert_entries("wrapped", got, count, &wanted, 1);
	assert_int_equal(decode(LWM2M_INSTANCE(1, 7), hex("0007")), RC_OK);
	assert_int_equal(count, 0);
	/* Another one than the path says, alone or with the right one. */
	assert_int_equal(
	    decode(LWM2M_INSTANCE(1, 7), hex("0308 c10065")), RC_MALFORMED);
	assert_int_equal(decode(LWM2M_INSTANCE(1, 7), hex("0307 c10065 0008")),
	    RC_MALFORMED);
}

/* LwM2M Core 7.4.3: lengths in bits 2-0 mean nothing beside a length field. */
static void
test_idle_bits_are_passed_over(void **state)
{
	static const struct lwm2m_entry wanted = {AT(1, 0, 7), TEXT("U")};

	(void)state;
	assert_int_equal(
	    decode(LWM2M_INSTANCE(1, 0), hex("cf 07 01 55")), RC_OK);
	assert_entries("idle bits", got, count, &wanted, 1);
	assert_int_equal(
	    decode(LWM2M_INSTANCE(1, 0), hex("f8 0007 000001 55")), RC_OK);
	assert_entries("long form", got, count, &wanted, 1);
}

static void
test_a_multiple_resource_may_be_empty(void **state)
{
	(void)state;
	assert_int_equal(decode(LWM2M_INSTANCE(2, 0), hex("8002")), RC_OK);
	assert_int_equal(count, 0);
}

static void
test_what_is_malformed(void **state)
{
	static const struct {
		const char *why;
		struct lwm2m_path base;
		const char *tlv;
	} cases[] = {
#define SERVER {1, 0, LWM2M_ID_NONE, LWM2M_ID_NONE}
#define SERVERS \
	{ \
		1, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE \
	}
	    {"resource without instance", SERVERS, "c10065"},
	    {"resource instance at the top", SERVER, "410065"},
	    {"instance in instance", SERVERS, "0500 0300 c10065"},
	    {"resource in resource", {2, 0, LWM2M_ID_NONE, LWM2M_ID_NONE},
		"8302 c10003"},
	    {"multiple in multiple", {2, 0, LWM2M_ID_NONE, LWM2M_ID_NONE},
		"8502 8300 410003"},
	    {"wrapper after a resource", SERVER, "c10065 0300 c1013c"},
	    {"resource after a wrapper", SERVER, "0300 c10065 c1013c"},
	    {"integer of no bytes", SERVER, "c001"},
	    {"integer of 3 bytes", SERVER, "c301015180"},
	    {"integer of 5 bytes", SERVER, "c5010000015180"},
	    {"integer of 6 bytes", SERVER, "c601000000015180"},
	    {"integer of 7 bytes", SERVER, "c70100000000015180"},
	    {"integer of 9 bytes", SERVER, "c80109000000000000015180"},
	    {"unsigned of 3 bytes", SERVER, "c311000005"},
	    {"boolean of 2 bytes", SERVER, "c2060001"},
	    {"boolean 2", SERVER, "c10602"},
	    {"boolean of no bytes", SERVER, "c006"},
	    {"link of 2 bytes", SERVER, "c20a0000"},
	    {"text that is not UTF-8", SERVER, "c107ff"},
	    {"text with a NUL", SERVER, "c2075500"},
	    {"executable", SERVER, "c00401"},
	    {"executable of no bytes", SERVER, "c004"},
	    {"twice", SERVER, "c10065 c10065"},
	    {"both single and multiple", {2, 0, LWM2M_ID_NONE, LWM2M_ID_NONE},
		"c10203 8302 410003"},
	    {"same instance of a resource",
		{2, 0, LWM2M_ID_NONE, LWM2M_ID_NONE}, "8602 410003 410003"},
	    {"reserved instance", SERVERS, "23ffff c10065"},
	    {"reserved resource", SERVER, "e1ffff00"},
	    {"outside the resource asked for", {1, 0, 1, LWM2M_ID_NONE},
		"c10065"},
	    {"length past the end", SERVER, "c20065"},
	    {"length past the wrapper", SERVERS, "0300 c20065 00"},
	    {"length of 16 MB", SERVER, "d8 07 ffffff 55"},
	    {"no identifier", SERVER, "c1"},
	    {"half an identifier", SERVER, "e100"},
	    {"half a length", SERVER, "d007ff"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (decode(cases[i].base, hex(cases[i].tlv)) != RC_MALFORMED)
			fail_msg("%s: was taken", cases[i].why);
		assert_int_equal(count, 0);
	}
}

static void
test_limits(void **state)
{
	struct writer none;

	(void)state;
	writer_init(&none, NULL, 0);
	assert_int_equal(decode(LWM2M_ROOT, hex("c10065")), RC_UNSUPPORTED);
	assert_int_equal(tlv_decode(LWM2M_INSTANCE(1, 0), hex("c10065 c1013c"),
			     &none, got, 1, &count),
	    RC_TOO_LARGE);
	assert_int_equal(count, 0);
	assert_int_equal(tlv_decode(LWM2M_INSTANCE(1, 0), hex("c10065 c1013c"),
			     &none, got, 2, &count),
	    RC_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_vectors_cut_short),
	    cmocka_unit_test(test_unsigned_with_its_top_bit_set),
	    cmocka_unit_test(test_numbers_of_every_width),
	    cmocka_unit_test(test_an_instance_repeated_around_its_resources),
	    cmocka_unit_test(test_idle_bits_are_passed_over),
	    cmocka_unit_test(test_a_multiple_resource_may_be_empty),
	    cmocka_unit_test(test_what_is_malformed),
	    cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
