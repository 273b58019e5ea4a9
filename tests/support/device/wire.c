#include "wire.h"

enum { PLAIN_MAX = 8192 /* bytes of all records of one datagram */ };

enum rc
wire_open(struct wire *w, struct device *device,
    const struct dtls_client_config *config)
{
	*w = (struct wire){.device = device};
	return config ? dtls_client_open(config, &w->dtls) : RC_OK;
}

enum rc
wire_init(struct wire *w, struct device *device, struct span identity,
    const struct secret *key, const char *suite)
{
	*w = (struct wire){.device = device};
	if (identity.len == 0)
		return RC_OK;
	return dtls_client_new(identity, key, suite, &w->dtls);
}

void
wire_fini(struct wire *w)
{
	dtls_client_free(w->dtls);
	*w = (struct wire){0};
}

static void
tap(const struct wire *w, bool sent, struct span message)
{
	if (w->tap)
		w->tap(w->tap_ctx, sent, message);
}

/** What the device has to say goes into records. */
static void
encrypt(struct wire *w, uint64_t now_ms)
{
	uint8_t buf[WIRE_DATAGRAM_MAX];
	struct writer out;

	if (!w->dtls || !dtls_client_established(w->dtls))
		return;
	if (!w->asked) {
		w->asked = true;
		if (w->secured)
			w->secured(w->tap_ctx, dtls_client_version(w->dtls),
			    dtls_client_suite(w->dtls));
		device_start(w->device, now_ms);
	}
	for (;;) {
		writer_init(&out, buf, sizeof(buf));
		if (device_output(w->device, &out) != RC_OK)
			break;
		tap(w, true, writer_span(&out));
		w->said++;
		if (dtls_client_send(w->dtls, writer_span(&out)) != RC_OK)
			w->broken = true;
		secret_wipe(buf, out.len);
	}
}

void
wire_start(struct wire *w, uint64_t now_ms)
{
	w->asked = w->dtls == NULL;
	if (!w->dtls)
		device_start(w->device, now_ms);
	else if (dtls_client_established(w->dtls))
		w->asked = false; /* ask again within the association */
	else if (dtls_client_tick(w->dtls, now_ms) != RC_OK)
		w->broken = true;
	encrypt(w, now_ms);
}

void
wire_receive(struct wire *w, struct span datagram, uint64_t now_ms)
{
	uint8_t plain[PLAIN_MAX];
	struct writer data;

	if (!w->dtls) {
		tap(w, false, datagram);
		device_receive(w->device, datagram, now_ms);
		return;
	}
	writer_init(&data, plain, sizeof(plain));
	if (dtls_client_receive(w->dtls, datagram, &data, now_ms) != RC_OK)
		w->broken = true;
	if (data.len) {
		tap(w, false, writer_span(&data));
		device_receive(w->device, writer_span(&data), now_ms);
	}
	secret_wipe(plain, data.len);
	encrypt(w, now_ms);
}

void
wire_tick(struct wire *w, uint64_t now_ms)
{
	if (w->dtls && !w->broken && dtls_client_deadline(w->dtls) <= now_ms &&
	    dtls_client_tick(w->dtls, now_ms) != RC_OK)
		w->broken = true;
	device_tick(w->device, now_ms);
	encrypt(w, now_ms);
}

uint64_t
wire_deadline(const struct wire *w)
{
	uint64_t at = device_deadline(w->device);
	uint64_t dtls = TIME_NEVER;

	if (w->dtls && !w->broken)
		dtls = dtls_client_deadline(w->dtls);
	return dtls < at ? dtls : at;
}

enum rc
wire_output(struct wire *w, struct writer *out)
{
	size_t start = out->len;
	enum rc rc;

	if (w->dtls)
		return dtls_client_output(w->dtls, out);
	rc = device_output(w->device, out);
	if (rc == RC_OK)
		tap(w, true, span_from(writer_span(out), start));
	return rc;
}

void
wire_close(struct wire *w)
{
	if (w->dtls && !w->closed)
		dtls_client_close(w->dtls);
	w->closed = true;
}

int
wire_alert(const struct wire *w)
{
	return w->dtls ? dtls_client_alert(w->dtls) : -1;
}
