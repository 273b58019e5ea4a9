#include "question_parts.h"

enum {
	FLAG_ENDPOINT = 1,
	FLAG_PACK = 2,
	FLAG_FRESH = 4,
	FLAG_STREAM = 8,
	FLAGS = 15,
};

void
parts_put_short(struct writer *w, struct span s)
{
	writer_be(w, s.len, 2);
	writer_put(w, s);
}

struct span
parts_get_short(struct reader *r, size_t max)
{
	size_t len = (size_t)reader_be(r, 2);

	if (len > max)
		reader_fail(r);
	return reader_take(r, len);
}

void
parts_put_secret(struct writer *w, const struct secret *s)
{
	writer_be(w, s->len, 4);
	writer_put(w, secret_expose(s));
}

enum rc
parts_get_secret(struct reader *r, size_t max, struct secret *out)
{
	size_t len = (size_t)reader_be(r, 4);
	struct span s;

	if (len > max)
		reader_fail(r);
	s = reader_take(r, len);
	return r->bad ? RC_MALFORMED : secret_set(out, s);
}

void
parts_put_address(struct writer *w, const struct address *a)
{
	writer_be(w, a->family, 1);
	writer_put(w, span_of(a->ip, sizeof(a->ip)));
	writer_be(w, a->port, 2);
	writer_be(w, a->scope, 4);
}

void
parts_get_address(struct reader *r, struct address *a)
{
	struct span ip;

	*a = (struct address){.family = (uint8_t)reader_be(r, 1)};
	ip = reader_take(r, sizeof(a->ip));
	if (ip.len)
		memcpy(a->ip, ip.p, ip.len);
	a->port = (uint16_t)reader_be(r, 2);
	a->scope = (uint32_t)reader_be(r, 4);
	if (a->family != 0 && a->family != 4 && a->family != 6)
		reader_fail(r);
}

void
parts_get_session(struct reader *r, uint8_t out[static SESSION_ID_LEN])
{
	struct span s = reader_take(r, SESSION_ID_LEN);

	if (s.len == SESSION_ID_LEN)
		memcpy(out, s.p, s.len);
}

void
parts_put_session(struct writer *w, const uint8_t id[static SESSION_ID_LEN])
{
	writer_put(w, span_of(id, SESSION_ID_LEN));
}

void
parts_put_begin(struct writer *w, const struct q_begin *b)
{
	unsigned flags = (b->has_endpoint ? FLAG_ENDPOINT : 0U) |
	    (b->pack ? FLAG_PACK : 0U) | (b->fresh ? FLAG_FRESH : 0U) |
	    (b->stream ? FLAG_STREAM : 0U);

	parts_put_session(w, b->session);
	writer_be(w, b->proof, 1);
	writer_be(w, flags, 1);
	writer_be(w, b->epoch, 4);
	writer_be(w, (uint32_t)b->pct, 4);
	writer_be(w, (uint32_t)b->accept, 4);
	writer_be(w, b->fault, 1);
	parts_put_address(w, &b->address);
	writer_put(w, span_of(b->push, sizeof(b->push)));
	parts_put_short(w, b->credential);
	parts_put_short(w, b->endpoint);
	parts_put_short(w, b->peer);
	parts_put_short(w, b->chain);
}

static void
get_bytes(struct reader *r, uint8_t *out, size_t len)
{
	struct span s = reader_take(r, len);

	if (s.len == len)
		memcpy(out, s.p, len);
}

/** What belongs to one kind of request does not come with another. */
static bool
kind_holds(const struct q_begin *b)
{
	bool accept = b->accept >= 0 && b->accept <= 0xffff;

	if (b->fresh && b->proof != Q_BY_NOTHING)
		return false;
	return b->pack ? b->pct == -1 && accept
		       : b->pct >= -1 && b->accept == -1;
}

/** What belongs to one kind of proof does not come with another. */
static bool
proof_holds(const struct q_begin *b)
{
	bool psk = b->proof == Q_BY_PSK;
	bool shown = b->proof == Q_BY_CERTIFICATE || b->proof == Q_BY_RAW_KEY;

	return b->proof <= Q_BY_RAW_KEY && shown == (b->peer.len > 0) &&
	    (psk || (b->credential.len == 0 && b->epoch == 0)) &&
	    (b->proof == Q_BY_CERTIFICATE || b->chain.len == 0);
}

