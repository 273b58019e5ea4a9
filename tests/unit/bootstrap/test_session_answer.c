/* What an answer of the device means: Verify and whose account it is, Finish
 * and its correction. */
#include "walked.h"

#include "lwm2m/format.h"
#include "lwm2m/object.h"

static const struct plan_head head = {
    .max_message = 500,
    .block_size = 1024,
    .version = 11,
    .own = LWM2M_ID_NONE,
    .ssids = {101},
    .account_count = 1,
};

static const struct session_config usual = {.pct = FORMAT_TLV};

static void
put_write(struct plan_builder *b)
{
	plan_step(b, PLAN_WRITE, 0, 1, LWM2M_INSTANCE(0, 0));
	walked_put(b, LWM2M_RESOURCE(0, 0, 2), 3);
}

static void
put_finish(struct plan_builder *b)
{
	plan_step(b, PLAN_FINISH, 0, 0, LWM2M_ROOT);
}

/* One account of ours, the same as before: all others are somebody's. */
static void
whose_account_it_is(void **state)
{
	static const struct {
		const char *before; /* NULL: Discover failed */
		int own; /* as the profile says, -1: it does not */
		const char *after;
		enum reason reason;
	} cases[] = {
	    {"</0/1>", -1, "</0/1>,</0/0>;ssid=101", REASON_NONE},
	    {"</0/1>", -1, "</0/1>,</0/0>;ssid=101,</0/2>;ssid=0", REASON_NONE},
	    {"</0/1>", -1, "</0/2>,</0/0>;ssid=101", REASON_VERIFY_MISMATCH},
	    {"</0/1>", -1, "</0/1>,</0/0>;ssid=101,</0/2>",
		REASON_VERIFY_MISMATCH},
	    {"</0/1>", -1, "</0/0>;ssid=101", REASON_VERIFY_MISMATCH},
	    {"</0/1>", -1, "</0/1>;ssid=5,</0/0>;ssid=101",
		REASON_VERIFY_MISMATCH},
	    {"</0/1>", -1, "", REASON_VERIFY_UNAVAILABLE},
	    {"</0/1>", -1, "</>;lwm2m=1.1,</0>,</1>",
		REASON_VERIFY_UNAVAILABLE},
	    {"</0/1>", -1, "\xff\xfe not links", REASON_VERIFY_UNAVAILABLE},
	    {NULL, -1, "</0/7>,</0/100>;ssid=101", REASON_NONE},
	    {NULL, -1, "</0/7>,</0/100>;ssid=101,</0/8>",
		REASON_VERIFY_MISMATCH},
	    {NULL, 7, "</0/7>,</0/100>;ssid=101", REASON_NONE},
	    {NULL, 7, "</0/8>,</0/100>;ssid=101", REASON_VERIFY_MISMATCH},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan_head h = head;
		struct session_verdict v;
		struct plan_builder b;
		struct session *s;

		if (cases[i].own >= 0)
			h.own = (uint16_t)cases[i].own;
		plan_begin(&b, &h);
		plan_step(&b, PLAN_DISCOVER, 0, 0, LWM2M_ROOT);
		put_write(&b);
		plan_step(&b, PLAN_VERIFY, 0, 0, LWM2M_ROOT);
		put_finish(&b);
		s = walked_new(&usual, &b);
		(void)walked_command(s);
		if (cases[i].before)
			walked_answer_with(s, A_CONTENT, FORMAT_LINK,
			    span_str(cases[i].before));
		else
			walked_answer(s, A_NOT_FOUND);
		(void)walked_command(s);
		walked_answer(s, A_CHANGED);
		(void)walked_command(s);
		walked_answer_with(
		    s, A_CONTENT, FORMAT_LINK, span_str(cases[i].after));
		if (cases[i].reason == REASON_NONE) {
			(void)walked_command(s);
			walked_answer(s, A_CHANGED);
		}
		v = walked_end(s);
		if (v.reason != cases[i].reason)
			fail_msg(
			    "%s: %s", cases[i].after, reason_code(v.reason));
	}
}

