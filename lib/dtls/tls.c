#include "dtls/internal.h"

#include <stdlib.h>

/*
 * TLS on a stream: records are put together here and wolfSSL gets one at a
 * time, so that it never sees how the stream was cut, and so that the hello is
 * read before anybody has to answer it, and the identity before its key is
 * needed. Behind the hello wolfSSL judges every record by itself: nobody but
 * the peer can have written it.
 */

enum {
	/* Bytes that may wait: two records, and what comes while something is
	 * asked for. */
	IN_MAX = 64 << 10,
};

/* --- what wolfSSL reads and writes ---------------------------------------- */

static int
io_receive(WOLFSSL *ssl, char *buf, int cap, void *ctx)
{
	struct conn *c = ctx;
	size_t len = c->in.len;

	(void)ssl;
	if (len == 0 || cap <= 0)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	if (len > (size_t)cap)
		len = (size_t)cap;
	memcpy(buf, c->in.p, len);
	c->in = span_from(c->in, len);
	return (int)len;
}

/* Never "want write": how much may wait is the owner's to say. */
static int
io_send(WOLFSSL *ssl, char *buf, int len, void *ctx)
{
	struct conn *c = ctx;

	(void)ssl;
	if (len < 0)
		return WOLFSSL_CBIO_ERR_GENERAL;
	if (alert_hold(c, span_of(buf, (size_t)len)))
		return len;
	if (!conn_output(c, span_of(buf, (size_t)len)))
		return WOLFSSL_CBIO_ERR_GENERAL;
	evidence_tls_sent(c, span_of(buf, (size_t)len));
	return len;
}

static bool
equip(struct conn *c)
{
	c->ssl = wolfSSL_new(c->site->ctx);
	if (!c->ssl)
		return false;
	wolfSSL_SSLSetIORecv(c->ssl, io_receive);
	wolfSSL_SSLSetIOSend(c->ssl, io_send);
	wolfSSL_SetIOReadCtx(c->ssl, c);
	wolfSSL_SetIOWriteCtx(c->ssl, c);
	wolfSSL_SetCertCbCtx(c->ssl, c);
	return context_alpn(c->ssl);
}

/* --- its beginning and end ------------------------------------------------ */

void
tls_forget(struct conn *c)
{
	if (!c->tls)
		return;
	fifo_fini(&c->tls->in);
	fifo_fini(&c->tls->hello);
	fifo_fini(&c->tls->exchange);
	free(c->tls);
	c->tls = NULL;
}

static struct conn *new (struct dtls *d, const struct address *from)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->d = d;
	c->address = *from;
	STAILQ_INIT(&c->queue);
	STAILQ_INIT(&c->data);
	c->fault = DTLS_FAILED_PROTOCOL;
	c->credentials = credentials_ref(d->credentials);
	c->tls = calloc(1, sizeof(*c->tls));
	if (c->tls)
		return c;
	conn_free(c);
	return NULL;
}

enum rc
dtls_stream_open(
    struct dtls *d, const struct address *from, uint64_t now_ms, uint64_t *conn)
{
	static const uint8_t nothing[PEEK_RANDOM_LEN];
	/* Not known yet, and nothing that can be repeated. */
	const struct peek_hello hello = {
	    .random = span_of(nothing, sizeof(nothing))};
	struct conn *c;

	d->now_ms = now_ms;
	if (!d->config.stream)
		return RC_UNSUPPORTED;
	if (!limit_room(d, from)) {
		d->counters.ignored++;
		return RC_FULL;
	}
	c = new (d, from);
	if (!c)
		return RC_MEMORY;
	limit_make_room(d, from);
	c->credential = DTLS_PSK;
	if (conn_begin(c, &hello) != RC_OK) {
		conn_free(c);
		return RC_MEMORY;
	}
	*conn = c->id;
	return RC_OK;
}

void
dtls_stream_ended(struct dtls *d, uint64_t conn, uint64_t now_ms)
{
	struct conn *c = conn_by_id(d, conn);

	d->now_ms = now_ms;
	if (c && c->tls)
		conn_kill(c, DTLS_CLOSED_BY_PEER);
}

