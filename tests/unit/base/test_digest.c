#include "base/digest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

static void
expect_digest(struct span s, const char *hex)
{
	char text[2 * DIGEST_LEN];
	uint8_t out[DIGEST_LEN];
	struct writer w;

	digest_of(s, out);
	writer_init(&w, text, sizeof(text));
	text_hex(&w, span_of(out, sizeof(out)));
	assert_true(span_is(writer_span(&w), hex));
}

/* FIPS 180-4, the examples of one and two blocks. */
static void
test_sha256_vectors(void **state)
{
	(void)state;
	expect_digest(span_of(NULL, 0),
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect_digest(SPAN_LIT("abc"),
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	expect_digest(
	    SPAN_LIT(
		"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* FIPS 180-4. */
static void
test_sha512_vector(void **state)
{
	char text[2 * DIGEST512_LEN];
	uint8_t out[DIGEST512_LEN];
	struct writer w;

	(void)state;
	digest512_of(SPAN_LIT("abc"), out);
	writer_init(&w, text, sizeof(text));
	text_hex(&w, span_of(out, sizeof(out)));
	assert_true(span_is(writer_span(&w),
	    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49"
	    "f"));
}

static void
test_pieces_are_the_whole(void **state)
{
	uint8_t whole[DIGEST_LEN], pieces[DIGEST_LEN];
	uint8_t bytes[300];
	struct digest d;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	digest_of(span_of(bytes, sizeof(bytes)), whole);
	digest_init(&d);
	for (size_t at = 0, n = 0; at < sizeof(bytes); at += n, n++) {
		if (n > sizeof(bytes) - at)
			n = sizeof(bytes) - at;
		digest_put(&d, span_of(bytes + at, n));
	}
	digest_final(&d, pieces);
	assert_memory_equal(whole, pieces, DIGEST_LEN);
}

/* Appendix A of the SipHash paper, and the first lengths of its vectors. */
static void
test_siphash_vectors(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} vectors[] = {
	    {0, 0x726fdb47dd0e0e31},
	    {1, 0x74f839c593dc67fd},
	    {7, 0xab0200f58b01d137},
	    {8, 0x93f5f5799a932462},
	    {15, 0xa129ca6149be45e5},
	};
	uint8_t key[16], bytes[16];

	(void)state;
	for (uint8_t i = 0; i < 16; i++)
		key[i] = bytes[i] = i;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_true(hash_keyed(key, span_of(bytes, vectors[i].len)) ==
		    vectors[i].hash);
	assert_true(hash_keyed(key, span_of(NULL, 0)) == vectors[0].hash);
}

static void
test_random_bytes_fill_everything(void **state)
{
	uint8_t seen[600] = {0};

	(void)state;
	/* A byte that stays 0 in 20 draws of 256 values: not written. */
	for (int draw = 0; draw < 20; draw++) {
		uint8_t bytes[sizeof(seen)] = {0};

		random_bytes(bytes, sizeof(bytes));
		for (size_t i = 0; i < sizeof(seen); i++)
			seen[i] |= bytes[i];
	}
	for (size_t i = 0; i < sizeof(seen); i++)
		assert_int_not_equal(seen[i], 0);
	random_bytes(NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sha256_vectors),
	    cmocka_unit_test(test_sha512_vector),
	    cmocka_unit_test(test_pieces_are_the_whole),
	    cmocka_unit_test(test_siphash_vectors),
	    cmocka_unit_test(test_random_bytes_fill_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
