/* AES-256-XTS: vector 10 of IEEE 1619 annex B, and an entry of a chip's flash
 * that the vendor's own tool has encrypted. */
#include "base/aes_xts.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *key, *tweak, *clear, *sealed;
} vectors[] = {
    {
	"2718281828459045235360287471352662497757247093699959574966967627"
	"3141592653589793238462643383279502884197169399375105820974944592",
	"ff000000000000000000000000000000",
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	"1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b",
    },
    {
	"404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
	"606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f",
	"40000000000000000000000000000000",
	"000101ff9ae5cfc66c776d326d000000000000000000000001ffffffffffffff",
	"c13079fcb4b63b659ddfdd6737dffb1348c90faaa46ea6302630c9e21471cf52",
    },
};

static void
unhex(const char *text, uint8_t *out, size_t len)
{
	struct writer w;

	writer_init(&w, out, len);
	assert_int_equal(text_unhex(&w, span_str(text)), RC_OK);
	assert_int_equal(w.len, len);
}

static void
test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint8_t key[AES_XTS_KEY_LEN], tweak[AES_XTS_TWEAK_LEN];
		uint8_t clear[32], sealed[32], unit[32];

		unhex(vectors[i].key, key, sizeof(key));
		unhex(vectors[i].tweak, tweak, sizeof(tweak));
		unhex(vectors[i].clear, clear, sizeof(clear));
		unhex(vectors[i].sealed, sealed, sizeof(sealed));
		memcpy(unit, clear, sizeof(unit));
		aes_xts_encrypt(key, tweak, unit, sizeof(unit));
		assert_memory_equal(unit, sealed, sizeof(unit));
		aes_xts_decrypt(key, tweak, unit, sizeof(unit));
		assert_memory_equal(unit, clear, sizeof(unit));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
