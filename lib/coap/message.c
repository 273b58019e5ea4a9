#include "coap/message_internal.h"

/*
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |Ver| T |  TKL  |      Code     |          Message ID           |
 * |   Token (if any, TKL bytes) ...
 * |   Options (if any) ...
 * |1 1 1 1 1 1 1 1|    Payload (if any) ...
 *
 * RFC 7252 section 3. An option is a byte of two nibbles, delta of the number
 * and length, each with an extension of 0, 1 or 2 bytes, then the value.
 */
enum {
	VERSION = 1,
	HEADER_LEN = 4,
	PAYLOAD_MARKER = 0xff,
	NIBBLE_ONE = 13, /* one byte follows: the value less 13 */
	NIBBLE_TWO = 14, /* two bytes follow: the value less 269 */
	NIBBLE_NONE = 15, /* reserved */
	BASE_ONE = 13,
	BASE_TWO = 269,
	NUMBER_MAX = 0xffff,
};

static uint32_t
decode_nibble(struct reader *r, unsigned nibble)
{
	switch (nibble) {
	case NIBBLE_ONE:
		return (uint32_t)reader_be(r, 1) + BASE_ONE;
	case NIBBLE_TWO:
		return (uint32_t)reader_be(r, 2) + BASE_TWO;
	case NIBBLE_NONE:
		reader_fail(r);
		return 0;
	default:
		return nibble;
	}
}

void
message_decode_token(struct reader *r, unsigned len, struct coap_token *t)
{
	struct span s;

	if (len > COAP_TOKEN_MAX) {
		reader_fail(r);
		return;
	}
	s = reader_take(r, len);
	if (s.len == 0)
		return;
	t->len = (uint8_t)s.len;
	memcpy(t->bytes, s.p, s.len);
}

/* Reads on past COAP_OPTIONS_MAX: what is malformed must be told apart from
 * what is only too much. */
bool
message_decode_rest(struct reader *r, struct coap_message *m)
{
	uint32_t number = 0;
	bool fits = true;

	while (!r->bad && reader_left(r) > 0) {
		unsigned head = (unsigned)reader_be(r, 1);
		struct span value;

		if (head == PAYLOAD_MARKER) {
			m->payload = reader_rest(r);
			if (m->payload.len == 0)
				reader_fail(r);
			break;
		}
		number += decode_nibble(r, head >> 4);
		value = reader_take(r, decode_nibble(r, head & 0xf));
		if (number > NUMBER_MAX)
			reader_fail(r);
		if (m->option_count == COAP_OPTIONS_MAX)
			fits = false;
		else if (!r->bad)
			m->options[m->option_count++] =
			    (struct coap_option){(uint16_t)number, value};
	}
	return fits;
}

enum rc
coap_decode(struct span datagram, struct coap_message *m)
{
	struct reader r;
	unsigned head;
	bool fits;

	memset(m, 0, sizeof(*m));
	reader_init(&r, datagram);
	head = (unsigned)reader_be(&r, 1);
	if (!r.bad && head >> 6 != VERSION)
		return RC_UNSUPPORTED;
	m->type = (enum coap_type)(head >> 4 & 3);
	m->code = (uint8_t)reader_be(&r, 1);
	m->mid = (uint16_t)reader_be(&r, 2);
	/* RFC 7252 section 4.1: nothing after the MID of an Empty message. */
	if (m->code == COAP_EMPTY && datagram.len != HEADER_LEN)
		return RC_MALFORMED;
	message_decode_token(&r, head & 0xf, &m->token);
	fits = message_decode_rest(&r, m);
	if (r.bad)
		return RC_MALFORMED;
	return fits ? RC_OK : RC_TOO_LARGE;
}

static unsigned
nibble_of(size_t v)
{
	if (v < BASE_ONE)
		return (unsigned)v;
	return v < BASE_TWO ? NIBBLE_ONE : NIBBLE_TWO;
}

static void
encode_extension(struct writer *w, size_t v)
{
	if (v >= BASE_TWO)
		writer_be(w, v - BASE_TWO, 2);
	else if (v >= BASE_ONE)
		writer_be(w, v - BASE_ONE, 1);
}

static void
encode_option(struct writer *w, size_t delta, struct span value)
{
	writer_be(w, nibble_of(delta) << 4 | nibble_of(value.len), 1);
	encode_extension(w, delta);
	encode_extension(w, value.len);
	writer_put(w, value);
}

static size_t
extension_len(size_t v)
{
	if (v >= BASE_TWO)
		return 2;
	return v >= BASE_ONE ? 1 : 0;
}

size_t
message_rest_len(const struct coap_message *m)
{
	unsigned number = 0;
	size_t len = m->payload.len > 0 ? 1 + m->payload.len : 0;

	for (size_t i = 0; i < m->option_count; i++) {
		const struct coap_option *o = &m->options[i];

		len += 1 + extension_len((size_t)(o->number - number)) +
		    extension_len(o->value.len) + o->value.len;
		number = o->number;
	}
	return len;
}

void
message_encode_rest(const struct coap_message *m, struct writer *w)
{
	unsigned number = 0;

	for (size_t i = 0; i < m->option_count; i++) {
		const struct coap_option *o = &m->options[i];

		if (o->number < number || o->value.len > 0xffff + BASE_TWO) {
			w->full = true;
			return;
		}
		encode_option(w, o->number - number, o->value);
		number = o->number;
	}
	if (m->payload.len > 0) {
		writer_be(w, PAYLOAD_MARKER, 1);
		writer_put(w, m->payload);
	}
}

void
coap_encode(const struct coap_message *m, struct writer *w)
{
	if (m->token.len > COAP_TOKEN_MAX) {
		w->full = true;
		return;
	}
	writer_be(w,
	    (unsigned)VERSION << 6 | (unsigned)m->type << 4 | m->token.len, 1);
	writer_be(w, m->code, 1);
	writer_be(w, m->mid, 2);
	writer_put(w, span_of(m->token.bytes, m->token.len));
	message_encode_rest(m, w);
}
