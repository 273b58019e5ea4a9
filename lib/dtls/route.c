#include "dtls/internal.h"

/*
 * Everything here is decided on bytes that anybody can write: what wolfSSL
 * would take for a fatal fault of the peer must not reach it in the clear, and
 * what is not expected now does not reach it at all.
 */

enum {
	EPOCH_PROTECTED = 1, /* the only one of 1.2: no renegotiation */
	EPOCH_HANDSHAKE_13 = 2, /* of 1.3, protected by handshake keys */
	ALERT_LEN = 2, /* bytes */
	/* Bytes of a Certificate, for which wolfSSL makes room at once. */
	CERTIFICATE_MAX = 8192,
	CERTIFICATE_VERIFY_MAX = 1024,
};

/* How far behind the hello a message of the client's flight comes, and how
 * long it may be. */
static bool
is_expected(const struct conn *c, const struct peek_message *m)
{
	uint32_t max, place = 1;

	switch (m->type) {
	case PEEK_CLIENT_KEY_EXCHANGE:
		max = PEEK_KEY_EXCHANGE_MAX;
		place = c->certificates ? 2 : 1;
		break;
	case PEEK_CERTIFICATE:
		max = c->certificates ? CERTIFICATE_MAX : 0;
		break;
	case PEEK_CERTIFICATE_VERIFY:
		max = c->certificates ? CERTIFICATE_VERIFY_MAX : 0;
		place = 3;
		break;
	default:
		return false;
	}
	return m->length > 0 && m->length <= max &&
	    m->seq == (uint16_t)(c->hello_seq + place);
}

/* Nothing but messages of the flight that follows the hello, well formed. */
static bool
is_flight(const struct conn *c, struct span body)
{
	struct peek_message m;
	enum rc rc;

	while ((rc = peek_message(&body, &m)) == RC_OK)
		if (!is_expected(c, &m))
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
feed(struct conn *c, const struct peek_record *r)
{
	conn_accept(c, r->raw);
	return true;
}

/*
 * DTLS 1.3: wolfSSL gets it once, when the key is there. It is nothing to be
 * answered twice: what of our flight is lost comes again by our own timer.
 */
static bool
take_hello_13(
    struct conn *c, const struct peek_record *r, const struct peek_hello *hello)
{
	if (c->hello_taken)
		return false;
	if (hello->psk && psk_hello(c, hello->identity)) {
		queue_put(c, r->raw);
		return true;
	}
	c->hello_taken = true;
	return feed(c, r);
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
	    hello.seq != c->hello_seq || c->signing)
		return false;
	return c->is_13 ? take_hello_13(c, r, &hello) : feed(c, r);
}

/*
 * Which of two associations at an address a record is for. The live one has
 * finished its handshake, the pending one has nothing but a handshake: what is
 * of DTLS 1.2 can be told by its type, of 1.3 by its epoch.
 */
static bool
is_for_pending(const struct conn *live, const struct conn *pending,
    const struct peek_record *r)
{
	if (live->has_cid && r->epoch != 0)
		return true;
	if (r->type == PEEK_UNIFIED)
		return pending->is_13 &&
		    (!live->is_13 || r->epoch == EPOCH_HANDSHAKE_13);
	return r->epoch == 0 || r->type == PEEK_HANDSHAKE;
}

/* NULL: of a worker that has ended, or made up. */
static struct conn *
conn_of_cid(const struct dtls *d, const struct address *from, struct span cid)
{
	struct conn *c = conn_by_cid(d, cid);

	/* Its cookie was good of one address, and half of its flight has no
	 * Connection ID: in handshake it cannot move. */
	if (c && c->state == CONN_HANDSHAKE &&
	    !address_equal(&c->address, from))
		return NULL;
	return c;
}

static struct conn *
conn_for(const struct dtls *d, const struct address *from,
    const struct peek_record *r)
{
	struct conn *live = conn_find(&d->established, from);
	struct conn *pending = conn_find(&d->pending, from);

	if (r->cid.len > 0)
		return conn_of_cid(d, from, r->cid);
	if (!live || !pending)
		return live ? live : pending;
	return is_for_pending(live, pending, r) ? pending : live;
}

