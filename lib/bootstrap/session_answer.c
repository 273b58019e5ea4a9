#include "bootstrap/session_state.h"

enum {
	CREATED = 0x41,
	DELETED = 0x42,
	CHANGED = 0x44,
	CONTENT = 0x45,
	BAD_REQUEST = 0x80,
	NOT_FOUND = 0x84,
	NOT_ALLOWED = 0x85,
	NOT_ACCEPTABLE = 0x86,
	UNSUPPORTED = 0x8f,
};

static void
next_step(struct session *s, uint64_t now_ms)
{
	s->index++;
	s->resends = 0;
	s->command_due = true;
	if (s->index < s->plan.step_count)
		return;
	/* a plan without Finish: a factory's, never one from `begin` */
	s->index = s->plan.step_count - 1;
	session_decide(s, OUTCOME_FAILED, REASON_PLAN_TOO_LARGE, 0);
	session_conclude(s, now_ms);
}

/** Every account that this session wrote must be in the reply. */
static bool
accounts_match(const struct session *s, const struct accounts *seen)
{
	for (size_t i = 0; i < s->accounts.count; i++) {
		const struct known_instance *k = &s->accounts.known[i];
		bool found = false;

		if (!k->chosen)
			continue;
		for (size_t n = 0; n < seen->count; n++) {
			const struct known_instance *v = &seen->known[n];

			found |= v->object == k->object &&
			    v->instance == k->instance && v->has_ssid &&
			    v->ssid == k->ssid;
		}
		if (!found)
			return false;
	}
	return true;
}

static void
verify_answered(
    struct session *s, uint8_t code, struct span body, uint64_t now_ms)
{
	struct accounts seen;

	if (code != CONTENT || !accounts_discovered(&seen, body))
		session_give_up(s, REASON_VERIFY_UNAVAILABLE, code, now_ms);
	else if (!accounts_match(s, &seen))
		session_give_up(s, REASON_VERIFY_MISMATCH, code, now_ms);
	else
		next_step(s, now_ms);
}

static void
write_answered(struct session *s, uint8_t code, uint64_t now_ms)
{
	if (code == CHANGED || code == CREATED) {
		s->verdict.format = s->config.formats[s->format];
		next_step(s, now_ms);
		return;
	}
	if (code != UNSUPPORTED && code != NOT_ACCEPTABLE) {
		session_give_up(s, REASON_WRITE_REFUSED, code, now_ms);
		return;
	}
	/* the same step in the next format, which is kept from here on */
	if (s->format + 1 == SESSION_FORMATS_MAX ||
	    s->config.formats[s->format + 1] < 0) {
		session_give_up(s, REASON_FORMAT_REFUSED, code, now_ms);
		return;
	}
	s->format++;
	s->command_due = true;
}

static void
delete_answered(struct session *s, const struct plan_step *step, uint8_t code,
    uint64_t now_ms)
{
	bool absent =
	    code == BAD_REQUEST || code == NOT_FOUND || code == NOT_ALLOWED;

	if (code == DELETED)
		accounts_deleted(&s->accounts, step->path);
	else if (step->flags & PLAN_STRICT || !absent) {
		session_give_up(s, REASON_DELETE_REFUSED, code, now_ms);
		return;
	}
	next_step(s, now_ms);
}

void
session_response(struct session *s, uint8_t code, int content_format,
    struct span body, uint64_t now_ms)
{
	const struct plan_step *step;

	(void)content_format; /* Awa says 65535 to a good Discover */
	if (s->state != SESSION_RUNNING || !s->command_out)
		return;
	s->command_out = false;
	if (s->cleaning) {
		s->command_due = true;
		return;
	}
	step = &s->plan.steps[s->index];
	switch (step->op) {
	case PLAN_DISCOVER:
		if (code == CONTENT)
			accounts_discovered(&s->accounts, body);
		next_step(s, now_ms);
		break;
	case PLAN_VERIFY:
		verify_answered(s, code, body, now_ms);
		break;
	case PLAN_DELETE:
		delete_answered(s, step, code, now_ms);
		break;
	case PLAN_WRITE:
		write_answered(s, code, now_ms);
		break;
	case PLAN_FINISH:
		if (code == CHANGED) {
			session_decide(s, OUTCOME_OK, REASON_NONE, code);
			session_conclude(s, now_ms);
		} else {
			session_give_up(s, REASON_FINISH_REFUSED, code, now_ms);
		}
		break;
	}
}
