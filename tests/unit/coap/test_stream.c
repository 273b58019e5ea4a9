/* A connection: requests and responses both ways, RFC 8323 sections 3.3, 3.4. */
#include "stream_trace.h"

#include <stdio.h>

#define STREAM_TEST(f) \
	cmocka_unit_test_setup_teardown(f, stream_setup, trace_teardown)
#define BARE_TEST(f) \
	cmocka_unit_test_setup_teardown(f, stream_setup_bare, trace_teardown)

#define BS "b2'bs' 45'ep=d1'" /* 9 bytes */

static void
csm_first(void **state)
{
	(void)state;
	/* Ours does not wait for the peer's. */
	wakes(10000);
	goes("40 e1 22 4000 20");
	at(3000);
	comes(CSM);
	at(3000);
	wakes(TIME_NEVER);
	assert_int_equal(coap_peer_end(trace.peer).kind, COAP_END_NONE);
	assert_true(coap_peer_keep_until(trace.peer) <= trace.now_ms);
}

static void
request_and_answer(void **state)
{
	uint32_t ref;

	(void)state;
	comes("94 02 a1b2c3d4 " BS);
	ref = asked(COAP_POST);
	respond(ref, COAP_CHANGED);
	goes("04 44 a1b2c3d4");
	/* A second answer there is not. */
	assert_int_equal(coap_peer_respond(trace.peer, ref,
			     &(struct coap_response){.code = COAP_CHANGED,
				 .content_format = COAP_FORMAT_NONE,
				 .max_age_s = -1},
			     trace.now_ms),
	    RC_NOT_FOUND);
	assert_int_equal(
	    coap_peer_respond(trace.peer, 0,
		&(struct coap_response){.code = COAP_CHANGED}, trace.now_ms),
	    RC_NOT_FOUND);
}

/* Nothing is a duplicate here: the same bytes are another request. */
static void
no_deduplication(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		comes("94 02 a1b2c3d4 " BS);
		respond(asked(COAP_POST), COAP_CHANGED);
		goes("04 44 a1b2c3d4");
	}
	assert_int_equal(coap_peer_counters(trace.peer)->duplicate, 0);
}

/* A token that is in use is used again: two requests, two answers. */
static void
a_token_used_twice(void **state)
{
	uint32_t first, second;

	(void)state;
	comes("94 02 a1b2c3d4 " BS);
	first = asked(COAP_POST);
	comes("94 02 a1b2c3d4 " BS);
	second = asked(COAP_POST);
	assert_int_not_equal(first, second);
	respond(second, COAP_CHANGED);
	goes("04 44 a1b2c3d4");
	respond(first, COAP_BAD_REQUEST);
	goes("04 80 a1b2c3d4");
}

static void
several_in_one_piece(void **state)
{
	uint32_t ref;

	(void)state;
	request(get_root());
	goes("38 01 T0 d10428");
	/* The answer to ours, a request, and the beginning of a Ping. */
	comes("98 45 T0 c128 ff '</1/0>' 90 02 " BS " 00");
	answered(COAP_CONTENT, "'</1/0>'");
	ref = asked(COAP_POST);
	comes("e2");
	goes("00 e3");
	respond(ref, COAP_CHANGED);
	goes("00 44");
}

static void
four_at_once_and_no_more(void **state)
{
	uint32_t refs[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		comes("91 02 aa " BS);
		refs[i] = asked(COAP_POST);
	}
	comes("91 02 bb " BS);
	goes("31 a3 bb d1 01 05"); /* 5.03, Max-Age 5 */
	respond(refs[2], COAP_CHANGED);
	goes("01 44 aa");
	comes("91 02 cc " BS);
	refs[2] = asked(COAP_POST);
	for (unsigned i = 0; i < 4; i++)
		respond(refs[i], COAP_CHANGED);
	goes("01 44 aa 01 44 aa 01 44 cc 01 44 aa");
}

static void
what_an_answer_can_say(void **state)
{
	static const uint8_t etag[] = {0xe1, 0xe2};
	const struct coap_option options[] = {
	    {COAP_BLOCK2, SPAN_LIT("\x0e")},
	    {COAP_ETAG, span_of(etag, sizeof(etag))},
	};
	struct coap_response rs = {
	    .code = COAP_CONTENT,
	    .content_format = 112,
	    .max_age_s = 60,
	    .payload = span_of(trace.body, 4096),
	    .options = options,
	    .option_count = 2,
	};
	uint32_t ref;

	(void)state;
	comes("51 01 07 b2'bs' 6170");
	ref = asked(COAP_GET);
	assert_int_equal(
	    coap_peer_respond(trace.peer, ref, &rs, trace.now_ms), RC_OK);
	goes("e1 0efd 45 07 42e1e2 8170 213c 910e ff {0+4096}");
	/* What the peer does not take is not sent, and can be said smaller. */
	comes("51 01 08 b2'bs' 6170");
	ref = asked(COAP_GET);
	rs.payload.len = 8192;
	assert_int_equal(coap_peer_respond(trace.peer, ref, &rs, trace.now_ms),
	    RC_TOO_LARGE);
	rs.code = COAP_GET;
	assert_int_equal(
	    coap_peer_respond(trace.peer, ref, &rs, trace.now_ms), RC_BUG);
	respond(ref, COAP_CHANGED);
	goes("01 44 08");
}

