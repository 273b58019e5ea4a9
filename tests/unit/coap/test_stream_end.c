/* How a connection ends: RFC 8323 sections 5.5, 5.6, and silence. */
#include "stream_trace.h"

#define END_TEST(f) \
	cmocka_unit_test_setup_teardown(f, stream_setup, trace_teardown)
#define BARE_TEST(f) \
	cmocka_unit_test_setup_teardown(f, stream_setup_bare, trace_teardown)

#define BS "b2'bs' 45'ep=d1'" /* 9 bytes */
#define RELEASED "the peer has released the connection"
#define ABORTED "the peer has aborted the connection"
#define OURS "we have released the connection"
#define CLOSED "the connection was closed"
#define NO_CSM "no CSM has come in time"
#define NO_PONG "no Pong has come in time"

static bool
final(void)
{
	return coap_peer_end(trace.peer).final;
}

/* What both sides had open: one request each. */
static uint32_t
open_both(void)
{
	uint32_t ref;

	comes("91 02 aa " BS);
	ref = asked(COAP_POST);
	request(get_root());
	goes("38 01 T0 d10428");
	return ref;
}

static void
forgotten(uint32_t ref)
{
	struct coap_response rs = {
	    .code = COAP_CHANGED,
	    .content_format = COAP_FORMAT_NONE,
	    .max_age_s = -1,
	};

	assert_int_equal(coap_peer_respond(trace.peer, ref, &rs, trace.now_ms),
	    RC_NOT_FOUND);
}

static void
no_new_request(void)
{
	struct coap_request rq = get_root();

	assert_int_equal(
	    coap_peer_request(trace.peer, &rq, trace.now_ms, &(uint32_t){0}),
	    RC_IO);
}

static void
released_with_nothing_open(void **state)
{
	(void)state;
	comes("80 e4 42 012c ff 'bye!'");
	over(COAP_END_RELEASED);
	assert_int_equal(coap_peer_end(trace.peer).hold_off_s, 300);
	assert_true(span_is(coap_peer_end(trace.peer).diagnostic, "bye!"));
	no_new_request();
	comes("00 e2"); /* nobody listens */
	over(COAP_END_RELEASED);
}

/* What was in flight is still processed, both ways. */
static void
released_in_the_middle(void **state)
{
	uint32_t ref;

	(void)state;
	ref = open_both();
	comes("00 e4");
	quiet();
	wakes(5000);
	assert_int_equal(coap_peer_end(trace.peer).kind, COAP_END_RELEASED);
	assert_false(final());
	comes("98 45 T0 c128 ff '</1/0>' 91 02 bb " BS);
	answered(COAP_CONTENT, "'</1/0>'");
	goes("31 a3 bb d10105"); /* no new ones: 5.03 */
	no_new_request();
	assert_false(final());
	comes("00 e4");
	respond(ref, COAP_CHANGED);
	goes("01 44 aa");
	over(COAP_END_RELEASED);
}

static void
released_and_then_nothing(void **state)
{
	uint32_t ref;

	(void)state;
	ref = open_both();
	comes("00 e4");
	at(4999);
	wakes(5000);
	at(5000);
	gone(RELEASED);
	over(COAP_END_RELEASED);
	forgotten(ref);
}

static void
released_between_two_blocks(void **state)
{
	(void)state;
	request(put_server(9000));
	goes("e8 1b02 03 T0 b1310130122d16 d1020f d2142328 ff {0+7168}");
	comes("00 e4 38 5f T0 d10e0f");
	gone("the connection ends between two blocks");
	over(COAP_END_RELEASED);
}

static void
we_release(void **state)
{
	(void)state;
	coap_peer_release(trace.peer, 0, trace.now_ms);
	goes("00 e4");
	over(COAP_END_OURS);
	connect_peer();
	exchange_csm(OUR_CSM, CSM);
	coap_peer_release(trace.peer, 86400, trace.now_ms);
	goes("40 e4 43 015180");
	over(COAP_END_OURS);
	connect_peer();
	exchange_csm(OUR_CSM, CSM);
	coap_peer_release(trace.peer, UINT32_MAX, trace.now_ms);
	goes("40 e4 43 ffffff");
	over(COAP_END_OURS);
}

