#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "coap/block.h"

/* SPAN_LIT for static tables. */
#define LIT(s) \
	{ \
		(const uint8_t *)("" s), sizeof(s) - 1 \
	}

static const struct vector {
	struct coap_block block;
	struct span bytes;
} vectors[] = {
    {{0, false, 6}, LIT("\x06")},
    {{0, true, 6}, LIT("\x0e")},
    {{1, true, 6}, LIT("\x1e")},
    {{2, false, 6}, LIT("\x26")},
    {{0, true, 2}, LIT("\x0a")},
    {{16, false, 2}, LIT("\x01\x02")},
    {{0, false, 0}, LIT("")},
    {{15, true, 0}, LIT("\xf8")},
    {{4095, true, 6}, LIT("\xff\xfe")},
    {{4096, false, 0}, LIT("\x01\x00\x00")},
    {{(1 << 20) - 1, true, 6}, LIT("\xff\xff\xfe")},
};

static void
option_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct vector *v = &vectors[i];
		struct coap_block b = {0};
		uint8_t bytes[4];

		assert_true(
		    span_equal(coap_block_encode(v->block, bytes), v->bytes));
		assert_int_equal(coap_block_decode(v->bytes, &b), RC_OK);
		assert_int_equal(b.num, v->block.num);
		assert_int_equal(b.more, v->block.more);
		assert_int_equal(b.szx, v->block.szx);
	}
}

static void
options_that_are_none(void **state)
{
	struct coap_block b = {0};

	(void)state;
	assert_int_equal(
	    coap_block_decode(SPAN_LIT("\x00\x00\x00\x06"), &b), RC_MALFORMED);
	assert_int_equal(coap_block_decode(SPAN_LIT("\x07"), &b), RC_MALFORMED);
	assert_int_equal(
	    coap_block_decode(SPAN_LIT("\xff\xff\xff"), &b), RC_MALFORMED);
	/* Leading zeros are allowed in what we receive. */
	assert_int_equal(
	    coap_block_decode(SPAN_LIT("\x00\x00\x1e"), &b), RC_OK);
	assert_int_equal(b.num, 1);
}

/* SZX 7 where it is allowed: RFC 8323 section 6. */
static void
bert_options(void **state)
{
	struct coap_block b = {0};
	uint8_t bytes[4];

	(void)state;
	assert_int_equal(coap_block_decode_bert(SPAN_LIT("\x3f"), &b), RC_OK);
	assert_int_equal(b.num, 3);
	assert_true(b.more);
	assert_int_equal(b.szx, COAP_SZX_BERT);
	assert_int_equal(coap_block_size(b.szx), 1024);
	assert_true(span_equal(coap_block_encode(b, bytes), SPAN_LIT("\x3f")));
	assert_int_equal(
	    coap_block_decode_bert(SPAN_LIT("\x00\x00\x00\x07"), &b),
	    RC_MALFORMED);
}

/* How large a block can be for the room there is. */
static void
rooms_of_a_stream(void **state)
{
	static const struct {
		struct block_room room;
		enum rc rc;
		uint8_t szx;
		size_t size;
	} cases[] = {
	    {{false, 15, true}, RC_TOO_LARGE, 0, 16},
	    {{false, 16, true}, RC_OK, 0, 16},
	    {{false, 1023, true}, RC_OK, 5, 512},
	    {{false, 1024, true}, RC_OK, 7, 1024},
	    {{false, 2047, true}, RC_OK, 7, 1024},
	    {{false, 8140, true}, RC_OK, 7, 7168},
	    {{false, 8140, false}, RC_OK, 6, 1024},
	    {{true, 0, false}, RC_OK, 0, 16},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct block_send s;

		assert_int_equal(
		    block_send_start_stream(&s, 20000, cases[i].room),
		    cases[i].rc);
		assert_int_equal(s.szx, cases[i].szx);
		assert_int_equal(s.size, cases[i].size);
		assert_int_equal(s.active, !cases[i].room.whole);
	}
	assert_int_equal(block_send_start_stream(&(struct block_send){0},
			     ((size_t)1 << 30) + 1,
			     (struct block_room){.bytes = 5000, .bert = true}),
	    RC_TOO_LARGE);
}

