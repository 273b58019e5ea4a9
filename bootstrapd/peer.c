#include "base/digest.h"
#include "connection.h"
#include "udp.h"
#include "worker_state.h"

#include <stdlib.h>

static void
random_fn(void *ctx, void *out, size_t len)
{
	struct worker *w = ctx;

	if (len > sizeof(w->random)) {
		random_bytes(out, len);
		return;
	}
	if (len > w->random_left) {
		random_bytes(w->random, sizeof(w->random));
		w->random_left = sizeof(w->random);
	}
	w->random_left -= len;
	memcpy(out, w->random + w->random_left, len);
	/* no byte is ever given out twice */
	memset(w->random + w->random_left, 0, len);
}

static struct peer_key
key_of_address(const struct listener *l, const struct address *a)
{
	struct peer_key k;

	memset(&k, 0, sizeof(k)); /* padding too: it is hashed as bytes */
	k.listener = (uint8_t)l->index;
	address_key(a, k.address);
	return k;
}

static struct peer_key
key_of_conn(const struct listener *l, uint64_t conn)
{
	struct peer_key k;

	memset(&k, 0, sizeof(k));
	k.listener = (uint8_t)l->index;
	k.conn = conn;
	return k;
}

static struct peer *
find(struct worker *w, const struct peer_key *k)
{
	/* the item is the first member */
	return (struct peer *)table_get(&w->peers, span_of(k, sizeof(*k)));
}

/** `c`: its connection, NULL: it sends datagrams. */
static struct peer *
add(struct listener *l, const struct peer_key *k, const struct address *a,
    struct connection *c, uint64_t now_ms)
{
	struct worker *w = l->worker;
	struct peer *p;

	if (w->peers.count >= w->peers_max)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	if (c)
		p->coap = coap_peer_new_stream(&w->coap,
		    &coap_stream_params_default, random_fn, w, now_ms);
	else
		p->coap = coap_peer_new(&w->coap, random_fn, w);
	if (!p->coap) {
		free(p);
		return NULL;
	}
	p->key = *k;
	p->listener = l;
	p->address = *a;
	p->used_ms = now_ms;
	p->connection = c;
	if (c)
		c->peer = p;
	p->item.key = span_of(&p->key, sizeof(p->key));
	table_put(&w->peers, &p->item);
	return p;
}

void
peer_free(struct peer *p)
{
	struct worker *w = p->listener->worker;

	if (p->connection)
		p->connection->peer = NULL;
	pushed_forget(p);
	loop_timer_clear(w->loop, &p->timer);
	table_remove(&w->peers, &p->item);
	coap_peer_free(p->coap);
	papers_unref(p->papers);
	free(p);
}

static void
answer(struct peer *p, uint32_t ref, uint8_t code, int32_t max_age_s,
    uint64_t now_ms)
{
	struct coap_response rs = {
	    .code = code,
	    .content_format = COAP_FORMAT_NONE,
	    .max_age_s = max_age_s,
	};

	/* a request that is forgotten needs no answer */
	(void)!coap_peer_respond(p->coap, ref, &rs, now_ms);
}

/** A time to come again: devices that all came at once come back apart. */
static int32_t
retry_after_s(struct worker *w)
{
	uint8_t byte;

	random_fn(w, &byte, sizeof(byte));
	return PEER_RETRY_AFTER_S / 2 + byte % (PEER_RETRY_AFTER_S + 1);
}

static void
take_request(struct peer *p, const struct coap_event *ev, uint64_t now_ms)
{
	struct request rq;

	p->used_ms = now_ms;
	request_read(ev->message, p->connection != NULL, &rq);
	if (rq.kind == REQUEST_ANSWER)
		answer(p, ev->ref, rq.code, -1, now_ms);
	else if (rq.kind == REQUEST_PACK && p->boot &&
	    boot_block(p->boot, ev->ref, &rq, now_ms))
		return;
	else if (rq.kind == REQUEST_PACK && rq.block.num > 0)
		/* of one that nobody knows here: it is to begin anew */
		answer(p, ev->ref, COAP_BAD_REQUEST, -1, now_ms);
	else if (!boot_start(p, ev->ref, &rq, now_ms))
		answer(p, ev->ref, COAP_UNAVAILABLE,
		    retry_after_s(p->listener->worker), now_ms);
}

