#include "coap/frame.h"
#include "coap/message_internal.h"

/*
 *  0                   1                   2
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
 * |  Len  |  TKL  | Extended Length (0, 1, 2, 4 bytes) ...
 * |      Code     | Token (if any, TKL bytes) ...
 * |   Options (if any) ...
 * |1 1 1 1 1 1 1 1|    Payload (if any) ...
 *
 * RFC 8323 section 3.2. The length is that of options and payload, with the
 * marker between them.
 */
enum {
	LEN_ONE = 13, /* one byte follows: the length less 13 */
	LEN_TWO = 14, /* two bytes follow: the length less 269 */
	LEN_FOUR = 15, /* four bytes follow: the length less 65805 */
	BASE_ONE = 13,
	BASE_TWO = 269,
	BASE_FOUR = 65805,
};

/* Len in its three forms beyond the direct one. */
static const struct form {
	size_t width; /* bytes of the Extended Length */
	uint64_t base;
} forms[] = {
    {1, BASE_ONE},
    {2, BASE_TWO},
    {4, BASE_FOUR},
};

static struct form
form_of(unsigned len_nibble)
{
	if (len_nibble < LEN_ONE)
		return (struct form){0, len_nibble};
	return forms[len_nibble - LEN_ONE];
}

enum rc
coap_frame_measure(struct span stream, size_t rest_max, size_t *len)
{
	unsigned token_len;
	struct form form;
	struct reader r;
	uint64_t rest;
	unsigned first;

	*len = COAP_FRAME_MIN;
	if (stream.len == 0)
		return RC_AGAIN;
	reader_init(&r, stream);
	first = (unsigned)reader_be(&r, 1);
	token_len = first & 0xf;
	if (token_len > COAP_TOKEN_MAX)
		return RC_MALFORMED;
	form = form_of(first >> 4);
	*len = 1 + form.width;
	rest = reader_be(&r, form.width) + form.base;
	if (r.bad)
		return RC_AGAIN;
	if (rest > rest_max)
		return RC_TOO_LARGE;
	*len += 1 + token_len + (size_t)rest;
	return RC_OK;
}

enum rc
coap_frame_decode(struct span frame, struct coap_message *m)
{
	struct reader r;
	unsigned first;
	size_t len;
	bool fits;

	memset(m, 0, sizeof(*m));
	if (coap_frame_measure(frame, SIZE_MAX, &len) != RC_OK ||
	    len != frame.len)
		return RC_MALFORMED;
	reader_init(&r, frame);
	first = (unsigned)reader_be(&r, 1);
	(void)reader_take(&r, form_of(first >> 4).width);
	m->code = (uint8_t)reader_be(&r, 1);
	if (m->code == COAP_EMPTY)
		return RC_OK;
	message_decode_token(&r, first & 0xf, &m->token);
	fits = message_decode_rest(&r, m);
	if (r.bad)
		return RC_MALFORMED;
	return fits ? RC_OK : RC_TOO_LARGE;
}

/* The Len nibble for options and payload of `rest` bytes. */
static unsigned
nibble_of(size_t rest)
{
	if (rest < BASE_ONE)
		return (unsigned)rest;
	if (rest < BASE_TWO)
		return LEN_ONE;
	return rest < BASE_FOUR ? LEN_TWO : LEN_FOUR;
}

size_t
coap_frame_len(const struct coap_message *m)
{
	size_t rest = message_rest_len(m);

	return 2 + form_of(nibble_of(rest)).width + m->token.len + rest;
}

void
coap_frame_encode(const struct coap_message *m, struct writer *w)
{
	size_t rest = message_rest_len(m);
	unsigned nibble = nibble_of(rest);
	struct form form = form_of(nibble);

	if (m->token.len > COAP_TOKEN_MAX ||
	    rest > UINT32_MAX + (uint64_t)BASE_FOUR) {
		w->full = true;
		return;
	}
	writer_be(w, nibble << 4 | m->token.len, 1);
	writer_be(w, rest - form.base, form.width);
	writer_be(w, m->code, 1);
	writer_put(w, span_of(m->token.bytes, m->token.len));
	message_encode_rest(m, w);
}
