/* Frames that wait to be sent, and leave in pieces of any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "coap/outbox.h"
#include "coap/signalling.h"

static struct coap_message
pong(uint8_t token)
{
	return (struct coap_message){.code = COAP_PONG, .token = {1, {token}}};
}

static void
put(struct outbox *o, uint8_t token)
{
	struct coap_message m = pong(token);

	assert_int_equal(outbox_put(o, &m), RC_OK);
}

/* Take `n` bytes; they are `should`. */
static void
taken(struct outbox *o, size_t n, const char *should)
{
	uint8_t buf[64];
	struct writer w;

	writer_init(&w, buf, n);
	assert_true(outbox_take(o, &w));
	assert_int_equal(w.len, n);
	assert_memory_equal(buf, should, n);
}

static void
in_order_and_in_pieces(void **state)
{
	struct outbox o;
	struct writer w;
	uint8_t byte;

	(void)state;
	outbox_init(&o, 100);
	writer_init(&w, &byte, 1);
	assert_false(outbox_take(&o, &w));
	put(&o, 'a');
	put(&o, 'b');
	taken(&o, 2, "\x01\xe3");
	put(&o, 'c');
	taken(&o, 5,
	    "a\x01\xe3"
	    "b\x01");
	put(&o, 'd');
	taken(&o, 5,
	    "\xe3"
	    "c\x01\xe3"
	    "d");
	assert_int_equal(o.len, 0);
	assert_null(o.buf); /* nothing waits, nothing is held */
	writer_init(&w, &byte, 0);
	put(&o, 'e');
	assert_false(outbox_take(&o, &w)); /* no room */
	outbox_fini(&o);
}

static void
bounded(void **state)
{
	struct coap_message m = pong('x');
	struct outbox o;

	(void)state;
	outbox_init(&o, 3000);
	for (unsigned i = 0; i < 1000; i++)
		put(&o, 'x');
	assert_int_equal(outbox_put(&o, &m), RC_FULL);
	assert_true(o.cap <= 2 * 3000);
	taken(&o, 2, "\x01\xe3");
	assert_int_equal(outbox_put(&o, &m), RC_FULL);
	taken(&o, 1, "x");
	assert_int_equal(outbox_put(&o, &m), RC_OK);
	assert_int_equal(outbox_put(&o, &m), RC_FULL);
	/* However often it is filled, the memory stays. */
	for (unsigned i = 0; i < 10000; i++) {
		taken(&o, 3, "\x01\xe3x");
		put(&o, 'x');
		assert_true(o.cap <= 4 * 3000);
	}
	outbox_fini(&o);
}

static void
too_large_for_ever(void **state)
{
	uint8_t payload[100] = {0};
	struct coap_message m = {
	    .code = COAP_CONTENT, .payload = span_of(payload, 100)};
	struct outbox o;

	(void)state;
	outbox_init(&o, 103);
	assert_int_equal(outbox_put(&o, &m), RC_TOO_LARGE);
	outbox_fini(&o);
	outbox_init(&o, 104);
	assert_int_equal(outbox_put(&o, &m), RC_OK);
	outbox_fini(&o);
	m.token.len = 9;
	outbox_init(&o, 1000);
	assert_int_equal(outbox_put(&o, &m), RC_BUG);
	assert_int_equal(o.len, 0);
	outbox_fini(&o);
}

static void
the_last_word(void **state)
{
	struct coap_message last = {.code = COAP_ABORT};
	struct outbox o;

	(void)state;
	/* Nothing has begun: nothing else goes. */
	outbox_init(&o, 6);
	put(&o, 'a');
	put(&o, 'b'); /* full */
	outbox_end(&o, &last);
	taken(&o, 2, "\x00\xe5");
	assert_int_equal(o.len, 0);
	/* One has begun: its rest goes ahead. */
	put(&o, 'a');
	put(&o, 'b');
	taken(&o, 4,
	    "\x01\xe3"
	    "a\x01");
	put(&o, 'c');
	outbox_end(&o, &last);
	taken(&o, 4,
	    "\xe3"
	    "b\x00\xe5");
	assert_int_equal(o.len, 0);
	/* Of an empty one, and when the end is between two. */
	put(&o, 'a');
	taken(&o, 3,
	    "\x01\xe3"
	    "a");
	outbox_end(&o, &last);
	taken(&o, 1, "\x00");
	taken(&o, 1, "\xe5");
	put(&o, 'a');
	put(&o, 'b');
	taken(&o, 3,
	    "\x01\xe3"
	    "a");
	outbox_end(&o, &last);
	taken(&o, 2, "\x00\xe5");
	outbox_fini(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_order_and_in_pieces),
	    cmocka_unit_test(bounded),
	    cmocka_unit_test(too_large_for_ever),
	    cmocka_unit_test(the_last_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
