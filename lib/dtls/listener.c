#include "dtls/internal.h"

#include "base/digest.h"

enum {
	COOKIE_SECRET_LEN = 32, /* bytes */
};

void
listener_drop(struct listener *l)
{
	for (size_t i = 0; i < CREDENTIALS_SITES; i++) {
		conn_free(l->candidates[i]);
		l->candidates[i] = NULL;
	}
}

void
listener_fini(struct listener *l)
{
	listener_drop(l);
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

/* A hello on its way through the listeners. */
struct greeting {
	const struct address *from;
	struct span raw;
	const struct peek_hello *hello;
	const struct site *site;
	bool is_13;
	const char *suite_13; /* for its pre-shared key, NULL: none */
	bool ask; /* more than its cookie, before wolfSSL takes the hello */
	int ret; /* what wolfSSL_accept() said when the cookie was good */
};

static struct conn **
candidate(struct dtls *d, struct listener *l, const struct site *site)
{
	return &l->candidates[site - d->credentials->sites];
}

/* Nobody's yet: what `c` is told of a hello. */
static enum rc
introduce(struct conn *c, const struct greeting *g)
{
	c->is_13 = g->is_13;
	c->suite_13 = g->suite_13;
	c->takes_cid = move_offered(g->hello, g->is_13);
	conn_want_certificate(c, g->is_13 && !c->suite_13);
	if (!g->is_13 && g->hello->cookie.len > 0)
		evidence_hello(c, g->raw);
	return conn_set_peer(c, g->from);
}

/*
 * Hand the hello to a listener's candidate. True: its cookie was good, and
 * `g->ret` is what wolfSSL_accept() returned for the new association. If there
 * is more to ask first, wolfSSL has stopped behind the cookie and the candidate
 * is used up.
 */
static bool
offer(struct dtls *d, struct listener *l, struct greeting *g)
{
	struct conn **place = candidate(d, l, g->site);
	struct conn *c;
	bool good;

	if (l->secret.len == 0)
		return false;
	if (!*place && conn_new(d, g->site, &l->secret, place))
		return false;
	c = *place;
	if (introduce(c, g))
		return false;
	c->only_cookie = g->ask;
	c->in = g->raw;
	g->ret = wolfSSL_accept(c->ssl);
	c->in = (struct span){0};
	good = c->cookie_good;
	if (good && !g->ask)
		return true;
	if (good ||
	    wolfSSL_get_error(c->ssl, g->ret) != WOLFSSL_ERROR_WANT_READ) {
		/* It cannot be used again. */
		conn_free(c);
		*place = NULL;
	}
	output_flush(&d->out);
	return good;
}

/* A new association, in place of one at that address which has not finished:
 * the newest hello is the living client's. */
static bool
begin(struct conn *c, const struct peek_hello *hello)
{
	struct conn *older = conn_find(&c->d->pending, &c->address);

	if (older)
		conn_kill(older, DTLS_CLOSED_REPLACED);
	else
		limit_make_room(c->d, &c->address);
	if (conn_begin(c, hello) == RC_OK)
		return true;
	output_flush(&c->d->out);
	conn_free(c);
	return false;
}

/* The hello waits for its key; or there is no way that it could be answered,
 * which wolfSSL would find when it can say nothing any more. */
static void
begin_asking(struct dtls *d, struct listener *l, const struct greeting *g)
{
	struct conn *c;

	if (conn_new(d, g->site, &l->secret, &c))
		return;
	if (introduce(c, g)) {
		conn_free(c);
		return;
	}
	if (!begin(c, g->hello))
		return;
	if (!g->suite_13) {
		conn_refuse(c, handshake_failure, DTLS_FAILED_PROTOCOL);
		return;
	}
	if (psk_hello(c, g->hello->identity)) {
		queue_put(c, g->raw);
		return;
	}
	c->hello_taken = true;
	conn_accept(c, g->raw);
}

/* The cookie was good. */
static void
welcome(struct dtls *d, struct listener *l, const struct greeting *g)
{
	struct conn **place = candidate(d, l, g->site);
	struct conn *c = *place;

	if (g->ask) {
		begin_asking(d, l, g);
		return;
	}
	*place = NULL;
	if (!begin(c, g->hello))
		return;
	c->hello_taken = true;
	conn_accepted(c, g->ret);
}

void
listener_hello(struct dtls *d, const struct address *from,
    const struct peek_record *r, const struct peek_hello *hello)
{
	bool is_13 = hello->version_13 && DTLS_HAVE_13;
	struct greeting g = {
	    .from = from,
	    .raw = r->raw,
	    .hello = hello,
	    .site = credentials_choose(d->credentials, hello),
	    .is_13 = is_13,
	    .suite_13 =
		is_13 && hello->psk ? context_suite_13(hello->suites) : NULL,
	};
	struct span cookie = is_13 ? hello->cookie_13 : hello->cookie;
	uint64_t before = d->out.end, after;

	/* No client sends two at once, and who is not its address could have
	 * many answers sent there. */
	if (d->greeted)
		return;
	d->greeted = true;
	listener_rotate(d);
	if (cookie.len == 0) {
		(void)offer(d, &d->current, &g);
		d->counters.cookies_sent += d->out.end - before;
		return;
	}
	if (!limit_room(d, from)) {
		d->counters.ignored++;
		return;
	}
	g.ask = is_13 && (g.suite_13 || credentials_bare(g.site));
	if (offer(d, &d->current, &g)) {
		welcome(d, &d->current, &g);
		return;
	}
	/* A cookie of the secret before? Then what the current listener has
	 * answered is not said; else what the previous one has. */
	after = d->out.end;
	if (offer(d, &d->previous, &g)) {
		output_cancel(&d->out, before, after);
		welcome(d, &d->previous, &g);
		return;
	}
	output_cancel(&d->out, after, d->out.end);
	d->counters.cookies_sent += after - before;
}
