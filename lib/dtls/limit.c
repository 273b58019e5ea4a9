#include "dtls/internal.h"

#include <stdlib.h>

/*
 * How many there may be: of all, of one source, of one identity. An association
 * counts for its source while it is in handshake and for its identity when it
 * is live, so it is in one group at a time at most.
 */

enum {
	SOURCE_IPV6_LEN = 8, /* bytes of an address: a host has a /64 */
	SOURCE_KEY_LEN = 1 + SOURCE_IPV6_LEN + 4, /* family, IP, scope */
};

/* There is one only while it has members. */
struct group {
	struct table_item item;
	struct table *table;
	size_t count;
	TAILQ_HEAD(, conn) members; /* the oldest first */
	uint8_t key[DTLS_IDENTITY_MAX];
};

static struct span
source_key(const struct address *a, uint8_t out[static SOURCE_KEY_LEN])
{
	memset(out, 0, SOURCE_KEY_LEN);
	out[0] = a->family;
	memcpy(out + 1, a->ip, a->family == 4 ? 4 : SOURCE_IPV6_LEN);
	memcpy(out + 1 + SOURCE_IPV6_LEN, &a->scope, sizeof(a->scope));
	return span_of(out, SOURCE_KEY_LEN);
}

/* The item is the first member. */
static struct group *
find(const struct table *t, struct span key)
{
	return (struct group *)(void *)table_get(t, key);
}

static enum rc
join(struct conn *c, struct table *t, struct span key)
{
	struct group *g = find(t, key);

	if (!g) {
		g = calloc(1, sizeof(*g));
		if (!g)
			return RC_MEMORY;
		g->table = t;
		TAILQ_INIT(&g->members);
		memcpy(g->key, key.p, key.len);
		g->item.key = span_of(g->key, key.len);
		table_put(t, &g->item);
	}
	TAILQ_INSERT_TAIL(&g->members, c, in_group);
	g->count++;
	c->group = g;
	return RC_OK;
}

void
limit_leave(struct conn *c)
{
	struct group *g = c->group;

	limit_heard(c);
	if (!g)
		return;
	c->group = NULL;
	TAILQ_REMOVE(&g->members, c, in_group);
	if (--g->count > 0)
		return;
	table_remove(g->table, &g->item);
	free(g);
}

static bool
is_full(const struct dtls *d, const struct address *from)
{
	return d->pending.count >= d->config.handshakes_max ||
	    (d->by_id.count >= d->config.connections_max &&
		!conn_find(&d->established, from));
}

bool
limit_room(const struct dtls *d, const struct address *from)
{
	uint8_t key[SOURCE_KEY_LEN];
	const struct group *g;

	if (conn_find(&d->pending, from))
		return true;
	g = find(&d->sources, source_key(from, key));
	if ((g ? g->count : 0) >= d->config.handshakes_per_source)
		return false;
	return !is_full(d, from) || !TAILQ_EMPTY(&d->silent);
}

void
limit_make_room(struct dtls *d, const struct address *from)
{
	struct conn *oldest = TAILQ_FIRST(&d->silent);

	if (oldest && is_full(d, from))
		conn_kill(oldest, DTLS_FAILED_RESOURCES);
}

enum rc
limit_begin(struct conn *c)
{
	uint8_t key[SOURCE_KEY_LEN];
	enum rc rc = join(c, &c->d->sources, source_key(&c->address, key));

	if (rc)
		return rc;
	TAILQ_INSERT_TAIL(&c->d->silent, c, silent);
	c->in_silent = true;
	return RC_OK;
}

void
limit_heard(struct conn *c)
{
	if (c->in_silent)
		TAILQ_REMOVE(&c->d->silent, c, silent);
	c->in_silent = false;
}

enum rc
limit_established(struct conn *c)
{
	struct dtls *d = c->d;
	struct conn *oldest;
	enum rc rc;

	limit_leave(c);
	if (c->identity_len == 0)
		return RC_OK;
	rc = join(c, &d->identities, span_of(c->identity, c->identity_len));
	if (rc)
		return rc;
	output_flush(&d->out); /* what follows is for others */
	while (c->group->count > DTLS_PER_IDENTITY_MAX) {
		oldest = TAILQ_FIRST(&c->group->members);
		conn_say_close(oldest);
		conn_kill(oldest, DTLS_CLOSED_REPLACED);
	}
	return RC_OK;
}
