#include "world.h"

#include "dtls/features.h"
#include "dtls/peek_tls.h"
#include "dtls/x509.h"
#include "pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

/*
 * wolfSSL sends a flight of DTLS 1.3 again only if a second has passed on the
 * wall since it last did: it is given ours.
 */
static const struct world *on_the_wall;

int
gettimeofday(struct timeval *tv, void *zone)
{
	uint64_t ms = on_the_wall ? on_the_wall->now_ms : 0;

	(void)zone;
	tv->tv_sec = (time_t)(1700000000 + ms / 1000);
	tv->tv_usec = (suseconds_t)(ms % 1000 * 1000);
	return 0;
}

PRINTF_LIKE(2, 3)
static void
write_down(char *log, const char *fmt, ...)
{
	size_t len = strlen(log);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(log + len, WORLD_TEXT - len, fmt, ap);
	va_end(ap);
	assert_true(strlen(log) < WORLD_TEXT - 1);
}

void
expect_text(
    char *seen, const char *text, const char *what, const char *file, int line)
{
	if (strcmp(seen, text) != 0) {
		print_error(
		    "--- %s expected:\n%s--- seen:\n%s---\n", what, text, seen);
		_fail(file, line);
	}
	seen[0] = '\0';
}

struct secret
world_key(struct span identity, bool right)
{
	struct secret key = {0};
	uint8_t bytes[16];

	memset(bytes, right ? identity.p[0] : 0x5a, sizeof(bytes));
	assert_int_equal(secret_set(&key, span_of(bytes, 16)), RC_OK);
	return key;
}

static bool
is_retry(struct span body)
{
	/* Its random is a digest (RFC 8446 4.1.3). */
	return body.len > 12 + 2 + 4 &&
	    memcmp(body.p + 12 + 2, "\xcf\x21\xad\x74", 4) == 0;
}

/* What a handshake message in the clear is called. */
static const char *
message_name(const struct peek_record *r)
{
	struct peek_hello hello;

	if (r->body.len < 12)
		return "short";
	switch (r->body.p[0]) {
	case 1:
		return peek_hello(r, &hello) == RC_OK &&
			(hello.cookie.len || hello.cookie_13.len)
		    ? "hello+cookie"
		    : "hello";
	case 2:
		return is_retry(r->body) ? "retry" : "hello";
	case 3:
		return "verify";
	case 11:
		return "cert";
	case 12:
		return "exchange";
	case 13:
		return "request";
	case 14:
		return "done";
	case 15:
		return "verified";
	case 16:
		return "key";
	default:
		return "?";
	}
}

static const char *
record_name(const struct peek_record *r)
{
	if (r->type == PEEK_UNIFIED && r->cid.len > 0)
		return r->epoch == 2 ? "sealed+cid" : "data13+cid";
	if (r->type == PEEK_UNIFIED)
		return r->epoch == 2 ? "sealed" : "data13";
	if (r->type == PEEK_CID)
		return "cid";
	if (r->epoch == 1)
		return r->type == 23 ? "data"
		    : r->type == 21  ? "bye"
				     : "secret";
	switch (r->type) {
	case 20:
		return "ccs";
	case 21:
		return "alert";
	case 26:
		return "ack";
	default:
		return message_name(r);
	}
}

void
describe(struct span d, size_t cid_len, char *text, size_t cap)
{
	struct peek_record r;

	text[0] = '\0';
	while (peek_record_cid(&d, cid_len, &r)) {
		if (text[0])
			strncat(text, ",", cap - strlen(text) - 1);
		strncat(text, record_name(&r), cap - strlen(text) - 1);
		if (r.type == 21 && r.epoch == 0 && r.body.len == 2) {
			char level[16];

			(void)snprintf(level, sizeof(level), "(%u,%u)",
			    r.body.p[0], r.body.p[1]);
			strncat(text, level, cap - strlen(text) - 1);
		}
	}
	assert_int_equal(d.len, 0);
}

void
world_start(struct world *w, const struct dtls_config *config)
{
	memset(w, 0, sizeof(*w));
	w->now_ms = 1000;
	on_the_wall = w;
	assert_int_equal(
	    dtls_new(config ? config : &dtls_config_default, &w->server),
	    RC_OK);
	w->stream = config && config->stream;
}

