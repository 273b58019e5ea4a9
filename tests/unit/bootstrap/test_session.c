/* The cursor by itself: calls that make no sense where it stands are ignored,
 * and each thing is said once. What it does with a device: the conversations.
 */
#include "sample.h"

#include "base/heap.h"
#include "bootstrap/session.h"
#include "lwm2m/format.h"

enum {
	CHANGED = 0x44,
	CONTENT = 0x45,
	DELETED = 0x42,
	BAD_REQUEST = 0x80,
	UNAVAILABLE = 0xa3,
	START = 5000,
	LIFETIME = 240000,
	WAITING = 20000,
};

static struct session *
begun(void)
{
	const struct session_config config = {
	    .id = {1, 2, 3},
	    .pct = FORMAT_SENML_CBOR,
	    .lifetime_ms = LIFETIME,
	    .waiting_ms = WAITING,
	};
	struct session *s = session_new(&config, START);

	assert_non_null(s);
	return s;
}

static struct session_out
next(struct session *s, uint64_t now_ms, enum session_out_kind kind)
{
	struct session_out out;

	assert_true(session_next(s, &out, now_ms));
	assert_int_equal(out.kind, kind);
	return out;
}

static void
nothing(struct session *s, uint64_t now_ms)
{
	struct session_out out;

	assert_false(session_next(s, &out, now_ms));
}

static void
grant(struct session *s, uint64_t now_ms)
{
	struct secret bytes = {0};

	assert_int_equal(sample_build(&sample_usual, &bytes, NULL), RC_OK);
	session_plan(s, &bytes, now_ms);
	assert_int_equal(bytes.len, 0); /* taken, whatever the state */
}

static void
answer(struct session *s, uint8_t code, const char *body, uint64_t now_ms)
{
	session_response(s, code, -1, span_str(body), now_ms);
}

static void
from_the_first_to_the_last(void **state)
{
	struct session *s = begun();
	struct session_out out;

	(void)state;
	assert_int_equal(session_state(s), SESSION_WAITING);
	assert_int_equal(session_id(s)[2], 3);
	next(s, START, SESSION_OUT_ASK);
	nothing(s, START);
	grant(s, START + 10);
	assert_int_equal(session_state(s), SESSION_RUNNING);
	out = next(s, START + 10, SESSION_OUT_RESPOND);
	assert_int_equal(out.code, CHANGED);
	out = next(s, START + 10, SESSION_OUT_COMMAND);
	assert_int_equal(out.command->step->op, PLAN_DISCOVER);
	nothing(s, START + 10); /* one at a time */
	answer(s, CONTENT, "</>;lwm2m=1.1,</0/1>,</1>", START + 20);
	out = next(s, START + 20, SESSION_OUT_COMMAND);
	assert_int_equal(out.command->step->op, PLAN_DELETE);
	answer(s, DELETED, "", START + 30);
	out = next(s, START + 30, SESSION_OUT_COMMAND);
	assert_int_equal(
	    path_compare(out.command->target, LWM2M_INSTANCE(0, 0)), 0);
	answer(s, CHANGED, "", START + 40);
	out = next(s, START + 40, SESSION_OUT_COMMAND);
	assert_int_equal(
	    path_compare(out.command->target, LWM2M_INSTANCE(4711, 3)), 0);
	answer(s, CHANGED, "", START + 50);
	out = next(s, START + 50, SESSION_OUT_COMMAND);
	assert_int_equal(out.command->step->op, PLAN_VERIFY);
	answer(
	    s, CONTENT, "</0/0>;ssid=101,</0/1>,</1/0>;ssid=101", START + 60);
	next(s, START + 60, SESSION_OUT_FINISHING);
	out = next(s, START + 60, SESSION_OUT_COMMAND);
	assert_int_equal(out.command->step->op, PLAN_FINISH);
	nothing(s, START + 60);
	answer(s, CHANGED, "", START + 70);
	assert_int_equal(session_state(s), SESSION_ENDING);
	out = next(s, START + 70, SESSION_OUT_END);
	assert_int_equal(out.verdict->outcome, OUTCOME_OK);
	assert_int_equal(out.verdict->reason, REASON_NONE);
	assert_int_equal(out.verdict->step, 5);
	assert_int_equal(out.verdict->steps, 6);
	assert_int_equal(out.verdict->code, CHANGED);
	assert_int_equal(out.verdict->duration_ms, 70);
	assert_int_equal(out.verdict->commands, 6);
	assert_int_equal(out.verdict->format, FORMAT_SENML_CBOR);
	nothing(s, START + 70);
	session_recorded(s);
	assert_int_equal(session_state(s), SESSION_ENDED);
	assert_true(session_deadline(s) == TIME_NEVER);
	nothing(s, START + 70);
	session_free(s);
}