/* --- the hello ------------------------------------------------------------ */

/* Its records into `message`; `used`: their bytes. Errors: as
 * peek_tls_record(), RC_MALFORMED (something else, or too long), RC_MEMORY. */
static enum rc
gather(struct conn *c, struct fifo *message, struct span *body, size_t *used)
{
	struct span rest = fifo_span(&c->tls->in);
	struct peek_record r;
	uint8_t type;
	enum rc rc;

	*used = 0;
	for (;;) {
		rc = peek_tls_record(rest, &r);
		if (rc != RC_OK)
			return rc;
		if (r.type != PEEK_HANDSHAKE)
			return RC_MALFORMED;
		rc = fifo_put(message, r.body,
		    PEEK_TLS_HELLO_MAX + PEEK_TLS_MESSAGE_HEAD_LEN);
		if (rc != RC_OK)
			return rc == RC_FULL ? RC_MALFORMED : rc;
		*used += r.raw.len;
		rest = span_from(rest, r.raw.len);
		if (fifo_span(message).p[0] != PEEK_CLIENT_HELLO)
			return RC_MALFORMED;
		rc = peek_tls_message(
		    fifo_span(message), PEEK_TLS_HELLO_MAX, &type, body);
		/* No client says more before it is answered. */
		if (rc == RC_OK &&
		    body->len + PEEK_TLS_MESSAGE_HEAD_LEN != message->len)
			return RC_MALFORMED;
		if (rc != RC_AGAIN)
			return rc == RC_OK ? RC_OK : RC_MALFORMED;
	}
}

/* Who answers it, and with what key. False: it waits, or has ended. */
static bool
introduce(struct conn *c, const struct peek_hello *hello)
{
	c->site = credentials_choose(c->credentials, hello);
	c->is_13 = hello->version_13 && DTLS_HAVE_13;
	if (c->is_13 && hello->psk)
		c->suite_13 = context_suite_13(hello->suites);
	memcpy(c->random, hello->random.p, sizeof(c->random));
	c->d->counters.hellos++;
	if (!equip(c)) {
		conn_kill(c, DTLS_FAILED_RESOURCES);
		return false;
	}
	conn_want_certificate(c, c->is_13 && !c->suite_13);
	if (c->is_13 && !c->suite_13 && credentials_bare(c->site)) {
		conn_refuse(c, handshake_failure, DTLS_FAILED_PROTOCOL);
		return false;
	}
	return !c->is_13 || !hello->psk || !psk_hello(c, hello->identity);
}

/* As one record: wolfSSL wants the header of a message in one piece. */
static enum rc
keep_hello(struct conn *c, struct span message)
{
	const uint8_t head[PEEK_TLS_HEAD_LEN] = {PEEK_HANDSHAKE, 3, 1,
	    (uint8_t)(message.len >> 8), (uint8_t)message.len};
	struct fifo *f = &c->tls->hello;
	enum rc rc =
	    fifo_put(f, span_of(head, sizeof(head)), PEEK_TLS_RECORD_MAX);

	return rc == RC_OK ? fifo_put(f, message, PEEK_TLS_RECORD_MAX) : rc;
}

static bool
greet(struct conn *c)
{
	struct fifo message = {0};
	struct peek_hello hello;
	struct span body = {0};
	size_t used;
	bool go_on = false;
	enum rc rc = gather(c, &message, &body, &used);

	if (rc == RC_OK)
		rc = peek_tls_hello(body, &hello);
	if (rc == RC_OK)
		rc = keep_hello(c, fifo_span(&message));
	if (rc == RC_OK) {
		fifo_drop(&c->tls->in, used);
		evidence_tls_hello(c, fifo_span(&message));
		go_on = introduce(c, &hello);
	} else if (rc == RC_MEMORY) {
		conn_kill(c, DTLS_FAILED_RESOURCES);
	} else if (rc != RC_AGAIN) {
		conn_refuse(c, decode_error, DTLS_FAILED_PROTOCOL);
	}
	fifo_fini(&message);
	return go_on;
}

