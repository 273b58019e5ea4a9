#include "dtls/peek.h"

enum {
	VERSION_1_0 = 0xfeff,
	VERSION_1_2 = 0xfefd,
	UNIFIED_MASK = 0xe0,
	UNIFIED_CID = 0x10,
	UNIFIED_LONG_SEQ = 0x08,
	UNIFIED_LENGTH = 0x04,
	UNIFIED_EPOCH = 0x03,
	SEQUENCE_LEN = 6, /* bytes */
};

/*
 * RFC 9147 4: 001CSLEE. Without a length the record is the datagram's last;
 * with a Connection ID, and none expected, it is of an association that is not
 * ours.
 */
static bool
unified(struct span *datagram, size_t cid_len, struct peek_record *out)
{
	struct reader r;
	uint8_t head;

	reader_init(&r, *datagram);
	head = (uint8_t)reader_be(&r, 1);
	out->cid = reader_take(&r, head & UNIFIED_CID ? cid_len : 0);
	(void)reader_be(&r, head & UNIFIED_LONG_SEQ ? 2 : 1);
	if (head & UNIFIED_LENGTH) {
		size_t len = (size_t)reader_be(&r, 2);

		out->body = reader_take(&r, len);
	} else {
		out->body = reader_rest(&r);
	}
	if (r.bad || (head & UNIFIED_CID && cid_len == 0))
		return false;
	out->type = PEEK_UNIFIED;
	out->version = 0;
	out->seq = 0;
	out->epoch = head & UNIFIED_EPOCH;
	out->raw = span_of(datagram->p, (size_t)(r.p - datagram->p));
	*datagram = reader_rest(&r);
	return true;
}

static bool
is_type(uint8_t type, size_t cid_len)
{
	return (type >= PEEK_CHANGE_CIPHER_SPEC &&
		   type <= PEEK_APPLICATION_DATA) ||
	    type == PEEK_ACK || (type == PEEK_CID && cid_len > 0);
}

bool
peek_record_cid(struct span *datagram, size_t cid_len, struct peek_record *out)
{
	struct reader r;
	size_t len;

	if (datagram->len > 0 &&
	    (datagram->p[0] & UNIFIED_MASK) == PEEK_UNIFIED)
		return unified(datagram, cid_len, out);
	reader_init(&r, *datagram);
	out->type = (uint8_t)reader_be(&r, 1);
	out->version = (uint16_t)reader_be(&r, 2);
	out->epoch = (uint16_t)reader_be(&r, 2);
	out->seq = reader_be(&r, SEQUENCE_LEN);
	out->cid = reader_take(&r, out->type == PEEK_CID ? cid_len : 0);
	len = (size_t)reader_be(&r, 2);
	out->body = reader_take(&r, len);
	if (r.bad || !is_type(out->type, cid_len) ||
	    (out->version != VERSION_1_2 && out->version != VERSION_1_0))
		return false;
	out->raw = span_of(datagram->p, (size_t)(r.p - datagram->p));
	*datagram = reader_rest(&r);
	return true;
}

bool
peek_record(struct span *datagram, struct peek_record *out)
{
	return peek_record_cid(datagram, 0, out);
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

bool
peek_identity_good(struct span identity, size_t max)
{
	return identity.len > 0 && identity.len <= max &&
	    !memchr(identity.p, 0, identity.len);
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
	return peek_identity_good(*identity, max) ? RC_OK : RC_DENIED;
}
