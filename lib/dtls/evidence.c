#include "dtls/internal.h"

#include <stdlib.h>

enum {
	SERVER_HELLO = 2, /* handshake types */
	SERVER_HELLO_DONE = 14,
	EXTENSION_ENCRYPT_THEN_MAC = 22, /* RFC 7366 4 */
	EXTENSION_EXTENDED_MASTER = 23, /* RFC 7627 5.1 */
};

void
evidence_forget(struct conn *c)
{
	free(c->evidence);
	c->evidence = NULL;
}

void
evidence_hello(struct conn *c, struct span record)
{
	struct span body = span_from(record, PEEK_RECORD_HEAD_LEN);
	struct evidence *e = c->evidence;
	struct reader r;
	struct span random;

	if (!e)
		e = c->evidence = malloc(sizeof(*e));
	if (!e)
		return;
	*e = (struct evidence){.hello = true};
	reader_init(&r, body);
	(void)reader_take(&r, PEEK_MESSAGE_HEAD_LEN + 2); /* version */
	random = reader_take(&r, PEEK_RANDOM_LEN);
	if (r.bad) {
		evidence_forget(c);
		return;
	}
	memcpy(e->facts.client_random, random.p, random.len);
	digest_init(&e->transcript);
	digest_put(&e->transcript, body);
}

bool
evidence_server_hello(struct psk_evidence *facts, struct span body)
{
	struct reader r, all;
	struct span random;

	reader_init(&r, body);
	(void)reader_be(&r, 2); /* version */
	random = reader_take(&r, PEEK_RANDOM_LEN);
	(void)reader_take(&r, (size_t)reader_be(&r, 1)); /* session id */
	facts->suite = (uint16_t)reader_be(&r, 2);
	(void)reader_be(&r, 1); /* compression */
	if (r.bad || !context_suite_is_psk(facts->suite))
		return false;
	memcpy(facts->server_random, random.p, random.len);
	reader_init(&all, reader_take(&r, (size_t)reader_be(&r, 2)));
	while (reader_left(&all) > 0) {
		uint64_t type = reader_be(&all, 2);

		(void)reader_take(&all, (size_t)reader_be(&all, 2));
		facts->extended_master |= type == EXTENSION_EXTENDED_MASTER;
		facts->encrypt_then_mac |= type == EXTENSION_ENCRYPT_THEN_MAC;
	}
	return !all.bad;
}

/* One of ours, whole; `raw` has its header. False: no notes any more. */
static bool
note_message(struct evidence *e, const struct peek_message *m, struct span raw)
{
	if (!e->server_hello) {
		if (m->type != SERVER_HELLO)
			return true; /* HelloVerifyRequest */
		if (!peek_whole(m) ||
		    !evidence_server_hello(&e->facts, m->fragment))
			return false;
		e->server_hello = true;
	} else if (m->seq != e->next_seq || e->done) {
		return true; /* said again, or the Finished to come */
	} else if (!peek_whole(m)) {
		return false;
	}
	e->next_seq = (uint16_t)(m->seq + 1);
	e->done = m->type == SERVER_HELLO_DONE;
	digest_put(&e->transcript, raw);
	return true;
}

void
evidence_sent(struct conn *c, struct span records)
{
	struct peek_record r;
	struct peek_message m;

	if (!c->evidence)
		return;
	while (peek_record(&records, &r)) {
		struct span body = r.body, before = r.body;

		if (r.type != PEEK_HANDSHAKE || r.epoch != 0)
			continue;
		for (; peek_message(&body, &m) == RC_OK; before = body) {
			struct span raw =
			    span_of(before.p, before.len - body.len);

			if (!note_message(c->evidence, &m, raw)) {
				evidence_forget(c);
				return;
			}
		}
	}
}

void
evidence_exchange(struct conn *c, uint16_t seq, struct span body)
{
	struct evidence *e = c->evidence;
	uint8_t head[PEEK_MESSAGE_HEAD_LEN];
	struct digest transcript;
	struct writer w;

	if (!e || !e->done)
		return;
	/* RFC 6347 4.2.6: as if it had come in one piece. */
	writer_init(&w, head, sizeof(head));
	writer_be(&w, PEEK_CLIENT_KEY_EXCHANGE, 1);
	writer_be(&w, body.len, 3);
	if (!c->tls) {
		writer_be(&w, seq, 2);
		writer_be(&w, 0, 3);
		writer_be(&w, body.len, 3);
	}
	transcript = e->transcript;
	digest_put(&transcript, writer_span(&w));
	digest_put(&transcript, body);
	digest_final(&transcript, e->facts.session_hash);
	e->exchanged = true;
}

void
evidence_finished(struct conn *c, struct span record)
{
	struct evidence *e = c->evidence;

	if (!e || record.len > sizeof(e->finished))
		return;
	memcpy(e->finished, record.p, record.len);
	e->finished_len = record.len;
}

/* Among the datagrams that wait for the key; empty: it has not come. */
static struct span
queued_finished(const struct conn *c)
{
	const struct packet *p;

	STAILQ_FOREACH(p, &c->queue, link)
	{
		struct span datagram = span_of(p->bytes, p->len);
		struct peek_record r;

		while (peek_record_cid(&datagram, DTLS_CID_LEN, &r))
			if (r.epoch == 1 &&
			    r.type == (c->has_cid ? PEEK_CID : PEEK_HANDSHAKE))
				return r.raw;
	}
	return (struct span){0};
}

enum rc
dtls_evidence(const struct dtls *d, uint64_t conn, struct writer *w)
{
	const struct conn *c = conn_by_id(d, conn);
	uint8_t buf[EVIDENCE_RECORD_MAX];
	struct psk_evidence facts;

	/* whose ending is being told cannot be found any more */
	if (!c && d->told && d->told->id == conn)
		c = d->told;
	if (!c || !c->evidence || !c->evidence->exchanged)
		return RC_NOT_FOUND;
	facts = c->evidence->facts;
	if (c->evidence->finished_len > 0)
		facts.record =
		    span_of(c->evidence->finished, c->evidence->finished_len);
	else
		facts.record =
		    c->tls ? evidence_tls_waiting(c, buf) : queued_finished(c);
	if (facts.record.len == 0)
		return RC_AGAIN;
	if (facts.record.len > EVIDENCE_RECORD_MAX)
		return RC_NOT_FOUND;
	evidence_put(w, &facts);
	return w->full ? RC_TOO_LARGE : RC_OK;
}
