#include "world.h"

#include <stdio.h>
#include <stdlib.h>

PRINTF_LIKE(2, 3)
static void
write_down(char *log, const char *fmt, ...)
{
	size_t len = strlen(log);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(log + len, WORLD_TEXT - len, fmt, ap);
	va_end(ap);
	assert_true(strlen(log) < WORLD_TEXT - 1);
}

void
expect_text(
    char *seen, const char *text, const char *what, const char *file, int line)
{
	if (strcmp(seen, text) != 0) {
		print_error(
		    "--- %s expected:\n%s--- seen:\n%s---\n", what, text, seen);
		_fail(file, line);
	}
	seen[0] = '\0';
}

struct secret
world_key(struct span identity, bool right)
{
	struct secret key = {0};
	uint8_t bytes[16];

	memset(bytes, right ? identity.p[0] : 0x5a, sizeof(bytes));
	assert_int_equal(secret_set(&key, span_of(bytes, 16)), RC_OK);
	return key;
}

/* What a handshake message in the clear is called. */
static const char *
message_name(struct span body)
{
	if (body.len < 12)
		return "short";
	switch (body.p[0]) {
	case 1:
		/* Behind header, version, random and an empty session id. */
		return body.len > 47 && body.p[47] ? "hello+cookie" : "hello";
	case 2:
		return "hello";
	case 3:
		return "verify";
	case 14:
		return "done";
	case 16:
		return "key";
	default:
		return "?";
	}
}

void
describe(struct span d, char *text, size_t cap)
{
	text[0] = '\0';
	while (d.len >= 13) {
		size_t len = (size_t)(d.p[11] << 8 | d.p[12]);
		struct span body = span_of(d.p + 13, len);
		const char *name;

		assert_true(len <= d.len - 13);
		if (d.p[4] == 1)
			name = d.p[0] == 23 ? "data"
			    : d.p[0] == 21  ? "bye"
					    : "secret";
		else if (d.p[0] == 20)
			name = "ccs";
		else if (d.p[0] == 21)
			name = "alert";
		else
			name = message_name(body);
		if (text[0])
			strncat(text, ",", cap - strlen(text) - 1);
		strncat(text, name, cap - strlen(text) - 1);
		if (d.p[0] == 21 && d.p[4] == 0 && len == 2) {
			char level[16];

			(void)snprintf(
			    level, sizeof(level), "(%u,%u)", d.p[13], d.p[14]);
			strncat(text, level, cap - strlen(text) - 1);
		}
		d = span_from(d, 13 + len);
	}
}

void
world_start(struct world *w, const struct dtls_config *config)
{
	memset(w, 0, sizeof(*w));
	w->now_ms = 1000;
	assert_int_equal(
	    dtls_new(config ? config : &dtls_config_default, &w->server),
	    RC_OK);
}

void
world_stop(struct world *w)
{
	for (size_t i = 1; i <= WORLD_CLIENTS; i++) {
		dtls_client_free(w->devices[i].client);
		free(w->devices[i].sent);
		free(w->devices[i].got);
	}
	dtls_free(w->server);
}

void
world_device(struct world *w, unsigned i, const char *identity, bool right_key,
    const char *suite)
{
	struct device *dev = &w->devices[i];
	struct secret key = world_key(span_str(identity), right_key);

	if (!dev->sent) {
		dev->sent = calloc(WORLD_SEEN, sizeof(struct flying));
		dev->got = calloc(WORLD_SEEN, sizeof(struct flying));
		assert_non_null(dev->sent);
		assert_non_null(dev->got);
	}
	dtls_client_free(dev->client);
	dev->heard_len = 0;
	dev->heard[0] = '\0';
	dev->address = (struct address){.family = 4,
	    .ip = {10, 0, 0, (uint8_t)i},
	    .port = (uint16_t)(40000 + i)};
	assert_int_equal(
	    dtls_client_new(span_str(identity), &key, suite, &dev->client),
	    RC_OK);
	secret_fini(&key);
}

static unsigned
device_at(const struct world *w, const struct address *a)
{
	for (unsigned i = 1; i <= WORLD_CLIENTS; i++)
		if (w->devices[i].sent &&
		    address_equal(&w->devices[i].address, a))
			return i;
	return 0;
}

