/*
 * Bootstraps that nobody asked for but an operator: which peer a device has
 * here, and the first step of talking to an address that has not spoken to us.
 *
 * The kernel shares datagrams out by address, and nobody can tell where those
 * of a new one will come. So one worker sends an empty message there (RFC 7252
 * section 4.3), all expect its answer, and the one that hears it begins.
 */
#include "udp.h"
#include "worker_state.h"

#include <stdlib.h>

enum {
	PROBES_MOST = 256,
	PROBE_AGAIN_MS = 2000, /**< then twice as long, and so on */
	PROBE_TRIES = 4,
	PROBE_END_MS = 30000, /**< the keeper forgets sooner */
	EMPTY_LEN = 4, /**< bytes of a message without a code */
};

/* --- who was bootstrapped here -------------------------------------------- */

/** A peer that was granted a bootstrap, by the endpoint of that. */
struct granted {
	struct table_item item; /**< first member */
	struct peer *peer;
	uint64_t at_ms;
	int32_t pct;
	size_t len;
	uint8_t endpoint[];
};

void
pushed_forget(struct peer *p)
{
	if (!p->granted)
		return;
	table_remove(&p->listener->worker->granted, &p->granted->item);
	free(p->granted);
	p->granted = NULL;
}

void
pushed_granted(
    struct peer *p, struct span endpoint, int32_t pct, uint64_t now_ms)
{
	struct worker *w = p->listener->worker;
	struct granted *g = (struct granted *)table_get(&w->granted, endpoint);

	/* where it was last, and with what this peer was last */
	if (g)
		pushed_forget(g->peer);
	pushed_forget(p);
	if (endpoint.len == 0)
		return;
	g = calloc(1, sizeof(*g) + endpoint.len);
	if (!g)
		return; /* it cannot be pushed, and that is all */
	memcpy(g->endpoint, endpoint.p, endpoint.len);
	g->len = endpoint.len;
	g->item.key = span_of(g->endpoint, g->len);
	g->peer = p;
	g->at_ms = now_ms;
	g->pct = pct;
	p->granted = g;
	table_put(&w->granted, &g->item);
}

uint64_t
pushed_until(const struct peer *p)
{
	return p->granted
	    ? p->granted->at_ms + p->listener->worker->config->idle_ms
	    : 0;
}

static struct granted *
find(struct worker *w, struct span endpoint)
{
	struct granted *g = (struct granted *)table_get(&w->granted, endpoint);

	return g && peer_stands(g->peer) ? g : NULL;
}

/* --- addresses that are expected to speak --------------------------------- */

struct probe {
	struct probe *next;
	struct worker *worker;
	uint64_t ref;
	struct address address;
	uint16_t mid;
	bool sends;
	unsigned tries;
	uint64_t end_ms;
	struct loop_timer timer;
};

static void
say(struct worker *w, uint64_t ref, enum q_pushed_status status,
    uint64_t granted_ms)
{
	struct question q = {.kind = Q_PUSHED};

	q.pushed.ref = ref;
	q.pushed.status = status;
	q.pushed.granted_ms = granted_ms;
	(void)!link_send(w->keeper, &q);
}

static void
probe_free(struct probe *p)
{
	struct worker *w = p->worker;
	struct probe **at = &w->probes;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	w->probe_count--;
	loop_timer_clear(w->loop, &p->timer);
	free(p);
}

static void
forget_probe(struct worker *w, uint64_t ref)
{
	for (struct probe *p = w->probes; p; p = p->next) {
		if (p->ref == ref) {
			probe_free(p);
			return;
		}
	}
}

static bool
is_any(const struct address *a)
{
	static const uint8_t zeros[sizeof(a->ip)];

	return a->family == 6 && memcmp(a->ip, zeros, sizeof(zeros)) == 0;
}

/** The socket for plain CoAP that reaches such an address; NULL: none. */
static struct listener *
listener_for(struct worker *w, const struct address *to)
{
	struct listener *found = NULL;

	for (size_t i = 0; i < w->listener_count && !found; i++) {
		const struct address *own = &w->config->listen[i].address;

		/* a socket for IPv6 takes IPv4 too where it is for all */
		if (!w->listeners[i].dtls && !w->listeners[i].is_stream &&
		    (own->family == to->family || is_any(own)))
			found = &w->listeners[i];
	}
	return found;
}

