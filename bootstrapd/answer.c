/* After the commit: what workers are told. */
#include "keeper_state.h"

#include "link.h"
#include "push.h"
#include "rollout_run.h"

#include <stdlib.h>

void
record_tell(struct keeper *k, unsigned worker, enum question_kind kind,
    const uint8_t *id)
{
	struct question a = {.kind = kind};

	/* one that the ledger named may be of a run with more of them */
	if (worker >= k->args->link_count)
		return;
	memcpy(a.session, id, SESSION_ID_LEN);
	(void)!link_send(k->links[worker].fd, &a);
}

/** After a commit that worked the endings are done; else they wait for one
 *  that does: who told us may be dead by then. */
static void
settle_endings(struct keeper *k, enum rc rc)
{
	while (rc == RC_OK && k->endings) {
		struct ending *e = k->endings;
		struct known_session *s = session_find(k, e->id);

		k->endings = e->next;
		k->ending_count--;
		if (s && s->pushed && e->verdict.outcome == OUTCOME_OK)
			push_untie(k, s->name[0] == 'n', session_endpoint(s));
		if (s && s->recorded && !s->superseded)
			rollout_count_end(k, s, &e->verdict);
		if (s)
			session_forget(k, s);
		if (e->answer)
			record_tell(k, e->worker, Q_RECORDED, e->id);
		free(e);
	}
}

static void
answer_psk(struct keeper *k, struct job *j)
{
	struct question a = {.kind = Q_PSK_ANSWER};
	struct link *l = &k->links[j->worker];

	crowd_leave(&k->sources, j->crowd_slot);
	if (j->given_up)
		return;
	table_remove(&k->asked, &j->item);
	a.psk_answer.ref = j->asker.ref;
	a.psk_answer.status = PSK_UNAVAILABLE;
	if (j->rc == RC_OK) {
		a.psk_answer.status = PSK_KNOWN;
		a.psk_answer.epoch = j->psk.epoch;
		secret_move(&a.psk_answer.key, &j->psk.key);
		l->answered++;
	} else if (j->rc == RC_NOT_FOUND) {
		a.psk_answer.status = PSK_UNKNOWN;
		l->unknown++;
	}
	(void)!link_send(l->fd, &a);
	question_fini(&a);
}

static void
settle_granted(struct keeper *k, struct job *j, struct known_session *s)
{
	struct known_session *old = record_replaced_by(k, j);

	if (old) {
		record_tell(k, old->worker, Q_CANCEL, old->id);
		if (old->superseded)
			session_forget(k, old);
		else /* both were granted in one commit */
			end_session(k, old, OUTCOME_FAILED, REASON_SUPERSEDED);
	}
	if (!s->recorded && !j->push_way)
		pace_count(k, j);
	s->pushed = j->request.push.len > 0;
	session_decided_by(s, j->rules, j->request.rollout);
	session_is_recorded(k, s, j->request.proof == PROOF_NONE,
	    j->decision.peer.endpoint, j->decision.plan_digest,
	    issue_rules_set(j->rules)->digest);
	if (j->request.proof == PROOF_PSK)
		epochs_worked(
		    &k->epochs, j->request.credential, &j->request.address);
}

