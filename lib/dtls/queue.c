#include "dtls/internal.h"

#include <stdlib.h>

void
queue_put(struct conn *c, struct span datagram)
{
	struct packet *p;

	if (c->queue_count == QUEUE_MAX || datagram.len > QUEUED_LEN_MAX)
		return;
	p = malloc(sizeof(*p) + datagram.len);
	if (!p)
		return;
	p->len = datagram.len;
	memcpy(p->bytes, datagram.p, datagram.len);
	STAILQ_INSERT_TAIL(&c->queue, p, link);
	c->queue_count++;
}

void
queue_forget(struct conn *c)
{
	struct packet *p;

	while ((p = STAILQ_FIRST(&c->queue))) {
		STAILQ_REMOVE_HEAD(&c->queue, link);
		free(p);
	}
	c->queue_count = 0;
}

void
queue_replay(struct conn *c)
{
	struct dtls *d = c->d;
	struct address from = c->address;
	STAILQ_HEAD(, packet) queue = STAILQ_HEAD_INITIALIZER(queue);
	struct packet *p;

	if (d->config.stream) {
		tls_advance(c);
		return;
	}
	/* `c` may end on the way. */
	STAILQ_CONCAT(&queue, &c->queue);
	c->queue_count = 0;
	while ((p = STAILQ_FIRST(&queue))) {
		STAILQ_REMOVE_HEAD(&queue, link);
		route_datagram(d, &from, span_of(p->bytes, p->len), true);
		free(p);
	}
}
