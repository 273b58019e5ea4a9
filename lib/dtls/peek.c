#include "dtls/peek.h"

enum {
	VERSION_1_0 = 0xfeff,
	VERSION_1_2 = 0xfefd,
	SESSION_ID_MAX = 32,
};

bool
peek_record(struct span *datagram, struct peek_record *out)
{
	struct reader r;
	size_t len;

	reader_init(&r, *datagram);
	out->type = (uint8_t)reader_be(&r, 1);
	out->version = (uint16_t)reader_be(&r, 2);
	out->epoch = (uint16_t)reader_be(&r, 2);
	(void)reader_take(&r, 6); /* sequence number */
	len = (size_t)reader_be(&r, 2);
	out->body = reader_take(&r, len);
	if (r.bad || out->type < PEEK_CHANGE_CIPHER_SPEC ||
	    out->type > PEEK_APPLICATION_DATA ||
	    (out->version != VERSION_1_2 && out->version != VERSION_1_0))
		return false;
	out->raw = span_of(datagram->p, PEEK_RECORD_HEAD_LEN + len);
	*datagram = span_from(*datagram, out->raw.len);
	return true;
}

enum rc
peek_message(struct span *body, struct peek_message *out)
{
	struct reader r;
	size_t len;

	if (body->len == 0)
		return RC_AGAIN;
	reader_init(&r, *body);
	out->type = (uint8_t)reader_be(&r, 1);
	out->length = (uint32_t)reader_be(&r, 3);
	out->seq = (uint16_t)reader_be(&r, 2);
	out->offset = (uint32_t)reader_be(&r, 3);
	len = (size_t)reader_be(&r, 3);
	out->fragment = reader_take(&r, len);
	if (r.bad || out->offset + len > out->length)
		return RC_MALFORMED;
	*body = reader_rest(&r);
	return RC_OK;
}

bool
peek_whole(const struct peek_message *m)
{
	return m->offset == 0 && m->fragment.len == m->length;
}

bool
peek_is_hello(const struct peek_record *r)
{
	return r->type == PEEK_HANDSHAKE && r->epoch == 0 && r->body.len > 0 &&
	    r->body.p[0] == PEEK_CLIENT_HELLO;
}

/* RFC 5246 7.4.1.2 with the cookie of RFC 6347 4.2.1. */
static enum rc
read_hello(struct span body, struct peek_hello *out)
{
	struct reader r;
	size_t len;

	reader_init(&r, body);
	(void)reader_be(&r, 2); /* client_version: wolfSSL decides */
	out->random = reader_take(&r, PEEK_RANDOM_LEN);
	len = (size_t)reader_be(&r, 1);
	if (len > SESSION_ID_MAX)
		reader_fail(&r);
	(void)reader_take(&r, len);
	len = (size_t)reader_be(&r, 1);
	out->cookie = reader_take(&r, len);
	len = (size_t)reader_be(&r, 2);
	if (len == 0 || len % 2)
		reader_fail(&r);
	(void)reader_take(&r, len);
	len = (size_t)reader_be(&r, 1);
	if (len == 0)
		reader_fail(&r);
	(void)reader_take(&r, len);
	if (reader_left(&r) > 0) {
		len = (size_t)reader_be(&r, 2);
		(void)reader_take(&r, len);
	}
	return r.bad || reader_left(&r) > 0 ? RC_MALFORMED : RC_OK;
}

enum rc
peek_hello(const struct peek_record *r, struct peek_hello *out)
{
	struct span body = r->body;
	struct peek_message m;

	if (peek_message(&body, &m) != RC_OK || m.type != PEEK_CLIENT_HELLO)
		return RC_MALFORMED;
	if (!peek_whole(&m))
		return RC_UNSUPPORTED;
	if (body.len > 0)
		return RC_MALFORMED;
	out->seq = m.seq;
	return read_hello(m.fragment, out);
}

bool
peek_assemble(
    struct peek_assembly *a, const struct peek_message *m, struct span *body)
{
	if (m->length == 0 || m->length > PEEK_KEY_EXCHANGE_MAX)
		return false;
	if (a->length != m->length || a->seq != m->seq) {
		*a = (struct peek_assembly){
		    .seq = m->seq, .length = m->length, .missing = m->length};
	}
	for (size_t i = 0; i < m->fragment.len; i++) {
		size_t at = m->offset + i;
		uint8_t bit = (uint8_t)(1u << at % 8);

		if (a->have[at / 8] & bit)
			continue;
		a->have[at / 8] |= bit;
		a->bytes[at] = m->fragment.p[i];
		a->missing--;
	}
	*body = span_of(a->bytes, a->length);
	return a->missing == 0;
}

enum rc
peek_identity(struct span body, size_t max, struct span *identity)
{
	struct reader r;
	size_t len;

	reader_init(&r, body);
	len = (size_t)reader_be(&r, 2);
	*identity = reader_take(&r, len);
	if (r.bad)
		return RC_MALFORMED;
	if (len == 0 || len > max || memchr(identity->p, 0, len))
		return RC_DENIED;
	return RC_OK;
}