static void
take_events(struct peer *p, uint64_t now_ms)
{
	struct coap_event ev;

	while (coap_peer_event(p->coap, &ev)) {
		if (ev.kind == COAP_EVENT_REQUEST)
			take_request(p, &ev, now_ms);
		else if (p->boot)
			boot_event(p->boot, &ev, now_ms);
	}
}

static void
send_datagrams(struct peer *p, uint64_t now_ms)
{
	uint8_t buf[COAP_DATAGRAM_MAX];
	struct writer w;

	for (;;) {
		writer_init(&w, buf, sizeof(buf));
		if (coap_peer_output(p->coap, &w) != RC_OK)
			break;
		p->listener->worker->stats.datagrams_out++;
		if (!p->listener->dtls)
			udp_send(p->listener->fd, &p->address, writer_span(&w));
		else if (dtls_send(p->listener->dtls, p->key.conn,
			     writer_span(&w), now_ms) != RC_OK) {
			p->listener->worker->stats.dropped++;
			p->listener->broken = true;
		}
		/* a Write carries keys */
		secret_wipe(buf, w.len);
	}
}

static void
on_timer(void *ctx, uint64_t now_ms)
{
	struct peer *p = ctx;

	coap_peer_tick(p->coap, now_ms);
	peer_pump(p, now_ms);
}

/** When a peer by datagrams needs us next; now or earlier: never again. */
static uint64_t
wake_at(const struct peer *p, uint64_t now_ms)
{
	uint64_t at = coap_peer_deadline(p->coap);
	uint64_t keep = coap_peer_keep_until(p->coap);

	if (p->boot || p->listener->dtls)
		return at; /* DTLS associations end by themselves */
	if (at != TIME_NEVER)
		return at;
	if (keep < pushed_until(p))
		keep = pushed_until(p);
	return p->keep ? keep : now_ms;
}

/** False: `p` is gone. */
static bool
pump_datagrams(struct peer *p, uint64_t now_ms, uint64_t *at)
{
	send_datagrams(p, now_ms);
	*at = wake_at(p, now_ms);
	if (*at > now_ms || p->boot || p->listener->dtls)
		return true;
	peer_free(p);
	return false;
}

void
peer_pump(struct peer *p, uint64_t now_ms)
{
	struct listener *l = p->listener;
	uint64_t at;
	bool alive;

	take_events(p, now_ms);
	if (p->connection)
		alive = stream_pump(p, now_ms, &at);
	else
		alive = pump_datagrams(p, now_ms, &at);
	if (alive && at == TIME_NEVER)
		loop_timer_clear(l->worker->loop, &p->timer);
	else if (alive &&
	    loop_timer_set(l->worker->loop, &p->timer, at, on_timer, p) !=
		RC_OK)
		LOG(LOG_ERROR, "out_of_memory", F_TEXT("for", "timer"));
	if (l->dtls)
		listener_flush(l, now_ms);
}

struct peer *
peer_at(struct listener *l, const struct address *at, uint64_t now_ms)
{
	struct peer_key k = key_of_address(l, at);
	struct peer *p = find(l->worker, &k);

	return p ? p : add(l, &k, at, NULL, now_ms);
}

bool
peer_stands(const struct peer *p)
{
	return !p->connection ||
	    (!p->connection->finished && !p->connection->broken &&
		coap_peer_end(p->coap).kind == COAP_END_NONE);
}

/**
 * A stranger's datagram makes a peer only for as long as it is looked at,
 * unless it is a Bootstrap-Request that the keeper then grants: a flood of
 * spoofed addresses leaves nothing behind.
 */
void
peer_datagram(struct listener *l, const struct address *from,
    struct span datagram, uint64_t now_ms)
{
	struct peer *p;

