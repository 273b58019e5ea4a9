#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "coap/message.h"

/* SPAN_LIT for static tables. */
#define LIT(s) \
	{ \
		(const uint8_t *)("" s), sizeof(s) - 1 \
	}

#define DEVICE_TOKEN "a1b2c3d4"
#define SERVER_TOKEN "0102030405060708"
/* PUT /0/1 as TLV: a Security Object instance. */
#define SECURITY \
	"c8001e636f6170733a2f2f6c776d326d2e6578616d706c652e636f6d3a35363834" \
	"c10100c10200c8030b6465766963652d30303031" \
	"c80510000102030405060708090a0b0c0d0e0fc10a65"

struct option {
	uint16_t number;
	struct span value;
};

static const struct vector {
	const char *hex;
	enum coap_type type;
	uint8_t code;
	uint16_t mid;
	size_t token_len;
	size_t option_count;
	struct option options[4];
	size_t payload_len;
} vectors[] = {
    {"44021234" DEVICE_TOKEN "b26273"
     "4d0165703d6465766963652d30303031"
     "077063743d313132",
	COAP_CON, COAP_POST, 0x1234, 4, 3,
	{{COAP_URI_PATH, LIT("bs")}, {COAP_URI_QUERY, LIT("ep=device-0001")},
	    {COAP_URI_QUERY, LIT("pct=112")}},
	0},
    {"64441234" DEVICE_TOKEN, COAP_ACK, COAP_CHANGED, 0x1234, 4, 0, {{0}}, 0},
    {"48047001" SERVER_TOKEN, COAP_CON, COAP_DELETE, 0x7001, 8, 0, {{0}}, 0},
    {"48047001" SERVER_TOKEN "b130", COAP_CON, COAP_DELETE, 0x7001, 8, 1,
	{{COAP_URI_PATH, LIT("0")}}, 0},
    {"48017002" SERVER_TOKEN "d10428", COAP_CON, COAP_GET, 0x7002, 8, 1,
	{{COAP_ACCEPT, LIT("\x28")}}, 0},
    {"48037003" SERVER_TOKEN "b1300131122d16ff" SECURITY, COAP_CON, COAP_PUT,
	0x7003, 8, 3,
	{{COAP_URI_PATH, LIT("0")}, {COAP_URI_PATH, LIT("1")},
	    {COAP_CONTENT_FORMAT, LIT("\x2d\x16")}},
	75},
    {"48017004" SERVER_TOKEN "b1316170", COAP_CON, COAP_GET, 0x7004, 8, 2,
	{{COAP_URI_PATH, LIT("1")}, {COAP_ACCEPT, LIT("\x70")}}, 0},
    {"48027005" SERVER_TOKEN "b26273", COAP_CON, COAP_POST, 0x7005, 8, 1,
	{{COAP_URI_PATH, LIT("bs")}}, 0},
    {"44011235" DEVICE_TOKEN "b662737061636b4d0165703d6465766963652d30303031"
     "2170",
	COAP_CON, COAP_GET, 0x1235, 4, 3,
	{{COAP_URI_PATH, LIT("bspack")},
	    {COAP_URI_QUERY, LIT("ep=device-0001")},
	    {COAP_ACCEPT, LIT("\x70")}},
	0},
    {"70000001", COAP_RST, COAP_EMPTY, 1, 0, 0, {{0}}, 0},
};
enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

static struct span
unhex(const char *hex, uint8_t *buf, size_t cap)
{
	struct writer w;

	writer_init(&w, buf, cap);
	assert_int_equal(text_unhex(&w, span_str(hex)), RC_OK);
	return writer_span(&w);
}

static enum rc
decode(const char *hex, struct coap_message *m)
{
	static uint8_t buf[2048];

	return coap_decode(unhex(hex, buf, sizeof(buf)), m);
}

static void
decoded_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		struct coap_message m;

		assert_int_equal(decode(v->hex, &m), RC_OK);
		assert_int_equal(m.type, v->type);
		assert_int_equal(m.code, v->code);
		assert_int_equal(m.mid, v->mid);
		assert_int_equal(m.token.len, v->token_len);
		assert_int_equal(m.option_count, v->option_count);
		for (size_t k = 0; k < m.option_count; k++) {
			assert_int_equal(
			    m.options[k].number, v->options[k].number);
			assert_true(span_equal(
			    m.options[k].value, v->options[k].value));
		}
		assert_int_equal(m.payload.len, v->payload_len);
	}
}

