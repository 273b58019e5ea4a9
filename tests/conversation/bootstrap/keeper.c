#include "stage_internal.h"

#include <stdlib.h>

enum { PACKETS_MAX = 64 };

/** A packet on the link, either way: its bytes, as they would be sent. */
struct packet {
	uint64_t at_ms;
	size_t len;
	uint8_t *bytes;
};

static struct packet asked[PACKETS_MAX], answered[PACKETS_MAX];
static size_t asked_count, answered_count;

static void
packet_put(struct packet *list, size_t *count, const struct question *q,
    uint64_t at_ms)
{
	static uint8_t buf[QUESTION_BYTES_MAX];
	struct packet *p = &list[*count];
	struct writer w;

	assert_true(*count < PACKETS_MAX);
	writer_init(&w, buf, sizeof(buf));
	question_put(&w, q);
	assert_false(w.full);
	p->at_ms = at_ms;
	p->len = w.len;
	p->bytes = malloc(w.len);
	assert_non_null(p->bytes);
	memcpy(p->bytes, buf, w.len);
	(*count)++;
}

static struct packet
packet_take(struct packet *list, size_t *count)
{
	struct packet p = list[0];

	(*count)--;
	memmove(list, list + 1, *count * sizeof(*list));
	return p;
}

/* The worker's end of the link: in place of bootstrapd/link.c. */
/** Nothing is kept back here. */
void
link_flush(void)
{
}

enum rc
link_send(int fd, const struct question *q)
{
	assert_int_equal(fd, stage.worker.keeper);
	packet_put(asked, &asked_count, q, stage.now_ms);
	return RC_OK;
}

static void
answer_worker(const struct question *q)
{
	struct keeper *k = &stage.keeper;

	if (k->lose > 0) {
		k->lose--;
		return;
	}
	packet_put(answered, &answered_count, q, stage.now_ms + k->delay_ms);
}

static void
take_psk(const struct q_psk *a)
{
	struct question q = {.kind = Q_PSK_ANSWER};
	uint8_t key[WISH_KEY_LEN] = {0};

	q.psk_answer.ref = a->ref;
	q.psk_answer.status = stage.keeper.unknown ? PSK_UNKNOWN : PSK_KNOWN;
	q.psk_answer.epoch = 3;
	if (!stage.keeper.unknown) {
		wish_key(0, key);
		assert_int_equal(
		    secret_set(&q.psk_answer.key, span_of(key, sizeof(key))),
		    RC_OK);
	}
	answer_worker(&q);
	question_fini(&q);
}

/** One endpoint has one bootstrap: an older one on another association ends. */
static void
cancel_older(const uint8_t *session)
{
	struct question q = {.kind = Q_CANCEL};
	struct keeper *k = &stage.keeper;

	if (!k->open || memcmp(k->session, session, SESSION_ID_LEN) == 0)
		return;
	memcpy(q.session, k->session, SESSION_ID_LEN);
	answer_worker(&q);
}

/** As lib/issue decides it. */
static enum reason
refusal(const struct q_begin *b)
{
	const struct keeper *k = &stage.keeper;

	if (b->fault != REASON_NONE)
		return b->fault;
	if (k->wants_echo && b->proof == Q_BY_NOTHING && !b->fresh)
		return REASON_ECHO_WANTED;
	if (k->refuses != REASON_NONE)
		return k->refuses;
	return b->pack && !k->packs ? REASON_PACK_REFUSED : REASON_NONE;
}

static void
take_begin(const struct q_begin *b)
{
	struct question q = {.kind = Q_BEGIN_ANSWER};
	struct keeper *k = &stage.keeper;

	k->asked++;
	if (memcmp(k->session, b->session, SESSION_ID_LEN) != 0) {
		cancel_older(b->session);
		k->begins++;
		memcpy(k->session, b->session, SESSION_ID_LEN);
	}
	k->fault = b->fault;
	k->pct = b->pct;
	k->accept = b->accept;
	k->fresh = b->fresh;
	k->epoch = b->epoch;
	k->endpoint_len = b->endpoint.len;
	if (b->endpoint.len)
		memcpy(k->endpoint, b->endpoint.p, b->endpoint.len);
	k->credential_len = b->credential.len;
	if (b->credential.len)
		memcpy(k->credential, b->credential.p, b->credential.len);
	memcpy(q.begin_answer.session, b->session, SESSION_ID_LEN);
	q.begin_answer.reason = refusal(b);
	q.begin_answer.granted = q.begin_answer.reason == REASON_NONE;
	k->open = q.begin_answer.granted;
	q.begin_answer.endpoint = b->endpoint;
	if (q.begin_answer.granted)
		wish_plan(&k->wish, &q.begin_answer.plan);
	answer_worker(&q);
	question_fini(&q);
}

