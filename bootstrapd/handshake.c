#include "udp.h"
#include "worker_state.h"

#include <stdlib.h>

enum {
	PSK_ASK_MS = 500, /**< an unanswered psk question is repeated */
	PSK_ASKS_MAX = 8,
};

void
handshake_forget(struct psk_wait *p)
{
	loop_timer_clear(p->worker->loop, &p->timer);
	table_remove(&p->worker->waits, &p->item);
	free(p);
}

static void wait_ask(struct psk_wait *p, uint64_t now_ms);

static void
wait_due(void *ctx, uint64_t now_ms)
{
	struct psk_wait *p = ctx;
	struct listener *l = p->listener;

	if (p->asked < PSK_ASKS_MAX) {
		wait_ask(p, now_ms);
		return;
	}
	dtls_psk_unavailable(l->dtls, p->conn, now_ms);
	handshake_forget(p);
	listener_serve(l, now_ms);
}

static void
wait_ask(struct psk_wait *p, uint64_t now_ms)
{
	struct question q = {.kind = Q_PSK};
	uint8_t bytes[EVIDENCE_BYTES_MAX];
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	/* its Finished may be there already, and names the key by itself */
	if (dtls_evidence(p->listener->dtls, p->conn, &w) == RC_OK)
		q.psk.evidence = writer_span(&w);
	q.psk.ref = p->ref;
	q.psk.address = p->address;
	q.psk.identity = span_of(p->identity, p->identity_len);
	p->asked++;
	(void)!link_send(p->worker->keeper, &q);
	if (loop_timer_set(p->worker->loop, &p->timer, now_ms + PSK_ASK_MS,
		wait_due, p) != RC_OK)
		LOG(LOG_ERROR, "out_of_memory", F_TEXT("for", "timer"));
}

/**
 * The number of the question about an association's key. It is told apart from
 * those of a process before this one, whose answers may still come.
 */
static uint64_t
wait_ref(const struct listener *l, uint64_t conn)
{
	return l->worker->wait_salt ^ ((uint64_t)l->index << 56) ^ conn;
}

static struct psk_wait *
wait_find(struct worker *w, uint64_t ref)
{
	/* the item is the first member */
	return (struct psk_wait *)table_get(
	    &w->waits, span_of(&ref, sizeof(ref)));
}

static void
psk_wanted(struct listener *l, const struct dtls_event *ev, uint64_t now_ms)
{
	struct worker *w = l->worker;
	uint64_t ref = wait_ref(l, ev->conn);
	struct psk_wait *p = wait_find(w, ref);

	if (p)
		return; /* asked for already */
	p = calloc(1, sizeof(*p));
	if (!p || ev->identity.len > sizeof(p->identity)) {
		free(p);
		dtls_psk_unavailable(l->dtls, ev->conn, now_ms);
		return;
	}
	p->worker = w;
	p->listener = l;
	p->conn = ev->conn;
	p->address = ev->address;
	p->ref = ref;
	p->identity_len = ev->identity.len;
	if (p->identity_len)
		memcpy(p->identity, ev->identity.p, p->identity_len);
	p->item.key = span_of(&p->ref, sizeof(p->ref));
	table_put(&w->waits, &p->item);
	w->stats.asked++;
	wait_ask(p, now_ms);
}

void
handshake_key(struct worker *w, struct q_psk_answer *a, uint64_t now_ms)
{
	struct psk_wait *p = wait_find(w, a->ref);
	struct listener *l;

	if (!p)
		return;
	l = p->listener;
	switch (a->status) {
	case PSK_KNOWN:
		w->stats.known++;
		(void)!dtls_psk_answer(
		    l->dtls, p->conn, &a->key, a->epoch, now_ms);
		break;
	case PSK_UNKNOWN:
		w->stats.unknown++;
		(void)!dtls_psk_answer(l->dtls, p->conn, NULL, 0, now_ms);
		break;
	case PSK_UNAVAILABLE:
		dtls_psk_unavailable(l->dtls, p->conn, now_ms);
		break;
	}
	handshake_forget(p);
	/* the peer's flight waited for it: the handshake is over, or failed */
	listener_serve(l, now_ms);
}