/* --- what comes behind it ------------------------------------------------- */

/* Handshake in the clear before the key is known: true when it is asked for
 * now, and the record waits. What is not a ClientKeyExchange, or too long for
 * one, wolfSSL judges. */
static bool
asks(struct conn *c, const struct peek_record *r)
{
	struct tls *t = c->tls;
	struct span body;
	uint8_t type;

	if (c->is_13 || c->certificates || c->cipher_changed ||
	    c->key_state != KEY_NONE || r->type != PEEK_HANDSHAKE)
		return false;
	if (fifo_put(&t->exchange, r->body,
		PEEK_KEY_EXCHANGE_MAX + PEEK_TLS_RECORD_MAX) != RC_OK)
		return false;
	if (peek_tls_message(fifo_span(&t->exchange), PEEK_KEY_EXCHANGE_MAX,
		&type, &body) != RC_OK ||
	    type != PEEK_CLIENT_KEY_EXCHANGE)
		return false;
	evidence_exchange(c, 0, body);
	return psk_exchange(c, body);
}

/* One record to wolfSSL, and away. */
static void
feed(struct conn *c, struct fifo *from, size_t len)
{
	conn_accept(c, span_of(fifo_span(from).p, len));
	if (c->tls) /* or it has ended, and `from` with it */
		fifo_drop(from, len);
}

static void
take_handshake(struct conn *c, const struct peek_record *r)
{
	if (++c->datagrams > c->d->config.handshake_datagrams) {
		conn_kill(c, DTLS_FAILED_BUDGET);
		return;
	}
	if (asks(c, r))
		return;
	if (c->cipher_changed && r->type == PEEK_HANDSHAKE)
		evidence_tls_finished(c, r->raw);
	if (r->type == PEEK_CHANGE_CIPHER_SPEC)
		c->cipher_changed = true;
	feed(c, &c->tls->in, r->raw.len);
}

static void
take_live(struct conn *c, const struct peek_record *r)
{
	struct dtls *d = c->d;
	size_t len = r->raw.len;
	int n;

	c->in = r->raw;
	do {
		n = wolfSSL_read(c->ssl, d->plain, (int)sizeof(d->plain));
		if (n <= 0)
			break;
		c->active_ms = d->now_ms;
		if (!event_data(c, span_of(d->plain, (size_t)n))) {
			/* a stream has no holes */
			conn_kill(c, DTLS_FAILED_RESOURCES);
			return;
		}
	} while (n > 0);
	c->in = (struct span){0};
	conn_read_failed(c, n);
	if (c->tls)
		fifo_drop(&c->tls->in, len);
}

static bool
waits(const struct conn *c)
{
	return c->key_state == KEY_ASKED || c->signing;
}

void
tls_advance(struct conn *c)
{
	struct peek_record r;
	enum rc rc;

	while (c->tls && !waits(c)) {
		if (!c->ssl && !greet(c))
			return;
		if (c->tls->hello.len > 0) {
			feed(c, &c->tls->hello, c->tls->hello.len);
			continue;
		}
		rc = peek_tls_record(fifo_span(&c->tls->in), &r);
		if (rc == RC_AGAIN)
			return;
		if (rc != RC_OK && c->state == CONN_LIVE)
			conn_kill(c, DTLS_CLOSED_BY_PEER);
		else if (rc != RC_OK)
			conn_refuse(
			    c, unexpected_message, DTLS_FAILED_PROTOCOL);
		else if (c->state == CONN_LIVE)
			take_live(c, &r);
		else
			take_handshake(c, &r);
	}
}

void
dtls_stream_receive(
    struct dtls *d, uint64_t conn, struct span bytes, uint64_t now_ms)
{
	struct conn *c = conn_by_id(d, conn);

	d->now_ms = now_ms;
	if (!c || !c->tls)
		return;
	if (fifo_put(&c->tls->in, bytes, IN_MAX) != RC_OK) {
		conn_kill(c, DTLS_FAILED_BUDGET);
		return;
	}
	tls_advance(c);
}
