#include "dtls/internal.h"

#include "base/digest.h"

#include <netinet/in.h>
#include <stdlib.h>

/* wolfSSL asks for the next datagram: it gets the one record of this call. */
static int
io_receive(WOLFSSL *ssl, char *buf, int cap, void *ctx)
{
	struct conn *c = ctx;
	size_t len = c->in.len;

	(void)ssl;
	if (len == 0 || cap < 0 || len > (size_t)cap) {
		c->in = (struct span){0};
		return WOLFSSL_CBIO_ERR_WANT_READ;
	}
	memcpy(buf, c->in.p, len);
	c->in = (struct span){0};
	return (int)len;
}

/* Never "want write": a lost datagram is normal, a half-sent flight is not. */
static int
io_send(WOLFSSL *ssl, char *buf, int len, void *ctx)
{
	struct conn *c = ctx;

	(void)ssl;
	if (len < 0 ||
	    !output_put(&c->d->out, &c->address, span_of(buf, (size_t)len)))
		return WOLFSSL_CBIO_ERR_GENERAL;
	return len;
}

static int
cookie_good(WOLFSSL *ssl, void *ctx)
{
	struct conn *c = ctx;

	(void)ssl;
	c->cookie_good = true;
	return 0;
}

enum rc
conn_new(struct dtls *d, const struct secret *cookie_secret, struct conn **out)
{
	struct span secret = secret_expose(cookie_secret);
	struct conn *c = calloc(1, sizeof(*c));

	*out = NULL;
	if (!c)
		return RC_MEMORY;
	c->d = d;
	STAILQ_INIT(&c->queue);
	STAILQ_INIT(&c->data);
	c->ssl = wolfSSL_new(d->ctx);
	if (!c->ssl)
		goto fail;
	wolfSSL_SSLSetIORecv(c->ssl, io_receive);
	wolfSSL_SSLSetIOSend(c->ssl, io_send);
	wolfSSL_SetIOReadCtx(c->ssl, c);
	wolfSSL_SetIOWriteCtx(c->ssl, c);
	wolfSSL_dtls_set_using_nonblock(c->ssl, 1);
	if (wolfSSL_DTLS_SetCookieSecret(
		c->ssl, secret.p, (word32)secret.len) != 0 ||
	    wolfDTLS_SetChGoodCb(c->ssl, cookie_good, c) != WOLFSSL_SUCCESS ||
	    wolfSSL_dtls_set_mtu(c->ssl, (word16)d->config.mtu) !=
		WOLFSSL_SUCCESS)
		goto fail;
	*out = c;
	return RC_OK;
fail:
	conn_free(c);
	return RC_MEMORY;
}

struct conn *
conn_find(const struct table *t, const struct address *a)
{
	uint8_t key[ADDRESS_KEY_LEN];
	struct table_item *i;

	address_key(a, key);
	i = table_get(t, span_of(key, sizeof(key)));
	if (!i)
		return NULL;
	return (struct conn *)(void *)((char *)i -
	    offsetof(struct conn, by_address));
}

struct conn *
conn_of_id(struct table_item *i)
{
	return (
	    struct conn *)(void *)((char *)i - offsetof(struct conn, by_id));
}

struct conn *
conn_by_id(const struct dtls *d, uint64_t id)
{
	struct table_item *i = table_get(&d->by_id, span_of(&id, sizeof(id)));

	return i ? conn_of_id(i) : NULL;
}

/* Whatever only a handshake needs. */
static void
end_handshake(struct conn *c)
{
	secret_fini(&c->key);
	psk_forget_queue(c);
	free(c->assembly);
	c->assembly = NULL;
}

/* Out of sight for datagrams and calls; wolfSSL's keys wiped. */
static void
retire(struct conn *c)
{
	struct dtls *d = c->d;

	table_remove(&d->by_id, &c->by_id);
	if (c->state == CONN_HANDSHAKE)
		table_remove(&d->pending, &c->by_address);
	else if (c->state == CONN_LIVE)
		table_remove(&d->established, &c->by_address);
	timer_disarm(&d->timers, &c->timer);
	limit_leave(c);
	end_handshake(c);
	wolfSSL_free(c->ssl);
	c->ssl = NULL;
	c->state = CONN_DEAD;
}