/* After all that was said before it; and what is open has its time. */
static void
we_release_in_the_middle(void **state)
{
	uint32_t ref;

	(void)state;
	ref = open_both();
	respond(ref, COAP_CHANGED);
	coap_peer_release(trace.peer, 0, trace.now_ms);
	coap_peer_release(trace.peer, 0, trace.now_ms); /* once */
	goes("01 44 aa 00 e4");
	assert_false(final());
	wakes(5000);
	comes("91 02 bb " BS);
	goes("31 a3 bb d10105");
	comes("00 e4"); /* "I, too" */
	comes("08 84 T0");
	answered(COAP_NOT_FOUND, "");
	over(COAP_END_OURS);

	connect_peer();
	exchange_csm(OUR_CSM, CSM);
	ref = open_both();
	coap_peer_release(trace.peer, 0, trace.now_ms);
	goes("00 e4");
	coap_peer_closed(trace.peer, trace.now_ms); /* the usual answer */
	gone(OURS);
	over(COAP_END_OURS);
	forgotten(ref);
}

static void
aborted(void **state)
{
	uint32_t ref;

	(void)state;
	ref = open_both();
	comes("00 e2"); /* the Pong waits, and never goes */
	comes("d0 03 e5 21 02 ff 'what? no, no!' 98 45 T0 c128 ff '</1/0>'");
	gone(ABORTED);
	over(COAP_END_ABORTED);
	assert_true(
	    span_is(coap_peer_end(trace.peer).diagnostic, "what? no, no!"));
	forgotten(ref);
	no_new_request();
}

/* Whatever an Abort holds, it is the end; of its words some are kept. */
static void
aborted_anyhow(void **state)
{
	static const char *const cases[] = {
	    "10 e5 10", "60 e5 25 0102030405", "e0 0eee e5 ff {0+4090}"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		connect_peer();
		exchange_csm(OUR_CSM, CSM);
		comes(cases[i]);
		over(COAP_END_ABORTED);
		assert_true(coap_peer_end(trace.peer).diagnostic.len <=
		    COAP_END_TEXT_MAX);
	}
}

static void
we_abort(void **state)
{
	uint32_t ref;

	(void)state;
	ref = open_both();
	coap_peer_abort(trace.peer, "no more of this", trace.now_ms);
	gone("no more of this");
	aborts(COAP_END_OURS, "no more of this");
	forgotten(ref);
	coap_peer_abort(trace.peer, "twice", trace.now_ms);
	coap_peer_release(trace.peer, 0, trace.now_ms);
	coap_peer_closed(trace.peer, trace.now_ms);
	over(COAP_END_OURS);
	assert_string_equal(coap_peer_end(trace.peer).why, "no more of this");
}

/* A message that has begun is finished, or the Abort could not be read. */
static void
we_abort_halfway(void **state)
{
	(void)state;
	ask(get_root());
	goes("38 01 0102");
	comes("00 e2 00 e2");
	assert_false(coap_peer_event(trace.peer, &(struct coap_event){0}));
	coap_peer_abort(trace.peer, "no more of this", trace.now_ms);
	gone("no more of this");
	goes("030405060708 d10428");
	aborts(COAP_END_OURS, "no more of this");

	connect_peer();
	exchange_csm(OUR_CSM, CSM);
	comes("01 e2 aa 01 e2 bb");
	goes("01 e3");
	ask(get_root());
	coap_peer_abort(trace.peer, "no more of this", trace.now_ms);
	gone("no more of this");
	goes("aa");
	aborts(COAP_END_OURS, "no more of this");
}

/* The words of an Abort are cut, not its sense. */
static void
we_abort_with_many_words(void **state)
{
	static const char why[] =
	    "0123456789012345678901234567890123456789012345678901234567890123"
	    "0123456789012345678901234567890123456789012345678901234567890123"
	    "and more";

	(void)state;
	coap_peer_abort(trace.peer, why, trace.now_ms);
	goes(
	    "d0 74 e5 ff"
	    "'0123456789012345678901234567890123456789012345678901234567890123'"
	    "'0123456789012345678901234567890123456789012345678901234567890123"
	    "'");
	over(COAP_END_OURS);
}

