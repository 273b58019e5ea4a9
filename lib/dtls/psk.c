#include "dtls/internal.h"

#include "base/digest.h"

#include <stdlib.h>

enum {
	RANDOM_KEY_LEN = 32, /* bytes */
	AGAIN_MS = 1000, /* on a stream, when the key could not be had */
};

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

static void
ask(struct conn *c, struct span identity)
{
	memcpy(c->identity, identity.p, identity.len);
	c->identity_len = identity.len;
	c->key_state = KEY_ASKED;
	c->resend_ms = TIME_NEVER;
	c->tell_wanted = true;
	conn_schedule(c);
	event_ready(c);
}

/* All suites that we serve have the identity here, and nothing else. */
static bool
read_exchange(struct conn *c, struct span body)
{
	struct span identity;
	enum rc rc = peek_identity(body, DTLS_IDENTITY_MAX, &identity);

	if (rc == RC_DENIED)
		c->key_state = KEY_REFUSED;
	if (rc != RC_MALFORMED)
		limit_heard(c);
	if (rc) /* malformed: wolfSSL refuses the message */
		return false;
	ask(c, identity);
	return true;
}

bool
psk_exchange(struct conn *c, struct span body)
{
	return read_exchange(c, body);
}

bool
psk_timer(struct conn *c)
{
	if (!c->tls || c->key_state != KEY_ASKED)
		return false;
	c->resend_ms = TIME_NEVER;
	c->tell_wanted = true;
	event_ready(c);
	return true;
}

bool
psk_hello(struct conn *c, struct span identity)
{
	if (c->key_state != KEY_NONE)
		return false;
	if (!peek_identity_good(identity, DTLS_IDENTITY_MAX)) {
		c->key_state = KEY_REFUSED;
		return false;
	}
	ask(c, identity);
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
		if (exchange.p)
			evidence_exchange(c, m.seq, exchange);
		if (exchange.p && read_exchange(c, exchange))
			return true;
	}
	return false;
}

/*
 * Whatever is wrong with the identity, the handshake goes on with a key that
 * nobody has and fails where a wrong key does. The identity that wolfSSL has
 * read may be another than the one asked for: a forged datagram can come
 * between.
 */
static unsigned int
key_for(struct conn *c, const char *identity, unsigned char *key,
    unsigned int key_max)
{
	struct span known = secret_expose(&c->key);
	struct span seen = span_of(c->identity, c->identity_len);

	if (key_max < RANDOM_KEY_LEN)
		return 0;
	c->key_used = false;
	random_bytes(key, RANDOM_KEY_LEN);
	if (c->key_state != KEY_KNOWN || known.len > key_max ||
	    !span_equal(span_str(identity), seen))
		return RANDOM_KEY_LEN;
	memcpy(key, known.p, known.len);
	c->key_used = true;
	return (unsigned int)known.len;
}

unsigned int
psk_callback(WOLFSSL *ssl, const char *identity, unsigned char *key,
    unsigned int key_max)
{
	struct conn *c = wolfSSL_GetIOReadCtx(ssl);

	/* wolfSSL tries this one where psk_callback_13() has nothing. */
	if (c->is_13)
		return 0;
	c->key_exchanged = true;
	limit_heard(c);
	return key_for(c, identity, key, key_max);
}

#if DTLS_HAVE_13
unsigned int
psk_callback_13(WOLFSSL *ssl, const char *identity, unsigned char *key,
    unsigned int key_max, const char **suite)
{
	struct conn *c = wolfSSL_GetIOReadCtx(ssl);

	/*
	 * Also before the cookie is known to be good, when the suite for the
	 * HelloRetryRequest is chosen. The key does not matter then, and a
	 * client that can do nothing but PSK has to get its answer.
	 */
	if (!c->is_13 || !c->suite_13)
		return 0;
	*suite = c->suite_13;
	return key_for(c, identity, key, key_max);
}
#endif

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
	queue_replay(c);
	return RC_OK;
}

void
dtls_psk_unavailable(struct dtls *d, uint64_t conn, uint64_t now_ms)
{
	struct conn *c = conn_by_id(d, conn);

	d->now_ms = now_ms;
	if (!c || c->key_state != KEY_ASKED)
		return;
	if (c->tls) {
		c->tell_wanted = false;
		c->resend_ms = now_ms + AGAIN_MS;
		conn_schedule(c);
		return;
	}
	/* As if the flight had been lost: the peer sends it again. */
	queue_forget(c);
	free(c->assembly);
	c->assembly = NULL;
	c->identity_len = 0;
	c->key_state = KEY_NONE;
	c->tell_wanted = false;
}
