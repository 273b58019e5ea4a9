#include "connection.h"

#include "tcp.h"

#include <stdlib.h>
#include <sys/epoll.h>

enum {
	READ_LEN = 16 << 10, /**< bytes taken at once */
	READ_ROUNDS = 4, /**< then others have their turn */
	WAITING_MAX = 128 << 10, /**< bytes that a socket has not taken */
	STALL_MS = 30000, /**< the peer reads nothing */
	LINGER_MS = 2000, /**< from our FIN until the peer's */
};

static void on_timer(void *ctx, uint64_t now_ms);

struct connection *
connection_find(struct listener *l, uint64_t number)
{
	struct peer_key k;

	memset(&k, 0, sizeof(k)); /* padding too: it is hashed as bytes */
	k.listener = (uint8_t)l->index;
	k.conn = number;
	/* the item is the first member */
	return (struct connection *)table_get(
	    &l->worker->connections, span_of(&k, sizeof(k)));
}

/* --- its life ------------------------------------------------------------- */

static void
arm(struct connection *c, uint64_t at_ms)
{
	if (loop_timer_set(c->listener->worker->loop, &c->timer, at_ms,
		on_timer, c) != RC_OK)
		LOG(LOG_ERROR, "out_of_memory", F_TEXT("for", "timer"));
}

void
connection_settle(struct connection *c)
{
	struct worker *w = c->listener->worker;

	if (!c->source)
		return;
	TAILQ_REMOVE(&w->young, c, young);
	sources_leave(&w->sources, c->source);
	c->source = NULL;
}

void
connection_drop(struct connection *c)
{
	struct worker *w = c->listener->worker;

	if (c->fd < 0)
		return;
	loop_unwatch(w->loop, c->fd);
	loop_timer_clear(w->loop, &c->timer);
	tcp_close(c->fd);
	c->fd = -1;
	c->finished = true;
	connection_settle(c);
	table_remove(&w->connections, &c->item);
	fifo_fini(&c->out);
	STAILQ_INSERT_TAIL(&w->buried, c, dead);
	connections_wake(w);
}

void
connection_lose(struct connection *c, uint64_t now_ms)
{
	struct listener *l = c->listener;

	if (c->fd >= 0 && l->dtls) {
		dtls_stream_ended(l->dtls, c->key.conn, now_ms);
		listener_serve(l, now_ms);
	} else if (c->fd >= 0 && !c->finished && c->peer) {
		peer_lost(c->peer, now_ms);
	}
	connection_drop(c);
}

/* --- what goes out -------------------------------------------------------- */

bool
connection_blocked(const struct connection *c)
{
	return c->fd < 0 || c->broken || c->out.len > 0;
}

/** Whoever has called us may hold the peer: it ends from the loop. */
static void
fail(struct connection *c, uint64_t now_ms)
{
	c->broken = true;
	arm(c, now_ms);
}

static void
say_fin(struct connection *c, uint64_t now_ms)
{
	tcp_finish(c->fd);
	c->said_fin = true;
	arm(c, now_ms + LINGER_MS);
}

static void
want_write(struct connection *c, bool wanted, uint64_t now_ms)
{
	if (c->waits_to_write == wanted)
		return;
	c->waits_to_write = wanted;
	loop_unwatch(c->listener->worker->loop, c->fd);
	if (connection_watch(c) != RC_OK)
		fail(c, now_ms);
}

void
connection_send(struct connection *c, struct span bytes, uint64_t now_ms)
{
	size_t taken = 0;

	if (c->fd < 0 || c->broken || c->said_fin || bytes.len == 0)
		return;
	if (c->out.len == 0 && tcp_write(c->fd, bytes, &taken) != RC_OK) {
		fail(c, now_ms);
		return;
	}
	bytes = span_from(bytes, taken);
	if (bytes.len == 0)
		return;
	if (c->out.len == 0)
		arm(c, now_ms + STALL_MS);
	if (fifo_put(&c->out, bytes, WAITING_MAX) != RC_OK)
		fail(c, now_ms);
	else
		want_write(c, true, now_ms);
}

