/* Requests of the peer: RFC 7252 sections 4.5, 5.2, 5.4. */
#include "trace.h"

#include <stdio.h>

#define ANSWER_TEST(f) \
	cmocka_unit_test_setup_teardown(f, trace_setup, trace_teardown)

#define BS "b2'bs' 45'ep=d1'"

static void
piggybacked(void **state)
{
	uint32_t ref;

	(void)state;
	from("44 02 12 34 a1b2c3d4 " BS);
	ref = asked(COAP_POST);
	wakes(1000);
	respond(ref, COAP_CHANGED);
	expect("64 44 12 34 a1b2c3d4");
	wakes(TIME_NEVER);
	at(2000);
}

static void
a_duplicate_gets_the_same_answer(void **state)
{
	(void)state;
	from("44 02 12 34 a1b2c3d4 " BS);
	respond(asked(COAP_POST), COAP_CHANGED);
	expect("64 44 12 34 a1b2c3d4");
	for (unsigned i = 1; i <= 3; i++) {
		at(i * 80000);
		from("44 02 12 34 a1b2c3d4 " BS);
		expect("64 44 12 34 a1b2c3d4");
	}
	assert_int_equal(coap_peer_counters(trace.peer)->duplicate, 3);
	/* EXCHANGE_LIFETIME is over: a request like any other. */
	at(246999);
	from("44 02 12 34 a1b2c3d4 " BS);
	expect("64 44 12 34 a1b2c3d4");
	at(247000);
	from("44 02 12 34 a1b2c3d4 " BS);
	asked(COAP_POST);
}

static void
a_rebooted_client_is_not_a_duplicate(void **state)
{
	uint32_t first;

	(void)state;
	/* The same MID, another token (leshan #1012). */
	from("44 02 00 01 a1b2c3d4 " BS);
	first = asked(COAP_POST);
	respond(first, COAP_CHANGED);
	expect("64 44 00 01 a1b2c3d4");
	at(30000);
	from("44 02 00 01 a1b2c3d5 " BS);
	assert_true(asked(COAP_POST) != first);
	/* A token that begins like the other is another token. */
	from("43 02 00 01 a1b2c3 " BS);
	asked(COAP_POST);
}

static void
empty_tokens(void **state)
{
	(void)state;
	from("40 02 00 01 " BS);
	respond(asked(COAP_POST), COAP_CHANGED);
	expect("60 44 00 01");
	from("40 02 00 01 " BS);
	expect("60 44 00 01");
	from("40 02 00 02 " BS);
	asked(COAP_POST);
}

static void
separate(void **state)
{
	uint32_t ref;

	(void)state;
	from("44 02 12 34 a1b2c3d4 " BS);
	ref = asked(COAP_POST);
	at(400);
	from("44 02 12 34 a1b2c3d4 " BS); /* no second event, no ACK yet */
	at(999);
	at(1000);
	expect("60 00 12 34");
	wakes(TIME_NEVER);
	at(2100);
	from("44 02 12 34 a1b2c3d4 " BS); /* it did not hear the ACK */
	expect("60 00 12 34");
	at(3000);
	respond(ref, COAP_CHANGED);
	expect("44 44 70 01 a1b2c3d4");
	wakes(5000);
	at(5000);
	expect("44 44 70 01 a1b2c3d4");
	wakes(9000);
	from("60 00 70 01");
	wakes(TIME_NEVER);
	/* Late duplicates of the request and of the ACK. */
	from("44 02 12 34 a1b2c3d4 " BS);
	expect("60 00 12 34");
	from("60 00 70 01");
	assert_int_equal(coap_peer_counters(trace.peer)->retransmitted, 1);
}

static void
a_separate_answer_may_be_reset(void **state)
{
	uint32_t ref;

	(void)state;
	from("40 02 12 34");
	ref = asked(COAP_POST);
	at(1000);
	expect("60 00 12 34");
	respond(ref, COAP_CHANGED);
	expect("40 44 70 01");
	from("70 00 70 02"); /* not this one */
	wakes(3000);
	from("70 00 70 01");
	wakes(TIME_NEVER);
}

static void
a_separate_answer_gives_up(void **state)
{
	static const uint64_t times[] = {3000, 7000, 15000, 31000};
	uint32_t ref;

	(void)state;
	from("40 02 12 34");
	ref = asked(COAP_POST);
	at(1000);
	expect("60 00 12 34");
	respond(ref, COAP_CHANGED);
	expect("40 44 70 01");
	for (size_t i = 0; i < 4; i++) {
		wakes(times[i]);
		at(times[i]);
		expect("40 44 70 01");
	}
	wakes(63000);
	at(63000);
	wakes(TIME_NEVER);
}

