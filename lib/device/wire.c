#include "device/wire.h"

#include <stdlib.h>

enum {
	PLAIN_MAX = 32768, /* bytes of all records that come at once */
	STREAM_CHUNK = 1024, /* bytes of a stream in one record */
	STREAM_MESSAGE_MAX = 16384, /* announced */
};

enum rc
device_wire_open(struct device_wire *w, struct device *device,
    const struct dtls_client_config *config)
{
	*w = (struct device_wire){.device = device};
	if (!config)
		return RC_OK;
	return dtls_client_open(config, &w->dtls);
}

enum rc
device_wire_init(struct device_wire *w, struct device *device,
    struct span identity, const struct secret *key, const char *suite)
{
	*w = (struct device_wire){.device = device};
	if (identity.len == 0)
		return RC_OK;
	return dtls_client_new(identity, key, suite, &w->dtls);
}

enum rc
device_wire_stream(struct device_wire *w)
{
	w->frames = frames_new(STREAM_MESSAGE_MAX);
	return w->frames ? RC_OK : RC_MEMORY;
}

void
device_wire_fini(struct device_wire *w)
{
	dtls_client_free(w->dtls);
	frames_free(w->frames);
	*w = (struct device_wire){0};
}

static void
tap(const struct device_wire *w, bool sent, struct span message)
{
	if (w->tap)
		w->tap(w->tap_ctx, sent, message);
}

static void
frame(struct device_wire *w)
{
	uint8_t buf[DEVICE_DATAGRAM_MAX];
	struct writer out;

	for (;;) {
		writer_init(&out, buf, sizeof(buf));
		if (device_output(w->device, &out) != RC_OK)
			return;
		tap(w, true, writer_span(&out));
		if (frames_send(w->frames, writer_span(&out)) != RC_OK)
			w->broken = true;
		secret_wipe(buf, out.len);
	}
}

/** Bytes of the stream, as messages; without any, what the device is still to
 *  be told. */
static void
take_stream(struct device_wire *w, struct span bytes, uint64_t now_ms)
{
	uint8_t *buf = malloc(STREAM_MESSAGE_MAX + FRAMES_HEAD_MAX);
	struct writer datagram;
	enum rc rc = buf ? frames_receive(w->frames, bytes) : RC_MEMORY;

	while (rc == RC_OK) {
		frame(w);
		writer_init(
		    &datagram, buf, STREAM_MESSAGE_MAX + FRAMES_HEAD_MAX);
		rc = frames_next(w->frames, &datagram);
		if (rc != RC_OK)
			break;
		if (buf[1] != COAP_EMPTY)
			tap(w, false, writer_span(&datagram));
		device_receive(w->device, writer_span(&datagram), now_ms);
		secret_wipe(buf, datagram.len);
	}
	if (rc != RC_AGAIN)
		w->broken = true;
	free(buf);
}

/** The next message, or bytes, for one record. False: none. */
static bool
next_plain(struct device_wire *w, struct writer *out)
{
	if (w->frames) {
		out->cap = STREAM_CHUNK;
		return frames_output(w->frames, out) == RC_OK;
	}
	if (device_output(w->device, out) != RC_OK)
		return false;
	tap(w, true, writer_span(out));
	return true;
}

static void
begin(struct device_wire *w, uint64_t now_ms)
{
	w->asked = true;
	if (w->dtls && w->secured)
		w->secured(w->tap_ctx, dtls_client_version(w->dtls),
		    dtls_client_suite(w->dtls));
	if (w->frames && !w->frames->started)
		frames_start(w->frames);
	device_start(w->device, now_ms);
	if (w->frames)
		take_stream(w, (struct span){0}, now_ms);
}

/** What the device has to say goes into records. */
static void
encrypt(struct device_wire *w, uint64_t now_ms)
{
	uint8_t buf[DEVICE_DATAGRAM_MAX];
	struct writer out;

	if (!w->dtls || !dtls_client_established(w->dtls))
		return;
	if (!w->asked)
		begin(w, now_ms);
	for (;;) {
		writer_init(&out, buf, sizeof(buf));
		if (!next_plain(w, &out))
			break;
		w->said++;
		if (dtls_client_send(w->dtls, writer_span(&out)) != RC_OK)
			w->broken = true;
		secret_wipe(buf, out.len);
	}
}

void
device_wire_start(struct device_wire *w, uint64_t now_ms)
{
	w->asked = w->dtls == NULL;
	if (!w->dtls)
		begin(w, now_ms);
	else if (dtls_client_established(w->dtls))
		w->asked = false; /* ask again within the association */
	else if (dtls_client_tick(w->dtls, now_ms) != RC_OK)
		w->broken = true;
	encrypt(w, now_ms);
}

static void
take(struct device_wire *w, struct span plain, uint64_t now_ms)
{
	if (w->frames) {
		take_stream(w, plain, now_ms);
		return;
	}
	tap(w, false, plain);
	device_receive(w->device, plain, now_ms);
}

void
device_wire_receive(
    struct device_wire *w, struct span datagram, uint64_t now_ms)
{
	uint8_t plain[PLAIN_MAX];
	struct writer data;

	if (!w->dtls) {
		take(w, datagram, now_ms);
		return;
	}
	writer_init(&data, plain, sizeof(plain));
	if (dtls_client_receive(w->dtls, datagram, &data, now_ms) != RC_OK)
		w->broken = true;
	/* the server may have been the first to speak */
	if (w->frames && !w->asked && dtls_client_established(w->dtls))
		begin(w, now_ms);
	if (data.len)
		take(w, writer_span(&data), now_ms);
	secret_wipe(plain, data.len);
	encrypt(w, now_ms);
}

void
device_wire_ended(struct device_wire *w)
{
	w->broken = true;
}

void
device_wire_tick(struct device_wire *w, uint64_t now_ms)
{
	if (w->dtls && !w->broken && dtls_client_deadline(w->dtls) <= now_ms &&
	    dtls_client_tick(w->dtls, now_ms) != RC_OK)
		w->broken = true;
	device_tick(w->device, now_ms);
	if (w->frames && w->frames->started)
		take_stream(w, (struct span){0}, now_ms);
	encrypt(w, now_ms);
}

uint64_t
device_wire_deadline(const struct device_wire *w)
{
	uint64_t at = device_deadline(w->device);
	uint64_t dtls = TIME_NEVER;

	if (w->dtls && !w->broken)
		dtls = dtls_client_deadline(w->dtls);
	return dtls < at ? dtls : at;
}

enum rc
device_wire_output(struct device_wire *w, struct writer *out)
{
	size_t start = out->len;
	enum rc rc;

	if (w->dtls)
		return dtls_client_output(w->dtls, out);
	if (w->frames)
		return frames_output(w->frames, out);
	rc = device_output(w->device, out);
	if (rc == RC_OK)
		tap(w, true, span_from(writer_span(out), start));
	return rc;
}

void
device_wire_close(struct device_wire *w)
{
	if (w->dtls && !w->closed)
		dtls_client_close(w->dtls);
	w->closed = true;
}

int
device_wire_alert(const struct device_wire *w)
{
	return w->dtls ? dtls_client_alert(w->dtls) : -1;
}
