/*
 * One input, two readings. As one frame of a stream: what decodes must encode
 * to the same bytes. As a script: records of an operation, a length and data,
 * played to one peer on a connection; what it shows and sends must hold
 * together.
 *
 *   op(1) len(2, big-endian) data(len)
 *   0  the data come in as they are
 *   1  the data come in as a reply to our last request: its code, then options
 *      and payload, in a frame of the right length
 *   2  the clock goes on by the data (milliseconds), and ticks
 *   3  start a request: method, body length (2)
 *   4  answer the oldest request that was shown: code, payload
 *   5  cancel our request
 *   6  read what waits to be sent, at most as many bytes as the data say
 *   7  end it: Release, Abort, closed
 *   8  the data come in as a message: code, length of the token, token, options
 *      and payload
 */
#include "coap/frame.h"
#include "coap/peer.h"
#include "coap/signalling.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

enum {
	SHOWN_MAX = 16,
	STEPS_MAX = 4096,
	LIMIT = 2048, /* of messages each way, and of the queue */
	ABORT_MAX = 160, /* bytes */
};

struct play {
	struct coap_peer *peer;
	uint64_t now_ms;
	uint8_t drawn;
	struct coap_token token; /* of our last request */
	uint32_t shown[SHOWN_MAX];
	size_t shown_count;
	bool open, final, aborted;
	bool cut; /* nothing goes out any more, whatever has begun */
	uint32_t ref;
	uint8_t heard[2 * LIMIT + 64]; /* of a frame, not yet whole */
	size_t heard_len;
	unsigned sink; /* keeps the reads of what events borrow */
};

static const struct coap_params params = {
    .response_timeout_ms = 93000,
    .body_max = 4096,
};

static const struct coap_stream_params stream_params = {
    .message_max = LIMIT,
    .send_max = LIMIT,
    .queue_max = LIMIT,
    .csm_timeout_ms = 10000,
    .idle_ms = 60000,
    .pong_timeout_ms = 30000,
    .release_timeout_ms = 5000,
};

static uint8_t body[0xffff];

static void
draw(void *ctx, void *out, size_t len)
{
	struct play *y = ctx;

	memset(out, 0, len);
	*(uint8_t *)out = ++y->drawn;
}

static void
touch(struct play *y, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		y->sink += s.p[i];
}

static void
round_trip(struct span frame)
{
	uint8_t *buf = malloc(frame.len + 1);
	struct coap_message m;
	struct writer w;
	size_t len;

	MUST(buf);
	if (coap_frame_decode(frame, &m) == RC_OK && m.code != COAP_EMPTY) {
		MUST(coap_frame_measure(frame, frame.len, &len) == RC_OK);
		MUST(len == frame.len && coap_frame_len(&m) == len);
		writer_init(&w, buf, frame.len);
		coap_frame_encode(&m, &w);
		MUST(!w.full && span_equal(writer_span(&w), frame));
		(void)coap_signal_bad_option(&m);
	}
	free(buf);
}

static void
drain_events(struct play *y)
{
	struct coap_event ev;

	while (coap_peer_event(y->peer, &ev)) {
		if (ev.message) {
			for (size_t i = 0; i < ev.message->option_count; i++)
				touch(y, ev.message->options[i].value);
			touch(y, ev.message->payload);
		}
		touch(y, ev.body);
		if (ev.kind == COAP_EVENT_REQUEST) {
			MUST(!y->final);
			MUST(coap_is_request(ev.message->code));
			if (y->shown_count < SHOWN_MAX)
				y->shown[y->shown_count++] = ev.ref;
			continue;
		}
		MUST(y->open && ev.ref == y->ref);
		y->open = false;
		MUST((ev.kind == COAP_EVENT_FAILED) == (ev.why != NULL));
		MUST((ev.kind == COAP_EVENT_RESPONSE) == (ev.message != NULL));
		if (ev.kind == COAP_EVENT_RESPONSE)
			MUST(coap_is_response(ev.message->code));
	}
}

/* The peer's own bytes are frames, one after another. */
static void
hear(struct play *y, struct span bytes)
{
	struct coap_message m;
	size_t len;

	MUST(bytes.len <= sizeof(y->heard) - y->heard_len);
	memcpy(y->heard + y->heard_len, bytes.p, bytes.len);
	y->heard_len += bytes.len;
	while (coap_frame_measure(
		   span_of(y->heard, y->heard_len), LIMIT, &len) == RC_OK &&
	    len <= y->heard_len) {
		MUST(!y->aborted);
		MUST(coap_frame_decode(span_of(y->heard, len), &m) == RC_OK);
		y->aborted = m.code == COAP_ABORT;
		if (coap_is_request(m.code))
			y->token = m.token;
		y->heard_len -= len;
		memmove(y->heard, y->heard + len, y->heard_len);
	}
}

static void
drain_output(struct play *y, size_t most)
{
	uint8_t buf[LIMIT];
	size_t total = 0;
	struct writer w;

	while (total < most) {
		size_t n = most - total;

		writer_init(&w, buf, n < sizeof(buf) ? n : sizeof(buf));
		if (coap_peer_output(y->peer, &w) != RC_OK)
			break;
		MUST(w.len > 0 && !w.full);
		total += w.len;
		hear(y, writer_span(&w));
	}
	/* Whatever was asked of it: no more than this has waited. */
	MUST(total <= 3 * LIMIT + ABORT_MAX);
}

static void
receive(struct play *y, struct span bytes)
{
	uint8_t *exact = malloc(bytes.len ? bytes.len : 1);

	MUST(exact);
	if (bytes.len)
		memcpy(exact, bytes.p, bytes.len);
	round_trip(span_of(exact, bytes.len));
	coap_peer_receive(y->peer, span_of(exact, bytes.len), y->now_ms);
	drain_events(y);
	free(exact);
}