/** The socket takes more. */
static void
send_waiting(struct connection *c, uint64_t now_ms)
{
	size_t taken;

	if (c->broken || c->out.len == 0)
		return;
	if (tcp_write(c->fd, fifo_span(&c->out), &taken) != RC_OK) {
		fail(c, now_ms);
		return;
	}
	fifo_drop(&c->out, taken);
	if (c->out.len > 0) {
		if (taken > 0)
			arm(c, now_ms + STALL_MS);
		return;
	}
	loop_timer_clear(c->listener->worker->loop, &c->timer);
	want_write(c, false, now_ms);
	if (c->finished)
		say_fin(c, now_ms);
	else if (!c->broken && c->peer)
		peer_pump(c->peer, now_ms);
}

void
connection_finish(struct connection *c, uint64_t now_ms)
{
	struct worker *w = c->listener->worker;

	if (c->fd < 0 || c->finished)
		return;
	/* its close_notify, if it is we who end it */
	if (c->listener->dtls) {
		dtls_close(c->listener->dtls, c->key.conn, now_ms);
		listener_flush(c->listener, now_ms);
		if (c->fd < 0 || c->finished)
			return;
	}
	c->finished = true;
	/* it counts until it is gone, and is the first to give way */
	if (c->source) {
		TAILQ_REMOVE(&w->young, c, young);
		TAILQ_INSERT_HEAD(&w->young, c, young);
	}
	if (c->broken)
		connection_drop(c);
	else if (c->out.len == 0)
		say_fin(c, now_ms);
}

static void
on_timer(void *ctx, uint64_t now_ms)
{
	struct connection *c = ctx;

	connection_lose(c, now_ms);
}

/* --- what comes in -------------------------------------------------------- */

static void
take(struct connection *c, struct span bytes, uint64_t now_ms)
{
	struct listener *l = c->listener;

	if (l->dtls) {
		dtls_stream_receive(l->dtls, c->key.conn, bytes, now_ms);
		listener_serve(l, now_ms);
	} else if (c->peer) {
		peer_bytes(c->peer, bytes, now_ms);
	}
}

/** False: no more for now. */
static bool
read_once(struct connection *c, uint64_t now_ms)
{
	static uint8_t buf[READ_LEN];
	size_t len;
	enum rc rc = tcp_read(c->fd, buf, sizeof(buf), &len);

	if (rc == RC_AGAIN)
		return false;
	if (rc != RC_OK) {
		connection_lose(c, now_ms);
		return false;
	}
	c->listener->worker->stats.datagrams_in++;
	if (!c->finished)
		take(c, span_of(buf, len), now_ms);
	secret_wipe(buf, len);
	return c->fd >= 0 && len == sizeof(buf);
}

static void
on_ready(void *ctx, uint32_t events)
{
	struct connection *c = ctx;
	uint64_t now = clock_now_ms();

	if (events & EPOLLOUT)
		send_waiting(c, now);
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	for (int i = 0; i < READ_ROUNDS && c->fd >= 0; i++)
		if (!read_once(c, now))
			break;
}

enum rc
connection_watch(struct connection *c)
{
	return loop_watch(c->listener->worker->loop, c->fd,
	    c->waits_to_write ? EPOLLIN | EPOLLOUT : EPOLLIN, on_ready, c);
}

/* --- all of them ---------------------------------------------------------- */

enum rc
connections_init(struct worker *w)
{
	enum rc rc = table_init(&w->connections);

	TAILQ_INIT(&w->young);
	STAILQ_INIT(&w->buried);
	return rc == RC_OK ? sources_init(&w->sources) : rc;
}

void
connections_bury(struct worker *w)
{
	struct connection *c;

	while ((c = STAILQ_FIRST(&w->buried))) {
		STAILQ_REMOVE_HEAD(&w->buried, dead);
		free(c);
	}
}

void
connections_fini(struct worker *w)
{
	struct table_item *item;

	while ((item = table_any(&w->connections)))
		connection_drop((struct connection *)item);
	connections_bury(w);
	table_fini(&w->connections);
	sources_fini(&w->sources);
}
