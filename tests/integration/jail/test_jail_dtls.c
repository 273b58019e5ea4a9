/*
 * A server in the worker's jail finishes handshakes, with the random numbers
 * and the memory that takes, and answers over an inherited socket.
 */
#include "child.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/loop.h"
#include "dtls/client.h"
#include "dtls/dtls.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 3, STEPS_MAX = 64 };

static int ends[2]; /* of a datagram pair: server, client */
static struct dtls *server;
static struct secret key;

static void
server_flush(void)
{
	uint8_t buf[DTLS_DATAGRAM_MAX];
	struct address to;
	struct writer w;

	for (;;) {
		writer_init(&w, buf, sizeof(buf));
		if (dtls_output(server, &to, &w) != RC_OK)
			return;
		(void)!send(ends[0], buf, w.len, 0);
	}
}

/* False: the client has gone, or something broke. */
static bool
serve_one(const struct address *from)
{
	uint8_t buf[2048];
	struct dtls_event ev;
	ssize_t n = recv(ends[0], buf, sizeof(buf), 0);
	uint64_t now = clock_now_ms();

	if (n <= 0)
		return false;
	dtls_receive(server, from, span_of(buf, (size_t)n), now);
	while (dtls_event(server, &ev)) {
		if (ev.kind == DTLS_EVENT_PSK_WANTED &&
		    dtls_psk_answer(server, ev.conn, &key, 0, now) != RC_OK)
			return false;
		if (ev.kind == DTLS_EVENT_DATA &&
		    dtls_send(server, ev.conn, ev.data, now) != RC_OK)
			return false;
	}
	server_flush();
	return true;
}

static bool
server_jail(void)
{
	close(ends[1]);
	return dtls_new(&dtls_config_default, &server) == RC_OK &&
	    jail_worker() == RC_OK;
}

static int
serve(void)
{
	struct address from = {.family = 4, .ip = {127, 0, 0, 1}, .port = 4711};
	struct dtls_counters counters;

	/* until the client closes its end */
	while (serve_one(&from))
		;
	dtls_counters(server, &counters);
	dtls_free(server);
	secret_fini(&key);
	return counters.established == ROUNDS ? 0 : 1;
}

static void
client_flush(struct dtls_client *c)
{
	uint8_t buf[DTLS_DATAGRAM_MAX];
	struct writer w;

	for (;;) {
		writer_init(&w, buf, sizeof(buf));
		if (dtls_client_output(c, &w) != RC_OK)
			return;
		assert_int_equal(send(ends[1], buf, w.len, 0), w.len);
	}
}

static void
client_receive(struct dtls_client *c, struct writer *data)
{
	uint8_t buf[2048];
	ssize_t n = recv(ends[1], buf, sizeof(buf), 0);

	assert_true(n > 0);
	assert_int_equal(dtls_client_receive(
			     c, span_of(buf, (size_t)n), data, clock_now_ms()),
	    RC_OK);
	client_flush(c);
}

static void
one_conversation(void)
{
	struct dtls_client *c;
	struct writer data;
	uint8_t bytes[256];

	writer_init(&data, bytes, sizeof(bytes));
	assert_int_equal(
	    dtls_client_new(SPAN_LIT("device"), &key, NULL, &c), RC_OK);
	assert_int_equal(dtls_client_tick(c, clock_now_ms()), RC_OK);
	client_flush(c);
	for (int i = 0; i < STEPS_MAX && !dtls_client_established(c); i++)
		client_receive(c, &data);
	assert_true(dtls_client_established(c));
	assert_int_equal(dtls_client_send(c, SPAN_LIT("echo")), RC_OK);
	client_flush(c);
	while (data.len == 0)
		client_receive(c, &data);
	assert_memory_equal(bytes, "echo", 4);
	dtls_client_close(c);
	client_flush(c);
	dtls_client_free(c);
}

static void
test_handshakes_in_jail(void **state)
{
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	assert_int_equal(secret_set(&key, SPAN_LIT("0123456789abcdef")), RC_OK);
	pid = child_start(server_jail, serve);
	close(ends[0]);
	for (int i = 0; i < ROUNDS; i++)
		one_conversation();
	close(ends[1]);
	assert_int_equal(child_wait(pid), 0);
	secret_fini(&key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handshakes_in_jail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
