#include "probe_wire.h"

#include "../bootstrapd/tcp.h"
#include "../bootstrapd/udp.h"
#include "base/digest.h"
#include "probe_listen.h"
#include "tool.h"

#include <stdio.h>
#include <sys/epoll.h>

enum {
	CHUNK = 2048, /* bytes that are read or written at once */
	PENDING_WAIT_MS = 20, /* until a full TCP socket is tried again */
};

static void
random_fn(void *ctx, void *out, size_t len)
{
	(void)ctx;
	random_bytes(out, len);
}

/* --- peers ---------------------------------------------------------------- */

static bool
stands(const struct wire_peer *p)
{
	return p->listener && !p->lost;
}

void
wire_forget(struct wire *w, unsigned place)
{
	struct wire_peer *p = &w->peers[place];
	uint64_t now_ms = clock_now_ms();

	if (p->listener && p->listener->dtls && !p->lost)
		dtls_close(p->listener->dtls, p->conn, now_ms);
	if (p->fd >= 0) {
		loop_unwatch(w->loop, p->fd);
		tcp_close(p->fd);
	}
	coap_peer_free(p->coap);
	secret_wipe(p->pending, p->pending_len);
	*p = (struct wire_peer){.fd = -1};
}

/* Somebody new, in place of whoever was new before. */
static struct wire_peer *
welcome(struct wire_listener *l, const struct address *at, uint64_t conn)
{
	struct wire_peer *p = &l->wire->peers[WIRE_NEWCOMER];

	wire_forget(l->wire, WIRE_NEWCOMER);
	p->listener = l;
	p->address = *at;
	p->conn = conn;
	return p;
}

static bool
give_coap(struct wire_peer *p, uint64_t now_ms)
{
	struct wire *w = p->listener->wire;

	if (listen_is_stream(p->listener->kind))
		p->coap = coap_peer_new_stream(&w->params,
		    &coap_stream_params_default, random_fn, NULL, now_ms);
	else
		p->coap = coap_peer_new(&w->params, random_fn, NULL);
	p->lost = !p->coap;
	return p->coap != NULL;
}

static struct wire_peer *
find_address(struct wire_listener *l, const struct address *at)
{
	struct wire *w = l->wire;

	for (unsigned i = 0; i < WIRE_PEERS; i++)
		if (stands(&w->peers[i]) && w->peers[i].listener == l &&
		    address_equal(&w->peers[i].address, at))
			return &w->peers[i];
	return NULL;
}

static struct wire_peer *
find_conn(struct wire_listener *l, uint64_t conn)
{
	struct wire *w = l->wire;

	for (unsigned i = 0; i < WIRE_PEERS; i++)
		if (w->peers[i].listener == l && w->peers[i].conn == conn)
			return &w->peers[i];
	return NULL;
}

/* --- what is seen ---------------------------------------------------------- */

void
wire_look(struct wire *w)
{
	w->seen = (struct wire_seen){0};
}

static void
see_sent(struct wire *w, struct span datagram)
{
	struct coap_message m;

	if (coap_decode(datagram, &m) != RC_OK || !coap_is_request(m.code))
		return;
	w->seen.requests++;
	if (datagram.len > w->seen.largest)
		w->seen.largest = datagram.len;
}

static void
see_heard(struct wire *w, struct span datagram)
{
	struct coap_message m;

	if (coap_decode(datagram, &m) != RC_OK || !coap_is_response(m.code))
		return;
	if (m.type == COAP_CON || m.type == COAP_NON)
		w->seen.separate = true;
	if (m.code == COAP_TOO_LARGE || m.code == COAP_BAD_OPTION)
		w->seen.too_large = true;
}

/* --- in --------------------------------------------------------------------- */

static void on_stream(void *ctx, uint32_t events);

