/* Frames of a stream: RFC 8323 section 3.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "coap/frame.h"
#include "coap/signalling.h"

enum { NO_LIMIT = 1 << 20 };

static struct span
unhex(const char *hex, uint8_t *buf, size_t cap)
{
	struct writer w;

	writer_init(&w, buf, cap);
	assert_int_equal(text_unhex(&w, span_str(hex)), RC_OK);
	return writer_span(&w);
}

static const struct vector {
	const char *hex;
	uint8_t code;
	size_t token_len;
	size_t option_count;
	size_t payload_len;
} vectors[] = {
    {"01437f", COAP_VALID, 1, 0, 0}, /* figure 6 of the RFC */
    {"00e1", COAP_CSM, 0, 0, 0},
    {"40e122200020", COAP_CSM, 0, 2, 0},
    {"00e2", COAP_PING, 0, 0, 0},
    {"00e3", COAP_PONG, 0, 0, 0},
    {"01e242", COAP_PING, 1, 0, 0}, /* section 5.7 */
    {"01e342", COAP_PONG, 1, 0, 0},
    {"10e220", COAP_PING, 0, 1, 0}, /* Custody */
    {"40e5ff627965", COAP_ABORT, 0, 0, 3},
    {"60e4223a35ff6f6b", COAP_RELEASE, 0, 1, 2},
    {"3402a1b2c3d4b26273", COAP_POST, 4, 1, 0},
    {"0444a1b2c3d4", COAP_CHANGED, 4, 0, 0},
    {"38010102030405060708d10428", COAP_GET, 8, 1, 0},
};
enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

static void
decoded_and_encoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		uint8_t should[64], is[64];
		struct span bytes = unhex(v->hex, should, sizeof(should));
		struct coap_message m;
		struct writer w;

		assert_int_equal(coap_frame_decode(bytes, &m), RC_OK);
		assert_int_equal(m.code, v->code);
		assert_int_equal(m.type, COAP_CON);
		assert_int_equal(m.token.len, v->token_len);
		assert_int_equal(m.option_count, v->option_count);
		assert_int_equal(m.payload.len, v->payload_len);
		assert_int_equal(coap_frame_len(&m), bytes.len);
		writer_init(&w, is, bytes.len);
		coap_frame_encode(&m, &w);
		assert_false(w.full);
		assert_true(span_equal(writer_span(&w), bytes));
		/* A byte less of room is too little. */
		writer_init(&w, is, bytes.len - 1);
		coap_frame_encode(&m, &w);
		assert_true(w.full);
	}
}

/* Where the length takes another form, in both directions. */
static void
the_forms_of_the_length(void **state)
{
	static const struct {
		size_t payload_len; /* the marker is one more */
		const char *head; /* up to the code */
	} cases[] = {
	    {0, "0002"},
	    {1, "2002"},
	    {11, "c002"},
	    {12, "d00002"},
	    {267, "d0ff02"},
	    {268, "e0000002"},
	    {269, "e0000102"},
	    {65803, "e0ffff02"},
	    {65804, "f00000000002"},
	    {65805, "f00000000102"},
	    {131340, "f00001000002"},
	};
	static uint8_t payload[131340], buf[131400];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t head[8];
		struct span should = unhex(cases[i].head, head, sizeof(head));
		struct coap_message in,
		    out = {
			.code = COAP_POST,
			.payload = span_of(payload, cases[i].payload_len),
		    };
		size_t rest = out.payload.len ? 1 + out.payload.len : 0;
		struct writer w;
		size_t len;

		writer_init(&w, buf, sizeof(buf));
		coap_frame_encode(&out, &w);
		assert_false(w.full);
		assert_true(span_starts(writer_span(&w), should));
		assert_int_equal(w.len, should.len + rest);
		assert_int_equal(coap_frame_len(&out), w.len);
		for (size_t n = 0; n < should.len; n++) {
			enum rc rc =
			    coap_frame_measure(span_of(buf, n), rest, &len);

			if (rc == RC_AGAIN)
				assert_true(len > n && len <= should.len);
			else
				assert_int_equal(rc, RC_OK);
		}
		assert_int_equal(
		    coap_frame_measure(writer_span(&w), rest, &len), RC_OK);
		assert_int_equal(len, w.len);
		if (rest > 0)
			assert_int_equal(
			    coap_frame_measure(
				span_of(buf, should.len), rest - 1, &len),
			    RC_TOO_LARGE);
		assert_int_equal(
		    coap_frame_decode(writer_span(&w), &in), RC_OK);
		assert_int_equal(in.payload.len, out.payload.len);
	}
}

/* Each byte that is missing is missed, none is asked for in vain. */
static void
measured_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		uint8_t buf[64];
		struct span bytes = unhex(vectors[i].hex, buf, sizeof(buf));
		size_t len = 0;

		for (size_t n = 0; n <= bytes.len; n++) {
			uint8_t *exact = malloc(n ? n : 1);
			enum rc rc;

			assert_non_null(exact);
			memcpy(exact, buf, n);
			rc = coap_frame_measure(
			    span_of(exact, n), NO_LIMIT, &len);
			free(exact);
			assert_true(rc == RC_OK || (rc == RC_AGAIN && n < 2));
			assert_true(len <= bytes.len);
			assert_true(n == bytes.len || len > n || rc == RC_OK);
		}
		assert_int_equal(len, bytes.len);
	}
}