/* Nothing that comes late or twice changes anything. */
static void
calls_that_make_no_sense(void **state)
{
	struct session *s = begun();
	struct session_out out;

	(void)state;
	session_recorded(s);
	answer(s, CHANGED, "", START);
	assert_int_equal(session_state(s), SESSION_WAITING);
	next(s, START, SESSION_OUT_ASK);
	grant(s, START);
	grant(s, START); /* the question was asked twice */
	session_refused(s, REASON_NO_POLICY, -1, START);
	session_recorded(s);
	assert_int_equal(session_state(s), SESSION_RUNNING);
	next(s, START, SESSION_OUT_RESPOND);
	answer(s, CONTENT, "", START); /* to what? */
	out = next(s, START, SESSION_OUT_COMMAND);
	assert_int_equal(out.command->step->op, PLAN_DISCOVER);
	session_failed(s, REASON_RESET, START);
	assert_int_equal(session_state(s), SESSION_ENDING);
	grant(s, START);
	answer(s, CHANGED, "", START);
	session_failed(s, REASON_NO_ANSWER, START);
	session_abort(s, REASON_CANCELLED, START);
	next(s, START, SESSION_OUT_CANCEL);
	out = next(s, START, SESSION_OUT_END);
	assert_int_equal(out.verdict->reason, REASON_RESET);
	nothing(s, START);
	session_recorded(s);
	session_recorded(s);
	session_tick(s, START + LIFETIME);
	session_abort(s, REASON_CANCELLED, START);
	grant(s, START);
	assert_int_equal(session_state(s), SESSION_ENDED);
	assert_int_equal(out.verdict->reason, REASON_RESET);
	nothing(s, START + LIFETIME);
	session_free(s);
	session_free(NULL);
}

static void
asked_again_each_second(void **state)
{
	struct session *s = begun();

	(void)state;
	next(s, START, SESSION_OUT_ASK);
	for (uint64_t t = START + 1000; t < START + WAITING; t += 1000) {
		assert_int_equal(session_deadline(s), t);
		session_tick(s, t - 1);
		nothing(s, t - 1);
		session_tick(s, t);
		next(s, t, SESSION_OUT_ASK);
		nothing(s, t);
	}
	session_tick(s, START + WAITING);
	assert_int_equal(
	    next(s, START + WAITING, SESSION_OUT_RESPOND).code, UNAVAILABLE);
	assert_int_equal(
	    next(s, START + WAITING, SESSION_OUT_END).verdict->reason,
	    REASON_KEEPER_AWAY);
	/* a plan that comes now is for nobody */
	grant(s, START + WAITING);
	nothing(s, START + WAITING);
	for (uint64_t t = START + WAITING; t < START + 60000; t += 1000) {
		session_tick(s, t + 1000);
		next(s, t + 1000, SESSION_OUT_END);
	}
	session_recorded(s);
	session_free(s);
}

static void
refused(void **state)
{
	struct session *s = begun();
	struct session_out out;

	(void)state;
	next(s, START, SESSION_OUT_ASK);
	session_refused(s, REASON_NO_POLICY, -1, START + 3);
	assert_int_equal(session_state(s), SESSION_ENDED);
	out = next(s, START + 3, SESSION_OUT_RESPOND);
	assert_int_equal(out.code, BAD_REQUEST);
	assert_int_equal(out.max_age_s, -1);
	nothing(s, START + 3); /* the keeper has recorded it itself */
	session_free(s);
}

/* A plan that cannot be read: the device is told to come again. */
static void
a_plan_that_is_none(void **state)
{
	struct session *s = begun();
	struct secret junk = {0};

	(void)state;
	next(s, START, SESSION_OUT_ASK);
	assert_int_equal(secret_set(&junk, SPAN_LIT("no plan")), RC_OK);
	session_plan(s, &junk, START);
	assert_int_equal(junk.len, 0);
	assert_int_equal(next(s, START, SESSION_OUT_RESPOND).code, UNAVAILABLE);
	assert_int_equal(
	    next(s, START, SESSION_OUT_END).verdict->outcome, OUTCOME_FAILED);
	session_free(s);
}

/* A factory's plan has no Finish: as a session it cannot end well. */
static void
a_plan_without_finish(void **state)
{
	struct session *s = begun();
	struct secret bytes = {0};
	struct plan_builder b;

	(void)state;
	plan_begin(&b, &(struct plan_head){.version = 11});
	plan_step(&b, PLAN_DELETE, 0, 0, LWM2M_OBJECT(1));
	assert_int_equal(plan_end(&b, &bytes, NULL), RC_OK);
	next(s, START, SESSION_OUT_ASK);
	session_plan(s, &bytes, START);
	next(s, START, SESSION_OUT_RESPOND);
	next(s, START, SESSION_OUT_COMMAND);
	answer(s, DELETED, "", START);
	assert_int_equal(
	    next(s, START, SESSION_OUT_END).verdict->outcome, OUTCOME_FAILED);
	session_free(s);
}

