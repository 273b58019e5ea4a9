/* What a Bootstrap-Request gets, and when. */
#include "stage.h"

#define PLAY(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

static void
goes_on_to_the_end(void)
{
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict("ok ok 2/3 2.04");
	boots(0);
}

/* The whole of it, once: Discover, Delete, Write, Finish. */
static void
a_bootstrap(void **state)
{
	(void)state;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON GET / accept=40");
	answer_with("ACK 2.05 cf=40", "</>;lwm2m=1.1,</0/1>,</1>,</3/0>");
	expect("CON DELETE /0");
	answer("ACK 2.02");
	expect("CON DELETE /1");
	answer("ACK 2.02");
	expect("CON PUT /0/0 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON POST /bs");
	assert_int_equal(stage.keeper.finishing, 1);
	no_verdict();
	answer("ACK 2.04");
	verdict("ok ok 5/6 2.04");
	boots(0);
}

/* bootstrap.md 4.1: a retransmission gets the same answer and nothing else. */
static void
a_retransmission_does_not_supersede(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	says_again();
	expect("ACK 2.04");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	says_again();
	expect("ACK 2.04");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict("ok ok 2/3 2.04");
	/* afterwards too, for EXCHANGE_LIFETIME */
	says_again();
	expect("ACK 2.04");
	pass(200000);
	says_again();
	expect("ACK 2.04");
	assert_int_equal(stage.keeper.begins, 1);
}

/* The newest request wins (bootstrap.md 4.1, 7). */
static void
a_new_request_supersedes(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	says("CON POST /bs?ep=dev-1&pct=112");
	verdict("failed superseded 0/3 -");
	expect("ACK 2.04");
	goes_on_to_the_end();
	assert_int_equal(stage.keeper.begins, 2);
}

/* An answer to the old session's command is no answer to the new one's. */
static void
an_answer_of_the_old_session_comes_late(void **state)
{
	struct coap_message old;

	(void)state;
	stage.keeper.wish = wish_short;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	old = stage.heard;
	says("CON POST /bs?ep=dev-1&pct=112");
	verdict("failed superseded 0/3 -");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	{
		struct coap_message new = stage.heard;

		stage.heard = old;
		answer("ACK 4.00");
		silence();
		stage.heard = new;
	}
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict("ok ok 2/3 2.04");
}

/* While the keeper thinks, too: its answer to the old one is dropped. */
static void
a_new_request_supersedes_a_waiting_one(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.keeper.delay_ms = 300;
	says("CON POST /bs?ep=dev-1&pct=112");
	pass(200);
	says("CON POST /bs?ep=dev-1&pct=112");
	verdict("failed superseded 0/0 -");
	pass(200);
	silence();
	pass(100);
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	pass(300);
	verdict("ok ok 2/3 2.04");
	boots(0);
	/* the first request is never answered, only acknowledged */
	pass(500);
	expect("ACK");
}

/* The same device on another port is another peer: the keeper ends the older
 * bootstrap, which this worker or another one holds. */
static void
the_device_comes_back_from_another_port(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	moves(40001);
	says("CON POST /bs?ep=dev-1&pct=112");
	verdict("failed superseded 0/3 -");
	expect("ACK 2.04");
	goes_on_to_the_end();
}

/* What is wrong with a request goes to the keeper, who records it. */
static void
malformed_requests(void **state)
{
	static const char *const requests[] = {
	    "CON POST /bs?ep=a&ep=b",
	    "CON POST /bs?ep=&pct=112",
	    "CON POST /bs?ep=a&pct=",
	    "CON POST /bs?ep=a&pct=eleven",
	    "CON POST /bs?ep=a&pct=-1",
	    "CON POST /bs?ep=a&pct=0112",
	    "CON POST /bs?ep=a&pct=112&pct=112",
	    "CON POST /bs?ep=a&pct=2147483648",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		says(requests[i]);
		expect("ACK 4.00");
		assert_int_equal(stage.keeper.fault, REASON_REQUEST_MALFORMED);
		assert_int_equal(stage.keeper.endpoint_len, 0);
		assert_int_equal(stage.keeper.pct, -1);
		no_verdict();
	}
	boots(0);
}

/* Queries in any order, unknown ones ignored; what the keeper gets to hear. */
static void
the_query(void **state)
{
	(void)state;
	stage.keeper.refuses = REASON_NO_POLICY;
	says("CON POST /bs?pct=11542&x=y&ep=urn:dev:ops:1-2-3&b");
	expect("ACK 4.00");
	assert_true(
	    span_is(span_of(stage.keeper.endpoint, stage.keeper.endpoint_len),
		"urn:dev:ops:1-2-3"));
	assert_int_equal(stage.keeper.pct, 11542);
	assert_int_equal(stage.keeper.fault, REASON_NONE);
	says("CON POST /bs");
	expect("ACK 4.00");
	assert_int_equal(stage.keeper.endpoint_len, 0);
	assert_int_equal(stage.keeper.pct, -1);
	assert_int_equal(stage.keeper.fault, REASON_NONE);
}