void
world_stop(struct world *w)
{
	for (size_t i = 1; i <= WORLD_CLIENTS; i++) {
		dtls_client_free(w->devices[i].client);
		free(w->devices[i].sent);
		free(w->devices[i].got);
	}
	dtls_free(w->server);
	on_the_wall = NULL;
}

void
world_rebind(struct world *w, unsigned i, unsigned n)
{
	w->devices[i].address = (struct address){.family = 4,
	    .ip = {10, 0, 0, (uint8_t)i},
	    .port = (uint16_t)(40000 + i + 100 * n)};
}

void
world_stray(struct world *w, unsigned n, struct span datagram)
{
	const struct address from = {
	    .family = 4, .ip = {192, 0, 2, 1}, .port = (uint16_t)(1024 + n)};

	dtls_receive(w->server, &from, datagram, w->now_ms);
	world_run(w);
}

void
world_open(struct world *w, unsigned i, const struct dtls_client_config *given)
{
	struct dtls_client_config offer = *given, *config = &offer;
	struct device *dev = &w->devices[i];

	offer.offer_cid = w->offer_cid;
	offer.cid = span_of((const uint8_t *)"ten bytes!", w->cid_len);

	if (config->version != DTLS_CLIENT_12 && !DTLS_HAVE_13)
		skip();
	if (!dev->sent) {
		dev->sent = calloc(WORLD_SEEN, sizeof(struct flying));
		dev->got = calloc(WORLD_SEEN, sizeof(struct flying));
		assert_non_null(dev->sent);
		assert_non_null(dev->got);
	}
	dtls_client_free(dev->client);
	dev->heard_len = 0;
	dev->heard[0] = '\0';
	dev->cid_len = config->cid.len;
	dev->conn = dev->up = dev->down = 0;
	offer.stream = w->stream;
	world_rebind(w, i, 0);
	assert_int_equal(dtls_client_open(config, &dev->client), RC_OK);
}

void
world_device(struct world *w, unsigned i, const char *identity, bool right_key,
    const char *suite)
{
	pki_psk_device(w, i, identity, right_key, DTLS_CLIENT_12, suite);
}

static unsigned
device_at(const struct world *w, const struct address *a)
{
	for (unsigned i = 1; i <= WORLD_CLIENTS; i++)
		if (w->devices[i].sent &&
		    address_equal(&w->devices[i].address, a))
			return i;
	return 0;
}

void
world_answer(struct world *w, bool known)
{
	/* Identities of these tests differ in their first byte. */
	struct secret key = world_key(span_of(&w->wanted_first, 1), true);

	assert_int_equal(dtls_psk_answer(w->server, w->wanted,
			     known ? &key : NULL, 7, w->now_ms),
	    RC_OK);
	secret_fini(&key);
}

void
world_sign(struct world *w, bool available)
{
	uint8_t signature[DTLS_SIGNATURE_LEN];

	pki_sign(
	    w->sign_key, span_of(w->sign_digest, DTLS_DIGEST_LEN), signature);
	assert_int_equal(dtls_sign_answer(w->server, w->sign_conn,
			     available ? signature : NULL, w->now_ms),
	    RC_OK);
}

/* Who it is. */
static void
established(struct world *w, unsigned i, const struct dtls_event *ev)
{
	struct x509_certificate x;

	switch (ev->credential) {
	case DTLS_PSK:
		assert_int_equal(ev->peer.len, 0);
		write_down(w->events, "%u established %.*s %s\n", i,
		    SPAN_FMT(ev->identity), ev->suite);
		break;
	case DTLS_X509:
		assert_int_equal(ev->identity.len, 0);
		assert_int_equal(x509_certificate(ev->peer, &x), RC_OK);
		assert_in_range(ev->chain.len, 0, sizeof(w->chain));
		w->peer_len = ev->peer.len;
		w->chain_len = ev->chain.len;
		if (ev->chain.len)
			memcpy(w->chain, ev->chain.p, ev->chain.len);
		write_down(w->events, "%u established x509 %.*s %s\n", i,
		    SPAN_FMT(x.common_name), ev->suite);
		break;
	case DTLS_RPK:
		assert_int_equal(ev->identity.len, 0);
		assert_int_equal(ev->peer.len, X509_P256_KEY_LEN);
		write_down(w->events, "%u established rpk %02x%02x %s\n", i,
		    ev->peer.p[89], ev->peer.p[90], ev->suite);
		break;
	}
	assert_string_equal(ev->version + (w->stream ? 0 : 1),
	    strncmp(ev->suite, "TLS_AES_", 8) == 0 ? "TLS 1.3" : "TLS 1.2");
}

