#include "keeper_state.h"

#include "link.h"

#include <stdlib.h>

enum {
	BATCH = 256, /**< packets a round, so that all workers get a turn */
	REFUSALS_PER_S = 20, /**< rows of refusals, a worker */
};

/** A worker that asks more than its share is answered "not now". */
static bool
within_rate(struct link *l)
{
	uint64_t now = clock_now_ms();

	if (now >= l->refill_ms + 1000) {
		l->refill_ms = now;
		l->tokens = l->keeper->config->questions_per_s;
		l->refusals = REFUSALS_PER_S;
	}
	if (l->tokens == 0)
		return false;
	l->tokens--;
	return true;
}

static void
psk_unavailable(struct link *l, uint64_t ref)
{
	struct question a = {.kind = Q_PSK_ANSWER};

	a.psk_answer.ref = ref;
	a.psk_answer.status = PSK_UNAVAILABLE;
	(void)!link_send(l->fd, &a);
}

/** The newest row that names an epoch of the device: the key it was minted
 *  with, or has proved. */
static enum rc
take_epoch(void *ctx, const struct ledger_row *row)
{
	int64_t epoch;

	if (!span_is(row->kind, "bootstrap_begin") &&
	    !span_is(row->kind, "image_minted"))
		return RC_OK;
	if (ledger_field_int(row, "epoch", &epoch) && epoch > 0 &&
	    epoch <= UINT32_MAX)
		*(uint32_t *)ctx = (uint32_t)epoch;
	return RC_CONFLICT; /* found: stop here */
}

/** The epoch that the ledger knows of this device; 0: none. Asked only where
 *  there is a choice. */
static uint32_t
epoch_of_ledger(struct keeper *k, struct span identity)
{
	enum { ROWS_MAX = 16 };
	struct ledger_query q = {.limit = ROWS_MAX, .newest_first = true};
	const struct identity *id =
	    identity_for_psk(k->policies.set, identity, &q.endpoint);
	uint32_t epoch = 0;

	if (id && id->epoch_count > 1)
		(void)!ledger_read(k->ledger, &q, take_epoch, &epoch);
	return epoch;
}

/** Which epoch's key to offer, and after how many failures another one. */
static void
choose_epoch(struct keeper *k, const struct q_psk *q, struct job *j)
{
	j->attempt = epochs_failures(&k->epochs, q->identity, &q->address);
	j->first_epoch = epoch_of_ledger(k, q->identity);
	/* what is known is not given up for one handshake that failed: it may
	 * have been a stranger's */
	if (j->first_epoch != 0)
		j->attempt /= EPOCHS_PATIENCE;
}

static void
ask_psk(struct link *l, const struct q_psk *q)
{
	struct keeper *k = l->keeper;
	struct job *j = NULL;

	l->asked++;
	if (within_rate(l))
		j = job_psk(l->worker, k->policies.set, q);
	if (j) {
		choose_epoch(k, q, j);
		if (jobs_put(k->jobs, j))
			return;
	}
	psk_unavailable(l, q->ref);
}

static void
psk_failed(struct keeper *k, const struct q_psk_failed *q)
{
	struct span endpoint;
	const struct identity *id =
	    identity_for_psk(k->policies.set, q->identity, &endpoint);

	if (id)
		epochs_failed(&k->epochs, q->identity, &q->address,
		    id->epoch_count, clock_now_ms());
}

/** Not now. A session that was on record has its ending by this: its worker
 *  gives it up. `s` may be NULL. */
static void
refuse(struct link *l, struct known_session *s, const uint8_t *session,
    enum reason why)
{
	struct question a = {.kind = Q_BEGIN_ANSWER};

	memcpy(a.begin_answer.session, session, SESSION_ID_LEN);
	a.begin_answer.reason = why;
	(void)!link_send(l->fd, &a);
	if (s && s->recorded)
		end_session(l->keeper, s, OUTCOME_FAILED, why);
	else if (s)
		session_forget(l->keeper, s);
}

static void
ask_begin(struct link *l, const struct q_begin *q)
{
	struct keeper *k = l->keeper;
	struct known_session *s = session_find(k, q->session);
	struct job *j = NULL;

	if (s && !s->recorded)
		return; /* being worked on: the answer will come */
	if (s && s->worker != l->worker)
		return; /* not the session of that worker */
	if (!within_rate(l)) {
		refuse(l, s, q->session, REASON_RATE);
		return;
	}
	if (!s)
		s = session_add(k, q->session, l->worker);
	if (s)
		j = job_begin(l->worker, k->policies.set, q);
	if (j) {
		j->again = s->recorded;
		if (jobs_put(k->jobs, j))
			return;
	}
	refuse(l, s, q->session, REASON_BUSY);
}

static void
queue_ending(struct keeper *k, const uint8_t *id, unsigned worker, bool answer,
    const struct session_verdict *v)
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

	queue_ending(k, s->id, s->worker, false, &v);
}

static void
ask_end(struct link *l, const struct q_end *q)
{
	struct keeper *k = l->keeper;
	struct known_session *s = session_find(k, q->session);
	struct question a = {.kind = Q_RECORDED};

	if (s && s->worker == l->worker && s->recorded) {
		queue_ending(k, q->session, l->worker, true, &q->verdict);
		return;
	}
	/* never begun, given up before it was, or ended already */
	if (s && s->worker == l->worker)
		s->ended = true;
	memcpy(a.session, q->session, SESSION_ID_LEN);
	(void)!link_send(l->fd, &a);
}

static void
take_question(struct link *l, const struct question *q)
{
	struct known_session *s;

	switch (q->kind) {
	case Q_HELLO:
		/* a process before this one had begun sessions: they died */
		sessions_worker_lost(l->keeper, l->worker);
		if (l->hello)
			LOG(LOG_WARNING, "worker_replaced",
			    F_INT("worker", l->worker));
		l->hello = true;
		break;
	case Q_PSK:
		ask_psk(l, &q->psk);
		break;
	case Q_PSK_FAILED:
		l->failed++;
		psk_failed(l->keeper, &q->psk_failed);
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
			LOG(LOG_WARNING, "question_malformed",
			    F_INT("worker", l->worker),
			    F_TEXT("error", rc_name(rc)));
			continue;
		}
		take_question(l, &q);
		question_fini(&q);
	}
}
