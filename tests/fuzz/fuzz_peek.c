/*
 * One input, one datagram: its records, their messages, hellos, a
 * ClientKeyExchange put together, an identity. What is borrowed must lie in
 * the input, and what is taken must be taken in order.
 */
#include "dtls/peek_tls.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

enum { IDENTITY_MAX = 128 };

static bool
within(struct span inner, struct span outer)
{
	return inner.len == 0 ||
	    (inner.p >= outer.p && inner.len <= outer.len &&
		inner.p - outer.p <= (ptrdiff_t)(outer.len - inner.len));
}

static void
read_identity(struct span body)
{
	struct span identity;

	if (peek_identity(body, IDENTITY_MAX, &identity) != RC_OK)
		return;
	MUST(identity.len > 0 && identity.len <= IDENTITY_MAX);
	MUST(within(identity, body));
	MUST(!memchr(identity.p, 0, identity.len));
}

static void
read_messages(struct span body, struct peek_assembly *a)
{
	struct peek_message m;
	struct span whole;
	struct span before = body;

	while (peek_message(&body, &m) == RC_OK) {
		MUST(within(m.fragment, before));
		MUST(m.offset + m.fragment.len <= m.length);
		MUST(body.len ==
		    before.len - PEEK_MESSAGE_HEAD_LEN - m.fragment.len);
		before = body;
		if (peek_whole(&m))
			read_identity(m.fragment);
		if (!peek_assemble(a, &m, &whole))
			continue;
		MUST(whole.len == m.length && a->missing == 0);
		read_identity(whole);
	}
}

static void
read_hello(const struct peek_record *r)
{
	struct peek_hello hello;

	if (peek_hello(r, &hello) != RC_OK)
		return;
	MUST(peek_is_hello(r) || r->epoch != 0 || r->type != PEEK_HANDSHAKE);
	MUST(hello.random.len == PEEK_RANDOM_LEN);
	MUST(within(hello.random, r->body));
	MUST(within(hello.cookie, r->body));
	MUST(within(hello.cookie_13, r->body));
	MUST(within(hello.suites, r->body) && hello.suites.len % 2 == 0);
	MUST(within(hello.server_name, r->body));
	MUST(within(hello.identity, r->body));
	MUST(hello.server_name.len <= 255);
	MUST(within(hello.cid, r->body) && hello.takes_cid >= !!hello.cid.len);
	MUST(hello.psk == (hello.identity.len > 0));
}

/* All records of a datagram, to whom gives out such Connection IDs. */
static void
read_datagram(struct span datagram, size_t cid_len, struct peek_assembly *a)
{
	struct span before = datagram;
	struct peek_record r;

	while (peek_record_cid(&datagram, cid_len, &r)) {
		size_t head = r.raw.len - r.body.len - r.cid.len;

		MUST(r.cid.len == 0 || r.cid.len == cid_len);
		MUST((r.type == PEEK_CID) <= (r.cid.len > 0));
		MUST(within(r.cid, r.raw));
		MUST(r.type == PEEK_UNIFIED ? head >= 2 && head <= 5
					    : head == PEEK_RECORD_HEAD_LEN);
		MUST(within(r.raw, before) && within(r.body, r.raw));
		MUST(datagram.len == before.len - r.raw.len);
		before = datagram;
		read_hello(&r);
		read_messages(r.body, a);
	}
	MUST(datagram.len == before.len);
}

/* Records of a stream, their messages, and hellos of TLS. */
static void
read_stream(struct span stream)
{
	struct peek_record r;
	struct peek_hello hello;
	struct span body;
	uint8_t type;

	while (peek_tls_record(stream, &r) == RC_OK) {
		MUST(within(r.raw, stream) && within(r.body, r.raw));
		MUST(r.raw.p == stream.p);
		MUST(r.raw.len == r.body.len + PEEK_TLS_HEAD_LEN);
		MUST(r.body.len <= PEEK_TLS_RECORD_MAX);
		stream = span_from(stream, r.raw.len);
		if (peek_tls_message(
			r.body, PEEK_TLS_HELLO_MAX, &type, &body) != RC_OK)
			continue;
		MUST(within(body, r.body) && body.len <= PEEK_TLS_HELLO_MAX);
		if (peek_tls_hello(body, &hello) != RC_OK)
			continue;
		MUST(within(hello.random, body) && within(hello.suites, body));
		MUST(within(hello.server_name, body));
		MUST(within(hello.identity, body));
		MUST(hello.cookie.len == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct peek_assembly a = {0};

	read_datagram(span_of(data, size), 0, &a);
	read_datagram(span_of(data, size), 8, &a);
	/* Without the headers: seeds of their own for what is behind them. */
	read_messages(span_of(data, size), &a);
	read_identity(span_of(data, size));
	read_stream(span_of(data, size));
	return 0;
}
