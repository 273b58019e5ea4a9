#include "walked.h"

enum { LIFETIME_MS = 240000 };

struct session *
walked_new(const struct session_config *config, struct plan_builder *b)
{
	struct session_config c = *config;
	struct secret bytes = {0};
	struct session_out out;
	struct session *s;

	c.lifetime_ms = c.waiting_ms = LIFETIME_MS;
	s = session_new(&c, 0);
	assert_non_null(s);
	assert_true(session_next(s, &out, 0));
	assert_int_equal(out.kind, SESSION_OUT_ASK);
	assert_int_equal(plan_end(b, &bytes, NULL), RC_OK);
	session_plan(s, &bytes, 0);
	if (c.unsolicited)
		return s;
	assert_true(session_next(s, &out, 0));
	assert_int_equal(out.kind, SESSION_OUT_RESPOND);
	assert_int_equal(out.code, A_CHANGED);
	return s;
}

const struct session_command *
walked_command(struct session *s)
{
	struct session_out out;

	assert_true(session_next(s, &out, 0));
	if (out.kind == SESSION_OUT_FINISHING)
		assert_true(session_next(s, &out, 0));
	assert_int_equal(out.kind, SESSION_OUT_COMMAND);
	return out.command;
}

int
walked_format(struct session *s)
{
	const struct session_command *c = walked_command(s);

	return c->content_format >= 0 ? c->content_format : c->accept;
}

void
walked_answer_with(
    struct session *s, uint8_t code, int format, struct span body)
{
	session_response(s, code, format, body, 0);
}

void
walked_answer(struct session *s, uint8_t code)
{
	walked_answer_with(s, code, -1, SPAN_LIT(""));
}

struct session_verdict
walked_end(struct session *s)
{
	struct session_verdict v;
	struct session_out out;

	assert_true(session_next(s, &out, 0));
	assert_int_equal(out.kind, SESSION_OUT_END);
	v = *out.verdict;
	session_recorded(s);
	assert_int_equal(session_state(s), SESSION_ENDED);
	session_free(s);
	return v;
}

void
walked_put(struct plan_builder *b, struct lwm2m_path path, int64_t n)
{
	plan_put(b, &(struct lwm2m_entry){path, LWM2M_VALUE_INTEGER(n)});
}
