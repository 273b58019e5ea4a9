#include "coap/peer_internal.h"

#include <stdlib.h>

/* Errors: RC_TOO_LARGE, RC_BUG. */
static enum rc
check(const struct coap_request *rq, size_t *path_len)
{
	if (rq->path_count > COAP_PATH_MAX)
		return RC_TOO_LARGE;
	if (!coap_is_request(rq->method) ||
	    rq->content_format < COAP_FORMAT_NONE ||
	    rq->content_format > 0xffff || rq->accept < COAP_FORMAT_NONE ||
	    rq->accept > 0xffff)
		return RC_BUG;
	*path_len = 0;
	for (size_t i = 0; i < rq->path_count; i++) {
		if (rq->path[i].len == 0)
			return RC_BUG;
		if (rq->path[i].len > COAP_SEGMENT_MAX)
			return RC_TOO_LARGE;
		*path_len += rq->path[i].len;
	}
	return RC_OK;
}

/* The blocks that follow need the path long after the caller's is gone. */
static enum rc
copy_request(struct exchange *x, const struct coap_request *rq, size_t path_len)
{
	uint8_t *at;

	x->rq = *rq;
	if (path_len == 0)
		return RC_OK;
	x->path = malloc(path_len);
	if (!x->path)
		return RC_MEMORY;
	at = x->path;
	for (size_t i = 0; i < rq->path_count; i++) {
		struct span s = rq->path[i];

		memcpy(at, s.p, s.len);
		x->rq.path[i] = span_of(at, s.len);
		at += s.len;
	}
	return RC_OK;
}

/* Add an option; `rc` keeps the first fault. */
static void
add(struct coap_message *m, uint16_t number, struct span value, enum rc *rc)
{
	if (*rc == RC_OK)
		*rc = coap_add(m, number, value);
}

/* Encode the message that the cursors stand at into x->datagram.
 * Errors: RC_FULL, RC_TOO_LARGE, RC_MEMORY. */
static enum rc
compose(struct coap_peer *p, uint64_t now_ms)
{
	struct exchange *x = &p->exchange;
	struct coap_message m = {.type = COAP_CON, .code = x->rq.method};
	uint8_t format[4], accept[4], block1[4], block2[4], size1[4];
	uint8_t buf[COAP_DATAGRAM_MAX];
	struct writer w;
	enum rc rc;

	rc = peer_mid(p, now_ms, &m.mid);
	m.token.len = COAP_TOKEN_MAX;
	p->random(p->random_ctx, m.token.bytes, COAP_TOKEN_MAX);
	m.payload = x->rq.payload;
	for (size_t i = 0; i < x->rq.path_count; i++)
		add(&m, COAP_URI_PATH, x->rq.path[i], &rc);
	if (x->rq.content_format != COAP_FORMAT_NONE)
		add(&m, COAP_CONTENT_FORMAT,
		    coap_uint((uint32_t)x->rq.content_format, format), &rc);
	if (x->rq.accept != COAP_FORMAT_NONE)
		add(&m, COAP_ACCEPT, coap_uint((uint32_t)x->rq.accept, accept),
		    &rc);
	if (x->down.started)
		add(&m, COAP_BLOCK2,
		    coap_block_encode(block_receive_next(&x->down), block2),
		    &rc);
	if (x->up.active) {
		struct coap_block b =
		    block_send_now(&x->up, x->rq.payload, &m.payload);

		add(&m, COAP_BLOCK1, coap_block_encode(b, block1), &rc);
		if (b.num == 0 && x->rq.payload.len <= UINT32_MAX)
			add(&m, COAP_SIZE1,
			    coap_uint((uint32_t)x->rq.payload.len, size1), &rc);
	}
	if (rc != RC_OK)
		return rc;
	writer_init(&w, buf, sizeof(buf));
	coap_encode(&m, &w);
	rc = w.full ? RC_TOO_LARGE : secret_set(&x->datagram, writer_span(&w));
	secret_wipe(buf, sizeof(buf));
	x->mid = m.mid;
	x->token = m.token;
	return rc;
}

