#include "dtls/internal.h"

#include <wolfssl/error-ssl.h>

/*
 * wolfSSL tells a peer what is wrong with its certificate, its chain or its
 * signature in one alert or another, in two, or in none. From the moment that
 * we have signed, and the peer is to prove itself, what wolfSSL has to say is
 * held back, and one alert is sent in its place when it has failed.
 */

#if DTLS_HAVE_ALERT
/* Of wolfSSL, but in no header: nothing that is has an alert to choose. */
int SendAlert(WOLFSSL *ssl, int severity, int type);
#endif

/* TLS 1.3 on a stream: what is sealed there cannot be taken back. */
static bool
is_sealed_stream(const struct conn *c)
{
	return c->is_13 && c->tls;
}

/* It has shown what it has, and its failure is told in one alert. */
static bool
is_judged(const struct conn *c)
{
	return c->state == CONN_HANDSHAKE && !c->verdict && c->proved &&
	    (DTLS_HAVE_ALERT || !c->is_13);
}

static bool
is_held(const struct conn *c)
{
	/* Over a stream also a key that was wrong: see conn_wrong_key(). */
	if (c->tls && !c->is_13 && c->key_exchanged)
		return c->state == CONN_HANDSHAKE;
	return is_judged(c) && !is_sealed_stream(c);
}

bool
alert_hold(struct conn *c, struct span record)
{
	WOLFSSL_ALERT_HISTORY said = {.last_tx = {-1, -1}};

	if (!is_held(c))
		return false;
	/* Under DTLS 1.3 the record is sealed: but wolfSSL notes what it says
	 * before it does, and says nothing else behind it. */
	(void)wolfSSL_get_alert_history(c->ssl, &said);
	if (said.last_tx.level != alert_fatal)
		return false;
	if (!c->alert_held && !c->is_13 &&
	    record.len == (c->tls ? TLS_ALERT_LEN : PLAIN_ALERT_LEN)) {
		memcpy(c->alert, record.p, record.len);
		c->alert_len = record.len;
	}
	c->alert_held = true;
	return true;
}

static int
description(const struct conn *c, int error)
{
	if (error != NO_PEER_CERT)
		return bad_certificate;
	return c->is_13 ? certificate_required : handshake_failure;
}

/* In the place of wolfSSL's, with the number that it had. */
static bool
say_plain(struct conn *c, int code)
{
	if (c->alert_len == 0)
		return false;
	c->alert[c->alert_len - 1] = (uint8_t)code;
	(void)conn_output(c, span_of(c->alert, c->alert_len));
	return true;
}

static void
say_sealed(struct conn *c, int code)
{
#if DTLS_HAVE_ALERT
	/* Ours is always the second, so that its number tells nothing. */
	if (!c->alert_held && !is_sealed_stream(c))
		(void)SendAlert(c->ssl, alert_fatal, code);
	c->verdict = true;
	(void)SendAlert(c->ssl, alert_fatal, code);
#else
	(void)c;
	(void)code;
#endif
}

bool
alert_verdict(struct conn *c, int error)
{
	WOLFSSL_ALERT_HISTORY alerts = {
	    .last_rx = {-1, -1}, .last_tx = {-1, -1}};

	if (!is_judged(c))
		return false;
	(void)wolfSSL_get_alert_history(c->ssl, &alerts);
	if (is_sealed_stream(c) && alerts.last_tx.level == alert_fatal)
		return true; /* wolfSSL has said it */
	if (alerts.last_rx.level == alert_fatal ||
	    alerts.last_rx.code == close_notify)
		return false; /* it is the peer who ends it */
	if (!c->is_13)
		return say_plain(c, description(c, error));
	say_sealed(c, description(c, error));
	return true;
}
