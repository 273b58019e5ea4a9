#include "bootstrap/session_state.h"

#include "lwm2m/object.h"

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

void
session_step_done(struct session *s, uint64_t now_ms)
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

/** Devices of LwM2M 1.1 do not say whose an instance of /21 is. */
static bool
is_instance(const struct known_instance *wrote, const struct known_instance *v)
{
	if (v->object != wrote->object || v->instance != wrote->instance)
		return false;
	if (!v->has_ssid)
		return v->object == OBJECT_OSCORE;
	return v->ssid == wrote->ssid;
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
		for (size_t n = 0; n < seen->count; n++)
			found |= is_instance(k, &seen->known[n]);
		if (!found)
			return false;
	}
	return true;
}

/** The account that is ours: one, and where it was. */
static bool
still_ours(const struct session *s, const struct accounts *seen)
{
	uint16_t before, after = 0;
	size_t n = 0;

	for (size_t i = 0; i < seen->count; i++) {
		const struct known_instance *k = &seen->known[i];

		if (k->object != OBJECT_SECURITY || k->has_ssid)
			continue;
		after = k->instance;
		n++;
	}
	return n == 1 &&
	    (!accounts_ours(&s->accounts, &before) || before == after);
}

static bool
lists_instances(struct span body)
{
	struct link_reader r;
	struct lwm2m_link link;

	link_reader_init(&r, body);
	while (link_next(&r, &link))
		if (path_depth(link.path) == 2)
			return true;
	return false;
}

static void
verify_answered(
    struct session *s, uint8_t code, struct span body, uint64_t now_ms)
{
	struct accounts seen = {0};

	if (code != CONTENT || !lists_instances(body))
		session_give_up(s, REASON_VERIFY_UNAVAILABLE, code, now_ms);
	else if (!accounts_discovered(&seen, body) || !still_ours(s, &seen) ||
	    !accounts_match(s, &seen))
		session_give_up(s, REASON_VERIFY_MISMATCH, code, now_ms);
	else
		session_step_done(s, now_ms);
}

/** The same step in the next format, which is kept from here on. */
static void
again_in_another_format(struct session *s, enum plan_op op, uint8_t code)
{
	session_format_refused(s, op);
	s->refusal = code;
	s->command_due = true;
}

static void
read_answered(struct session *s, uint8_t code, int content_format,
    struct span body, uint64_t now_ms)
{
	enum reason why;

	if (code == NOT_ACCEPTABLE || code == UNSUPPORTED) {
		again_in_another_format(s, PLAN_READ, code);
		return;
	}
	why = code == CONTENT ? session_compare(s, content_format, body)
			      : REASON_VERIFY_UNAVAILABLE;
	if (why != REASON_NONE)
		session_give_up(s, why, code, now_ms);
	else
		session_step_done(s, now_ms);
}

static void
write_answered(struct session *s, uint8_t code, uint64_t now_ms)
{
	if (code == CHANGED || code == CREATED) {
		s->verdict.format = s->formats[s->format];
		session_step_done(s, now_ms);
	} else if (code == UNSUPPORTED || code == NOT_ACCEPTABLE) {
		again_in_another_format(s, PLAN_WRITE, code);
	} else {
		session_give_up(s, REASON_WRITE_REFUSED, code, now_ms);
	}
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
	session_step_done(s, now_ms);
}

static void
finish_answered(struct session *s, uint8_t code, uint64_t now_ms)
{
	if (code == CHANGED) {
		session_decide(s, OUTCOME_OK, REASON_NONE, code);
		session_conclude(s, now_ms);
		return;
	}
	/* bootstrap.md 9: an inconsistent configuration may be corrected, once;
	 * the next Finish is one that has not gone out yet */
	if (code == NOT_ACCEPTABLE && !s->corrected &&
	    s->index + 1 < s->plan.step_count) {
		s->corrected = true;
		s->finish_sent = false;
		session_step_done(s, now_ms);
		return;
	}
	session_give_up(s, REASON_FINISH_REFUSED, code, now_ms);
}

void
session_response(struct session *s, uint8_t code, int content_format,
    struct span body, uint64_t now_ms)
{
	const struct plan_step *step;

	if (s->state != SESSION_RUNNING || !s->command_out)
		return;
	s->command_out = false;
	if (s->cleaning) {
		s->command_due = true;
		return;
	}
	s->refusal = 0;
	step = &s->plan.steps[s->index];
	/* what a Discover is called does not matter: Awa says 65535 */
	switch (step->op) {
	case PLAN_DISCOVER:
		if (code == CONTENT)
			(void)accounts_discovered(&s->accounts, body);
		session_step_done(s, now_ms);
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
	case PLAN_READ:
		read_answered(s, code, content_format, body, now_ms);
		break;
	case PLAN_FINISH:
		finish_answered(s, code, now_ms);
		break;
	}
}
