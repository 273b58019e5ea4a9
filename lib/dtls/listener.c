#include "dtls/internal.h"

#include "base/digest.h"

#include <netinet/in.h>

enum {
	COOKIE_SECRET_LEN = 32, /* bytes */
};

void
listener_fini(struct listener *l)
{
	conn_free(l->candidate);
	l->candidate = NULL;
	secret_fini(&l->secret);
}

/* A listener with a fresh secret; without memory for it: none. */
static void
renew(struct listener *l)
{
	listener_fini(l);
	if (secret_reserve(&l->secret, COOKIE_SECRET_LEN))
		return;
	l->secret.len = COOKIE_SECRET_LEN;
	random_bytes(l->secret.bytes, l->secret.len);
}

void
listener_rotate(struct dtls *d)
{
	uint64_t period_ms = d->config.cookie_rotate_ms;

	if (d->current.secret.len && d->now_ms < d->rotate_ms)
		return;
	/* The old secret is good for one more period, and no longer, however
	 * late this call comes. */
	if (d->current.secret.len && d->now_ms < d->rotate_ms + period_ms) {
		listener_fini(&d->previous);
		d->previous = d->current;
		d->current = (struct listener){0};
	} else {
		listener_fini(&d->previous);
	}
	renew(&d->current);
	d->rotate_ms = d->now_ms + period_ms;
}

/*
 * Hand the hello to a listener's candidate. True: its cookie was good, and
 * `ret` is what wolfSSL_accept() returned for the new association.
 */
static bool
offer(struct dtls *d, struct listener *l, const struct address *from,
    struct span raw, int *ret)
{
	struct sockaddr_in6 peer = {0};
	struct conn *c;
	size_t len;

	if (l->secret.len == 0)
		return false;
	if (!l->candidate && conn_new(d, &l->secret, &l->candidate))
		return false;
	c = l->candidate;
	c->address = *from;
	c->in = raw;
	/* What binds the cookie to the address. */
	len = address_to(from, AF_INET6, (struct sockaddr *)(void *)&peer);
	if (wolfSSL_dtls_set_peer(c->ssl, &peer, (unsigned int)len) !=
	    WOLFSSL_SUCCESS)
		return false;
	*ret = wolfSSL_accept(c->ssl);
	c->in = (struct span){0};
	if (c->cookie_good)
		return true;
	if (wolfSSL_get_error(c->ssl, *ret) != WOLFSSL_ERROR_WANT_READ) {
		/* It cannot be used again. */
		conn_free(c);
		l->candidate = NULL;
	}
	output_flush(&d->out);
	return false;
}

/* A candidate whose cookie was good becomes an association. */
static void
begin(
    struct dtls *d, struct listener *l, const struct peek_hello *hello, int ret)
{
	struct conn *c = l->candidate;
	struct conn *older = conn_find(&d->pending, &c->address);

	l->candidate = NULL;
	/* One handshake an address: the newest hello is the living client's. */
	if (older)
		conn_kill(older, DTLS_CLOSED_REPLACED);
	else
		limit_make_room(d, &c->address);
	if (conn_begin(c, hello)) {
		output_flush(&d->out);
		conn_free(c);
		return;
	}
	conn_accepted(c, ret);
	/*
	 * Our flight is cut to pieces by now, so that the limit that is left
	 * is wolfSSL's buffer for reading: room for the largest record.
	 */
	if (c->ssl &&
	    wolfSSL_dtls_set_mtu(c->ssl, RECORD_LEN_MAX) != WOLFSSL_SUCCESS)
		conn_kill(c, DTLS_FAILED_RESOURCES);
}

void
listener_hello(struct dtls *d, const struct address *from,
    const struct peek_record *r, const struct peek_hello *hello)
{
	uint64_t before = d->out.end, after;
	int ret = 0;

	/* No client sends two at once, and who is not its address could have
	 * many answers sent there. */
	if (d->greeted)
		return;
	d->greeted = true;
	listener_rotate(d);
	if (hello->cookie.len == 0) {
		(void)offer(d, &d->current, from, r->raw, &ret);
		d->counters.cookies_sent += d->out.end - before;
		return;
	}
	if (!limit_room(d, from)) {
		d->counters.ignored++;
		return;
	}
	if (offer(d, &d->current, from, r->raw, &ret)) {
		begin(d, &d->current, hello, ret);
		return;
	}
	/* A cookie of the secret before? Then what the current listener has
	 * answered is not said; else what the previous one has. */
	after = d->out.end;
	if (offer(d, &d->previous, from, r->raw, &ret)) {
		output_cancel(&d->out, before, after);
		begin(d, &d->previous, hello, ret);
		return;
	}
	output_cancel(&d->out, after, d->out.end);
	d->counters.cookies_sent += after - before;
}
