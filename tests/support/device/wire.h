/**
 * wire.h - a device behind its socket: CoAP as it is, or CoAP in DTLS; as
 * datagrams, or on a stream, in TLS or not. The same calls as device.h, with
 * datagrams, or bytes, as they travel.
 */
#ifndef DEVICE_WIRE_H
#define DEVICE_WIRE_H

#include "device.h"
#include "frames.h"

#include "dtls/client.h"

enum { WIRE_DATAGRAM_MAX = 1500 /**< bytes */ };

/** Sees each CoAP message, before it is encrypted or after it was decrypted. */
typedef void (*wire_tap_fn)(void *ctx, bool sent, struct span message);
/** Told when the handshake is done, with the version ("DTLS 1.2") and the
 *  cipher suite (IANA's name). */
typedef void (*wire_secured_fn)(
    void *ctx, const char *version, const char *suite);

struct wire {
	struct device *device; /**< borrowed */
	wire_tap_fn tap; /**< NULL: none; may be set any time */
	wire_secured_fn secured; /**< NULL: none */
	void *tap_ctx;
	struct dtls_client *dtls; /**< owned; NULL: plain CoAP */
	struct frames *frames; /**< owned; NULL: datagrams */
	uint64_t said; /**< messages of the device's that went into records */
	bool asked; /**< the device was started */
	bool broken; /**< the handshake or the association failed */
	bool closed; /**< close_notify was said */
};

/** `config` NULL: plain CoAP. `device` is borrowed.
 *  Errors: those of dtls_client_open. */
MUST_CHECK enum rc wire_open(struct wire *w, struct device *device,
    const struct dtls_client_config *config);

/** With a pre-shared key over DTLS 1.2; `identity` empty: plain CoAP; `suite`
 *  as in dtls_client_new. `device` is borrowed.
 *  Errors: those of dtls_client_new. */
MUST_CHECK enum rc wire_init(struct wire *w, struct device *device,
    struct span identity, const struct secret *key, const char *suite);
/** On a stream, with wire_init or wire_open before it (its `config` then says
 *  so too), and before the start. Errors: RC_MEMORY. */
MUST_CHECK enum rc wire_stream(struct wire *w);
void wire_fini(struct wire *w);

/** Begin: the handshake, then the device asks. */
void wire_start(struct wire *w, uint64_t now_ms);
void wire_receive(struct wire *w, struct span datagram, uint64_t now_ms);
void wire_tick(struct wire *w, uint64_t now_ms);
uint64_t wire_deadline(const struct wire *w);

/** The server has closed the connection. */
void wire_ended(struct wire *w);

/** The next datagram, or some bytes. Errors: RC_AGAIN (none), RC_TOO_LARGE. */
MUST_CHECK enum rc wire_output(struct wire *w, struct writer *out);

/** Say goodbye, where there is somebody to say it to. */
void wire_close(struct wire *w);

/** The fatal alert that ended it, -1: none. */
int wire_alert(const struct wire *w);

#endif
