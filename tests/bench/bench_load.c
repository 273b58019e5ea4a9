/*
 * Many virtual devices in one process, each with a UDP socket of its own, boot
 * from a running bootstrapd by DTLS-PSK: as many at a time as is asked for,
 * until all have had their turn.
 *
 *	bench_load URI AT_A_TIME <DEVICES
 *
 * DEVICES: one a line, an endpoint (which is its PSK identity, too) and its
 * key in hex. Prints "bootstraps=N failed=N wall_ms=N"; exit 0 if none failed.
 */
#include "socket.h"
#include "wire.h"

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
	LINE_CAP = 512,
	KEY_CAP = 64,
	FAILURES_SHOWN = 5,
	PATIENCE_MS = 60000, /* for one bootstrap */
};

static const char suite[] = "PSK-AES128-CCM-8";

struct load {
	struct loop *loop;
	const char *uri;
	unsigned running;
	uint64_t done, failed;
	bool no_more;
};

/* A place for one device after the other. */
struct seat {
	struct load *load;
	struct device *device;
	struct wire wire;
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

static bool
read_line(struct load *l, char *endpoint, struct secret *key)
{
	char line[LINE_CAP], hex[LINE_CAP];
	struct writer w;

	if (l->no_more || !fgets(line, sizeof(line), stdin) ||
	    sscanf(line, "%511s %511s", endpoint, hex) != 2) {
		l->no_more = true;
		return false;
	}
	if (secret_reserve(key, KEY_CAP) != RC_OK)
		die("no lockable memory");
	writer_init(&w, key->bytes, key->cap);
	if (text_unhex(&w, span_str(hex)) != RC_OK)
		die("a key that is not hex");
	key->len = w.len;
	secret_wipe(line, sizeof(line));
	secret_wipe(hex, sizeof(hex));
	return true;
}

static void
flush(struct seat *s)
{
	uint8_t buf[WIRE_DATAGRAM_MAX];
	struct writer out;

	for (;;) {
		writer_init(&out, buf, sizeof(buf));
		if (wire_output(&s->wire, &out) != RC_OK)
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
	    wire_alert(&s->wire));
}

static void
stand_up(struct seat *s)
{
	struct load *l = s->load;

	if (device_state(s->device) == DEVICE_BOOTSTRAPPED)
		l->done++;
	else
		say_failed(s);
	wire_close(&s->wire);
	flush(s);
	loop_unwatch(l->loop, s->fd);
	loop_timer_clear(l->loop, &s->timer);
	close(s->fd);
	wire_fini(&s->wire);
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
	at = wire_deadline(&s->wire);
	if (at > s->end_ms)
		at = s->end_ms;
	if (loop_timer_set(s->load->loop, &s->timer, at, tick, s) != RC_OK)
		die("out of memory");
}

static void
tick(void *ctx, uint64_t now_ms)
{
	struct seat *s = ctx;

	wire_tick(&s->wire, now_ms);
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
		wire_receive(&s->wire, span_of(buf, (size_t)n), now);
	settle(s, now);
}

/* The next device takes this seat, if there is one. */
static void
sit_down(struct seat *s)
{
	struct load *l = s->load;
	struct device_config config = {.behaviour = behaviour_conforming};
	char endpoint[LINE_CAP];
	struct secret key = {0};
	uint64_t now = clock_now_ms();

	if (!read_line(l, endpoint, &key))
		return;
	config.endpoint = span_str(endpoint);
	random_bytes(&config.seed, sizeof(config.seed));
	s->device = device_new(&config);
	s->wire = (struct wire){0};
	s->last.text[0] = '\0';
	if (!s->device || device_equip_self(s->device) != RC_OK ||
	    device_equip_account(s->device, l->uri, config.endpoint, &key) !=
		RC_OK ||
	    wire_init(&s->wire, s->device, config.endpoint, &key, suite) !=
		RC_OK)
		die("a device cannot be made");
	secret_fini(&key);
	if (socket_to(span_str(l->uri), true, &s->fd) != RC_OK ||
	    loop_watch(l->loop, s->fd, EPOLLIN, readable, s) != RC_OK)
		die("no socket to that URI");
	l->running++;
	s->end_ms = now + PATIENCE_MS;
	wire_start(&s->wire, now);
	settle(s, now);
}

/* --- all of them ---------------------------------------------------------- */

int
main(int argc, char **argv)
{
	struct load load = {0};
	struct seat *seats;
	uint64_t at_a_time = 0, start;

	if (argc != 3 ||
	    !span_decimal(span_str(argv[2]), AT_A_TIME_MAX, &at_a_time) ||
	    at_a_time == 0) {
		fputs("usage: bench_load URI AT_A_TIME <DEVICES\n", stderr);
		return 64;
	}
	secret_harden_process();
	load.uri = argv[1];
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
