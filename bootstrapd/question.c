#include "question.h"

enum {
	FLAG_ENDPOINT = 1,
	CREDENTIAL_MAX = 128,
	ENDPOINT_MAX = 255,
};

static void
put_short(struct writer *w, struct span s)
{
	writer_be(w, s.len, 2);
	writer_put(w, s);
}

static struct span
get_short(struct reader *r, size_t max)
{
	size_t len = (size_t)reader_be(r, 2);

	if (len > max)
		reader_fail(r);
	return reader_take(r, len);
}

static void
put_secret(struct writer *w, const struct secret *s)
{
	writer_be(w, s->len, 4);
	writer_put(w, secret_expose(s));
}

static enum rc
get_secret(struct reader *r, size_t max, struct secret *out)
{
	size_t len = (size_t)reader_be(r, 4);
	struct span s;

	if (len > max)
		reader_fail(r);
	s = reader_take(r, len);
	return r->bad ? RC_MALFORMED : secret_set(out, s);
}

static void
put_address(struct writer *w, const struct address *a)
{
	writer_be(w, a->family, 1);
	writer_put(w, span_of(a->ip, sizeof(a->ip)));
	writer_be(w, a->port, 2);
	writer_be(w, a->scope, 4);
}

static void
get_address(struct reader *r, struct address *a)
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

static void
get_session(struct reader *r, uint8_t out[static SESSION_ID_LEN])
{
	struct span s = reader_take(r, SESSION_ID_LEN);

	if (s.len == SESSION_ID_LEN)
		memcpy(out, s.p, s.len);
}

static void
put_session(struct writer *w, const uint8_t id[static SESSION_ID_LEN])
{
	writer_put(w, span_of(id, SESSION_ID_LEN));
}

