#include "dtls/peek_tls.h"

enum { MAJOR = 3 };

enum rc
peek_tls_record(struct span stream, struct peek_record *out)
{
	struct reader r;
	size_t len;

	/* What is none is found by what has come of it. */
	if (stream.len > 0 &&
	    (stream.p[0] < PEEK_CHANGE_CIPHER_SPEC ||
		stream.p[0] > PEEK_APPLICATION_DATA))
		return RC_MALFORMED;
	if (stream.len > 1 && stream.p[1] != MAJOR)
		return RC_MALFORMED;
	if (stream.len < PEEK_TLS_HEAD_LEN)
		return RC_AGAIN;
	reader_init(&r, stream);
	*out = (struct peek_record){.type = (uint8_t)reader_be(&r, 1)};
	out->version = (uint16_t)reader_be(&r, 2);
	len = (size_t)reader_be(&r, 2);
	if (len > PEEK_TLS_RECORD_MAX ||
	    (len == 0 && out->type != PEEK_APPLICATION_DATA))
		return RC_MALFORMED;
	if (reader_left(&r) < len)
		return RC_AGAIN;
	out->body = reader_take(&r, len);
	out->raw = span_of(stream.p, PEEK_TLS_HEAD_LEN + len);
	return RC_OK;
}

enum rc
peek_tls_message(
    struct span stream, size_t max, uint8_t *type, struct span *body)
{
	struct reader r;
	size_t len;

	if (stream.len < PEEK_TLS_MESSAGE_HEAD_LEN)
		return RC_AGAIN;
	reader_init(&r, stream);
	*type = (uint8_t)reader_be(&r, 1);
	len = (size_t)reader_be(&r, 3);
	if (len > max)
		return RC_TOO_LARGE;
	if (reader_left(&r) < len)
		return RC_AGAIN;
	*body = reader_take(&r, len);
	return RC_OK;
}
