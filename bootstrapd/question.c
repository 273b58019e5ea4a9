#include "question_parts.h"

enum { STATS = sizeof(struct q_stats) / sizeof(uint64_t) };

/** The counters in the order of the struct. */
static void
stats_each(struct q_stats *s, uint64_t *out[STATS])
{
	uint64_t *all[STATS] = {&s->sessions, &s->peers, &s->handshakes_pending,
	    &s->hellos, &s->established, &s->failed, &s->asked, &s->known,
	    &s->unknown, &s->datagrams_in, &s->datagrams_out, &s->dropped,
	    &s->moved};

	memcpy(out, all, sizeof(all));
}

static void
put_stats(struct writer *w, struct q_stats s)
{
	uint64_t *all[STATS];

	stats_each(&s, all);
	for (size_t i = 0; i < STATS; i++)
		writer_be(w, *all[i], 8);
}

static void
get_stats(struct reader *r, struct q_stats *s)
{
	uint64_t *all[STATS];

	stats_each(s, all);
	for (size_t i = 0; i < STATS; i++)
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
		parts_put_address(w, &q->psk.address);
		parts_put_short(w, q->psk.identity);
		parts_put_short(w, q->psk.evidence);
		break;
	case Q_EVIDENCE:
		parts_put_address(w, &q->evidence.address);
		parts_put_short(w, q->evidence.identity);
		parts_put_short(w, q->evidence.evidence);
		break;
	case Q_SIGN:
		writer_be(w, q->sign.ref, 8);
		parts_put_address(w, &q->sign.address);
		writer_be(w, q->sign.key, 4);
		writer_put(w, span_of(q->sign.digest, sizeof(q->sign.digest)));
		break;
	case Q_REFUSED:
		parts_put_address(w, &q->refused.address);
		writer_be(w, q->refused.kind, 1);
		writer_be(w, q->refused.reason, 1);
		parts_put_short(w, q->refused.peer);
		break;
	case Q_SIGN_ANSWER:
		parts_put_sign_answer(w, &q->sign_answer);
		break;
	case Q_CREDENTIALS:
		writer_be(w, q->credentials.len, 8);
		writer_be(w, q->credentials.generation, 4);
		break;
	case Q_PSK_FAILED:
		parts_put_short(w, q->psk_failed.identity);
		writer_be(w, q->psk_failed.epoch, 4);
		parts_put_address(w, &q->psk_failed.address);
		break;
	case Q_BEGIN:
		parts_put_begin(w, &q->begin);
		break;
	case Q_END:
		parts_put_session(w, q->end.session);
		parts_put_verdict(w, &q->end.verdict);
		parts_put_address(w, &q->end.address);
		break;
	case Q_STATS:
		put_stats(w, q->stats);
		break;
	case Q_PSK_ANSWER:
		writer_be(w, q->psk_answer.ref, 8);
		writer_be(w, q->psk_answer.status, 1);
		writer_be(w, q->psk_answer.epoch, 4);
		parts_put_secret(w, &q->psk_answer.key);
		break;
	case Q_BEGIN_ANSWER:
		parts_put_session(w, q->begin_answer.session);
		writer_be(w, q->begin_answer.granted, 1);
		writer_be(w, q->begin_answer.reason, 1);
		writer_be(w, q->begin_answer.max_age_s, 4);
		parts_put_secret(w, &q->begin_answer.plan);
		parts_put_short(w, q->begin_answer.endpoint);
		break;
	case Q_PUSH:
		parts_put_push(w, &q->push);
		break;
	case Q_PUSHED:
		writer_be(w, q->pushed.ref, 8);
		writer_be(w, q->pushed.status, 1);
		writer_be(w, q->pushed.granted_ms, 8);
		break;
	case Q_FINISHING:
	case Q_RECORDED:
	case Q_CANCEL:
		parts_put_session(w, q->session);
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
		parts_get_address(&r, &q->psk.address);
		q->psk.identity = parts_get_short(&r, CREDENTIAL_MAX);
		q->psk.evidence = parts_get_short(&r, EVIDENCE_BYTES_MAX);
		break;
	case Q_EVIDENCE:
		parts_get_address(&r, &q->evidence.address);
		q->evidence.identity = parts_get_short(&r, CREDENTIAL_MAX);
		q->evidence.evidence = parts_get_short(&r, EVIDENCE_BYTES_MAX);
		break;
	case Q_SIGN:
		parts_get_sign(&r, &q->sign);
		break;
	case Q_REFUSED:
		parts_get_refused(&r, &q->refused);
		break;
	case Q_SIGN_ANSWER:
		parts_get_sign_answer(&r, &q->sign_answer);
		break;
	case Q_CREDENTIALS:
		q->credentials.len = reader_be(&r, 8);
		q->credentials.generation = (uint32_t)reader_be(&r, 4);
		break;
	case Q_PSK_FAILED:
		q->psk_failed.identity = parts_get_short(&r, CREDENTIAL_MAX);
		q->psk_failed.epoch = (uint32_t)reader_be(&r, 4);
		parts_get_address(&r, &q->psk_failed.address);
		break;
	case Q_BEGIN:
		parts_get_begin(&r, &q->begin);
		break;
	case Q_END:
		parts_get_session(&r, q->end.session);
		parts_get_verdict(&r, &q->end.verdict);
		parts_get_address(&r, &q->end.address);
		break;
	case Q_STATS:
		get_stats(&r, &q->stats);
		break;
	case Q_PSK_ANSWER:
		q->psk_answer.ref = reader_be(&r, 8);
		q->psk_answer.status = (enum psk_status)reader_be(&r, 1);
		q->psk_answer.epoch = (uint32_t)reader_be(&r, 4);
		rc = parts_get_secret(&r, 64, &q->psk_answer.key);
		if (q->psk_answer.status > PSK_UNAVAILABLE)
			reader_fail(&r);
		break;
	case Q_BEGIN_ANSWER:
		parts_get_session(&r, q->begin_answer.session);
		q->begin_answer.granted = reader_be(&r, 1) == 1;
		q->begin_answer.reason = (enum reason)reader_be(&r, 1);
		q->begin_answer.max_age_s = (uint32_t)reader_be(&r, 4);
		rc =
		    parts_get_secret(&r, PLAN_BYTES_MAX, &q->begin_answer.plan);
		q->begin_answer.endpoint = parts_get_short(&r, ENDPOINT_MAX);
		if (q->begin_answer.reason >= REASON_COUNT ||
		    q->begin_answer.max_age_s > QUESTION_MAX_AGE_S)
			reader_fail(&r);
		break;
	case Q_PUSH:
		parts_get_push(&r, &q->push);
		break;
	case Q_PUSHED:
		q->pushed.ref = reader_be(&r, 8);
		q->pushed.status = (enum q_pushed_status)reader_be(&r, 1);
		q->pushed.granted_ms = reader_be(&r, 8);
		if (q->pushed.status > Q_PUSHED_BUSY)
			reader_fail(&r);
		break;
	case Q_FINISHING:
	case Q_RECORDED:
	case Q_CANCEL:
		parts_get_session(&r, q->session);
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
