/* Over plain CoAP anybody can write any address on a datagram: where an
 * identity wants it, a device shows that it gets what is sent to its own
 * (RFC 9175 section 2.3). */
#include "stage.h"

#define PLAY(f) cmocka_unit_test_setup_teardown(f, setup, stage_teardown)

static int
setup(void **state)
{
	int code = stage_setup(state);

	stage.keeper.wants_echo = true;
	stage.keeper.wish = wish_short;
	stage.keeper.wish.servers = 1;
	return code;
}

/** The Echo value of what came last. */
static struct span
given(void)
{
	const struct coap_option *o = coap_find(&stage.came, COAP_ECHO);

	assert_non_null(o);
	return o->value;
}

/** A request with that value; with a new MID and token. */
static void
asks(uint8_t method, const char *path, struct span echo)
{
	struct coap_message m = {
	    .type = COAP_CON,
	    .code = method,
	    .mid = (uint16_t)(0x7000 + stage.tokens),
	    .token = {.len = 2, .bytes = {0xec, stage.tokens++}},
	};
	uint8_t buf[128];
	struct writer w;

	assert_int_equal(coap_add(&m, COAP_URI_PATH, span_str(path)), RC_OK);
	assert_int_equal(
	    coap_add(&m, COAP_URI_QUERY, SPAN_LIT("ep=dev-1")), RC_OK);
	assert_int_equal(coap_add(&m, COAP_ECHO, echo), RC_OK);
	writer_init(&w, buf, sizeof(buf));
	coap_encode(&m, &w);
	says_bytes(writer_span(&w));
}

/** What the first request is given. */
static void
is_given(uint8_t out[static ECHO_LEN])
{
	says("CON POST /bs?ep=dev-1");
	expect("ACK 4.01");
	assert_int_equal(given().len, ECHO_LEN);
	memcpy(out, given().p, ECHO_LEN);
}

static void
goes_on(void)
{
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=11542");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=11542");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict("ok ok 2/3 2.04");
}

static void
asked_and_shown(void **state)
{
	uint8_t value[ECHO_LEN];

	(void)state;
	is_given(value);
	/* nothing is kept of who has shown nothing */
	assert_int_equal(stage.worker.peers.count, 0);
	boots(0);
	no_verdict();
	asks(COAP_POST, "bs", span_of(value, sizeof(value)));
	assert_true(stage.keeper.fresh);
	goes_on();
}

/* It stays good for a while: a client need not hurry, nor ask anew at once. */
static void
good_for_a_minute(void **state)
{
	uint8_t value[ECHO_LEN];

	(void)state;
	is_given(value);
	pass(59000);
	asks(COAP_POST, "bs", span_of(value, sizeof(value)));
	goes_on();
}

static void
too_old(void **state)
{
	uint8_t value[ECHO_LEN];

	(void)state;
	is_given(value);
	pass(62000);
	asks(COAP_POST, "bs", span_of(value, sizeof(value)));
	expect("ACK 4.01");
	assert_false(stage.keeper.fresh);
	/* it is given another one, which is good */
	memcpy(value, given().p, sizeof(value));
	asks(COAP_POST, "bs", span_of(value, sizeof(value)));
	goes_on();
}

static void
wrong(void **state)
{
	uint8_t value[ECHO_LEN + 1] = {0};

	(void)state;
	is_given(value);
	for (size_t len = 0; len <= sizeof(value); len++) {
		if (len == ECHO_LEN)
			continue;
		asks(COAP_POST, "bs", span_of(value, len));
		expect("ACK 4.01");
	}
	value[ECHO_LEN - 1] ^= 1;
	asks(COAP_POST, "bs", span_of(value, ECHO_LEN));
	expect("ACK 4.01");
	assert_false(stage.keeper.fresh);
}

/* What was sent to one address shows nothing of another one. */
static void
from_another_address(void **state)
{
	uint8_t value[ECHO_LEN];

	(void)state;
	is_given(value);
	moves(40404);
	asks(COAP_POST, "bs", span_of(value, sizeof(value)));
	expect("ACK 4.01");
	assert_false(stage.keeper.fresh);
	boots(0);
}

/* The answer to a stranger is hardly larger than what it has sent: there is
 * nothing to be had by writing another's address on it. */
static void
no_amplifier(void **state)
{
	(void)state;
	says("CON POST /bs?ep=dev-1");
	expect("ACK 4.01");
	assert_true(stage.came.payload.len == 0);
	assert_int_equal(stage.came.option_count, 1);
}

/* A Bootstrap-Pack is the one large answer that there is. */
static void
of_a_pack(void **state)
{
	uint8_t value[ECHO_LEN];

	(void)state;
	stage.keeper.packs = true;
	says("CON GET /bspack?ep=dev-1 accept=112");
	expect("ACK 4.01");
	memcpy(value, given().p, sizeof(value));
	asks(COAP_GET, "bspack", span_of(value, sizeof(value)));
	expect("ACK 2.05 cf=112");
	verdict("unknown pack-sent 0/3 -");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(asked_and_shown),
	    PLAY(good_for_a_minute),
	    PLAY(too_old),
	    PLAY(wrong),
	    PLAY(from_another_address),
	    PLAY(no_amplifier),
	    PLAY(of_a_pack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
