/* Bodies on a connection: whole, in blocks, in BERT blocks. RFC 8323 section
 * 6; the same of datagrams is in test_request_block1.c and _block2.c. */
#include "stream_trace.h"

#include <stdio.h>

#define COMPOSE_TEST(f) \
	cmocka_unit_test_setup_teardown(f, stream_setup_bare, trace_teardown)

#define PUT "b1310130122d16" /* 7 bytes */

static void
put_to(const char *csm, size_t len)
{
	connect_peer();
	exchange_csm(OUR_CSM, csm);
	request(put_server(len));
}

/* What fits goes whole: the limit counts every byte of the message. */
static void
whole_up_to_the_limit(void **state)
{
	(void)state;
	put_to("00 e1", 1132); /* 1152 less 12 of header, 8 of options */
	goes("e8 0367 03 T0 " PUT " ff {0+1132}");
	comes("08 44 T0");
	answered(COAP_CHANGED, "");
	put_to("00 e1", 1133);
	goes("e8 0302 03 T0 " PUT " d1020e d214046d ff {0+1024}");
	comes("38 5f T0 d10e0e");
	goes("d8 6b 03 T1 " PUT " d10216 ff {1024+109}");
	comes("38 44 T1 d10e16");
	answered(COAP_CHANGED, "");
	put_to(CSM, 8172);
	goes("e8 1ee7 03 T0 " PUT " ff {0+8172}");
	coap_peer_cancel(trace.peer);
}

/* Figure 13 of the RFC, with our sizes: NUM goes on by units of 1024. */
static void
bert_blocks(void **state)
{
	(void)state;
	put_to(CSM, 16000);
	goes("e8 1b02 03 T0 " PUT " d1020f d2143e80 ff {0+7168}");
	comes("38 5f T0 d10e0f");
	goes("e8 1afe 03 T1 " PUT " d1027f ff {7168+7168}");
	comes("38 5f T1 d10e7f");
	goes("e8 057e 03 T2 " PUT " d102e7 ff {14336+1664}");
	coap_peer_cancel(trace.peer);
}

/* Without BERT, or when nobody has said anything of blocks. */
static void
plain_blocks(void **state)
{
	static const char *const csms[] = {
	    "30 e1 22 2000", /* 8192, and not a word of blocks */
	    "40 e1 22 0480 20", /* blocks, 1152 */
	};

	(void)state;
	put_to(csms[0], 9000);
	goes("e8 0302 03 T0 " PUT " d1020e d2142328 ff {0+1024}");
	coap_peer_cancel(trace.peer);
	put_to(csms[1], 9000);
	goes("e8 0302 03 T0 " PUT " d1020e d2142328 ff {0+1024}");
	coap_peer_cancel(trace.peer);
	/* A message of ours that is too small for BERT, theirs is not. */
	stream_params.message_max = 1152;
	connect_peer();
	exchange_csm("40 e1 22 0480 20", CSM);
	request(put_server(9000));
	goes("e8 0302 03 T0 " PUT " d1020e d2142328 ff {0+1024}");
	coap_peer_cancel(trace.peer);
	/* And what we are ready to send bounds it, too. */
	stream_params.send_max = 300;
	connect_peer();
	exchange_csm("40 e1 22 0480 20", CSM);
	request(put_server(9000));
	goes("e8 0002 03 T0 " PUT " d1020c d2142328 ff {0+256}");
	coap_peer_cancel(trace.peer);
}

static void
the_peer_wants_them_smaller(void **state)
{
	(void)state;
	put_to(CSM, 9000);
	goes("e8 1b02 03 T0 " PUT " d1020f d2142328 ff {0+7168}");
	comes("38 5f T0 d10e0d"); /* 512 from here on: the 14th */
	goes("e8 00fe 03 T1 " PUT " d102ed ff {7168+512}");
	comes("38 5f T1 d10eed");
	coap_peer_cancel(trace.peer);

	/* 4.13 to the whole body, and a hint: from the beginning. */
	put_to(CSM, 3000);
	goes("e8 0ab3 03 T0 " PUT " ff {0+3000}");
	comes("38 8d T0 d10e06");
	goes("e8 0302 03 T1 " PUT " d1020e d2140bb8 ff {0+1024}");
	comes("38 8d T1 d10e06"); /* no smaller than what was refused */
	answered(COAP_TOO_LARGE, "");

	/* 4.13 to a BERT block: SZX 6 is smaller. */
	put_to(CSM, 9000);
	goes("e8 1b02 03 T0 " PUT " d1020f d2142328 ff {0+7168}");
	comes("38 8d T0 d10e07");
	answered(COAP_TOO_LARGE, "");
	put_to(CSM, 9000);
	goes("e8 1b02 03 T0 " PUT " d1020f d2142328 ff {0+7168}");
	comes("38 8d T0 d10e06");
	goes("e8 0302 03 T1 " PUT " d1020e d2142328 ff {0+1024}");
	coap_peer_cancel(trace.peer);
}

/* 4.08: from the first block, twice. */
static void
incomplete(void **state)
{
	static const char first[] = " " PUT " d1020f d2142328 ff {0+7168}";
	char text[100];

	(void)state;
	put_to(CSM, 9000);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "e8 1b02 03 T%u%s", i, first);
		goes(text);
		snprintf(text, sizeof(text), "08 88 T%u", i);
		comes(text);
	}
	answered(COAP_INCOMPLETE, "");
}

