/* Bootstraps that an operator wants: the probe of an address, and who may answer
 * it; the peer that a device was bootstrapped by. */
#include "stage.h"

enum { MID = 0x4711, REF = 7, SENT_ONCE = 1, PROBE_SENT = 4 };

static int
setup(void **state)
{
	int code = stage_setup(state);

	stage.config.listen[0].address =
	    (struct address){.family = 4, .ip = {192, 0, 2, 9}, .port = 5683};
	return code;
}

static void
keeper_says(enum q_push_what what, const char *endpoint)
{
	const struct q_push q = {
	    .ref = REF,
	    .what = what,
	    .mid = MID,
	    .address = what == Q_PUSH_LOOK || what == Q_PUSH_GO
		? (struct address){0}
		: stage.address,
	    .endpoint = span_str(endpoint),
	};

	pushed_take(&stage.worker, &q, stage.now_ms);
	pass(0);
}

static void
told(unsigned times, enum q_pushed_status status)
{
	assert_int_equal(stage.keeper.pushes, times);
	if (times == 0)
		return;
	assert_int_equal(stage.keeper.pushed.ref, REF);
	assert_int_equal(stage.keeper.pushed.status, status);
}

/** An empty message of the device, from that port. */
static void
says_empty(uint8_t type, uint16_t mid, uint16_t port)
{
	const uint8_t bytes[] = {
	    (uint8_t)(0x40 | type << 4), 0, (uint8_t)(mid >> 8), (uint8_t)mid};
	const uint16_t home = stage.address.port;

	moves(port);
	says_bytes(span_of(bytes, sizeof(bytes)));
	moves(home);
}

static void
hears_the_probe(void)
{
	hear();
	assert_int_equal(stage.came.type, COAP_CON);
	assert_int_equal(stage.came.code, COAP_EMPTY);
	assert_int_equal(stage.came.mid, MID);
}

/* RFC 7252 section 4.3: ACK or RST with the ID of the probe, and from where that
 * went. Nobody else makes us send keys there. */
static void
who_answers(void **state)
{
	static const uint8_t good[] = {COAP_ACK, COAP_RST};
	const uint16_t port = stage.address.port;

	(void)state;
	for (size_t i = 0; i < sizeof(good); i++) {
		stage.keeper.pushes = 0;
		keeper_says(Q_PUSH_PROBE, "dev-1");
		hears_the_probe();
		says_empty(good[i], MID + 1, port);
		says_empty(good[i], MID, (uint16_t)(port + 1));
		says_empty(COAP_NON, MID, port);
		told(0, Q_PUSHED_NONE);
		says_empty(good[i], MID, port);
		told(1, Q_PUSHED_FOUND);
		/* that was all */
		says_empty(good[i], MID, port);
		told(1, Q_PUSHED_FOUND);
	}
}

/* Who only listens hears it as well, and sends nothing. */
static void
whoever_hears_it(void **state)
{
	(void)state;
	keeper_says(Q_PUSH_EXPECT, "dev-1");
	silence();
	says_empty(COAP_RST, MID, stage.address.port);
	told(1, Q_PUSHED_FOUND);
	keeper_says(Q_PUSH_EXPECT, "dev-1");
	keeper_says(Q_PUSH_FORGET, "dev-1");
	says_empty(COAP_RST, MID, stage.address.port);
	told(1, Q_PUSHED_FOUND);
}

/* A probe is a message of RFC 7252: it goes out again, twice as late each time,
 * and no more at some point. */
static void
nobody_answers(void **state)
{
	(void)state;
	keeper_says(Q_PUSH_PROBE, "dev-1");
	hears_the_probe();
	for (unsigned i = 0; i < PROBE_SENT - SENT_ONCE; i++) {
		pass(((uint64_t)2000 << i) - 1);
		silence();
		pass(1);
		hears_the_probe();
	}
	pass(60000);
	silence();
	says_empty(COAP_RST, MID, stage.address.port);
	told(0, Q_PUSHED_NONE);
}

/* Over the peer by which it was bootstrapped, and in what it named then. */
static void
where_it_was_last(void **state)
{
	(void)state;
	keeper_says(Q_PUSH_LOOK, "dev-1");
	told(1, Q_PUSHED_NONE);
	stage.keeper.wish.discover = false;
	stage.keeper.wish.clean_count = 0;
	says("CON POST /bs?ep=dev-1&pct=110");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=110");
	answer("ACK 4.00");
	verdict("failed write-refused 0/3 4.00");
	keeper_says(Q_PUSH_LOOK, "dev-2");
	told(2, Q_PUSHED_NONE);
	keeper_says(Q_PUSH_LOOK, "dev-1");
	told(3, Q_PUSHED_FOUND);
	assert_int_equal(stage.keeper.pushed.granted_ms, stage.now_ms);
	/* it has not asked, so there is no 2.04 */
	keeper_says(Q_PUSH_GO, "dev-1");
	expect("CON PUT /0/100 cf=110");
	answer("ACK 4.00");
	verdict("failed write-refused 0/3 4.00");
	told(3, Q_PUSHED_FOUND);
	stage.worker.draining = true;
	keeper_says(Q_PUSH_LOOK, "dev-1");
	told(4, Q_PUSHED_BUSY);
	keeper_says(Q_PUSH_GO, "dev-1");
	told(5, Q_PUSHED_BUSY);
	stage.worker.draining = false;
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, stage_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(who_answers),
	    STORY(whoever_hears_it),
	    STORY(nobody_answers),
	    STORY(where_it_was_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
