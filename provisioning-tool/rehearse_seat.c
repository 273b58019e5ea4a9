#include "rehearse_seat.h"

#include "device/device.h"
#include "device/handshake.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	RECEIVE_MAX = 4096,
	PENDING_MAX = 65536,
	QUIET_MS = 400, /* of a server that has said something before */
	ASK_EVERY_MS = 200,
	ASKED_MAX = 40, /* times, of a device that has failed */
	UNEXPLAINED_MAX = 16, /* such devices; then it is asked less */
	ASKED_LATER_MAX = 5,
};

static void settle(struct rehearse_seat *s, uint64_t now_ms);

/* --- its end --------------------------------------------------------------------- */

void
rehearse_leave(struct rehearse_seat *s)
{
	if (!s->taken)
		return;
	loop_timer_clear(s->hall->loop, &s->timer);
	if (s->fd >= 0) {
		loop_unwatch(s->hall->loop, s->fd);
		close(s->fd);
	}
	fifo_fini(&s->pending);
	device_wire_fini(&s->wire);
	device_free(s->device);
	*s = (struct rehearse_seat){.hall = s->hall, .fd = -1};
}

/* The result is told when the seat is free: who is told may take it again. */
static void
finish(struct rehearse_seat *s)
{
	struct rehearse_hall *hall = s->hall;
	struct rehearse_result result = s->result;

	rehearse_leave(s);
	hall->done(hall->ctx, &result);
}

static unsigned
count_servers(const struct held *held)
{
	unsigned count = 0;
	uint16_t i = 0;

	for (; held_instance(held, OBJECT_SERVER, &i); i++)
		count++;
	return count;
}

/* Finish was answered 2.04: is all there that a device goes on with? */
static void
check_outcome(struct rehearse_seat *s)
{
	const struct held *held = device_store(s->device);
	struct rehearse_result *r = &s->result;
	const char *why = device_inconsistency(s->device);

	r->servers = count_servers(held);
	if (why)
		rehearse_find(r, false, "inconsistent",
		    "mend the policy: provisioning-tool policy explain says "
		    "what it writes",
		    "after Finish the device has %s", why);
	else if (held_accounts(held) == 0)
		rehearse_find(r, true, "account-gone", "",
		    "the policy has deleted the Bootstrap-Server Account: "
		    "the device cannot come again");
	r->ok = !rehearse_has_errors(r);
}

static void
judge(struct rehearse_seat *s, bool timed_out, uint64_t now_ms)
{
	const struct rehearse_end end = {
	    .wire = &s->wire,
	    .account = &s->account,
	    .way = &s->way,
	    .error = s->error,
	    .received = s->received,
	    .timed_out = timed_out,
	    .ms = now_ms - s->began_ms,
	    .now_s = time(NULL),
	    .last = s->last.text,
	};

	s->result.ms = end.ms;
	s->result.answered = s->received > 0;
	s->result.commands = device_commands(s->device);
	if (device_state(s->device) == DEVICE_BOOTSTRAPPED)
		check_outcome(s);
	else
		rehearse_why(&end, &s->result);
}

/* --- sending ----------------------------------------------------------------------- */

static void
count(struct rehearse_seat *s, size_t bytes)
{
	s->result.datagrams++;
	s->result.bytes += bytes;
}

static void on_ready(void *ctx, uint32_t events);

/* Ask to be told when a stream takes more, or not any more. */
static void
watch(struct rehearse_seat *s)
{
	uint32_t wanted =
	    fifo_span(&s->pending).len > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN;

	if (s->watched == wanted)
		return;
	if (s->watched)
		loop_unwatch(s->hall->loop, s->fd);
	s->watched = wanted;
	if (loop_watch(s->hall->loop, s->fd, wanted, on_ready, s) != RC_OK)
		s->error = ENOMEM;
}