/* Everything that is not a Bootstrap-Request, and the keeper never hears. */
static void
other_requests(void **state)
{
	static const struct {
		const char *request, *answer;
	} cases[] = {
	    {"CON GET /bs", "ACK 4.05"}, {"CON PUT /bs", "ACK 4.05"},
	    {"CON DELETE /bs?ep=dev-1", "ACK 4.05"},
	    {"CON POST /bspack?ep=dev-1 accept=112", "ACK 4.05"},
	    {"CON POST /bspack", "ACK 4.05"}, {"CON GET /", "ACK 4.04"},
	    {"CON POST /rd?ep=dev-1", "ACK 4.04"},
	    {"CON POST /bs/1?ep=dev-1", "ACK 4.04"},
	    {"CON POST /x/bs?ep=dev-1", "ACK 4.04"},
	    {"CON GET /.well-known/core", "ACK 4.04"},
	    {"CON POST /bs?ep=dev-1 if-match=1", "ACK 4.02"},
	    {"CON POST /bs?ep=dev-1 proxy=1", "ACK 5.05"},
	    {"CON", "RST"}, /* a CoAP ping */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		says(cases[i].request);
		expect(cases[i].answer);
		assert_int_equal(stage.worker.peers.count, 0);
	}
	assert_int_equal(stage.keeper.asked, 0);
	/* elective options are none of our business */
	stage.keeper.refuses = REASON_NO_POLICY;
	says("CON POST /bs?ep=dev-1 observe=0");
	expect("ACK 4.00");
}

/* bootstrap.md 4.1: all is CON here; a NON request is malformed. */
static void
a_request_that_is_not_confirmable(void **state)
{
	(void)state;
	says("NON POST /bs?ep=dev-1");
	expect("NON 4.00");
	assert_int_equal(stage.keeper.fault, REASON_REQUEST_MALFORMED);
}

/* An association that never says anything sensible leaves nothing behind. */
static void
noise(void **state)
{
	static const uint8_t junk[] = {
	    0x4f, 0x02, 0x12, 0x34, 0xff, 0xff, 0xff, 0xff};

	(void)state;
	says_bytes(span_of("", 0));
	says_bytes(SPAN_LIT("\x40"));
	says_bytes(SPAN_LIT("\x16\xfe\xfd hello"));
	says_bytes(SPAN_LIT("\x80\x02\x12\x34"));
	silence();
	says_bytes(span_of(junk, sizeof(junk)));
	expect("RST");
	says("ACK 2.04");
	says("NON 2.05");
	silence();
	says("CON 2.05");
	expect("RST");
	assert_int_equal(stage.worker.peers.count, 0);
	assert_int_equal(stage.keeper.asked, 0);
}

/** So many strangers, none of whom is served: they are not all told to come
 *  back at the same time. */
static void
refused_apart(void)
{
	bool apart = false;
	uint32_t first = 0;

	moves(40001);
	for (unsigned i = 0; i < 20; i++) {
		const struct coap_option *o;
		uint32_t max_age = 0;

		says("CON POST /bs?ep=dev-2&pct=112");
		hear();
		assert_int_equal(stage.came.code, COAP_UNAVAILABLE);
		o = coap_find(&stage.came, COAP_MAX_AGE);
		assert_true(o && coap_uint_value(o->value, &max_age));
		assert_in_range(
		    max_age, PEER_RETRY_AFTER_S / 2, 2 * PEER_RETRY_AFTER_S);
		if (i == 0)
			first = max_age;
		apart |= max_age != first;
	}
	assert_true(apart);
	moves(40000);
}

/* The pool is full: 5.03 at once, and those who are in go on. */
static void
no_room(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	stage.worker.boots_max = 1;
	says("CON POST /bs?ep=dev-1&pct=112");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	{
		struct coap_message open = stage.heard;

		refused_apart();
		stage.heard = open;
	}
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict("ok ok 2/3 2.04");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(a_bootstrap),
	    PLAY(a_retransmission_does_not_supersede),
	    PLAY(a_new_request_supersedes),
	    PLAY(an_answer_of_the_old_session_comes_late),
	    PLAY(a_new_request_supersedes_a_waiting_one),
	    PLAY(the_device_comes_back_from_another_port),
	    PLAY(malformed_requests),
	    PLAY(the_query),
	    PLAY(other_requests),
	    PLAY(a_request_that_is_not_confirmable),
	    PLAY(noise),
	    PLAY(no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
