#include "coap/peer_internal.h"

#include <stdlib.h>

const struct coap_params coap_params_default = {
    .ack_timeout_ms = 2000,
    .ack_random_percent = 150,
    .max_retransmit = 4,
    .exchange_lifetime_ms = 247000,
    .non_lifetime_ms = 145000,
    .response_timeout_ms = 93000,
    .body_max = 16384,
};

struct coap_peer *
coap_peer_new(
    const struct coap_params *params, coap_random_fn random, void *random_ctx)
{
	struct coap_peer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->params = params;
	p->random = random;
	p->random_ctx = random_ctx;
	random(random_ctx, &p->mids.next, sizeof(p->mids.next));
	return p;
}

struct coap_peer *
coap_peer_new_stream(const struct coap_params *params,
    const struct coap_stream_params *stream, coap_random_fn random,
    void *random_ctx, uint64_t now_ms)
{
	struct coap_peer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->params = params;
	p->random = random;
	p->random_ctx = random_ctx;
	p->stream = stream_new(stream, now_ms);
	if (!p->stream) {
		free(p);
		return NULL;
	}
	p->counters.sent = 1; /* the CSM */
	return p;
}

void
coap_peer_free(struct coap_peer *p)
{
	if (!p)
		return;
	request_cancel(p);
	answer_fini(p);
	stream_free(p->stream);
	free(p);
}

enum rc
peer_mid(struct coap_peer *p, uint64_t now_ms, uint16_t *mid)
{
	struct mids *m = &p->mids;
	unsigned half = m->next >> 15;

	if ((m->next & 0x7fff) == 0 && m->used[half] &&
	    !time_over(
		m->last_ms[half], p->params->exchange_lifetime_ms, now_ms))
		return RC_FULL;
	m->used[half] = true;
	m->last_ms[half] = now_ms;
	*mid = m->next++;
	return RC_OK;
}

uint32_t
peer_random(struct coap_peer *p)
{
	uint32_t v;

	p->random(p->random_ctx, &v, sizeof(v));
	return v;
}

uint32_t
peer_ref(struct coap_peer *p)
{
	p->last_ref++;
	if (p->last_ref == 0)
		p->last_ref++;
	return p->last_ref;
}

void
peer_note(struct coap_peer *p, const struct coap_message *m)
{
	struct note *n;
	struct writer w;

	if (p->note_count == NOTES_MAX)
		return;
	n = &p->notes[(p->note_first + p->note_count) % NOTES_MAX];
	writer_init(&w, n->bytes, sizeof(n->bytes));
	coap_encode(m, &w);
	if (w.full)
		return;
	n->len = w.len;
	p->note_count++;
}

void
peer_note_empty(struct coap_peer *p, enum coap_type type, uint16_t mid)
{
	peer_note(p, &(struct coap_message){.type = type, .mid = mid});
}

void
peer_emit(struct coap_peer *p, struct coap_event ev)
{
	p->event = ev;
	p->event_waits = true;
}

/* RFC 7252 section 4.2: a CON that cannot be processed is rejected with RST;
 * 4.3: anything else in silence. */
static void
reject(struct coap_peer *p, enum coap_type type, uint16_t mid)
{
	if (type == COAP_CON)
		peer_note_empty(p, COAP_RST, mid);
}

/* Answer a CON request at once, without the owner. Not remembered: what led
 * to it is there to be judged again. NON requests get nothing. */
static void
refuse(struct coap_peer *p, uint8_t code)
{
	static const uint8_t busy_s = ANSWER_BUSY_S;
	struct coap_message m = {
	    .type = COAP_ACK,
	    .code = code,
	    .mid = p->in.mid,
	    .token = p->in.token,
	};

	if (p->in.type != COAP_CON)
		return;
	if (code == COAP_UNAVAILABLE) {
		m.options[0] = (struct coap_option){
		    COAP_MAX_AGE, span_of(&busy_s, sizeof(busy_s))};
		m.option_count = 1;
	}
	peer_note(p, &m);
}

static void
receive_request(struct coap_peer *p, uint64_t now_ms)
{
	const struct coap_option *bad;
	uint32_t ref;

	/* RFC 7252 section 4.2: ACK and RST never carry a request. */
	if (p->in.type != COAP_CON && p->in.type != COAP_NON)
		return;
	if (answer_duplicate(p, &p->in, now_ms)) {
		p->counters.duplicate++;
		return;
	}
	bad = coap_bad_option(&p->in);
	if (bad) {
		/* RFC 7252 sections 5.4.1 and 5.7.2. */
		bool proxy = bad->number == COAP_PROXY_URI ||
		    bad->number == COAP_PROXY_SCHEME;

		refuse(p, proxy ? COAP_NO_PROXYING : COAP_BAD_OPTION);
		return;
	}
	ref = answer_open(p, &p->in, now_ms);
	if (ref == 0) {
		refuse(p, COAP_UNAVAILABLE);
		return;
	}
	peer_emit(p,
	    (struct coap_event){
		.kind = COAP_EVENT_REQUEST,
		.ref = ref,
		.message = &p->in,
		.body = p->in.payload,
	    });
}