static void
encoded_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		uint8_t should[256], is[256];
		struct span bytes = unhex(v->hex, should, sizeof(should));
		struct coap_message m = {
		    .type = v->type,
		    .code = v->code,
		    .mid = v->mid,
		    .token.len = (uint8_t)v->token_len,
		    .payload = span_from(bytes, bytes.len - v->payload_len),
		};
		struct writer w;

		memcpy(m.token.bytes, should + 4, v->token_len);
		for (size_t k = v->option_count; k > 0; k--)
			assert_int_equal(
			    coap_add(&m, v->options[v->option_count - k].number,
				v->options[v->option_count - k].value),
			    RC_OK);
		writer_init(&w, is, sizeof(is));
		coap_encode(&m, &w);
		assert_false(w.full);
		assert_true(span_equal(writer_span(&w), bytes));
		/* A byte less of room is too little. */
		writer_init(&w, is, bytes.len - 1);
		coap_encode(&m, &w);
		assert_true(w.full);
	}
}

static void
same_again(struct span datagram, const struct coap_message *m)
{
	uint8_t buf[2048];
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	coap_encode(m, &w);
	assert_false(w.full);
	assert_true(span_equal(writer_span(&w), datagram));
}

/* Each vector, cut at every byte, in memory that ends there. */
static void
truncation(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		uint8_t buf[256];
		struct span whole = unhex(vectors[i].hex, buf, sizeof(buf));

		for (size_t len = 0; len < whole.len; len++) {
			uint8_t *cut = malloc(len ? len : 1);
			struct coap_message m;
			enum rc rc;

			assert_non_null(cut);
			memcpy(cut, buf, len);
			rc = coap_decode(span_of(cut, len), &m);
			assert_true(rc == RC_OK || rc == RC_MALFORMED);
			if (len < 4 + vectors[i].token_len)
				assert_int_equal(rc, RC_MALFORMED);
			if (len >= 4) {
				assert_int_equal(m.type, vectors[i].type);
				assert_int_equal(m.mid, vectors[i].mid);
			}
			/* A cut at an option's end is a message too. */
			if (rc == RC_OK)
				same_again(span_of(cut, len), &m);
			free(cut);
		}
	}
}

static void
option_forms(void **state)
{
	static const struct {
		uint16_t number;
		size_t len;
		const char *head;
	} forms[] = {
	    {0, 0, "00"},
	    {12, 12, "cc"},
	    {13, 0, "d000"},
	    {0, 13, "0d00"},
	    {268, 0, "d0ff"},
	    {269, 0, "e00000"},
	    {0, 268, "0dff"},
	    {0, 269, "0e0000"},
	    {292, 300, "ee0017001f"},
	    {13, 13, "dd0000"},
	    {65535, 1, "e1fef2"},
	};
	static uint8_t value[400];

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint8_t head[8], buf[512];
		struct span h = unhex(forms[i].head, head, sizeof(head));
		struct coap_message m = {.code = COAP_GET}, back;
		struct writer w;

		assert_int_equal(
		    coap_add(&m, forms[i].number, span_of(value, forms[i].len)),
		    RC_OK);
		writer_init(&w, buf, sizeof(buf));
		coap_encode(&m, &w);
		assert_int_equal(w.len, 4 + h.len + forms[i].len);
		assert_memory_equal(buf + 4, h.p, h.len);
		assert_int_equal(coap_decode(writer_span(&w), &back), RC_OK);
		assert_int_equal(back.option_count, 1);
		assert_int_equal(back.options[0].number, forms[i].number);
		assert_int_equal(back.options[0].value.len, forms[i].len);
	}
}

static void
format_errors(void **state)
{
	static const char *const datagrams[] = {
	    "49010001010203040506070809", /* TKL 9 */
	    "4f0100010102030405060708090a0b0c0d0e0f",
	    "40010001ff", /* a marker and no payload */
	    "40010001f100", /* delta 15, not the marker */
	    "400100011f00", /* length 15 */
	    "40010001d0", /* extensions that are missing */
	    "400100010d", "40010001e000", "400100010e00",
	    "4001000105aabbccdd", /* a value that is cut */
	    "40010001e0fef3", /* 65536 in one step */
	    "40010001e0fef210", /* and in two */
	    "40010001e0ffff", "400000011000", /* Empty with an option */
	    "4000000100", "4100000101", /* Empty with a token */
	    "40000001ff01", /* Empty with a payload */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(datagrams) / sizeof(datagrams[0]); i++) {
		struct coap_message m;

		assert_int_equal(decode(datagrams[i], &m), RC_MALFORMED);
		assert_int_equal(m.type, COAP_CON);
		assert_int_equal(m.mid, 1);
	}
}