static void
too_large_is_known_from_the_header(void **state)
{
	size_t len;

	(void)state;
	/* 4 GiB and more, of which nothing has come. */
	assert_int_equal(coap_frame_measure(
			     SPAN_LIT("\xf0\xff\xff\xff\xff"), NO_LIMIT, &len),
	    RC_TOO_LARGE);
	assert_int_equal(
	    coap_frame_measure(SPAN_LIT("\xf0\xff\xff\xff"), NO_LIMIT, &len),
	    RC_AGAIN);
	assert_int_equal(len, 5);
	assert_int_equal(
	    coap_frame_measure(SPAN_LIT("\xd0\x00"), 13, &len), RC_OK);
	assert_int_equal(
	    coap_frame_measure(SPAN_LIT("\xd0\x00"), 12, &len), RC_TOO_LARGE);
	assert_int_equal(
	    coap_frame_measure(SPAN_LIT("\x10"), 0, &len), RC_TOO_LARGE);
}

static void
malformed(void **state)
{
	static const char *const frames[] = {
	    "0901010203040506070809", /* token of 9 bytes */
	    "0e01",
	    "0f01",
	    "1001ff", /* a marker and nothing behind it */
	    "2001b2ff", /* an option that ends behind the frame */
	    "1001d1", /* its delta does not come */
	    "2001d104",
	    "1001f0", /* reserved nibbles */
	    "10010f",
	    "3001e0fffee0fffe", /* longer than it says */
	    "6001e0fffee0fffe", /* numbers beyond 65535 */
	    "20e122", /* shorter than it says */
	    "10e1",
	    "00",
	    "",
	};
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		uint8_t buf[64];
		struct coap_message m;

		if (coap_frame_decode(unhex(frames[i], buf, sizeof(buf)), &m) !=
		    RC_MALFORMED)
			fail_msg("not malformed: %s", frames[i]);
	}
	for (unsigned tkl = 9; tkl < 16; tkl++) {
		uint8_t first = (uint8_t)(0xf0 | tkl);

		assert_int_equal(
		    coap_frame_measure(span_of(&first, 1), NO_LIMIT, &len),
		    RC_MALFORMED);
	}
}

/* RFC 8323 section 3.4: ignored, so nothing in it can be wrong. */
static void
empty_messages_may_hold_anything(void **state)
{
	static const char *const frames[] = {
	    "0000", "08000102030405060708", "1000ff", "2000f0f0"};

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		uint8_t buf[64];
		struct coap_message m;

		assert_int_equal(
		    coap_frame_decode(unhex(frames[i], buf, sizeof(buf)), &m),
		    RC_OK);
		assert_int_equal(m.code, COAP_EMPTY);
		assert_int_equal(m.option_count, 0);
	}
}

static void
many_options(void **state)
{
	struct coap_message m;
	size_t count;

	(void)state;
	/* Uri-Path, then as many empty ones behind it. */
	for (count = COAP_OPTIONS_MAX - 1; count <= COAP_OPTIONS_MAX; count++) {
		uint8_t buf[128];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		writer_be(&w, 0xd3, 1);
		writer_be(&w, count + 1 - 13, 1);
		writer_be(&w, COAP_GET, 1);
		writer_be(&w, 0x070707, 3);
		writer_be(&w, 0xb0, 1);
		for (size_t i = 0; i < count; i++)
			writer_be(&w, 0, 1);
		assert_int_equal(coap_frame_decode(writer_span(&w), &m),
		    count < COAP_OPTIONS_MAX ? RC_OK : RC_TOO_LARGE);
		assert_int_equal(m.code, COAP_GET);
		assert_int_equal(m.token.len, 3);
		assert_int_equal(m.option_count, COAP_OPTIONS_MAX);
	}
}

static void
what_cannot_be_encoded(void **state)
{
	struct coap_message m = {.code = COAP_GET, .token.len = 9};
	uint8_t buf[64];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	coap_frame_encode(&m, &w);
	assert_true(w.full);
	m = (struct coap_message){
	    .code = COAP_GET,
	    .option_count = 2,
	    .options = {{COAP_ACCEPT, {NULL, 0}}, {COAP_URI_PATH, {NULL, 0}}},
	};
	writer_init(&w, buf, sizeof(buf));
	coap_frame_encode(&m, &w);
	assert_true(w.full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decoded_and_encoded),
	    cmocka_unit_test(the_forms_of_the_length),
	    cmocka_unit_test(measured_byte_by_byte),
	    cmocka_unit_test(too_large_is_known_from_the_header),
	    cmocka_unit_test(malformed),
	    cmocka_unit_test(empty_messages_may_hold_anything),
	    cmocka_unit_test(many_options),
	    cmocka_unit_test(what_cannot_be_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
