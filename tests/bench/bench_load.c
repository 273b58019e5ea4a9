/*
 * Many virtual devices in one process, each with a UDP socket of its own, boot
 * from a running bootstrapd over DTLS 1.2: as many at a time as is asked for,
 * until all have had their turn.
 *
 *	bench_load URI AT_A_TIME [CA] <DEVICES
 *
 * DEVICES: one a line, an endpoint (which is its PSK identity, too) and its
 * key in hex. With CA, a file of PEM that the server has to be under: endpoint,
 * certificate and private key (PKCS#8), both in hex. Prints "bootstraps=N failed=N wall_ms=N"; exit 0 if none failed.
 */
#include "device/wire.h"
#include "socket.h"

#include "base/digest.h"
#include "base/loop.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	AT_A_TIME_MAX = 1000,
	LINE_CAP = 4096,
	WORD_CAP = 2048,
	KEY_CAP = 1024,
	CERTIFICATE_CAP = 1024,
	CA_CAP = 8192,
	FAILURES_SHOWN = 5,
	PATIENCE_MS = 60000, /* for one bootstrap */
};

static const char psk_suite[] = "PSK-AES128-CCM-8";
static const char x509_suite[] = "ECDHE-ECDSA-AES128-CCM-8";

struct load {
	struct loop *loop;
	const char *uri;
	uint8_t ca[CA_CAP];
	size_t ca_len; /* 0: pre-shared keys */
	unsigned running;
	uint64_t done, failed;
	bool no_more;
};

/* A place for one device after the other. */
struct seat {
	struct load *load;
	struct device *device;
	struct device_wire wire;
	struct device_event last; /* what it did last */
	struct loop_timer timer;
	uint64_t end_ms;
	int fd;
};

static void sit_down(struct seat *s);

static void
die(const char *what)
{
	fprintf(stderr, "bench_load: %s\n", what);
	exit(1);
}

/* --- one device ----------------------------------------------------------- */

struct line {
	char endpoint[WORD_CAP];
	uint8_t certificate[CERTIFICATE_CAP];
	size_t certificate_len; /* 0: none */
	struct secret key;
};

static size_t
from_hex(const char *hex, uint8_t *out, size_t cap)
{
	struct writer w;

	writer_init(&w, out, cap);
	if (text_unhex(&w, span_str(hex)) != RC_OK || w.full)
		die("a line of the devices");
	return w.len;
}

static bool
read_line(struct load *l, struct line *out)
{
	char line[LINE_CAP], first[WORD_CAP], second[WORD_CAP];
	int words = 0;

	if (!l->no_more && fgets(line, sizeof(line), stdin))
		words = sscanf(
		    line, "%2047s %2047s %2047s", out->endpoint, first, second);
	if (words != (l->ca_len ? 3 : 2)) {
		l->no_more = true;
		return false;
	}
	if (secret_reserve(&out->key, KEY_CAP) != RC_OK)
		die("no lockable memory");
	out->certificate_len = l->ca_len
	    ? from_hex(first, out->certificate, sizeof(out->certificate))
	    : 0;
	out->key.len =
	    from_hex(l->ca_len ? second : first, out->key.bytes, out->key.cap);
	secret_wipe(line, sizeof(line));
	secret_wipe(first, sizeof(first));
	secret_wipe(second, sizeof(second));
	return true;
}

static void
flush(struct seat *s)
{
	uint8_t buf[DEVICE_DATAGRAM_MAX];
	struct writer out;

	for (;;) {
		writer_init(&out, buf, sizeof(buf));
		if (device_wire_output(&s->wire, &out) != RC_OK)
			return;
		/* what does not get through is sent again in its time */
		(void)!send(s->fd, out.buf, out.len, MSG_DONTWAIT);
	}
}

static void
say_failed(struct seat *s)
{
	struct load *l = s->load;

	if (l->failed++ >= FAILURES_SHOWN)
		return;
	fprintf(stderr, "bench_load: a device failed: %s; alert %d\n",
	    s->last.text[0] ? s->last.text : "no exchange",
	    device_wire_alert(&s->wire));
}

static void
stand_up(struct seat *s)
{
	struct load *l = s->load;

	if (device_state(s->device) == DEVICE_BOOTSTRAPPED)
		l->done++;
	else
		say_failed(s);
	device_wire_close(&s->wire);
	flush(s);
	loop_unwatch(l->loop, s->fd);
	loop_timer_clear(l->loop, &s->timer);
	close(s->fd);
	device_wire_fini(&s->wire);
	device_free(s->device);
	l->running--;
	sit_down(s);
	if (l->running == 0)
		loop_stop(l->loop);
}

static bool
is_over(const struct seat *s, uint64_t now_ms)
{
	enum device_state state = device_state(s->device);

	if (s->wire.broken || state == DEVICE_DEAD || now_ms >= s->end_ms)
		return true;
	return (state == DEVICE_BOOTSTRAPPED || state == DEVICE_FAILED) &&
	    device_deadline(s->device) == TIME_NEVER;
}