static void
promote(struct wire *w)
{
	struct wire_peer *p = &w->peers[WIRE_DEVICE];

	wire_forget(w, WIRE_DEVICE);
	*p = w->peers[WIRE_NEWCOMER];
	w->peers[WIRE_NEWCOMER] = (struct wire_peer){.fd = -1};
	if (p->fd < 0)
		return;
	loop_unwatch(w->loop, p->fd);
	if (loop_watch(w->loop, p->fd, EPOLLIN, on_stream, p) != RC_OK)
		p->lost = true;
}

/* The next stranger must not take the place of a newcomer that is wanted. */
static void
take_over(struct wire *w)
{
	if (w->wanted)
		promote(w);
	w->wanted = false;
}

/* `p` may be somebody else afterwards. */
static void
take_bytes(struct wire_peer *p, struct span bytes, uint64_t now_ms)
{
	struct wire *w = p->listener->wire;
	struct coap_event ev;

	if (!p->coap)
		return;
	if (p == &w->peers[WIRE_DEVICE] && !listen_is_stream(p->listener->kind))
		see_heard(w, bytes);
	coap_peer_receive(p->coap, bytes, now_ms);
	while (coap_peer_event(p->coap, &ev))
		w->config.event(
		    w->config.ctx, (unsigned)(p - w->peers), &ev, now_ms);
	take_over(w);
}

static void
plain_datagram(struct wire_listener *l, const struct address *from,
    struct span datagram, uint64_t now_ms)
{
	struct wire_peer *p = find_address(l, from);

	if (!p) {
		p = welcome(l, from, 0);
		if (!give_coap(p, now_ms))
			return;
	}
	p->address = *from; /* with the address of ours that it came to */
	take_bytes(p, datagram, now_ms);
}

static void
answer_psk(
    struct wire_listener *l, const struct dtls_event *ev, uint64_t now_ms)
{
	const struct wire_config *c = &l->wire->config;
	bool known = c->key && span_equal(ev->identity, c->identity);
	struct quoted q;

	if (!known)
		fprintf(stderr, "the device shows the PSK identity %s\n",
		    quote(&q, ev->identity));
	(void)!dtls_psk_answer(
	    l->dtls, ev->conn, known ? c->key : NULL, 0, now_ms);
}

static void
established(
    struct wire_listener *l, const struct dtls_event *ev, uint64_t now_ms)
{
	struct wire *w = l->wire;
	struct wire_peer *p = find_conn(l, ev->conn);

	snprintf(w->suite, sizeof(w->suite), "%s", ev->suite);
	snprintf(w->version, sizeof(w->version), "%s", ev->version);
	if (!p && !listen_is_stream(l->kind))
		p = welcome(l, &ev->address, ev->conn);
	if (p)
		(void)give_coap(p, now_ms);
}

static void
closed(struct wire_listener *l, const struct dtls_event *ev)
{
	struct wire *w = l->wire;
	struct wire_peer *p = find_conn(l, ev->conn);

	if (p)
		p->lost = true;
	if (ev->established)
		return;
	snprintf(w->fault, sizeof(w->fault), "%s", dtls_close_name(ev->reason));
	fprintf(stderr, "a handshake has failed: %s\n", w->fault);
}

static void
take_dtls(struct wire_listener *l, uint64_t now_ms)
{
	struct wire_peer *p;
	struct dtls_event ev;

	while (dtls_event(l->dtls, &ev)) {
		switch (ev.kind) {
		case DTLS_EVENT_PSK_WANTED:
			answer_psk(l, &ev, now_ms);
			break;
		case DTLS_EVENT_SIGN_WANTED:
			(void)!dtls_sign_answer(l->dtls, ev.conn, NULL, now_ms);
			break;
		case DTLS_EVENT_ESTABLISHED:
			established(l, &ev, now_ms);
			break;
		case DTLS_EVENT_MOVED:
			p = find_conn(l, ev.conn);
			if (p)
				p->address = ev.address;
			break;
		case DTLS_EVENT_DATA:
			p = find_conn(l, ev.conn);
			if (p)
				take_bytes(p, ev.data, now_ms);
			break;
		case DTLS_EVENT_CLOSED:
			closed(l, &ev);
			break;
		}
	}
}

