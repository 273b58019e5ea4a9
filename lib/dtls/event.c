#include "dtls/internal.h"

#include <stdlib.h>

/*
 * What the owner is to be told stands in the association itself, so that no
 * want of memory can lose an ending; only contents of records are allocated.
 */

void
event_ready(struct conn *c)
{
	if (c->in_ready)
		return;
	TAILQ_INSERT_TAIL(&c->d->ready, c, ready);
	c->in_ready = true;
}

void
event_ended(struct conn *c)
{
	if (c->in_ready)
		TAILQ_REMOVE(&c->d->ready, c, ready);
	TAILQ_INSERT_HEAD(&c->d->ready, c, ready);
	c->in_ready = true;
}

void
event_unready(struct conn *c)
{
	struct datum *data;

	while ((data = STAILQ_FIRST(&c->data))) {
		STAILQ_REMOVE_HEAD(&c->data, link);
		free(data);
	}
	if (c->in_ready)
		TAILQ_REMOVE(&c->d->ready, c, ready);
	c->in_ready = false;
}

bool
event_data(struct conn *c, struct span data)
{
	struct datum *copy = malloc(sizeof(*copy) + data.len);

	if (!copy)
		return false;
	copy->len = data.len;
	memcpy(copy->bytes, data.p, data.len);
	STAILQ_INSERT_TAIL(&c->data, copy, link);
	event_ready(c);
	return true;
}

void
event_release(struct dtls *d)
{
	free(d->lent);
	free(d->lent_chain);
	d->lent = d->lent_chain = NULL;
	conn_free(d->told);
	d->told = NULL;
}

/* The owner keeps it, or nobody. */
static void
lend_peer(struct conn *c, struct dtls_event *ev)
{
	struct dtls *d = c->d;

	d->lent = c->peer;
	d->lent_chain = c->chain;
	c->peer = c->chain = NULL;
	if (d->lent)
		ev->peer = span_of(d->lent->bytes, d->lent->len);
	if (d->lent_chain)
		ev->chain = span_of(d->lent_chain->bytes, d->lent_chain->len);
}

/* The next thing to be told of `c`. False: nothing. */
static bool
tell(struct conn *c, struct dtls_event *ev)
{
	struct dtls *d = c->d;

	*ev = (struct dtls_event){
	    .conn = c->id,
	    .address = c->address,
	    .identity = span_of(c->identity, c->identity_len),
	};
	if (c->tell_wanted) {
		c->tell_wanted = false;
		ev->kind = DTLS_EVENT_PSK_WANTED;
	} else if (c->tell_sign) {
		c->tell_sign = false;
		ev->kind = DTLS_EVENT_SIGN_WANTED;
		ev->identity = (struct span){0};
		ev->key = c->site->key;
		ev->digest = span_of(c->signing->digest, DTLS_DIGEST_LEN);
	} else if (c->tell_established) {
		c->tell_established = false;
		ev->kind = DTLS_EVENT_ESTABLISHED;
		ev->credential = c->credential;
		ev->suite = c->suite;
		ev->version = c->version;
		lend_peer(c, ev);
	} else if (c->tell_moved) {
		c->tell_moved = false;
		ev->kind = DTLS_EVENT_MOVED;
	} else if ((d->lent = STAILQ_FIRST(&c->data))) {
		STAILQ_REMOVE_HEAD(&c->data, link);
		ev->kind = DTLS_EVENT_DATA;
		ev->identity = (struct span){0};
		ev->data = span_of(d->lent->bytes, d->lent->len);
	} else if (c->state == CONN_DEAD) {
		ev->kind = DTLS_EVENT_CLOSED;
		ev->reason = c->reason;
		ev->established = c->was_established;
		if (c->peer)
			ev->peer = span_of(c->peer->bytes, c->peer->len);
		event_unready(c);
		d->told = c;
	} else {
		return false;
	}
	return true;
}

bool
dtls_event(struct dtls *d, struct dtls_event *ev)
{
	struct conn *c;

	event_release(d);
	while ((c = TAILQ_FIRST(&d->ready))) {
		if (tell(c, ev))
			return true;
		event_unready(c);
	}
	return false;
}