static void
launch(struct coap_peer *p, uint64_t now_ms)
{
	struct exchange *x = &p->exchange;

	if (answer_in_flight(p)) {
		x->state = EXCHANGE_HELD;
		return;
	}
	x->state = EXCHANGE_SENT;
	x->send = true;
	flight_start(&x->flight, p->params, peer_random(p), now_ms);
}

/* The gathered body stays for the event. */
static void
request_close(struct exchange *x)
{
	secret_fini(&x->datagram);
	free(x->path);
	x->path = NULL;
	x->rq.payload = span_of(NULL, 0);
	flight_end(&x->flight);
	x->send = false;
	x->state = EXCHANGE_CLOSED;
}

void
request_forget_body(struct coap_peer *p)
{
	struct exchange *x = &p->exchange;

	if (x->state != EXCHANGE_CLOSED)
		return;
	free(x->down.body.buf);
	x->down = (struct block_receive){.started = false};
}

enum rc
request_start(struct coap_peer *p, const struct coap_request *rq,
    uint64_t now_ms, uint32_t *ref)
{
	struct exchange *x = &p->exchange;
	size_t path_len;
	enum rc rc;

	if (x->state != EXCHANGE_CLOSED)
		return RC_CONFLICT;
	rc = check(rq, &path_len);
	if (rc != RC_OK)
		return rc;
	request_forget_body(p);
	rc = copy_request(x, rq, path_len);
	if (rc == RC_OK)
		rc = block_send_start(&x->up, rq->payload.len, rq->block_size);
	if (rc == RC_OK)
		rc = compose(p, now_ms);
	if (rc != RC_OK) {
		request_close(x);
		return rc;
	}
	x->ref = peer_ref(p);
	*ref = x->ref;
	launch(p, now_ms);
	return RC_OK;
}

void
request_release(struct coap_peer *p, uint64_t now_ms)
{
	if (p->exchange.state == EXCHANGE_HELD)
		launch(p, now_ms);
}

bool
request_matches(const struct coap_peer *p, const struct coap_message *m)
{
	const struct exchange *x = &p->exchange;

	if (x->state != EXCHANGE_SENT && x->state != EXCHANGE_ACKED)
		return false;
	/* RFC 7252 section 5.3.2: a piggybacked response matches in both. */
	if (m->type == COAP_ACK && m->mid != x->mid)
		return false;
	return coap_token_equal(m->token, x->token);
}

static void
finish(struct coap_peer *p, struct coap_event ev)
{
	ev.ref = p->exchange.ref;
	request_close(&p->exchange);
	peer_emit(p, ev);
}

static void
fail(struct coap_peer *p, const char *why)
{
	finish(p, (struct coap_event){.kind = COAP_EVENT_FAILED, .why = why});
}

/* Room for `more` bytes, growing up to body_max and not beyond: the cursor
 * finds out. False: out of memory. */
static bool
body_room(struct writer *body, size_t more, size_t body_max)
{
	size_t need = body->len + more;
	size_t cap = body->cap * 2;
	uint8_t *buf;

	if (need <= body->cap || need > body_max)
		return true;
	if (cap < need)
		cap = need;
	if (cap > body_max)
		cap = body_max;
	buf = realloc(body->buf, cap);
	if (!buf)
		return false;
	body->buf = buf;
	body->cap = cap;
	return true;
}

/* RFC 7959 section 2.4. Only a GET is asked on: with another method the next
 * block's request would be the operation once more at a peer that ignores
 * Block2, so there the first block has to do. */
