/* Sealing without a token: the bytes that are authenticated, and the cipher. */
#include "hsm/seal_internal.h"

#include "base/text.h"
#include "seal_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct span
hex(const char *text, uint8_t *buf, size_t cap)
{
	struct writer w;

	writer_init(&w, buf, cap);
	assert_int_equal(text_unhex(&w, span_str(text)), RC_OK);
	return writer_span(&w);
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16. */
static void
test_cipher(void **state)
{
	uint8_t key[64], nonce[16], aad[32], plain[64], expected[96], out[96];
	struct span k = hex("feffe9928665731c6d6a8f9467308308"
			    "feffe9928665731c6d6a8f9467308308",
	    key, sizeof(key));
	struct span n = hex("cafebabefacedbaddecaf888", nonce, sizeof(nonce));
	struct span a =
	    hex("feedfacedeadbeeffeedfacedeadbeefabaddad2", aad, sizeof(aad));
	struct span p = hex("d9313225f88406e5a55909c5aff5269a"
			    "86a7a9531534f7da2e4c303d8a318a72"
			    "1c3c0c95956809532fcf0e2449a6b525"
			    "b16aedf5aa0de657ba637b39",
	    plain, sizeof(plain));
	struct span e = hex("522dc1f099567d07f47f37a32a84427d"
			    "643a8cdcbfe5c0c97598a2bd2555d1aa"
			    "8cb08e48590dbb3da7b08b1056828838"
			    "c5f61e6393ba7a0abcc9f662"
			    "76fc6ece0f4e1768cddf8853bb2d551b",
	    expected, sizeof(expected));

	(void)state;
	assert_int_equal(seal_encrypt(k.p, n.p, a, p, out), RC_OK);
	assert_memory_equal(out, e.p, e.len);
	memset(out, 0, sizeof(out));
	assert_int_equal(seal_decrypt(k.p, n.p, a, e, out), RC_OK);
	assert_memory_equal(out, p.p, p.len);
	/* What does not open leaves nothing behind. */
	expected[0] ^= 1;
	memset(out, 0xee, sizeof(out));
	assert_int_equal(seal_decrypt(k.p, n.p, a, e, out), RC_DENIED);
	for (size_t i = 0; i < p.len; i++)
		assert_int_equal(out[i], 0);
}

static void
test_what_is_bound(void **state)
{
	uint8_t buf[SEAL_AAD_MAX], expected[SEAL_AAD_MAX];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(seal_aad(&seal_vector_place, &w), RC_OK);
	assert_true(span_equal(
	    writer_span(&w), hex(seal_vector_aad, expected, sizeof(expected))));
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(seal_context(&seal_vector_place, &w), RC_OK);
	assert_true(span_equal(writer_span(&w),
	    hex(seal_vector_context, expected, sizeof(expected))));
}

/* The largest place fits; one byte more is refused. */
static void
test_places(void **state)
{
	char name[SEAL_NAME_MAX + 2];
	uint8_t record[SEAL_RECORD_MAX + 1] = {0};
	uint8_t buf[SEAL_AAD_MAX];
	struct seal_place p = seal_vector_place;
	struct writer w;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	p.table = p.column = name + 1;
	p.record = span_of(record, SEAL_RECORD_MAX);
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(seal_aad(&p, &w), RC_OK);
	writer_init(&w, buf, SEAL_CONTEXT_MAX);
	assert_int_equal(seal_context(&p, &w), RC_OK);
	p.table = name;
	assert_int_equal(seal_aad(&p, &w), RC_MALFORMED);
	p.table = "";
	assert_int_equal(seal_aad(&p, &w), RC_MALFORMED);
	p.table = name + 1;
	p.column = NULL;
	assert_int_equal(seal_aad(&p, &w), RC_MALFORMED);
	p.column = name + 1;
	p.record.len++;
	assert_int_equal(seal_context(&p, &w), RC_MALFORMED);
	p.record.len = 0;
	assert_int_equal(seal_context(&p, &w), RC_MALFORMED);
	p = seal_vector_place;
	p.version = 0;
	assert_int_equal(seal_aad(&p, &w), RC_MALFORMED);
	p = seal_vector_place;
	p.master = "a\nb";
	assert_int_equal(seal_aad(&p, &w), RC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cipher),
	    cmocka_unit_test(test_what_is_bound),
	    cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
