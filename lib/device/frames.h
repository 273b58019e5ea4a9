/**
 * frames.h - a device's datagrams as a stream (RFC 8323), so that whatever a
 * device does over UDP it does over TCP and TLS.
 *
 * The device goes on to speak CoAP with types and MIDs; what leaves is frames,
 * and what comes is given MIDs. Acknowledgements and RST stay here: to a
 * message of the device that wants one it is given at once. The CSM goes first,
 * Ping is answered, and what ends the connection is noted.
 */
#ifndef DEVICE_FRAMES_H
#define DEVICE_FRAMES_H

#include "coap/signalling.h"

enum {
	FRAMES_BYTES_MAX = 65536, /**< that wait, each way */
	FRAMES_ACKS_MAX = 32,
	/** Bytes of a datagram for the device beyond options and payload. */
	FRAMES_HEAD_MAX = 16,
};

struct frames {
	struct coap_capabilities own; /**< announced; settle before the start */
	struct coap_capabilities server; /**< what it has announced */
	bool started; /**< our CSM is on its way */
	bool heard_csm;
	bool released, aborted; /**< by the server */
	const char *fault; /**< of the server, static; NULL: none */
	struct coap_release release; /**< `released`: without its texts */
	uint16_t mid; /**< of the next message that is given one */
	uint16_t acks[FRAMES_ACKS_MAX]; /**< to be given to the device */
	size_t ack_count;
	size_t in_len, out_len;
	uint8_t in[FRAMES_BYTES_MAX], out[FRAMES_BYTES_MAX];
};

/** Owned. It takes messages of up to `message_max` bytes, and blocks but no
 *  BERT. NULL: out of memory. */
struct frames *frames_new(uint32_t message_max);
void frames_free(struct frames *f);

/** A connection begins: afresh. */
void frames_start(struct frames *f);

/** The next bytes from the server. Errors: RC_TOO_LARGE. */
MUST_CHECK enum rc frames_receive(struct frames *f, struct span bytes);

/** Append the next datagram for the device (own.message_max + FRAMES_HEAD_MAX
 *  bytes free). Errors: RC_AGAIN (none), RC_MALFORMED (`fault` says why; there
 *  will be none any more). */
MUST_CHECK enum rc frames_next(struct frames *f, struct writer *datagram);

/** A datagram from the device. Errors: RC_MALFORMED (it is none), RC_FULL. */
MUST_CHECK enum rc frames_send(struct frames *f, struct span datagram);

/** A signal of the device, or any other message that has no datagram.
 *  Errors: RC_FULL. */
MUST_CHECK enum rc frames_put(struct frames *f, const struct coap_message *m);

/** Append the next bytes for the server, as many as there is room for. Errors:
 *  RC_AGAIN (none). */
MUST_CHECK enum rc frames_output(struct frames *f, struct writer *w);

#endif
