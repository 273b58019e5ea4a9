/* Our requests with a body in blocks: RFC 7959 sections 2.3, 2.5, 2.9. */
#include "trace.h"

#define BLOCK_TEST(f) \
	cmocka_unit_test_setup_teardown(f, trace_setup, trace_teardown)

#define PUT "b131 0130 122d16"

/* PUT of 150 bytes in blocks of 64: 0/1/64, 1/1/64, 2/0/64. */
static void
put_in_64(void)
{
	struct coap_request rq = put_server(150);

	rq.block_size = 64;
	request(rq);
	expect("48 03 70 01 T0 " PUT " d1020a d11496 ff {0+64}");
}

static void
three_blocks(void **state)
{
	(void)state;
	put_in_64();
	from("68 5f 70 01 T0 d10e0a");
	expect("48 03 70 02 T1 " PUT " d1021a ff {64+64}");
	from("68 5f 70 02 T1 d10e1a");
	expect("48 03 70 03 T2 " PUT " d10222 ff {128+22}");
	from("68 44 70 03 T2 d10e22");
	answered(COAP_CHANGED, "");
	wakes(TIME_NEVER);
}

static void
when_a_body_goes_in_blocks(void **state)
{
	struct coap_request rq = put_server(1024);

	(void)state;
	request(rq); /* whole */
	expect("48 03 70 01 T0 " PUT " ff {0+1024}");
	coap_peer_cancel(trace.peer);
	rq.payload.len = 1025;
	rq.block_size = 5000; /* no more than 1024 */
	request(rq);
	expect("48 03 70 02 T1 " PUT " d1020e d2140401 ff {0+1024}");
	from("68 5f 70 02 T1 d10e0e");
	expect("48 03 70 03 T2 " PUT " d10216 ff {1024+1}");
	coap_peer_cancel(trace.peer);
	/* 500 is a limit on the payload: blocks then are of 256. */
	rq.block_size = 500;
	rq.payload.len = 500;
	request(rq);
	expect("48 03 70 04 T3 " PUT " ff {0+500}");
	coap_peer_cancel(trace.peer);
	rq.payload.len = 501;
	request(rq);
	expect("48 03 70 05 T4 " PUT " d1020c d21401f5 ff {0+256}");
	coap_peer_cancel(trace.peer);
	rq.block_size = 3; /* no less than 16 */
	rq.payload.len = 16;
	request(rq);
	expect("48 03 70 06 T5 " PUT " ff {0+16}");
	coap_peer_cancel(trace.peer);
	rq.payload.len = 17;
	request(rq);
	expect("48 03 70 07 T6 " PUT " d10208 d11411 ff {0+16}");
	coap_peer_cancel(trace.peer);
}

static void
a_block_is_lost(void **state)
{
	(void)state;
	put_in_64();
	at(2000);
	expect("48 03 70 01 T0 " PUT " d1020a d11496 ff {0+64}");
	from("68 5f 70 01 T0 d10e0a");
	expect("48 03 70 02 T1 " PUT " d1021a ff {64+64}");
	wakes(4000); /* the next block's timer starts afresh */
	/* The answer to the first transmission, delayed. */
	from("68 5f 70 01 T0 d10e0a");
	at(4000);
	expect("48 03 70 02 T1 " PUT " d1021a ff {64+64}");
	from("70 00 70 02");
	ended(COAP_EVENT_RESET);
}

static void
the_peer_goes_silent_in_the_middle(void **state)
{
	(void)state;
	put_in_64();
	from("68 5f 70 01 T0 d10e0a");
	for (unsigned i = 0; i < 5; i++) {
		expect("48 03 70 02 T1 " PUT " d1021a ff {64+64}");
		at((uint64_t)(2000 << (i + 1)) - 2000);
	}
	ended(COAP_EVENT_TIMEOUT);
}

static void
each_block_answered_separately(void **state)
{
	(void)state;
	put_in_64();
	from("60 00 70 01");
	from("48 5f aa 01 T0 d10e0a");
	expect("60 00 aa 01");
	expect("48 03 70 02 T1 " PUT " d1021a ff {64+64}");
	from("48 5f aa 01 T0 d10e0a"); /* our ACK was lost */
	expect("60 00 aa 01");
	from("58 5f aa 02 T1 d10e1a"); /* as NON */
	expect("48 03 70 03 T2 " PUT " d10222 ff {128+22}");
	from("48 44 aa 03 T2 d10e22");
	expect("60 00 aa 03");
	answered(COAP_CHANGED, "");
}

static void
the_peer_shrinks_at_once(void **state)
{
	(void)state;
	put_in_64();
	from("68 5f 70 01 T0 d10e08"); /* 0/1/16 */
	/* RFC 7959 figure 9: on at byte 64, which is block 4 of 16. */
	expect("48 03 70 02 T1 " PUT " d10248 ff {64+16}");
	from("68 5f 70 02 T1 d10e48");
	expect("48 03 70 03 T2 " PUT " d10258 ff {80+16}");
	coap_peer_cancel(trace.peer);
}

static void
the_peer_shrinks_in_the_middle(void **state)
{
	(void)state;
	put_in_64();
	from("68 5f 70 01 T0 d10e0a");
	expect("48 03 70 02 T1 " PUT " d1021a ff {64+64}");
	from("68 5f 70 02 T1 d10e19"); /* 1/1/32 */
	expect("48 03 70 03 T2 " PUT " d10241 ff {128+22}"); /* 4/0/32 */
	from("68 44 70 03 T2 d10e41");
	answered(COAP_CHANGED, "");
}

