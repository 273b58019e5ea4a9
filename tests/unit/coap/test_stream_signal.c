/* CSM, Ping and Pong on a connection: RFC 8323 sections 5.2 to 5.4. */
#include "stream_trace.h"

#define SIGNAL_TEST(f) \
	cmocka_unit_test_setup_teardown(f, stream_setup, trace_teardown)
#define BARE_TEST(f) \
	cmocka_unit_test_setup_teardown(f, stream_setup_bare, trace_teardown)

#define BS "b2'bs' 45'ep=d1'" /* 9 bytes */
#define UNKNOWN_CSM "a critical option of the CSM is not known"
#define WRONG_CSM "an option of the CSM has a wrong value"
#define UNKNOWN "a critical option of a signalling message is not known"

/* The Abort names the option: its number and a sentence. */
static void
bad_csm(void **state)
{
	static const struct {
		const char *csm;
		const char *abort;
	} cases[] = {
	    {"10 e1 10", "d0 1f e5 21 01 ff '" UNKNOWN_CSM "'"},
	    {"40 e1 22 2000 30", "d0 1f e5 21 05 ff '" UNKNOWN_CSM "'"},
	    {"60 e1 25 0000002000", "d0 1c e5 21 02 ff '" WRONG_CSM "'"},
	    {"20 e1 41 01", "d0 1c e5 21 04 ff '" WRONG_CSM "'"},
	    {"10 e1 ff", "d0 11 e5 ff 'a message with a format error'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		connect_peer();
		goes(OUR_CSM);
		comes(cases[i].csm);
		goes(cases[i].abort);
		over(COAP_END_FAULT);
	}
}

/* Any number of them, each as large as may be: nothing is kept, nothing sent. */
static void
csm_again_and_again(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		comes("10 e1 40 20 e1 61 07");
		comes("e0 3ef3 e1 ff {0+16383}");
	}
	assert_int_equal(coap_peer_end(trace.peer).kind, COAP_END_NONE);
	comes("d1 16 e1 aa d004 0000000000000000 0000000000000000"
	      "0000000000000000 0000000000000000 00");
	aborts(COAP_END_FAULT, "a signalling message with too many options");
}

/* What the last CSM says holds for the next request, not for the one out. */
static void
limits_that_change(void **state)
{
	struct coap_request rq = put_server(3000);

	(void)state;
	request(rq);
	goes("e8 0ab3 03 T0 b1310130122d16 ff {0+3000}");
	comes("08 44 T0");
	answered(COAP_CHANGED, "");
	comes("30 e1 22 0480"); /* 1152: no BERT any more */
	request(rq);
	goes("e8 0302 03 T1 b1310130122d16 d1020e d2140bb8 ff {0+1024}");
	comes("38 5f T1 d10e0e");
	goes("e8 02fe 03 T2 b1310130122d16 d1021e ff {1024+1024}");
	comes("20 e1 21 40"); /* 64 bytes: less than a block, in the middle */
	comes("38 5f T2 d10e1e");
	failed("the peer takes no message of a block's size");
	request(rq); /* in smaller ones, then */
	goes("d8 12 03 T4 b1310130122d16 d10208 d2140bb8 ff {0+16}");
	coap_peer_cancel(trace.peer);
	comes("20 e1 21 30"); /* not even those */
	quiet();
	assert_int_equal(
	    coap_peer_request(trace.peer, &rq, trace.now_ms, &(uint32_t){0}),
	    RC_TOO_LARGE);
	comes("10 e1 20"); /* nothing at all */
	quiet();
	rq = get_root();
	assert_int_equal(
	    coap_peer_request(trace.peer, &rq, trace.now_ms, &(uint32_t){0}),
	    RC_TOO_LARGE);
	/* Nor then can the peer be answered. */
	comes("91 02 aa " BS);
	assert_int_equal(coap_peer_respond(trace.peer, asked(COAP_POST),
			     &(struct coap_response){.code = COAP_CHANGED,
				 .content_format = COAP_FORMAT_NONE,
				 .max_age_s = -1},
			     trace.now_ms),
	    RC_TOO_LARGE);
}

static void
pong(void **state)
{
	(void)state;
	comes("00 e2");
	goes("00 e3");
	comes("01 e2 42");
	goes("01 e3 42");
	comes(
	    "08 e2 0102030405060708 11 e2 01 40 20 e2 ff 68"); /* elective, text */
	goes("08 e3 0102030405060708 01 e3 01 00 e3");
	comes("10 e2 20"); /* Custody, and nothing to wait for */
	goes("10 e3 20");
	comes("01 e3 42 10 e3 20"); /* Pongs to nothing */
}

static void
custody_waits_for_the_answers(void **state)
{
	uint32_t first, second;

	(void)state;
	comes("91 02 aa " BS);
	first = asked(COAP_POST);
	comes("91 02 bb " BS);
	second = asked(COAP_POST);
	comes("11 e2 42 20 01 e2 43");
	goes("01 e3 43"); /* the one without Custody */
	respond(second, COAP_CHANGED);
	goes("01 44 bb");
	comes("11 e2 44 20");
	respond(first, COAP_CHANGED);
	goes("01 44 aa 11 e3 42 20 11 e3 44 20");
}

/* More of them than we remember get an answer without the promise. */
static void
custody_is_bounded(void **state)
{
	uint32_t ref;

	(void)state;
	comes("91 02 aa " BS);
	ref = asked(COAP_POST);
	comes("11 e2 01 20 11 e2 02 20 11 e2 03 20 11 e2 04 20 11 e2 05 20");
	goes("01 e3 05");
	respond(ref, COAP_CHANGED);
	goes("01 44 aa 11 e3 01 20 11 e3 02 20 11 e3 03 20 11 e3 04 20");
}

/* A peer that asks and does not read: what waits for it is bounded. */
static void
ping_flood(void **state)
{
	unsigned pings = 0;

	(void)state;
	stream_params.queue_max = 64;
	connect_peer();
	exchange_csm(OUR_CSM, CSM);
	ask(get_root());
	for (; pings < 33; pings++) {
		comes("00 e2");
		if (pings < 32)
			assert_false(coap_peer_event(
			    trace.peer, &(struct coap_event){0}));
	}
	gone("more is asked than is read of the answers");
	aborts(COAP_END_FAULT, "more is asked than is read of the answers");
	/* One that reads may ask for as long as it likes. */
	connect_peer();
	exchange_csm(OUR_CSM, CSM);
	for (unsigned i = 0; i < 10000; i++) {
		comes("01 e2 42");
		goes("01 e3 42");
	}
}

static void
critical_options(void **state)
{
	static const char *const cases[] = {
	    "10 e2 10", "20 e3 20 10", "10 e4 10", "10 e6 30", "10 ff 90"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		connect_peer();
		exchange_csm(OUR_CSM, CSM);
		comes(cases[i]);
		aborts(COAP_END_FAULT, UNKNOWN);
	}
}

/* Signals of later times: ignored, unless they insist. */
static void
unknown_signals(void **state)
{
	(void)state;
	comes("00 e6 20 e0 20 40 11 ff aa 20");
	assert_int_equal(coap_peer_end(trace.peer).kind, COAP_END_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BARE_TEST(bad_csm),
	    SIGNAL_TEST(csm_again_and_again),
	    SIGNAL_TEST(limits_that_change),
	    SIGNAL_TEST(pong),
	    SIGNAL_TEST(custody_waits_for_the_answers),
	    SIGNAL_TEST(custody_is_bounded),
	    SIGNAL_TEST(ping_flood),
	    SIGNAL_TEST(critical_options),
	    SIGNAL_TEST(unknown_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