static void
closed(struct world *w, unsigned i, const struct dtls_event *ev)
{
	struct x509_certificate x = {.common_name = SPAN_LIT("raw key")};

	write_down(w->events, "%u %s %s", i,
	    ev->established ? "closed" : "failed", dtls_close_name(ev->reason));
	if (ev->identity.len)
		write_down(w->events, " %.*s", SPAN_FMT(ev->identity));
	if (ev->peer.len) {
		if (!x509_is_p256_key(ev->peer))
			assert_int_equal(x509_certificate(ev->peer, &x), RC_OK);
		write_down(w->events, " (%.*s)", SPAN_FMT(x.common_name));
	}
	write_down(w->events, "\n");
}

static void
note_evidence(struct world *w, uint64_t conn)
{
	struct writer out;

	writer_init(&out, w->evidence, sizeof(w->evidence));
	w->evidence_rc = dtls_evidence(w->server, conn, &out);
	w->evidence_len = out.len;
}

static void
take_event(struct world *w, const struct dtls_event *ev)
{
	unsigned i = device_at(w, &ev->address);

	w->last_conn = ev->conn;
	switch (ev->kind) {
	case DTLS_EVENT_PSK_WANTED:
		write_down(
		    w->events, "%u wanted %.*s\n", i, SPAN_FMT(ev->identity));
		w->wanted = ev->conn;
		w->wanted_first = (char)ev->identity.p[0];
		if (!w->silent_keeper)
			world_answer(w, ev->identity.p[0] < 'x');
		break;
	case DTLS_EVENT_SIGN_WANTED:
		write_down(w->events, "%u sign %u\n", i, ev->key);
		w->signatures++;
		w->sign_conn = ev->conn;
		w->sign_key = ev->key;
		assert_int_equal(ev->digest.len, DTLS_DIGEST_LEN);
		memcpy(w->sign_digest, ev->digest.p, ev->digest.len);
		if (!w->silent_signer)
			world_sign(w, true);
		break;
	case DTLS_EVENT_ESTABLISHED:
		established(w, i, ev);
		break;
	case DTLS_EVENT_MOVED:
		write_down(
		    w->events, "%u moved to port %u\n", i, ev->address.port);
		break;
	case DTLS_EVENT_DATA:
		if (ev->data.len > 64)
			write_down(
			    w->events, "%u data of %zu\n", i, ev->data.len);
		else
			write_down(
			    w->events, "%u data %.*s\n", i, SPAN_FMT(ev->data));
		if (w->echo)
			assert_int_equal(
			    dtls_send(w->server, ev->conn, ev->data, w->now_ms),
			    RC_OK);
		break;
	case DTLS_EVENT_CLOSED:
		note_evidence(w, ev->conn);
		closed(w, i, ev);
		break;
	}
}

static bool
take_events(struct world *w)
{
	struct dtls_event ev;
	bool any = false;

	while (dtls_event(w->server, &ev)) {
		take_event(w, &ev);
		any = true;
	}
	return any;
}

static bool
is_lost(unsigned *skip, unsigned *lose)
{
	if (*lose == 0)
		return false;
	if (*skip > 0) {
		(*skip)--;
		return false;
	}
	(*lose)--;
	return true;
}

/* The datagram as the link brings it to the server. */
static void
bring(struct world *w, const struct device *dev, struct span d)
{
	struct peek_record r;

	if (!w->split) {
		dtls_receive(w->server, &dev->address, d, w->now_ms);
		return;
	}
	while (peek_record_cid(&d, DTLS_CID_LEN, &r))
		dtls_receive(w->server, &dev->address, r.raw, w->now_ms);
}

