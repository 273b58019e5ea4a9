#include "dtls/internal.h"

#include <stdlib.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

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
	queue_forget(c);
	free(c->assembly);
	c->assembly = NULL;
	free(c->signing);
	c->signing = NULL;
	credentials_unref(c->credentials);
	c->credentials = NULL;
	c->site = NULL;
}

/* Out of sight for datagrams and calls; wolfSSL's keys wiped. */
static void
retire(struct conn *c)
{
	struct dtls *d = c->d;

	table_remove(&d->by_id, &c->by_id);
	if (c->has_cid)
		table_remove(&d->by_cid, &c->by_cid);
	if (c->state == CONN_HANDSHAKE) {
		table_remove(&d->pending, &c->by_address);
	} else if (c->state == CONN_LIVE) {
		table_remove(&d->established, &c->by_address);
		d->live--;
	}
	timer_disarm(&d->timers, &c->timer);
	limit_leave(c);
	end_handshake(c);
	tls_forget(c);
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
	peer_forget(c);
	evidence_forget(c);
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
	c->tell_sign = false;
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
	move_name(c);
	c->by_id.key = span_of(&c->id, sizeof(c->id));
	/* a peer may have several connections from one address */
	c->by_address.key = c->tls
	    ? c->by_id.key
	    : span_of(c->address_key, sizeof(c->address_key));
	table_put(&d->by_id, &c->by_id);
	table_put(&d->pending, &c->by_address);
	d->counters.handshakes++;
	return RC_OK;
}

/* Who it is: nobody, unless something of ours has said so. */
static bool
proven(struct conn *c)
{
	if (c->peer_good) {
		c->identity_len = 0; /* asked for, but not what it proved */
		return true;
	}
	peer_forget(c);
	c->credential = DTLS_PSK;
	return c->key_used;
}

void
conn_want_certificate(struct conn *c, bool wanted)
{
	/* Not for all of a context: with it no key would do. Without it a peer
	 * that shows none would be told so late, and under 1.3 by nobody but
	 * us, when it thinks that all is well. */
	(void)wolfSSL_mutual_auth(c->ssl, wanted);
}

static void
raise_limit(struct conn *c)
{
	if (c->tls) {
		c->flight_cut = true;
		return;
	}
	/*
	 * Our flight is cut to pieces by now, so that the limit that is left
	 * is wolfSSL's buffer for reading: room for the largest record.
	 */
	if (wolfSSL_dtls_set_mtu(c->ssl, RECORD_LEN_MAX) == WOLFSSL_SUCCESS)
		c->flight_cut = true;
}

static void
conn_established(struct conn *c)
{
	struct dtls *d = c->d;
	struct conn *old =
	    c->tls ? NULL : conn_find(&d->established, &c->address);

	if (!proven(c)) {
		conn_kill(c, DTLS_FAILED_PROTOCOL);
		return;
	}
	/*
	 * wolfSSL sends its Finished again when the first message of the
	 * client's flight comes again, and takes Certificate for it as long as
	 * verification is on. There is none with a PSK. The handshake is over
	 * and cannot be renegotiated, so this changes nothing else.
	 */
	if (c->credential == DTLS_PSK && !c->is_13)
		wolfSSL_set_verify(c->ssl, WOLFSSL_VERIFY_NONE, NULL);
	raise_limit(c);
	if (old)
		conn_kill(old, DTLS_CLOSED_REPLACED);
	/* Or the one whose place was to be its has moved on meanwhile: who can
	 * wander must not get another one at each address. */
	if (d->live >= d->config.connections_max || limit_established(c)) {
		conn_say_close(c);
		conn_kill(c, DTLS_FAILED_RESOURCES);
		return;
	}
	end_handshake(c);
	evidence_forget(c);
	table_remove(&d->pending, &c->by_address);
	c->state = CONN_LIVE;
	d->live++;
	table_put(&d->established, &c->by_address);
	c->active_ms = d->now_ms;
	c->resend_ms = TIME_NEVER;
	c->was_established = true;
	c->suite = wolfSSL_get_cipher(c->ssl);
	if (c->tls)
		c->version = c->is_13 ? "TLS 1.3" : "TLS 1.2";
	else
		c->version = c->is_13 ? "DTLS 1.3" : "DTLS 1.2";
	c->tell_established = true;
	d->counters.established++;
	event_ready(c);
	conn_schedule(c);
}

static enum dtls_close_reason
key_fault(const struct conn *c)
{
	return c->key_state == KEY_KNOWN ? DTLS_FAILED_KEY
					 : DTLS_FAILED_IDENTITY;
}

static enum dtls_close_reason
fault(const struct conn *c, int error)
{
	WOLFSSL_ALERT_HISTORY alerts = {.last_rx = {-1, -1}};

	(void)wolfSSL_get_alert_history(c->ssl, &alerts);
	if (error == MEMORY_E)
		return DTLS_FAILED_RESOURCES;
	if (alerts.last_rx.level == alert_fatal)
		return DTLS_CLOSED_BY_PEER;
	if (error == BAD_BINDER)
		return key_fault(c);
	if (error == NO_PEER_CERT)
		return DTLS_FAILED_NO_CERTIFICATE;
	if (error == MAX_CHAIN_ERROR || error == ASN_PARSE_E)
		return DTLS_FAILED_CERTIFICATE;
	return c->fault;
}