void
wire_on_datagrams(void *ctx, uint32_t events)
{
	struct wire_listener *l = ctx;
	struct wire *w = l->wire;
	uint64_t now_ms = clock_now_ms();
	unsigned n = udp_receive(l->fd);
	struct address from;
	struct span datagram;

	(void)events;
	for (unsigned i = 0; i < n; i++) {
		if (!udp_get(i, &from, &datagram))
			continue;
		if (!l->dtls) {
			plain_datagram(l, &from, datagram, now_ms);
			continue;
		}
		(void)wire_suites(datagram, w->offered, sizeof(w->offered));
		dtls_receive(l->dtls, &from, datagram, now_ms);
		take_dtls(l, now_ms);
	}
}

static void
on_stream(void *ctx, uint32_t events)
{
	struct wire_peer *p = ctx;
	struct wire_listener *l = p->listener;
	uint64_t now_ms = clock_now_ms();
	uint8_t buf[CHUNK];
	size_t len;
	enum rc rc = tcp_read(p->fd, buf, sizeof(buf), &len);

	(void)events;
	if (rc == RC_AGAIN)
		return;
	if (rc != RC_OK) {
		if (l->dtls)
			dtls_stream_ended(l->dtls, p->conn, now_ms);
		p->lost = true;
		loop_unwatch(l->wire->loop, p->fd);
	} else if (l->dtls) {
		dtls_stream_receive(
		    l->dtls, p->conn, span_of(buf, len), now_ms);
		take_dtls(l, now_ms);
	} else {
		take_bytes(p, span_of(buf, len), now_ms);
	}
}

void
wire_on_connection(void *ctx, uint32_t events)
{
	struct wire_listener *l = ctx;
	uint64_t now_ms = clock_now_ms(), conn = 0;
	struct wire_peer *p;
	struct address from;
	int fd;

	(void)events;
	if (tcp_accept(l->fd, &fd, &from) != RC_OK)
		return;
	if (l->dtls && dtls_stream_open(l->dtls, &from, now_ms, &conn)) {
		tcp_close(fd);
		return;
	}
	p = welcome(l, &from, conn);
	p->fd = fd;
	if ((!l->dtls && !give_coap(p, now_ms)) ||
	    loop_watch(l->wire->loop, fd, EPOLLIN, on_stream, p) != RC_OK)
		p->lost = true;
}

/* --- out -------------------------------------------------------------------- */

static void
write_stream(struct wire_peer *p, struct span bytes)
{
	size_t taken = 0;

	if (p->pending_len == 0 && tcp_write(p->fd, bytes, &taken) != RC_OK) {
		p->lost = true;
		return;
	}
	bytes = span_from(bytes, taken);
	if (bytes.len > WIRE_PENDING_MAX - p->pending_len) {
		p->lost = true;
		return;
	}
	if (bytes.len)
		memcpy(p->pending + p->pending_len, bytes.p, bytes.len);
	p->pending_len += bytes.len;
}

static void
write_pending(struct wire_peer *p)
{
	size_t taken = 0;

	if (p->pending_len == 0 || p->fd < 0)
		return;
	if (tcp_write(p->fd, span_of(p->pending, p->pending_len), &taken)) {
		p->lost = true;
		return;
	}
	memmove(p->pending, p->pending + taken, p->pending_len - taken);
	p->pending_len -= taken;
}

static void
send_one(struct wire_peer *p, struct span bytes, uint64_t now_ms)
{
	struct wire_listener *l = p->listener;

	if (p == &l->wire->peers[WIRE_DEVICE] && !listen_is_stream(l->kind))
		see_sent(l->wire, bytes);
	if (l->dtls)
		p->lost |= dtls_send(l->dtls, p->conn, bytes, now_ms) != RC_OK;
	else if (p->fd >= 0)
		write_stream(p, bytes);
	else
		udp_send(l->fd, &p->address, bytes);
}

