#include "bootstrap/session_state.h"

#include "base/heap.h"
#include "lwm2m/object.h"

#include <stdlib.h>

enum {
	CHANGED = 0x44,
	UNAVAILABLE = 0xa3,
	RETRY_AFTER_S = 30,
	/** A command that was never answered goes out once more as a new
	 *  message (bootstrap.md section 13), Finish never does. */
	RESENDS_MAX = 1,
};

struct session *
session_new(const struct session_config *config, uint64_t now_ms)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->config = *config;
	s->state = SESSION_WAITING;
	s->started_ms = now_ms;
	s->ask_due = true;
	s->verdict.format = -1;
	return s;
}

void
session_free(struct session *s)
{
	if (!s)
		return;
	command_fini(&s->command);
	plan_fini(&s->plan);
	free(s);
}

static uint64_t
lifetime_end(const struct session *s)
{
	return s->started_ms + s->config.lifetime_ms;
}

static void
respond(struct session *s, uint8_t code)
{
	s->respond_code = code;
	s->respond_max_age_s = code == UNAVAILABLE ? RETRY_AFTER_S : -1;
}

void
session_conclude(struct session *s, uint64_t now_ms)
{
	if (s->command_out)
		s->cancel_due = true;
	s->command_due = s->command_out = s->ask_due = false;
	s->verdict.duration_ms = now_ms - s->started_ms;
	s->verdict.steps = (unsigned)s->plan.step_count;
	s->state = SESSION_ENDING;
	s->end_due = true;
}

void
session_decide(
    struct session *s, enum outcome outcome, enum reason why, uint8_t code)
{
	s->verdict.outcome = outcome;
	s->verdict.reason = why;
	s->verdict.code = code;
	s->verdict.step = (unsigned)s->index;
}

void
session_give_up(
    struct session *s, enum reason why, uint8_t code, uint64_t now_ms)
{
	bool wrote = false, alive;

	if (s->cleaning) {
		session_conclude(s, now_ms); /* the first reason stands */
		return;
	}
	if (s->finish_sent && s->command_out && code == 0) {
		session_decide(s, OUTCOME_UNKNOWN,
		    why == REASON_NO_ANSWER || why == REASON_DEADLINE
			? REASON_FINISH_UNANSWERED
			: why,
		    0);
		session_conclude(s, now_ms);
		return;
	}
	session_decide(s, OUTCOME_FAILED, why, code);
	for (size_t i = 0; i < s->accounts.count; i++)
		wrote |= s->accounts.known[i].chosen;
	/* only a device that still talks to us can be asked to clean up: one
	 * that has just answered, or that we have not asked yet */
	alive = code != 0 || why == REASON_NO_INSTANCE ||
	    why == REASON_PLAN_TOO_LARGE;
	if (s->plan.flags & PLAN_CLEAN_ON_FAILURE && wrote && alive) {
		s->cleaning = true;
		s->command_out = false;
		s->command_due = true;
		return;
	}
	session_conclude(s, now_ms);
}

void
session_plan(struct session *s, struct secret *bytes, uint64_t now_ms)
{
	if (s->state != SESSION_WAITING) {
		secret_fini(bytes);
		return;
	}
	s->ask_due = false;
	if (plan_decode(bytes, &s->plan) != RC_OK) {
		respond(s, UNAVAILABLE);
		session_decide(s, OUTCOME_FAILED, REASON_PLAN_TOO_LARGE, 0);
		session_conclude(s, now_ms);
		return;
	}
	s->state = SESSION_RUNNING;
	respond(s, CHANGED);
	s->command_due = true;
}

void
session_refused(struct session *s, enum reason why, uint64_t now_ms)
{
	if (s->state != SESSION_WAITING)
		return;
	respond(s, reason_coap(why));
	session_decide(s, OUTCOME_FAILED, why, 0);
	s->verdict.duration_ms = now_ms - s->started_ms;
	s->ask_due = false;
	s->state = SESSION_ENDED; /* the keeper has recorded the refusal */
}

void
session_failed(struct session *s, enum reason why, uint64_t now_ms)
{
	switch (s->state) {
	case SESSION_WAITING:
		/* nobody is left to answer; a plan may be on its way */
		session_decide(s, OUTCOME_FAILED, why, 0);
		session_conclude(s, now_ms);
		return;
	case SESSION_RUNNING:
		break;
	case SESSION_ENDING:
	case SESSION_ENDED:
		return;
	}
	if (why == REASON_NO_ANSWER && !s->cleaning && !s->finish_sent &&
	    s->resends < RESENDS_MAX) {
		s->resends++;
		s->command_out = false;
		s->command_due = true;
		return;
	}
	session_give_up(s, why, 0, now_ms);
}

void
session_abort(struct session *s, enum reason why, uint64_t now_ms)
{
	if (s->state == SESSION_WAITING && why != REASON_SUPERSEDED)
		respond(s, UNAVAILABLE);
	session_failed(s, why, now_ms);
}

void
session_recorded(struct session *s)
{
	if (s->state == SESSION_ENDING) {
		s->state = SESSION_ENDED;
		s->end_due = false;
	}
}