static void
receive_response(struct coap_peer *p, uint64_t now_ms)
{
	if (p->in.type == COAP_RST)
		return;
	if (!request_matches(p, &p->in)) {
		if (p->in.type != COAP_CON)
			return;
		if (answer_ack_again(p, &p->in, now_ms))
			p->counters.duplicate++;
		else
			reject(p, p->in.type, p->in.mid);
		return;
	}
	if (p->in.type == COAP_CON && coap_bad_option(&p->in))
		reject(p, p->in.type, p->in.mid);
	else if (p->in.type == COAP_CON)
		answer_ack(p, &p->in, now_ms);
	request_answered(p, &p->in, now_ms);
}

static void
receive_empty(struct coap_peer *p, uint64_t now_ms)
{
	switch (p->in.type) {
	case COAP_CON: /* a ping: RFC 7252 section 4.3 */
		reject(p, COAP_CON, p->in.mid);
		break;
	case COAP_ACK:
		if (!request_acked(p, p->in.mid, now_ms))
			answer_received(p, p->in.mid);
		break;
	case COAP_RST:
		if (!request_reset(p, p->in.mid))
			answer_received(p, p->in.mid);
		break;
	case COAP_NON:
		break;
	}
}

static void
dispatch(struct coap_peer *p, struct span datagram, uint64_t now_ms)
{
	enum rc rc = coap_decode(datagram, &p->in);

	if (rc == RC_OK && p->in.code == COAP_EMPTY) {
		receive_empty(p, now_ms);
	} else if (rc == RC_OK && coap_is_request(p->in.code)) {
		receive_request(p, now_ms);
	} else if (rc == RC_OK && coap_is_response(p->in.code)) {
		receive_response(p, now_ms);
	} else {
		/* A format error, a reserved class, or another version: that
		 * one in silence (RFC 7252 section 3). */
		p->counters.malformed++;
		if (rc != RC_UNSUPPORTED && datagram.len >= 4)
			reject(p, p->in.type, p->in.mid);
	}
}

void
coap_peer_receive(struct coap_peer *p, struct span bytes, uint64_t now_ms)
{
	if (p->stream) {
		stream_receive(p, bytes, now_ms);
		return;
	}
	p->counters.received++;
	/* What an event has borrowed ends here. */
	if (p->event.message)
		p->event_waits = false;
	request_forget_body(p);
	dispatch(p, bytes, now_ms);
	request_release(p, now_ms);
}

void
coap_peer_tick(struct coap_peer *p, uint64_t now_ms)
{
	if (p->stream) {
		stream_tick(p, now_ms);
		return;
	}
	answer_tick(p, now_ms);
	request_tick(p, now_ms);
	request_release(p, now_ms);
}

uint64_t
coap_peer_deadline(const struct coap_peer *p)
{
	uint64_t a, b;

	if (p->stream)
		return stream_deadline(p);
	a = answer_deadline(p);
	b = request_deadline(p);
	return a < b ? a : b;
}

uint64_t
coap_peer_keep_until(const struct coap_peer *p)
{
	uint64_t answers, request;

	if (p->stream)
		return 0;
	answers = answer_keep_until(p);
	request = request_deadline(p);
	return request != TIME_NEVER && request > answers ? request : answers;
}

bool
coap_peer_event(struct coap_peer *p, struct coap_event *ev)
{
	if (p->stream)
		stream_read(p);
	if (!p->event_waits)
		return false;
	*ev = p->event;
	p->event_waits = false;
	return true;
}

enum rc
coap_peer_output(struct coap_peer *p, struct writer *w)
{
	if (p->stream)
		return stream_output(p, w);
	if (w->full || w->cap - w->len < COAP_DATAGRAM_MAX)
		return RC_TOO_LARGE;
	if (p->note_count > 0) {
		const struct note *n = &p->notes[p->note_first];

		writer_put(w, span_of(n->bytes, n->len));
		p->note_first = (p->note_first + 1) % NOTES_MAX;
		p->note_count--;
	} else if (!answer_output(p, w) && !request_output(p, w)) {
		return RC_AGAIN;
	}
	p->counters.sent++;
	return RC_OK;
}

enum rc
coap_peer_request(struct coap_peer *p, const struct coap_request *rq,
    uint64_t now_ms, uint32_t *ref)
{
	return request_start(p, rq, now_ms, ref);
}

void
coap_peer_cancel(struct coap_peer *p)
{
	if (p->event.kind != COAP_EVENT_REQUEST)
		p->event_waits = false;
	request_cancel(p);
}

enum rc
coap_peer_respond(struct coap_peer *p, uint32_t ref,
    const struct coap_response *rs, uint64_t now_ms)
{
	if (p->stream)
		return stream_respond(p, ref, rs);
	return answer_give(p, ref, rs, now_ms);
}

const struct coap_counters *
coap_peer_counters(const struct coap_peer *p)
{
	return &p->counters;
}