/* A frame of the right length around `rest`. */
static void
receive_frame(
    struct play *y, uint8_t code, struct coap_token token, struct span rest)
{
	uint8_t buf[LIMIT + 64];
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	if (rest.len < 13)
		writer_be(&w, rest.len << 4 | token.len, 1);
	else if (rest.len < 269)
		writer_be(
		    &w, (size_t)(0xd0 | token.len) << 8 | (rest.len - 13), 2);
	else
		writer_be(
		    &w, (size_t)(0xe0 | token.len) << 16 | (rest.len - 269), 3);
	writer_be(&w, code, 1);
	writer_put(&w, span_of(token.bytes, token.len));
	writer_put(&w, rest);
	if (!w.full)
		receive(y, writer_span(&w));
}

static void
message(struct play *y, struct span data)
{
	struct coap_token token = {0};
	struct reader r;
	struct span s;
	uint8_t code;

	reader_init(&r, data);
	code = (uint8_t)reader_be(&r, 1);
	s = reader_take(&r, (size_t)reader_be(&r, 1) % (COAP_TOKEN_MAX + 1));
	if (r.bad)
		return;
	token.len = (uint8_t)s.len;
	if (s.len)
		memcpy(token.bytes, s.p, s.len);
	receive_frame(y, code, token, reader_rest(&r));
}

static void
start(struct play *y, struct span data)
{
	struct reader r;
	struct coap_request rq = {
	    .path = {SPAN_LIT("1"), SPAN_LIT("0")},
	    .path_count = 2,
	    .content_format = 11542,
	    .accept = COAP_FORMAT_NONE,
	};
	enum rc rc;
	uint32_t ref;

	reader_init(&r, data);
	rq.method = (uint8_t)(reader_be(&r, 1) % 5);
	rq.payload = span_of(body, (size_t)reader_be(&r, 2));
	rc = coap_peer_request(y->peer, &rq, y->now_ms, &ref);
	MUST(rc != RC_CONFLICT || y->open);
	if (rc == RC_OK) {
		MUST(!y->open && !y->final);
		y->open = true;
		y->ref = ref;
	}
}

static void
respond(struct play *y, struct span data)
{
	struct coap_response rs = {
	    .code = data.len ? data.p[0] : COAP_CHANGED,
	    .content_format = COAP_FORMAT_NONE,
	    .max_age_s = -1,
	    .payload = span_from(data, 1),
	};
	uint32_t ref = y->shown[0];

	if (y->shown_count == 0)
		return;
	y->shown_count--;
	memmove(y->shown, y->shown + 1, y->shown_count * sizeof(*y->shown));
	MUST(coap_peer_respond(y->peer, ref, &rs, y->now_ms) != RC_MEMORY);
	drain_events(y);
}

static void
wait(struct play *y, struct span data)
{
	struct reader r;

	reader_init(&r, data);
	y->now_ms += reader_be(&r, data.len > 4 ? 4 : data.len);
	coap_peer_tick(y->peer, y->now_ms);
	drain_events(y);
	MUST(coap_peer_deadline(y->peer) > y->now_ms);
}

static void
end(struct play *y, struct span data)
{
	unsigned how = data.len ? data.p[0] : 0;

	if (how % 3 == 0)
		coap_peer_release(y->peer, how, y->now_ms);
	else if (how % 3 == 1)
		coap_peer_abort(y->peer, "as it pleases us", y->now_ms);
	else
		coap_peer_closed(y->peer, y->now_ms);
	y->cut = y->cut || how % 3 == 2;
	drain_events(y);
}

static void
step(struct play *y, unsigned op, struct span data)
{
	struct coap_end e;
	struct reader r;

	switch (op % 9) {
	case 0:
		receive(y, data);
		break;
	case 1:
		if (data.len > 0)
			receive_frame(
			    y, data.p[0], y->token, span_from(data, 1));
		break;
	case 2:
		wait(y, data);
		break;
	case 3:
		start(y, data);
		break;
	case 4:
		respond(y, data);
		break;
	case 5:
		coap_peer_cancel(y->peer);
		y->open = false;
		break;
	case 6:
		reader_init(&r, data);
		drain_output(
		    y, (size_t)reader_be(&r, data.len > 2 ? 2 : data.len));
		break;
	case 7:
		end(y, data);
		break;
	default:
		message(y, data);
	}
	e = coap_peer_end(y->peer);
	MUST(e.final || !y->final); /* it never comes back */
	MUST((e.kind == COAP_END_NONE) == (e.why == NULL));
	y->final = e.final;
	MUST(!y->final || !y->open);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct play y;
	struct reader r;

	memset(&y, 0, sizeof(y));
	y.now_ms = 1;
	round_trip(span_of(data, size));
	y.peer = coap_peer_new_stream(&params, &stream_params, draw, &y, 1);
	MUST(y.peer);
	reader_init(&r, span_of(data, size));
	for (unsigned n = 0; n < STEPS_MAX && reader_left(&r) >= 3; n++) {
		unsigned op = (unsigned)reader_be(&r, 1);
		size_t len = (size_t)reader_be(&r, 2);

		if (len > reader_left(&r))
			len = reader_left(&r);
		step(&y, op, reader_take(&r, len));
	}
	drain_output(&y, SIZE_MAX);
	MUST(y.heard_len == 0 || y.cut ||
	    coap_peer_end(y.peer).kind == COAP_END_ABORTED);
	coap_peer_free(y.peer);
	return 0;
}
