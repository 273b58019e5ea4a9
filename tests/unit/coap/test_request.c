/* Our requests, one datagram each way: RFC 7252 sections 4.2 and 5.2. */
#include "trace.h"

#define REQUEST_TEST(f) \
	cmocka_unit_test_setup_teardown(f, trace_setup, trace_teardown)

#define GET_ROOT "48 01 70 01 T0 d10428"
#define LINKS "c128 ff '</>,</0/1>'"

static void
piggybacked(void **state)
{
	(void)state;
	request(get_root());
	expect(GET_ROOT);
	wakes(2000);
	at(1999);
	from("68 45 70 01 T0 " LINKS);
	answered(COAP_CONTENT, "'</>,</0/1>'");
	wakes(TIME_NEVER);
	/* The same again, late. */
	from("68 45 70 01 T0 " LINKS);
	at(100000);
}

static void
the_forms_of_a_request(void **state)
{
	struct coap_request rq = put_server(15);

	(void)state;
	request(rq);
	expect("48 03 70 01 T0 b131 0130 122d16 ff {0+15}");
	from("68 44 70 01 T0");
	answered(COAP_CHANGED, "");

	request((struct coap_request){.method = COAP_DELETE,
	    .path = {SPAN_LIT("0")},
	    .path_count = 1,
	    .content_format = COAP_FORMAT_NONE,
	    .accept = COAP_FORMAT_NONE});
	expect("48 04 70 02 T1 b130");
	from("68 42 70 02 T1");
	answered(COAP_DELETED, "");

	request((struct coap_request){.method = COAP_POST,
	    .path = {SPAN_LIT("bs")},
	    .path_count = 1,
	    .content_format = COAP_FORMAT_NONE,
	    .accept = COAP_FORMAT_NONE});
	expect("48 02 70 03 T2 b26273");
	from("68 86 70 03 T2 ff 'no server'");
	answered(COAP_NOT_ACCEPTABLE, "'no server'");

	/* What clients ask for: "ep=dev" and "pct=112". */
	request((struct coap_request){.method = COAP_POST,
	    .path = {SPAN_LIT("bs")},
	    .path_count = 1,
	    .query = {SPAN_LIT("ep=dev"), SPAN_LIT("pct=112")},
	    .query_count = 2,
	    .content_format = COAP_FORMAT_NONE,
	    .accept = COAP_FORMAT_NONE});
	expect("48 02 70 04 T3 b26273 46 65703d646576 07 7063743d313132");
	from("68 44 70 04 T3");
	answered(COAP_CHANGED, "");

	/* The same again, with the value that was given for it. */
	request((struct coap_request){.method = COAP_POST,
	    .path = {SPAN_LIT("bs")},
	    .path_count = 1,
	    .query = {SPAN_LIT("ep=dev")},
	    .query_count = 1,
	    .echo = SPAN_LIT("echo"),
	    .content_format = COAP_FORMAT_NONE,
	    .accept = COAP_FORMAT_NONE});
	expect("48 02 70 05 T4 b26273 46 65703d646576 d4e0 6563686f");
	from("68 44 70 05 T4");
	answered(COAP_CHANGED, "");

	/* Content-Format 0 is an option of no bytes. */
	rq.content_format = 0;
	rq.accept = 0;
	request(rq);
	expect("48 03 70 06 T5 b131 0130 10 50 ff {0+15}");
	coap_peer_cancel(trace.peer);
}

static void
silence(void **state)
{
	static const uint64_t times[] = {2000, 6000, 14000, 30000};

	(void)state;
	request(get_root());
	expect(GET_ROOT);
	for (size_t i = 0; i < 4; i++) {
		wakes(times[i]);
		at(times[i] - 1);
		at(times[i]);
		expect(GET_ROOT);
	}
	wakes(62000);
	at(61999);
	at(62000);
	ended(COAP_EVENT_TIMEOUT);
	assert_int_equal(coap_peer_counters(trace.peer)->retransmitted, 4);
	assert_int_equal(coap_peer_counters(trace.peer)->sent, 5);
}

static void
silence_with_all_the_jitter(void **state)
{
	static const uint64_t times[] = {3000, 9000, 21000, 45000};

	(void)state;
	trace.jitter = 1000;
	request(get_root());
	expect(GET_ROOT);
	for (size_t i = 0; i < 4; i++) {
		wakes(times[i]);
		at(times[i]);
		expect(GET_ROOT); /* the last one: MAX_TRANSMIT_SPAN */
	}
	wakes(93000); /* MAX_TRANSMIT_WAIT */
	at(93000);
	ended(COAP_EVENT_TIMEOUT);
}

static void
a_late_tick_sends_once(void **state)
{
	(void)state;
	request(get_root());
	expect(GET_ROOT);
	at(29000); /* the process stood still */
	expect(GET_ROOT);
	wakes(33000);
	coap_peer_cancel(trace.peer);
}