/* Whose it is may be left unsaid of an OSCORE context, and of nothing else. */
static void
whose_context_it_is(void **state)
{
	static const struct {
		const char *after;
		enum reason reason;
	} cases[] = {
	    {"</0/1>,</0/0>;ssid=101,</21/0>;ssid=101", REASON_NONE},
	    {"</0/1>,</0/0>;ssid=101,</21/0>", REASON_NONE},
	    {"</0/1>,</0/0>;ssid=101,</21/0>;ssid=7", REASON_VERIFY_MISMATCH},
	    {"</0/1>,</0/0>;ssid=101,</21/1>;ssid=101", REASON_VERIFY_MISMATCH},
	    {"</0/1>,</0/0>;ssid=101,</21>", REASON_VERIFY_MISMATCH},
	    {"</0/1>,</0/0>,</21/0>", REASON_VERIFY_MISMATCH},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct session_verdict v;
		struct plan_builder b;
		struct session *s;

		plan_begin(&b, &head);
		plan_step(&b, PLAN_DISCOVER, 0, 0, LWM2M_ROOT);
		put_write(&b);
		plan_step(
		    &b, PLAN_WRITE, 0, 1, LWM2M_INSTANCE(OBJECT_OSCORE, 0));
		walked_put(&b, LWM2M_RESOURCE(OBJECT_OSCORE, 0, 3), 10);
		plan_step(&b, PLAN_VERIFY, 0, 0, LWM2M_ROOT);
		put_finish(&b);
		s = walked_new(&usual, &b);
		(void)walked_command(s);
		walked_answer_with(
		    s, A_CONTENT, FORMAT_LINK, SPAN_LIT("</0/1>,</21>"));
		for (int n = 0; n < 2; n++) {
			(void)walked_command(s);
			walked_answer(s, A_CHANGED);
		}
		(void)walked_command(s);
		walked_answer_with(
		    s, A_CONTENT, FORMAT_LINK, span_str(cases[i].after));
		if (cases[i].reason == REASON_NONE) {
			(void)walked_command(s);
			walked_answer(s, A_CHANGED);
		}
		v = walked_end(s);
		if (v.reason != cases[i].reason)
			fail_msg(
			    "%s: %s", cases[i].after, reason_code(v.reason));
	}
}

/** Write, Finish; then Delete of /1, Write, Finish. */
static struct session *
with_correction(void)
{
	struct plan_builder b;

	plan_begin(&b, &head);
	put_write(&b);
	put_finish(&b);
	plan_step(&b, PLAN_DELETE, 0, 0, LWM2M_OBJECT(1));
	put_write(&b);
	put_finish(&b);
	return walked_new(&usual, &b);
}

static struct session *
refused_once(void)
{
	struct session *s = with_correction();

	assert_int_equal(walked_command(s)->method, 3);
	walked_answer(s, A_CHANGED);
	assert_int_equal(walked_command(s)->method, 2);
	walked_answer(s, A_NOT_ACCEPTABLE);
	assert_int_equal(walked_command(s)->method, 4);
	walked_answer(s, A_DELETED);
	assert_int_equal(walked_command(s)->method, 3);
	walked_answer(s, A_CHANGED);
	return s;
}

static void
not_needed(void **state)
{
	struct session *s = with_correction();
	struct session_verdict v;

	(void)state;
	(void)walked_command(s);
	walked_answer(s, A_CHANGED);
	(void)walked_command(s);
	walked_answer(s, A_CHANGED);
	v = walked_end(s);
	assert_int_equal(v.outcome, OUTCOME_OK);
	assert_int_equal(v.step, 1);
	assert_int_equal(v.steps, 2);
}

static void
corrected(void **state)
{
	struct session *s = refused_once();
	struct session_out out;
	struct session_verdict v;

	(void)state;
	/* the keeper is told of this Finish as of the first */
	assert_true(session_next(s, &out, 0));
	assert_int_equal(out.kind, SESSION_OUT_FINISHING);
	assert_int_equal(walked_command(s)->method, 2);
	walked_answer(s, A_CHANGED);
	v = walked_end(s);
	assert_int_equal(v.outcome, OUTCOME_OK);
	assert_int_equal(v.step, 4);
	assert_int_equal(v.steps, 5);
	assert_int_equal(v.commands, 5);
}