static void
the_peer_wants_larger_blocks(void **state)
{
	(void)state;
	put_in_64();
	from("68 5f 70 01 T0 d10e0e"); /* 0/1/1024 */
	expect("48 03 70 02 T1 " PUT " d1021a ff {64+64}");
	coap_peer_cancel(trace.peer);
}

static void
continue_without_block1(void **state)
{
	(void)state;
	put_in_64();
	from("68 5f 70 01 T0");
	expect("48 03 70 02 T1 " PUT " d1021a ff {64+64}");
	coap_peer_cancel(trace.peer);
}

static void
blocks_that_cannot_go_on(void **state)
{
	(void)state;
	put_in_64();
	from("68 5f 70 01 T0 d10e1a"); /* names block 1 */
	failed("the answer names another block");
	restart(0x7001);
	put_in_64();
	from("68 5f 70 01 T0 d10e0f"); /* SZX 7 */
	failed("malformed Block1 in the answer");
	restart(0x7001);
	put_in_64();
	from("68 44 70 01 T0 d10e02"); /* 2.04 to the first block */
	failed("a final answer before the last block");
	restart(0x7001);
	request(put_server(10));
	expect("48 03 70 01 T0 " PUT " ff {0+10}");
	from("68 5f 70 01 T0 d10e0a");
	failed("2.31 Continue after the last block");
}

static void
an_error_before_the_last_block_is_the_answer(void **state)
{
	(void)state;
	put_in_64();
	from("68 8f 70 01 T0 d10e02");
	answered(COAP_UNSUPPORTED_FORMAT, "");
	wakes(TIME_NEVER);
}

static void
incomplete_begins_again(void **state)
{
	(void)state;
	put_in_64();
	from("68 5f 70 01 T0 d10e0a");
	expect("48 03 70 02 T1 " PUT " d1021a ff {64+64}");
	from("68 88 70 02 T1");
	expect("48 03 70 03 T2 " PUT " d1020a d11496 ff {0+64}");
	from("68 5f 70 03 T2 d10e0a");
	expect("48 03 70 04 T3 " PUT " d1021a ff {64+64}");
	from("68 88 70 04 T3");
	expect("48 03 70 05 T4 " PUT " d1020a d11496 ff {0+64}");
	from("68 88 70 05 T4 ff 'no'"); /* the third time it is final */
	answered(COAP_INCOMPLETE, "'no'");
}

static void
incomplete_to_a_whole_body_is_the_answer(void **state)
{
	(void)state;
	request(put_server(10));
	expect("48 03 70 01 T0 " PUT " ff {0+10}");
	from("68 88 70 01 T0");
	answered(COAP_INCOMPLETE, "");
}

static void
too_large_with_a_smaller_block(void **state)
{
	(void)state;
	put_in_64();
	from("68 5f 70 01 T0 d10e0a");
	expect("48 03 70 02 T1 " PUT " d1021a ff {64+64}");
	from("68 8d 70 02 T1 d10e19"); /* 32 */
	expect("48 03 70 03 T2 " PUT " d10209 d11496 ff {0+32}");
	from("68 8d 70 03 T2 d10e00"); /* 16 */
	expect("48 03 70 04 T3 " PUT " d10208 d11496 ff {0+16}");
	from("68 8d 70 04 T3 d10e00"); /* no smaller */
	answered(COAP_TOO_LARGE, "");
}

static void
too_large_without_a_way_out(void **state)
{
	(void)state;
	put_in_64();
	from("68 8d 70 01 T0 d12f 80"); /* Size1 alone */
	answered(COAP_TOO_LARGE, "");
	restart(0x7001);
	put_in_64();
	from("68 8d 70 01 T0 d10e0a"); /* the same SZX */
	answered(COAP_TOO_LARGE, "");
}

static void
too_large_for_a_whole_body(void **state)
{
	(void)state;
	request(put_server(300));
	expect("48 03 70 01 T0 " PUT " ff {0+300}");
	from("68 8d 70 01 T0 d10e0b"); /* 0/1/128 */
	expect("48 03 70 02 T1 " PUT " d1020b d214012c ff {0+128}");
	from("68 5f 70 02 T1 d10e0b");
	expect("48 03 70 03 T2 " PUT " d1021b ff {128+128}");
	from("68 5f 70 03 T2 d10e1b");
	expect("48 03 70 04 T3 " PUT " d10223 ff {256+44}");
	from("68 44 70 04 T3 d10e23");
	answered(COAP_CHANGED, "");
	/* A block that the body fits in does not help. */
	request(put_server(300));
	expect("48 03 70 05 T4 " PUT " ff {0+300}");
	from("68 8d 70 05 T4 d10e0d"); /* 512 */
	answered(COAP_TOO_LARGE, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BLOCK_TEST(three_blocks),
	    BLOCK_TEST(when_a_body_goes_in_blocks),
	    BLOCK_TEST(a_block_is_lost),
	    BLOCK_TEST(the_peer_goes_silent_in_the_middle),
	    BLOCK_TEST(each_block_answered_separately),
	    BLOCK_TEST(the_peer_shrinks_at_once),
	    BLOCK_TEST(the_peer_shrinks_in_the_middle),
	    BLOCK_TEST(the_peer_wants_larger_blocks),
	    BLOCK_TEST(continue_without_block1),
	    BLOCK_TEST(blocks_that_cannot_go_on),
	    BLOCK_TEST(an_error_before_the_last_block_is_the_answer),
	    BLOCK_TEST(incomplete_begins_again),
	    BLOCK_TEST(incomplete_to_a_whole_body_is_the_answer),
	    BLOCK_TEST(too_large_with_a_smaller_block),
	    BLOCK_TEST(too_large_without_a_way_out),
	    BLOCK_TEST(too_large_for_a_whole_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
