#include "keeper_state.h"

#include "coap/message.h"
#include "link.h"
#include "lwm2m/format.h"

#include <stdio.h>
#include <stdlib.h>

static void
ledger_works(struct keeper *k)
{
	if (k->ledger_health.ok)
		return;
	LOG(LOG_NOTICE, "ledger_back", F_TEXT("ledger", k->config->ledger));
	k->ledger_health = (struct health){.ok = true};
	k->ledger_health.since_ms = clock_wall_ms();
}

static void
ledger_fails(struct keeper *k, enum rc rc)
{
	if (k->ledger_gap_ms == 0)
		k->ledger_gap_ms = clock_wall_ms();
	if (k->ledger_health.ok) {
		k->ledger_health.ok = false;
		k->ledger_health.since_ms = clock_wall_ms();
		LOG(LOG_ERROR, "ledger_away",
		    F_TEXT("ledger", k->config->ledger),
		    F_TEXT("error", rc_name(rc)),
		    F_TEXT("remedy",
			"make room on its disk or mend its permissions; no "
			"credential is handed out meanwhile"));
	}
	snprintf(k->ledger_health.text, sizeof(k->ledger_health.text),
	    "cannot be written: %s", rc_name(rc));
}

/** The row of a verdict. */
static enum rc
append_end(struct keeper *k, const struct known_session *s,
    const struct session_verdict *v)
{
	struct field f[16];
	size_t n = 0;

	f[n++] = F_TEXT("outcome", outcome_name(v->outcome));
	f[n++] = F_TEXT("reason", reason_code(v->reason));
	f[n++] = F_TEXT("sentence", reason_sentence(v->reason));
	f[n++] = F_TEXT("remedy", reason_remedy(v->reason));
	f[n++] = F_INT("duration_ms", v->duration_ms);
	if (v->steps) {
		f[n++] = F_INT("step", v->step + 1);
		f[n++] = F_INT("steps", v->steps);
	}
	if (v->code)
		f[n++] = F_TEXT("step_code", coap_code_name(v->code));
	if (v->format >= 0)
		f[n++] = F_TEXT("format", format_name(v->format));
	f[n++] = F_INT("commands", v->commands);
	f[n++] = F_TEXT("instance", k->args->instance);
	return ledger_append(k->ledger,
	    &(struct ledger_event){
		.kind = "bootstrap_end",
		.session = span_of(s->id, SESSION_ID_LEN),
		.endpoint = session_endpoint(s),
		.fields = f,
		.field_count = n,
	    },
	    NULL);
}

static bool
is_ending(const struct keeper *k, const struct known_session *s)
{
	for (const struct ending *e = k->endings; e; e = e->next)
		if (memcmp(e->id, s->id, SESSION_ID_LEN) == 0)
			return true;
	return false;
}

/** The attempt of the same endpoint that this one replaces, on whichever
 *  worker it is; NULL: none. */
static struct known_session *
replaced_by(struct keeper *k, const struct job *j)
{
	struct known_session *old = session_of_endpoint(
	    k, j->request.proof == PROOF_NONE, j->decision.peer.endpoint);

	if (old && memcmp(old->id, j->request.session, SESSION_ID_LEN) == 0)
		return NULL;
	return old;
}

static enum rc
append_superseded(struct keeper *k, const struct job *j)
{
	struct known_session *old = replaced_by(k, j);
	struct session_verdict v = {
	    .reason = REASON_SUPERSEDED,
	    .format = -1,
	};
	enum rc rc;

	if (!old || old->superseded || is_ending(k, old))
		return RC_OK;
	v.outcome = old->finishing ? OUTCOME_UNKNOWN : OUTCOME_FAILED;
	v.duration_ms = clock_now_ms() - old->seen_ms;
	rc = append_end(k, old, &v);
	old->superseded = rc == RC_OK;
	return rc;
}

