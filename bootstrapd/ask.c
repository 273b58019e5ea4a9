#include "keeper_state.h"

#include "base/digest.h"
#include "link.h"
#include "push.h"
#include "rollout_run.h"

#include <stddef.h>
#include <stdlib.h>

enum {
	BATCH = 256, /**< packets a round, so that all workers get a turn */
	REFUSALS_PER_MINUTE = 60, /**< rows of refusals, a worker */
	LOG_PER_MINUTE = 20, /**< lines about one worker's packets */
	NOSEC_SHARE = 8, /**< of a worker's questions, who proves nothing */
	SOURCE_MOST = 64, /**< handshakes of one address that wait for a key */
	BEGINS_MOST = 60, /**< of one device in a minute */
	AGAIN_MOST = 4, /**< of one session that is on record, at all */
	MINUTE_MS = 60000,
};

/** A worker that asks more than its share is answered "not now", and who
 *  proves nothing cannot use up the share of who does. */
static bool
within_rate(struct link *l, bool nosec)
{
	uint64_t now = clock_now_ms();
	uint64_t *tokens = nosec ? &l->nosec_tokens : &l->tokens;

	if (now >= l->refill_ms + 1000) {
		l->refill_ms = now;
		l->tokens = l->keeper->config->questions_per_s;
		l->nosec_tokens = l->tokens / NOSEC_SHARE + 1;
	}
	if (now >= l->refusals_refill_ms + MINUTE_MS ||
	    l->refusals_refill_ms == 0) {
		l->refusals_refill_ms = now;
		l->refusals = REFUSALS_PER_MINUTE;
	}
	if (*tokens == 0)
		return false;
	(*tokens)--;
	return true;
}

/** A worker that has been taken over may send anything; the log has an end. */
static bool
may_log(struct link *l)
{
	uint64_t now = clock_now_ms();

	if (now >= l->log_refill_ms + MINUTE_MS || l->log_refill_ms == 0) {
		l->log_refill_ms = now;
		l->log_tokens = LOG_PER_MINUTE;
	}
	if (l->log_tokens == 0)
		return false;
	l->log_tokens--;
	return true;
}

bool
ask_crowd(struct link *l, const struct address *from, size_t *slot)
{
	return within_rate(l, false) &&
	    crowd_enter(&l->keeper->sources, from, SOURCE_MOST, slot);
}

bool
ask_is_asked(struct keeper *k, const struct asker *asker)
{
	struct table_item *item =
	    table_get(&k->asked, span_of(asker, sizeof(*asker)));
	struct job *j;

	if (!item)
		return false;
	j = (struct job *)((char *)item - offsetof(struct job, item));
	if (clock_now_ms() < j->expires_ms)
		return true;
	/* a call that hangs: the handshake shall not hang with it */
	table_remove(&k->asked, item);
	j->given_up = true;
	return false;
}

/** Not now. Of a session that is on record nothing is said: the plan may be on
 *  its way, and the worker asks again, or ends it. `s` may be NULL. */
static void
refuse(struct link *l, struct known_session *s, const uint8_t *session,
    enum reason why)
{
	struct question a = {.kind = Q_BEGIN_ANSWER};

	if (s && s->recorded)
		return;
	memcpy(a.begin_answer.session, session, SESSION_ID_LEN);
	a.begin_answer.reason = why;
	(void)!link_send(l->fd, &a);
	if (s)
		session_forget(l->keeper, s);
}

/** Did a push begin it, as the worker says? */
static bool
is_pushed(const struct q_begin *q)
{
	static const uint8_t none[QUESTION_PUSH_LEN];

	return memcmp(q->push, none, sizeof(none)) != 0;
}

/** Not now, and if it is of a push, that is to be tried again. */
static void
refuse_begin(struct link *l, struct known_session *s, const struct q_begin *q,
    enum reason why)
{
	push_not_now(l->keeper, q);
	refuse(l, s, q->session, why);
}

static enum rc
take_any(void *ctx, const struct ledger_row *row)
{
	(void)row;
	*(bool *)ctx = true;
	return RC_OK;
}

/** A session that has ended does not begin again; where that cannot be read,
 *  none does. */
static bool
was_before(struct keeper *k, const uint8_t *id)
{
	const struct ledger_query q = {
	    .session = span_of(id, SESSION_ID_LEN),
	    .limit = 1,
	};
	bool found = false;

	return ledger_read(k->ledger, &q, take_any, &found) != RC_OK || found;
}

