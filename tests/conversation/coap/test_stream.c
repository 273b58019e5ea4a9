/* A whole bootstrap over one connection, cut into any pieces. */
#include "pair.h"

enum { SEEDS = 40 };

static const char bootstrap[] = //
    "server: asked POST\n"
    "device: 2.04 Changed\n"
    "server: 2.05 Content, 12345 bytes\n"
    "device: asked DELETE\n"
    "server: 2.02 Deleted, 0 bytes\n"
    "device: written 20000 bytes\n"
    "server: 2.04 Changed, 0 bytes\n"
    "device: written 100 bytes\n"
    "server: 2.04 Changed, 0 bytes\n"
    "device: asked POST\n"
    "server: 2.04 Changed, 0 bytes\n";

static void
plan(struct pair *p)
{
	p->description_len = 12345;
	pair_command(p, COAP_GET, "", 0);
	pair_command(p, COAP_DELETE, "0", 0);
	pair_command(p, COAP_PUT, "0/1", 20000);
	pair_command(p, COAP_PUT, "1/0", 100);
	pair_command(p, COAP_POST, "bs", 0);
}

static void
all_is_well(struct pair *p)
{
	assert_string_equal(p->story, bootstrap);
	assert_memory_equal(p->written, p->body, 100);
	assert_int_equal(coap_peer_end(p->server).kind, COAP_END_NONE);
	assert_int_equal(coap_peer_end(p->device).kind, COAP_END_NONE);
	assert_int_equal(coap_peer_counters(p->server)->malformed, 0);
	assert_int_equal(coap_peer_counters(p->device)->malformed, 0);
	assert_int_equal(coap_peer_counters(p->server)->received,
	    coap_peer_counters(p->device)->sent);
	assert_int_equal(coap_peer_counters(p->device)->received,
	    coap_peer_counters(p->server)->sent);
}

static void
whatever_the_pieces(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < SEEDS; seed++) {
		struct pair *p = pair_new(seed);

		plan(p);
		pair_connect(p);
		pair_bootstrap(p);
		all_is_well(p);
		/* 20000 bytes in two BERT blocks, 12345 in five answers */
		assert_int_equal(coap_peer_counters(p->server)->sent,
		    1 + 1 + 5 + 1 + 2 + 1 + 1);
		pair_free(p);
	}
}

/* A device without BERT, and with less and less room. */
static void
whatever_the_device_takes(void **state)
{
	static const struct {
		uint32_t message_max;
		size_t block;
		uint64_t sent; /* by the server */
	} cases[] = {
	    {1153, 1024, 1 + 1 + 13 + 1 + 20 + 1 + 1},
	    {1152, 512, 1 + 1 + 25 + 1 + 20 + 1 + 1},
	    {600, 512, 1 + 1 + 25 + 1 + 40 + 1 + 1},
	    {100, 64, 1 + 1 + 193 + 1 + 313 + 2 + 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair *p = pair_new((uint32_t)i + 7);

		plan(p);
		p->device_params.message_max = cases[i].message_max;
		p->block = cases[i].block;
		pair_connect(p);
		pair_bootstrap(p);
		all_is_well(p);
		assert_int_equal(
		    coap_peer_counters(p->server)->sent, cases[i].sent);
		pair_free(p);
	}
}

/* Nobody has anything to say for an hour: both are there all the same. */
static void
idle_for_an_hour(void **state)
{
	struct pair *p = pair_new(3);

	(void)state;
	plan(p);
	pair_connect(p);
	pair_bootstrap(p);
	for (unsigned s = 0; s < 3600; s += 10)
		pair_wait(p, 10000);
	all_is_well(p);
	assert_true(coap_peer_counters(p->server)->sent > 12 + 59);
	pair_free(p);
}

static void
released_at_the_end(void **state)
{
	struct pair *p = pair_new(5);

	(void)state;
	plan(p);
	pair_connect(p);
	pair_bootstrap(p);
	coap_peer_release(p->server, 30, p->now_ms);
	pair_play(p);
	assert_true(coap_peer_end(p->server).final);
	assert_int_equal(coap_peer_end(p->device).kind, COAP_END_RELEASED);
	assert_int_equal(coap_peer_end(p->device).hold_off_s, 30);
	assert_true(coap_peer_end(p->device).final);
	assert_string_equal(p->story, bootstrap);
	pair_free(p);
}

/* The line goes dead in the middle of a Write: the server asks, and ends. */
static void
dead_in_the_middle(void **state)
{
	struct coap_event ev;
	struct pair *p = pair_new(6);
	struct coap_request rq;
	uint32_t ref;

	(void)state;
	plan(p);
	p->command_count = 1;
	pair_connect(p);
	pair_bootstrap(p);
	rq = p->commands[0];
	rq.method = COAP_PUT;
	rq.payload = span_of(p->body, 20000);
	assert_int_equal(
	    coap_peer_request(p->server, &rq, p->now_ms, &ref), RC_OK);
	coap_peer_tick(p->server, p->now_ms += 60000);
	assert_false(coap_peer_event(p->server, &ev));
	coap_peer_tick(p->server, p->now_ms += 30000);
	assert_true(coap_peer_event(p->server, &ev));
	assert_int_equal(ev.kind, COAP_EVENT_FAILED);
	assert_int_equal(ev.ref, ref);
	assert_true(ev.gone);
	assert_int_equal(coap_peer_end(p->server).kind, COAP_END_SILENT);
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whatever_the_pieces),
	    cmocka_unit_test(whatever_the_device_takes),
	    cmocka_unit_test(idle_for_an_hour),
	    cmocka_unit_test(released_at_the_end),
	    cmocka_unit_test(dead_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