static enum rc
append_decision(struct keeper *k, struct job *j)
{
	struct link *l = &k->links[j->worker];
	enum rc rc = RC_OK;

	if (j->again)
		return RC_OK;
	if (!j->decision.granted && l->refusals == 0) {
		l->suppressed++;
		return RC_OK;
	}
	if (!j->decision.granted)
		l->refusals--;
	else
		rc = append_superseded(k, j);
	if (rc == RC_OK)
		rc = issue_record(k->ledger, j->rules, &j->request,
		    &j->decision, k->args->instance, false);
	return rc;
}

/** Nobody waits for it any more: nothing was handed out, nothing is said. */
static bool
unwanted(struct keeper *k, const struct job *j)
{
	struct known_session *s;

	if (j->kind != JOB_BEGIN)
		return false;
	s = session_find(k, j->request.session);
	return !s || s->ended;
}

static enum rc
append_all(struct keeper *k, struct job *jobs)
{
	enum rc rc = RC_OK;

	for (struct ending *e = k->endings; e && rc == RC_OK; e = e->next) {
		struct known_session *s = session_find(k, e->id);

		if (s && s->recorded)
			rc = append_end(k, s, &e->verdict);
	}
	for (struct job *j = jobs; j && rc == RC_OK; j = j->next) {
		if (j->kind == JOB_BEGIN && !unwanted(k, j))
			rc = append_decision(k, j);
		else if (doctor_has_row(j))
			rc = doctor_append(k, j);
	}
	return rc;
}

/** True when there is a row to write at all. */
static bool
rows_due(struct keeper *k, const struct job *jobs)
{
	if (k->endings)
		return true;
	for (; jobs; jobs = jobs->next)
		if (jobs->kind == JOB_BEGIN || doctor_has_row(jobs))
			return true;
	return false;
}

static enum rc
commit(struct keeper *k, struct job *jobs)
{
	enum rc rc;

	if (!rows_due(k, jobs))
		return RC_OK;
	rc = ledger_begin(k->ledger);
	if (rc == RC_OK) {
		rc = append_all(k, jobs);
		if (rc == RC_OK)
			rc = ledger_commit(k->ledger);
		else
			ledger_rollback(k->ledger);
	}
	if (rc == RC_OK)
		ledger_works(k);
	else
		ledger_fails(k, rc);
	return rc;
}

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

	table_remove(&k->asked, &j->item);
	crowd_leave(&k->sources, j->crowd_slot);
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
	struct known_session *old = replaced_by(k, j);

	if (old) {
		record_tell(k, old->worker, Q_CANCEL, old->id);
		if (old->superseded)
			session_forget(k, old);
		else /* both were granted in one commit */
			end_session(k, old, OUTCOME_FAILED, REASON_SUPERSEDED);
	}
	session_is_recorded(k, s, j->request.proof == PROOF_NONE,
	    j->decision.peer.endpoint, j->decision.plan_digest);
	if (j->request.proof == PROOF_PSK)
		epochs_worked(
		    &k->epochs, j->request.credential, &j->request.address);
}

/** Is this the decision that the session's begin row tells? */
static bool
is_same(const struct known_session *s, const struct job *j)
{
	return s->name[0] == (j->request.proof == PROOF_NONE ? 'n' : 'p') &&
	    span_equal(session_endpoint(s), j->decision.peer.endpoint) &&
	    memcmp(s->plan, j->decision.plan_digest, DIGEST_LEN) == 0;
}

static void
answer_begin(struct keeper *k, struct job *j, enum rc rc)
{
	struct known_session *s = session_find(k, j->request.session);
	struct question a = {.kind = Q_BEGIN_ANSWER};

	if (rc != RC_OK && j->decision.granted) {
		struct known_session *old = replaced_by(k, j);

		if (old)
			old->superseded = false; /* that row is not there */
	}
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
	/* Asked again, and the answer is another one: the policies may have
	 * changed since, or the token is away. Only the plan on record is ever
	 * handed out. Nothing is said: the first answer may be on its way, and
	 * else the worker ends the session itself. */
	if (s->recorded && !(a.begin_answer.granted && is_same(s, j)))
		return;
	if (a.begin_answer.granted) {
		settle_granted(k, j, s);
		secret_move(&a.begin_answer.plan, &j->decision.plan);
	} else {
		session_forget(k, s);
	}
	(void)!link_send(k->links[j->worker].fd, &a);
	question_fini(&a);
}

