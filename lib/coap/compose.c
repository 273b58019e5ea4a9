#include "coap/peer_internal.h"

#include <stdlib.h>

/* Bytes at the most that a block adds to a frame without a body: Block1, Size1,
 * the payload marker, the Extended Length. */
enum { BESIDE_BLOCK = 5 + 6 + 1 + 4 };

/* Errors: RC_TOO_LARGE, RC_BUG. */
static enum rc
check_segments(const struct span *segments, size_t count, size_t *len)
{
	for (size_t i = 0; i < count; i++) {
		if (segments[i].len == 0)
			return RC_BUG;
		if (segments[i].len > COAP_SEGMENT_MAX)
			return RC_TOO_LARGE;
		*len += segments[i].len;
	}
	return RC_OK;
}

/* Errors: RC_TOO_LARGE, RC_BUG. */
static enum rc
check(const struct coap_request *rq, size_t *len)
{
	enum rc rc;

	if (rq->path_count > COAP_PATH_MAX || rq->query_count > COAP_QUERY_MAX)
		return RC_TOO_LARGE;
	if (!coap_is_request(rq->method) ||
	    rq->content_format < COAP_FORMAT_NONE ||
	    rq->content_format > 0xffff || rq->accept < COAP_FORMAT_NONE ||
	    rq->accept > 0xffff)
		return RC_BUG;
	*len = 0;
	rc = check_segments(rq->path, rq->path_count, len);
	if (rc == RC_OK)
		rc = check_segments(rq->query, rq->query_count, len);
	return rc;
}

/* Move the segments to `at`; returns their end. */
static uint8_t *
copy_segments(struct span *segments, size_t count, uint8_t *at)
{
	for (size_t i = 0; i < count; i++) {
		memcpy(at, segments[i].p, segments[i].len);
		segments[i].p = at;
		at += segments[i].len;
	}
	return at;
}

/* The blocks that follow need the path long after the caller's is gone. */
enum rc
compose_copy(struct exchange *x, const struct coap_request *rq)
{
	size_t len;
	uint8_t *at;
	enum rc rc = check(rq, &len);

	if (rc != RC_OK)
		return rc;
	x->rq = *rq;
	if (len == 0)
		return RC_OK;
	x->path = malloc(len);
	if (!x->path)
		return RC_MEMORY;
	at = copy_segments(x->rq.path, rq->path_count, x->path);
	copy_segments(x->rq.query, rq->query_count, at);
	return RC_OK;
}

/* The values of the options of one message. */
struct scratch {
	uint8_t format[4], accept[4], block1[4], block2[4], size1[4];
};

/* Add an option; `rc` keeps the first fault. */
static void
add(struct coap_message *m, uint16_t number, struct span value, enum rc *rc)
{
	if (*rc == RC_OK)
		*rc = coap_add(m, number, value);
}

/* The message that the cursors stand at; it borrows from `x` and `s`.
 * Errors: RC_TOO_LARGE. */
static enum rc
build(const struct exchange *x, struct coap_message *m, struct scratch *s)
{
	enum rc rc = RC_OK;

	*m = (struct coap_message){
	    .type = COAP_CON,
	    .code = x->rq.method,
	    .token.len = COAP_TOKEN_MAX,
	    .payload = x->rq.payload,
	};
	for (size_t i = 0; i < x->rq.path_count; i++)
		add(m, COAP_URI_PATH, x->rq.path[i], &rc);
	if (x->rq.content_format != COAP_FORMAT_NONE)
		add(m, COAP_CONTENT_FORMAT,
		    coap_uint((uint32_t)x->rq.content_format, s->format), &rc);
	for (size_t i = 0; i < x->rq.query_count; i++)
		add(m, COAP_URI_QUERY, x->rq.query[i], &rc);
	if (x->rq.accept != COAP_FORMAT_NONE)
		add(m, COAP_ACCEPT,
		    coap_uint((uint32_t)x->rq.accept, s->accept), &rc);
	if (x->rq.echo.len > 0)
		add(m, COAP_ECHO, x->rq.echo, &rc);
	if (x->down.started)
		add(m, COAP_BLOCK2,
		    coap_block_encode(block_receive_next(&x->down), s->block2),
		    &rc);
	if (x->up.active) {
		struct coap_block b =
		    block_send_now(&x->up, x->rq.payload, &m->payload);

		add(m, COAP_BLOCK1, coap_block_encode(b, s->block1), &rc);
		if (b.num == 0 && x->rq.payload.len <= UINT32_MAX)
			add(m, COAP_SIZE1,
			    coap_uint((uint32_t)x->rq.payload.len, s->size1),
			    &rc);
	}
	return rc;
}

