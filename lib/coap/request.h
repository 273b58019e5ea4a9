/**
 * request.h - the client half of an exchange layer: our one open request, as
 * many messages after each other as its body or its answer has blocks; CON
 * ones as datagrams, frames on a stream. Internal to lib/coap.
 */
#ifndef COAP_REQUEST_H
#define COAP_REQUEST_H

#include "coap/flight.h"

enum exchange_state {
	EXCHANGE_CLOSED,
	EXCHANGE_HELD, /**< a separate answer of ours goes first */
	EXCHANGE_SENT, /**< not acknowledged */
	/** The response comes separately; on a stream always. */
	EXCHANGE_ACKED,
};

struct exchange {
	enum exchange_state state;
	uint32_t ref;
	struct coap_request rq; /**< path in `path`, payload borrowed */
	uint8_t *path; /**< owned: all of path and query, end to end */
	struct block_send up;
	struct block_receive down; /**< body.buf owned, beyond the end */
	uint16_t mid;
	struct coap_token token;
	struct secret encoded; /**< the current message */
	bool send; /**< it waits to be sent */
	struct flight flight; /**< EXCHANGE_SENT */
	uint64_t due_ms; /**< EXCHANGE_ACKED: give up then */
};

struct coap_peer;

/** coap_peer_request(). */
MUST_CHECK enum rc request_start(struct coap_peer *p,
    const struct coap_request *rq, uint64_t now_ms, uint32_t *ref);

/** Send what was held, now that no separate answer is in flight. */
void request_release(struct coap_peer *p, uint64_t now_ms);

/** True when the response `m` belongs to the open request. */
bool request_matches(const struct coap_peer *p, const struct coap_message *m);

/** Take the response `m`, which matches. */
void request_answered(
    struct coap_peer *p, const struct coap_message *m, uint64_t now_ms);

/** An empty ACK or an RST has come for our message `mid`; false: not ours. */
bool request_acked(struct coap_peer *p, uint16_t mid, uint64_t now_ms);
bool request_reset(struct coap_peer *p, uint16_t mid);

void request_tick(struct coap_peer *p, uint64_t now_ms);
uint64_t request_deadline(const struct coap_peer *p);

/** It cannot go on: COAP_EVENT_FAILED with `why`. `gone`: with its connection.
 *  Harmless when none is open. */
void request_fail(struct coap_peer *p, const char *why, bool gone);

static inline bool
request_is_open(const struct exchange *x)
{
	return x->state != EXCHANGE_CLOSED;
}

/** Append what waits to be sent. False: nothing. */
bool request_output(struct coap_peer *p, struct writer *w);

/** Close it, whatever its state; no event. */
void request_cancel(struct coap_peer *p);

/** Release the body of the last answer, when nothing is open. */
void request_forget_body(struct coap_peer *p);

/* compose.c: */

/** Check `rq` and copy it and its path into the exchange. Errors: RC_BUG,
 *  RC_TOO_LARGE, RC_MEMORY. */
MUST_CHECK enum rc compose_copy(
    struct exchange *x, const struct coap_request *rq);

/** Decide how the body goes. Errors: RC_TOO_LARGE. */
MUST_CHECK enum rc compose_blocks(struct coap_peer *p);

/** Encode the message that the cursors stand at. Errors: RC_FULL (no MID),
 *  RC_TOO_LARGE, RC_MEMORY, RC_IO (the connection has ended). */
MUST_CHECK enum rc compose_message(struct coap_peer *p, uint64_t now_ms);

#endif