	if (pushed_heard(l->worker, from, datagram))
		return;
	p = peer_at(l, from, now_ms);
	if (!p) {
		l->worker->stats.dropped++;
		return;
	}
	coap_peer_receive(p->coap, datagram, now_ms);
	peer_pump(p, now_ms);
}

bool
peer_connected(struct connection *c, uint64_t now_ms)
{
	struct peer *p = add(c->listener, &c->key, &c->address, c, now_ms);

	if (p)
		peer_pump(p, now_ms);
	return p != NULL;
}

void
peer_bytes(struct peer *p, struct span bytes, uint64_t now_ms)
{
	coap_peer_receive(p->coap, bytes, now_ms);
	peer_pump(p, now_ms);
}

void
peer_lost(struct peer *p, uint64_t now_ms)
{
	if (p->boot)
		boot_detach(p->boot, REASON_PEER_GONE, now_ms);
	peer_free(p);
}

static enum q_proof
proof_of(enum dtls_credential c)
{
	switch (c) {
	case DTLS_X509:
		return Q_BY_CERTIFICATE;
	case DTLS_RPK:
		return Q_BY_RAW_KEY;
	case DTLS_PSK:
		break;
	}
	return Q_BY_PSK;
}

/** Keep what it has proved itself with. False: no room. */
static bool
keep_proof(struct peer *p, const struct dtls_event *ev)
{
	struct listener *l = p->listener;

	_Static_assert((int)DTLS_PEER_MAX <= (int)QUESTION_PEER_MAX &&
		(int)DTLS_CHAIN_MAX <= (int)QUESTION_CHAIN_MAX,
	    "what a peer may show can be told");
	p->proof = proof_of(ev->credential);
	if (p->proof != Q_BY_PSK) {
		p->papers = papers_new(&l->worker->papers, ev->peer, ev->chain);
		return p->papers != NULL;
	}
	p->epoch = dtls_tag(l->dtls, ev->conn);
	p->identity_len =
	    ev->identity.len <= sizeof(p->identity) ? ev->identity.len : 0;
	if (p->identity_len)
		memcpy(p->identity, ev->identity.p, p->identity_len);
	return true;
}

struct peer *
peer_established(
    struct listener *l, const struct dtls_event *ev, uint64_t now_ms)
{
	struct peer_key k = key_of_conn(l, ev->conn);
	struct connection *c =
	    l->is_stream ? connection_find(l, ev->conn) : NULL;
	struct peer *p = NULL;

	if (c || !l->is_stream)
		p = add(l, &k, &ev->address, c, now_ms);
	if (p && !keep_proof(p, ev)) {
		peer_free(p);
		p = NULL;
	}
	if (!p)
		dtls_close(l->dtls, ev->conn, now_ms);
	if (c && p)
		connection_settle(c);
	return p;
}

void
peer_moved(struct listener *l, uint64_t conn, const struct address *address)
{
	struct peer_key k = key_of_conn(l, conn);
	struct peer *p = find(l->worker, &k);
	uint8_t was[ADDRESS_TEXT_MAX], is[ADDRESS_TEXT_MAX];
	struct writer old, new;

	if (!p)
		return;
	writer_init(&old, was, sizeof(was));
	writer_init(&new, is, sizeof(is));
	address_print(&old, &p->address);
	address_print(&new, address);
	LOG(LOG_DEBUG, "moved", F_TEXT("from", writer_span(&old)),
	    F_TEXT("to", writer_span(&new)));
	p->address = *address;
	l->worker->stats.moved++;
	if (p->boot)
		boot_moved(p->boot, address);
}

void
peer_data(struct listener *l, uint64_t conn, struct span data, uint64_t now_ms)
{
	struct peer_key k = key_of_conn(l, conn);
	struct peer *p = find(l->worker, &k);

	if (!p)
		return;
	coap_peer_receive(p->coap, data, now_ms);
	peer_pump(p, now_ms);
}

void
peer_closed(struct listener *l, uint64_t conn, uint64_t now_ms)
{
	struct peer_key k = key_of_conn(l, conn);
	struct peer *p = find(l->worker, &k);

	if (p)
		peer_lost(p, now_ms);
}
