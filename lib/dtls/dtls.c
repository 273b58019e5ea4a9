#include "dtls/internal.h"

#include "base/digest.h"

#include <limits.h>
#include <stdlib.h>

const struct dtls_config dtls_config_default = {
    .connections_max = 20000,
    .handshakes_max = 2000,
    .handshakes_per_source = 256,
    .handshake_ms = 60000,
    .handshake_datagrams = 64,
    .idle_ms = 300000,
    .cookie_rotate_ms = 60000,
    .mtu = 1280,
    .cid_key = {.first = 1, .second = 1},
};

enum {
	MTU_MIN = 256, /* bytes; below it the smallest flight does not fit */
};

enum rc
dtls_new(const struct dtls_config *config, struct dtls **out)
{
	struct dtls *d = calloc(1, sizeof(*d));
	enum rc rc = RC_MEMORY;

	*out = NULL;
	if (!d)
		return RC_MEMORY;
	d->config = *config;
	if (d->config.mtu > DTLS_DATAGRAM_MAX)
		d->config.mtu = DTLS_DATAGRAM_MAX;
	if (d->config.mtu < MTU_MIN)
		d->config.mtu = MTU_MIN;
	TAILQ_INIT(&d->ready);
	TAILQ_INIT(&d->silent);
	TAILQ_INIT(&d->chunks);
	timer_heap_init(&d->timers);
	if (table_init(&d->by_id) || table_init(&d->pending) ||
	    table_init(&d->established) || table_init(&d->sources) ||
	    table_init(&d->identities) || table_init(&d->by_cid) ||
	    output_init(&d->out, OUTPUT_SLOTS, d->config.mtu))
		goto fail;
	rc = credentials_new(NULL, d->config.stream, NULL, &d->credentials);
	if (rc)
		goto fail;
	*out = d;
	return RC_OK;
fail:
	dtls_free(d);
	return rc;
}

/* All that a table by number holds. */
static void
free_all(struct dtls *d)
{
	struct table_item *i;

	while ((i = table_any(&d->by_id)))
		conn_free(conn_of_id(i));
}

void
dtls_free(struct dtls *d)
{
	struct conn *c;

	if (!d)
		return;
	event_release(d);
	while ((c = TAILQ_FIRST(&d->ready)))
		conn_free(c);
	free_all(d);
	listener_fini(&d->current);
	listener_fini(&d->previous);
	timer_heap_fini(&d->timers);
	output_fini(&d->out);
	tls_output_fini(d);
	table_fini(&d->by_id);
	table_fini(&d->pending);
	table_fini(&d->established);
	table_fini(&d->sources);
	table_fini(&d->identities);
	table_fini(&d->by_cid);
	credentials_unref(d->credentials);
	secret_wipe(d->plain, sizeof(d->plain));
	free(d);
}

enum rc
dtls_set_credentials(
    struct dtls *d, const struct dtls_credentials *c, struct dtls_fault *fault)
{
	struct credentials *made;
	enum rc rc = credentials_new(c, d->config.stream, fault, &made);

	if (rc)
		return rc;
	listener_drop(&d->current);
	listener_drop(&d->previous);
	credentials_unref(d->credentials);
	d->credentials = made;
	return RC_OK;
}

void
dtls_receive(struct dtls *d, const struct address *from, struct span datagram,
    uint64_t now_ms)
{
	d->now_ms = now_ms;
	route_datagram(d, from, datagram, false);
}

void
dtls_tick(struct dtls *d, uint64_t now_ms)
{
	struct timer *t;

	d->now_ms = now_ms;
	/* What finds no room to send stays due: the owner comes back when it
	 * has drained the output. */
	while (output_room(&d->out) >= OUTPUT_ROOM_MIN &&
	    (t = timer_pop(&d->timers, now_ms)))
		conn_timer((struct conn *)(void *)((char *)t -
		    offsetof(struct conn, timer)));
}

uint64_t
dtls_deadline(const struct dtls *d)
{
	return timer_next(&d->timers);
}

uint32_t
dtls_tag(const struct dtls *d, uint64_t conn)
{
	const struct conn *c = conn_by_id(d, conn);

	/* whose ending is being told cannot be found any more */
	if (!c && d->told && d->told->id == conn)
		c = d->told;
	return c ? c->tag : 0;
}

enum rc
dtls_address(const struct dtls *d, uint64_t conn, struct address *out)
{
	const struct conn *c = conn_by_id(d, conn);

	if (!c)
		return RC_NOT_FOUND;
	*out = c->address;
	return RC_OK;
}

enum rc
dtls_send(struct dtls *d, uint64_t conn, struct span data, uint64_t now_ms)
{
	struct conn *c = conn_by_id(d, conn);
	int len, sent;

	d->now_ms = now_ms;
	if (!c || c->state != CONN_LIVE)
		return RC_NOT_FOUND;
	if (data.len > (c->tls ? INT_MAX : d->config.mtu))
		return RC_TOO_LARGE;
	if (data.len == 0)
		return RC_OK;
	/* Also negative: beyond the maximum fragment length of the peer. */
	len = c->tls ? 0 : wolfSSL_GetOutputSize(c->ssl, (int)data.len);
	if (len < 0 || (size_t)len > d->config.mtu)
		return RC_TOO_LARGE;
	sent = wolfSSL_write(c->ssl, data.p, (int)data.len);
	output_flush(&d->out);
	if (sent != (int)data.len) {
		conn_kill(c, DTLS_FAILED_RESOURCES);
		return RC_IO;
	}
	c->active_ms = now_ms;
	return RC_OK;
}

void
dtls_close(struct dtls *d, uint64_t conn, uint64_t now_ms)
{
	struct conn *c = conn_by_id(d, conn);

	d->now_ms = now_ms;
	if (!c)
		return;
	if (c->state == CONN_LIVE)
		conn_say_close(c);
	conn_free(c);
}

enum rc
dtls_output(struct dtls *d, struct address *to, struct writer *w)
{
	return output_take(&d->out, to, w);
}

void
dtls_counters(const struct dtls *d, struct dtls_counters *out)
{
	*out = d->counters;
	out->live = d->live;
	out->pending = d->pending.count;
}

const char *
dtls_close_name(enum dtls_close_reason r)
{
	static const char *const names[] = {
	    [DTLS_CLOSED_BY_PEER] = "closed-by-peer",
	    [DTLS_CLOSED_BY_US] = "closed-by-us",
	    [DTLS_CLOSED_IDLE] = "idle",
	    [DTLS_CLOSED_REPLACED] = "replaced",
	    [DTLS_FAILED_IDENTITY] = "unknown-identity",
	    [DTLS_FAILED_KEY] = "wrong-key",
	    [DTLS_FAILED_NO_CERTIFICATE] = "no-certificate",
	    [DTLS_FAILED_UNTRUSTED] = "untrusted-certificate",
	    [DTLS_FAILED_EXPIRED] = "expired-certificate",
	    [DTLS_FAILED_REVOKED] = "revoked-certificate",
	    [DTLS_FAILED_CERTIFICATE] = "bad-certificate",
	    [DTLS_FAILED_RAW_KEY] = "unknown-raw-key",
	    [DTLS_FAILED_TIMEOUT] = "handshake-timeout",
	    [DTLS_FAILED_BUDGET] = "handshake-budget",
	    [DTLS_FAILED_PROTOCOL] = "handshake-protocol",
	    [DTLS_FAILED_RESOURCES] = "resources",
	};

	if ((size_t)r >= sizeof(names) / sizeof(names[0]) || !names[r])
		return "unknown";
	return names[r];
}
