/*
 * One input, two readings. As a datagram: whatever decodes must encode to the
 * same bytes. As a script: records of an operation, a length and data, played
 * to one peer; what it shows and sends must hold together.
 *
 *   op(1) len(2, big-endian) data(len)
 *   0  the data come in as a datagram
 *   1  the data come in behind the header of a reply to our last request:
 *      type and code are their first two bytes
 *   2  the clock goes on by the data (milliseconds), and ticks
 *   3  start a request: method, body length (2), block size (2)
 *   4  answer the oldest request that was shown: code, payload
 *   5  cancel our request
 */
#include "coap/peer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

enum { SHOWN_MAX = 16, STEPS_MAX = 4096 };

struct play {
	struct coap_peer *peer;
	uint64_t now_ms;
	uint8_t drawn;
	uint8_t head[12]; /* of our last request */
	uint32_t shown[SHOWN_MAX];
	size_t shown_count;
	bool open;
	uint32_t ref;
	unsigned sink; /* keeps the reads of what events borrow */
};

static const struct coap_params params = {
    .ack_timeout_ms = 2000,
    .ack_random_percent = 150,
    .max_retransmit = 4,
    .exchange_lifetime_ms = 247000,
    .non_lifetime_ms = 145000,
    .response_timeout_ms = 93000,
    .body_max = 4096,
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
round_trip(struct span datagram)
{
	uint8_t *buf = malloc(datagram.len + 1);
	struct coap_message m;
	struct writer w;

	MUST(buf);
	if (coap_decode(datagram, &m) == RC_OK) {
		writer_init(&w, buf, datagram.len);
		coap_encode(&m, &w);
		MUST(!w.full && span_equal(writer_span(&w), datagram));
		MUST(coap_code_name(m.code));
		(void)coap_bad_option(&m);
	}
	free(buf);
}

static void
drain_events(struct play *y)
{
	struct coap_event ev;
	unsigned events = 0;

	while (coap_peer_event(y->peer, &ev)) {
		MUST(++events == 1);
		if (ev.message) {
			for (size_t i = 0; i < ev.message->option_count; i++)
				touch(y, ev.message->options[i].value);
			touch(y, ev.message->payload);
		}
		touch(y, ev.body);
		if (ev.kind == COAP_EVENT_REQUEST) {
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
			MUST(coap_is_response(ev.message->code) &&
			    (ev.body.len <= params.body_max ||
				ev.body.p == ev.message->payload.p));
	}
}

static void
drain_output(struct play *y)
{
	uint8_t buf[COAP_DATAGRAM_MAX];
	struct coap_message m;
	unsigned count = 0;
	struct writer w;

	for (;;) {
		writer_init(&w, buf, sizeof(buf));
		if (coap_peer_output(y->peer, &w) == RC_AGAIN)
			return;
		/* A step sends an ACK and answers, and one request. */
		MUST(++count <= 32 && !w.full);
		MUST(coap_decode(writer_span(&w), &m) == RC_OK);
		MUST(!coap_bad_option(&m));
		if (coap_is_request(m.code)) {
			MUST(y->open && w.len >= sizeof(y->head));
			memcpy(y->head, buf, sizeof(y->head));
		}
	}
}

static void
receive(struct play *y, struct span datagram)
{
	uint8_t *exact = malloc(datagram.len ? datagram.len : 1);

	MUST(exact);
	if (datagram.len)
		memcpy(exact, datagram.p, datagram.len);
	round_trip(span_of(exact, datagram.len));
	coap_peer_receive(y->peer, span_of(exact, datagram.len), y->now_ms);
	drain_events(y);
	free(exact);
}

static void
reply(struct play *y, struct span data)
{
	uint8_t buf[2048];
	struct writer w;

	if (data.len < 2)
		return;
	writer_init(&w, buf, sizeof(buf));
	writer_be(&w, 0x48u | (data.p[0] & 3u) << 4, 1);
	writer_be(&w, data.p[1], 1);
	writer_put(&w, span_of(y->head + 2, 10));
	writer_put(&w, span_from(data, 2));
	if (!w.full)
		receive(y, writer_span(&w));
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
	rq.block_size = (size_t)reader_be(&r, 2);
	rc = coap_peer_request(y->peer, &rq, y->now_ms, &ref);
	MUST(rc != RC_CONFLICT || y->open);
	if (rc == RC_OK) {
		MUST(!y->open);
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
	    .max_age_s = data.len > 1 ? data.p[1] : -1,
	    .payload = span_from(data, 2),
	};

	uint32_t ref = y->shown[0];

	if (y->shown_count == 0)
		return;
	y->shown_count--;
	memmove(y->shown, y->shown + 1, y->shown_count * sizeof(*y->shown));
	/* RC_NOT_FOUND is fine: it may have been forgotten. */
	MUST(coap_peer_respond(y->peer, ref, &rs, y->now_ms) != RC_MEMORY);
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
	MUST(coap_peer_keep_until(y->peer) != TIME_NEVER);
}

static void
step(struct play *y, unsigned op, struct span data)
{
	switch (op % 6) {
	case 0:
		receive(y, data);
		break;
	case 1:
		reply(y, data);
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
	default:
		coap_peer_cancel(y->peer);
		y->open = false;
	}
	drain_output(y);
	MUST(y->open || !coap_peer_event(y->peer, &(struct coap_event){0}));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play y = {.now_ms = 1};
	struct reader r;

	round_trip(span_of(data, size));
	y.peer = coap_peer_new(&params, draw, &y);
	MUST(y.peer);
	reader_init(&r, span_of(data, size));
	for (unsigned n = 0; n < STEPS_MAX && reader_left(&r) >= 3; n++) {
		unsigned op = (unsigned)reader_be(&r, 1);
		size_t len = (size_t)reader_be(&r, 2);

		if (len > reader_left(&r))
			len = reader_left(&r);
		step(&y, op, reader_take(&r, len));
	}
	coap_peer_free(y.peer);
	return 0;
}
