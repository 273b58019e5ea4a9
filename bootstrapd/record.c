/* Rows of what is done and what has ended, in one commit. */
#include "keeper_state.h"

#include "coap/message.h"
#include "issue/rotated.h"
#include "link.h"
#include "lwm2m/format.h"
#include "push.h"
#include "rollout_run.h"

#include <stdio.h>
#include <stdlib.h>

/** The row of a verdict. */
static enum rc
append_end(struct keeper *k, const struct known_session *s,
    const struct session_verdict *v, const struct address *moved)
{
	uint8_t text[ADDRESS_TEXT_MAX];
	struct writer address;
	static const uint8_t not_said[DIGEST_LEN];
	struct field f[20];
	size_t n = 0;
	enum rc rc;

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
	writer_init(&address, text, sizeof(text));
	if (moved && moved->family != 0) {
		address_print(&address, moved);
		f[n++] = F_TEXT("moved_to", writer_span(&address));
	}
	if (s->staged)
		f[n++] =
		    F_BYTES("rollout", span_of(s->rollout, sizeof(s->rollout)));
	if (memcmp(s->set, not_said, DIGEST_LEN) != 0)
		f[n++] = F_BYTES("policy_set", span_of(s->set, DIGEST_LEN));
	rc = ledger_append(k->ledger,
	    &(struct ledger_event){
		.kind = "bootstrap_end",
		.session = span_of(s->id, SESSION_ID_LEN),
		.endpoint = session_endpoint(s),
		.fields = f,
		.field_count = n,
	    },
	    NULL);
	if (rc != RC_OK || v->outcome != OUTCOME_OK)
		return rc;
	return issue_rotated(
	    k->ledger, span_of(s->id, SESSION_ID_LEN), session_endpoint(s));
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
struct known_session *
record_replaced_by(struct keeper *k, const struct job *j)
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
	struct known_session *old = record_replaced_by(k, j);
	struct session_verdict v = {
	    .reason = REASON_SUPERSEDED,
	    .format = -1,
	};
	enum rc rc;

	if (!old || old->superseded || is_ending(k, old))
		return RC_OK;
	v.outcome = old->finishing ? OUTCOME_UNKNOWN : OUTCOME_FAILED;
	v.duration_ms = clock_now_ms() - old->seen_ms;
	rc = append_end(k, old, &v, NULL);
	old->superseded = rc == RC_OK;
	return rc;
}

/** Is this the decision that the session's begin row tells? */
bool
record_is_same(const struct known_session *s, const struct job *j)
{
	return s->name[0] == (j->request.proof == PROOF_NONE ? 'n' : 'p') &&
	    span_equal(session_endpoint(s), j->decision.peer.endpoint) &&
	    memcmp(s->plan, j->decision.plan_digest, DIGEST_LEN) == 0;
}

static enum rc
append_decision(struct keeper *k, struct job *j)
{
	struct link *l = &k->links[j->worker];
	uint64_t kept = j->request.proof == PROOF_NONE ? REFUSALS_KEPT : 0;
	enum rc rc = RC_OK;

	if (j->again) {
		struct known_session *s = session_find(k, j->request.session);

		if (!j->decision.granted || !s || !record_is_same(s, j))
			return RC_OK;
		return issue_record(k->ledger, j->rules, &j->request,
		    &j->decision, k->args->instance, true);
	}
	if (!j->decision.granted && !pace_is_told(k, j))
		return RC_OK;
	if (j->decision.granted && !j->push_way)
		push_tie(k, j);
	if (!j->decision.granted && l->refusals <= kept && !j->push_way) {
		l->suppressed++;
		return RC_OK;
	}
	if (j->decision.granted)
		rc = append_superseded(k, j);
	else if (!j->push_way)
		l->refusals--;
	if (rc == RC_OK && j->push_way)
		rc = push_append(k, j);
	if (rc == RC_OK)
		rc = issue_record(k->ledger, j->rules, &j->request,
		    &j->decision, k->args->instance, false);
	j->recorded = rc == RC_OK;
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

/** Errors: as ledger_append; not of one that is left out. */
static enum rc
append_job(struct keeper *k, struct job *j)
{
	enum rc rc = RC_OK;

	j->recorded = false;
	if (j->kind == JOB_BEGIN && !j->conflicted && !j->unwritable &&
	    !unwanted(k, j))
		/* a rollout has moved meanwhile: not by that set any more */
		rc = rollout_overtook(k, j) ? RC_CONFLICT
					    : append_decision(k, j);
	else if (doctor_has_row(j))
		rc = record_but_too_large(doctor_append(k, j), "psk_mismatch");
	else if (refused_psk(j))
		rc = record_but_too_large(
		    refused_append_psk(k, j), "handshake_refused");
	j->conflicted |= rc == RC_CONFLICT;
	if (rc == RC_TOO_LARGE) {
		/* some of its rows may be in the group: without it, then, but
		 * the others are looked at first */
		j->unwritable = true;
		return record_but_too_large(rc, "bootstrap_begin");
	}
	return rc;
}

/** How many decisions are left out of the group. */
static size_t
left_out(const struct job *jobs)
{
	size_t n = 0;

	for (; jobs; jobs = jobs->next)
		n += jobs->conflicted || jobs->unwritable;
	return n;
}

/** RC_CONFLICT: a decision cannot stand in this group. */
static enum rc
append_all(struct keeper *k, struct job *jobs)
{
	size_t before = left_out(jobs);
	enum rc rc = RC_OK;

	for (struct ending *e = k->endings; e && rc == RC_OK; e = e->next) {
		struct known_session *s = session_find(k, e->id);

		if (s && s->recorded)
			rc = append_end(k, s, &e->verdict, &e->address);
	}
	for (struct job *j = jobs; j && rc == RC_OK; j = j->next)
		rc = append_job(k, j);
	if (rc == RC_OK && left_out(jobs) > before)
		rc = RC_CONFLICT;
	return rc == RC_OK ? refused_append_all(k) : rc;
}

/** True when there is a row to write at all. */
static bool
rows_due(struct keeper *k, const struct job *jobs)
{
	if (k->endings || k->refused)
		return true;
	for (; jobs; jobs = jobs->next)
		if (jobs->kind == JOB_BEGIN || doctor_has_row(jobs) ||
		    refused_psk(jobs))
			return true;
	return false;
}

static enum rc
commit_once(struct keeper *k, struct job *jobs)
{
	enum rc rc = ledger_begin(k->ledger);

	if (rc != RC_OK)
		return rc;
	rc = append_all(k, jobs);
	if (rc == RC_OK)
		return ledger_commit(k->ledger);
	ledger_rollback(k->ledger);
	return rc;
}

/** No row of this group stands. */
static void
nothing_superseded(struct keeper *k, const struct job *jobs)
{
	for (; jobs; jobs = jobs->next) {
		struct known_session *old = NULL;

		if (jobs->kind == JOB_BEGIN && jobs->decision.granted)
			old = record_replaced_by(k, jobs);
		if (old)
			old->superseded = false;
	}
}

enum rc
record_commit(struct keeper *k, struct job *jobs)
{
	size_t before;
	enum rc rc;

	if (!rows_due(k, jobs))
		return RC_OK;
	/* a decision that cannot stand spoils the group: without it, then */
	do {
		before = left_out(jobs);
		rc = commit_once(k, jobs);
		if (rc != RC_OK)
			nothing_superseded(k, jobs);
	} while (rc == RC_CONFLICT && left_out(jobs) > before);
	if (rc == RC_OK)
		record_works(k);
	else
		record_fails(k, rc);
	return rc;
}