static enum block_step
gather(struct coap_peer *p, const struct coap_message *m, const char **why)
{
	struct exchange *x = &p->exchange;

	if (x->rq.method != COAP_GET || x->rq.payload.len > 0 ||
	    coap_class(m->code) >= 4)
		return BLOCK_DONE;
	if (!x->down.started &&
	    (m->code != COAP_CONTENT || !block_receive_begins(m)))
		return BLOCK_DONE;
	if (m->code != COAP_CONTENT) {
		*why = "another kind of answer in the middle of a body";
		return BLOCK_BROKEN;
	}
	if (!body_room(&x->down.body, m->payload.len, p->params->body_max)) {
		*why = "out of memory for the body";
		return BLOCK_BROKEN;
	}
	return block_receive_answer(&x->down, m, why);
}

static void
deliver(struct coap_peer *p, const struct coap_message *m)
{
	const struct exchange *x = &p->exchange;
	bool gathered = x->down.started && m->code == COAP_CONTENT;

	finish(p,
	    (struct coap_event){
		.kind = COAP_EVENT_RESPONSE,
		.message = m,
		.body = gathered ? writer_span(&x->down.body) : m->payload,
	    });
}

static void
next_block(struct coap_peer *p, uint64_t now_ms)
{
	enum rc rc = compose(p, now_ms);

	if (rc == RC_OK)
		launch(p, now_ms);
	else if (rc == RC_FULL)
		fail(p, "all MIDs were used within EXCHANGE_LIFETIME");
	else
		fail(p, "out of memory for the next block");
}

void
request_answered(
    struct coap_peer *p, const struct coap_message *m, uint64_t now_ms)
{
	struct exchange *x = &p->exchange;
	const char *why = NULL;
	enum block_step step;

	if (coap_bad_option(m)) {
		fail(p, "the answer has a critical option that is not known");
		return;
	}
	step = block_send_answer(&x->up, x->rq.payload.len, m, &why);
	if (step == BLOCK_DONE)
		step = gather(p, m, &why);
	switch (step) {
	case BLOCK_MORE:
		next_block(p, now_ms);
		break;
	case BLOCK_DONE:
		deliver(p, m);
		break;
	case BLOCK_BROKEN:
		fail(p, why);
		break;
	}
}

bool
request_acked(struct coap_peer *p, uint16_t mid, uint64_t now_ms)
{
	struct exchange *x = &p->exchange;

	if (x->state != EXCHANGE_SENT || mid != x->mid)
		return false;
	flight_end(&x->flight);
	x->send = false;
	x->state = EXCHANGE_ACKED;
	x->due_ms = time_after(now_ms, p->params->response_timeout_ms);
	return true;
}

bool
request_reset(struct coap_peer *p, uint16_t mid)
{
	struct exchange *x = &p->exchange;

	if ((x->state != EXCHANGE_SENT && x->state != EXCHANGE_ACKED) ||
	    mid != x->mid)
		return false;
	finish(p, (struct coap_event){.kind = COAP_EVENT_RESET});
	return true;
}

void
request_tick(struct coap_peer *p, uint64_t now_ms)
{
	struct exchange *x = &p->exchange;
	bool over = x->state == EXCHANGE_ACKED && now_ms >= x->due_ms;

	switch (flight_tick(&x->flight, p->params, now_ms)) {
	case FLIGHT_WAIT:
		break;
	case FLIGHT_AGAIN:
		x->send = true;
		p->counters.retransmitted++;
		break;
	case FLIGHT_OVER:
		over = true;
		break;
	}
	if (over)
		finish(p, (struct coap_event){.kind = COAP_EVENT_TIMEOUT});
}

uint64_t
request_deadline(const struct coap_peer *p)
{
	const struct exchange *x = &p->exchange;

	if (x->state == EXCHANGE_ACKED)
		return x->due_ms;
	return flight_deadline(&x->flight);
}

bool
request_output(struct coap_peer *p, struct writer *w)
{
	struct exchange *x = &p->exchange;

	if (!x->send)
		return false;
	x->send = false;
	writer_put(w, secret_expose(&x->datagram));
	return true;
}

void
request_cancel(struct coap_peer *p)
{
	request_close(&p->exchange);
	request_forget_body(p);
}