void
conn_free(struct conn *c)
{
	if (!c)
		return;
	retire(c);
	event_unready(c);
	free(c);
}

void
conn_kill(struct conn *c, enum dtls_close_reason reason)
{
	if (c->state == CONN_HANDSHAKE)
		c->d->counters.failed++;
	output_flush(&c->d->out);
	retire(c);
	c->tell_wanted = false;
	c->reason = reason;
	event_ended(c);
}

enum rc
conn_begin(struct conn *c, const struct peek_hello *hello)
{
	struct dtls *d = c->d;
	uint64_t now_ms = d->now_ms;

	c->deadline_ms = now_ms + d->config.handshake_ms;
	if (timer_arm(&d->timers, &c->timer, c->deadline_ms))
		return RC_MEMORY;
	if (limit_begin(c)) {
		timer_disarm(&d->timers, &c->timer);
		return RC_MEMORY;
	}
	c->resend_ms = TIME_NEVER;
	c->active_ms = now_ms;
	c->id = ++d->last_id;
	c->state = CONN_HANDSHAKE;
	c->datagrams = 1;
	c->hello_seq = hello->seq;
	memcpy(c->random, hello->random.p, sizeof(c->random));
	address_key(&c->address, c->address_key);
	c->by_id.key = span_of(&c->id, sizeof(c->id));
	c->by_address.key = span_of(c->address_key, sizeof(c->address_key));
	table_put(&d->by_id, &c->by_id);
	table_put(&d->pending, &c->by_address);
	d->counters.handshakes++;
	return RC_OK;
}

static void
conn_established(struct conn *c)
{
	struct dtls *d = c->d;
	struct conn *old = conn_find(&d->established, &c->address);

	/*
	 * wolfSSL sends its Finished again when the first message of the
	 * client's flight comes again, and takes Certificate for it as long as
	 * verification is on. There is none with a PSK. The handshake is over
	 * and cannot be renegotiated, so this changes nothing else.
	 */
	wolfSSL_set_verify(c->ssl, WOLFSSL_VERIFY_NONE, NULL);
	if (old)
		conn_kill(old, DTLS_CLOSED_REPLACED);
	if (limit_established(c)) {
		conn_say_close(c);
		conn_kill(c, DTLS_FAILED_RESOURCES);
		return;
	}
	end_handshake(c);
	table_remove(&d->pending, &c->by_address);
	c->state = CONN_LIVE;
	table_put(&d->established, &c->by_address);
	c->active_ms = d->now_ms;
	c->resend_ms = TIME_NEVER;
	c->was_established = true;
	c->suite = wolfSSL_get_cipher(c->ssl);
	c->tell_established = true;
	d->counters.established++;
	event_ready(c);
	conn_schedule(c);
}

void
conn_accepted(struct conn *c, int ret)
{
	int error = ret == WOLFSSL_SUCCESS ? 0 : wolfSSL_get_error(c->ssl, ret);
	uint64_t timeout_s = (uint64_t)wolfSSL_dtls_get_current_timeout(c->ssl);
	WOLFSSL_ALERT_HISTORY alerts = {.last_rx = {-1, -1}};

	c->in = (struct span){0};
	if (ret == WOLFSSL_SUCCESS) {
		conn_established(c);
	} else if (error == WOLFSSL_ERROR_WANT_READ) {
		if (c->key_exchanged) /* there is nothing to send again */
			c->resend_ms = TIME_NEVER;
		else if (c->d->out.open || c->resend_ms == TIME_NEVER)
			c->resend_ms = c->d->now_ms + timeout_s * 1000;
		conn_schedule(c);
	} else {
		(void)wolfSSL_get_alert_history(c->ssl, &alerts);
		if (error == MEMORY_E)
			conn_kill(c, DTLS_FAILED_RESOURCES);
		else if (alerts.last_rx.level == alert_fatal)
			conn_kill(c, DTLS_CLOSED_BY_PEER);
		else
			conn_kill(c, DTLS_FAILED_PROTOCOL);
		return;
	}
	output_flush(&c->d->out);
}

