/*
 * What wolfSSL by itself takes for the server's side of one DTLS 1.2 handshake:
 * new, cookie round, accept, free. Both sides are in this process, over queues
 * in memory; the clock is the thread's CPU time and runs only around calls for
 * the server, less what reading it takes.
 *
 *	bench_handshake psk [COUNT]
 *	bench_handshake x509 DIR [COUNT]
 *
 * psk: PSK-AES128-CCM-8. x509: ECDHE-ECDSA-AES128-CCM-8, both sides with a
 * certificate and its key in memory, of what bench_issue has left in DIR.
 */
#include "base/text.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	COUNT_DEFAULT = 5000,
	COUNT_MAX = 10000000,
	WARM_UP = 200,
	DATAGRAM_MAX = 1500,
	QUEUE_MAX = 8,
	ROUNDS_MAX = 32,
	CLOCK_ROUNDS = 20000,
	BYTES_MAX = 4096,
};

static const char psk_suite[] = "PSK-AES128-CCM-8";
static const char x509_suite[] = "ECDHE-ECDSA-AES128-CCM-8";
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
context(WOLFSSL_METHOD *method, const char *suite)
{
	WOLFSSL_CTX *ctx = wolfSSL_CTX_new(method);

	if (!ctx || wolfSSL_CTX_set_cipher_list(ctx, suite) != WOLFSSL_SUCCESS)
		die("no context with that suite");
	wolfSSL_CTX_SetIORecv(ctx, receive);
	wolfSSL_CTX_SetIOSend(ctx, send_out);
	return ctx;
}

struct bytes {
	uint8_t p[BYTES_MAX];
	size_t len;
};

static void
read_file(const char *dir, const char *name, struct bytes *out)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (!f)
		die(path);
	out->len = fread(out->p, 1, sizeof(out->p), f);
	fclose(f);
}

static void
from_hex(const char *hex, struct bytes *out)
{
	struct writer w;

	writer_init(&w, out->p, sizeof(out->p));
	if (text_unhex(&w, span_str(hex)) != RC_OK || w.full)
		die("devices.txt: no hex");
	out->len = w.len;
}

static void
read_device(const char *dir, struct bytes *certificate, struct bytes *private)
{
	char cert_hex[2 * BYTES_MAX], key_hex[2 * BYTES_MAX];
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/devices.txt", dir);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%*s %8191s %8191s", cert_hex, key_hex) != 2)
		die(path);
	fclose(f);
	from_hex(cert_hex, certificate);
	from_hex(key_hex, private);
}

/* Shows `certificate`, and has to be shown one under `anchor`. */
static void
equip(WOLFSSL_CTX *ctx, const struct bytes *anchor,
    const struct bytes *certificate, int form, const struct bytes *private)
{
	if (wolfSSL_CTX_load_verify_buffer(ctx, anchor->p, (long)anchor->len,
		WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_use_certificate_buffer(ctx, certificate->p,
		(long)certificate->len, form) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_use_PrivateKey_buffer(ctx, private->p,
		(long)private->len, WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS)
		die("a certificate or its key");
	wolfSSL_CTX_set_verify(ctx,
	    WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static void
equip_both(WOLFSSL_CTX *server, WOLFSSL_CTX *client, const char *dir)
{
	static struct bytes anchor, certificate, private;

	read_file(dir, "ca.pem", &anchor);
	read_file(dir, "own.pem", &certificate);
	read_file(dir, "own.key", &private);
	equip(server, &anchor, &certificate, WOLFSSL_FILETYPE_PEM, &private);
	read_device(dir, &certificate, &private);
	equip(client, &anchor, &certificate, WOLFSSL_FILETYPE_ASN1, &private);
	memset(&private, 0, sizeof(private));
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

static void
usage(void)
{
	fputs("usage: bench_handshake psk [COUNT]\n"
	      "       bench_handshake x509 DIR [COUNT]\n",
	    stderr);
	exit(64);
}

int
main(int argc, char **argv)
{
	bool x509 = argc > 1 && strcmp(argv[1], "x509") == 0;
	const char *suite = x509 ? x509_suite : psk_suite;
	int fixed = x509 ? 3 : 2;
	uint64_t count = COUNT_DEFAULT;
	WOLFSSL_CTX *server, *client;
	struct measure m = {0};
	double pair, us;

	if (argc < fixed || argc > fixed + 1 ||
	    (!x509 && strcmp(argv[1], "psk") != 0) ||
	    (argc > fixed &&
		(!span_decimal(span_str(argv[fixed]), COUNT_MAX, &count) ||
		    count == 0)))
		usage();
	if (wolfSSL_Init() != WOLFSSL_SUCCESS)
		die("wolfSSL_Init");
	server = context(wolfDTLSv1_2_server_method(), suite);
	client = context(wolfDTLSv1_2_client_method(), suite);
	if (x509) {
		equip_both(server, client, argv[2]);
	} else {
		wolfSSL_CTX_set_psk_server_callback(server, server_key);
		wolfSSL_CTX_set_psk_client_callback(client, client_key);
	}

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
