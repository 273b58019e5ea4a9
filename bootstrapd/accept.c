/* Newcomers on a listening TCP socket: which of them there is room for. */
#include "connection.h"
#include "tcp.h"

#include <stdlib.h>

enum {
	ROUNDS = 64, /**< then others have their turn */
	REST_MS = 1000, /**< without descriptors or memory */
};

static void
watch(struct listener *l)
{
	if (listener_watch(l) != RC_OK)
		LOG(LOG_ERROR, "out_of_memory", F_TEXT("for", "listener"));
}

static void
rested(void *ctx, uint64_t now_ms)
{
	struct listener *l = ctx;

	(void)now_ms;
	l->rests = false;
	watch(l);
}

/** A queue that cannot be emptied would wake us for ever. */
static void
rest(struct listener *l, uint64_t now_ms)
{
	if (worker_may_log(l->worker, now_ms))
		LOG(LOG_WARNING, "accept", F_INT("worker", l->worker->index),
		    F_TEXT("error", "no descriptor or memory for a connection"),
		    F_TEXT("remedy",
			"raise LimitNOFILE=, or lower limits.connections"));
	loop_unwatch(l->worker->loop, l->fd);
	l->rests = true;
	if (loop_timer_set(l->worker->loop, &l->rest_timer, now_ms + REST_MS,
		rested, l) != RC_OK)
		rested(l, now_ms);
}

void
connections_wake(struct worker *w)
{
	for (size_t i = 0; i < w->listener_count; i++) {
		struct listener *l = &w->listeners[i];

		if (!l->rests)
			continue;
		loop_timer_clear(w->loop, &l->rest_timer);
		rested(l, 0);
	}
}

/** When it last wanted something; 0: it ends. */
static uint64_t
used_ms(const struct connection *c)
{
	return c->peer ? c->peer->used_ms : 0;
}

static void
look_for_idle(void *ctx, struct table_item *item)
{
	struct connection **idle = ctx;
	struct connection *c = (struct connection *)item;

	if (c->source || (c->peer && c->peer->boot))
		return;
	if (!*idle || used_ms(c) < used_ms(*idle))
		*idle = c;
}

/** Room for one more: the oldest young one gives way, and where there is none
 *  one whose bootstrap is over. */
static bool
make_room(struct worker *w, uint64_t now_ms)
{
	struct connection *c = TAILQ_FIRST(&w->young);

	if (w->connections.count < w->connections_max)
		return true;
	if (!c)
		table_each(&w->connections, look_for_idle, &c);
	if (!c)
		return false;
	connection_lose(c, now_ms);
	return true;
}

/** Its handshake begins; on a plain one the number is ours. False: no room. */
static bool
open_number(struct listener *l, const struct address *from, uint64_t now_ms,
    uint64_t *number)
{
	if (l->dtls)
		return dtls_stream_open(l->dtls, from, now_ms, number) == RC_OK;
	*number = ++l->last_connection;
	return true;
}

/** Takes `fd`. NULL: no room. */
static struct connection *
add(struct listener *l, int fd, const struct address *from, uint64_t now_ms)
{
	struct worker *w = l->worker;
	struct connection *c = NULL;
	/* its share first: who has that has no claim to the room of others */
	struct source *source =
	    sources_join(&w->sources, from, w->young_per_source);

	if (source && make_room(w, now_ms))
		c = calloc(1, sizeof(*c));
	if (!c || !open_number(l, from, now_ms, &c->key.conn)) {
		free(c);
		sources_leave(&w->sources, source);
		tcp_close(fd);
		return NULL;
	}
	c->listener = l;
	c->fd = fd;
	c->address = *from;
	c->source = source;
	TAILQ_INSERT_TAIL(&w->young, c, young);
	c->key.listener = (uint8_t)l->index;
	c->item.key = span_of(&c->key, sizeof(c->key));
	table_put(&w->connections, &c->item);
	return c;
}

static void
welcome(struct listener *l, int fd, const struct address *from, uint64_t now_ms)
{
	struct connection *c = add(l, fd, from, now_ms);

	if (c && connection_watch(c) == RC_OK &&
	    (l->dtls || peer_connected(c, now_ms)))
		return;
	l->worker->stats.dropped++;
	if (!c)
		return;
	if (l->dtls)
		dtls_close(l->dtls, c->key.conn, now_ms);
	connection_drop(c);
}

void
connections_ready(void *ctx, uint32_t events)
{
	struct listener *l = ctx;
	uint64_t now = clock_now_ms();
	struct address from;
	enum rc rc = RC_OK;
	int fd;

	(void)events;
	for (int i = 0; i < ROUNDS && rc == RC_OK; i++) {
		rc = tcp_accept(l->fd, &fd, &from);
		if (rc == RC_OK)
			welcome(l, fd, &from, now);
	}
	/* one may have given way, and its deadlines are new */
	if (l->dtls)
		listener_serve(l, now);
	if (rc == RC_FULL)
		rest(l, now);
}
