#include "device/frames.h"

#include "base/secret.h"
#include "coap/frame.h"

#include <stdlib.h>

struct frames *
frames_new(uint32_t message_max)
{
	struct frames *f = calloc(1, sizeof(*f));

	if (f)
		f->own.message_max = message_max;
	return f;
}

void
frames_free(struct frames *f)
{
	if (f)
		secret_wipe(f, sizeof(*f));
	free(f);
}

enum rc
frames_put(struct frames *f, const struct coap_message *m)
{
	struct writer w;

	writer_init(&w, f->out + f->out_len, sizeof(f->out) - f->out_len);
	coap_frame_encode(m, &w);
	if (w.full)
		return RC_FULL;
	f->out_len += w.len;
	return RC_OK;
}

void
frames_start(struct frames *f)
{
	const struct coap_capabilities own = f->own;
	uint8_t scratch[COAP_SIGNAL_SCRATCH];
	struct coap_message csm;

	secret_wipe(f, sizeof(*f));
	f->own = own;
	f->server = coap_capabilities_base();
	f->started = true;
	coap_csm_make(&csm, own, scratch);
	(void)!frames_put(f, &csm); /* the first always fits */
}

enum rc
frames_receive(struct frames *f, struct span bytes)
{
	if (bytes.len > sizeof(f->in) - f->in_len)
		return RC_TOO_LARGE;
	if (bytes.len)
		memcpy(f->in + f->in_len, bytes.p, bytes.len);
	f->in_len += bytes.len;
	return RC_OK;
}

static enum rc
fail(struct frames *f, const char *why)
{
	f->fault = why;
	return RC_MALFORMED;
}

/** A signal of the server. */
static enum rc
take_signal(struct frames *f, const struct coap_message *m)
{
	struct coap_message pong;
	uint16_t bad;

	switch (m->code) {
	case COAP_CSM:
		if (coap_csm_read(m, &f->server, &bad) != RC_OK)
			return fail(f, "a CSM that cannot be read");
		f->heard_csm = true;
		break;
	case COAP_PING:
		coap_pong_make(&pong, m, coap_custody(m));
		if (frames_put(f, &pong) != RC_OK)
			return fail(f, "more Pings than are answered");
		break;
	case COAP_RELEASE:
		coap_release_read(m, &f->release);
		f->release.alternative = f->release.diagnostic =
		    (struct span){0};
		f->released = true;
		break;
	case COAP_ABORT:
		f->aborted = true;
		break;
	default:
		break;
	}
	return RC_OK;
}

/** One frame of the server. RC_AGAIN: it was nothing for the device. */
static enum rc
take_frame(struct frames *f, struct span frame, struct writer *datagram)
{
	struct coap_message m;
	enum rc rc;

	if (coap_frame_decode(frame, &m) != RC_OK)
		return fail(f, "a message with a format error");
	if (!f->heard_csm && m.code != COAP_CSM)
		return fail(f, "the first message is not a CSM");
	if (m.code == COAP_EMPTY)
		return RC_AGAIN;
	if (coap_is_signal(m.code)) {
		rc = take_signal(f, &m);
		return rc == RC_OK ? RC_AGAIN : rc;
	}
	/* a response matches by its token; its ACK stays here */
	m.type = COAP_CON;
	m.mid = f->mid++;
	coap_encode(&m, datagram);
	return datagram->full ? fail(f, "more than was announced") : RC_OK;
}

enum rc
frames_next(struct frames *f, struct writer *datagram)
{
	enum rc rc = RC_AGAIN;
	size_t len;

	if (f->ack_count > 0) {
		struct coap_message ack = {
		    .type = COAP_ACK, .mid = f->acks[--f->ack_count]};

		coap_encode(&ack, datagram);
		return RC_OK;
	}
	while (rc == RC_AGAIN && !f->fault) {
		struct span in = span_of(f->in, f->in_len);

		rc = coap_frame_measure(in, f->own.message_max, &len);
		if (rc == RC_AGAIN || (rc == RC_OK && len > in.len))
			return RC_AGAIN;
		if (rc != RC_OK)
			return fail(f, "a frame that is not for us");
		rc = take_frame(f, span_of(f->in, len), datagram);
		f->in_len -= len;
		memmove(f->in, f->in + len, f->in_len);
		secret_wipe(f->in + f->in_len, len);
	}
	return f->fault ? RC_MALFORMED : rc;
}

enum rc
frames_send(struct frames *f, struct span datagram)
{
	struct coap_message m;

	if (coap_decode(datagram, &m) != RC_OK)
		return RC_MALFORMED;
	if (m.type == COAP_CON) {
		if (f->ack_count == FRAMES_ACKS_MAX)
			return RC_FULL;
		f->acks[f->ack_count++] = m.mid;
	}
	return m.code == COAP_EMPTY ? RC_OK : frames_put(f, &m);
}

enum rc
frames_output(struct frames *f, struct writer *w)
{
	size_t len = f->out_len;

	if (w->full || w->cap - w->len < len)
		len = w->full ? 0 : w->cap - w->len;
	if (len == 0)
		return RC_AGAIN;
	writer_put(w, span_of(f->out, len));
	f->out_len -= len;
	memmove(f->out, f->out + len, f->out_len);
	secret_wipe(f->out + f->out_len, len);
	return RC_OK;
}
