/**
 * wire.h - a device behind its socket: CoAP as it is, or CoAP in DTLS; as
 * datagrams, or on a stream, in TLS or not. The same calls as device.h, with
 * datagrams, or bytes, as they travel.
 */
#ifndef DEVICE_WIRE_H
#define DEVICE_WIRE_H

#include "device/device.h"
#include "device/frames.h"

#include "dtls/client.h"

enum { DEVICE_DATAGRAM_MAX = 1500 /**< bytes */ };

/** Sees each CoAP message, before it is encrypted or after it was decrypted. */
typedef void (*device_wire_tap_fn)(void *ctx, bool sent, struct span message);
/** Told when the handshake is done, with the version ("DTLS 1.2") and the
 *  cipher suite (IANA's name). */
typedef void (*device_wire_secured_fn)(
    void *ctx, const char *version, const char *suite);

struct device_wire {
	struct device *device; /**< borrowed */
	device_wire_tap_fn tap; /**< NULL: none; may be set any time */
	device_wire_secured_fn secured; /**< NULL: none */
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
MUST_CHECK enum rc device_wire_open(struct device_wire *w,
    struct device *device, const struct dtls_client_config *config);

/** With a pre-shared key over DTLS 1.2; `identity` empty: plain CoAP; `suite`
 *  as in dtls_client_new. `device` is borrowed.
 *  Errors: those of dtls_client_new. */
MUST_CHECK enum rc device_wire_init(struct device_wire *w,
    struct device *device, struct span identity, const struct secret *key,
    const char *suite);
/** On a stream, with device_wire_init or device_wire_open before it (its `config` then says
 *  so too), and before the start. Errors: RC_MEMORY. */
MUST_CHECK enum rc device_wire_stream(struct device_wire *w);
void device_wire_fini(struct device_wire *w);

/** Begin: the handshake, then the device asks. */
void device_wire_start(struct device_wire *w, uint64_t now_ms);
void device_wire_receive(
    struct device_wire *w, struct span datagram, uint64_t now_ms);
void device_wire_tick(struct device_wire *w, uint64_t now_ms);
uint64_t device_wire_deadline(const struct device_wire *w);

/** The server has closed the connection. */
void device_wire_ended(struct device_wire *w);

/** The next datagram, or some bytes. Errors: RC_AGAIN (none), RC_TOO_LARGE. */
MUST_CHECK enum rc device_wire_output(
    struct device_wire *w, struct writer *out);

/** Say goodbye, where there is somebody to say it to. */
void device_wire_close(struct device_wire *w);

/** The fatal alert that ended it, -1: none. */
int device_wire_alert(const struct device_wire *w);

#endif
