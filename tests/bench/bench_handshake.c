/*
 * What wolfSSL by itself takes for the server's side of one DTLS 1.2 handshake
 * with PSK-AES128-CCM-8: new, cookie round, accept, free. Both sides are in
 * this process, over queues in memory; the clock is the thread's CPU time and
 * runs only around calls for the server, less what reading it takes.
 *
 *	bench_handshake [COUNT]
 */
#include "base/span.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	COUNT_DEFAULT = 5000,
	WARM_UP = 200,
	DATAGRAM_MAX = 1500,
	QUEUE_MAX = 8,
	ROUNDS_MAX = 32,
	CLOCK_ROUNDS = 20000,
};

static const char suite[] = "PSK-AES128-CCM-8";
static const char identity[] = "urn:dev:ops:0057F2-WM200-000042";
static const uint8_t key[] = "0123456789abcdef0123456789abcdef";

/* Datagrams on their way to one side. */
struct queue {
	uint8_t bytes[QUEUE_MAX][DATAGRAM_MAX];
	size_t len[QUEUE_MAX];
	size_t first, count;
};

struct side {
	struct queue *in, *out;
	WOLFSSL *ssl;
};

static void
die(const char *what)
{
	fprintf(stderr, "bench_handshake: %s\n", what);
	exit(1);
}

static uint64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* --- wolfSSL's callbacks -------------------------------------------------- */

static int
receive(WOLFSSL *ssl, char *buf, int cap, void *ctx)
{
	struct side *s = ctx;
	struct queue *q = s->in;
	size_t len;

	(void)ssl;
	if (q->count == 0)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	len = q->len[q->first];
	if (len > (size_t)cap)
		len = (size_t)cap;
	memcpy(buf, q->bytes[q->first], len);
	q->first = (q->first + 1) % QUEUE_MAX;
	q->count--;
	return (int)len;
}

static int
send_out(WOLFSSL *ssl, char *buf, int len, void *ctx)
{
	struct side *s = ctx;
	struct queue *q = s->out;
	size_t at = (q->first + q->count) % QUEUE_MAX;

	(void)ssl;
	if (q->count == QUEUE_MAX || len > DATAGRAM_MAX)
		die("a flight is longer than the queue");
	memcpy(q->bytes[at], buf, (size_t)len);
	q->len[at] = (size_t)len;
	q->count++;
	return len;
}

static unsigned int
server_key(WOLFSSL *ssl, const char *who, unsigned char *out, unsigned int cap)
{
	(void)ssl;
	if (strcmp(who, identity) != 0 || cap < sizeof(key) - 1)
		return 0;
	memcpy(out, key, sizeof(key) - 1);
	return sizeof(key) - 1;
}

static unsigned int
client_key(WOLFSSL *ssl, const char *hint, char *who, unsigned int who_cap,
    unsigned char *out, unsigned int cap)
{
	(void)hint;
	if (who_cap < sizeof(identity))
		return 0;
	memcpy(who, identity, sizeof(identity));
	return server_key(ssl, identity, out, cap);
}

/* --- a handshake ---------------------------------------------------------- */

static WOLFSSL_CTX *
context(WOLFSSL_METHOD *method)
{
	WOLFSSL_CTX *ctx = wolfSSL_CTX_new(method);

	if (!ctx || wolfSSL_CTX_set_cipher_list(ctx, suite) != WOLFSSL_SUCCESS)
		die("no context with PSK-AES128-CCM-8");
	wolfSSL_CTX_SetIORecv(ctx, receive);
	wolfSSL_CTX_SetIOSend(ctx, send_out);
	return ctx;
}

static WOLFSSL *
session(WOLFSSL_CTX *ctx, struct side *s)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = 4711};
	WOLFSSL *ssl = wolfSSL_new(ctx);

	if (!ssl)
		die("wolfSSL_new");
	wolfSSL_dtls_set_using_nonblock(ssl, 1);
	if (wolfSSL_dtls_set_peer(ssl, &peer, sizeof(peer)) != WOLFSSL_SUCCESS)
		die("wolfSSL_dtls_set_peer");
	wolfSSL_SetIOReadCtx(ssl, s);
	wolfSSL_SetIOWriteCtx(ssl, s);
	return ssl;
}

/* True: done. False: it waits for the other side. */
static bool
step(WOLFSSL *ssl, int (*go_on)(WOLFSSL *))
{
	int r = go_on(ssl);

	if (r == WOLFSSL_SUCCESS)
		return true;
	if (wolfSSL_get_error(ssl, r) != WOLFSSL_ERROR_WANT_READ)
		die("the handshake failed");
	return false;
}

struct measure {
	uint64_t ns; /* in the server's calls */
	uint64_t readings; /* pairs of them */
};

static void
handshake(WOLFSSL_CTX *server_ctx, WOLFSSL_CTX *client_ctx, struct measure *m)
{
	static struct queue to_server, to_client;
	struct side server = {.in = &to_server, .out = &to_client};
	struct side client = {.in = &to_client, .out = &to_server};
	bool server_done = false, client_done = false;
	uint64_t start;

	to_server.count = to_client.count = 0;
	client.ssl = session(client_ctx, &client);
	start = cpu_ns();
	server.ssl = session(server_ctx, &server);
	m->ns += cpu_ns() - start;
	m->readings++;
	for (int i = 0; i < ROUNDS_MAX && !(server_done && client_done); i++) {
		if (!client_done)
			client_done = step(client.ssl, wolfSSL_connect);
		if (server_done)
			continue;
		start = cpu_ns();
		server_done = step(server.ssl, wolfSSL_accept);
		m->ns += cpu_ns() - start;
		m->readings++;
	}
	if (!server_done || !client_done)
		die("the handshake does not end");
	start = cpu_ns();
	wolfSSL_free(server.ssl);
	m->ns += cpu_ns() - start;
	m->readings++;
	wolfSSL_free(client.ssl);
}

/* What a pair of readings sees of itself, in ns. */
static double
clock_cost(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < CLOCK_ROUNDS; i++) {
		uint64_t start = cpu_ns();

		sum += cpu_ns() - start;
	}
	return (double)sum / CLOCK_ROUNDS;
}

int
main(int argc, char **argv)
{
	uint64_t count = COUNT_DEFAULT;
	WOLFSSL_CTX *server, *client;
	struct measure m = {0};
	double pair, us;

	if (argc > 2 ||
	    (argc == 2 &&
		(!span_decimal(span_str(argv[1]), 10000000, &count) ||
		    count == 0))) {
		fputs("usage: bench_handshake [COUNT]\n", stderr);
		return 64;
	}
	if (wolfSSL_Init() != WOLFSSL_SUCCESS)
		die("wolfSSL_Init");
	server = context(wolfDTLSv1_2_server_method());
	client = context(wolfDTLSv1_2_client_method());
	wolfSSL_CTX_set_psk_server_callback(server, server_key);
	wolfSSL_CTX_set_psk_client_callback(client, client_key);

	for (int i = 0; i < WARM_UP; i++)
		handshake(server, client, &m);
	m = (struct measure){0};
	for (uint64_t i = 0; i < count; i++)
		handshake(server, client, &m);
	pair = clock_cost();
	us = ((double)m.ns - pair * (double)m.readings) / (double)count / 1000;
	printf("bare handshake %s: %.1f us of server CPU "
	       "(%.0f a second and core; mean of %llu)\n",
	    suite, us, 1e6 / us, (unsigned long long)count);
	wolfSSL_CTX_free(server);
	wolfSSL_CTX_free(client);
	wolfSSL_Cleanup();
	return 0;
}
