/**
 * answer.h - the server half of an exchange layer: which requests the peer has
 * sent, which of them wait for our answer, and what the others were answered,
 * so that a duplicate gets the same again (RFC 7252 section 4.5, 5.2).
 * Internal to lib/coap.
 *
 * The memory is a ring of few entries whatever the peer does: the oldest
 * answered request makes room. A request is known by MID and token, because
 * clients start again with the MID they had before (see a device that reboots
 * within EXCHANGE_LIFETIME).
 */
#ifndef COAP_ANSWER_H
#define COAP_ANSWER_H

#include "coap/flight.h"

enum {
	ANSWERS_MAX = 8, /**< remembered requests */
	ANSWERS_OPEN_MAX = 4, /**< of them not yet answered */
	ANSWER_PAYLOAD_MAX = 1024, /**< bytes */
	ANSWER_LEN_MAX = 1112, /**< bytes of an encoded answer */
	ANSWER_ACK_DELAY_MS = 1000, /**< then an empty ACK goes ahead */
	ANSWER_BUSY_S = 5, /**< Max-Age of the 5.03 */
};

enum answer_state {
	ANSWER_FREE,
	ANSWER_OPEN, /**< the owner has not answered yet */
	ANSWER_GIVEN,
};

struct answer {
	enum answer_state state;
	enum coap_type type; /**< of the request: CON or NON */
	uint16_t mid;
	struct coap_token token;
	uint32_t ref;
	uint64_t received_ms;
	bool acked; /**< by an empty ACK: the answer goes separately */
	bool send_ack; /**< the empty ACK waits to be sent */
	bool send; /**< `bytes` wait to be sent */
	uint8_t *bytes; /**< the encoded answer; owned, or those of `keys` */
	size_t len;
	struct secret keys; /**< where it has a payload, that may have some */
	uint16_t own_mid; /**< of a separate answer */
	struct flight flight; /**< of a separate answer */
};

/** A CON response of the peer that was acknowledged. */
struct acked {
	bool used;
	uint16_t mid;
	struct coap_token token;
	uint64_t at_ms;
};

struct answers {
	struct answer ring[ANSWERS_MAX];
	struct acked acked[ANSWERS_MAX];
	size_t acked_next;
};

struct coap_peer;

/** True when `m` is a duplicate; what it deserves then waits to be sent. */
bool answer_duplicate(
    struct coap_peer *p, const struct coap_message *m, uint64_t now_ms);

/** Remember the new request `m`. Returns its ref, 0 when too many are open. */
uint32_t answer_open(
    struct coap_peer *p, const struct coap_message *m, uint64_t now_ms);

enum { ANSWER_SCRATCH = 8 /**< bytes that answer_make() needs */ };

/** Add to `m` what `rs` says. `m` borrows its payload, and `scratch`. Errors:
 *  RC_BUG, RC_TOO_LARGE (more options than a message has). */
MUST_CHECK enum rc answer_make(
    struct coap_message *m, const struct coap_response *rs, uint8_t *scratch);

/** coap_peer_respond(). */
MUST_CHECK enum rc answer_give(struct coap_peer *p, uint32_t ref,
    const struct coap_response *rs, uint64_t now_ms);

/** An empty ACK or an RST has come for our message `mid`: ends the separate
 *  answer that it belongs to. */
void answer_received(struct coap_peer *p, uint16_t mid);

void answer_tick(struct coap_peer *p, uint64_t now_ms);

/** True while a separate answer waits for its ACK. */
bool answer_in_flight(const struct coap_peer *p);

uint64_t answer_deadline(const struct coap_peer *p);
uint64_t answer_keep_until(const struct coap_peer *p);

/** Append what waits to be sent. False: nothing. */
bool answer_output(struct coap_peer *p, struct writer *w);

/** Acknowledge the CON response `m` and remember it. */
void answer_ack(
    struct coap_peer *p, const struct coap_message *m, uint64_t now_ms);

/** True when `m` was acknowledged before: it is acknowledged again. */
bool answer_ack_again(
    struct coap_peer *p, const struct coap_message *m, uint64_t now_ms);

void answer_fini(struct coap_peer *p);

#endif
