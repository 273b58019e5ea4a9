#include "connection.h"
#include "udp.h"
#include "worker_state.h"

#include <stdlib.h>

static void
psk_wanted(struct listener *l, const struct dtls_event *ev, uint64_t now_ms)
{
	if (wait_begin(l, ev, now_ms))
		l->worker->stats.asked++;
	else
		dtls_psk_unavailable(l->dtls, ev->conn, now_ms);
}

static void
sign_wanted(struct listener *l, const struct dtls_event *ev, uint64_t now_ms)
{
	if (!wait_begin(l, ev, now_ms))
		(void)!dtls_sign_answer(l->dtls, ev->conn, NULL, now_ms);
}

void
handshake_key(struct worker *w, struct q_psk_answer *a, uint64_t now_ms)
{
	struct wait *p = wait_find(w, a->ref);
	struct listener *l;

	if (!p || p->signature)
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
	wait_forget(p);
	/* the peer's flight waited for it: the handshake is over, or failed */
	listener_serve(l, now_ms);
}

void
handshake_signature(
    struct worker *w, const struct q_sign_answer *a, uint64_t now_ms)
{
	struct wait *p = wait_find(w, a->ref);
	struct listener *l;

	if (!p || !p->signature)
		return;
	l = p->listener;
	(void)!dtls_sign_answer(
	    l->dtls, p->conn, a->known ? a->signature : NULL, now_ms);
	wait_forget(p);
	listener_serve(l, now_ms);
}

/** Why a certificate or raw key was not let in; REASON_NONE: it was nothing of
 *  that. */
static enum reason
refusal(enum dtls_close_reason why)
{
	static const struct {
		enum dtls_close_reason why;
		enum reason reason;
	} all[] = {
	    {DTLS_FAILED_NO_CERTIFICATE, REASON_NO_CERTIFICATE},
	    {DTLS_FAILED_UNTRUSTED, REASON_UNTRUSTED},
	    {DTLS_FAILED_EXPIRED, REASON_EXPIRED},
	    {DTLS_FAILED_REVOKED, REASON_REVOKED},
	    {DTLS_FAILED_CERTIFICATE, REASON_CERTIFICATE},
	    {DTLS_FAILED_RAW_KEY, REASON_RAW_KEY},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].why == why)
			return all[i].reason;
	return REASON_NONE;
}

static void
send_refused(struct listener *l, const struct dtls_event *ev)
{
	struct question q = {.kind = Q_REFUSED};

	q.refused.address = ev->address;
	q.refused.reason = refusal(ev->reason);
	q.refused.kind =
	    ev->reason == DTLS_FAILED_RAW_KEY ? Q_BY_RAW_KEY : Q_BY_CERTIFICATE;
	q.refused.peer = ev->peer;
	(void)!link_send(l->worker->keeper, &q);
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
end_connection(struct listener *l, uint64_t conn, uint64_t now_ms)
{
	struct connection *c;

	listener_flush(l, now_ms);
	c = connection_find(l, conn);
	if (c)
		connection_finish(c, now_ms);
}

static void
association_closed(
    struct listener *l, const struct dtls_event *ev, uint64_t now_ms)
{
	struct worker *w = l->worker;
	uint8_t text[ADDRESS_TEXT_MAX];
	struct writer address;
	uint32_t epoch = dtls_tag(l->dtls, ev->conn);

	wait_end(l, ev->conn); /* nobody is left to want it */
	/* its last alert stands before its end */
	if (l->is_stream)
		end_connection(l, ev->conn, now_ms);
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
	if (refusal(ev->reason) != REASON_NONE)
		send_refused(l, ev);
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

static void
begin_peer(struct listener *l, const struct dtls_event *ev, uint64_t now_ms)
{
	struct peer *p = peer_established(l, ev, now_ms);

	if (l->is_stream && !p)
		end_connection(l, ev->conn, now_ms);
	else if (l->is_stream)
		peer_pump(p, now_ms); /* our CSM */
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
			sign_wanted(l, &ev, now_ms);
			break;
		case DTLS_EVENT_ESTABLISHED:
			l->worker->stats.established++;
			LOG(LOG_DEBUG, "handshake",
			    F_TEXT("identity", ev.identity),
			    F_TEXT("suite", ev.suite));
			begin_peer(l, &ev, now_ms);
			break;
		case DTLS_EVENT_MOVED:
			peer_moved(l, ev.conn, &ev.address);
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

/** To their connections; those of connections that are gone nowhere. */
static void
flush_streams(struct listener *l, uint64_t now_ms)
{
	enum { CHUNK = 4096 };
	uint8_t buf[CHUNK];
	struct connection *c;
	struct writer w;
	uint64_t number;

	for (;;) {
		writer_init(&w, buf, sizeof(buf));
		if (dtls_stream_output(l->dtls, &number, &w) != RC_OK)
			break;
		c = connection_find(l, number);
		if (c)
			connection_send(c, writer_span(&w), now_ms);
	}
}

static void
flush_datagrams(struct listener *l)
{
	uint8_t buf[DTLS_DATAGRAM_MAX];
	struct address to;
	struct writer w;

	for (;;) {
		writer_init(&w, buf, sizeof(buf));
		if (dtls_output(l->dtls, &to, &w) != RC_OK)
			break;
		udp_send(l->fd, &to, writer_span(&w));
	}
}

void
listener_flush(struct listener *l, uint64_t now_ms)
{
	uint64_t at;

	if (l->is_stream)
		flush_streams(l, now_ms);
	else
		flush_datagrams(l);
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