/* Bytes of a stream arrive, in pieces. */
static void
arrive(struct world *w, struct device *dev, struct span bytes)
{
	while (bytes.len > 0) {
		size_t len = w->cut && w->cut < bytes.len ? w->cut : bytes.len;

		if (dev->up < w->cut_at && dev->up + len > w->cut_at)
			len = w->cut_at - dev->up;
		dev->up += len;
		/* in memory of its own, so that no byte more can be read */
		uint8_t *piece = malloc(len);

		assert_non_null(piece);
		memcpy(piece, bytes.p, len);
		dtls_stream_receive(
		    w->server, dev->conn, span_of(piece, len), w->now_ms);
		free(piece);
		(void)take_events(w);
		bytes = span_from(bytes, len);
	}
}

/* Handshake in the clear, in more records than it came in. */
static void
crumble(struct world *w, struct device *dev, struct span bytes)
{
	struct peek_record r;

	while (peek_tls_record(bytes, &r) == RC_OK) {
		struct span body = r.body;

		bytes = span_from(bytes, r.raw.len);
		if (r.type == PEEK_CHANGE_CIPHER_SPEC)
			w->crumb = 0; /* what follows is sealed */
		if (r.type != PEEK_HANDSHAKE || w->crumb == 0) {
			arrive(w, dev, r.raw);
			continue;
		}
		while (body.len > 0) {
			uint8_t head[PEEK_TLS_HEAD_LEN];
			size_t n = w->crumb < body.len ? w->crumb : body.len;

			memcpy(head, r.raw.p, 3);
			head[3] = (uint8_t)(n >> 8);
			head[4] = (uint8_t)n;
			arrive(w, dev, span_of(head, sizeof(head)));
			arrive(w, dev, span_of(body.p, n));
			body = span_from(body, n);
		}
	}
	assert_int_equal(bytes.len, 0);
}

static bool
stream_up(struct world *w, struct device *dev)
{
	uint8_t bytes[WORLD_DATAGRAM];
	struct writer out;
	bool any = false;

	if (!dev->client)
		return false;
	for (;;) {
		writer_init(&out, bytes, sizeof(bytes));
		if (dtls_client_output(dev->client, &out) != RC_OK)
			return any;
		any = true;
		if (dev->up == 0 && dev->conn == 0)
			dev->open_rc = dtls_stream_open(
			    w->server, &dev->address, w->now_ms, &dev->conn);
		dev->sent_count = 1; /* it has begun */
		if (w->crumb)
			crumble(w, dev, writer_span(&out));
		else
			arrive(w, dev, writer_span(&out));
	}
}

static bool
carry_up(struct world *w, unsigned i)
{
	struct device *dev = &w->devices[i];
	struct flying *f;
	struct writer out;
	char text[256];
	bool lost;

	if (!dev->client)
		return false;
	assert_true(dev->sent_count < WORLD_SEEN);
	f = &dev->sent[dev->sent_count];
	writer_init(&out, f->bytes, sizeof(f->bytes));
	if (dtls_client_output(dev->client, &out) != RC_OK)
		return false;
	f->len = out.len;
	dev->sent_count++;
	lost = is_lost(&w->skip_up, &w->lose_up);
	describe(writer_span(&out), DTLS_CID_LEN, text, sizeof(text));
	write_down(w->trace, "C%u %s%s\n", i, text, lost ? " (lost)" : "");
	for (int n = lost ? 0 : 1 + w->twice; n > 0; n--) {
		w->delivered_up++;
		bring(w, dev, writer_span(&out));
	}
	return true;
}

static void
hear(struct world *w, struct device *dev, struct span datagram)
{
	static uint8_t plain[4 * WORLD_DATAGRAM];
	struct writer data;
	enum rc rc;

	writer_init(&data, plain, sizeof(plain));
	w->delivered_down++;
	rc = dtls_client_receive(dev->client, datagram, &data, w->now_ms);
	assert_true(rc == RC_OK || rc == RC_IO);
	assert_true(dev->heard_len + data.len < WORLD_TEXT);
	memcpy(dev->heard + dev->heard_len, plain, data.len);
	dev->heard_len += data.len;
	dev->heard[dev->heard_len] = '\0';
}

