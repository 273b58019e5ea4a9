/* A new ClientHello from the address of a live association: RFC 6347 4.2.8. */
#include "world.h"

#include <stdlib.h>

static struct world *w;
static uint64_t first; /* the live association */

static int
start(void **state)
{
	(void)state;
	w = malloc(sizeof(*w));
	assert_non_null(w);
	world_start(w, NULL);
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	first = w->last_conn;
	w->events[0] = w->trace[0] = '\0';
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	world_stop(w);
	free(w);
	return 0;
}

/* Keep the live client aside, and put it back. */
static struct dtls_client *
take_client(void)
{
	struct dtls_client *c = w->devices[1].client;

	w->devices[1].client = NULL;
	return c;
}

static void
put_client(struct dtls_client *c)
{
	dtls_client_free(w->devices[1].client);
	w->devices[1].client = c;
}

static void
counts(unsigned live, unsigned pending)
{
	struct dtls_counters counters;

	dtls_counters(w->server, &counters);
	assert_int_equal(counters.live, live);
	assert_int_equal(counters.pending, pending);
}

static void
a_restarted_device(void **state)
{
	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	expect_trace(w,
	    "C1 hello\n"
	    "S1 verify\n"
	    "C1 hello+cookie\n"
	    "S1 hello,done\n"
	    "C1 key,ccs,secret\n"
	    "S1 ccs,secret\n");
	expect_events(w,
	    "1 wanted a-meter\n"
	    "1 closed replaced a-meter\n"
	    "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
	assert_int_not_equal(w->last_conn, first);
	counts(1, 0);
	world_say(w, 1, "back again");
	expect_events(w, "1 data back again\n");
}

/* All the way the old one can be used, in both directions. */
static void
the_old_one_lives_until_the_new_one_has_finished(void **state)
{
	struct dtls_client *old = take_client(), *new;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	counts(1, 1);

	new = take_client();
	put_client(old);
	world_say(w, 1, "from the old one");
	expect_events(w, "1 data from the old one\n");
	world_tell(w, first, "to the old one");
	assert_string_equal(w->devices[1].heard, "to the old one");

	(void)take_client();
	put_client(new);
	world_pass(w, 1000);
	expect_events(w,
	    "1 wanted a-meter\n"
	    "1 closed replaced a-meter\n"
	    "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
	counts(1, 0);
	world_say(w, 1, "from the new one");
	expect_events(w, "1 data from the new one\n");

	/* What the old one still says is of no association any more. */
	new = take_client();
	put_client(old);
	world_say(w, 1, "too late");
	expect_events(w, "");
	dtls_client_free(new);
}

static void
the_old_one_ends_while_the_new_one_runs(void **state)
{
	struct dtls_client *old = take_client(), *new;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	new = take_client();
	put_client(old);
	dtls_client_close(old);
	world_run(w);
	expect_events(w, "1 closed closed-by-peer a-meter\n");
	counts(0, 1);
	(void)take_client();
	dtls_client_free(old);
	put_client(new);
	world_pass(w, 1000);
	expect_events(w,
	    "1 wanted a-meter\n"
	    "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
}

/* Somebody who captured the hello of the live association sends it again, its
 * cookie still being good: nothing. */
static void
the_live_ones_own_hello(void **state)
{
	(void)state;
	world_inject(w, 1, world_sent(w, 1, 0));
	world_inject(w, 1, world_sent(w, 1, 1));
	expect_trace(w, "");
	counts(1, 0);
	world_say(w, 1, "unharmed");
	expect_events(w, "1 data unharmed\n");
}

/* A hello of an earlier association of the same address, with its cookie: a
 * handshake begins beside the live one, and dies of its deadline alone. */
static void
an_older_hello_replayed(void **state)
{
	struct span old_hello = world_sent(w, 1, 1);

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	w->events[0] = w->trace[0] = '\0';
	world_inject(w, 1, old_hello);
	expect_trace(w, "S1 hello,done\n");
	counts(1, 1);
	world_say(w, 1, "unharmed");
	world_tell(w, w->last_conn, "and still there");
	expect_events(w, "1 data unharmed\n");
	assert_string_equal(w->devices[1].heard, "and still there");
	world_pass(w, 60000);
	expect_events(w, "1 failed handshake-timeout\n");
	counts(1, 0);
	world_say(w, 1, "still unharmed");
	expect_events(w, "1 data still unharmed\n");
	/* Its cookie has grown old meanwhile: two secrets ago. */
	world_pass(w, 61000);
	world_device(w, 2, "b-meter", true, NULL);
	world_connect(w, 2);
	world_pass(w, 61000);
	w->events[0] = w->trace[0] = '\0';
	world_inject(w, 1, old_hello);
	expect_trace(w, "S1 verify\n");
	counts(2, 0);
}

/* A forger without the key who reaches Finished: the live one stays. */
static void
a_wrong_key_from_its_address(void **state)
{
	struct dtls_client *old = take_client(), *forger;

	(void)state;
	world_device(w, 1, "a-meter", false, NULL);
	world_connect(w, 1);
	expect_events(w, "1 wanted a-meter\n1 failed wrong-key a-meter\n");
	forger = take_client();
	put_client(old);
	counts(1, 0);
	world_say(w, 1, "unharmed");
	expect_events(w, "1 data unharmed\n");
	dtls_client_free(forger);
}

static void
one_handshake_an_address(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		world_device(w, 1, "a-meter", true, NULL);
		w->skip_up = 2;
		w->lose_up = 1;
		world_connect(w, 1);
		counts(1, 1);
	}
	expect_events(w, "1 failed replaced\n1 failed replaced\n");
	world_pass(w, 1000);
	expect_events(w,
	    "1 wanted a-meter\n"
	    "1 closed replaced a-meter\n"
	    "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
	counts(1, 0);
}

/* A device that restarts while its first handshake waits for its key. */
static void
replaced_while_the_keeper_thinks(void **state)
{
	uint64_t asked;

	(void)state;
	w->silent_keeper = true;
	world_device(w, 2, "b-meter", true, NULL);
	world_connect(w, 2);
	asked = w->wanted;
	world_device(w, 2, "b-meter", true, NULL);
	world_connect(w, 2);
	expect_events(w,
	    "2 wanted b-meter\n"
	    "2 failed replaced b-meter\n"
	    "2 wanted b-meter\n");
	assert_int_equal(dtls_psk_answer(w->server, asked, NULL, 0, w->now_ms),
	    RC_NOT_FOUND);
	world_answer(w, true);
	world_run(w);
	expect_events(w, "2 established b-meter TLS_PSK_WITH_AES_128_CCM_8\n");
}

/* The hello's copies while its own handshake runs. */
static void
its_own_hello_again(void **state)
{
	struct dtls_counters counters;
	uint8_t again[512];
	struct span hello;

	(void)state;
	world_device(w, 2, "b-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 2);
	w->trace[0] = '\0';
	/* The first, without a cookie, came late; the second asks again. */
	world_inject(w, 2, world_sent(w, 2, 0));
	expect_trace(w, "");
	hello = world_sent(w, 2, 1);
	world_inject(w, 2, hello); /* a copy made by the network */
	expect_trace(w, "");
	memcpy(again, hello.p, hello.len);
	again[10]++; /* sent again: a new record */
	/* Forged with another message_seq it would be a fault of the peer. */
	again[18]++;
	world_inject(w, 2, span_of(again, hello.len));
	again[18]--;
	expect_trace(w, "");
	expect_events(w, "");
	/* Likewise the bare one in a new record. */
	{
		struct span bare = world_sent(w, 2, 0);
		uint8_t late[512];

		memcpy(late, bare.p, bare.len);
		late[10] = 9;
		world_inject(w, 2, span_of(late, bare.len));
		expect_trace(w, "");
	}
	world_inject(w, 2, span_of(again, hello.len));
	expect_trace(w,
	    "S2 hello,done\n"
	    "C2 key,ccs,secret\n"
	    "S2 ccs,secret\n");
	dtls_counters(w->server, &counters);
	assert_int_equal(counters.handshakes, 2);
	expect_events(w,
	    "2 wanted b-meter\n"
	    "2 established b-meter TLS_PSK_WITH_AES_128_CCM_8\n");
}

/* wolfSSL is left alone while the key is asked for. */
static void
its_own_hello_while_the_keeper_thinks(void **state)
{
	uint8_t again[512];
	struct span hello;

	(void)state;
	w->silent_keeper = true;
	world_device(w, 2, "b-meter", true, NULL);
	world_connect(w, 2);
	w->trace[0] = '\0';
	hello = world_sent(w, 2, 1);
	memcpy(again, hello.p, hello.len);
	again[10] = 9;
	world_inject(w, 2, span_of(again, hello.len));
	expect_trace(w, "");
	world_answer(w, true);
	world_run(w);
	expect_events(w,
	    "2 wanted b-meter\n"
	    "2 established b-meter TLS_PSK_WITH_AES_128_CCM_8\n");
}

/* The owner ends the association whose event it has not taken yet. */
static void
closed_with_events_waiting(void **state)
{
	struct dtls_event ev;

	(void)state;
	assert_int_equal(
	    dtls_client_send(w->devices[1].client, SPAN_LIT("unheard")), RC_OK);
	{
		uint8_t bytes[256];
		struct writer out;

		writer_init(&out, bytes, sizeof(bytes));
		assert_int_equal(
		    dtls_client_output(w->devices[1].client, &out), RC_OK);
		dtls_receive(w->server, &w->devices[1].address,
		    writer_span(&out), w->now_ms);
	}
	dtls_close(w->server, first, w->now_ms);
	assert_false(dtls_event(w->server, &ev));
	world_run(w);
	expect_trace(w, "S1 bye\n");
	counts(0, 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STORY(a_restarted_device),
	    STORY(the_old_one_lives_until_the_new_one_has_finished),
	    STORY(the_old_one_ends_while_the_new_one_runs),
	    STORY(the_live_ones_own_hello),
	    STORY(an_older_hello_replayed),
	    STORY(a_wrong_key_from_its_address),
	    STORY(one_handshake_an_address),
	    STORY(replaced_while_the_keeper_thinks),
	    STORY(its_own_hello_again),
	    STORY(its_own_hello_while_the_keeper_thinks),
	    STORY(closed_with_events_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
