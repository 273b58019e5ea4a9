#include "probe_bench.h"

#include "base/text.h"
#include "tool.h"

#include <stdio.h>

/* --- requests --------------------------------------------------------------- */

static void
read_query(struct span q, unsigned i, struct bench_request *rq)
{
	uint64_t pct;

	if (span_starts(q, SPAN_LIT("ep=")) && !rq->has_endpoint) {
		q = span_from(q, 3);
		rq->has_endpoint = true;
		rq->endpoint_len =
		    q.len < sizeof(rq->endpoint) ? q.len : sizeof(rq->endpoint);
		memcpy(rq->endpoint, q.p, rq->endpoint_len);
	} else if (span_starts(q, SPAN_LIT("pct=")) &&
	    span_decimal(span_from(q, 4), UINT16_MAX, &pct)) {
		rq->pct = (int)pct;
		rq->pct_first = i == 0;
	} else {
		rq->others++;
	}
}

/* The last segment of the path says what it is; NULL: no path. */
static struct span
read_request(const struct coap_message *m, struct bench_request *rq)
{
	struct span last = {0};
	unsigned queries = 0, segments = 0;

	*rq = (struct bench_request){
	    .pct = -1,
	    .pack_accept = COAP_FORMAT_NONE,
	    .confirmable = m->type == COAP_CON,
	    .token_len = m->token.len,
	};
	for (size_t i = 0; i < m->option_count; i++) {
		const struct coap_option *o = &m->options[i];

		if (o->number == COAP_URI_PATH) {
			last = o->value;
			segments++;
		} else if (o->number == COAP_URI_QUERY) {
			read_query(o->value, queries++, rq);
		}
	}
	rq->prefixed = segments > 1;
	rq->pct_first = rq->pct_first && rq->has_endpoint;
	return last;
}

static void
respond(struct bench *b, unsigned place, uint32_t ref, uint8_t code,
    uint64_t now_ms)
{
	const struct coap_response rs = {
	    .code = code,
	    .content_format = COAP_FORMAT_NONE,
	    .max_age_s = -1,
	};

	if (b->wire.peers[place].coap)
		(void)!coap_peer_respond(
		    b->wire.peers[place].coap, ref, &rs, now_ms);
}

static void
take_pack_request(struct bench *b, const struct coap_message *m)
{
	const struct coap_option *o = coap_find(m, COAP_ACCEPT);
	uint32_t accept;

	b->pack = true;
	b->pack_accept = COAP_FORMAT_NONE;
	if (o && coap_uint_value(o->value, &accept) && accept <= UINT16_MAX)
		b->pack_accept = (int)accept;
}

static bool
is_stranger(struct bench *b, const struct bench_request *rq)
{
	struct quoted q;

	if (!b->known ||
	    (rq->has_endpoint == b->first.has_endpoint &&
		span_equal(span_of(rq->endpoint, rq->endpoint_len),
		    span_of(b->first.endpoint, b->first.endpoint_len))))
		return false;
	if (b->strangers++ == 0)
		fprintf(stderr, "another device has come, and is refused: %s\n",
		    quote(&q, span_of(rq->endpoint, rq->endpoint_len)));
	return true;
}

static void
take_request(struct bench *b, unsigned place, const struct coap_event *ev,
    uint64_t now_ms)
{
	struct bench_request rq;
	struct span what = read_request(ev->message, &rq);
	uint8_t method = ev->message->code;
	bool bs = span_is(what, "bs"), pack = span_is(what, "bspack");

	if (!bs && !pack) {
		respond(b, place, ev->ref, COAP_NOT_FOUND, now_ms);
	} else if (method != (bs ? COAP_POST : COAP_GET)) {
		respond(b, place, ev->ref, COAP_METHOD_NOT_ALLOWED, now_ms);
	} else if (is_stranger(b, &rq)) {
		respond(b, place, ev->ref, COAP_BAD_REQUEST, now_ms);
	} else if (pack) {
		take_pack_request(b, ev->message);
		respond(b, place, ev->ref, COAP_NOT_IMPLEMENTED, now_ms);
	} else {
		rq.pack = b->pack;
		rq.pack_accept = b->pack_accept;
		b->arrival = rq;
		b->arrived = true;
		b->ref = ev->ref;
		b->wire.wanted = place == WIRE_NEWCOMER;
	}
}

/* --- answers ---------------------------------------------------------------- */

static void
take_answer(struct bench *b, const struct coap_event *ev)
{
	struct bench_answer *a = b->answer;
	const struct coap_option *o;
	uint32_t number;

	b->done = true;
	switch (ev->kind) {
	case COAP_EVENT_RESPONSE:
		a->kind = BENCH_ANSWERED;
		a->code = ev->message->code;
		o = coap_find(ev->message, COAP_CONTENT_FORMAT);
		if (o && coap_uint_value(o->value, &number) &&
		    number <= UINT16_MAX)
			a->content_format = (int)number;
		a->body_len = ev->body.len < BENCH_BODY_MAX ? ev->body.len
							    : BENCH_BODY_MAX;
		if (a->body_len)
			memcpy(a->body, ev->body.p, a->body_len);
		break;
	case COAP_EVENT_RESET:
		a->kind = BENCH_RESET;
		break;
	case COAP_EVENT_FAILED:
		a->kind = ev->gone ? BENCH_GONE : BENCH_BROKEN;
		snprintf(a->why, sizeof(a->why), "%s", ev->why ? ev->why : "");
		break;
	case COAP_EVENT_TIMEOUT:
	case COAP_EVENT_REQUEST:
		a->kind = BENCH_SILENT;
		break;
	}
}