static void
take_end(const struct q_end *e)
{
	struct question q = {.kind = Q_RECORDED};
	struct keeper *k = &stage.keeper;
	struct recorded *r = NULL;

	for (size_t i = 0; i < stage.verdict_count; i++)
		if (memcmp(stage.verdicts[i].session, e->session,
			SESSION_ID_LEN) == 0)
			r = &stage.verdicts[i];
	if (r) {
		/* asked again: it must be the same verdict */
		assert_int_equal(r->verdict.outcome, e->verdict.outcome);
		assert_int_equal(r->verdict.reason, e->verdict.reason);
	} else {
		assert_true(stage.verdict_count < STAGE_VERDICTS_MAX);
		r = &stage.verdicts[stage.verdict_count++];
		memcpy(r->session, e->session, SESSION_ID_LEN);
		r->verdict = e->verdict;
		r->told = false;
	}
	if (memcmp(k->session, e->session, SESSION_ID_LEN) == 0)
		k->open = false;
	memcpy(q.session, e->session, SESSION_ID_LEN);
	if (!k->records_not)
		answer_worker(&q);
}

static void
take_question(const struct question *q)
{
	switch (q->kind) {
	case Q_PSK:
		take_psk(&q->psk);
		break;
	case Q_BEGIN:
		take_begin(&q->begin);
		break;
	case Q_FINISHING:
		stage.keeper.finishing++;
		break;
	case Q_END:
		take_end(&q->end);
		break;
	case Q_PSK_FAILED:
	case Q_HELLO:
	case Q_STATS:
	case Q_EVIDENCE:
	case Q_SIGN:
	case Q_REFUSED:
		break;
	case Q_PUSHED:
		stage.keeper.pushed = q->pushed;
		stage.keeper.pushes++;
		break;
	case Q_PSK_ANSWER:
	case Q_BEGIN_ANSWER:
	case Q_RECORDED:
	case Q_CANCEL:
	case Q_SIGN_ANSWER:
	case Q_CREDENTIALS:
	case Q_PUSH:
		fail_msg("a worker sends what is the keeper's to say");
	}
}

/** As bootstrapd/worker.c does it. */
static void
give_answer(struct question *q)
{
	struct worker *w = &stage.worker;

	switch (q->kind) {
	case Q_PSK_ANSWER:
		handshake_key(w, &q->psk_answer, stage.now_ms);
		break;
	case Q_BEGIN_ANSWER:
		boot_answer(w, &q->begin_answer, stage.now_ms);
		break;
	case Q_RECORDED:
		boot_recorded(w, q->session, stage.now_ms);
		break;
	case Q_CANCEL:
		boot_cancel(w, q->session, REASON_SUPERSEDED, stage.now_ms);
		break;
	case Q_HELLO:
	case Q_PSK:
	case Q_PSK_FAILED:
	case Q_BEGIN:
	case Q_FINISHING:
	case Q_END:
	case Q_STATS:
	case Q_EVIDENCE:
	case Q_SIGN:
	case Q_REFUSED:
	case Q_SIGN_ANSWER:
	case Q_CREDENTIALS:
	case Q_PUSH:
	case Q_PUSHED:
		fail_msg("a keeper sends what is the worker's to say");
	}
}

static void
handle(struct packet p, bool to_worker)
{
	struct question q;

	assert_int_equal(question_get(span_of(p.bytes, p.len), &q), RC_OK);
	if (to_worker)
		give_answer(&q);
	else if (!stage.keeper.silent)
		take_question(&q);
	else if (q.kind == Q_BEGIN)
		stage.keeper.asked++;
	if (!to_worker && q.kind == Q_BEGIN)
		memcpy(stage.keeper.asked_by, q.begin.session, SESSION_ID_LEN);
	question_fini(&q);
	free(p.bytes);
}

bool
keeper_work(void)
{
	if (asked_count > 0) {
		handle(packet_take(asked, &asked_count), false);
		return true;
	}
	if (answered_count > 0 && answered[0].at_ms <= stage.now_ms) {
		handle(packet_take(answered, &answered_count), true);
		return true;
	}
	return false;
}

uint64_t
keeper_deadline(void)
{
	if (asked_count > 0)
		return stage.now_ms;
	return answered_count > 0 ? answered[0].at_ms : TIME_NEVER;
}

void
keeper_init(struct keeper *k)
{
	*k = (struct keeper){.wish = wish_usual};
}

void
keeper_fini(void)
{
	while (asked_count > 0)
		free(packet_take(asked, &asked_count).bytes);
	while (answered_count > 0)
		free(packet_take(answered, &answered_count).bytes);
}