static void
our_request_waits_for_the_separate_answer(void **state)
{
	uint32_t ref;

	(void)state;
	from("40 02 12 34 " BS);
	ref = asked(COAP_POST);
	at(1000);
	expect("60 00 12 34");
	at(1500);
	respond(ref, COAP_CHANGED);
	expect("40 44 70 01");
	request(get_root());
	at(3500);
	expect("40 44 70 01"); /* still not heard */
	at(3600);
	from("60 00 70 01");
	expect("48 01 70 02 T0 d10428");
	wakes(5600);
	coap_peer_cancel(trace.peer);
}

static void
our_request_goes_when_the_separate_answer_gives_up(void **state)
{
	uint32_t ref;

	(void)state;
	trace.params.max_retransmit = 0;
	from("40 02 12 34");
	ref = asked(COAP_POST);
	at(1000);
	expect("60 00 12 34");
	respond(ref, COAP_CHANGED);
	expect("40 44 70 01");
	request(get_root());
	at(3000);
	expect("48 01 70 02 T0 d10428");
	coap_peer_cancel(trace.peer);
}

static void
the_piggybacked_answer_goes_before_our_request(void **state)
{
	struct coap_request rq = get_root();
	uint32_t ref;

	(void)state;
	from("40 02 12 34 " BS);
	respond(asked(COAP_POST), COAP_CHANGED);
	assert_int_equal(
	    coap_peer_request(trace.peer, &rq, trace.now_ms, &ref), RC_OK);
	expect("60 44 12 34");
	expect("48 01 70 01 T0 d10428");
	coap_peer_cancel(trace.peer);
}

static void
non(void **state)
{
	uint32_t ref;

	(void)state;
	from("52 02 12 34 beef " BS);
	ref = asked(COAP_POST);
	wakes(TIME_NEVER);
	from("52 02 12 34 beef " BS);
	respond(ref, COAP_CHANGED);
	expect("52 44 70 01 beef");
	at(144999);
	from("52 02 12 34 beef " BS); /* ignored, not answered again */
	at(145000);
	from("52 02 12 34 beef " BS);
	asked(COAP_POST);
}

static void
options_and_payload(void **state)
{
	struct coap_response rs = {
	    .code = COAP_UNAVAILABLE,
	    .content_format = 0,
	    .max_age_s = 300,
	    .payload = SPAN_LIT("later"),
	};

	(void)state;
	from("41 02 12 34 77");
	assert_int_equal(
	    coap_peer_respond(trace.peer, asked(COAP_POST), &rs, trace.now_ms),
	    RC_OK);
	expect("61 a3 12 34 77 c0 22012c ff 'later'");
}

static void
what_cannot_be_answered(void **state)
{
	uint8_t big[1100] = {0};
	struct coap_response rs = {
	    .code = COAP_CONTENT,
	    .content_format = COAP_FORMAT_NONE,
	    .max_age_s = -1,
	    .payload = span_of(big, 1025),
	};
	uint32_t ref;

	(void)state;
	from("41 02 12 34 77");
	ref = asked(COAP_POST);
	assert_int_equal(coap_peer_respond(trace.peer, ref, &rs, trace.now_ms),
	    RC_TOO_LARGE);
	rs.payload.len = 1024;
	assert_int_equal(
	    coap_peer_respond(trace.peer, ref + 1, &rs, trace.now_ms),
	    RC_NOT_FOUND);
	rs.code = COAP_POST;
	assert_int_equal(
	    coap_peer_respond(trace.peer, ref, &rs, trace.now_ms), RC_BUG);
	rs.code = COAP_CONTENT;
	rs.payload = span_of(trace.body, 1024);
	assert_int_equal(
	    coap_peer_respond(trace.peer, ref, &rs, trace.now_ms), RC_OK);
	expect("61 45 12 34 77 ff {0+1024}");
	assert_int_equal(coap_peer_respond(trace.peer, ref, &rs, trace.now_ms),
	    RC_NOT_FOUND);
	from("41 02 12 35 77");
	ref = asked(COAP_POST);
	trace.now_ms += 247000; /* forgotten */
	assert_int_equal(coap_peer_respond(trace.peer, ref, &rs, trace.now_ms),
	    RC_NOT_FOUND);
}

static void
critical_options(void **state)
{
	static const char *const options[] = {
	    "11 00", /* If-Match */
	    "50", /* If-None-Match */
	    "90", /* OSCORE */
	    "d0 06", /* 19, Q-Block1 */
	    "30", /* Uri-Host, empty */
	    "31'a' 01'b'", /* Uri-Host, twice */
	    "73 010203", /* Uri-Port, 3 bytes */
	    "d3 04 010203", /* Accept, 3 bytes */
	    "d1 0e 06 01 06", /* Block1, twice */
	    "d4 0e 01020304", /* Block1, 4 bytes */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		char text[64];

		(void)snprintf(
		    text, sizeof(text), "41 02 12 34 77 %s", options[i]);
		from(text);
		expect("61 82 12 34 77");
		text[0] = '5';
		from(text); /* NON: silence */
	}
	/* 0xfdfe + 269 = 65291 is odd: critical; 65292 is not. */
	from("40 02 12 34 e0 fdfe");
	expect("60 82 12 34");
	from("40 02 12 34 e0 fdff");
	asked(COAP_POST);
}