/* On a stream the peer has said what it takes; on datagrams it is a matter of
 * opinion, the owner's. */
enum rc
compose_blocks(struct coap_peer *p)
{
	struct exchange *x = &p->exchange;
	struct block_room room = {.whole = false};
	struct coap_message m;
	size_t max, beside;
	struct scratch s;
	enum rc rc;

	if (!p->stream)
		return block_send_start(
		    &x->up, x->rq.payload.len, x->rq.block_size);
	max = stream_send_max(p->stream);
	x->up = (struct block_send){.active = false};
	x->down.bert = stream_takes_bert(p->stream);
	rc = build(x, &m, &s);
	if (rc != RC_OK)
		return rc;
	room.whole = coap_frame_len(&m) <= max;
	room.bert = stream_sends_bert(p->stream);
	m.payload = span_of(NULL, 0);
	beside = coap_frame_len(&m) + BESIDE_BLOCK;
	if (max > beside)
		room.bytes = max - beside;
	return block_send_start_stream(&x->up, x->rq.payload.len, room);
}

/* Errors: RC_TOO_LARGE, RC_MEMORY. */
static enum rc
encode_frame(struct coap_peer *p, const struct coap_message *m)
{
	struct secret *encoded = &p->exchange.encoded;
	size_t len = coap_frame_len(m);
	struct writer w;
	enum rc rc;

	/* An answer may come before all of what it answers has left. */
	stream_let_go(p->stream, &p->exchange);
	if (len > stream_send_max(p->stream))
		return RC_TOO_LARGE;
	rc = secret_reserve(encoded, len);
	if (rc != RC_OK)
		return rc;
	writer_init(&w, encoded->bytes, len);
	coap_frame_encode(m, &w);
	encoded->len = w.len;
	return w.full ? RC_TOO_LARGE : RC_OK;
}

/* Errors: RC_TOO_LARGE, RC_MEMORY. */
static enum rc
encode_datagram(struct coap_peer *p, const struct coap_message *m)
{
	uint8_t buf[COAP_DATAGRAM_MAX];
	struct writer w;
	enum rc rc;

	writer_init(&w, buf, sizeof(buf));
	coap_encode(m, &w);
	rc = w.full ? RC_TOO_LARGE
		    : secret_set(&p->exchange.encoded, writer_span(&w));
	secret_wipe(buf, sizeof(buf));
	return rc;
}

enum rc
compose_message(struct coap_peer *p, uint64_t now_ms)
{
	struct exchange *x = &p->exchange;
	struct coap_message m;
	struct scratch s;
	enum rc rc;

	if (p->stream && stream_ends(p->stream))
		return RC_IO;
	rc = build(x, &m, &s);
	if (rc == RC_OK && !p->stream)
		rc = peer_mid(p, now_ms, &m.mid);
	if (rc != RC_OK)
		return rc;
	p->random(p->random_ctx, m.token.bytes, COAP_TOKEN_MAX);
	rc = p->stream ? encode_frame(p, &m) : encode_datagram(p, &m);
	x->mid = m.mid;
	x->token = m.token;
	return rc;
}