/* Nobody has asked: there is nobody to answer. */
static void
unsolicited(void **state)
{
	struct session_config c = {
	    .pct = -1,
	    .unsolicited = true,
	    .lifetime_ms = LIFETIME,
	    .waiting_ms = WAITING,
	};
	struct session *s = session_new(&c, START);
	struct session_out out;

	(void)state;
	next(s, START, SESSION_OUT_ASK);
	grant(s, START);
	out = next(s, START, SESSION_OUT_COMMAND);
	assert_int_equal(out.command->step->op, PLAN_DISCOVER);
	session_free(s);
	s = session_new(&c, START);
	next(s, START, SESSION_OUT_ASK);
	session_refused(s, REASON_NO_POLICY, -1, START);
	assert_int_equal(session_state(s), SESSION_ENDED);
	nothing(s, START);
	session_free(s);
}

static struct session *
packing(void)
{
	struct session_config c = {
	    .pct = -1,
	    .pack = true,
	    .lifetime_ms = LIFETIME,
	    .waiting_ms = WAITING,
	};
	struct session *s = session_new(&c, START);

	next(s, START, SESSION_OUT_ASK);
	assert_null(session_get_plan(s));
	session_packed(s, FORMAT_SENML_CBOR, START); /* of what? */
	grant(s, START);
	assert_int_equal(session_get_plan(s)->step_count, 6);
	return s;
}

/* No command goes out; that it was fetched is all that is ever known. */
static void
a_pack(void **state)
{
	struct session *s = packing();
	struct session_out out;

	(void)state;
	session_packed(s, FORMAT_SENML_CBOR, START); /* not yet */
	next(s, START, SESSION_OUT_FINISHING);
	next(s, START, SESSION_OUT_PACK);
	nothing(s, START);
	answer(s, CHANGED, "", START);
	nothing(s, START);
	session_packed(s, FORMAT_SENML_CBOR, START + 5);
	out = next(s, START + 5, SESSION_OUT_END);
	assert_int_equal(out.verdict->outcome, OUTCOME_UNKNOWN);
	assert_int_equal(out.verdict->reason, REASON_PACK_SENT);
	assert_int_equal(out.verdict->format, FORMAT_SENML_CBOR);
	session_recorded(s);
	session_free(s);
}

static void
a_pack_that_is_not_fetched(void **state)
{
	struct session *s = packing();
	struct session_out out;

	(void)state;
	next(s, START, SESSION_OUT_FINISHING);
	next(s, START, SESSION_OUT_PACK);
	session_failed(s, REASON_PACK_UNFETCHED, START);
	out = next(s, START, SESSION_OUT_END);
	assert_int_equal(out.verdict->outcome, OUTCOME_FAILED);
	assert_int_equal(out.verdict->reason, REASON_PACK_UNFETCHED);
	session_free(s);
	s = packing();
	session_tick(s, START + LIFETIME);
	out = next(s, START, SESSION_OUT_END);
	assert_int_equal(out.verdict->outcome, OUTCOME_FAILED);
	assert_int_equal(out.verdict->reason, REASON_PACK_UNFETCHED);
	session_free(s);
}

/* When to come again: as the keeper says; else spread by the random ID. */
static void
come_again(void **state)
{
	static const struct {
		enum reason why;
		int32_t said;
		uint8_t id;
		int32_t max_age;
	} cases[] = {
	    {REASON_BUSY, -1, 0, 15},
	    {REASON_BUSY, -1, 30, 45},
	    {REASON_BUSY, -1, 31, 15},
	    {REASON_BUSY, 7, 30, 7},
	    {REASON_TOO_OFTEN, 3600, 0, 3600},
	    {REASON_TOO_OFTEN, -1, 1, 16},
	    {REASON_NO_POLICY, 7, 0, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct session_config c = {
		    .id = {cases[i].id},
		    .pct = -1,
		    .lifetime_ms = LIFETIME,
		    .waiting_ms = WAITING,
		};
		struct session *s = session_new(&c, START);

		next(s, START, SESSION_OUT_ASK);
		session_refused(s, cases[i].why, cases[i].said, START);
		assert_int_equal(next(s, START, SESSION_OUT_RESPOND).max_age_s,
		    cases[i].max_age);
		session_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(from_the_first_to_the_last),
	    cmocka_unit_test(calls_that_make_no_sense),
	    cmocka_unit_test(asked_again_each_second),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(a_plan_that_is_none),
	    cmocka_unit_test(a_plan_without_finish),
	    cmocka_unit_test(unsolicited),
	    cmocka_unit_test(a_pack),
	    cmocka_unit_test(a_pack_that_is_not_fetched),
	    cmocka_unit_test(come_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
