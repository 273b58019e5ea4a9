#include "coap/peer_internal.h"

#include <stdlib.h>

const struct coap_stream_params coap_stream_params_default = {
    .message_max = 16384,
    .send_max = 16384,
    .queue_max = 16384,
    .csm_timeout_ms = 10000,
    .idle_ms = 60000,
    .pong_timeout_ms = 30000,
    .release_timeout_ms = 5000,
};

static struct coap_capabilities
ours(const struct stream *s)
{
	return (struct coap_capabilities){
	    .message_max = s->params->message_max,
	    .block_wise = true,
	};
}

struct stream *
stream_new(const struct coap_stream_params *params, uint64_t now_ms)
{
	struct stream *s = calloc(1, sizeof(*s));
	uint8_t scratch[COAP_SIGNAL_SCRATCH];
	struct coap_message csm;

	if (!s)
		return NULL;
	s->params = params;
	s->peer = coap_capabilities_base();
	s->now_ms = now_ms;
	s->began_ms = now_ms;
	s->heard_ms = now_ms;
	outbox_init(&s->out, params->queue_max);
	/* RFC 8323 section 3.3: ours need not wait for the peer's. */
	coap_csm_make(&csm, ours(s), scratch);
	if (outbox_put(&s->out, &csm) != RC_OK) {
		stream_free(s);
		return NULL;
	}
	return s;
}

void
stream_free(struct stream *s)
{
	if (!s)
		return;
	inbox_fini(&s->in);
	outbox_fini(&s->out);
	secret_fini(&s->tail);
	free(s);
}

size_t
stream_send_max(const struct stream *s)
{
	size_t max = s->params->send_max;

	if (max > SECRET_MAX)
		max = SECRET_MAX;
	return s->peer.message_max < max ? s->peer.message_max : max;
}

bool
stream_takes_bert(const struct stream *s)
{
	return coap_capabilities_bert(ours(s));
}

bool
stream_sends_bert(const struct stream *s)
{
	return coap_capabilities_bert(s->peer) && stream_takes_bert(s);
}

void
stream_let_go(struct stream *s, struct exchange *x)
{
	if (s->sent > 0 && s->sent < x->encoded.len) {
		secret_move(&s->tail, &x->encoded);
		s->tail_sent = s->sent;
	}
	s->sent = 0;
	x->send = false;
}

void
stream_put(struct coap_peer *p, const struct coap_message *m)
{
	const char *why = "more is asked than is read of the answers";
	enum rc rc = outbox_put(&p->stream->out, m);

	if (rc == RC_OK) {
		p->counters.sent++;
		return;
	}
	if (rc == RC_MEMORY)
		why = "out of memory for an answer";
	stream_abort(p, COAP_END_FAULT, why, COAP_ABORT_NO_OPTION);
}

bool
stream_asked(const struct stream *s)
{
	for (size_t i = 0; i < ANSWERS_OPEN_MAX; i++) {
		if (s->asked[i].ref != 0)
			return true;
	}
	return false;
}

/* Answer p->in at once, without the owner. */
static void
refuse(struct coap_peer *p, uint8_t code)
{
	static const uint8_t busy_s = ANSWER_BUSY_S;
	struct coap_message m = {.code = code, .token = p->in.token};

	if (code == COAP_UNAVAILABLE) {
		m.options[0] = (struct coap_option){
		    COAP_MAX_AGE, span_of(&busy_s, sizeof(busy_s))};
		m.option_count = 1;
	}
	stream_put(p, &m);
}

/* RFC 7252 sections 5.4.1 and 5.7.2. COAP_EMPTY: nothing speaks against it. */
static uint8_t
verdict(const struct coap_peer *p, enum rc rc)
{
	const struct coap_option *bad = coap_bad_option(&p->in);

	if (stream_ends(p->stream))
		return COAP_UNAVAILABLE;
	if (bad &&
	    (bad->number == COAP_PROXY_URI || bad->number == COAP_PROXY_SCHEME))
		return COAP_NO_PROXYING;
	return bad || rc == RC_TOO_LARGE ? COAP_BAD_OPTION : COAP_EMPTY;
}

static void
take_request(struct coap_peer *p, enum rc rc)
{
	uint8_t refusal = verdict(p, rc);
	struct stream_request *place = NULL;

	for (size_t i = 0; i < ANSWERS_OPEN_MAX && !place; i++) {
		if (p->stream->asked[i].ref == 0)
			place = &p->stream->asked[i];
	}
	if (refusal == COAP_EMPTY && !place)
		refusal = COAP_UNAVAILABLE;
	if (refusal != COAP_EMPTY) {
		refuse(p, refusal);
		return;
	}
	place->ref = peer_ref(p);
	place->token = p->in.token;
	peer_emit(p,
	    (struct coap_event){
		.kind = COAP_EVENT_REQUEST,
		.ref = place->ref,
		.message = &p->in,
		.body = p->in.payload,
	    });
}

/* One that nobody waits for may be the answer to a request that was cancelled
 * or has timed out: it is no fault. */
