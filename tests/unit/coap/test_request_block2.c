/* Answers in blocks to our requests: RFC 7959 sections 2.3, 2.4. */
#include "trace.h"

#include <stdio.h>

#define BLOCK_TEST(f) \
	cmocka_unit_test_setup_teardown(f, trace_setup, trace_teardown)

#define PUT "b131 0130 122d16"
#define GET "48 01 70 01 T0 d10428"

static void
gathered(void **state)
{
	(void)state;
	request(get_root());
	expect(GET);
	/* The peer picks 32 where we would take 1024. */
	from("68 45 70 01 T0 44e0e1e2e3 8128 b109 ff {0+32}");
	expect("48 01 70 02 T1 d10428 6111");
	from("68 45 70 02 T1 44e0e1e2e3 8128 b119 ff {32+32}");
	expect("48 01 70 03 T2 d10428 6121");
	wakes(2000);
	at(2000);
	expect("48 01 70 03 T2 d10428 6121");
	from("68 45 70 03 T2 44e0e1e2e3 8128 b121 ff {64+5}");
	answered(COAP_CONTENT, "{0+69}");
	wakes(TIME_NEVER);
	at(100000);
	/* The next answer starts with an empty body. */
	request(get_root());
	expect("48 01 70 04 T3 d10428");
	from("68 45 70 04 T3 c128 b109 ff {0+32}");
	expect("48 01 70 05 T4 d10428 6111");
	from("68 45 70 05 T4 c128 b111 ff {32+1}");
	answered(COAP_CONTENT, "{0+33}");
}

static void
one_block_is_all(void **state)
{
	(void)state;
	request(get_root());
	expect(GET);
	from("68 45 70 01 T0 c128 b106 ff {0+69}"); /* 0/0/1024 */
	answered(COAP_CONTENT, "{0+69}");
}

static void
the_peer_goes_smaller_while_it_answers(void **state)
{
	(void)state;
	request(get_root());
	expect(GET);
	from("68 45 70 01 T0 d10a0a ff {0+64}"); /* 0/1/64 */
	expect("48 01 70 02 T1 d10428 6112");
	from("68 45 70 02 T1 d10a48 ff {64+16}"); /* 4/1/16 */
	expect("48 01 70 03 T2 d10428 6150"); /* 5/0/16 */
	from("68 45 70 03 T2 d10a50 ff {80+16}");
	answered(COAP_CONTENT, "{0+96}");
}

static void
the_body_changes(void **state)
{
	(void)state;
	request(get_root());
	expect(GET);
	from("68 45 70 01 T0 41aa d10608 ff {500+16}");
	expect("48 01 70 02 T1 d10428 6110");
	from("68 45 70 02 T1 41bb d10618 ff {16+16}");
	expect("48 01 70 03 T2 d10428 60"); /* 0/0/16: from the start */
	from("68 45 70 03 T2 41bb d10608 ff {0+16}");
	expect("48 01 70 04 T3 d10428 6110");
	from("68 45 70 04 T3 41bb d10610 ff {16+3}");
	answered(COAP_CONTENT, "{0+19}");
}

static void
the_body_keeps_changing(void **state)
{
	(void)state;
	request(get_root());
	expect(GET);
	from("68 45 70 01 T0 41aa d10608 ff {0+16}");
	expect("48 01 70 02 T1 d10428 6110");
	from("68 45 70 02 T1 d10a18 ff {16+16}"); /* no ETag any more */
	expect("48 01 70 03 T2 d10428 60");
	from("68 45 70 03 T2 41bb d10608 ff {0+16}");
	expect("48 01 70 04 T3 d10428 6110");
	from("68 45 70 04 T3 41cc d10618 ff {16+16}");
	failed("the body keeps changing between blocks");
}

static void
a_body_without_end(void **state)
{
	char text[64];

	(void)state;
	trace.params.body_max = 100;
	request(get_root());
	expect(GET);
	for (unsigned i = 0; i < 6; i++) {
		(void)snprintf(text, sizeof(text),
		    "68 45 70 %02x T%u d10a%x8 ff {%u+16}", i + 1, i, i,
		    i * 16);
		from(text);
		(void)snprintf(text, sizeof(text),
		    "48 01 70 %02x T%u d10428 61%x0", i + 2, i + 1, i + 1);
		expect(text);
	}
	from("68 45 70 07 T6 d10a68 ff {96+16}");
	failed("the body is larger than we take");
}