static void
versions(void **state)
{
	struct coap_message m;

	(void)state;
	assert_int_equal(decode("00010001", &m), RC_UNSUPPORTED);
	assert_int_equal(decode("80010001", &m), RC_UNSUPPORTED);
	assert_int_equal(decode("c0010001", &m), RC_UNSUPPORTED);
	assert_int_equal(decode("8f", &m), RC_UNSUPPORTED);
	assert_int_equal(decode("", &m), RC_MALFORMED);
}

static void
many_options(void **state)
{
	uint8_t buf[256] = {0x51, 0x02, 0x12, 0x34, 0x77};
	struct coap_message m;
	size_t len = 5;

	(void)state;
	for (unsigned i = 0; i < COAP_OPTIONS_MAX; i++)
		buf[len++] = 0x10;
	assert_int_equal(coap_decode(span_of(buf, len), &m), RC_OK);
	assert_int_equal(m.option_count, COAP_OPTIONS_MAX);
	buf[len++] = 0x10;
	assert_int_equal(coap_decode(span_of(buf, len), &m), RC_TOO_LARGE);
	assert_int_equal(m.type, COAP_NON);
	assert_int_equal(m.code, COAP_POST);
	assert_int_equal(m.mid, 0x1234);
	assert_int_equal(m.token.len, 1);
	assert_int_equal(m.token.bytes[0], 0x77);
	/* A format error behind the last that fits is still one. */
	buf[len++] = 0xf0;
	assert_int_equal(coap_decode(span_of(buf, len), &m), RC_MALFORMED);
}

static void
what_cannot_be_encoded(void **state)
{
	static uint8_t big[70000];
	struct coap_message m = {
	    .code = COAP_GET,
	    .option_count = 2,
	    .options = {{COAP_ACCEPT, {NULL, 0}}, {COAP_URI_PATH, {NULL, 0}}},
	};
	struct writer w;

	(void)state;
	writer_init(&w, big, sizeof(big));
	coap_encode(&m, &w); /* not in order */
	assert_true(w.full);
	m.option_count = 1;
	m.options[0].value = span_of(big, 65805);
	writer_init(&w, big, sizeof(big));
	coap_encode(&m, &w);
	assert_true(w.full);
	m.option_count = 0;
	m.token.len = 9;
	writer_init(&w, big, sizeof(big));
	coap_encode(&m, &w);
	assert_true(w.full);
}

static uint32_t
next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Whatever is decoded is encoded to the very same bytes: the format leaves no
 * choice. Spans stay inside the datagram. */
static void
mutation(void **state)
{
	uint32_t seed = 7252;
	unsigned accepted = 0;

	(void)state;
	for (unsigned round = 0; round < 100000; round++) {
		uint8_t buf[256], *exact;
		struct span whole =
		    unhex(vectors[next(&seed) % VECTORS].hex, buf, sizeof(buf));
		size_t len = whole.len + next(&seed) % 4 - 2;
		struct coap_message m;

		for (unsigned n = next(&seed) % 4; n > 0; n--)
			buf[next(&seed) % whole.len] = (uint8_t)next(&seed);
		exact = malloc(len);
		assert_non_null(exact);
		memcpy(exact, buf, len);
		if (coap_decode(span_of(exact, len), &m) == RC_OK) {
			accepted++;
			same_again(span_of(exact, len), &m);
		}
		free(exact);
	}
	/* The test is about both outcomes. */
	assert_in_range(accepted, 10000, 90000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decoded_vectors),
	    cmocka_unit_test(encoded_vectors),
	    cmocka_unit_test(truncation),
	    cmocka_unit_test(option_forms),
	    cmocka_unit_test(format_errors),
	    cmocka_unit_test(versions),
	    cmocka_unit_test(many_options),
	    cmocka_unit_test(what_cannot_be_encoded),
	    cmocka_unit_test(mutation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