static void
put_begin(struct writer *w, const struct q_begin *b)
{
	put_session(w, b->session);
	writer_be(w, b->proof, 1);
	writer_be(w, b->has_endpoint ? FLAG_ENDPOINT : 0U, 1);
	writer_be(w, b->epoch, 4);
	writer_be(w, (uint32_t)b->pct, 4);
	writer_be(w, b->fault, 1);
	put_address(w, &b->address);
	put_short(w, b->credential);
	put_short(w, b->endpoint);
	put_short(w, b->peer);
	put_short(w, b->chain);
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

static void
get_begin(struct reader *r, struct q_begin *b)
{
	unsigned flags;

	get_session(r, b->session);
	b->proof = (enum q_proof)reader_be(r, 1);
	flags = (unsigned)reader_be(r, 1);
	b->has_endpoint = flags & FLAG_ENDPOINT;
	b->epoch = (uint32_t)reader_be(r, 4);
	b->pct = (int32_t)(uint32_t)reader_be(r, 4);
	b->fault = (enum reason)reader_be(r, 1);
	get_address(r, &b->address);
	b->credential = get_short(r, CREDENTIAL_MAX);
	b->endpoint = get_short(r, ENDPOINT_MAX);
	b->peer = get_short(r, QUESTION_PEER_MAX);
	b->chain = get_short(r, QUESTION_CHAIN_MAX);
	if (flags > FLAG_ENDPOINT || b->fault >= REASON_COUNT || b->pct < -1 ||
	    !proof_holds(b))
		reader_fail(r);
}

static void
get_bytes(struct reader *r, uint8_t *out, size_t len)
{
	struct span s = reader_take(r, len);

	if (s.len == len)
		memcpy(out, s.p, len);
}

static void
get_sign(struct reader *r, struct q_sign *s)
{
	s->ref = reader_be(r, 8);
	get_address(r, &s->address);
	s->key = (uint32_t)reader_be(r, 4);
	get_bytes(r, s->digest, sizeof(s->digest));
}

static void
put_sign_answer(struct writer *w, const struct q_sign_answer *a)
{
	writer_be(w, a->ref, 8);
	writer_be(w, a->known, 1);
	if (a->known)
		writer_put(w, span_of(a->signature, sizeof(a->signature)));
}

static void
get_sign_answer(struct reader *r, struct q_sign_answer *a)
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

static void
get_refused(struct reader *r, struct q_refused *q)
{
	get_address(r, &q->address);
	q->kind = (enum q_proof)reader_be(r, 1);
	q->reason = (enum reason)reader_be(r, 1);
	q->peer = get_short(r, QUESTION_PEER_MAX);
	if ((q->kind != Q_BY_CERTIFICATE && q->kind != Q_BY_RAW_KEY) ||
	    q->reason < REASON_REVOKED || q->reason > REASON_NO_CERTIFICATE)
		reader_fail(r);
}

static void
put_verdict(struct writer *w, const struct session_verdict *v)
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

static void
get_verdict(struct reader *r, struct session_verdict *v)
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

/** The counters in the order of the struct. */
static void
stats_each(struct q_stats *s, uint64_t *out[12])
{
	uint64_t *all[12] = {&s->sessions, &s->peers, &s->handshakes_pending,
	    &s->hellos, &s->established, &s->failed, &s->asked, &s->known,
	    &s->unknown, &s->datagrams_in, &s->datagrams_out, &s->dropped};

	memcpy(out, all, sizeof(all));
}

static void
put_stats(struct writer *w, struct q_stats s)
{
	uint64_t *all[12];

	stats_each(&s, all);
	for (size_t i = 0; i < 12; i++)
		writer_be(w, *all[i], 8);
}

static void
get_stats(struct reader *r, struct q_stats *s)
{
	uint64_t *all[12];

	stats_each(s, all);
	for (size_t i = 0; i < 12; i++)
		*all[i] = reader_be(r, 8);
}

void
question_put(struct writer *w, const struct question *q)
{
	writer_be(w, QUESTION_VERSION, 1);
	writer_be(w, q->kind, 1);
	switch (q->kind) {
	case Q_HELLO:
		writer_be(w, q->hello_worker, 4);
		break;
	case Q_PSK:
		writer_be(w, q->psk.ref, 8);
		put_address(w, &q->psk.address);
		put_short(w, q->psk.identity);
		put_short(w, q->psk.evidence);
		break;
	case Q_EVIDENCE:
		put_address(w, &q->evidence.address);
		put_short(w, q->evidence.identity);
		put_short(w, q->evidence.evidence);
		break;
	case Q_SIGN:
		writer_be(w, q->sign.ref, 8);
		put_address(w, &q->sign.address);
		writer_be(w, q->sign.key, 4);
		writer_put(w, span_of(q->sign.digest, sizeof(q->sign.digest)));
		break;
	case Q_REFUSED:
		put_address(w, &q->refused.address);
		writer_be(w, q->refused.kind, 1);
		writer_be(w, q->refused.reason, 1);
		put_short(w, q->refused.peer);
		break;
	case Q_SIGN_ANSWER:
		put_sign_answer(w, &q->sign_answer);
		break;
	case Q_CREDENTIALS:
		writer_be(w, q->credentials.len, 8);
		writer_be(w, q->credentials.generation, 4);
		break;
	case Q_PSK_FAILED:
		put_short(w, q->psk_failed.identity);
		writer_be(w, q->psk_failed.epoch, 4);
		put_address(w, &q->psk_failed.address);
		break;
	case Q_BEGIN:
		put_begin(w, &q->begin);
		break;
	case Q_END:
		put_session(w, q->end.session);
		put_verdict(w, &q->end.verdict);
		break;
	case Q_STATS:
		put_stats(w, q->stats);
		break;
	case Q_PSK_ANSWER:
		writer_be(w, q->psk_answer.ref, 8);
		writer_be(w, q->psk_answer.status, 1);
		writer_be(w, q->psk_answer.epoch, 4);
		put_secret(w, &q->psk_answer.key);
		break;
	case Q_BEGIN_ANSWER:
		put_session(w, q->begin_answer.session);
		writer_be(w, q->begin_answer.granted, 1);
		writer_be(w, q->begin_answer.reason, 1);
		put_secret(w, &q->begin_answer.plan);
		break;
	case Q_FINISHING:
	case Q_RECORDED:
	case Q_CANCEL:
		put_session(w, q->session);
		break;
	}
}

enum rc
question_get(struct span packet, struct question *q)
{
	struct reader r;
	enum rc rc = RC_OK;

	*q = (struct question){0};
	reader_init(&r, packet);
	if (reader_be(&r, 1) != QUESTION_VERSION)
		return r.bad ? RC_MALFORMED : RC_UNSUPPORTED;
	q->kind = (enum question_kind)reader_be(&r, 1);
	switch (q->kind) {
	case Q_HELLO:
		q->hello_worker = (uint32_t)reader_be(&r, 4);
		break;
	case Q_PSK:
		q->psk.ref = reader_be(&r, 8);
		get_address(&r, &q->psk.address);
		q->psk.identity = get_short(&r, CREDENTIAL_MAX);
		q->psk.evidence = get_short(&r, EVIDENCE_BYTES_MAX);
		break;
	case Q_EVIDENCE:
		get_address(&r, &q->evidence.address);
		q->evidence.identity = get_short(&r, CREDENTIAL_MAX);
		q->evidence.evidence = get_short(&r, EVIDENCE_BYTES_MAX);
		break;
	case Q_SIGN:
		get_sign(&r, &q->sign);
		break;
	case Q_REFUSED:
		get_refused(&r, &q->refused);
		break;
	case Q_SIGN_ANSWER:
		get_sign_answer(&r, &q->sign_answer);
		break;
	case Q_CREDENTIALS:
		q->credentials.len = reader_be(&r, 8);
		q->credentials.generation = (uint32_t)reader_be(&r, 4);
		break;
	case Q_PSK_FAILED:
		q->psk_failed.identity = get_short(&r, CREDENTIAL_MAX);
		q->psk_failed.epoch = (uint32_t)reader_be(&r, 4);
		get_address(&r, &q->psk_failed.address);
		break;
	case Q_BEGIN:
		get_begin(&r, &q->begin);
		break;
	case Q_END:
		get_session(&r, q->end.session);
		get_verdict(&r, &q->end.verdict);
		break;
	case Q_STATS:
		get_stats(&r, &q->stats);
		break;
	case Q_PSK_ANSWER:
		q->psk_answer.ref = reader_be(&r, 8);
		q->psk_answer.status = (enum psk_status)reader_be(&r, 1);
		q->psk_answer.epoch = (uint32_t)reader_be(&r, 4);
		rc = get_secret(&r, 64, &q->psk_answer.key);
		if (q->psk_answer.status > PSK_UNAVAILABLE)
			reader_fail(&r);
		break;
	case Q_BEGIN_ANSWER:
		get_session(&r, q->begin_answer.session);
		q->begin_answer.granted = reader_be(&r, 1) == 1;
		q->begin_answer.reason = (enum reason)reader_be(&r, 1);
		rc = get_secret(&r, PLAN_BYTES_MAX, &q->begin_answer.plan);
		if (q->begin_answer.reason >= REASON_COUNT)
			reader_fail(&r);
		break;
	case Q_FINISHING:
	case Q_RECORDED:
	case Q_CANCEL:
		get_session(&r, q->session);
		break;
	default:
		return RC_UNSUPPORTED;
	}
	if (rc == RC_OK && (r.bad || reader_left(&r) != 0))
		rc = RC_MALFORMED;
	if (rc != RC_OK)
		question_fini(q);
	return rc;
}

void
question_fini(struct question *q)
{
	if (q->kind == Q_PSK_ANSWER)
		secret_fini(&q->psk_answer.key);
	else if (q->kind == Q_BEGIN_ANSWER)
		secret_fini(&q->begin_answer.plan);
}