void
world_answer(struct world *w, bool known)
{
	/* Identities of these tests differ in their first byte. */
	struct secret key = world_key(span_of(&w->wanted_first, 1), true);

	assert_int_equal(dtls_psk_answer(w->server, w->wanted,
			     known ? &key : NULL, 7, w->now_ms),
	    RC_OK);
	secret_fini(&key);
}

static void
take_event(struct world *w, const struct dtls_event *ev)
{
	unsigned i = device_at(w, &ev->address);

	w->last_conn = ev->conn;
	switch (ev->kind) {
	case DTLS_EVENT_PSK_WANTED:
		write_down(
		    w->events, "%u wanted %.*s\n", i, SPAN_FMT(ev->identity));
		w->wanted = ev->conn;
		w->wanted_first = (char)ev->identity.p[0];
		if (!w->silent_keeper)
			world_answer(w, ev->identity.p[0] < 'x');
		break;
	case DTLS_EVENT_ESTABLISHED:
		assert_int_equal(ev->credential, DTLS_PSK);
		write_down(w->events, "%u established %.*s %s\n", i,
		    SPAN_FMT(ev->identity), ev->suite);
		break;
	case DTLS_EVENT_DATA:
		if (ev->data.len > 64)
			write_down(
			    w->events, "%u data of %zu\n", i, ev->data.len);
		else
			write_down(
			    w->events, "%u data %.*s\n", i, SPAN_FMT(ev->data));
		if (w->echo)
			assert_int_equal(
			    dtls_send(w->server, ev->conn, ev->data, w->now_ms),
			    RC_OK);
		break;
	case DTLS_EVENT_CLOSED:
		write_down(w->events, "%u %s %s%s%.*s\n", i,
		    ev->established ? "closed" : "failed",
		    dtls_close_name(ev->reason), ev->identity.len ? " " : "",
		    SPAN_FMT(ev->identity));
		break;
	}
}

static bool
take_events(struct world *w)
{
	struct dtls_event ev;
	bool any = false;

	while (dtls_event(w->server, &ev)) {
		take_event(w, &ev);
		any = true;
	}
	return any;
}

static bool
is_lost(unsigned *skip, unsigned *lose)
{
	if (*lose == 0)
		return false;
	if (*skip > 0) {
		(*skip)--;
		return false;
	}
	(*lose)--;
	return true;
}

/* The datagram as the link brings it to the server. */
static void
bring(struct world *w, const struct device *dev, struct span d)
{
	if (!w->split) {
		dtls_receive(w->server, &dev->address, d, w->now_ms);
		return;
	}
	while (d.len >= 13) {
		size_t len = 13 + (size_t)(d.p[11] << 8 | d.p[12]);

		dtls_receive(
		    w->server, &dev->address, span_of(d.p, len), w->now_ms);
		d = span_from(d, len);
	}
}

static bool
carry_up(struct world *w, unsigned i)
{
	struct device *dev = &w->devices[i];
	struct flying *f;
	struct writer out;
	char text[256];
	bool lost;

	if (!dev->client)
		return false;
	assert_true(dev->sent_count < WORLD_SEEN);
	f = &dev->sent[dev->sent_count];
	writer_init(&out, f->bytes, sizeof(f->bytes));
	if (dtls_client_output(dev->client, &out) != RC_OK)
		return false;
	f->len = out.len;
	dev->sent_count++;
	lost = is_lost(&w->skip_up, &w->lose_up);
	describe(writer_span(&out), text, sizeof(text));
	write_down(w->trace, "C%u %s%s\n", i, text, lost ? " (lost)" : "");
	for (int n = lost ? 0 : 1 + w->twice; n > 0; n--) {
		w->delivered_up++;
		bring(w, dev, writer_span(&out));
	}
	return true;
}