/** One device that begins again and again fills the ledger, not its need. By
 *  what it has proved; where that is nothing, by where it is, too: any name can
 *  be said, and nobody uses up the share of another by saying his. */
static bool
begins_too_often(struct keeper *k, const struct q_begin *q)
{
	const uint8_t proof = (uint8_t)q->proof;
	uint8_t name[DIGEST_LEN];
	struct digest d;

	digest_init(&d);
	digest_put(&d, span_of(&proof, sizeof(proof)));
	if (q->proof == Q_BY_PSK) {
		digest_put(&d, q->credential);
	} else if (q->proof == Q_BY_NOTHING) {
		digest_put(&d, span_of(q->address.ip, sizeof(q->address.ip)));
		digest_put(&d, q->endpoint);
	} else {
		digest_put(&d, q->peer);
	}
	digest_final(&d, name);
	return !rates_take(&k->begins, span_of(name, sizeof(name)), BEGINS_MOST,
	    MINUTE_MS, clock_now_ms());
}

static void
ask_begin(struct link *l, const struct q_begin *q)
{
	struct keeper *k = l->keeper;
	struct known_session *s = session_find(k, q->session);
	enum push_way way = PUSH_ANY;
	struct job *j = NULL;

	if (s && !s->recorded)
		return; /* being worked on: the answer will come */
	if (s && s->worker != l->worker)
		return; /* not the session of that worker */
	if (!s && is_pushed(q)) {
		way = push_begins(l, q);
		if (way == PUSH_ANY) {
			refuse(l, NULL, q->session, REASON_CANCELLED);
			return;
		}
	}
	if (!within_rate(l, q->proof == Q_BY_NOTHING) ||
	    begins_too_often(k, q)) {
		l->suppressed += !s;
		refuse_begin(l, s, q, REASON_RATE);
		return;
	}
	/* each answer is credentials made anew: answers may get lost, but not
	 * without end */
	if (s && s->repeated >= AGAIN_MOST)
		return;
	if (!s && was_before(k, q->session)) {
		refuse_begin(l, NULL, q, REASON_KEEPER_AWAY);
		return;
	}
	if (!s)
		s = session_add(k, q->session, l->worker);
	if (s)
		j = job_begin(
		    l->worker, s->rules ? s->rules : k->policies.rules, q);
	if (j) {
		j->again = s->recorded;
		if (!j->again)
			rollout_enter(k, j);
		j->server_uri = k->config->server_uri;
		j->push_way = way;
		if (way != PUSH_ANY)
			j->request.push = span_of(j->push, sizeof(j->push));
		else if (!j->again)
			pace_look(k, j);
		j->expires_ms = clock_now_ms() + k->config->keeper_wait_ms;
		if (jobs_put(k->jobs, j)) {
			s->repeated += s->recorded;
			return;
		}
	}
	refuse_begin(l, s, q, REASON_BUSY);
}

static void
queue_ending(struct keeper *k, const uint8_t *id, unsigned worker, bool answer,
    const struct session_verdict *v, const struct address *where)
{
	struct ending *e;

	for (e = k->endings; e; e = e->next)
		if (memcmp(e->id, id, SESSION_ID_LEN) == 0)
			break;
	if (!e) {
		e = calloc(1, sizeof(*e));
		if (!e)
			return; /* it will be asked, or swept, again */
		e->next = k->endings;
		k->endings = e;
		k->ending_count++;
		memcpy(e->id, id, SESSION_ID_LEN);
		e->verdict = *v;
		if (where)
			e->address = *where;
	}
	e->worker = worker;
	e->answer |= answer;
	record_soon(k);
}

void
end_session(struct keeper *k, struct known_session *s, enum outcome outcome,
    enum reason reason)
{
	const struct session_verdict v = {
	    .outcome = outcome,
	    .reason = reason,
	    .duration_ms = clock_now_ms() - s->seen_ms,
	    .format = -1,
	};

	queue_ending(k, s->id, s->worker, false, &v, NULL);
}

/** What a worker says of a session, as far as it can be: only Finish, the last
 *  step, answered 2.04 makes it ok, and no time passes before it began. */
