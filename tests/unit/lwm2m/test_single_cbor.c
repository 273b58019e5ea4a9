#include "lwm2m/single_cbor.h"
#include "vectors.h"

static struct lwm2m_entry got[1];
static size_t count;
static uint8_t scratch[64];

static enum rc
decode(struct lwm2m_path base, const char *payload)
{
	struct writer w;

	writer_init(&w, scratch, sizeof(scratch));
	return single_cbor_decode(
	    base, hex(payload), &w, got, COUNT(got), &count);
}

/* encodings.md section 8.4, and a value of each other kind. */
static void
test_values_both_ways(void **state)
{
	static const struct {
		struct lwm2m_entry entry;
		const char *payload;
	} cases[] = {
	    {{AT(0, 1, 5),
		 BYTES("\x00\x01\x02\x03\x04\x05\x06\x07"
		       "\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f")},
		"50000102030405060708090a0b0c0d0e0f"},
	    {{AT(1, 0, 1), INTEGER(86400)}, "1a00015180"},
	    {{AT(0, 1, 1), BOOLEAN(false)}, "f4"},
	    {{AT(1, 0, 7), TEXT("U")}, "6155"},
	    {{AT(0, 1, 17), LINK(66, 0)}, "6436363a30"},
	    {{AT4(0, 1, 16, 0), UNSIGNED(49320)}, "19c0a8"},
	    {{AT(9, 0, 0), REAL(20.48)}, "fb40347ae147ae147b"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct lwm2m_entry *e = &cases[i].entry;
		struct span payload = hex(cases[i].payload);
		uint8_t buf[32];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		assert_int_equal(single_cbor_encode(e->path, e, 1, &w), RC_OK);
		assert_bytes(cases[i].payload, writer_span(&w), payload);
		assert_int_equal(decode(e->path, cases[i].payload), RC_OK);
		assert_entries(cases[i].payload, got, count, e, 1);
		for (size_t cap = 0; cap < payload.len; cap++) {
			writer_init(&w, buf, cap);
			assert_int_equal(single_cbor_encode(e->path, e, 1, &w),
			    RC_TOO_LARGE);
		}
	}
}

static void
test_one_item_and_no_more(void **state)
{
	static const char *const bad[] = {"", "1a000151", "1a00015180 00",
	    "8100", "a10100", "f6", "ff", "c11a00015180 00", "9f00ff", "1c",
	    "fc"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (decode(LWM2M_RESOURCE(1, 0, 1), bad[i]) != RC_MALFORMED)
			fail_msg("%s: was taken", bad[i]);
		assert_int_equal(count, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values_both_ways),
	    cmocka_unit_test(test_one_item_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
