#include "dtls/internal.h"

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
	move_follow(c);
	if (len > 0 && alert_hold(c, span_of(buf, (size_t)len)))
		return len;
	if (len < 0 ||
	    !output_put(&c->d->out, &c->address, span_of(buf, (size_t)len)))
		return WOLFSSL_CBIO_ERR_GENERAL;
	evidence_sent(c, span_of(buf, (size_t)len));
	return len;
}

static int
cookie_good(WOLFSSL *ssl, void *ctx)
{
	struct conn *c = ctx;

	(void)ssl;
	c->cookie_good = true;
	if (c->only_cookie)
		return -1;
	/* Not sooner: what is chosen here stays with the association. */
	return move_negotiate(c) ? 0 : -1;
}

static bool
set_cookie_secret(WOLFSSL *ssl, struct span secret)
{
	bool done = wolfSSL_DTLS_SetCookieSecret(
			ssl, secret.p, (word32)secret.len) == 0;

#if DTLS_HAVE_13
	done = done &&
	    wolfSSL_send_hrr_cookie(ssl, secret.p, (unsigned int)secret.len) ==
		WOLFSSL_SUCCESS;
#endif
	return done;
}

enum rc
conn_new(struct dtls *d, const struct site *site,
    const struct secret *cookie_secret, struct conn **out)
{
	struct span secret = secret_expose(cookie_secret);
	struct conn *c = calloc(1, sizeof(*c));

	*out = NULL;
	if (!c)
		return RC_MEMORY;
	c->d = d;
	STAILQ_INIT(&c->queue);
	STAILQ_INIT(&c->data);
	c->fault = DTLS_FAILED_PROTOCOL;
	c->credentials = credentials_ref(d->credentials);
	c->site = site;
	c->ssl = wolfSSL_new(site->ctx);
	if (!c->ssl)
		goto fail;
	wolfSSL_SSLSetIORecv(c->ssl, io_receive);
	wolfSSL_SSLSetIOSend(c->ssl, io_send);
	wolfSSL_SetIOReadCtx(c->ssl, c);
	wolfSSL_SetIOWriteCtx(c->ssl, c);
	wolfSSL_SetCertCbCtx(c->ssl, c);
	wolfSSL_dtls_set_using_nonblock(c->ssl, 1);
	if (!set_cookie_secret(c->ssl, secret) ||
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

enum rc
conn_set_peer(struct conn *c, const struct address *from)
{
	struct sockaddr_in6 peer = {0};
	size_t len =
	    address_to(from, AF_INET6, (struct sockaddr *)(void *)&peer);

	c->address = *from;
	return wolfSSL_dtls_set_peer(c->ssl, &peer, (unsigned int)len) ==
		WOLFSSL_SUCCESS
	    ? RC_OK
	    : RC_MEMORY;
}