void
record_flush(void *ctx, uint64_t now_ms)
{
	struct keeper *k = ctx;
	struct job *jobs = jobs_take(k->jobs);
	enum rc rc = commit(k, jobs);

	k->flush_due = false;
	if (jobs)
		k->last_done_ms = now_ms;
	settle_endings(k, rc);
	while (jobs) {
		struct job *next = jobs->next;

		if (jobs->kind == JOB_PSK)
			answer_psk(k, jobs);
		else if (jobs->kind == JOB_DOCTOR)
			doctor_settle(k, jobs);
		else
			answer_begin(k, jobs, rc);
		job_free(jobs);
		jobs = next;
	}
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

enum rc
record_event(struct keeper *k, const char *kind, const struct field *fields,
    size_t field_count)
{
	const struct ledger_event e = {
	    .kind = kind,
	    .fields = fields,
	    .field_count = field_count,
	};
	enum rc rc = ledger_begin(k->ledger);

	if (rc == RC_OK) {
		rc = ledger_append(k->ledger, &e, NULL);
		if (rc == RC_OK)
			rc = ledger_commit(k->ledger);
		else
			ledger_rollback(k->ledger);
	}
	if (rc == RC_OK)
		ledger_works(k);
	else
		ledger_fails(k, rc);
	return rc;
}

/**
 * Nobody may come for hours: whether there is room again is tried, by the row
 * that says since when there was none.
 */
void
record_gap(struct keeper *k)
{
	char since[25];
	struct field f[2];

	if (k->ledger_gap_ms == 0)
		return;
	ledger_time(k->ledger_gap_ms, since);
	f[0] = F_TEXT("since", (const char *)since);
	f[1] = F_TEXT("instance", k->args->instance);
	if (record_event(k, "ledger_back", f, sizeof(f) / sizeof(f[0])) !=
	    RC_OK)
		return;
	k->ledger_gap_ms = 0;
	record_soon(k);
}

static enum rc
append_handshakes(struct keeper *k, const struct link *l)
{
	const struct field f[] = {
	    F_INT("worker", l->worker),
	    F_TEXT("instance", k->args->instance),
	    F_INT("asked", l->asked),
	    F_INT("answered", l->answered),
	    F_INT("unknown", l->unknown),
	    F_INT("failed", l->failed),
	    F_INT("refusals_not_recorded", l->suppressed),
	};

	return ledger_append(k->ledger,
	    &(struct ledger_event){
		.kind = "handshakes",
		.fields = f,
		.field_count = sizeof(f) / sizeof(f[0]),
	    },
	    NULL);
}

static bool
had_handshakes(const struct link *l)
{
	return l->asked || l->failed || l->suppressed;
}

/** All workers' rows in one group: the wait for another process's lock is
 *  waited once. */
void
record_handshakes(struct keeper *k)
{
	bool any = false;
	enum rc rc;

	for (unsigned i = 0; i < k->args->link_count; i++)
		any |= had_handshakes(&k->links[i]);
	if (!any)
		return;
	rc = ledger_begin(k->ledger);
	for (unsigned i = 0; rc == RC_OK && i < k->args->link_count; i++)
		if (had_handshakes(&k->links[i]))
			rc = append_handshakes(k, &k->links[i]);
	if (rc == RC_OK)
		rc = ledger_commit(k->ledger);
	else
		ledger_rollback(k->ledger);
	if (rc != RC_OK) {
		ledger_fails(k, rc);
		return;
	}
	for (unsigned i = 0; i < k->args->link_count; i++) {
		struct link *l = &k->links[i];

		l->asked = l->answered = l->unknown = l->failed =
		    l->suppressed = 0;
	}
}
