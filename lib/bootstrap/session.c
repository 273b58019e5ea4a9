#include "bootstrap/session_state.h"

#include "base/heap.h"
#include "lwm2m/object.h"

#include <stdlib.h>

enum {
	CHANGED = 0x44,
	UNAVAILABLE = 0xa3,
	TOO_MANY_REQUESTS = 0x9d,
	/** Of 5.03 and 4.29, and as much more as spreads a storm. */
	RETRY_AFTER_S = 15,
	RETRY_SPREAD_S = 31,
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
respond(struct session *s, uint8_t code, int32_t max_age_s)
{
	if (s->config.unsolicited)
		return;
	s->respond_code = code;
	s->respond_max_age_s = -1;
	if (code != UNAVAILABLE && code != TOO_MANY_REQUESTS)
		return;
	/* the ID is random: devices that all came at once come back apart */
	if (max_age_s < 0)
		max_age_s = RETRY_AFTER_S + s->config.id[0] % RETRY_SPREAD_S;
	s->respond_max_age_s = max_age_s;
}

/** Of the plan as far as it was meant to go. */
static unsigned
steps_of(const struct session *s)
{
	size_t finish = plan_first_finish(&s->plan);

	if (s->corrected || finish == s->plan.step_count)
		return (unsigned)s->plan.step_count;
	return (unsigned)finish + 1;
}

void
session_conclude(struct session *s, uint64_t now_ms)
{
	if (s->command_out)
		s->cancel_due = true;
	s->command_due = s->command_out = s->ask_due = s->pack_due = false;
	s->verdict.duration_ms = now_ms - s->started_ms;
	s->verdict.steps = steps_of(s);
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
	if (s->plan.head.flags & PLAN_CLEAN_ON_FAILURE && wrote && alive) {
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
		respond(s, UNAVAILABLE, -1);
		session_decide(s, OUTCOME_FAILED, REASON_PLAN_TOO_LARGE, 0);
		session_conclude(s, now_ms);
		return;
	}
	s->state = SESSION_RUNNING;
	session_formats(s);
	if (s->plan.head.own != LWM2M_ID_NONE)
		accounts_own(&s->accounts,
		    LWM2M_INSTANCE(OBJECT_SECURITY, s->plan.head.own));
	if (s->config.pack) {
		s->pack_due = true;
		return;
	}
	respond(s, CHANGED, -1);
	s->command_due = true;
}

void
session_packed(struct session *s, int format, uint64_t now_ms)
{
	if (s->state != SESSION_RUNNING || !s->config.pack || s->pack_due)
		return;
	session_decide(s, OUTCOME_UNKNOWN, REASON_PACK_SENT, 0);
	s->verdict.format = format;
	session_conclude(s, now_ms);
}

void
session_refused(
    struct session *s, enum reason why, int32_t max_age_s, uint64_t now_ms)
{
	if (s->state != SESSION_WAITING)
		return;
	respond(s, reason_coap(why), max_age_s);
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
	/* best effort: a list that does not come through is not known */
	if (why == REASON_BLOCK_FAILED && s->command_out && !s->cleaning &&
	    s->plan.steps[s->index].op == PLAN_DISCOVER) {
		s->command_out = false;
		session_step_done(s, now_ms);
		return;
	}
	session_give_up(s, why, 0, now_ms);
}

void
session_abort(struct session *s, enum reason why, uint64_t now_ms)
{
	if (s->state == SESSION_WAITING && why != REASON_SUPERSEDED)
		respond(s, UNAVAILABLE, -1);
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
			respond(s, UNAVAILABLE, -1);
			session_decide(
			    s, OUTCOME_FAILED, REASON_KEEPER_AWAY, 0);
			session_conclude(s, now_ms);
		} else if (now_ms >= s->ask_again_ms) {
			s->ask_due = true;
		}
		break;
	case SESSION_RUNNING:
		if (now_ms >= lifetime_end(s))
			session_give_up(s,
			    s->config.pack ? REASON_PACK_UNFETCHED
					   : REASON_DEADLINE,
			    0, now_ms);
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

const struct plan *
session_get_plan(const struct session *s)
{
	return s->plan.step_count > 0 ? &s->plan : NULL;
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

/** A Delete of an instance by its ID, that is ours or may be. */
static bool
deletes_ours(const struct session *s, const struct plan_step *step)
{
	return step->op == PLAN_DELETE && path_depth(step->path) == 2 &&
	    !accounts_may_touch(
		&s->accounts, step->path.object, step->path.instance);
}

/** Why no request could be made of the step that is due. */
static enum reason
reason_of(const struct session *s, enum rc rc)
{
	if (rc == RC_CONFLICT)
		return REASON_NO_INSTANCE;
	if ((rc != RC_UNSUPPORTED && rc != RC_MALFORMED) || s->refusal == 0)
		return REASON_PLAN_TOO_LARGE;
	return s->plan.steps[s->index].op == PLAN_READ
	    ? REASON_VERIFY_UNAVAILABLE
	    : REASON_FORMAT_REFUSED;
}

/** Bring the step that is due into a request; false: the session ended, or
 *  something else is due now. */
static bool
make_command(struct session *s, uint64_t now_ms)
{
	enum rc rc = RC_CONFLICT;

	if (s->cleaning)
		return make_clean_command(s, now_ms);
	if (!deletes_ours(s, &s->plan.steps[s->index]))
		rc = session_make_step(s);
	if (rc == RC_OK)
		return true;
	session_give_up(s, reason_of(s, rc), s->refusal, now_ms);
	return false;
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

static void
hand_out_pack(struct session *s, struct session_out *out)
{
	if (!s->finish_sent) {
		s->finish_sent = true;
		out->kind = SESSION_OUT_FINISHING;
		return;
	}
	s->pack_due = false;
	out->kind = SESSION_OUT_PACK;
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
	if (s->pack_due) {
		hand_out_pack(s, out);
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