static void
take_event(
    void *ctx, unsigned place, const struct coap_event *ev, uint64_t now_ms)
{
	struct bench *b = ctx;

	if (ev->kind == COAP_EVENT_REQUEST)
		take_request(b, place, ev, now_ms);
	else if (place == WIRE_DEVICE && b->answer && !b->done &&
	    ev->ref == b->asked)
		take_answer(b, ev);
}

/* --- what the experiments stand on ------------------------------------------- */

int
bench_open(struct bench *b, struct wire_config config)
{
	*b = (struct bench){.patience_ms = config.patience_ms};
	config.event = take_event;
	config.ctx = b;
	return wire_open(&b->wire, &config);
}

void
bench_close(struct bench *b)
{
	wire_close(&b->wire);
}

enum rc
bench_wait(struct bench *b, uint64_t until_ms)
{
	while (!b->arrived) {
		if (clock_now_ms() >= until_ms)
			return RC_TIMEOUT;
		wire_step(&b->wire, until_ms);
	}
	if (!b->known) {
		b->known = true;
		b->first = b->arrival;
	}
	return RC_OK;
}

void
bench_welcome(struct bench *b, uint8_t code)
{
	if (!b->arrived)
		return;
	b->arrived = false;
	b->pack = false;
	respond(b, WIRE_DEVICE, b->ref, code, clock_now_ms());
	wire_flush(&b->wire);
}

void
bench_ask(
    struct bench *b, const struct coap_request *rq, struct bench_answer *out)
{
	const struct wire_peer *p = &b->wire.peers[WIRE_DEVICE];
	uint64_t now_ms = clock_now_ms(), end_ms = now_ms + b->patience_ms;
	enum rc rc;

	out->kind = BENCH_UNSENT;
	out->code = 0;
	out->content_format = COAP_FORMAT_NONE;
	out->body_len = 0;
	out->why[0] = '\0';
	wire_look(&b->wire);
	out->seen = b->wire.seen;
	if (b->arrived || p->lost || !p->coap) {
		out->kind = b->arrived ? BENCH_CAME_AGAIN : BENCH_GONE;
		return;
	}
	rc = coap_peer_request(p->coap, rq, now_ms, &b->asked);
	if (rc != RC_OK) {
		snprintf(out->why, sizeof(out->why), "%s", rc_name(rc));
		return;
	}
	b->answer = out;
	b->done = false;
	out->kind = BENCH_SILENT;
	while (!b->done && !b->arrived && !p->lost && clock_now_ms() < end_ms)
		wire_step(&b->wire, end_ms);
	if (!b->done && b->arrived)
		out->kind = BENCH_CAME_AGAIN;
	else if (!b->done && p->lost)
		out->kind = BENCH_GONE;
	else if (!b->done)
		coap_peer_cancel(p->coap);
	out->seen = b->wire.seen;
	b->answer = NULL;
}

void
bench_rest(struct bench *b, uint32_t rest_ms)
{
	uint64_t until_ms = clock_now_ms() + rest_ms;

	while (!b->arrived && clock_now_ms() < until_ms)
		wire_step(&b->wire, until_ms);
}

void
bench_dismiss(struct bench *b)
{
	if (b->arrived)
		return; /* it is here again already */
	wire_forget(&b->wire, WIRE_DEVICE);
	wire_flush(&b->wire);
}

void
bench_print(struct writer *w, const struct bench_answer *a)
{
	static const char *const words[] = {
	    [BENCH_ANSWERED] = "",
	    [BENCH_RESET] = "RST",
	    [BENCH_SILENT] = "no answer",
	    [BENCH_BROKEN] = "blocks that cannot go on",
	    [BENCH_GONE] = "its association ended",
	    [BENCH_CAME_AGAIN] = "a new Bootstrap-Request",
	    [BENCH_UNSENT] = "could not be sent",
	};
	enum { TEXT_MAX = 60 };
	struct span body = span_of(a->body, a->body_len);

	writer_str(w, words[a->kind]);
	if (a->kind == BENCH_BROKEN && a->why[0])
		writer_fmt(w, ": %s", a->why);
	if (a->kind != BENCH_ANSWERED)
		return;
	writer_str(w, coap_code_name(a->code));
	if (coap_class(a->code) == 2 && a->content_format != COAP_FORMAT_NONE)
		writer_fmt(w, ", format %d, %zu bytes", a->content_format,
		    a->body_len);
	if (coap_class(a->code) != 2 && body.len) {
		writer_str(w, " ");
		text_quote(w, text_cut(body, TEXT_MAX, TEXT_MAX));
	}
	if (a->seen.separate)
		writer_str(w, ", as a separate response");
}
