#include "lwm2m/opaque.h"
#include "vectors.h"

#define KEY "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"

static struct lwm2m_entry got[1];
static size_t count;

static enum rc
decode(struct lwm2m_path base, struct span payload)
{
	struct writer none;

	writer_init(&none, NULL, 0);
	return opaque_decode(base, payload, &none, got, COUNT(got), &count);
}

/* encodings.md section 8.4: PUT /0/1/5 in Content-Format 42. */
static void
test_the_payload_is_the_value(void **state)
{
	static const struct lwm2m_entry entries[] = {
	    {AT(0, 1, 5), BYTES(KEY)},
	    {AT(0, 1, 3), BYTES("")},
	    {AT(9, 0, 0), BYTES("\xff\x00")},
	};
	uint8_t buf[32];
	struct writer w;

	(void)state;
	for (size_t i = 0; i < COUNT(entries); i++) {
		const struct lwm2m_entry *e = &entries[i];

		writer_init(&w, buf, sizeof(buf));
		assert_int_equal(opaque_encode(e->path, e, 1, &w), RC_OK);
		assert_bytes("bytes", writer_span(&w), e->value.bytes);
		assert_int_equal(decode(e->path, writer_span(&w)), RC_OK);
		assert_entries("back", got, count, e, 1);
	}
	writer_init(&w, buf, 15);
	assert_int_equal(
	    opaque_encode(entries[0].path, entries, 1, &w), RC_TOO_LARGE);
}

static void
test_opaque_values_only(void **state)
{
	static const struct lwm2m_entry others[] = {
	    {AT(1, 0, 1), INTEGER(60)},
	    {AT(1, 0, 7), TEXT("U")},
	    {AT(0, 1, 17), LINK(21, 0)},
	};
	uint8_t buf[32];
	struct writer w;

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		writer_init(&w, buf, sizeof(buf));
		assert_int_equal(
		    opaque_encode(others[i].path, &others[i], 1, &w),
		    RC_UNSUPPORTED);
		assert_int_equal(
		    decode(others[i].path, SPAN_LIT("U")), RC_MALFORMED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_payload_is_the_value),
	    cmocka_unit_test(test_opaque_values_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