static void
flush_stream(struct rehearse_seat *s)
{
	struct span waits;

	while ((waits = fifo_span(&s->pending)).len > 0) {
		ssize_t n = send(
		    s->fd, waits.p, waits.len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0) {
			if (errno != EAGAIN && errno != EINTR &&
			    errno != ENOTCONN)
				s->error = errno;
			break;
		}
		count(s, (size_t)n);
		fifo_drop(&s->pending, (size_t)n);
	}
	watch(s);
}

static void
flush(struct rehearse_seat *s)
{
	uint8_t buf[DEVICE_DATAGRAM_MAX];
	struct writer out;

	for (;;) {
		writer_init(&out, buf, sizeof(buf));
		if (device_wire_output(&s->wire, &out) != RC_OK)
			break;
		if (s->way.stream) {
			if (fifo_put(&s->pending, writer_span(&out),
				PENDING_MAX) != RC_OK)
				s->error = ENOBUFS;
		} else if (send(s->fd, out.buf, out.len,
			       MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
			count(s, out.len);
		} else if (errno != EAGAIN && errno != EINTR &&
		    errno != ENOBUFS) {
			s->error = errno;
		}
		secret_wipe(buf, out.len);
	}
	if (s->way.stream)
		flush_stream(s);
}

/* --- what happens ------------------------------------------------------------------- */

static void
receive(struct rehearse_seat *s, uint64_t now_ms)
{
	uint8_t buf[RECEIVE_MAX];
	ssize_t n;

	for (;;) {
		n = recv(s->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (errno != EAGAIN && errno != ENOTCONN)
				s->error = errno;
			return;
		}
		if (n == 0 && s->way.stream) {
			device_wire_ended(&s->wire);
			return;
		}
		s->received++;
		count(s, (size_t)n);
		s->ask_ms = now_ms + QUIET_MS;
		device_wire_receive(&s->wire, span_of(buf, (size_t)n), now_ms);
		secret_wipe(buf, (size_t)n);
	}
}

static bool
is_over(const struct rehearse_seat *s, uint64_t now_ms)
{
	enum device_state state = device_state(s->device);

	/* nobody is there: on loopback the kernel says so at once */
	if (s->wire.broken || s->error != 0 || now_ms >= s->end_ms)
		return true;
	return (state == DEVICE_BOOTSTRAPPED || state == DEVICE_FAILED) &&
	    device_deadline(s->device) == TIME_NEVER;
}

static bool
has_failed(const struct rehearse_seat *s)
{
	return device_state(s->device) != DEVICE_BOOTSTRAPPED;
}

/* A server that has fallen silent may have said why, in its ledger. */
static bool
silence_explained(struct rehearse_seat *s, uint64_t now_ms)
{
	if (!s->hall->staging || s->received == 0 || now_ms < s->ask_ms)
		return false;
	s->ask_ms = now_ms + QUIET_MS;
	return staging_knows(s->hall->staging, s->own);
}

static void
on_timer(void *ctx, uint64_t now_ms)
{
	struct rehearse_seat *s = ctx;

	if (!s->over)
		device_wire_tick(&s->wire, now_ms);
	settle(s, now_ms);
}

static void
on_ready(void *ctx, uint32_t events)
{
	struct rehearse_seat *s = ctx;
	uint64_t now_ms = clock_now_ms();

	(void)events;
	receive(s, now_ms);
	settle(s, now_ms);
}

static void
set_timer(struct rehearse_seat *s, uint64_t at_ms)
{
	if (loop_timer_set(s->hall->loop, &s->timer, at_ms, on_timer, s) !=
	    RC_OK)
		s->end_ms = 0;
}

/* The ledger has its word a moment later than the device; of many that fail, it
 * has it of some. */
static void
ask_staging(struct rehearse_seat *s, uint64_t now_ms)
{
	struct rehearse_hall *hall = s->hall;
	unsigned most =
	    hall->unexplained < UNEXPLAINED_MAX ? ASKED_MAX : ASKED_LATER_MAX;
	bool last = ++s->asked >= most;

	if (staging_explain(
		hall->staging, s->own, &s->account, last, &s->result)) {
		finish(s);
	} else if (last) {
		hall->unexplained++;
		finish(s);
	} else {
		set_timer(s, now_ms + ASK_EVERY_MS);
	}
}

static void
end(struct rehearse_seat *s, bool timed_out, uint64_t now_ms)
{
	s->over = true;
	judge(s, timed_out, now_ms);
	device_wire_close(&s->wire);
	flush(s);
	/* what is still said changes nothing */
	if (s->fd >= 0)
		loop_unwatch(s->hall->loop, s->fd);
	if (has_failed(s) && s->hall->staging && s->received > 0)
		ask_staging(s, now_ms);
	else
		finish(s);
}

static void
settle(struct rehearse_seat *s, uint64_t now_ms)
{
	uint64_t at;

	if (s->over) {
		ask_staging(s, now_ms);
		return;
	}
	while (device_event(s->device, &s->last))
		;
	flush(s);
	if (is_over(s, now_ms)) {
		end(s, now_ms >= s->end_ms, now_ms);
		return;
	}
	if (silence_explained(s, now_ms)) {
		end(s, true, now_ms);
		return;
	}
	at = device_wire_deadline(&s->wire);
	if (at > s->end_ms)
		at = s->end_ms;
	if (s->hall->staging && s->received > 0 && at > s->ask_ms)
		at = s->ask_ms;
	set_timer(s, at);
}

static void
on_secured(void *ctx, const char *version, const char *suite)
{
	struct rehearse_seat *s = ctx;

	snprintf(s->result.security, sizeof(s->result.security), "%s, %s",
	    version, suite ? suite : "?");
}

/* --- its beginning ------------------------------------------------------------------- */

static enum rc
open_wire(struct rehearse_seat *s)
{
	struct handshake h;
	enum rc rc = handshake_init(&h, &s->account);

	h.config.stream = s->way.stream;
	if (rc == RC_OK)
		rc = device_wire_open(
		    &s->wire, s->device, h.secure ? &h.config : NULL);
	if (rc == RC_OK && s->way.stream)
		rc = device_wire_stream(&s->wire);
	if (rc != RC_OK)
		rehearse_find(&s->result, false, "credential-unusable",
		    "no client can go into a handshake with it",
		    "the account cannot be used: %s",
		    h.why ? h.why : rc_name(rc));
	handshake_fini(&h);
	return rc;
}

static void
note_own(struct rehearse_seat *s)
{
	struct writer w;

	writer_init(&w, s->own, sizeof(s->own) - 1);
	rehearse_way_own(s->fd, &w);
	s->own[w.len] = '\0';
}

void
rehearse_sit(struct rehearse_seat *s, struct device *device,
    const struct account *account, const struct rehearse_way *way,
    const struct rehearse_result *result)
{
	uint64_t now_ms = clock_now_ms();

	*s = (struct rehearse_seat){
	    .hall = s->hall,
	    .taken = true,
	    .device = device,
	    .account = *account,
	    .way = *way,
	    .result = *result,
	    .fd = -1,
	    .began_ms = now_ms,
	    .end_ms = now_ms + s->hall->timeout_ms,
	};
	s->result.tried = true;
	if (open_wire(s) != RC_OK) {
		finish(s);
		return;
	}
	/* who comes without security is admitted by its address */
	if (rehearse_way_open(way,
		s->hall->staging && account->mode != MODE_NOSEC,
		&s->fd) != RC_OK) {
		s->error = errno;
		end(s, false, now_ms);
		return;
	}
	note_own(s);
	watch(s);
	s->wire.secured = on_secured;
	s->wire.tap_ctx = s;
	device_wire_start(&s->wire, now_ms);
	settle(s, now_ms);
}
