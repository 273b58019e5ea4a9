/* A device connects: what goes over the wire, and what the owner is told. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct world *w;

static int
start(void **state)
{
	(void)state;
	w = malloc(sizeof(*w));
	assert_non_null(w);
	world_start(w, NULL);
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

static void
six_datagrams(void **state)
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
	    "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
	assert_true(dtls_client_established(w->devices[1].client));
}

static void
the_cookie_costs_less_than_three_hellos(void **state)
{
	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	assert_true(world_got(w, 1, 0).len <= 3 * world_sent(w, 1, 0).len);
}

static void
each_suite(void **state)
{
	static const struct {
		const char *name, *iana;
	} suites[] = {
	    {"PSK-AES128-CCM-8", "TLS_PSK_WITH_AES_128_CCM_8"},
	    {"PSK-AES128-CCM", "TLS_PSK_WITH_AES_128_CCM"},
	    {"PSK-AES128-GCM-SHA256", "TLS_PSK_WITH_AES_128_GCM_SHA256"},
	    {"PSK-AES128-CBC-SHA256", "TLS_PSK_WITH_AES_128_CBC_SHA256"},
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		char identity[] = {(char)('a' + (int)i), '\0'};
		char expected[256];

		world_device(w, i + 1, identity, true, suites[i].name);
		world_connect(w, i + 1);
		(void)snprintf(expected, sizeof(expected),
		    "%u wanted %s\n%u established %s %s\n", i + 1, identity,
		    i + 1, identity, suites[i].iana);
		expect_events(w, expected);
		world_say(w, i + 1, "up");
		world_tell(w, w->last_conn, "down");
		assert_string_equal(w->devices[i + 1].heard, "down");
		w->events[0] = '\0';
	}
}

/* Each list alone; the server's order is tested with all of them at once in
 * six_datagrams. Here one that we do not serve. */
static void
no_common_suite(void **state)
{
	(void)state;
	world_device(w, 1, "a-meter", true, "PSK-AES256-CBC-SHA384");
	world_connect(w, 1);
	expect_events(w, "1 failed handshake-protocol\n");
	assert_int_equal(dtls_client_alert(w->devices[1].client), 40);
}

static void
data_both_ways(void **state)
{
	uint8_t large[1400] = {0};
	uint64_t conn;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	conn = w->last_conn;
	assert_int_equal(dtls_tag(w->server, conn), 7);
	w->events[0] = '\0';
	w->trace[0] = '\0';
	world_say(w, 1, "one");
	world_say(w, 1, "two");
	world_tell(w, conn, "three");
	expect_events(w, "1 data one\n1 data two\n");
	expect_trace(w, "C1 data\nC1 data\nS1 data\n");
	assert_string_equal(w->devices[1].heard, "three");
	/* One record is one datagram of the configured size at most. */
	assert_int_equal(
	    dtls_send(w->server, conn, span_of(large, 1280 - 28), w->now_ms),
	    RC_TOO_LARGE);
	assert_int_equal(
	    dtls_send(w->server, conn, span_of(large, 1280 - 29), w->now_ms),
	    RC_OK);
	assert_int_equal(
	    dtls_send(w->server, conn, span_of(large, 1400), w->now_ms),
	    RC_TOO_LARGE);
	assert_int_equal(
	    dtls_send(w->server, conn + 1, span_str("x"), w->now_ms),
	    RC_NOT_FOUND);
	world_run(w);
	assert_int_equal(w->devices[1].heard_len, 5 + 1280 - 29);
}

static void
two_records_in_one_datagram(void **state)
{
	uint8_t both[512];
	struct writer out;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	w->events[0] = '\0';
	w->lose_up = 2;
	world_say(w, 1, "one");
	world_say(w, 1, "two");
	expect_events(w, "");
	writer_init(&out, both, sizeof(both));
	writer_put(&out, world_sent(w, 1, w->devices[1].sent_count - 2));
	writer_put(&out, world_sent(w, 1, w->devices[1].sent_count - 1));
	world_inject(w, 1, writer_span(&out));
	expect_events(w, "1 data one\n1 data two\n");
	/* RFC 6347 4.1.2.6: a record is taken once. */
	world_inject(w, 1, writer_span(&out));
	expect_events(w, "");
}