/* RFC 9146 4: who was given a Connection ID has one in each protected record,
 * where a type tells nothing any more. */
static bool
is_protected(const struct conn *c, const struct peek_record *r)
{
	if (c->has_cid != (r->cid.len > 0))
		return false;
	if (c->is_13)
		return r->type == PEEK_UNIFIED;
	return r->epoch == EPOCH_PROTECTED && r->type != PEEK_UNIFIED &&
	    r->type != PEEK_CHANGE_CIPHER_SPEC;
}

/* Plaintext of a live one: only what shows that our Finished was lost. */
static bool
take_live(struct conn *c, const struct address *from,
    const struct peek_record *r, bool *counted)
{
	bool repeated = !c->is_13 && r->epoch == 0 &&
	    r->type == PEEK_HANDSHAKE && !c->heard && is_flight(c, r->body);

	if (!is_protected(c, r) && (!repeated || !within_budget(c, counted)))
		return false;
	conn_read(c, r, from);
	return true;
}

static bool
take_protected(struct conn *c, const struct peek_record *r)
{
	/* Before ChangeCipherSpec it is out of order, and application data
	 * before Finished: both are as good as lost. */
	if (!is_protected(c, r) || !c->cipher_changed ||
	    r->type == PEEK_APPLICATION_DATA)
		return false;
	conn_accept(c, r->raw);
	/* With a certificate the key was agreed on: it came too early. With a
	 * Connection ID a client that has not heard our Finished sends nothing
	 * but its own. */
	if ((r->type == PEEK_HANDSHAKE || r->type == PEEK_CID) &&
	    c->state == CONN_HANDSHAKE && !c->certificates) {
		evidence_finished(c, r->raw);
		conn_wrong_key(c);
	}
	return true;
}

static bool
take_change_cipher_spec(struct conn *c, const struct peek_record *r)
{
	if (r->body.len != 1 || r->body.p[0] != 1)
		return false;
	/* Before CertificateVerify wolfSSL drops it, after it a second one. */
	if (!c->certificates && (!c->key_exchanged || c->cipher_changed))
		return false;
	c->cipher_changed = true;
	return feed(c, r);
}

/* A record for an association in handshake, other than a hello. */
static bool
take_handshake(struct conn *c, const struct peek_record *r)
{
	/* Behind its hello all that a client of 1.3 has to say is protected. */
	if (c->is_13)
		return is_protected(c, r) && r->epoch == EPOCH_HANDSHAKE_13 &&
		    feed(c, r);
	if (r->epoch != 0)
		return take_protected(c, r);
	switch (r->type) {
	case PEEK_ALERT:
		return r->body.len == ALERT_LEN && feed(c, r);
	case PEEK_HANDSHAKE:
		return !c->key_exchanged && is_flight(c, r->body) && feed(c, r);
	case PEEK_CHANGE_CIPHER_SPEC:
		return take_change_cipher_spec(c, r);
	default:
		return false;
	}
}

/* True when the rest of the datagram, from this record on, has to wait. */
static bool
must_wait(struct conn *c, const struct peek_record *r)
{
	if (c->key_state == KEY_ASKED || c->signing)
		return true;
	return c->key_state == KEY_NONE && !c->certificates && !c->is_13 &&
	    r->epoch == 0 && r->type == PEEK_HANDSHAKE &&
	    is_flight(c, r->body) && psk_peek(c, r->body);
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
	for (; peek_record_cid(&datagram, DTLS_CID_LEN, &r); rest = datagram) {
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
			used |= take_live(c, from, &r, &counted);
			continue;
		}
		if (!within_budget(c, &counted))
			continue;
		if (must_wait(c, &r)) {
			queue_put(c, rest);
			return;
		}
		used |= take_handshake(c, &r);
	}
	if (!used)
		d->counters.ignored++;
}
