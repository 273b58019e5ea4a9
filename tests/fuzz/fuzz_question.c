/*
 * A packet between worker and keeper. What is believed is said again as it was
 * understood, and understood again as it was said.
 */
#include "question.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check(const struct question *q)
{
	must(q->kind != Q_BEGIN || q->begin.endpoint.len <= 255);
	must(q->kind != Q_BEGIN ||
	    (q->begin.peer.len <= QUESTION_PEER_MAX &&
		q->begin.chain.len <= QUESTION_CHAIN_MAX &&
		(q->begin.proof == Q_BY_PSK || q->begin.credential.len == 0)));
	must(q->kind != Q_BEGIN || q->begin.pack == (q->begin.accept >= 0));
	must(q->kind != Q_BEGIN_ANSWER ||
	    q->begin_answer.max_age_s <= QUESTION_MAX_AGE_S);
	must(q->kind != Q_REFUSED ||
	    (q->refused.peer.len <= QUESTION_PEER_MAX &&
		q->refused.reason != REASON_NONE));
	must(q->kind != Q_PSK ||
	    (q->psk.identity.len <= 128 &&
		q->psk.evidence.len <= EVIDENCE_BYTES_MAX));
	must(q->kind != Q_EVIDENCE ||
	    q->evidence.evidence.len <= EVIDENCE_BYTES_MAX);
	must(q->kind != Q_PSK_ANSWER || q->psk_answer.key.len <= 64);
	must(q->kind != Q_END || q->end.verdict.outcome != OUTCOME_OK ||
	    q->end.verdict.reason == REASON_NONE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t once[QUESTION_BYTES_MAX], twice[QUESTION_BYTES_MAX];
	struct question q, r;
	struct writer v, w;

	if (question_get(span_of(data, size), &q) != RC_OK)
		return 0;
	check(&q);
	writer_init(&v, once, sizeof(once));
	question_put(&v, &q);
	/* all of it was believed, so all of it is there again */
	must(!v.full && v.len == size);
	must(question_get(writer_span(&v), &r) == RC_OK);
	writer_init(&w, twice, sizeof(twice));
	question_put(&w, &r);
	must(span_equal(writer_span(&v), writer_span(&w)));
	question_fini(&q);
	question_fini(&r);
	return 0;
}
