/* Opening and closing what `probe` listens on. */
#include "probe_listen.h"

#include "../bootstrapd/tcp.h"
#include "../bootstrapd/udp.h"
#include "dtls/peek.h"
#include "probe_wire.h"
#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	ACK_TIMEOUT_MIN_MS = 100,
	ACK_TIMEOUT_MAX_MS = 2000,
	RETRANSMISSIONS = 2,
	CONNECTIONS_MAX = 64,
};

static const struct {
	enum listen_kind kind;
	const char *port;
} schemes[] = {
    /* the longer names first */
    {LISTEN_COAPS_TCP, "5684"},
    {LISTEN_COAP_TCP, "5683"},
    {LISTEN_COAPS, "5684"},
    {LISTEN_COAP, "5683"},
};

/* "SCHEME://HOST[:PORT]", the host numeric. */
static bool
read_uri(const char *uri, struct wire_listener *l)
{
	char text[ADDRESS_TEXT_MAX];
	const char *port = NULL, *host = strstr(uri, "://");
	size_t len = host ? (size_t)(host - uri) : 0;
	const char *colon, *bracket;
	bool found = false;

	for (size_t i = 0; host && !found && i < 4; i++) {
		found =
		    span_is(span_of(uri, len), listen_scheme(schemes[i].kind));
		l->kind = schemes[i].kind;
		port = schemes[i].port;
	}
	if (!found)
		return false;
	host += 3;
	colon = strrchr(host, ':');
	bracket = strrchr(host, ']');
	if (colon && (!bracket || colon > bracket))
		snprintf(text, sizeof(text), "%s", host);
	else
		snprintf(text, sizeof(text), "%s:%s", host, port);
	return address_parse(span_str(text), &l->address) == RC_OK;
}

static int
open_dtls(struct wire_listener *l, const struct wire_config *config)
{
	struct dtls_config c = dtls_config_default;
	enum rc rc;

	if (!listen_is_secure(l->kind))
		return EX_OK;
	if (!config->key)
		return tool_error(EX_USAGE,
		    "give --psk-identity, and --psk-file or --key-hex-file",
		    "%s", "coaps needs the device's key");
	c.connections_max = c.handshakes_max = CONNECTIONS_MAX;
	c.stream = listen_is_stream(l->kind);
	rc = dtls_new(&c, &l->dtls);
	return rc == RC_OK ? EX_OK : tool_fault(rc, "DTLS");
}

static int
open_one(struct wire *w, const char *uri)
{
	struct wire_listener *l = &w->listeners[w->listener_count];
	bool stream;
	struct quoted q;
	enum rc rc;
	int code;

	*l = (struct wire_listener){.wire = w, .fd = -1};
	if (!read_uri(uri, l))
		return tool_error(EX_USAGE,
		    "write coap://HOST:PORT, coaps://HOST:PORT, "
		    "coap+tcp://HOST:PORT or coaps+tcp://HOST:PORT, the host "
		    "as a numeric address",
		    "%s cannot be listened at", quote_str(&q, uri));
	w->listener_count++;
	code = open_dtls(l, &w->config);
	if (code != EX_OK)
		return code;
	stream = listen_is_stream(l->kind);
	rc = (stream ? tcp_listen : udp_open)(
	    &l->address, false, &l->fd, &l->address);
	if (rc != RC_OK)
		return tool_error(EX_UNAVAILABLE, NULL, "%s: %s",
		    quote_str(&q, uri), strerror(errno));
	rc = loop_watch(w->loop, l->fd, EPOLLIN,
	    stream ? wire_on_connection : wire_on_datagrams, l);
	return rc == RC_OK ? EX_OK : tool_fault(rc, "sockets");
}

int
wire_open(struct wire *w, const struct wire_config *config)
{
	uint32_t ack_ms = config->patience_ms / 8;
	int code = EX_OK;

	*w = (struct wire){.config = *config};
	for (unsigned i = 0; i < WIRE_PEERS; i++)
		w->peers[i].fd = -1;
	if (ack_ms < ACK_TIMEOUT_MIN_MS)
		ack_ms = ACK_TIMEOUT_MIN_MS;
	if (ack_ms > ACK_TIMEOUT_MAX_MS)
		ack_ms = ACK_TIMEOUT_MAX_MS;
	w->params = coap_params_default;
	w->params.ack_timeout_ms = ack_ms;
	w->params.max_retransmit = RETRANSMISSIONS;
	w->params.response_timeout_ms = config->patience_ms;
	if (config->uri_count > LISTENERS_MAX)
		return tool_error(EX_USAGE, NULL, "%zu URIs; at most %d",
		    config->uri_count, LISTENERS_MAX);
	if (loop_new(&w->loop) != RC_OK)
		return tool_fault(RC_MEMORY, "sockets");
	for (size_t i = 0; code == EX_OK && i < config->uri_count; i++)
		code = open_one(w, config->uris[i]);
	return code;
}

void
wire_close(struct wire *w)
{
	if (!w->loop)
		return;
	for (unsigned i = 0; i < WIRE_PEERS; i++)
		wire_forget(w, i);
	wire_flush(w);
	for (size_t i = 0; i < w->listener_count; i++) {
		struct wire_listener *l = &w->listeners[i];

		if (l->fd >= 0) {
			loop_unwatch(w->loop, l->fd);
			close(l->fd);
		}
		dtls_free(l->dtls);
	}
	loop_free(w->loop);
	*w = (struct wire){0};
}

void
wire_print(struct writer *out, const struct wire_listener *l)
{
	writer_fmt(out, "%s://", listen_scheme(l->kind));
	address_print(out, &l->address);
}

/* --- what a device offers --------------------------------------------------- */

static const struct {
	uint16_t number;
	const char *name;
} suites[] = {
    {0xc0a8, "PSK-AES128-CCM-8"},
    {0xc0a4, "PSK-AES128-CCM"},
    {0x00a8, "PSK-AES128-GCM-SHA256"},
    {0x00ae, "PSK-AES128-CBC-SHA256"},
    {0x008c, "PSK-AES128-CBC-SHA"},
    {0xc037, "ECDHE-PSK-AES128-CBC-SHA256"},
    {0xd001, "ECDHE-PSK-AES128-GCM-SHA256"},
    {0xc0ae, "ECDHE-ECDSA-AES128-CCM-8"},
    {0xc0ac, "ECDHE-ECDSA-AES128-CCM"},
    {0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {0xc023, "ECDHE-ECDSA-AES128-CBC-SHA256"},
    {0x1301, "TLS13-AES128-GCM-SHA256"},
    {0x1304, "TLS13-AES128-CCM-SHA256"},
    {0x1305, "TLS13-AES128-CCM-8-SHA256"},
};

static void
print_suite(struct writer *w, unsigned number)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		if (suites[i].number == number) {
			writer_str(w, suites[i].name);
			return;
		}
	}
	writer_fmt(w, "0x%04x", number);
}

bool
wire_suites(struct span datagram, char *out, size_t cap)
{
	struct peek_record r;
	struct peek_hello h;
	struct writer w;

	if (!peek_record(&datagram, &r) || !peek_is_hello(&r) ||
	    peek_hello(&r, &h) != RC_OK)
		return false;
	writer_init(&w, out, cap - 1);
	for (size_t i = 0; i + 1 < h.suites.len; i += 2) {
		size_t before = w.len;

		writer_str(&w, i ? ", " : "");
		print_suite(
		    &w, (unsigned)h.suites.p[i] << 8 | h.suites.p[i + 1]);
		if (w.full) {
			w.len = before;
			break;
		}
	}
	out[w.len] = '\0';
	return true;
}