static void
take_response(struct coap_peer *p, enum rc rc)
{
	if (!request_matches(p, &p->in))
		return;
	if (rc == RC_TOO_LARGE)
		request_fail(
		    p, "the answer has more options than we take", false);
	else
		request_answered(p, &p->in, p->stream->now_ms);
}

static void
fault(struct coap_peer *p, const char *why)
{
	p->counters.malformed++;
	stream_abort(p, COAP_END_FAULT, why, COAP_ABORT_NO_OPTION);
}

static void
take_message(struct coap_peer *p, struct span frame)
{
	struct stream *s = p->stream;
	enum rc rc = coap_frame_decode(frame, &p->in);

	p->counters.received++;
	s->heard_ms = s->now_ms;
	s->pinged = false;
	if (p->in.code == COAP_EMPTY)
		return; /* RFC 8323 section 3.4: whatever it holds */
	if (rc == RC_MALFORMED)
		fault(p, "a message with a format error");
	else if (!s->heard_csm && p->in.code != COAP_CSM)
		fault(p, "the first message is not a CSM");
	else if (coap_is_signal(p->in.code))
		stream_signal(p, rc);
	else if (coap_is_request(p->in.code))
		take_request(p, rc);
	else if (coap_is_response(p->in.code))
		take_response(p, rc);
	else
		fault(p, "a message of a reserved code class");
}

void
stream_receive(struct coap_peer *p, struct span bytes, uint64_t now_ms)
{
	struct stream *s = p->stream;

	s->now_ms = now_ms;
	if (stream_over(p))
		return;
	/* What an event has borrowed ends here. */
	if (p->event.message)
		p->event_waits = false;
	if (!inbox_put(&s->in, bytes))
		stream_abort(p, COAP_END_FAULT, "input was lost here",
		    COAP_ABORT_NO_OPTION);
}

void
stream_read(struct coap_peer *p)
{
	struct stream *s = p->stream;
	struct span frame;

	while (!p->event_waits && !stream_over(p)) {
		enum rc rc = inbox_next(&s->in, s->params->message_max, &frame);

		if (rc == RC_AGAIN)
			return;
		request_forget_body(p);
		if (rc == RC_OK)
			take_message(p, frame);
		else if (rc == RC_TOO_LARGE)
			fault(p, "a message above Max-Message-Size");
		else if (rc == RC_MALFORMED)
			fault(p, "a token of more than 8 bytes");
		else
			fault(p, "out of memory for a message");
	}
}

void
stream_tick(struct coap_peer *p, uint64_t now_ms)
{
	p->stream->now_ms = now_ms;
	request_tick(p, now_ms);
	stream_end_tick(p);
}

uint64_t
stream_deadline(const struct coap_peer *p)
{
	uint64_t a = request_deadline(p);
	uint64_t b = stream_end_deadline(p);

	return a < b ? a : b;
}

enum rc
stream_respond(
    struct coap_peer *p, uint32_t ref, const struct coap_response *rs)
{
	struct stream *s = p->stream;
	struct stream_request *asked = NULL;
	uint8_t scratch[ANSWER_SCRATCH];
	struct coap_message m = {0};
	enum rc rc;

	for (size_t i = 0; i < ANSWERS_OPEN_MAX && !asked; i++) {
		if (ref != 0 && s->asked[i].ref == ref)
			asked = &s->asked[i];
	}
	if (!asked)
		return RC_NOT_FOUND;
	m.token = asked->token;
	rc = answer_make(&m, rs, scratch);
	if (rc == RC_OK && coap_frame_len(&m) > s->peer.message_max)
		rc = RC_TOO_LARGE;
	if (rc == RC_OK)
		rc = outbox_put(&s->out, &m);
	if (rc != RC_OK)
		return rc;
	p->counters.sent++;
	asked->ref = 0;
	if (!stream_asked(s))
		stream_custody(p);
	return RC_OK;
}

/* Append what is left of `bytes` behind `*sent`. True: that was all. */
static bool
take(struct writer *w, struct span bytes, size_t *sent)
{
	struct span left = span_from(bytes, *sent);

	if (left.len > w->cap - w->len)
		left.len = w->cap - w->len;
	writer_put(w, left);
	*sent += left.len;
	return *sent == bytes.len;
}

/* Messages leave whole and in the order of their making, but what waits here
 * goes ahead of a request of ours that has not begun: answers do. */
enum rc
stream_output(struct coap_peer *p, struct writer *w)
{
	struct stream *s = p->stream;
	struct exchange *x = &p->exchange;
	size_t before = w->len;

	if (w->full || w->len == w->cap)
		return RC_TOO_LARGE;
	if (s->tail.len > 0 && take(w, secret_expose(&s->tail), &s->tail_sent))
		secret_fini(&s->tail);
	if (s->tail.len == 0 && s->sent == 0)
		outbox_take(&s->out, w);
	if (s->tail.len == 0 && x->send && (s->sent > 0 || s->out.len == 0) &&
	    take(w, secret_expose(&x->encoded), &s->sent)) {
		x->send = false;
		s->sent = 0;
		p->counters.sent++;
		secret_fini(&x->encoded);
		outbox_take(&s->out, w);
	}
	return w->len > before ? RC_OK : RC_AGAIN;
}