static uint64_t
timeout_ms(WOLFSSL *ssl)
{
	uint64_t ms = (uint64_t)wolfSSL_dtls_get_current_timeout(ssl) * 1000;

#if DTLS_HAVE_13
	if (wolfSSL_dtls13_use_quick_timeout(ssl))
		return ms / 4; /* only to say what has come (RFC 9147 7.1) */
#endif
	return ms;
}

/* More of the peer is wanted: until when do we wait for it? */
static void
wait_on(struct conn *c)
{
	struct dtls *d = c->d;

	if (c->is_13 && c->key_used) /* its binder was good */
		limit_heard(c);
	if (!c->flight_cut && !c->is_13) {
		c->certificates = !context_suite_is_psk(
		    wolfSSL_get_current_cipher_suite(c->ssl));
		conn_want_certificate(c, c->certificates);
		raise_limit(c);
	}
	if (c->key_exchanged || c->tls) /* there is nothing to send again */
		c->resend_ms = TIME_NEVER;
	else if (d->out.open || c->resend_ms == TIME_NEVER || c->is_13)
		c->resend_ms = d->now_ms + timeout_ms(c->ssl);
	conn_schedule(c);
}

static void
fail(struct conn *c, int error)
{
	enum dtls_close_reason reason = fault(c, error);

	/* the first record under the key, which wolfSSL does not drop here */
	if (c->tls && c->key_exchanged && reason == c->fault) {
		conn_wrong_key(c);
		return;
	}
	(void)alert_verdict(c, error);
	conn_kill(c, reason);
}

/* wolfSSL lets in who has been refused. */
static void
refuse(struct conn *c)
{
	if (alert_verdict(c, 0))
		conn_kill(c, c->fault);
	else
		conn_refuse(c, bad_certificate, c->fault);
}

void
conn_accepted(struct conn *c, int ret)
{
	int error = ret == WOLFSSL_SUCCESS ? 0 : wolfSSL_get_error(c->ssl, ret);

	c->in = (struct span){0};
	if (ret == WOLFSSL_SUCCESS && c->peer_refused)
		refuse(c);
	else if (ret == WOLFSSL_SUCCESS)
		conn_established(c);
	else if (error == WOLFSSL_ERROR_WANT_READ)
		wait_on(c);
	else if (error == WC_PENDING_E && c->signing)
		conn_schedule(c);
	else
		fail(c, error);
	output_flush(&c->d->out);
}

void
conn_accept(struct conn *c, struct span raw)
{
	int ret;

	c->in = raw;
	ret = wolfSSL_accept(c->ssl);
	/* It keeps the authorities of a chain for whoever comes next: nobody is
	 * to be let in, or not, by what others have shown. */
	if (c->proved && !context_forget_chain(c->site->ctx))
		conn_kill(c, DTLS_FAILED_RESOURCES);
	else
		conn_accepted(c, ret);
}

void
conn_refuse(struct conn *c, int alert, enum dtls_close_reason reason)
{
	/* In the clear, with a sequence number far above those that wolfSSL
	 * has used; for DTLS 1.3 below 2^32, or wolfSSL's client drops it. */
	const uint8_t record[] = {PEEK_ALERT, 0xfe, 0xfd, 0, 0, 0, !c->is_13, 0,
	    0, c->is_13, 0, 0, 2, alert_fatal, (uint8_t)alert};
	const uint8_t tls[] = {
	    PEEK_ALERT, 3, 3, 0, 2, alert_fatal, (uint8_t)alert};

	(void)conn_output(c,
	    c->tls ? span_of(tls, sizeof(tls))
		   : span_of(record, sizeof(record)));
	conn_kill(c, reason);
}

void
conn_wrong_key(struct conn *c)
{
	/*
	 * wolfSSL drops an undecipherable Finished in silence and the peer
	 * would repeat it for minutes. It still reads epoch 0, so a plaintext
	 * alert can tell: fatal, decrypt_error (RFC 4279 2).
	 */
	conn_refuse(c, decrypt_error, key_fault(c));
}

void
conn_say_close(struct conn *c)
{
	(void)wolfSSL_shutdown(c->ssl);
	output_flush(&c->d->out);
}

void
conn_read_failed(struct conn *c, int ret)
{
	switch (wolfSSL_get_error(c->ssl, ret)) {
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
conn_read(
    struct conn *c, const struct peek_record *r, const struct address *from)
{
	struct dtls *d = c->d;
	int n;

	if (!move_begin(c, r, from))
		return; /* as a lost record */
	c->in = r->raw;
	/* Once: one record has one content, and wolfSSL would keep a buffer for
	 * the next datagram if it were asked for more. */
	n = wolfSSL_read(c->ssl, d->plain, (int)sizeof(d->plain));
	c->in = (struct span){0};
	/* Before anything is answered: to whom? */
	move_end(c, r, n > 0);
	output_flush(&d->out);
	if (n > 0) {
		c->heard = true;
		c->active_ms = d->now_ms;
		if (n <= DTLS_PLAINTEXT_MAX)
			(void)event_data(/* or as a lost datagram */
			    c, span_of(d->plain, (size_t)n));
		return;
	}
	conn_read_failed(c, n);
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
		c->resend_ms = now_ms + timeout_ms(c->ssl);
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
			conn_kill(c,
			    c->peer_refused ? c->fault : DTLS_FAILED_TIMEOUT);
			return;
		}
		if (now_ms >= c->resend_ms && !sign_timer(c) && !psk_timer(c))
			resend(c);
	} else if (now_ms >= c->active_ms + c->d->config.idle_ms) {
		conn_say_close(c);
		conn_kill(c, DTLS_CLOSED_IDLE);
		return;
	}
	conn_schedule(c);
}