static bool
stream_down(struct world *w)
{
	uint8_t bytes[WORLD_DATAGRAM];
	struct writer out;
	uint64_t conn;

	writer_init(&out, bytes, w->cut ? w->cut : sizeof(bytes));
	if (dtls_stream_output(w->server, &conn, &out) != RC_OK)
		return false;
	for (unsigned i = 1; i <= WORLD_CLIENTS; i++) {
		struct device *dev = &w->devices[i];

		if (!dev->client || dev->conn != conn)
			continue;
		dev->down += out.len;
		dev->last_down = out.len;
		hear(w, dev, writer_span(&out));
	}
	return true;
}

static bool
carry_down(struct world *w)
{
	uint8_t bytes[DTLS_DATAGRAM_MAX];
	struct writer out;
	struct address to;
	struct device *dev;
	char text[256];
	unsigned i;
	bool lost;

	writer_init(&out, bytes, sizeof(bytes));
	if (dtls_output(w->server, &to, &out) != RC_OK)
		return false;
	i = device_at(w, &to);
	if (i == 0)
		return true; /* to an address that was made up */
	dev = &w->devices[i];
	assert_true(dev->got_count < WORLD_SEEN);
	memcpy(dev->got[dev->got_count].bytes, bytes, out.len);
	dev->got[dev->got_count++].len = out.len;
	lost = is_lost(&w->skip_down, &w->lose_down);
	describe(writer_span(&out), dev->cid_len, text, sizeof(text));
	write_down(w->trace, "S%u %s%s\n", i, text, lost ? " (lost)" : "");
	for (int n = lost ? 0 : 1 + w->twice; n > 0 && dev->client; n--)
		hear(w, dev, writer_span(&out));
	return true;
}

void
world_run(struct world *w)
{
	bool moved = true;

	while (moved) {
		moved = take_events(w);
		while (w->stream ? stream_down(w) : carry_down(w))
			moved = true;
		for (unsigned i = 1; i <= WORLD_CLIENTS; i++)
			moved |= w->stream ? stream_up(w, &w->devices[i])
					   : carry_up(w, i);
	}
}

static uint64_t
next_deadline(const struct world *w)
{
	uint64_t next_ms = dtls_deadline(w->server);

	for (size_t i = 1; i <= WORLD_CLIENTS; i++) {
		const struct device *dev = &w->devices[i];
		uint64_t at_ms = TIME_NEVER;

		if (dev->client && dev->sent_count)
			at_ms = dtls_client_deadline(dev->client);
		if (at_ms < next_ms)
			next_ms = at_ms;
	}
	return next_ms;
}

void
world_pass(struct world *w, uint64_t ms)
{
	uint64_t end_ms = w->now_ms + ms;
	uint64_t next_ms;

	while ((next_ms = next_deadline(w)) <= end_ms) {
		if (next_ms > w->now_ms)
			w->now_ms = next_ms;
		dtls_tick(w->server, w->now_ms);
		for (size_t i = 1; i <= WORLD_CLIENTS; i++) {
			const struct device *dev = &w->devices[i];

			if (dev->client && dev->sent_count &&
			    dtls_client_deadline(dev->client) <= w->now_ms)
				(void)!dtls_client_tick(dev->client, w->now_ms);
		}
		world_run(w);
	}
	w->now_ms = end_ms;
}

void
world_connect(struct world *w, unsigned i)
{
	assert_int_equal(
	    dtls_client_tick(w->devices[i].client, w->now_ms), RC_OK);
	world_run(w);
}

void
world_inject(struct world *w, unsigned i, struct span datagram)
{
	dtls_receive(w->server, &w->devices[i].address, datagram, w->now_ms);
	world_run(w);
}

struct span
world_sent(const struct world *w, unsigned i, size_t n)
{
	assert_true(n < w->devices[i].sent_count);
	return span_of(w->devices[i].sent[n].bytes, w->devices[i].sent[n].len);
}

struct span
world_got(const struct world *w, unsigned i, size_t n)
{
	assert_true(n < w->devices[i].got_count);
	return span_of(w->devices[i].got[n].bytes, w->devices[i].got[n].len);
}

void
world_say(struct world *w, unsigned i, const char *text)
{
	assert_int_equal(
	    dtls_client_send(w->devices[i].client, span_str(text)), RC_OK);
	world_run(w);
}

void
world_tell(struct world *w, uint64_t conn, const char *text)
{
	assert_int_equal(
	    dtls_send(w->server, conn, span_str(text), w->now_ms), RC_OK);
	world_run(w);
}