static void
our_request(void **state)
{
	struct coap_request rq = get_root();

	(void)state;
	request(rq);
	goes("38 01 T0 d10428");
	/* Nothing is sent again, however long it takes. */
	wakes(93000);
	at(92999);
	comes("98 45 T0 c128 ff '</1/0>'");
	answered(COAP_CONTENT, "'</1/0>'");
	request(rq);
	goes("38 01 T1 d10428");
	comes("08 84 T1");
	answered(COAP_NOT_FOUND, "");
	assert_int_equal(coap_peer_counters(trace.peer)->retransmitted, 0);
}

static void
until_when_an_answer_is_waited_for(void **state)
{
	struct coap_request rq = get_root();

	(void)state;
	request(rq);
	goes("38 01 T0 d10428");
	wakes(93000);
	at(92999);
	at(93000);
	ended(COAP_EVENT_TIMEOUT);
	comes("08 45 T0"); /* late: nobody waits for it */
	rq.timeout_ms = 215500; /* by argument */
	request(rq);
	goes("38 01 T1 d10428");
	wakes(93000 + 215500);
	comes("08 45 T0"); /* still not ours */
	at(93000 + 215500);
	ended(COAP_EVENT_TIMEOUT);
}

static void
one_request_at_a_time(void **state)
{
	struct coap_request rq = get_root();
	uint32_t ref;

	(void)state;
	request(rq);
	assert_int_equal(coap_peer_request(trace.peer, &rq, trace.now_ms, &ref),
	    RC_CONFLICT);
	goes("38 01 T0 d10428");
	coap_peer_cancel(trace.peer);
	comes("08 45 T0");
	rq.path_count = 1; /* an empty segment */
	assert_int_equal(
	    coap_peer_request(trace.peer, &rq, trace.now_ms, &ref), RC_BUG);
	rq.path_count = COAP_PATH_MAX + 1;
	assert_int_equal(coap_peer_request(trace.peer, &rq, trace.now_ms, &ref),
	    RC_TOO_LARGE);
}

/* What has begun to leave is finished, whatever becomes of its request. */
static void
cancelled_halfway(void **state)
{
	(void)state;
	ask(get_root());
	goes("38 01 0102");
	coap_peer_cancel(trace.peer);
	ask(get_root());
	comes("00 e2");
	goes("030405060708 d10428"); /* of the first */
	goes("00 e3");
	goes("38 01 T1");
	coap_peer_cancel(trace.peer);
	coap_peer_cancel(trace.peer);
	ask(get_root());
	coap_peer_cancel(trace.peer); /* never seen by anyone */
	goes("d10428");
	ask(get_root());
	goes("38 01 T3 d10428");
	coap_peer_cancel(trace.peer);
}

/* A peer that answers what it has not read to its end. */
static void
answered_halfway(void **state)
{
	struct coap_request rq = put_server(9000);

	(void)state;
	request(rq);
	goes("e8 1b02 03 T0 b1310130122d16 d1020f d2142328 ff {0+7000}");
	comes("38 5f T0 d10e0f");
	goes("{7000+168}"); /* the first block, to its end */
	goes("e8 0626 03 T1 b1310130122d16 d10277 ff {7168+1832}");
	comes("38 44 T1 d10e77");
	answered(COAP_CHANGED, "");
}

/* Answers go first, as they were given first; but nothing goes between two
 * pieces of a message. */
static void
answers_go_first(void **state)
{
	uint32_t ref;

	(void)state;
	comes("91 02 aa " BS);
	ref = asked(COAP_POST);
	respond(ref, COAP_CHANGED);
	ask(get_root());
	goes("01 44 aa 38 01 0102");
	comes("00 e2");
	goes("030405060708 d10428 00 e3");
	coap_peer_cancel(trace.peer);
}

static void
options_that_are_not_known(void **state)
{
	(void)state;
	comes("21 02 aa 9100"); /* OSCORE */
	goes("01 82 aa");
	comes("61 01 aa d41661626364"); /* Proxy-Uri */
	goes("01 a5 aa");
	comes("11 01 aa 10"); /* If-Match */
	goes("01 82 aa");
	request(get_root());
	goes("38 01 T0 d10428");
	comes("28 45 T0 9100");
	failed("the answer has a critical option that is not known");
}