static void
hear(struct world *w, struct device *dev, struct span datagram)
{
	uint8_t plain[WORLD_DATAGRAM];
	struct writer data;
	enum rc rc;

	writer_init(&data, plain, sizeof(plain));
	w->delivered_down++;
	rc = dtls_client_receive(dev->client, datagram, &data, w->now_ms);
	assert_true(rc == RC_OK || rc == RC_IO);
	assert_true(dev->heard_len + data.len < WORLD_TEXT);
	memcpy(dev->heard + dev->heard_len, plain, data.len);
	dev->heard_len += data.len;
	dev->heard[dev->heard_len] = '\0';
}

static bool
carry_down(struct world *w)
{
	uint8_t bytes[DTLS_DATAGRAM_MAX];
	struct writer out;
	struct address to;
	struct device *dev;
	char text[256];
	unsigned i;
	bool lost;

	writer_init(&out, bytes, sizeof(bytes));
	if (dtls_output(w->server, &to, &out) != RC_OK)
		return false;
	i = device_at(w, &to);
	if (i == 0)
		return true; /* to an address that was made up */
	dev = &w->devices[i];
	assert_true(dev->got_count < WORLD_SEEN);
	memcpy(dev->got[dev->got_count].bytes, bytes, out.len);
	dev->got[dev->got_count++].len = out.len;
	lost = is_lost(&w->skip_down, &w->lose_down);
	describe(writer_span(&out), text, sizeof(text));
	write_down(w->trace, "S%u %s%s\n", i, text, lost ? " (lost)" : "");
	for (int n = lost ? 0 : 1 + w->twice; n > 0 && dev->client; n--)
		hear(w, dev, writer_span(&out));
	return true;
}

void
world_run(struct world *w)
{
	bool moved = true;

	while (moved) {
		moved = take_events(w);
		while (carry_down(w))
			moved = true;
		for (unsigned i = 1; i <= WORLD_CLIENTS; i++)
			moved |= carry_up(w, i);
	}
}

static uint64_t
next_deadline(const struct world *w)
{
	uint64_t next_ms = dtls_deadline(w->server);

	for (size_t i = 1; i <= WORLD_CLIENTS; i++) {
		const struct device *dev = &w->devices[i];
		uint64_t at_ms = TIME_NEVER;

		if (dev->client && dev->sent_count)
			at_ms = dtls_client_deadline(dev->client);
		if (at_ms < next_ms)
			next_ms = at_ms;
	}
	return next_ms;
}

void
world_pass(struct world *w, uint64_t ms)
{
	uint64_t end_ms = w->now_ms + ms;
	uint64_t next_ms;

	while ((next_ms = next_deadline(w)) <= end_ms) {
		if (next_ms > w->now_ms)
			w->now_ms = next_ms;
		dtls_tick(w->server, w->now_ms);
		for (size_t i = 1; i <= WORLD_CLIENTS; i++) {
			const struct device *dev = &w->devices[i];

			if (dev->client && dev->sent_count &&
			    dtls_client_deadline(dev->client) <= w->now_ms)
				(void)!dtls_client_tick(dev->client, w->now_ms);
		}
		world_run(w);
	}
	w->now_ms = end_ms;
}

void
world_connect(struct world *w, unsigned i)
{
	assert_int_equal(
	    dtls_client_tick(w->devices[i].client, w->now_ms), RC_OK);
	world_run(w);
}

void
world_inject(struct world *w, unsigned i, struct span datagram)
{
	dtls_receive(w->server, &w->devices[i].address, datagram, w->now_ms);
	world_run(w);
}

struct span
world_sent(const struct world *w, unsigned i, size_t n)
{
	assert_true(n < w->devices[i].sent_count);
	return span_of(w->devices[i].sent[n].bytes, w->devices[i].sent[n].len);
}

struct span
world_got(const struct world *w, unsigned i, size_t n)
{
	assert_true(n < w->devices[i].got_count);
	return span_of(w->devices[i].got[n].bytes, w->devices[i].got[n].len);
}

void
world_say(struct world *w, unsigned i, const char *text)
{
	assert_int_equal(
	    dtls_client_send(w->devices[i].client, span_str(text)), RC_OK);
	world_run(w);
}

void
world_tell(struct world *w, uint64_t conn, const char *text)
{
	assert_int_equal(
	    dtls_send(w->server, conn, span_str(text), w->now_ms), RC_OK);
	world_run(w);
}
