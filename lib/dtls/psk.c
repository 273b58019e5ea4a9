#include "dtls/internal.h"

#include "base/digest.h"

#include <stdlib.h>

enum {
	RANDOM_KEY_LEN = 32, /* bytes */
};

void
psk_queue(struct conn *c, struct span datagram)
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
psk_forget_queue(struct conn *c)
{
	struct packet *p;

	while ((p = STAILQ_FIRST(&c->queue))) {
		STAILQ_REMOVE_HEAD(&c->queue, link);
		free(p);
	}
	c->queue_count = 0;
}

/* The body of the ClientKeyExchange, NULL in .p: not whole yet. */
static struct span
key_exchange(struct conn *c, const struct peek_message *m)
{
	struct span body = {0};

	if (peek_whole(m))
		return m->fragment;
	if (!c->assembly)
		c->assembly = calloc(1, sizeof(*c->assembly));
	if (!c->assembly || !peek_assemble(c->assembly, m, &body))
		return (struct span){0};
	return body;
}

/* All suites that we serve have the identity here, and nothing else. */
static bool
ask(struct conn *c, struct span body)
{
	struct span identity;
	enum rc rc = peek_identity(body, DTLS_IDENTITY_MAX, &identity);

	if (rc == RC_DENIED)
		c->key_state = KEY_REFUSED;
	if (rc != RC_MALFORMED)
		limit_heard(c);
	if (rc) /* malformed: wolfSSL refuses the message */
		return false;
	memcpy(c->identity, identity.p, identity.len);
	c->identity_len = identity.len;
	c->key_state = KEY_ASKED;
	c->resend_ms = TIME_NEVER;
	c->tell_wanted = true;
	conn_schedule(c);
	event_ready(c);
	return true;
}

bool
psk_peek(struct conn *c, struct span body)
{
	struct peek_message m;

	while (c->key_state == KEY_NONE && peek_message(&body, &m) == RC_OK) {
		struct span exchange;

		if (m.type != PEEK_CLIENT_KEY_EXCHANGE)
			continue;
		exchange = key_exchange(c, &m);
		if (exchange.p && ask(c, exchange))
			return true;
	}
	return false;
}

unsigned int
psk_callback(WOLFSSL *ssl, const char *identity, unsigned char *key,
    unsigned int key_max)
{
	struct conn *c = wolfSSL_GetIOReadCtx(ssl);
	struct span known = secret_expose(&c->key);
	struct span seen = span_of(c->identity, c->identity_len);

	if (key_max < RANDOM_KEY_LEN)
		return 0;
	c->key_exchanged = true;
	limit_heard(c);
	/*
	 * Whatever is wrong with the identity, the handshake goes on with a key
	 * that nobody has and fails where a wrong key does. The identity that
	 * wolfSSL has read may be another than the one asked for: a forged
	 * datagram can come between.
	 */
	random_bytes(key, RANDOM_KEY_LEN);
	if (c->key_state != KEY_KNOWN || known.len > key_max ||
	    !span_equal(span_str(identity), seen))
		return RANDOM_KEY_LEN;
	memcpy(key, known.p, known.len);
	return (unsigned int)known.len;
}

/* What had to wait goes the way it would have gone. */
static void
replay(struct conn *c)
{
	struct dtls *d = c->d;
	struct address from = c->address;
	STAILQ_HEAD(, packet) queue = STAILQ_HEAD_INITIALIZER(queue);
	struct packet *p;

	/* `c` may end on the way. */
	STAILQ_CONCAT(&queue, &c->queue);
	c->queue_count = 0;
	while ((p = STAILQ_FIRST(&queue))) {
		STAILQ_REMOVE_HEAD(&queue, link);
		route_datagram(d, &from, span_of(p->bytes, p->len), true);
		free(p);
	}
}

enum rc
dtls_psk_answer(struct dtls *d, uint64_t conn, const struct secret *key,
    uint32_t tag, uint64_t now_ms)
{
	struct conn *c = conn_by_id(d, conn);
	enum rc rc = RC_OK;

	d->now_ms = now_ms;
	if (!c || c->key_state != KEY_ASKED)
		return RC_NOT_FOUND;
	if (key && key->len >= DTLS_KEY_MIN && key->len <= DTLS_KEY_MAX)
		rc = secret_set(&c->key, secret_expose(key));
	else
		key = NULL;
	if (rc)
		return rc;
	c->key_state = key ? KEY_KNOWN : KEY_UNKNOWN;
	c->tag = tag;
	c->tell_wanted = false;
	replay(c);
	return RC_OK;
}

void
dtls_psk_unavailable(struct dtls *d, uint64_t conn, uint64_t now_ms)
{
	struct conn *c = conn_by_id(d, conn);

	d->now_ms = now_ms;
	if (!c || c->key_state != KEY_ASKED)
		return;
	/* As if the flight had been lost: the peer sends it again. */
	psk_forget_queue(c);
	free(c->assembly);
	c->assembly = NULL;
	c->identity_len = 0;
	c->key_state = KEY_NONE;
	c->tell_wanted = false;
}
