#include "base/evidence.h"

enum {
	VERSION = 1,
	FLAG_EXTENDED_MASTER = 1,
	FLAG_ENCRYPT_THEN_MAC = 2,
	FLAGS = FLAG_EXTENDED_MASTER | FLAG_ENCRYPT_THEN_MAC,
	HANDSHAKE = 22, /* content type */
	DTLS_1_2 = 0xfefd,
	TLS_1_2 = 0x0303,
	EPOCH_PROTECTED = 1,
};

void
evidence_put(struct writer *w, const struct psk_evidence *e)
{
	writer_be(w, VERSION, 1);
	writer_be(w,
	    (e->extended_master ? FLAG_EXTENDED_MASTER : 0U) |
		(e->encrypt_then_mac ? FLAG_ENCRYPT_THEN_MAC : 0U),
	    1);
	writer_be(w, e->suite, 2);
	writer_put(w, span_of(e->client_random, EVIDENCE_RANDOM_LEN));
	writer_put(w, span_of(e->server_random, EVIDENCE_RANDOM_LEN));
	writer_put(w, span_of(e->session_hash, EVIDENCE_HASH_LEN));
	writer_be(w, e->record.len, 2);
	writer_put(w, e->record);
}

static void
take(struct reader *r, uint8_t *out, size_t len)
{
	struct span s = reader_take(r, len);

	if (s.len)
		memcpy(out, s.p, s.len);
}

size_t
evidence_head_len(struct span record)
{
	return record.len > 0 && record.p[0] == EVIDENCE_CID_TYPE
	    ? EVIDENCE_CID_HEAD_LEN
	    : EVIDENCE_HEAD_LEN;
}

/* Of TLS: the first one under a key has the number 0 (RFC 5246 6.1). */
static bool
is_of_tls(struct span record)
{
	struct reader r;

	reader_init(&r, record);
	(void)reader_be(&r, 1);
	return reader_be(&r, 2) == TLS_1_2 && reader_be(&r, 8) == 0 &&
	    reader_be(&r, 2) == reader_left(&r) && !r.bad;
}

/* RFC 6347 4.1, RFC 9146 4. */
static bool
is_finished(struct span record)
{
	struct reader r;
	uint64_t type;

	reader_init(&r, record);
	type = reader_be(&r, 1);
	if (type == HANDSHAKE && is_of_tls(record))
		return true;
	if ((type != HANDSHAKE && type != EVIDENCE_CID_TYPE) ||
	    reader_be(&r, 2) != DTLS_1_2 || reader_be(&r, 2) != EPOCH_PROTECTED)
		return false;
	(void)reader_take(&r, 6); /* sequence number */
	(void)reader_take(&r, type == EVIDENCE_CID_TYPE ? EVIDENCE_CID_LEN : 0);
	return reader_be(&r, 2) == reader_left(&r) && !r.bad;
}

enum rc
evidence_get(struct span bytes, struct psk_evidence *e)
{
	struct reader r;
	unsigned flags;
	size_t len;

	*e = (struct psk_evidence){0};
	reader_init(&r, bytes);
	if (reader_be(&r, 1) != VERSION)
		return r.bad ? RC_MALFORMED : RC_UNSUPPORTED;
	flags = (unsigned)reader_be(&r, 1);
	if (flags & ~(unsigned)FLAGS)
		reader_fail(&r);
	e->extended_master = flags & FLAG_EXTENDED_MASTER;
	e->encrypt_then_mac = flags & FLAG_ENCRYPT_THEN_MAC;
	e->suite = (uint16_t)reader_be(&r, 2);
	take(&r, e->client_random, EVIDENCE_RANDOM_LEN);
	take(&r, e->server_random, EVIDENCE_RANDOM_LEN);
	take(&r, e->session_hash, EVIDENCE_HASH_LEN);
	len = (size_t)reader_be(&r, 2);
	if (len > EVIDENCE_RECORD_MAX)
		reader_fail(&r);
	e->record = reader_take(&r, len);
	if (r.bad || reader_left(&r) != 0 || !is_finished(e->record))
		return RC_MALFORMED;
	return RC_OK;
}