static void
the_first_datagram_is_lost(void **state)
{
	(void)state;
	request(get_root());
	expect(GET_ROOT);
	at(2000);
	expect(GET_ROOT);
	at(2100);
	from("68 45 70 01 T0 " LINKS);
	answered(COAP_CONTENT, "'</>,</0/1>'");
}

static void
separate_con(void **state)
{
	(void)state;
	request(get_root());
	expect(GET_ROOT);
	at(100);
	from("60 00 70 01");
	wakes(93100);
	at(5000);
	from("48 45 aa bb T0 " LINKS);
	expect("60 00 aa bb");
	answered(COAP_CONTENT, "'</>,</0/1>'");
	/* Our ACK was lost: it comes again, and is not shown again. */
	at(8000);
	from("48 45 aa bb T0 " LINKS);
	expect("60 00 aa bb");
	/* Even when the next request is open. */
	request(get_root());
	expect("48 01 70 02 T1 d10428");
	from("48 45 aa bb T0 " LINKS);
	expect("60 00 aa bb");
	coap_peer_cancel(trace.peer);
	/* Long after that it is unknown. */
	at(252000);
	from("48 45 aa bb T0 " LINKS);
	expect("70 00 aa bb");
	assert_int_equal(coap_peer_counters(trace.peer)->duplicate, 2);
}

static void
separate_con_and_the_ack_is_lost(void **state)
{
	(void)state;
	request(get_root());
	expect(GET_ROOT);
	at(2000);
	expect(GET_ROOT);
	from("48 45 aa bb T0 " LINKS);
	expect("60 00 aa bb");
	answered(COAP_CONTENT, "'</>,</0/1>'");
	wakes(TIME_NEVER);
	from("60 00 70 01"); /* the late ACK */
	at(100000);
}

static void
separate_non(void **state)
{
	(void)state;
	request(get_root());
	expect(GET_ROOT);
	from("60 00 70 01");
	from("58 45 aa bb T0 " LINKS);
	answered(COAP_CONTENT, "'</>,</0/1>'");
	from("58 45 aa bb T0 " LINKS);
}

static void
acknowledged_and_never_answered(void **state)
{
	(void)state;
	request(get_root());
	expect(GET_ROOT);
	at(500);
	from("60 00 70 01");
	wakes(93500);
	at(1000);
	from("60 00 70 01"); /* does not prolong it */
	wakes(93500);
	at(93499);
	at(93500);
	ended(COAP_EVENT_TIMEOUT);
}

static void
reset(void **state)
{
	(void)state;
	request(get_root());
	expect(GET_ROOT);
	from("70 00 70 00"); /* not ours */
	from("70 00 70 01");
	ended(COAP_EVENT_RESET);
	from("70 00 70 01");
}

static void
reset_after_the_ack(void **state)
{
	(void)state;
	request(get_root());
	expect(GET_ROOT);
	from("60 00 70 01");
	from("70 00 70 01");
	ended(COAP_EVENT_RESET);
}

static void
responses_that_are_not_ours(void **state)
{
	(void)state;
	request(get_root());
	expect(GET_ROOT);
	from("68 45 70 01 T1 " LINKS); /* MID, not token */
	from("68 45 70 00 T0 " LINKS); /* token, not MID */
	from("64 45 70 01 01020304 " LINKS); /* a part of the token */
	from("60 45 70 01 " LINKS); /* no token */
	from("78 45 70 01 T0 " LINKS); /* RST with a body */
	from("58 45 70 01 T1 " LINKS); /* NON */
	from("48 45 70 01 T1 " LINKS); /* CON */
	expect("70 00 70 01");
	from("60 00 70 02"); /* an ACK of nothing */
	from("68 45 70 01 T0 c128 ff"); /* malformed */
	wakes(2000);
	at(2000);
	expect(GET_ROOT);
	from("68 45 70 01 T0 " LINKS);
	answered(COAP_CONTENT, "'</>,</0/1>'");
}

static void
a_critical_option_in_the_response(void **state)
{
	(void)state;
	request(get_root());
	expect(GET_ROOT);
	from("68 45 70 01 T0 91aa ff 00");
	failed("the answer has a critical option that is not known");
	request(get_root());
	expect("48 01 70 02 T1 d10428");
	from("48 45 aa bb T1 91aa ff 00");
	expect("70 00 aa bb");
	failed("the answer has a critical option that is not known");
}

