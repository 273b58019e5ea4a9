#include "coap/peer_internal.h"

#include <stdlib.h>

static void
launch(struct coap_peer *p, uint64_t now_ms)
{
	struct exchange *x = &p->exchange;
	uint32_t timeout_ms = p->params->response_timeout_ms;

	if (p->stream) {
		if (x->rq.timeout_ms)
			timeout_ms = x->rq.timeout_ms;
		x->state = EXCHANGE_ACKED;
		x->send = true;
		x->due_ms = time_after(now_ms, timeout_ms);
		return;
	}
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
request_close(struct coap_peer *p)
{
	struct exchange *x = &p->exchange;

	if (p->stream)
		stream_let_go(p->stream, x);
	secret_fini(&x->encoded);
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
	enum rc rc;

	if (x->state != EXCHANGE_CLOSED)
		return RC_CONFLICT;
	request_forget_body(p);
	rc = compose_copy(x, rq);
	if (rc == RC_OK)
		rc = compose_blocks(p);
	if (rc == RC_OK)
		rc = compose_message(p, now_ms);
	if (rc != RC_OK) {
		request_close(p);
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
	request_close(p);
	peer_emit(p, ev);
}

void
request_fail(struct coap_peer *p, const char *why, bool gone)
{
	if (p->exchange.state == EXCHANGE_CLOSED)
		return;
	finish(p,
	    (struct coap_event){
		.kind = COAP_EVENT_FAILED,
		.why = why,
		.gone = gone,
	    });
}

static void
fail(struct coap_peer *p, const char *why)
{
	request_fail(p, why, false);
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
	enum rc rc = compose_message(p, now_ms);

	if (rc == RC_OK)
		launch(p, now_ms);
	else if (rc == RC_FULL)
		fail(p, "all MIDs were used within EXCHANGE_LIFETIME");
	else if (rc == RC_IO)
		request_fail(p, "the connection ends between two blocks", true);
	else if (rc == RC_TOO_LARGE)
		fail(p, "the peer takes no message of a block's size");
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
	writer_put(w, secret_expose(&x->encoded));
	return true;
}

void
request_cancel(struct coap_peer *p)
{
	request_close(p);
	request_forget_body(p);
}
