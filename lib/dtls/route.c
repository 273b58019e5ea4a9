#include "dtls/internal.h"

/*
 * Everything here is decided on bytes that anybody can write: what wolfSSL
 * would take for a fatal fault of the peer must not reach it in the clear, and
 * what is not expected now does not reach it at all.
 */

enum {
	EPOCH_PROTECTED = 1, /* the only one: there is no renegotiation */
	ALERT_LEN = 2, /* bytes */
};

/* Nothing but the ClientKeyExchange that follows the hello, well formed. */
static bool
is_key_exchange(const struct conn *c, struct span body)
{
	struct peek_message m;
	enum rc rc;

	while ((rc = peek_message(&body, &m)) == RC_OK)
		if (m.type != PEEK_CLIENT_KEY_EXCHANGE ||
		    m.seq != (uint16_t)(c->hello_seq + 1) || m.length == 0 ||
		    m.length > PEEK_KEY_EXCHANGE_MAX)
			return false;
	return rc == RC_AGAIN;
}

/* A datagram counts once, however many records of it are for `c`. False: it
 * was one too many. */
static bool
within_budget(struct conn *c, bool *counted)
{
	if (*counted)
		return true;
	*counted = true;
	if (++c->datagrams <= c->d->config.handshake_datagrams)
		return true;
	if (c->state == CONN_HANDSHAKE)
		conn_kill(c, DTLS_FAILED_BUDGET);
	return false;
}

static bool
same_random(const struct conn *c, const struct peek_hello *hello)
{
	return span_equal(span_of(c->random, sizeof(c->random)), hello->random);
}

static bool
take_hello(struct dtls *d, const struct address *from,
    const struct peek_record *r, bool *counted)
{
	struct conn *live = conn_find(&d->established, from);
	struct conn *c = conn_find(&d->pending, from);
	struct peek_hello hello;

	if (peek_hello(r, &hello))
		return false;
	d->counters.hellos++;
	/* A late or replayed copy: its cookie is still good. */
	if (live && same_random(live, &hello))
		return false;
	if (!c || !same_random(c, &hello)) {
		listener_hello(d, from, r, &hello);
		return true;
	}
	if (!within_budget(c, counted) || c->key_state == KEY_ASKED ||
	    hello.seq != c->hello_seq)
		return false;
	conn_accept(c, r->raw); /* our flight was lost: once more */
	return true;
}

/*
 * The association that a record of `from` is for. While a new handshake runs
 * beside a live association its epoch 1 has only Finished in it, and the live
 * one has finished: handshake records are for the new one, all else protected
 * is for the live one.
 */
static struct conn *
conn_for(const struct dtls *d, const struct address *from,
    const struct peek_record *r)
{
	struct conn *live = conn_find(&d->established, from);
	struct conn *pending = conn_find(&d->pending, from);

	if (!live || !pending)
		return live ? live : pending;
	return r->epoch == 0 || r->type == PEEK_HANDSHAKE ? pending : live;
}

/* Plaintext of a live one: only what shows that our Finished was lost. */
static bool
take_live(struct conn *c, const struct peek_record *r, bool *counted)
{
	bool repeated = r->epoch == 0 && r->type == PEEK_HANDSHAKE &&
	    !c->heard && is_key_exchange(c, r->body);
	bool protected =
	    r->epoch == EPOCH_PROTECTED && r->type != PEEK_CHANGE_CIPHER_SPEC;

	if (!protected && (!repeated || !within_budget(c, counted)))
		return false;
	conn_read(c, r->raw);
	return true;
}

static bool
take_protected(struct conn *c, const struct peek_record *r)
{
	/* Before ChangeCipherSpec it is out of order, and application data
	 * before Finished: both are as good as lost. */
	if (r->epoch != EPOCH_PROTECTED || !c->cipher_changed ||
	    r->type == PEEK_APPLICATION_DATA ||
	    r->type == PEEK_CHANGE_CIPHER_SPEC)
		return false;
	conn_accept(c, r->raw);
	if (r->type == PEEK_HANDSHAKE && c->state == CONN_HANDSHAKE)
		conn_wrong_key(c);
	return true;
}

/* A record for an association in handshake, other than a hello. */
static bool
take_handshake(struct conn *c, const struct peek_record *r)
{
	struct span body = r->body;

	if (r->epoch != 0)
		return take_protected(c, r);
	switch (r->type) {
	case PEEK_HANDSHAKE:
		if (c->key_exchanged || !is_key_exchange(c, body))
			return false;
		conn_accept(c, r->raw);
		return true;
	case PEEK_CHANGE_CIPHER_SPEC:
		if (!c->key_exchanged || c->cipher_changed || body.len != 1 ||
		    body.p[0] != 1)
			return false;
		c->cipher_changed = true;
		conn_accept(c, r->raw);
		return true;
	case PEEK_ALERT:
		if (body.len != ALERT_LEN)
			return false;
		conn_accept(c, r->raw);
		return true;
	default:
		return false;
	}
}

/* True when the rest of the datagram, from this record on, has to wait. */
static bool
must_wait(struct conn *c, const struct peek_record *r)
{
	if (c->key_state == KEY_ASKED)
		return true;
	return c->key_state == KEY_NONE && r->epoch == 0 &&
	    r->type == PEEK_HANDSHAKE && is_key_exchange(c, r->body) &&
	    psk_peek(c, r->body);
}

void
route_datagram(struct dtls *d, const struct address *from, struct span datagram,
    bool counted)
{
	struct span rest = datagram;
	struct peek_record r;
	struct conn *c;
	bool used = false;

	d->greeted = false;
	/* Record by record: each can end one association and begin another. */
	for (; peek_record(&datagram, &r); rest = datagram) {
		if (r.body.len == 0 || r.raw.len > RECORD_LEN_MAX)
			continue;
		if (peek_is_hello(&r)) {
			used |= take_hello(d, from, &r, &counted);
			continue;
		}
		c = conn_for(d, from, &r);
		if (!c)
			continue;
		if (c->state == CONN_LIVE) {
			used |= take_live(c, &r, &counted);
			continue;
		}
		if (!within_budget(c, &counted))
			continue;
		if (must_wait(c, &r)) {
			psk_queue(c, rest);
			return;
		}
		used |= take_handshake(c, &r);
	}
	if (!used)
		d->counters.ignored++;
}
