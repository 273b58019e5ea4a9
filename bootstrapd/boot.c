#include "base/digest.h"
#include "bootstrap/bridge.h"
#include "lwm2m/format.h"
#include "worker_state.h"

#include <stdlib.h>

static void pump(struct boot *b, uint64_t now_ms);
static void do_next(
    struct boot *b, const struct session_out *out, uint64_t now_ms);

static struct boot *
find(struct worker *w, const uint8_t *id)
{
	/* the item is the first member */
	return (struct boot *)table_get(&w->boots, span_of(id, SESSION_ID_LEN));
}

void
boot_free(struct boot *b)
{
	struct worker *w = b->worker;

	if (b->peer) {
		coap_peer_cancel(b->peer->coap);
		b->peer->boot = NULL;
	}
	loop_timer_clear(w->loop, &b->timer);
	table_remove(&w->boots, &b->item);
	session_free(b->session);
	papers_unref(b->papers);
	packing_free(b->packing);
	free(b);
}

static void
note_facts(struct boot *b, const struct peer *p, const struct request *rq,
    uint64_t now_ms)
{
	struct q_begin *f = &b->facts;

	memcpy(f->session, session_id(b->session), SESSION_ID_LEN);
	f->proof = p->proof;
	f->has_endpoint = rq->has_endpoint;
	f->epoch = p->epoch;
	f->pct = rq->pct;
	f->pack = rq->kind == REQUEST_PACK;
	f->accept = f->pack ? rq->accept : -1;
	/* who has come by TCP is where it says */
	f->fresh = p->proof == Q_BY_NOTHING &&
	    (p->connection ||
		echo_is_fresh(&b->worker->echo, &p->address, rq->echo, now_ms));
	f->fault = rq->fault;
	f->address = p->address;
	f->stream = p->connection != NULL;
	memcpy(b->credential, p->identity, p->identity_len);
	f->credential = span_of(b->credential, p->identity_len);
	b->papers = papers_ref(p->papers);
	f->peer = papers_peer(b->papers);
	f->chain = papers_chain(b->papers);
	if (rq->endpoint.len && rq->endpoint.len <= sizeof(b->endpoint)) {
		memcpy(b->endpoint, rq->endpoint.p, rq->endpoint.len);
		f->endpoint = span_of(b->endpoint, rq->endpoint.len);
	}
}

/** `push` NULL: the device has asked. */
static bool
start(struct peer *p, uint32_t request_ref, const struct request *rq,
    const uint8_t *push, uint64_t now_ms)
{
	struct worker *w = p->listener->worker;
	struct session_config config = {
	    .pct = rq->pct,
	    .pack = rq->kind == REQUEST_PACK,
	    .unsolicited = push != NULL,
	    .lifetime_ms = (uint32_t)w->config->session_lifetime_ms,
	    .waiting_ms = (uint32_t)w->config->keeper_wait_ms,
	};
	struct boot *b;

	if (w->draining || w->boots.count >= w->boots_max)
		return false;
	b = calloc(1, sizeof(*b));
	if (!b)
		return false;
	random_bytes(config.id, sizeof(config.id));
	b->session = session_new(&config, now_ms);
	if (config.pack)
		b->packing = packing_new(rq);
	if (!b->session || (config.pack && !b->packing)) {
		session_free(b->session);
		free(b);
		return false;
	}
	/* the newest request wins (pains.md 4) */
	if (p->boot)
		boot_detach(p->boot, REASON_SUPERSEDED, now_ms);
	b->worker = w;
	b->peer = p;
	b->request_ref = request_ref;
	note_facts(b, p, rq, now_ms);
	if (push) {
		memcpy(b->facts.push, push, sizeof(b->facts.push));
		/* it has answered from there */
		b->facts.fresh = p->proof == Q_BY_NOTHING;
	}
	b->item.key = span_of(session_id(b->session), SESSION_ID_LEN);
	table_put(&w->boots, &b->item);
	p->boot = b;
	pump(b, now_ms);
	return true;
}

bool
boot_start(struct peer *p, uint32_t request_ref, const struct request *rq,
    uint64_t now_ms)
{
	return start(p, request_ref, rq, NULL, now_ms);
}

bool
boot_push(struct peer *p, const struct request *rq, const uint8_t *push,
    uint64_t now_ms)
{
	return start(p, 0, rq, push, now_ms);
}

void
boot_detach(struct boot *b, enum reason why, uint64_t now_ms)
{
	struct session_out out;

	session_abort(b->session, why, now_ms);
	/* what it has to say to the device is said while there is one */
	while (session_next(b->session, &out, now_ms))
		do_next(b, &out, now_ms);
	coap_peer_cancel(b->peer->coap);
	b->peer->boot = NULL;
	b->peer = NULL;
	pump(b, now_ms);
}