static void
sizes(void **state)
{
	static const struct {
		size_t bytes;
		uint8_t szx;
	} cases[] = {{0, 0}, {15, 0}, {16, 0}, {31, 0}, {32, 1}, {500, 4},
	    {512, 5}, {1023, 5}, {1024, 6}, {2048, 6}, {SIZE_MAX, 6}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(coap_szx_for(cases[i].bytes), cases[i].szx);
	assert_int_equal(coap_block_size(0), 16);
	assert_int_equal(coap_block_size(6), 1024);
}

static void
a_body_of_too_many_blocks(void **state)
{
	struct block_send s;

	(void)state;
	/* 2^20 blocks of 16 bytes are 16 MiB. */
	assert_int_equal(block_send_start(&s, 16u << 20, 16), RC_OK);
	assert_int_equal(
	    block_send_start(&s, (16u << 20) + 1, 16), RC_TOO_LARGE);
	assert_int_equal(block_send_start(&s, (16u << 20) + 1, 32), RC_OK);
}

static struct coap_message
answer(uint8_t code, uint16_t number, struct coap_block b, uint8_t *bytes)
{
	return (struct coap_message){
	    .code = code,
	    .option_count = 1,
	    .options = {{number, coap_block_encode(b, bytes)}},
	};
}

static void
a_shrink_to_too_many_blocks(void **state)
{
	static const uint8_t codes[] = {COAP_CONTINUE, COAP_TOO_LARGE};
	size_t body_len = (16u << 20) + 1;
	uint8_t bytes[4];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct coap_message m = answer(codes[i], COAP_BLOCK1,
		    (struct coap_block){0, true, 0}, bytes);
		const char *why = NULL;
		struct block_send s;

		assert_int_equal(block_send_start(&s, body_len, 1024), RC_OK);
		assert_int_equal(
		    block_send_answer(&s, body_len, &m, &why), BLOCK_BROKEN);
		assert_string_equal(
		    why, "the peer wants blocks too small for this body");
	}
}

/* The blocks of a body, in every size of both, are the body. */
static void
sent_blocks_cover_the_body(void **state)
{
	static const uint8_t body[300];

	(void)state;
	for (size_t len = 17; len <= sizeof(body); len++) {
		for (size_t size = 16; size < len; size *= 2) {
			struct span whole = span_of(body, len), part;
			uint8_t bytes[4];
			struct block_send s;
			const char *why;
			size_t at = 0;

			assert_int_equal(
			    block_send_start(&s, len, size), RC_OK);
			for (uint32_t n = 0;; n++) {
				struct coap_block b =
				    block_send_now(&s, whole, &part);
				struct coap_message m = answer(
				    b.more ? COAP_CONTINUE : COAP_CHANGED,
				    COAP_BLOCK1, b, bytes);

				assert_int_equal(b.num, n);
				assert_ptr_equal(part.p, body + at);
				assert_true(part.len > 0);
				assert_true(!b.more || part.len == size);
				at += part.len;
				if (block_send_answer(&s, len, &m, &why) ==
				    BLOCK_DONE)
					break;
			}
			assert_int_equal(at, len);
		}
	}
}

static void
where_a_gathered_body_begins(void **state)
{
	struct coap_message m = {.code = COAP_CONTENT};
	uint8_t bytes[4];

	(void)state;
	assert_false(block_receive_begins(&m));
	m = answer(
	    COAP_CONTENT, COAP_BLOCK2, (struct coap_block){0, false, 6}, bytes);
	assert_false(block_receive_begins(&m));
	m = answer(
	    COAP_CONTENT, COAP_BLOCK2, (struct coap_block){0, true, 6}, bytes);
	assert_true(block_receive_begins(&m));
	m = answer(
	    COAP_CONTENT, COAP_BLOCK2, (struct coap_block){1, false, 6}, bytes);
	assert_true(block_receive_begins(&m));
	m.options[0].value = SPAN_LIT("\x07");
	assert_true(block_receive_begins(&m));
}

static void
a_body_of_too_many_received_blocks(void **state)
{
	size_t cap = 16u << 20;
	uint8_t bytes[4], *buf = test_malloc(cap);
	struct block_receive r = {.started = true, .blocks = 1, .szx = 0};
	struct coap_message m = answer(COAP_CONTENT, COAP_BLOCK2,
	    (struct coap_block){(1 << 20) - 1, true, 0}, bytes);
	const char *why = NULL;

	(void)state;
	writer_init(&r.body, buf, cap);
	r.body.len = cap - 16;
	m.payload = SPAN_LIT("0123456789abcdef");
	assert_int_equal(block_receive_answer(&r, &m, &why), BLOCK_BROKEN);
	assert_string_equal(why, "the body has too many blocks");
	test_free(buf);
}

static void
an_etag_out_of_range_is_ignored(void **state)
{
	uint8_t buf[64], bytes[4];
	struct block_receive r = {0};
	struct coap_message m = answer(
	    COAP_CONTENT, COAP_BLOCK2, (struct coap_block){0, true, 0}, bytes);
	const char *why;

	(void)state;
	writer_init(&r.body, buf, sizeof(buf));
	assert_int_equal(coap_add(&m, COAP_ETAG, SPAN_LIT("123456789")), RC_OK);
	m.payload = SPAN_LIT("0123456789abcdef");
	assert_int_equal(block_receive_answer(&r, &m, &why), BLOCK_MORE);
	assert_int_equal(r.etag_len, 0);
	assert_int_equal(block_receive_next(&r).num, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(option_vectors),
	    cmocka_unit_test(options_that_are_none),
	    cmocka_unit_test(bert_options),
	    cmocka_unit_test(rooms_of_a_stream),
	    cmocka_unit_test(sizes),
	    cmocka_unit_test(a_body_of_too_many_blocks),
	    cmocka_unit_test(a_shrink_to_too_many_blocks),
	    cmocka_unit_test(sent_blocks_cover_the_body),
	    cmocka_unit_test(where_a_gathered_body_begins),
	    cmocka_unit_test(a_body_of_too_many_received_blocks),
	    cmocka_unit_test(an_etag_out_of_range_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