static void
send_empty(struct listener *l, const struct probe *p)
{
	const struct coap_message m = {
	    .type = COAP_CON, .code = COAP_EMPTY, .mid = p->mid};
	uint8_t buf[EMPTY_LEN];
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	coap_encode(&m, &w);
	l->worker->stats.datagrams_out++;
	udp_send(l->fd, &p->address, writer_span(&w));
}

static void
on_timer(void *ctx, uint64_t now_ms)
{
	struct probe *p = ctx;
	struct listener *l = listener_for(p->worker, &p->address);
	uint64_t at = p->end_ms;

	if (now_ms >= p->end_ms) {
		probe_free(p);
		return;
	}
	if (p->sends && l && p->tries < PROBE_TRIES) {
		send_empty(l, p);
		at = now_ms + ((uint64_t)PROBE_AGAIN_MS << p->tries);
		p->tries++;
	}
	if (loop_timer_set(p->worker->loop, &p->timer,
		at < p->end_ms ? at : p->end_ms, on_timer, p) != RC_OK)
		probe_free(p);
}

static void
expect(struct worker *w, const struct q_push *q, uint64_t now_ms)
{
	struct probe *p;

	if (!listener_for(w, &q->address)) {
		say(w, q->ref, Q_PUSHED_NONE, 0);
		return;
	}
	p = !w->draining && w->probe_count < PROBES_MOST ? calloc(1, sizeof(*p))
							 : NULL;
	if (!p) {
		say(w, q->ref, Q_PUSHED_BUSY, 0);
		return;
	}
	p->worker = w;
	p->ref = q->ref;
	p->address = q->address;
	p->mid = q->mid;
	p->sends = q->what == Q_PUSH_PROBE;
	p->end_ms = now_ms + PROBE_END_MS;
	p->next = w->probes;
	w->probes = p;
	w->probe_count++;
	on_timer(p, now_ms);
}

bool
pushed_heard(struct worker *w, const struct address *from, struct span datagram)
{
	struct coap_message m;

	if (!w->probes || datagram.len != EMPTY_LEN ||
	    coap_decode(datagram, &m) != RC_OK || m.code != COAP_EMPTY ||
	    (m.type != COAP_ACK && m.type != COAP_RST))
		return false;
	for (struct probe *p = w->probes; p; p = p->next) {
		if (p->mid != m.mid || !address_equal(&p->address, from))
			continue;
		say(w, p->ref, Q_PUSHED_FOUND, 0);
		probe_free(p);
		return true;
	}
	return false;
}

void
pushed_fini(struct worker *w)
{
	while (w->probes)
		probe_free(w->probes);
}

/* --- the keeper's words --------------------------------------------------- */

static void
look(struct worker *w, const struct q_push *q)
{
	const struct granted *g = find(w, q->endpoint);

	if (!g)
		say(w, q->ref, Q_PUSHED_NONE, 0);
	else if (w->draining)
		say(w, q->ref, Q_PUSHED_BUSY, 0);
	else
		say(w, q->ref, Q_PUSHED_FOUND, g->at_ms);
}

/** Begin; by a peer that stands, or one that is made for that address. */
static void
go(struct worker *w, const struct q_push *q, uint64_t now_ms)
{
	const struct granted *g = find(w, q->endpoint);
	struct request rq = {
	    .kind = REQUEST_BOOTSTRAP,
	    .has_endpoint = true,
	    .endpoint = q->endpoint,
	    .pct = -1,
	};
	struct peer *p = NULL;

	if (q->address.family != 0) {
		struct listener *l = listener_for(w, &q->address);

		p = l ? peer_at(l, &q->address, now_ms) : NULL;
	} else if (g) {
		p = g->peer;
		rq.pct = g->pct;
	}
	if (!p)
		say(w, q->ref, Q_PUSHED_NONE, 0);
	else if (!boot_push(p, &rq, q->push, now_ms))
		say(w, q->ref, Q_PUSHED_BUSY, 0);
	if (p)
		peer_pump(p, now_ms);
}

void
pushed_take(struct worker *w, const struct q_push *q, uint64_t now_ms)
{
	switch (q->what) {
	case Q_PUSH_LOOK:
		look(w, q);
		break;
	case Q_PUSH_PROBE:
	case Q_PUSH_EXPECT:
		expect(w, q, now_ms);
		break;
	case Q_PUSH_GO:
		go(w, q, now_ms);
		break;
	case Q_PUSH_FORGET:
		forget_probe(w, q->ref);
		break;
	}
}