void
conn_accept(struct conn *c, struct span raw)
{
	c->in = raw;
	conn_accepted(c, wolfSSL_accept(c->ssl));
}

void
conn_wrong_key(struct conn *c)
{
	/*
	 * wolfSSL drops an undecipherable Finished in silence and the peer
	 * would repeat it for minutes. It still reads epoch 0, so a plaintext
	 * alert can tell: fatal, decrypt_error (RFC 4279 2), with a sequence
	 * number far above those that wolfSSL has used.
	 */
	static const uint8_t alert[] = {PEEK_ALERT, 0xfe, 0xfd, 0, 0, 0, 1, 0,
	    0, 0, 0, 0, 2, alert_fatal, decrypt_error};

	(void)output_put(
	    &c->d->out, &c->address, span_of(alert, sizeof(alert)));
	conn_kill(c,
	    c->key_state == KEY_KNOWN ? DTLS_FAILED_KEY : DTLS_FAILED_IDENTITY);
}

void
conn_say_close(struct conn *c)
{
	(void)wolfSSL_shutdown(c->ssl);
	output_flush(&c->d->out);
}

void
conn_read(struct conn *c, struct span raw)
{
	struct dtls *d = c->d;
	int n;

	c->in = raw;
	/* Once: one record has one content, and wolfSSL would keep a buffer for
	 * the next datagram if it were asked for more. */
	n = wolfSSL_read(c->ssl, d->plain, (int)sizeof(d->plain));
	c->in = (struct span){0};
	output_flush(&d->out);
	if (n > 0) {
		c->heard = true;
		c->active_ms = d->now_ms;
		if (n <= DTLS_PLAINTEXT_MAX)
			event_data(c, span_of(d->plain, (size_t)n));
		return;
	}
	switch (wolfSSL_get_error(c->ssl, n)) {
	case WOLFSSL_ERROR_WANT_READ:
		break;
	case WOLFSSL_ERROR_ZERO_RETURN:
		conn_say_close(c);
		conn_kill(c, DTLS_CLOSED_BY_PEER);
		break;
	case MEMORY_E:
		conn_kill(c, DTLS_FAILED_RESOURCES);
		break;
	default:
		/* Only what was authenticated comes here: a fatal alert, or a
		 * peer that breaks the protocol under its own key. */
		conn_kill(c, DTLS_CLOSED_BY_PEER);
		break;
	}
}

void
conn_schedule(struct conn *c)
{
	uint64_t at_ms = c->active_ms + c->d->config.idle_ms;

	if (c->state == CONN_HANDSHAKE)
		at_ms = c->resend_ms < c->deadline_ms ? c->resend_ms
						      : c->deadline_ms;
	/* Armed since conn_begin() or just popped: there is room for it. */
	if (timer_arm(&c->d->timers, &c->timer, at_ms))
		conn_kill(c, DTLS_FAILED_RESOURCES);
}

static void
resend(struct conn *c)
{
	uint64_t now_ms = c->d->now_ms;

	if (wolfSSL_dtls_got_timeout(c->ssl) == WOLFSSL_SUCCESS)
		c->resend_ms = now_ms +
		    (uint64_t)wolfSSL_dtls_get_current_timeout(c->ssl) * 1000;
	else
		c->resend_ms = TIME_NEVER;
	output_flush(&c->d->out);
}

void
conn_timer(struct conn *c)
{
	uint64_t now_ms = c->d->now_ms;

	if (c->state == CONN_HANDSHAKE) {
		if (now_ms >= c->deadline_ms) {
			conn_kill(c, DTLS_FAILED_TIMEOUT);
			return;
		}
		if (now_ms >= c->resend_ms)
			resend(c);
	} else if (now_ms >= c->active_ms + c->d->config.idle_ms) {
		conn_say_close(c);
		conn_kill(c, DTLS_CLOSED_IDLE);
		return;
	}
	conn_schedule(c);
}
