#include "dtls/internal.h"

#include <stdlib.h>

enum {
	SERVER_HELLO = 2, /* handshake types */
	SERVER_HELLO_DONE = 14,
	NUMBER_LEN =
	    8, /* bytes of a record's number, which TLS does not send */
};

void
evidence_tls_hello(struct conn *c, struct span message)
{
	struct evidence *e = malloc(sizeof(*e));
	struct reader r;
	struct span random;

	evidence_forget(c);
	c->evidence = e;
	if (!e)
		return;
	*e = (struct evidence){.hello = true};
	reader_init(&r, message);
	(void)reader_take(&r, PEEK_TLS_MESSAGE_HEAD_LEN + 2); /* version */
	random = reader_take(&r, PEEK_RANDOM_LEN);
	if (r.bad) {
		evidence_forget(c);
		return;
	}
	memcpy(e->facts.client_random, random.p, random.len);
	digest_init(&e->transcript);
	digest_put(&e->transcript, message);
}

/* One of ours, whole. False: no notes any more. */
static bool
note(struct evidence *e, uint8_t type, struct span body, struct span raw)
{
	if (e->done)
		return true; /* the Finished to come */
	if (!e->server_hello &&
	    (type != SERVER_HELLO || !evidence_server_hello(&e->facts, body)))
		return false;
	e->server_hello = true;
	e->done = type == SERVER_HELLO_DONE;
	digest_put(&e->transcript, raw);
	return true;
}

void
evidence_tls_sent(struct conn *c, struct span records)
{
	struct peek_record r;

	while (c->evidence && peek_tls_record(records, &r) == RC_OK) {
		struct span rest = r.body;

		records = span_from(records, r.raw.len);
		if (r.type != PEEK_HANDSHAKE || c->evidence->done)
			continue;
		while (c->evidence && rest.len > 0) {
			struct span body, raw = rest;
			uint8_t type;

			if (peek_tls_message(rest, PEEK_TLS_PLAIN_MAX, &type,
				&body) != RC_OK) {
				evidence_forget(c);
				return;
			}
			raw.len = PEEK_TLS_MESSAGE_HEAD_LEN + body.len;
			rest = span_from(rest, raw.len);
			if (!note(c->evidence, type, body, raw))
				evidence_forget(c);
		}
	}
}

/* base/evidence.h wants the number of the record, which is 0, where DTLS has
 * its own. Empty: it is too long. */
static struct span
with_number(struct span record, uint8_t out[static EVIDENCE_RECORD_MAX])
{
	const size_t before = PEEK_TLS_HEAD_LEN - 2; /* type, version */
	struct writer w;

	writer_init(&w, out, EVIDENCE_RECORD_MAX);
	writer_put(&w, span_of(record.p, before));
	writer_be(&w, 0, NUMBER_LEN);
	writer_put(&w, span_from(record, before));
	return w.full ? (struct span){0} : writer_span(&w);
}

void
evidence_tls_finished(struct conn *c, struct span record)
{
	struct evidence *e = c->evidence;

	if (e && e->finished_len == 0)
		e->finished_len = with_number(record, e->finished).len;
}

struct span
evidence_tls_waiting(
    const struct conn *c, uint8_t out[static EVIDENCE_RECORD_MAX])
{
	struct span rest = fifo_span(&c->tls->in);
	struct peek_record r;
	bool changed = false;

	for (; peek_tls_record(rest, &r) == RC_OK;
	     rest = span_from(rest, r.raw.len)) {
		if (changed && r.type == PEEK_HANDSHAKE)
			return with_number(r.raw, out);
		changed |= r.type == PEEK_CHANGE_CIPHER_SPEC;
	}
	return (struct span){0};
}