static void
proxying(void **state)
{
	(void)state;
	from("40 01 12 34 d6 16 'coap:/'");
	expect("60 a5 12 34");
	from("40 01 12 35 d4 1a 'coap'");
	expect("60 a5 12 35");
}

static void
elective_options_are_ignored(void **state)
{
	(void)state;
	/* Observe twice, Content-Format of 3 bytes, No-Response, Request-Tag,
	 * a private one. */
	from("40 02 12 34 6000 63010203 d1e91a d1150a e200ff 0102");
	asked(COAP_POST);
	/* And critical ones that are known. */
	from("40 02 12 35 34'host' 421633 42'bs' 40 04'a=bc' 2128 6106 4106");
	asked(COAP_POST);
}

static void
the_fifth_unanswered_request(void **state)
{
	uint32_t ref[4];
	char text[32];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(text, sizeof(text), "41 02 00 0%u aa", i);
		from(text);
		ref[i] = asked(COAP_POST);
	}
	from("48 02 00 04 aaaaaaaaaaaaaaaa");
	expect("68 a3 00 04 aaaaaaaaaaaaaaaa d1 01 05");
	from("51 02 00 05 aa"); /* NON: ignored */
	from("41 02 00 00 aa"); /* one of the four: waits */
	respond(ref[2], COAP_CHANGED);
	expect("61 44 00 02 aa");
	from("48 02 00 04 aaaaaaaaaaaaaaaa");
	asked(COAP_POST);
	from("41 02 00 06 aa");
	expect("61 a3 00 06 aa d1 01 05");
	/* Nobody ever answers: they end with EXCHANGE_LIFETIME. */
	at(1000);
	expect("60 00 00 00");
	expect("60 00 00 01");
	expect("60 00 00 03");
	expect("60 00 00 04");
	at(247000);
	from("41 02 00 07 aa");
	asked(COAP_POST);
}

static void
the_memory_is_bounded(void **state)
{
	char text[32];
	uint32_t open;

	(void)state;
	from("41 02 ff ff bb");
	open = asked(COAP_POST);
	for (unsigned i = 0; i < 8; i++) {
		at(i);
		(void)snprintf(text, sizeof(text), "41 02 00 0%u aa", i);
		from(text);
		respond(asked(COAP_POST), COAP_CHANGED);
		(void)snprintf(text, sizeof(text), "61 44 00 0%u aa", i);
		expect(text);
	}
	/* Seven fit beside the open one; the oldest made room. */
	from("41 02 00 01 aa");
	expect("61 44 00 01 aa");
	from("41 02 00 07 aa");
	expect("61 44 00 07 aa");
	from("41 02 00 00 aa");
	respond(asked(COAP_POST), COAP_CREATED);
	expect("61 41 00 00 aa");
	/* And again: the answer to 0001 has gone now, not the newest. */
	from("41 02 00 01 aa");
	respond(asked(COAP_POST), COAP_CREATED);
	expect("61 41 00 01 aa");
	from("41 02 00 00 aa");
	expect("61 41 00 00 aa");
	respond(open, COAP_CHANGED);
	expect("61 44 ff ff bb");
}

static void
how_long_to_keep(void **state)
{
	uint64_t start = trace.now_ms;

	(void)state;
	assert_int_equal(coap_peer_keep_until(trace.peer), 0);
	from("51 02 00 01 aa");
	asked(COAP_POST);
	assert_int_equal(coap_peer_keep_until(trace.peer), start + 145000);
	at(500);
	from("41 02 00 02 aa");
	respond(asked(COAP_POST), COAP_CHANGED);
	expect("61 44 00 02 aa");
	assert_int_equal(coap_peer_keep_until(trace.peer), start + 247500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ANSWER_TEST(piggybacked),
	    ANSWER_TEST(a_duplicate_gets_the_same_answer),
	    ANSWER_TEST(a_rebooted_client_is_not_a_duplicate),
	    ANSWER_TEST(empty_tokens),
	    ANSWER_TEST(separate),
	    ANSWER_TEST(a_separate_answer_may_be_reset),
	    ANSWER_TEST(a_separate_answer_gives_up),
	    ANSWER_TEST(our_request_waits_for_the_separate_answer),
	    ANSWER_TEST(our_request_goes_when_the_separate_answer_gives_up),
	    ANSWER_TEST(the_piggybacked_answer_goes_before_our_request),
	    ANSWER_TEST(non),
	    ANSWER_TEST(options_and_payload),
	    ANSWER_TEST(what_cannot_be_answered),
	    ANSWER_TEST(critical_options),
	    ANSWER_TEST(proxying),
	    ANSWER_TEST(elective_options_are_ignored),
	    ANSWER_TEST(the_fifth_unanswered_request),
	    ANSWER_TEST(the_memory_is_bounded),
	    ANSWER_TEST(how_long_to_keep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
