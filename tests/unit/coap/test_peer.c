/* What the peer sends at us, and what it gets: RFC 7252 sections 4.2, 4.3. */
#include "trace.h"

#include <stdio.h>

#define PEER_TEST(f) \
	cmocka_unit_test_setup_teardown(f, trace_setup, trace_teardown)

static void
ping(void **state)
{
	(void)state;
	from("40 00 12 34");
	expect("70 00 12 34");
	from("50 00 12 34"); /* NON */
}

static void
malformed_con_is_reset(void **state)
{
	static const char *const datagrams[] = {
	    "49 01 12 34 0102030405060708 09", /* TKL 9 */
	    "4f 01 12 34 0102030405060708 090a0b0c0d0e0f",
	    "44 01 12 34 010203", /* the token is cut */
	    "40 01 12 34 ff", /* a marker, no payload */
	    "40 01 12 34 f0", /* delta 15 */
	    "40 01 12 34 0f", /* length 15 */
	    "40 01 12 34 b2 'b'", /* the value is cut */
	    "40 01 12 34 d0", /* the extension is cut */
	    "40 01 12 34 e0 ff", /* so is this */
	    "40 01 12 34 e0 ffff", /* option 65804 */
	    "41 00 12 34 aa", /* Empty with a token */
	    "40 00 12 34 ff 00", /* Empty with a payload */
	    "48 45 12 34 T0 ff", /* a response */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(datagrams) / sizeof(datagrams[0]); i++) {
		char copy[64];

		from(datagrams[i]);
		expect("70 00 12 34");
		/* The same as NON, ACK, RST: silence. */
		for (char type = '5'; type <= '7'; type++) {
			(void)strcpy(copy, datagrams[i]);
			copy[0] = type;
			from(copy);
		}
	}
	assert_int_equal(coap_peer_counters(trace.peer)->malformed,
	    4 * sizeof(datagrams) / sizeof(datagrams[0]));
}

static void
no_header_is_silence(void **state)
{
	(void)state;
	from("");
	from("40");
	from("40 01");
	from("40 01 12");
}

static void
other_versions_are_silence(void **state)
{
	(void)state;
	from("00 01 12 34");
	from("80 01 12 34");
	from("c0 01 12 34");
	from("c0");
	from("16 fe fd 00"); /* a DTLS record gone astray */
	assert_int_equal(coap_peer_counters(trace.peer)->malformed, 5);
}

static void
reserved_classes(void **state)
{
	(void)state;
	from("40 20 12 34"); /* 1.00 */
	expect("70 00 12 34");
	from("40 c0 12 35"); /* 6.00 */
	expect("70 00 12 35");
	from("40 e1 12 36"); /* 7.01, CSM of TCP */
	expect("70 00 12 36");
	from("50 20 12 34");
	from("60 c0 12 34");
	from("70 e1 12 34");
}

static void
too_many_options(void **state)
{
	char text[256] = "40 01 12 34";

	(void)state;
	for (int i = 0; i < COAP_OPTIONS_MAX + 1; i++)
		(void)strcat(text, i ? "00" : "b0");
	from(text);
	expect("70 00 12 34");
	text[0] = '5';
	from(text);
}

static void
requests_come_as_con_or_non(void **state)
{
	(void)state;
	from("60 02 12 34");
	from("70 02 12 34");
	from("50 02 12 34");
	asked(COAP_POST);
}

static void
stray_responses(void **state)
{
	(void)state;
	/* RFC 7252 section 4.2, 4.3: nothing is open. */
	from("48 44 12 34 T0");
	expect("70 00 12 34");
	from("58 44 12 34 T0");
	from("68 44 12 34 T0");
	from("78 44 12 34 T0");
	from("60 00 70 01");
	from("70 00 70 01");
}

static void
an_unknown_method_is_shown(void **state)
{
	(void)state;
	from("40 05 12 34"); /* FETCH: the owner says 4.05 */
	respond(asked(0x05), COAP_METHOD_NOT_ALLOWED);
	expect("60 85 12 34");
}

