/*
 * One coap_peer on a TCP socket, for programs that nobody here wrote.
 *
 * usage: stream_peer serve
 *	listens on a port of 127.0.0.1, says which ("port N"), and serves one
 *	connection after another until its standard input ends:
 *	GET /hello "hello\n"; GET /big 40000 bytes in blocks; POST /echo the
 *	payload again, or where it came in blocks, GET /echo that payload
 * usage: stream_peer ask PORT METHOD PATH [BYTES]
 *	connects to 127.0.0.1, sends one request with that many bytes of
 *	payload, and says what came: "CODE LENGTH same" where the body is what
 *	such a request sends, else "CODE LENGTH other"
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "coap/peer.h"

enum { BODY_MAX = 65536, BIG = 40000, CHUNK = 8192, PLAIN = 1024 };

struct talk {
	int fd;
	struct coap_peer *peer;
	uint8_t out[2000]; /* what the socket has not taken */
	size_t out_len;
	bool asks;
	bool answered;
};

static uint8_t big[BODY_MAX];
static uint8_t body[BODY_MAX]; /* of a request in blocks */
static size_t body_len;

static const struct coap_params params = {
    .response_timeout_ms = 10000,
    .body_max = BODY_MAX,
};

static void
draw(void *ctx, void *out, size_t len)
{
	(void)ctx;
	if (getrandom(out, len, 0) != (ssize_t)len)
		abort();
}

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
reply(struct talk *t, uint32_t ref, uint8_t code, struct span payload,
    const struct coap_option *option)
{
	struct coap_response rs = {
	    .code = code,
	    .content_format = payload.len ? 42 : COAP_FORMAT_NONE,
	    .max_age_s = -1,
	    .payload = payload,
	    .options = option,
	    .option_count = option != NULL,
	};
	enum rc rc = coap_peer_respond(t->peer, ref, &rs, now());

	if (rc != RC_OK)
		fprintf(stderr, "respond: %s\n", rc_name(rc));
}

/* `all` as the request wants it: the part that its Block2 names, else the
 * first. */
static void
reply_blocks(struct talk *t, const struct coap_event *ev, struct span all)
{
	const struct coap_option *o = coap_find(ev->message, COAP_BLOCK2);
	struct coap_option block2 = {.number = COAP_BLOCK2};
	struct coap_block b = {.szx = COAP_SZX_BERT};
	size_t size = CHUNK;
	uint8_t bytes[4];

	if (o && coap_block_decode_bert(o->value, &b) != RC_OK) {
		reply(t, ev->ref, COAP_BAD_OPTION, span_of(NULL, 0), NULL);
		return;
	}
	if (b.szx != COAP_SZX_BERT)
		size = coap_block_size(b.szx);
	all = span_from(all, b.num * coap_block_size(b.szx));
	b.more = all.len > size;
	if (b.more)
		all.len = size;
	block2.value = coap_block_encode(b, bytes);
	reply(t, ev->ref, COAP_CONTENT, all, &block2);
}

static void
echo(struct talk *t, const struct coap_event *ev)
{
	const struct coap_option *o = coap_find(ev->message, COAP_BLOCK1);
	struct coap_block b = {0};
	size_t offset;

	if (!o) {
		reply(t, ev->ref, COAP_CONTENT, ev->body, NULL);
		return;
	}
	if (coap_block_decode_bert(o->value, &b) != RC_OK) {
		reply(t, ev->ref, COAP_BAD_OPTION, span_of(NULL, 0), NULL);
		return;
	}
	offset = b.num * coap_block_size(b.szx);
	if (offset == 0)
		body_len = 0;
	if (offset != body_len || offset + ev->body.len > BODY_MAX) {
		reply(t, ev->ref, COAP_INCOMPLETE, span_of(NULL, 0), NULL);
		return;
	}
	memcpy(body + offset, ev->body.p, ev->body.len);
	body_len += ev->body.len;
	fprintf(stderr, "block1 %u/%d/%u %zu bytes\n", b.num, b.more,
	    (unsigned)b.szx, ev->body.len);
	if (b.more)
		reply(t, ev->ref, COAP_CONTINUE, span_of(NULL, 0), o);
	else
		reply(t, ev->ref, COAP_CHANGED, span_of(NULL, 0), o);
}

static bool
is_path(const struct coap_message *m, const char *path)
{
	const struct coap_option *o = coap_find(m, COAP_URI_PATH);

	return o && span_is(o->value, path);
}

static void
take(struct talk *t, const struct coap_event *ev)
{
	const struct coap_message *m = ev->message;
	bool same;

	switch (ev->kind) {
	case COAP_EVENT_REQUEST:
		if (m->code == COAP_GET && is_path(m, "hello"))
			reply(t, ev->ref, COAP_CONTENT, SPAN_LIT("hello\n"),
			    NULL);
		else if (m->code == COAP_GET && is_path(m, "big"))
			reply_blocks(t, ev, span_of(big, BIG));
		else if (m->code == COAP_GET && is_path(m, "echo"))
			reply_blocks(t, ev, span_of(body, body_len));
		else if (m->code == COAP_POST && is_path(m, "echo"))
			echo(t, ev);
		else
			reply(
			    t, ev->ref, COAP_NOT_FOUND, span_of(NULL, 0), NULL);
		break;
	case COAP_EVENT_RESPONSE:
		same = ev->body.len <= BODY_MAX &&
		    span_equal(ev->body, span_of(big, ev->body.len));
		printf("%s %zu %s\n", coap_code_name(m->code), ev->body.len,
		    same ? "same" : "other");
		t->answered = true;
		break;
	case COAP_EVENT_FAILED:
	case COAP_EVENT_RESET:
	case COAP_EVENT_TIMEOUT:
		printf("failed: %s\n", ev->why ? ev->why : "no answer");
		t->answered = true;
		break;
	}
}

