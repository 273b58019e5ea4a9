/* Frames out of bytes that come in any pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "coap/inbox.h"

enum { REST_MAX = 70000, STREAM_CAP = 300000, FRAMES = 12 };

/* Frames of these payloads, one after another. */
static const size_t payloads[FRAMES] = {
    0, 1, 11, 12, 13, 267, 268, 269, 1000, 0, 65803, 65804};
static uint8_t stream[STREAM_CAP];
static size_t starts[FRAMES + 1];

static int
make_stream(void **state)
{
	static uint8_t payload[65804];
	struct writer w;

	(void)state;
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7);
	writer_init(&w, stream, sizeof(stream));
	for (size_t i = 0; i < FRAMES; i++) {
		struct coap_message m = {
		    .code = COAP_POST,
		    .token = {(uint8_t)(i % 9), {(uint8_t)i}},
		    .payload = span_of(payload, payloads[i]),
		};

		coap_frame_encode(&m, &w);
		starts[i + 1] = w.len;
	}
	return w.full;
}

/* Give the whole stream in pieces that `piece` chooses; all frames come out. */
static void
in_pieces(size_t (*piece)(uint32_t *), uint32_t seed)
{
	struct inbox in = {0};
	size_t given = 0, next = 0;
	struct span frame;
	enum rc rc;

	while (given < starts[FRAMES]) {
		size_t n = piece(&seed);
		uint8_t *exact;

		if (n > starts[FRAMES] - given)
			n = starts[FRAMES] - given;
		exact = malloc(n ? n : 1);
		assert_non_null(exact);
		memcpy(exact, stream + given, n);
		given += n;
		assert_true(inbox_put(&in, span_of(exact, n)));
		while ((rc = inbox_next(&in, REST_MAX, &frame)) == RC_OK) {
			assert_true(next < FRAMES);
			assert_true(span_equal(frame,
			    span_of(stream + starts[next],
				starts[next + 1] - starts[next])));
			next++;
			assert_true(starts[next] <= given);
		}
		assert_int_equal(rc, RC_AGAIN);
		/* not one byte later than it was whole */
		assert_true(next == FRAMES || given < starts[next + 1]);
		free(exact);
	}
	assert_int_equal(next, FRAMES);
	assert_int_equal(in.len, 0);
	inbox_fini(&in);
}

static size_t
all(uint32_t *seed)
{
	(void)seed;
	return STREAM_CAP;
}

static size_t
one(uint32_t *seed)
{
	(void)seed;
	return 1;
}

static size_t
any(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	/* often few, at times many, at times none */
	return *seed >> 30 ? (*seed >> 16) % 20 : (*seed >> 8) % 40000;
}

static void
at_once(void **state)
{
	(void)state;
	in_pieces(all, 0);
}

static void
byte_at_a_time(void **state)
{
	(void)state;
	in_pieces(one, 0);
}

static void
random_pieces(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 100; seed++)
		in_pieces(any, seed);
}

/* A frame that came whole is shown where it lies. */
static void
no_copy_without_need(void **state)
{
	struct inbox in = {0};
	struct span frame;

	(void)state;
	assert_true(inbox_put(&in, span_of(stream, starts[4] + 1)));
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(inbox_next(&in, REST_MAX, &frame), RC_OK);
		assert_ptr_equal(frame.p, stream + starts[i]);
	}
	assert_null(in.buf);
	/* Bytes that are not read yet are in the way of others. */
	assert_false(inbox_put(&in, span_of(stream, 1)));
	assert_int_equal(inbox_next(&in, REST_MAX, &frame), RC_AGAIN);
	assert_true(inbox_put(&in, span_of(stream, 0)));
	inbox_fini(&in);
	assert_null(in.buf);
}

/* A header that announces much, and then a trickle. */
static void
memory_follows_what_came(void **state)
{
	struct inbox in = {0};
	struct span frame;
	uint8_t byte = 0;

	(void)state;
	assert_true(inbox_put(&in, SPAN_LIT("\xf0\x00\x00\x00\x00\x02")));
	assert_int_equal(inbox_next(&in, REST_MAX, &frame), RC_AGAIN);
	for (size_t i = 0; i < 1000; i++) {
		assert_true(inbox_put(&in, span_of(&byte, 1)));
		assert_int_equal(inbox_next(&in, REST_MAX, &frame), RC_AGAIN);
		assert_true(in.cap <= 2 * in.len + 64);
	}
	inbox_fini(&in);
}

static void
what_cannot_be_read_on(void **state)
{
	struct inbox in = {0};
	struct span frame;

	(void)state;
	assert_true(inbox_put(&in, SPAN_LIT("\x00\xe2\x09\x00")));
	assert_int_equal(inbox_next(&in, REST_MAX, &frame), RC_OK);
	assert_int_equal(inbox_next(&in, REST_MAX, &frame), RC_MALFORMED);
	assert_int_equal(inbox_next(&in, REST_MAX, &frame), RC_MALFORMED);
	inbox_fini(&in);
	assert_true(inbox_put(&in, SPAN_LIT("\xf0\x00\x01")));
	assert_int_equal(inbox_next(&in, REST_MAX, &frame), RC_AGAIN);
	assert_true(inbox_put(&in, SPAN_LIT("\x00\x00")));
	assert_int_equal(inbox_next(&in, REST_MAX, &frame), RC_TOO_LARGE);
	inbox_fini(&in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(at_once),
	    cmocka_unit_test(byte_at_a_time),
	    cmocka_unit_test(random_pieces),
	    cmocka_unit_test(no_copy_without_need),
	    cmocka_unit_test(memory_follows_what_came),
	    cmocka_unit_test(what_cannot_be_read_on),
	};

	return cmocka_run_group_tests(tests, make_stream, NULL);
}