static void
answer_begin(struct keeper *k, struct job *j, enum rc rc)
{
	struct known_session *s = session_find(k, j->request.session);
	struct question a = {.kind = Q_BEGIN_ANSWER};

	if (!s)
		return;
	if (s->ended) {
		/* given up before anything was recorded or handed out */
		if (!s->recorded)
			session_forget(k, s);
		return;
	}
	memcpy(a.begin_answer.session, s->id, SESSION_ID_LEN);
	a.begin_answer.granted = rc == RC_OK && j->decision.granted;
	a.begin_answer.reason =
	    rc == RC_OK ? j->decision.reason : REASON_LEDGER_AWAY;
	if (a.begin_answer.reason == REASON_TOO_OFTEN) {
		a.begin_answer.max_age_s = j->wait_s;
		pace_told(k, j);
	}
	if (a.begin_answer.reason == REASON_QUARANTINED ||
	    a.begin_answer.reason == REASON_SERVERS_FULL)
		a.begin_answer.max_age_s = j->decision.wait_s;
	/* nothing was made anew */
	if (j->again && !j->decision.granted && s->repeated > 0)
		s->repeated--;
	/* Asked again, and the answer is another one: the policies may have
	 * changed since, or the token is away. Only the plan on record is ever
	 * handed out. Nothing is said: the first answer may be on its way, and
	 * else the worker ends the session itself. */
	if (s->recorded && !(a.begin_answer.granted && record_is_same(s, j)))
		return;
	if (a.begin_answer.granted) {
		settle_granted(k, j, s);
		secret_move(&a.begin_answer.plan, &j->decision.plan);
		a.begin_answer.endpoint = j->decision.peer.endpoint;
	} else {
		session_forget(k, s);
	}
	(void)!link_send(k->links[j->worker].fd, &a);
	question_fini(&a);
}

/** Somebody else has made the random key of this device at the same time: it
 *  is there now, so decide again. True: the job is under way, or gone. */
static bool
decide_again(struct keeper *k, struct job *j)
{
	uint8_t id[SESSION_ID_LEN];

	if (!j->conflicted || j->decided_twice)
		return false;
	memcpy(id, j->request.session, sizeof(id));
	issue_decision_fini(&j->decision);
	memset(&j->decision, 0, sizeof(j->decision));
	j->conflicted = false;
	j->decided_twice = true;
	rollout_enter_again(k, j);
	if (!jobs_put(k->jobs, j)) {
		/* freed: its session is asked for again, or swept */
		struct known_session *s = session_find(k, id);

		if (s && !s->recorded)
			session_forget(k, s);
	}
	return true;
}

/** After the rows stand, or do not. True: the job is to be freed. */
static bool
answer(struct keeper *k, struct job *j, enum rc rc)
{
	switch (j->kind) {
	case JOB_PSK:
		answer_psk(k, j);
		break;
	case JOB_SIGN:
		sign_answer(k, j);
		break;
	case JOB_DOCTOR:
		doctor_settle(k, j);
		break;
	case JOB_BEGIN:
		if (decide_again(k, j))
			return false;
		if (j->conflicted)
			rc = RC_CONFLICT;
		else if (j->unwritable)
			rc = RC_TOO_LARGE;
		if (rc == RC_OK && j->recorded)
			rollout_count_refused(k, j);
		answer_begin(k, j, rc);
		if (j->push_way)
			push_decided(k, j, rc);
		break;
	}
	return true;
}

void
record_flush(void *ctx, uint64_t now_ms)
{
	struct keeper *k = ctx;
	struct job *jobs = jobs_take(k->jobs);
	enum rc rc = record_commit(k, jobs);

	if (jobs)
		k->last_done_ms = now_ms;
	k->flush_due = false;
	refused_settle(k);
	settle_endings(k, rc);
	while (jobs) {
		struct job *next = jobs->next;

		if (answer(k, jobs, rc))
			job_free(jobs);
		jobs = next;
	}
	rollout_tick(k, now_ms);
}

/** A commit costs the same for one row and for many. */
static uint64_t
patience_ms(const struct keeper *k)
{
	enum { MANY = 16, LINGER_MS = 4 };

	return k->sessions.count + k->asked.count >= MANY ? LINGER_MS : 0;
}

void
record_soon(struct keeper *k)
{
	uint64_t now = clock_now_ms();

	if (k->flush_due)
		return;
	k->flush_due = loop_timer_set(k->loop, &k->flush_timer,
			   now + patience_ms(k), record_flush, k) == RC_OK;
	if (!k->flush_due)
		record_flush(k, now);
}