/** The alert is on its way: no peer can tell that anybody looks into it. */
static void
send_evidence(struct listener *l, const struct dtls_event *ev)
{
	struct question q = {.kind = Q_EVIDENCE};
	uint8_t bytes[EVIDENCE_BYTES_MAX];
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	if (dtls_evidence(l->dtls, ev->conn, &w) != RC_OK)
		return;
	q.evidence.address = ev->address;
	q.evidence.identity = ev->identity;
	q.evidence.evidence = writer_span(&w);
	(void)!link_send(l->worker->keeper, &q);
}

static void
association_closed(
    struct listener *l, const struct dtls_event *ev, uint64_t now_ms)
{
	struct worker *w = l->worker;
	uint8_t text[ADDRESS_TEXT_MAX];
	struct writer address;
	uint32_t epoch = dtls_tag(l->dtls, ev->conn);
	struct psk_wait *wait = wait_find(w, wait_ref(l, ev->conn));

	if (wait)
		handshake_forget(wait); /* nobody is left to want that key */
	if (ev->established) {
		peer_closed(l, ev->conn, now_ms);
		return;
	}
	w->stats.failed++;
	if (ev->reason == DTLS_FAILED_KEY && epoch != 0) {
		struct question q = {.kind = Q_PSK_FAILED};

		q.psk_failed.identity = ev->identity;
		q.psk_failed.epoch = epoch;
		q.psk_failed.address = ev->address;
		(void)!link_send(w->keeper, &q);
		send_evidence(l, ev);
	}
	if (!worker_may_log(w, now_ms))
		return;
	writer_init(&address, text, sizeof(text));
	address_print(&address, &ev->address);
	LOG(LOG_NOTICE, "handshake_failed",
	    F_TEXT("address", writer_span(&address)),
	    F_TEXT("identity", ev->identity),
	    F_TEXT("reason", dtls_close_name(ev->reason)),
	    F_INT("epoch", epoch));
}

/** What the endpoint has found out: keys wanted, associations, data. */
static void
take_events(struct listener *l, uint64_t now_ms)
{
	struct dtls_event ev;

	while (dtls_event(l->dtls, &ev)) {
		switch (ev.kind) {
		case DTLS_EVENT_PSK_WANTED:
			psk_wanted(l, &ev, now_ms);
			break;
		case DTLS_EVENT_SIGN_WANTED:
			/* no credentials are set: nobody is asked */
			(void)!dtls_sign_answer(l->dtls, ev.conn, NULL, now_ms);
			break;
		case DTLS_EVENT_ESTABLISHED:
			l->worker->stats.established++;
			LOG(LOG_DEBUG, "handshake",
			    F_TEXT("identity", ev.identity),
			    F_TEXT("suite", ev.suite));
			(void)!peer_established(l, &ev, now_ms);
			break;
		case DTLS_EVENT_DATA:
			peer_data(l, ev.conn, ev.data, now_ms);
			break;
		case DTLS_EVENT_CLOSED:
			association_closed(l, &ev, now_ms);
			break;
		}
	}
}

static void
on_dtls_timer(void *ctx, uint64_t now_ms)
{
	struct listener *l = ctx;

	l->broken = false;
	dtls_tick(l->dtls, now_ms);
	listener_serve(l, now_ms);
}

void
listener_flush(struct listener *l, uint64_t now_ms)
{
	uint8_t buf[DTLS_DATAGRAM_MAX];
	struct address to;
	struct writer w;
	uint64_t at;

	for (;;) {
		writer_init(&w, buf, sizeof(buf));
		if (dtls_output(l->dtls, &to, &w) != RC_OK)
			break;
		udp_send(l->fd, &to, writer_span(&w));
	}
	/* an event waits, and its peer may be who called us: not from here */
	at = l->broken ? now_ms : dtls_deadline(l->dtls);
	if (at == TIME_NEVER)
		loop_timer_clear(l->worker->loop, &l->timer);
	else if (loop_timer_set(
		     l->worker->loop, &l->timer, at, on_dtls_timer, l) != RC_OK)
		LOG(LOG_ERROR, "out_of_memory", F_TEXT("for", "timer"));
}

void
listener_serve(struct listener *l, uint64_t now_ms)
{
	take_events(l, now_ms);
	listener_flush(l, now_ms);
}