/** One line a step, for whoever watches with -v. Never a payload. */
static void
trace(const struct boot *b, const char *event, const struct session_command *c,
    int code)
{
	uint8_t text[LWM2M_PATH_TEXT_MAX];
	struct writer path;

	if (!log_writes(LOG_DEBUG))
		return;
	writer_init(&path, text, sizeof(text));
	path_print(&path, c->target);
	LOG(LOG_DEBUG, event,
	    F_BYTES("session", span_of(session_id(b->session), SESSION_ID_LEN)),
	    F_TEXT("endpoint", b->facts.endpoint),
	    F_TEXT("op", c->step ? plan_op_name(c->step->op) : "Clean"),
	    F_TEXT("path", writer_span(&path)),
	    F_TEXT("format",
		c->content_format >= 0 ? format_name(c->content_format) : "-"),
	    F_INT("bytes", c->payload.len),
	    F_TEXT("code", code >= 0 ? coap_code_name((uint8_t)code) : "-"));
}

static void
send_command(struct boot *b, const struct session_command *c, uint64_t now_ms)
{
	trace(b, "command", c, -1);
	bridge_send(b->session, b->peer->coap, c, now_ms, &b->command_ref);
}

static void
ask_begin(struct boot *b)
{
	struct question q = {.kind = Q_BEGIN, .begin = b->facts};

	/* a full link is as a lost question: the session asks again */
	(void)!link_send(b->worker->keeper, &q);
}

static void
tell(struct boot *b, enum question_kind kind)
{
	struct question q = {.kind = kind};

	memcpy(q.session, session_id(b->session), SESSION_ID_LEN);
	(void)!link_send(b->worker->keeper, &q);
}

static void
ask_end(struct boot *b, const struct session_verdict *v)
{
	struct question q = {.kind = Q_END};

	memcpy(q.end.session, session_id(b->session), SESSION_ID_LEN);
	q.end.verdict = *v;
	q.end.address = b->moved;
	(void)!link_send(b->worker->keeper, &q);
}

/** Why there is no pack of a plan: the device goes on with POST /bs. */
static void
no_pack(struct boot *b, enum rc rc, uint64_t now_ms)
{
	struct coap_response rs = {
	    .code = COAP_METHOD_NOT_ALLOWED,
	    .content_format = COAP_FORMAT_NONE,
	    .max_age_s = -1,
	};

	(void)!coap_peer_respond(b->peer->coap, b->request_ref, &rs, now_ms);
	session_failed(b->session,
	    rc == RC_CONFLICT     ? REASON_NO_INSTANCE
		: rc == RC_MEMORY ? REASON_BUSY
				  : REASON_PLAN_TOO_LARGE,
	    now_ms);
}

static void
pack_goes_on(struct boot *b, uint64_t now_ms)
{
	LOG(LOG_DEBUG, "response", F_TEXT("endpoint", b->facts.endpoint),
	    F_TEXT("op", "Pack"), F_TEXT("path", "/bspack"));
	if (packing_is_fetched(b->packing))
		session_packed(b->session, packing_format(b->packing), now_ms);
}

static void
begin_pack(struct boot *b, uint64_t now_ms)
{
	enum rc rc = packing_make(
	    b->packing, session_get_plan(b->session), session_id(b->session));

	if (rc != RC_OK) {
		no_pack(b, rc, now_ms);
		return;
	}
	packing_answer(b->packing, b->peer->coap, b->request_ref, NULL, now_ms);
	pack_goes_on(b, now_ms);
}

static void
respond(struct boot *b, const struct session_out *out, uint64_t now_ms)
{
	uint8_t value[ECHO_LEN];
	const struct coap_option echo = {
	    COAP_ECHO, span_of(value, sizeof(value))};
	struct coap_response rs = {
	    .code = out->code,
	    .content_format = COAP_FORMAT_NONE,
	    .max_age_s = out->max_age_s,
	    .options = &echo,
	};

	/* it is to ask again from where it gets this */
	if (out->code == COAP_UNAUTHORIZED) {
		rs.option_count = 1;
		echo_make(&b->worker->echo, &b->facts.address, now_ms, value);
	}

	LOG(LOG_DEBUG, "response", F_TEXT("endpoint", b->facts.endpoint),
	    F_TEXT("op", b->packing ? "Pack" : "Request"),
	    F_TEXT("path", b->packing ? "/bspack" : "/bs"),
	    F_TEXT("code", coap_code_name(out->code)));
	if (b->peer)
		(void)!coap_peer_respond(
		    b->peer->coap, b->request_ref, &rs, now_ms);
}