void
session_tick(struct session *s, uint64_t now_ms)
{
	switch (s->state) {
	case SESSION_WAITING:
		if (now_ms >= s->started_ms + s->config.waiting_ms) {
			respond(s, UNAVAILABLE);
			session_decide(
			    s, OUTCOME_FAILED, REASON_KEEPER_AWAY, 0);
			session_conclude(s, now_ms);
		} else if (now_ms >= s->ask_again_ms) {
			s->ask_due = true;
		}
		break;
	case SESSION_RUNNING:
		if (now_ms >= lifetime_end(s))
			session_give_up(s, REASON_DEADLINE, 0, now_ms);
		break;
	case SESSION_ENDING:
		if (now_ms >= s->ask_again_ms)
			s->end_due = true;
		break;
	case SESSION_ENDED:
		break;
	}
}

uint64_t
session_deadline(const struct session *s)
{
	uint64_t waiting_end = s->started_ms + s->config.waiting_ms;

	switch (s->state) {
	case SESSION_WAITING:
		return s->ask_again_ms < waiting_end ? s->ask_again_ms
						     : waiting_end;
	case SESSION_RUNNING:
		return lifetime_end(s);
	case SESSION_ENDING:
		return s->ask_again_ms;
	case SESSION_ENDED:
		break;
	}
	return TIME_NEVER;
}

enum session_state
session_state(const struct session *s)
{
	return s->state;
}

const uint8_t *
session_id(const struct session *s)
{
	return s->config.id;
}

/** Deletes of what was written, newest last; then the end. */
static bool
make_clean_command(struct session *s, uint64_t now_ms)
{
	while (s->clean_next < s->accounts.count) {
		const struct known_instance *k =
		    &s->accounts.known[s->clean_next++];

		if (!k->chosen)
			continue;
		command_delete(
		    &s->command, LWM2M_INSTANCE(k->object, k->instance));
		return true;
	}
	session_conclude(s, now_ms);
	return false;
}

/** True for a Write or Delete of an instance of /0 by the ID in the plan. */
static bool
names_security(const struct plan_step *step)
{
	return (step->op == PLAN_WRITE || step->op == PLAN_DELETE) &&
	    step->account == 0 && path_depth(step->path) == 2 &&
	    step->path.object == OBJECT_SECURITY;
}

/** Bring the step that is due into a request; false: the session ended, or
 *  something else is due now. */
static bool
make_command(struct session *s, uint64_t now_ms)
{
	const struct plan_step *step = &s->plan.steps[s->index];
	struct lwm2m_path path = step->path;
	enum rc rc = RC_OK;

	if (s->cleaning)
		return make_clean_command(s, now_ms);
	if (names_security(step) &&
	    !accounts_may_touch(&s->accounts, path.instance))
		rc = RC_CONFLICT;
	else if (step->account)
		rc = accounts_choose(&s->accounts, path.object, step->account,
		    step->ssid, &path.instance);
	if (rc != RC_OK) {
		session_give_up(s, REASON_NO_INSTANCE, 0, now_ms);
		return false;
	}
	rc = command_make(
	    &s->command, &s->plan, step, path, s->config.formats[s->format]);
	if (rc != RC_OK) {
		session_give_up(s, REASON_PLAN_TOO_LARGE, 0, now_ms);
		return false;
	}
	return true;
}

static bool
hand_out_command(struct session *s, struct session_out *out, uint64_t now_ms)
{
	if (s->plan.steps[s->index].op == PLAN_FINISH && !s->cleaning &&
	    !s->finish_sent) {
		s->finish_sent = true;
		out->kind = SESSION_OUT_FINISHING;
		return true;
	}
	if (!make_command(s, now_ms))
		return false;
	s->command_due = false;
	s->command_out = true;
	s->verdict.commands++;
	out->kind = SESSION_OUT_COMMAND;
	out->command = &s->command.out;
	return true;
}

bool
session_next(struct session *s, struct session_out *out, uint64_t now_ms)
{
	*out = (struct session_out){.max_age_s = -1};
	if (s->respond_code) {
		out->kind = SESSION_OUT_RESPOND;
		out->code = s->respond_code;
		out->max_age_s = s->respond_max_age_s;
		s->respond_code = 0;
		return true;
	}
	if (s->cancel_due) {
		s->cancel_due = false;
		out->kind = SESSION_OUT_CANCEL;
		return true;
	}
	if (s->ask_due) {
		s->ask_due = false;
		s->ask_again_ms = now_ms + SESSION_ASK_AGAIN_MS;
		out->kind = SESSION_OUT_ASK;
		return true;
	}
	while (s->command_due)
		if (hand_out_command(s, out, now_ms))
			return true;
	if (s->end_due) {
		command_fini(
		    &s->command); /* the last keys leave this process */
		s->end_due = false;
		s->ask_again_ms = now_ms + SESSION_ASK_AGAIN_MS;
		out->kind = SESSION_OUT_END;
		out->verdict = &s->verdict;
		return true;
	}
	return false;
}