static void tick(void *ctx, uint64_t now_ms);

static void
settle(struct seat *s, uint64_t now_ms)
{
	uint64_t at;

	while (device_event(s->device, &s->last))
		;
	flush(s);
	if (is_over(s, now_ms)) {
		stand_up(s);
		return;
	}
	at = device_wire_deadline(&s->wire);
	if (at > s->end_ms)
		at = s->end_ms;
	if (loop_timer_set(s->load->loop, &s->timer, at, tick, s) != RC_OK)
		die("out of memory");
}

static void
tick(void *ctx, uint64_t now_ms)
{
	struct seat *s = ctx;

	device_wire_tick(&s->wire, now_ms);
	settle(s, now_ms);
}

static void
readable(void *ctx, uint32_t events)
{
	struct seat *s = ctx;
	uint64_t now = clock_now_ms();
	uint8_t buf[4096];
	ssize_t n;

	(void)events;
	while ((n = recv(s->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		device_wire_receive(&s->wire, span_of(buf, (size_t)n), now);
	settle(s, now);
}

static enum rc
equip(struct seat *s, const struct line *line)
{
	const struct load *l = s->load;
	struct span endpoint = span_str(line->endpoint);
	const struct dtls_client_config x509 = {
	    .version = DTLS_CLIENT_12,
	    .suites = x509_suite,
	    .chain = span_of(line->certificate, line->certificate_len),
	    .private_key = &line->key,
	    .trust = span_of(l->ca, l->ca_len),
	};
	enum rc rc = device_equip_self(s->device);

	/* how it comes here is what it is told; its account says where to */
	if (rc == RC_OK && l->ca_len) {
		const struct secret none = {0};

		rc = device_equip_account(
		    s->device, l->uri, span_of(NULL, 0), &none);
		return rc == RC_OK
		    ? device_wire_open(&s->wire, s->device, &x509)
		    : rc;
	}
	if (rc == RC_OK)
		rc = device_equip_account(
		    s->device, l->uri, endpoint, &line->key);
	if (rc == RC_OK)
		rc = device_wire_init(
		    &s->wire, s->device, endpoint, &line->key, psk_suite);
	return rc;
}

/* The next device takes this seat, if there is one. */
static void
sit_down(struct seat *s)
{
	struct load *l = s->load;
	struct device_config config = {.behaviour = behaviour_conforming};
	struct line line = {.key = {0}};
	uint64_t now = clock_now_ms();

	if (!read_line(l, &line))
		return;
	config.endpoint = span_str(line.endpoint);
	random_bytes(&config.seed, sizeof(config.seed));
	s->device = device_new(&config);
	s->wire = (struct device_wire){0};
	s->last.text[0] = '\0';
	if (!s->device || equip(s, &line) != RC_OK)
		die("a device cannot be made");
	secret_fini(&line.key);
	if (socket_to(span_str(l->uri), true, &s->fd) != RC_OK ||
	    loop_watch(l->loop, s->fd, EPOLLIN, readable, s) != RC_OK)
		die("no socket to that URI");
	l->running++;
	s->end_ms = now + PATIENCE_MS;
	device_wire_start(&s->wire, now);
	settle(s, now);
}

/* --- all of them ---------------------------------------------------------- */

static void
read_ca(struct load *l, const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f)
		die(path);
	l->ca_len = fread(l->ca, 1, sizeof(l->ca), f);
	fclose(f);
	if (l->ca_len == 0 || l->ca_len == sizeof(l->ca))
		die(path);
}

int
main(int argc, char **argv)
{
	static struct load load;
	struct seat *seats;
	uint64_t at_a_time = 0, start;

	if (argc < 3 || argc > 4 ||
	    !span_decimal(span_str(argv[2]), AT_A_TIME_MAX, &at_a_time) ||
	    at_a_time == 0) {
		fputs(
		    "usage: bench_load URI AT_A_TIME [CA] <DEVICES\n", stderr);
		return 64;
	}
	secret_harden_process();
	load.uri = argv[1];
	if (argc == 4)
		read_ca(&load, argv[3]);
	seats = calloc(at_a_time, sizeof(*seats));
	if (!seats || loop_new(&load.loop) != RC_OK)
		die("out of memory");
	start = clock_now_ms();
	for (uint64_t i = 0; i < at_a_time; i++) {
		seats[i].load = &load;
		sit_down(&seats[i]);
	}
	if (load.running > 0 && loop_run(load.loop) != RC_OK)
		die("the loop broke");
	printf("bootstraps=%" PRIu64 " failed=%" PRIu64 " wall_ms=%" PRIu64
	       "\n",
	    load.done, load.failed, clock_now_ms() - start);
	loop_free(load.loop);
	free(seats);
	return load.failed == 0 && load.done > 0 ? 0 : 1;
}