static struct session_verdict
believable(const struct known_session *s, const struct session_verdict *said)
{
	enum { CHANGED = 0x44 };
	struct session_verdict v = *said;
	uint64_t age_ms = clock_now_ms() - s->seen_ms;

	if (v.outcome == OUTCOME_OK &&
	    (v.code != CHANGED || v.steps == 0 || v.step + 1 != v.steps)) {
		v.outcome = OUTCOME_UNKNOWN;
		v.reason = REASON_WORKER_LOST;
	}
	if (v.step >= v.steps)
		v.step = v.steps ? v.steps - 1 : 0;
	/* a keeper that was replaced has seen it for a shorter time */
	if (v.duration_ms > age_ms + MINUTE_MS * 60)
		v.duration_ms = age_ms;
	return v;
}

static void
ask_end(struct link *l, const struct q_end *q)
{
	struct keeper *k = l->keeper;
	struct known_session *s = session_find(k, q->session);
	struct question a = {.kind = Q_RECORDED};

	if (s && s->worker == l->worker && s->recorded) {
		const struct session_verdict v = believable(s, &q->verdict);

		queue_ending(k, q->session, l->worker, true, &v, &q->address);
		return;
	}
	/* never begun, given up before it was, or ended already */
	if (s && s->worker == l->worker)
		s->ended = true;
	memcpy(a.session, q->session, SESSION_ID_LEN);
	(void)!link_send(l->fd, &a);
}

void
ask_worker_lost(struct link *l)
{
	if (l->lost_before_ms == 0)
		return;
	sessions_worker_lost(l->keeper, l->worker, l->lost_before_ms);
	l->lost_before_ms = 0;
}

/** A process before this one had begun sessions: they died with it. One that
 *  plays with us says hello all the time; the walk over all sessions is made
 *  once in a while, and then for all that had begun by the last hello. */
static void
worker_said_hello(struct link *l)
{
	enum { HELLO_MS = 50 };
	uint64_t now = clock_now_ms();
	bool often = l->hello && now < l->hello_ms + HELLO_MS;

	l->lost_before_ms = now;
	l->credentials_due = true;
	if (!often)
		ask_worker_lost(l);
	if (!often)
		keeper_show(l->keeper);
	l->hello_ms = now;
	if (l->hello && may_log(l))
		LOG(LOG_WARNING, "worker_replaced", F_INT("worker", l->worker));
	l->hello = true;
}

static void
take_question(struct link *l, const struct question *q)
{
	struct known_session *s;

	switch (q->kind) {
	case Q_HELLO:
		worker_said_hello(l);
		break;
	case Q_PSK:
		psk_ask(l, &q->psk);
		break;
	case Q_PSK_FAILED:
		l->failed++;
		psk_failed(l->keeper, &q->psk_failed);
		break;
	case Q_EVIDENCE:
		/* who has used a wrong key has proved nothing */
		if (within_rate(l, true))
			doctor_ask(l, &q->evidence);
		break;
	case Q_SIGN:
		sign_ask(l, &q->sign);
		break;
	case Q_REFUSED:
		if (within_rate(l, true))
			refused_note(l, &q->refused);
		break;
	case Q_PUSHED:
		push_heard(l, &q->pushed);
		break;
	case Q_BEGIN:
		ask_begin(l, &q->begin);
		break;
	case Q_FINISHING:
		s = session_find(l->keeper, q->session);
		if (s && s->worker == l->worker)
			s->finishing = true;
		break;
	case Q_END:
		ask_end(l, &q->end);
		break;
	case Q_STATS:
		l->stats = q->stats;
		l->stats_ms = clock_now_ms();
		break;
	case Q_PSK_ANSWER:
	case Q_BEGIN_ANSWER:
	case Q_RECORDED:
	case Q_CANCEL:
	case Q_SIGN_ANSWER:
	case Q_CREDENTIALS:
	case Q_PUSH:
		break; /* ours to send, not to get */
	}
}

void
ask_ready(void *ctx, uint32_t events)
{
	struct link *l = ctx;

	(void)events;
	for (int i = 0; i < BATCH; i++) {
		struct question q;
		enum rc rc = link_receive(l->fd, &q);

		if (rc == RC_AGAIN)
			return;
		if (rc == RC_IO) {
			/* the supervisor holds the other end: it is gone */
			LOG(LOG_ERROR, "supervisor_lost",
			    F_INT("worker", l->worker));
			loop_stop(l->keeper->loop);
			return;
		}
		if (rc != RC_OK) {
			if (may_log(l))
				LOG(LOG_WARNING, "question_malformed",
				    F_INT("worker", l->worker),
				    F_TEXT("error", rc_name(rc)));
			continue;
		}
		take_question(l, &q);
		question_fini(&q);
	}
}
