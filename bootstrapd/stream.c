/* A peer at the other end of a connection: CoAP as RFC 8323 has it. */
#include "connection.h"

enum { CHUNK = 4096 /**< bytes that are sent at once */ };

/** Nothing more is made than the socket takes. True: all has been sent. */
static bool
send_stream(struct peer *p, uint64_t now_ms)
{
	uint8_t buf[CHUNK];
	struct writer w;

	while (!connection_blocked(p->connection)) {
		writer_init(&w, buf, sizeof(buf));
		if (coap_peer_output(p->coap, &w) != RC_OK)
			return true;
		p->listener->worker->stats.datagrams_out++;
		if (!p->listener->dtls)
			connection_send(p->connection, writer_span(&w), now_ms);
		else if (dtls_send(p->listener->dtls, p->key.conn,
			     writer_span(&w), now_ms) != RC_OK)
			p->listener->broken = true;
		else
			listener_flush(p->listener, now_ms);
		secret_wipe(buf, w.len);
	}
	return false;
}

static void
say_end(const struct peer *p, const struct coap_end *end, uint64_t now_ms)
{
	uint8_t text[ADDRESS_TEXT_MAX];
	struct writer address;

	if (end->kind == COAP_END_OURS || end->kind == COAP_END_RELEASED ||
	    end->kind == COAP_END_CLOSED ||
	    !worker_may_log(p->listener->worker, now_ms))
		return;
	writer_init(&address, text, sizeof(text));
	address_print(&address, &p->address);
	LOG(LOG_NOTICE, "connection_ended",
	    F_TEXT("address", writer_span(&address)), F_TEXT("why", end->why),
	    F_TEXT("peer_says", end->diagnostic));
}

/** Its connection has had its last word. */
static void
end_stream(struct peer *p, uint64_t now_ms)
{
	struct connection *c = p->connection;

	if (p->boot)
		boot_detach(p->boot, REASON_PEER_GONE, now_ms);
	peer_free(p);
	connection_finish(c, now_ms);
}

/** Who wants nothing has its time; and all have to go when we do. */
static void
maybe_release(struct peer *p, uint64_t now_ms)
{
	const struct worker *w = p->listener->worker;

	if (p->boot)
		p->used_ms = now_ms;
	else if (w->draining)
		coap_peer_release(p->coap, PEER_RETRY_AFTER_S, now_ms);
	else if (now_ms >= p->used_ms + w->config->idle_ms)
		coap_peer_release(p->coap, 0, now_ms);
}

/** When it needs us next. */
static uint64_t
wake_at(const struct peer *p)
{
	uint64_t idle = p->used_ms + p->listener->worker->config->idle_ms;
	uint64_t at = coap_peer_deadline(p->coap);

	return p->boot || at < idle ||
		coap_peer_end(p->coap).kind != COAP_END_NONE
	    ? at
	    : idle;
}

bool
stream_pump(struct peer *p, uint64_t now_ms, uint64_t *at)
{
	struct coap_end end;
	bool sent;

	if (p->keep)
		connection_settle(p->connection);
	maybe_release(p, now_ms);
	sent = send_stream(p, now_ms);
	end = coap_peer_end(p->coap);
	if (!end.final || !sent) {
		*at = wake_at(p);
		return true;
	}
	say_end(p, &end, now_ms);
	end_stream(p, now_ms);
	return false;
}