static void
answers_that_break_it(void **state)
{
	static const struct {
		const char *answer;
		const char *why;
	} cases[] = {
	    {"38 5f T0 d10e1f", "the answer names another block"},
	    {"38 5f T0 d10e7f", "the answer names another block"},
	    {"08 44 T0", "a final answer before the last block"},
	    {"38 44 T0 d10e0f", "a final answer before the last block"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_to(CSM, 9000);
		goes("e8 1b02 03 T0 " PUT " d1020f d2142328 ff {0+7168}");
		comes(cases[i].answer);
		failed(cases[i].why);
	}
	/* SZX 7 from one who has never announced it. */
	put_to("00 e1", 9000);
	goes("e8 0302 03 T0 " PUT " d1020e d2142328 ff {0+1024}");
	comes("38 5f T0 d10e0f");
	failed("malformed Block1 in the answer");
}

/* Figure 12 of the RFC, with our sizes. */
static void
gathered_by_bert(void **state)
{
	(void)state;
	connect_peer();
	exchange_csm(OUR_CSM, CSM);
	request(get_root());
	goes("38 01 T0 d10428");
	comes("e8 0af8 45 T0 c128 b10f ff {0+3072}");
	goes("58 01 T1 d10428 6137"); /* 3/0/BERT */
	comes("e8 12f8 45 T1 c128 b13f ff {3072+5120}");
	goes("58 01 T2 d10428 6187");
	comes("e8 0ff8 45 T2 c128 b187 ff {8192+4352}");
	answered(COAP_CONTENT, "{0+12544}");
}

/* A final block may have any size, none too; one alone also is a body. */
static void
final_bert_blocks(void **state)
{
	(void)state;
	connect_peer();
	exchange_csm(OUR_CSM, CSM);
	request(get_root());
	goes("38 01 T0 d10428");
	comes("e8 02f8 45 T0 c128 b10f ff {0+1024}");
	goes("58 01 T1 d10428 6117");
	comes("48 45 T1 c128 b117");
	answered(COAP_CONTENT, "{0+1024}");
	request(get_root());
	goes("38 01 T2 d10428");
	comes("e8 06c1 45 T2 c128 b107 ff {0+1993}");
	answered(COAP_CONTENT, "{0+1993}");
}

/* The peer goes from BERT to small blocks in the middle. */
static void
from_bert_to_small_ones(void **state)
{
	(void)state;
	connect_peer();
	exchange_csm(OUR_CSM, CSM);
	request(get_root());
	goes("38 01 T0 d10428");
	comes("e8 06f8 45 T0 c128 b10f ff {0+2048}");
	goes("58 01 T1 d10428 6127");
	comes("e8 00f8 45 T1 c128 b14d ff {2048+512}"); /* 4/1/512 */
	goes("58 01 T2 d10428 6155"); /* on in those */
	comes("d8 02 45 T2 c128 b155 ff {2560+10}");
	answered(COAP_CONTENT, "{0+2570}");
}

static void
blocks_that_are_wrong(void **state)
{
	static const struct {
		const char *answer;
		const char *why;
	} cases[] = {
	    {"e8 02f7 45 T1 c128 b13f ff {3072+1023}",
		"a block of the wrong size"},
	    {"e8 02f9 45 T1 c128 b13f ff {3072+1025}",
		"a block of the wrong size"},
	    {"48 45 T1 c128 b13f", "a block of the wrong size"},
	    {"e8 02f8 45 T1 c128 b10f ff {0+1024}", /* once more */
		"not the block that was asked for"},
	    {"e8 02f8 45 T1 c128 b12f ff {2048+1024}",
		"not the block that was asked for"},
	    {"e8 02f8 45 T1 c128 b14f ff {4096+1024}", /* one is left out */
		"not the block that was asked for"},
	    {"e8 02f8 45 T1 c128 b13e ff {3072+1024}", NULL},
	    {"48 45 T1 c128 ff 30", "Block2 is missing or malformed"},
	    {"78 45 T1 c128 b400000137",
		"the answer has a critical option that is not known"},
	    {"08 44 T1", "another kind of answer in the middle of a body"},
	    {"e8 36f8 45 T1 c128 b13f ff {3072+14336}",
		"the body is larger than we take"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		connect_peer();
		exchange_csm(OUR_CSM, CSM);
		request(get_root());
		goes("38 01 T0 d10428");
		comes("e8 0af8 45 T0 c128 b10f ff {0+3072}");
		goes("58 01 T1 d10428 6137");
		comes(cases[i].answer);
		if (cases[i].why) {
			failed(cases[i].why);
			continue;
		}
		goes("58 01 T2 d10428 6146");
		coap_peer_cancel(trace.peer);
	}
}

/* Without BERT of ours, SZX 7 is what it is on UDP: reserved. */
static void
bert_that_was_not_announced(void **state)
{
	(void)state;
	stream_params.message_max = 1152;
	connect_peer();
	exchange_csm("40 e1 22 0480 20", CSM);
	request(get_root());
	goes("38 01 T0 d10428");
	comes("e8 02f8 45 T0 c128 b10f ff {0+1024}");
	failed("Block2 is missing or malformed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    COMPOSE_TEST(whole_up_to_the_limit),
	    COMPOSE_TEST(bert_blocks),
	    COMPOSE_TEST(plain_blocks),
	    COMPOSE_TEST(the_peer_wants_them_smaller),
	    COMPOSE_TEST(incomplete),
	    COMPOSE_TEST(answers_that_break_it),
	    COMPOSE_TEST(gathered_by_bert),
	    COMPOSE_TEST(final_bert_blocks),
	    COMPOSE_TEST(from_bert_to_small_ones),
	    COMPOSE_TEST(blocks_that_are_wrong),
	    COMPOSE_TEST(bert_that_was_not_announced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