static void
closed(void **state)
{
	uint32_t ref;

	(void)state;
	ref = open_both();
	comes("00 e2 e0 0100"); /* a Pong would go, a message has begun */
	assert_false(coap_peer_event(trace.peer, &(struct coap_event){0}));
	coap_peer_closed(trace.peer, trace.now_ms);
	gone(CLOSED);
	over(COAP_END_CLOSED);
	forgotten(ref);
	coap_peer_closed(trace.peer, trace.now_ms);
	over(COAP_END_CLOSED);
}

static void
closed_before_anything(void **state)
{
	(void)state;
	coap_peer_closed(trace.peer, trace.now_ms);
	over(COAP_END_CLOSED);
}

static void
no_csm(void **state)
{
	(void)state;
	goes(OUR_CSM);
	wakes(10000);
	at(9999);
	comes("40 e1 22"); /* a part of one is none */
	at(10000);
	aborts(COAP_END_SILENT, NO_CSM);
}

static void
idle(void **state)
{
	(void)state;
	stream_params.idle_ms = 60000;
	quiet();
	wakes(60000);
	at(50000);
	comes("00 00"); /* any message is a sign of life */
	at(60000);
	wakes(110000);
	at(110000);
	goes("08 e2 T0");
	wakes(140000);
	at(139999);
	comes("08 e3 T0");
	at(139999);
	wakes(199999);
	at(199999);
	goes("08 e2 T1");
	comes("00 44"); /* not the Pong, but alive */
	at(199999);
	wakes(259999);
	at(259999);
	goes("08 e2 T2");
	wakes(289999);
	at(289999);
	aborts(COAP_END_SILENT, NO_PONG);
}

/* Bytes that never become a message are no sign of life. */
static void
a_message_that_never_ends(void **state)
{
	(void)state;
	stream_params.idle_ms = 60000;
	request(get_root());
	goes("38 01 T0 d10428");
	comes("e8 1000 45 T0 ff");
	for (unsigned s = 1; s < 60; s++) {
		at(s * 1000);
		comes("30");
	}
	at(60000);
	goes("08 e2 T1");
	at(89999);
	comes("30");
	at(90000);
	gone(NO_PONG);
	aborts(COAP_END_SILENT, NO_PONG);
}

/* One that reads nothing is not asked for ever either. */
static void
idle_with_a_full_queue(void **state)
{
	(void)state;
	stream_params.queue_max = 8;
	stream_params.idle_ms = 60000;
	connect_peer();
	exchange_csm(OUR_CSM, CSM);
	comes("04 e2 01020304");
	assert_false(coap_peer_event(trace.peer, &(struct coap_event){0}));
	coap_peer_tick(trace.peer, trace.now_ms += 60000);
	coap_peer_tick(trace.peer, trace.now_ms += 29999);
	assert_int_equal(coap_peer_end(trace.peer).kind, COAP_END_NONE);
	coap_peer_tick(trace.peer, trace.now_ms += 1);
	aborts(COAP_END_SILENT, NO_PONG);
}

/* The calls are there for datagrams too, and do nothing. */
static void
datagrams_do_not_end(void **state)
{
	(void)state;
	restart(0x7001);
	coap_peer_release(trace.peer, 1, trace.now_ms);
	coap_peer_abort(trace.peer, "no", trace.now_ms);
	coap_peer_closed(trace.peer, trace.now_ms);
	assert_int_equal(coap_peer_end(trace.peer).kind, COAP_END_NONE);
	assert_false(final());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    END_TEST(released_with_nothing_open),
	    END_TEST(released_in_the_middle),
	    END_TEST(released_and_then_nothing),
	    END_TEST(released_between_two_blocks),
	    END_TEST(we_release),
	    END_TEST(we_release_in_the_middle),
	    END_TEST(aborted),
	    END_TEST(aborted_anyhow),
	    END_TEST(we_abort),
	    END_TEST(we_abort_halfway),
	    END_TEST(we_abort_with_many_words),
	    END_TEST(closed),
	    BARE_TEST(closed_before_anything),
	    BARE_TEST(no_csm),
	    END_TEST(idle),
	    END_TEST(a_message_that_never_ends),
	    END_TEST(idle_with_a_full_queue),
	    END_TEST(datagrams_do_not_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