static void
too_many_options(void **state)
{
	char path[200], text[300];

	(void)state;
	memset(path, '0', 2 * 33);
	path[2 * 33] = 0;
	/* Accept, then 33 empty ones of number 17: too many at any rate. */
	snprintf(text, sizeof(text), "d1 16 02 aa d004 %s", path);
	comes(text);
	goes("01 82 aa");
	request(get_root());
	goes("38 01 T0 d10428");
	snprintf(text, sizeof(text), "d8 16 45 T0 d004 %s", path);
	comes(text);
	failed("the answer has more options than we take");
}

static void
unasked_responses(void **state)
{
	(void)state;
	comes("08 45 T0"); /* before there was any request */
	comes("00 44");
	request(get_root());
	goes("38 01 T0 d10428");
	comes("08 45 T1 18 45 T0 60 07 45 01020304050607"); /* others */
	answered(COAP_CONTENT, "");
	comes("18 45 T0 60"); /* its answer, once more */
}

static void
empty_messages(void **state)
{
	(void)state;
	goes(OUR_CSM);
	comes("00 00 a4 00 01020304 ffffffffffffffffffff"); /* before the CSM */
	comes(CSM);
	for (unsigned i = 0; i < 1000; i++)
		comes("00 00 10 00 ff");
	assert_int_equal(coap_peer_end(trace.peer).kind, COAP_END_NONE);
}

static void
how_it_breaks(void **state)
{
	static const struct {
		const char *bytes;
		const char *why;
	} cases[] = {
	    {"19 02", "a token of more than 8 bytes"},
	    {"0f 02", "a token of more than 8 bytes"},
	    {"10 02 ff", "a message with a format error"},
	    {"20 45 b2ff", "a message with a format error"},
	    {"10 02 0f", "a message with a format error"},
	    {"00 20", "a message of a reserved code class"},
	    {"00 3f", "a message of a reserved code class"},
	    {"00 c0", "a message of a reserved code class"},
	    {"e0 3ef4", "a message above Max-Message-Size"},
	    {"f0 00000000", "a message above Max-Message-Size"},
	    {"f0 ffffffff", "a message above Max-Message-Size"},
	    {"e8 ffff 02", "a message above Max-Message-Size"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		connect_peer();
		exchange_csm(OUR_CSM, CSM);
		comes("91 02 aa " BS);
		asked(COAP_POST);
		request(get_root());
		goes("38 01 T0 d10428");
		comes(cases[i].bytes);
		gone(cases[i].why);
		aborts(COAP_END_FAULT, cases[i].why);
		assert_int_equal(coap_peer_counters(trace.peer)->malformed, 1);
		/* Nothing is heard any more, nothing can be said. */
		comes("00 e2 91 02 aa " BS);
		over(COAP_END_FAULT);
		assert_int_equal(coap_peer_request(trace.peer,
				     &(struct coap_request){.method = COAP_GET},
				     trace.now_ms, &(uint32_t){0}),
		    RC_IO);
	}
}

/* The largest message that we announce is taken, in pieces too. */
static void
the_largest_message(void **state)
{
	(void)state;
	comes("e1 3ef3 02 aa " BS " ff {0+8000}");
	comes("{8000+8374}");
	respond(asked(COAP_POST), COAP_CHANGED);
	goes("01 44 aa");
}

static void
no_csm_first(void **state)
{
	static const char *const cases[] = {
	    ("91 02 aa " BS), "00 e2", "00 45", "00 e4", "00 e6"};
	static const char why[] = "the first message is not a CSM";

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		connect_peer();
		goes(OUR_CSM);
		comes(cases[i]);
		aborts(COAP_END_FAULT, why);
	}
}

/* Events that the owner leaves where they are. */
static void
input_that_nobody_reads(void **state)
{
	(void)state;
	comes("91 02 aa " BS " 91 02 bb " BS);
	assert_int_equal(asked(COAP_POST), 1);
	coap_peer_receive(trace.peer, SPAN_LIT("\x00\xe2"), trace.now_ms);
	aborts(COAP_END_FAULT, "input was lost here");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BARE_TEST(csm_first),
	    STREAM_TEST(request_and_answer),
	    STREAM_TEST(no_deduplication),
	    STREAM_TEST(a_token_used_twice),
	    STREAM_TEST(several_in_one_piece),
	    STREAM_TEST(four_at_once_and_no_more),
	    STREAM_TEST(what_an_answer_can_say),
	    STREAM_TEST(our_request),
	    STREAM_TEST(until_when_an_answer_is_waited_for),
	    STREAM_TEST(one_request_at_a_time),
	    STREAM_TEST(cancelled_halfway),
	    STREAM_TEST(answered_halfway),
	    STREAM_TEST(answers_go_first),
	    STREAM_TEST(options_that_are_not_known),
	    STREAM_TEST(too_many_options),
	    STREAM_TEST(unasked_responses),
	    BARE_TEST(empty_messages),
	    STREAM_TEST(how_it_breaks),
	    STREAM_TEST(the_largest_message),
	    BARE_TEST(no_csm_first),
	    STREAM_TEST(input_that_nobody_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