void
parts_get_begin(struct reader *r, struct q_begin *b)
{
	unsigned flags;

	parts_get_session(r, b->session);
	b->proof = (enum q_proof)reader_be(r, 1);
	flags = (unsigned)reader_be(r, 1);
	b->has_endpoint = flags & FLAG_ENDPOINT;
	b->pack = flags & FLAG_PACK;
	b->fresh = flags & FLAG_FRESH;
	b->stream = flags & FLAG_STREAM;
	b->epoch = (uint32_t)reader_be(r, 4);
	b->pct = (int32_t)(uint32_t)reader_be(r, 4);
	b->accept = (int32_t)(uint32_t)reader_be(r, 4);
	b->fault = (enum reason)reader_be(r, 1);
	parts_get_address(r, &b->address);
	get_bytes(r, b->push, sizeof(b->push));
	b->credential = parts_get_short(r, CREDENTIAL_MAX);
	b->endpoint = parts_get_short(r, ENDPOINT_MAX);
	b->peer = parts_get_short(r, QUESTION_PEER_MAX);
	b->chain = parts_get_short(r, QUESTION_CHAIN_MAX);
	if (flags > FLAGS || b->fault >= REASON_COUNT || !kind_holds(b) ||
	    !proof_holds(b))
		reader_fail(r);
}

void
parts_get_sign(struct reader *r, struct q_sign *s)
{
	s->ref = reader_be(r, 8);
	parts_get_address(r, &s->address);
	s->key = (uint32_t)reader_be(r, 4);
	get_bytes(r, s->digest, sizeof(s->digest));
}

void
parts_put_sign_answer(struct writer *w, const struct q_sign_answer *a)
{
	writer_be(w, a->ref, 8);
	writer_be(w, a->known, 1);
	if (a->known)
		writer_put(w, span_of(a->signature, sizeof(a->signature)));
}

void
parts_get_sign_answer(struct reader *r, struct q_sign_answer *a)
{
	unsigned known;

	a->ref = reader_be(r, 8);
	known = (unsigned)reader_be(r, 1);
	a->known = known == 1;
	if (a->known)
		get_bytes(r, a->signature, sizeof(a->signature));
	if (known > 1)
		reader_fail(r);
}

void
parts_get_refused(struct reader *r, struct q_refused *q)
{
	parts_get_address(r, &q->address);
	q->kind = (enum q_proof)reader_be(r, 1);
	q->reason = (enum reason)reader_be(r, 1);
	q->peer = parts_get_short(r, QUESTION_PEER_MAX);
	if ((q->kind != Q_BY_CERTIFICATE && q->kind != Q_BY_RAW_KEY) ||
	    q->reason < REASON_REVOKED || q->reason > REASON_NO_CERTIFICATE)
		reader_fail(r);
}

void
parts_put_push(struct writer *w, const struct q_push *p)
{
	writer_be(w, p->ref, 8);
	writer_be(w, p->what, 1);
	writer_be(w, p->mid, 2);
	writer_put(w, span_of(p->push, sizeof(p->push)));
	parts_put_address(w, &p->address);
	parts_put_short(w, p->endpoint);
}

void
parts_get_push(struct reader *r, struct q_push *p)
{
	p->ref = reader_be(r, 8);
	p->what = (enum q_push_what)reader_be(r, 1);
	p->mid = (uint16_t)reader_be(r, 2);
	get_bytes(r, p->push, sizeof(p->push));
	parts_get_address(r, &p->address);
	p->endpoint = parts_get_short(r, ENDPOINT_MAX);
	if (p->what > Q_PUSH_FORGET)
		reader_fail(r);
}

void
parts_put_verdict(struct writer *w, const struct session_verdict *v)
{
	writer_be(w, v->outcome, 1);
	writer_be(w, v->reason, 1);
	writer_be(w, v->step, 2);
	writer_be(w, v->steps, 2);
	writer_be(w, v->code, 1);
	writer_be(w, v->duration_ms, 8);
	writer_be(w, v->commands, 4);
	writer_be(w, (uint32_t)v->format, 4);
}

void
parts_get_verdict(struct reader *r, struct session_verdict *v)
{
	v->outcome = (enum outcome)reader_be(r, 1);
	v->reason = (enum reason)reader_be(r, 1);
	v->step = (unsigned)reader_be(r, 2);
	v->steps = (unsigned)reader_be(r, 2);
	v->code = (uint8_t)reader_be(r, 1);
	v->duration_ms = reader_be(r, 8);
	v->commands = (unsigned)reader_be(r, 4);
	v->format = (int)(int32_t)(uint32_t)reader_be(r, 4);
	/* a worker may not call a bootstrap ok for a reason, nor the reverse */
	if (v->outcome > OUTCOME_UNKNOWN || v->reason >= REASON_COUNT ||
	    (v->outcome == OUTCOME_OK) != (v->reason == REASON_NONE))
		reader_fail(r);
}