/* Send what waits, as far as the socket takes it. False: it is closed. */
static bool
flush(struct talk *t)
{
	for (;;) {
		struct writer w;
		ssize_t n;

		if (t->out_len == 0) {
			writer_init(&w, t->out, sizeof(t->out));
			if (coap_peer_output(t->peer, &w) != RC_OK)
				return true;
			t->out_len = w.len;
		}
		n = send(
		    t->fd, t->out, t->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			return true; /* its end is seen when reading */
		memmove(t->out, t->out + n, t->out_len - (size_t)n);
		t->out_len -= (size_t)n;
		if (t->out_len > 0)
			return true;
	}
}

static void
drain(struct talk *t)
{
	struct coap_event ev;

	while (coap_peer_event(t->peer, &ev))
		take(t, &ev);
	(void)flush(t);
}

/* One turn: wait for the socket or the deadline. False: it is over. */
static bool
turn(struct talk *t)
{
	struct pollfd fds[2] = {
	    {.fd = t->fd, .events = POLLIN},
	    {.fd = STDIN_FILENO, .events = POLLIN},
	};
	uint64_t at = coap_peer_deadline(t->peer), at_now = now();
	uint8_t in[4096];
	ssize_t n;

	if (t->out_len > 0)
		fds[0].events |= POLLOUT;
	if (at > at_now + 1000)
		at = at_now + 1000;
	if (poll(fds, t->asks ? 1 : 2, at > at_now ? (int)(at - at_now) : 0) <
	    0)
		return false;
	if (fds[1].revents)
		return false;
	if (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) {
		n = recv(t->fd, in, sizeof(in), MSG_DONTWAIT);
		if (n > 0)
			coap_peer_receive(
			    t->peer, span_of(in, (size_t)n), now());
		else if (n == 0)
			coap_peer_closed(t->peer, now());
		drain(t); /* before the bytes go */
	}
	coap_peer_tick(t->peer, now());
	drain(t);
	return !coap_peer_end(t->peer).final;
}

static const char *const ends[] = {
    "none", "released", "aborted", "fault", "silent", "ours", "closed"};

static bool
begin(struct talk *t, int fd)
{
	memset(t, 0, sizeof(*t));
	t->fd = fd;
	t->peer = coap_peer_new_stream(
	    &params, &coap_stream_params_default, draw, NULL, now());
	if (t->peer)
		drain(t);
	return t->peer != NULL;
}

static void
end(struct talk *t)
{
	struct coap_end e = coap_peer_end(t->peer);

	fprintf(stderr, "end: %s, %s\n", ends[e.kind], e.why ? e.why : "-");
	coap_peer_free(t->peer);
	close(t->fd);
}

static int
serve(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);
	static struct talk t;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(fd, 4) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0) {
		perror("listen");
		return 1;
	}
	printf("port %u\n", ntohs(a.sin_port));
	fflush(stdout);
	for (;;) {
		struct pollfd fds[2] = {
		    {.fd = fd, .events = POLLIN},
		    {.fd = STDIN_FILENO, .events = POLLIN},
		};

		if (poll(fds, 2, -1) < 0 || fds[1].revents)
			break;
		if (!begin(&t, accept4(fd, NULL, NULL, SOCK_CLOEXEC)))
			break;
		while (turn(&t))
			;
		end(&t);
	}
	close(fd);
	return 0;
}

static int
ask(const char *port, const char *method, char *path, size_t bytes)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
	};
	struct coap_request rq = {
	    .method = strcmp(method, "get") == 0 ? COAP_GET
		: strcmp(method, "put") == 0     ? COAP_PUT
						 : COAP_POST,
	    .content_format = bytes ? 42 : COAP_FORMAT_NONE,
	    .accept = COAP_FORMAT_NONE,
	    .payload = span_of(big, bytes),
	};
	static struct talk t;
	uint32_t ref;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		perror("connect");
		return 1;
	}
	if (!begin(&t, fd))
		return 1;
	t.asks = true;
	for (char *s = strtok(path, "/"); s; s = strtok(NULL, "/")) {
		if (rq.path_count == COAP_PATH_MAX)
			return 64;
		rq.path[rq.path_count++] = span_str(s);
	}
	/* A first turn, for the CSM: what it says bounds the request. */
	if (!turn(&t) || coap_peer_request(t.peer, &rq, now(), &ref) != RC_OK)
		return 1;
	drain(&t);
	while (!t.answered && turn(&t))
		;
	coap_peer_release(t.peer, 0, now());
	drain(&t);
	end(&t);
	return t.answered ? 0 : 1;
}

int
main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)('a' + (i ^ i / 256 * 31) % 26);
	if (argc == 2 && strcmp(argv[1], "serve") == 0)
		return serve();
	if ((argc == 5 || argc == 6) && strcmp(argv[1], "ask") == 0) {
		size_t n = argc == 6 ? strtoul(argv[5], NULL, 10) : 0;

		return n <= sizeof(big) ? ask(argv[2], argv[3], argv[4], n)
					: 64;
	}
	fprintf(stderr,
	    "usage: stream_peer serve | ask PORT METHOD PATH [BYTES]\n");
	return 64;
}