static void
the_request_is_whole(void **state)
{
	struct coap_event ev;

	(void)state;
	from("44 02 12 34 a1b2c3d4 b2'bs' 4d01'ep=device-0001' 07'pct=112'");
	assert_true(coap_peer_event(trace.peer, &ev));
	assert_int_equal(ev.message->option_count, 3);
	assert_true(span_is(ev.message->options[0].value, "bs"));
	assert_true(span_is(ev.message->options[1].value, "ep=device-0001"));
	assert_true(span_is(ev.message->options[2].value, "pct=112"));
	respond(ev.ref, COAP_CHANGED);
	expect("64 44 12 34 a1b2c3d4");
}

static void
output_wants_room(void **state)
{
	uint8_t buf[COAP_DATAGRAM_MAX];
	struct writer w;

	(void)state;
	from("40 00 12 34");
	writer_init(&w, buf, COAP_DATAGRAM_MAX - 1);
	assert_int_equal(coap_peer_output(trace.peer, &w), RC_TOO_LARGE);
	expect("70 00 12 34");
}

static void
a_flood_without_output_is_bounded(void **state)
{
	char text[16];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		uint8_t ping[4] = {0x40, 0, 0, (uint8_t)i};

		coap_peer_receive(trace.peer, span_of(ping, 4), trace.now_ms);
	}
	for (unsigned i = 0; i < 8; i++) {
		(void)snprintf(text, sizeof(text), "70 00 00 %02x", i);
		expect(text);
	}
	assert_int_equal(coap_peer_counters(trace.peer)->received, 20);
	assert_int_equal(coap_peer_counters(trace.peer)->sent, 8);
}

/* A request that a piggybacked answer ends, `count` times. */
static void
spend_mids(unsigned count)
{
	uint8_t reply[12] = {0x68, COAP_DELETED}, buf[COAP_DATAGRAM_MAX];
	struct coap_request rq = {.method = COAP_DELETE,
	    .content_format = COAP_FORMAT_NONE,
	    .accept = COAP_FORMAT_NONE};
	struct coap_event ev;
	struct writer w;

	for (unsigned i = 0; i < count; i++) {
		request(rq);
		writer_init(&w, buf, sizeof(buf));
		assert_int_equal(coap_peer_output(trace.peer, &w), RC_OK);
		memcpy(reply + 2, buf + 2, 10);
		coap_peer_receive(trace.peer, span_of(reply, 12), trace.now_ms);
		assert_true(coap_peer_event(trace.peer, &ev));
		assert_int_equal(ev.kind, COAP_EVENT_RESPONSE);
	}
}

static void
mids_do_not_come_back_within_the_lifetime(void **state)
{
	struct coap_request rq = get_root();
	uint32_t ref;

	(void)state;
	restart(0xfffe);
	spend_mids(2);
	at(1000);
	spend_mids(32768); /* 0000 to 7fff */
	/* 8000 to fffd were never used, but fffe and ffff a second ago. */
	assert_int_equal(
	    coap_peer_request(trace.peer, &rq, trace.now_ms, &ref), RC_FULL);
	at(246999);
	assert_int_equal(
	    coap_peer_request(trace.peer, &rq, trace.now_ms, &ref), RC_FULL);
	at(247000);
	trace.tokens = 0;
	request(rq);
	expect("48 01 80 00 T0 d10428");
	coap_peer_cancel(trace.peer);
}

static void
nothing_to_do(void **state)
{
	(void)state;
	wakes(TIME_NEVER);
	at(UINT32_MAX);
	coap_peer_cancel(trace.peer);
	coap_peer_free(NULL);
	assert_true(coap_peer_keep_until(trace.peer) <= trace.now_ms);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PEER_TEST(ping),
	    PEER_TEST(malformed_con_is_reset),
	    PEER_TEST(no_header_is_silence),
	    PEER_TEST(other_versions_are_silence),
	    PEER_TEST(reserved_classes),
	    PEER_TEST(too_many_options),
	    PEER_TEST(requests_come_as_con_or_non),
	    PEER_TEST(stray_responses),
	    PEER_TEST(an_unknown_method_is_shown),
	    PEER_TEST(the_request_is_whole),
	    PEER_TEST(output_wants_room),
	    PEER_TEST(a_flood_without_output_is_bounded),
	    PEER_TEST(mids_do_not_come_back_within_the_lifetime),
	    PEER_TEST(nothing_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