/* The last flight with application data behind it in the same datagram. */
static void
data_behind_finished(void **state)
{
	uint8_t both[1024];
	struct writer out;
	size_t last;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	last = w->devices[1].sent_count - 1;
	writer_init(&out, both, sizeof(both));
	writer_put(&out, world_sent(w, 1, last));
	/* An epoch 1 record of a stranger behind it is dropped. */
	writer_put(&out, SPAN_LIT("\x17\xfe\xfd\0\1\0\0\0\0\0\7\0\3abc"));
	world_inject(w, 1, writer_span(&out));
	expect_events(w,
	    "1 wanted a-meter\n"
	    "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
	world_say(w, 1, "still there");
	expect_events(w, "1 data still there\n");
}

static void
the_device_says_goodbye(void **state)
{
	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	w->events[0] = w->trace[0] = '\0';
	dtls_client_close(w->devices[1].client);
	world_run(w);
	expect_trace(w, "C1 bye\nS1 bye\n");
	expect_events(w, "1 closed closed-by-peer a-meter\n");
	assert_int_equal(
	    dtls_send(w->server, w->last_conn, span_str("x"), w->now_ms),
	    RC_NOT_FOUND);
}

static void
the_server_says_goodbye(void **state)
{
	uint64_t conn;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	conn = w->last_conn;
	w->events[0] = w->trace[0] = '\0';
	dtls_close(w->server, conn, w->now_ms);
	dtls_close(w->server, conn, w->now_ms);
	world_run(w);
	expect_trace(w, "S1 bye\n");
	expect_events(w, "");
	assert_false(dtls_client_established(w->devices[1].client));
	assert_int_equal(dtls_deadline(w->server), TIME_NEVER);
}

static void
idle_ends(void **state)
{
	struct address a;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	world_pass(w, 200000);
	world_say(w, 1, "hm");
	w->events[0] = w->trace[0] = '\0';
	world_pass(w, 299999);
	expect_events(w, "");
	assert_int_equal(dtls_address(w->server, w->last_conn, &a), RC_OK);
	world_pass(w, 1);
	expect_events(w, "1 closed idle a-meter\n");
	expect_trace(w, "S1 bye\n");
	assert_int_equal(
	    dtls_address(w->server, w->last_conn, &a), RC_NOT_FOUND);
}

static void
many_devices_on_one_port(void **state)
{
	struct dtls_counters counters;

	(void)state;
	w->echo = true;
	for (unsigned i = 1; i <= WORLD_CLIENTS; i++) {
		char identity[] = {(char)('a' + (int)i - 1), '\0'};

		world_device(w, i, identity, true, NULL);
		assert_int_equal(
		    dtls_client_tick(w->devices[i].client, w->now_ms), RC_OK);
	}
	world_run(w);
	for (unsigned i = 1; i <= WORLD_CLIENTS; i++) {
		char text[] = {'m', 'e', (char)('0' + (int)i), '\0'};

		world_say(w, i, text);
		assert_string_equal(w->devices[i].heard, text);
	}
	dtls_counters(w->server, &counters);
	assert_int_equal(counters.hellos, 2 * WORLD_CLIENTS);
	assert_int_equal(counters.cookies_sent, WORLD_CLIENTS);
	assert_int_equal(counters.handshakes, WORLD_CLIENTS);
	assert_int_equal(counters.established, WORLD_CLIENTS);
	assert_int_equal(counters.live, WORLD_CLIENTS);
	assert_int_equal(counters.pending, 0);
	assert_int_equal(counters.failed, 0);
}

/* In the clear nothing can end a live association: not before the first data,
 * when wolfSSL still waits for repeated handshake messages, and not after. */
static void
forged_plaintext_is_ignored(void **state)
{
	const struct span forged[] = {
	    /* fatal alert */
	    SPAN_LIT("\x15\xfe\xfd\0\0\0\0\0\0\0\x63\0\2\2\x28"),
	    SPAN_LIT("\x15\xfe\xfd\0\0\0\0\0\0\0\x64\0\2\1\0"),
	    /* a ClientKeyExchange with the next message_seq, and a bad one */
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x65\0\x0f"
		     "\x10\0\0\3\0\4\0\0\0\0\0\3\0\1a"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x66\0\x0f"
		     "\x10\0\0\2\0\2\0\0\0\0\0\3\0\1a"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x67\0\2\x10\0"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x6e\0\x0f"
		     "\x0b\0\0\3\0\2\0\0\0\0\0\3\0\1a"),
	    /* ChangeCipherSpec, right and wrong; data in the clear */
	    SPAN_LIT("\x14\xfe\xfd\0\0\0\0\0\0\0\x68\0\1\1"),
	    SPAN_LIT("\x14\xfe\xfd\0\0\0\0\0\0\0\x69\0\1\2"),
	    SPAN_LIT("\x17\xfe\xfd\0\0\0\0\0\0\0\x6a\0\1x"),
	    /* epochs that are not there; under no key */
	    SPAN_LIT("\x15\xfe\xfd\0\1\0\0\0\0\0\x6b\0\2\2\x28"),
	    SPAN_LIT("\x15\xfe\xfd\0\2\0\0\0\0\0\x6c\0\2\2\x28"),
	    SPAN_LIT("\x16\xfe\xfd\0\1\0\0\0\0\0\x6d\0\0"),
	};

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	w->events[0] = w->trace[0] = '\0';
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++)
			world_inject(w, 1, forged[i]);
		expect_events(w, "");
		expect_trace(w, "");
		world_say(w, 1, "alive");
		expect_events(w, "1 data alive\n");
		w->trace[0] = '\0';
	}
}

/* wolfSSL has its 500 bytes of grace; the largest record needs more. */
static void
the_largest_record(void **state)
{
	static char text[1400 - 29 + 1];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	w->events[0] = '\0';
	world_say(w, 1, text);
	expect_events(w, "1 data of 1371\n");
}

/* A worker in its jail cannot open a file: the generator's seed must come
 * without one, at start and for each association. */
static void
no_file_is_opened(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit none = {0, 0};

		if (setrlimit(RLIMIT_NOFILE, &none) < 0)
			_exit(2);
		world_device(w, 1, "a-meter", true, NULL);
		world_connect(w, 1);
		_exit(dtls_client_established(w->devices[1].client) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STORY(six_datagrams),
	    STORY(the_cookie_costs_less_than_three_hellos),
	    STORY(each_suite),
	    STORY(no_common_suite),
	    STORY(data_both_ways),
	    STORY(two_records_in_one_datagram),
	    STORY(data_behind_finished),
	    STORY(the_device_says_goodbye),
	    STORY(the_server_says_goodbye),
	    STORY(idle_ends),
	    STORY(many_devices_on_one_port),
	    STORY(forged_plaintext_is_ignored),
	    STORY(the_largest_record),
	    STORY(no_file_is_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