static void
refused_again(void **state)
{
	struct session *s = refused_once();
	struct session_verdict v;

	(void)state;
	(void)walked_command(s);
	walked_answer(s, A_NOT_ACCEPTABLE);
	v = walked_end(s);
	assert_int_equal(v.outcome, OUTCOME_FAILED);
	assert_int_equal(v.reason, REASON_FINISH_REFUSED);
	assert_int_equal(v.step, 4);
}

/* Only 4.06 says that something is to be corrected. */
static void
refused_for_another_reason(void **state)
{
	static const uint8_t codes[] = {
	    A_BAD_REQUEST, A_NOT_FOUND, A_INTERNAL, A_CONTENT, A_DELETED};

	(void)state;
	for (size_t i = 0; i < sizeof(codes); i++) {
		struct session *s = with_correction();
		struct session_verdict v;

		(void)walked_command(s);
		walked_answer(s, A_CHANGED);
		(void)walked_command(s);
		walked_answer(s, codes[i]);
		v = walked_end(s);
		assert_int_equal(v.outcome, OUTCOME_FAILED);
		assert_int_equal(v.reason, REASON_FINISH_REFUSED);
		assert_int_equal(v.code, codes[i]);
		assert_int_equal(v.steps, 2);
	}
}

/* The device has refused the first Finish: what goes wrong in between is no
 * bootstrap that may have worked. */
static void
silent_in_the_correction(void **state)
{
	struct session *s = with_correction();
	struct session_out out;

	(void)state;
	(void)walked_command(s);
	walked_answer(s, A_CHANGED);
	(void)walked_command(s);
	walked_answer(s, A_NOT_ACCEPTABLE);
	(void)walked_command(s);
	session_failed(s, REASON_NO_ANSWER, 0);
	(void)walked_command(s); /* once more, as a new message */
	session_failed(s, REASON_NO_ANSWER, 0);
	assert_true(session_next(s, &out, 0));
	assert_int_equal(out.kind, SESSION_OUT_CANCEL);
	assert_int_equal(walked_end(s).outcome, OUTCOME_FAILED);
	/* and of the second Finish nobody knows */
	s = refused_once();
	(void)walked_command(s);
	session_failed(s, REASON_NO_ANSWER, 0);
	assert_true(session_next(s, &out, 0));
	assert_int_equal(out.kind, SESSION_OUT_CANCEL);
	assert_int_equal(walked_end(s).outcome, OUTCOME_UNKNOWN);
}

/* on_failure: clean. Who is gone is not asked to delete anything. */
static void
who_is_gone_is_not_cleaned(void **state)
{
	static const enum reason gone[] = {
	    REASON_NO_ANSWER, REASON_RESET, REASON_PEER_GONE, REASON_CANCELLED};
	struct plan_head h = head;

	(void)state;
	h.flags = PLAN_CLEAN_ON_FAILURE;
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		struct session_out out;
		struct plan_builder b;
		struct session *s;

		plan_begin(&b, &h);
		put_write(&b);
		plan_step(&b, PLAN_VERIFY, 0, 0, LWM2M_ROOT);
		put_finish(&b);
		s = walked_new(&usual, &b);
		(void)walked_command(s);
		walked_answer(s, A_CHANGED);
		(void)walked_command(s);
		session_failed(s, gone[i], 0);
		if (gone[i] == REASON_NO_ANSWER) {
			(void)walked_command(s); /* as a new message */
			session_failed(s, gone[i], 0);
		}
		assert_true(session_next(s, &out, 0));
		assert_int_equal(out.kind, SESSION_OUT_CANCEL);
		assert_int_equal(walked_end(s).reason, gone[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whose_account_it_is),
	    cmocka_unit_test(whose_context_it_is),
	    cmocka_unit_test(not_needed),
	    cmocka_unit_test(corrected),
	    cmocka_unit_test(refused_again),
	    cmocka_unit_test(refused_for_another_reason),
	    cmocka_unit_test(silent_in_the_correction),
	    cmocka_unit_test(who_is_gone_is_not_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