static void
one_at_a_time(void **state)
{
	struct coap_request rq = get_root();
	uint32_t ref = 7;

	(void)state;
	request(rq);
	expect(GET_ROOT);
	assert_int_equal(coap_peer_request(trace.peer, &rq, trace.now_ms, &ref),
	    RC_CONFLICT);
	assert_int_equal(ref, 7);
	from("60 00 70 01");
	assert_int_equal(coap_peer_request(trace.peer, &rq, trace.now_ms, &ref),
	    RC_CONFLICT);
	coap_peer_cancel(trace.peer);
	wakes(TIME_NEVER);
	request(rq);
	expect("48 01 70 02 T1 d10428");
	/* What comes for the cancelled one is not known. */
	from("48 45 aa bb T0 " LINKS);
	expect("70 00 aa bb");
	coap_peer_cancel(trace.peer);
}

static void
cancelled_before_it_went_out(void **state)
{
	(void)state;
	request(get_root());
	coap_peer_cancel(trace.peer);
}

static void
cancelled_with_its_event_waiting(void **state)
{
	(void)state;
	request(get_root());
	expect(GET_ROOT);
	from("70 00 70 01");
	coap_peer_cancel(trace.peer);
}

static void
the_path_is_copied(void **state)
{
	uint8_t segment[2] = {'2', '1'};
	struct coap_request rq = put_server(17);

	(void)state;
	rq.path[0] = span_of(segment, 2);
	rq.block_size = 16;
	request(rq);
	memset(segment, 'x', sizeof(segment));
	expect("48 03 70 01 T0 b2'21' 0130 122d16 d10208 d11411 ff {0+16}");
	from("68 5f 70 01 T0 d10e08");
	expect("48 03 70 02 T1 b2'21' 0130 122d16 d10210 ff {16+1}");
	coap_peer_cancel(trace.peer);
}

static enum rc
try(struct coap_request rq)
{
	uint32_t ref;

	return coap_peer_request(trace.peer, &rq, trace.now_ms, &ref);
}

static void
what_cannot_be_requested(void **state)
{
	static const uint8_t letters[256] = {'a'};
	struct coap_request rq = get_root();

	(void)state;
	rq.path_count = COAP_PATH_MAX + 1;
	assert_int_equal(try(rq), RC_TOO_LARGE);
	rq.path_count = 1; /* an empty segment: clients refuse it */
	assert_int_equal(try(rq), RC_BUG);
	rq.path[0] = span_of(letters, 256);
	assert_int_equal(try(rq), RC_TOO_LARGE);
	rq.path_count = 0;
	rq.method = COAP_CONTENT;
	assert_int_equal(try(rq), RC_BUG);
	rq.method = COAP_EMPTY;
	assert_int_equal(try(rq), RC_BUG);
	rq.method = COAP_GET;
	rq.accept = 65536;
	assert_int_equal(try(rq), RC_BUG);
	rq.accept = -2;
	assert_int_equal(try(rq), RC_BUG);

	/* A path that leaves no room in the datagram for the payload. */
	rq = put_server(1024);
	for (size_t i = 0; i < 2; i++)
		rq.path[i] = span_of(letters, 255);
	assert_int_equal(try(rq), RC_TOO_LARGE);
	/* It has left nothing open. */
	trace.tokens = 0;
	restart(0x7001);
	request(get_root());
	expect(GET_ROOT);
	coap_peer_cancel(trace.peer);
}

static void
the_clock_near_its_end(void **state)
{
	(void)state;
	trace.now_ms = UINT64_MAX - 1000;
	request(get_root());
	expect(GET_ROOT);
	/* Never mistaken for "no deadline", never in the past. */
	assert_true(coap_peer_deadline(trace.peer) == UINT64_MAX - 1);
	coap_peer_tick(trace.peer, trace.now_ms);
	from("60 00 70 01");
	assert_true(coap_peer_deadline(trace.peer) == UINT64_MAX - 1);
	coap_peer_cancel(trace.peer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    REQUEST_TEST(piggybacked),
	    REQUEST_TEST(the_forms_of_a_request),
	    REQUEST_TEST(silence),
	    REQUEST_TEST(silence_with_all_the_jitter),
	    REQUEST_TEST(a_late_tick_sends_once),
	    REQUEST_TEST(the_first_datagram_is_lost),
	    REQUEST_TEST(separate_con),
	    REQUEST_TEST(separate_con_and_the_ack_is_lost),
	    REQUEST_TEST(separate_non),
	    REQUEST_TEST(acknowledged_and_never_answered),
	    REQUEST_TEST(reset),
	    REQUEST_TEST(reset_after_the_ack),
	    REQUEST_TEST(responses_that_are_not_ours),
	    REQUEST_TEST(a_critical_option_in_the_response),
	    REQUEST_TEST(one_at_a_time),
	    REQUEST_TEST(cancelled_before_it_went_out),
	    REQUEST_TEST(cancelled_with_its_event_waiting),
	    REQUEST_TEST(the_path_is_copied),
	    REQUEST_TEST(what_cannot_be_requested),
	    REQUEST_TEST(the_clock_near_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