static void
a_body_of_just_the_limit(void **state)
{
	(void)state;
	trace.params.body_max = 40;
	request(get_root());
	expect(GET);
	from("68 45 70 01 T0 d10a09 ff {0+32}");
	expect("48 01 70 02 T1 d10428 6111");
	from("68 45 70 02 T1 d10a11 ff {32+8}");
	answered(COAP_CONTENT, "{0+40}");
}

static void
gathering_that_cannot_go_on(void **state)
{
	static const struct {
		const char *answer, *why;
	} cases[] = {
	    {"d10a28 ff {0+16}", "not the block that was asked for"},
	    {"d10a08 ff {0+16}", "not the block that was asked for"},
	    {"e1ff00 00", NULL}, /* malformed: not looked at */
	    {"d10a18 ff {16+15}", "a block of the wrong size"},
	    {"d10a18", "a block of the wrong size"},
	    {"d10a18 ff {16+17}", "a block of the wrong size"},
	    {"d10a10 ff {16+17}", "a block of the wrong size"},
	    {"d10a1f ff {16+16}", "Block2 is missing or malformed"},
	    {"c128 ff {16+16}", "Block2 is missing or malformed"},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		restart(0x7001);
		request(get_root());
		expect(GET);
		from("68 45 70 01 T0 d10a08 ff {0+16}");
		expect("48 01 70 02 T1 d10428 6110");
		(void)snprintf(
		    text, sizeof(text), "68 45 70 02 T1 %s", cases[i].answer);
		from(text);
		if (cases[i].why)
			failed(cases[i].why);
		else
			coap_peer_cancel(trace.peer);
	}
	restart(0x7001);
	request(get_root());
	expect(GET);
	from("68 45 70 01 T0 d10a18 ff {16+16}"); /* begins with block 1 */
	failed("not the block that was asked for");
	restart(0x7001);
	request(get_root());
	expect(GET);
	from("68 45 70 01 T0 d10a08 ff {0+16}");
	expect("48 01 70 02 T1 d10428 6110");
	from("68 43 70 02 T1");
	failed("another kind of answer in the middle of a body");
}

static void
an_error_in_the_middle_of_a_body(void **state)
{
	(void)state;
	request(get_root());
	expect(GET);
	from("68 45 70 01 T0 d10a08 ff {0+16}");
	expect("48 01 70 02 T1 d10428 6110");
	from("68 a0 70 02 T1 ff 'gone'");
	answered(COAP_INTERNAL, "'gone'");
}

static void
only_a_get_is_asked_on(void **state)
{
	(void)state;
	request(put_server(5));
	expect("48 03 70 01 T0 " PUT " ff {0+5}");
	/* To ask for block 1 would write once more. */
	from("68 80 70 01 T0 d10a08 ff {0+16}");
	answered(COAP_BAD_REQUEST, "{0+16}");
	request((struct coap_request){.method = COAP_POST,
	    .content_format = COAP_FORMAT_NONE,
	    .accept = COAP_FORMAT_NONE});
	expect("48 02 70 02 T1");
	from("68 45 70 02 T1 d10a08 ff {0+16}");
	answered(COAP_CONTENT, "{0+16}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BLOCK_TEST(gathered),
	    BLOCK_TEST(one_block_is_all),
	    BLOCK_TEST(the_peer_goes_smaller_while_it_answers),
	    BLOCK_TEST(the_body_changes),
	    BLOCK_TEST(the_body_keeps_changing),
	    BLOCK_TEST(a_body_without_end),
	    BLOCK_TEST(a_body_of_just_the_limit),
	    BLOCK_TEST(gathering_that_cannot_go_on),
	    BLOCK_TEST(an_error_in_the_middle_of_a_body),
	    BLOCK_TEST(only_a_get_is_asked_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