static void
do_next(struct boot *b, const struct session_out *out, uint64_t now_ms)
{
	switch (out->kind) {
	case SESSION_OUT_ASK:
		ask_begin(b);
		break;
	case SESSION_OUT_RESPOND:
		respond(b, out, now_ms);
		break;
	case SESSION_OUT_COMMAND:
		if (b->peer)
			send_command(b, out->command, now_ms);
		break;
	case SESSION_OUT_CANCEL:
		if (b->peer)
			coap_peer_cancel(b->peer->coap);
		break;
	case SESSION_OUT_FINISHING:
		tell(b, Q_FINISHING);
		/* before what it tells of: this process may die in between */
		link_flush();
		break;
	case SESSION_OUT_PACK:
		if (b->peer)
			begin_pack(b, now_ms);
		break;
	case SESSION_OUT_END:
		ask_end(b, out->verdict);
		break;
	}
}

static void
on_timer(void *ctx, uint64_t now_ms)
{
	struct boot *b = ctx;
	struct peer *p = b->peer;

	session_tick(b->session, now_ms);
	pump(b, now_ms);
	if (p)
		peer_pump(p, now_ms);
}

/**
 * Let the session say all it has to say, and wake for its deadline. The boot
 * is freed when it has ended. What goes to the device leaves with the peer's
 * own pump.
 */
static void
pump(struct boot *b, uint64_t now_ms)
{
	struct session_out out;
	uint64_t at;

	while (session_next(b->session, &out, now_ms))
		do_next(b, &out, now_ms);
	if (session_state(b->session) == SESSION_ENDED) {
		boot_free(b);
		return;
	}
	at = session_deadline(b->session);
	if (loop_timer_set(b->worker->loop, &b->timer, at, on_timer, b) !=
	    RC_OK)
		LOG(LOG_ERROR, "out_of_memory", F_TEXT("for", "timer"));
}

bool
boot_block(struct boot *b, uint32_t request_ref, const struct request *rq,
    uint64_t now_ms)
{
	if (!b->packing || !packing_is_of(b->packing, rq))
		return false;
	packing_answer(b->packing, b->peer->coap, request_ref, rq, now_ms);
	pack_goes_on(b, now_ms);
	pump(b, now_ms);
	return true;
}

void
boot_moved(struct boot *b, const struct address *address)
{
	/* the question may be asked again: it is still the same device */
	b->moved = *address;
}

void
boot_event(struct boot *b, const struct coap_event *ev, uint64_t now_ms)
{
	if (ev->ref != b->command_ref || ev->kind == COAP_EVENT_REQUEST)
		return;
	if (ev->kind == COAP_EVENT_RESPONSE)
		LOG(LOG_DEBUG, "answer", F_TEXT("endpoint", b->facts.endpoint),
		    F_TEXT("code", coap_code_name(ev->message->code)),
		    F_INT("bytes", ev->body.len));
	bridge_event(b->session, ev, now_ms);
	pump(b, now_ms);
}

void
boot_answer(struct worker *w, struct q_begin_answer *a, uint64_t now_ms)
{
	struct boot *b = find(w, a->session);
	struct peer *p;

	if (!b)
		return; /* ended meanwhile; its end was recorded */
	p = b->peer;
	if (a->granted) {
		session_plan(b->session, &a->plan, now_ms);
		if (p)
			p->keep = true;
		if (p)
			pushed_granted(p, a->endpoint, b->facts.pct, now_ms);
	} else {
		session_refused(b->session, a->reason,
		    a->max_age_s ? (int32_t)a->max_age_s : -1, now_ms);
	}
	pump(b, now_ms);
	if (p)
		peer_pump(p, now_ms);
}

void
boot_recorded(struct worker *w, const uint8_t *id, uint64_t now_ms)
{
	struct boot *b = find(w, id);
	struct peer *p = b ? b->peer : NULL;

	if (!b)
		return;
	session_recorded(b->session);
	pump(b, now_ms);
	if (p)
		peer_pump(p, now_ms);
}

void
boot_cancel(
    struct worker *w, const uint8_t *id, enum reason why, uint64_t now_ms)
{
	struct boot *b = find(w, id);
	struct peer *p = b ? b->peer : NULL;

	if (!b)
		return;
	session_abort(b->session, why, now_ms);
	pump(b, now_ms);
	if (p)
		peer_pump(p, now_ms);
}