static void
flush_peer(struct wire_peer *p, uint64_t now_ms)
{
	uint8_t buf[CHUNK];
	struct writer w;

	while (stands(p) && p->coap && p->pending_len == 0) {
		writer_init(&w, buf, sizeof(buf));
		if (coap_peer_output(p->coap, &w) != RC_OK)
			break;
		send_one(p, writer_span(&w), now_ms);
		secret_wipe(buf, w.len);
	}
	if (p->coap && coap_peer_end(p->coap).final)
		p->lost = true;
}

static void
flush_dtls(struct wire_listener *l)
{
	uint8_t buf[CHUNK];
	struct address to;
	struct writer w;
	struct wire_peer *p;
	uint64_t conn;

	for (;;) {
		writer_init(&w, buf, sizeof(buf));
		if (listen_is_stream(l->kind)) {
			if (dtls_stream_output(l->dtls, &conn, &w) != RC_OK)
				return;
			p = find_conn(l, conn);
			if (p && p->fd >= 0)
				write_stream(p, writer_span(&w));
		} else {
			if (dtls_output(l->dtls, &to, &w) != RC_OK)
				return;
			udp_send(l->fd, &to, writer_span(&w));
		}
	}
}

void
wire_flush(struct wire *w)
{
	uint64_t now_ms = clock_now_ms();

	for (unsigned i = 0; i < WIRE_PEERS; i++) {
		write_pending(&w->peers[i]);
		flush_peer(&w->peers[i], now_ms);
	}
	for (size_t i = 0; i < w->listener_count; i++)
		if (w->listeners[i].dtls)
			flush_dtls(&w->listeners[i]);
	udp_flush();
}

/* --- time ------------------------------------------------------------------- */

static uint64_t
earliest(const struct wire *w, uint64_t until_ms)
{
	uint64_t at = until_ms, due;

	for (unsigned i = 0; i < WIRE_PEERS; i++) {
		const struct wire_peer *p = &w->peers[i];

		due = stands(p) && p->coap ? coap_peer_deadline(p->coap)
					   : TIME_NEVER;
		at = due < at ? due : at;
		if (stands(p) && p->pending_len > 0) {
			due = clock_now_ms() + PENDING_WAIT_MS;
			at = due < at ? due : at;
		}
	}
	for (size_t i = 0; i < w->listener_count; i++) {
		const struct dtls *d = w->listeners[i].dtls;

		due = d ? dtls_deadline(d) : TIME_NEVER;
		at = due < at ? due : at;
	}
	return at;
}

static void
tick_peer(struct wire *w, unsigned place, uint64_t now_ms)
{
	struct wire_peer *p = &w->peers[place];
	struct coap_event ev;

	if (!stands(p) || !p->coap)
		return;
	coap_peer_tick(p->coap, now_ms);
	while (coap_peer_event(p->coap, &ev))
		w->config.event(w->config.ctx, place, &ev, now_ms);
	take_over(w);
}

void
wire_step(struct wire *w, uint64_t until_ms)
{
	uint64_t now_ms, at;

	wire_flush(w);
	now_ms = clock_now_ms();
	at = earliest(w, until_ms);
	(void)!loop_step(w->loop, at > now_ms ? at - now_ms : 0);
	now_ms = clock_now_ms();
	for (size_t i = 0; i < w->listener_count; i++) {
		if (!w->listeners[i].dtls)
			continue;
		dtls_tick(w->listeners[i].dtls, now_ms);
		take_dtls(&w->listeners[i], now_ms);
	}
	for (unsigned i = 0; i < WIRE_PEERS; i++)
		tick_peer(w, i, now_ms);
	wire_flush(w);
}
