/**
 * peer.h - the CoAP exchange layer toward one peer over one transport
 * association (an address, or one DTLS session): RFC 7252 section 4 and 5,
 * with RFC 7959 block-wise transfer on top.
 *
 * Sans-IO: datagrams and a time go in; events, datagrams and a deadline come
 * out. After every call that takes a time the owner drains coap_peer_event()
 * and coap_peer_output(), then asks coap_peer_deadline().
 *
 * What it does:
 * - answers a duplicate CON request from its memory for EXCHANGE_LIFETIME,
 *   keyed on MID *and token* within this peer, and never shows it twice; a
 *   duplicate NON is ignored;
 * - sends our requests as CON one at a time (NSTART 1) with random tokens of 8
 *   bytes and MIDs that start at random and rise, retransmits with jitter, takes
 *   piggybacked and separate responses (CON ones are acknowledged, each time),
 *   and reports RST and silence;
 * - splits a body above `block_size` with Block1, follows the peer to smaller
 *   blocks (2.31 or 4.13 with a smaller SZX: RFC 7959 2.5, 2.9.3), starts
 *   again at most twice after 4.08, and gathers the 2.05 answer to a GET by
 *   Block2 up to `body_max`. Each block is an exchange of its own, with a new
 *   MID and a new token. Other answers in blocks end with their first block:
 *   asking on would repeat the request at a peer that ignores Block2;
 * - answers malformed messages with RST or silence by RFC 7252 section 4.2,
 *   4.3 and unknown critical options with 4.02 or RST (5.4.1);
 * - holds at most four requests of the peer unanswered: further CON ones are
 *   answered 5.03 with Max-Age 5, further NON ones ignored, both unseen;
 * - lets a request of ours wait while an answer of ours is on its way as a
 *   separate CON, so that the peer sees them in the order they were given.
 *
 * Requests in flight may carry keys: the bytes kept for retransmission live in
 * a struct secret, for as long as the exchange is open.
 */
#ifndef COAP_PEER_H
#define COAP_PEER_H

#include "base/heap.h"
#include "base/secret.h"
#include "coap/block.h"

enum {
	COAP_DATAGRAM_MAX = 1280, /**< bytes of one CoAP message we send */
	COAP_PATH_MAX = 4, /**< Uri-Path segments of our requests */
};

/** RFC 7252 section 4.8; all times in ms. */
struct coap_params {
	uint32_t ack_timeout_ms; /**< 2000 */
	uint32_t ack_random_percent; /**< 150: ACK_RANDOM_FACTOR 1.5 */
	uint32_t max_retransmit; /**< 4 */
	uint32_t exchange_lifetime_ms; /**< 247000 */
	uint32_t non_lifetime_ms; /**< 145000 */
	/** From the empty ACK until the separate response must be here. */
	uint32_t response_timeout_ms; /**< 93000, MAX_TRANSMIT_WAIT */
	size_t body_max; /**< bytes of one gathered response */
};

/** The values in the comments above, body_max 16 KiB. */
extern const struct coap_params coap_params_default;

/** Fill `len` random bytes. The tests give one that they can foresee. */
typedef void (*coap_random_fn)(void *ctx, void *out, size_t len);

struct coap_peer;

/**
 * `params` is borrowed and outlives the peer. Owned. NULL: out of memory.
 */
struct coap_peer *coap_peer_new(
    const struct coap_params *params, coap_random_fn random, void *random_ctx);
void coap_peer_free(struct coap_peer *p);

/** One datagram from the peer. Borrowed; events may point into it, so drain
 *  them before the buffer changes. */
void coap_peer_receive(
    struct coap_peer *p, struct span datagram, uint64_t now_ms);

/** Time has come (coap_peer_deadline). Harmless when it has not. */
void coap_peer_tick(struct coap_peer *p, uint64_t now_ms);

/** When coap_peer_tick must be called next; TIME_NEVER. Forgetting old
 *  duplicates needs no tick and is not in it. */
uint64_t coap_peer_deadline(const struct coap_peer *p);

/** Until when this peer must be kept, so that duplicates of what it has sent
 *  are known: `now` or earlier means that it may be freed. */
uint64_t coap_peer_keep_until(const struct coap_peer *p);

enum coap_event_kind {
	COAP_EVENT_REQUEST, /**< answer it with coap_peer_respond(ref) */
	COAP_EVENT_RESPONSE, /**< to our request; body complete */
	COAP_EVENT_RESET, /**< our request was answered with RST */
	COAP_EVENT_TIMEOUT, /**< our request was never answered */
	/** Our request's block transfer cannot go on, or its answer has a
	 *  critical option that we do not know (RFC 7252 section 5.4.1). */
	COAP_EVENT_FAILED,
};

struct coap_event {
	enum coap_event_kind kind;
	/** REQUEST: which one, for coap_peer_respond. Others: the number that
	 *  coap_peer_request returned. */
	uint32_t ref;
	/** REQUEST, RESPONSE: borrowed until the next call on the peer. */
	const struct coap_message *message;
	/** RESPONSE: the whole body (gathered blocks); borrowed likewise. */
	struct span body;
	/** FAILED: static sentence. */
	const char *why;
};

/** Take the next event. False: none. One that is not taken before the next
 *  datagram or tick may be lost. */
bool coap_peer_event(struct coap_peer *p, struct coap_event *ev);

/**
 * Append the next datagram to send to `w` (at least COAP_DATAGRAM_MAX bytes
 * free). RC_AGAIN: none. RC_TOO_LARGE: `w` has less room; nothing is lost.
 */
MUST_CHECK enum rc coap_peer_output(struct coap_peer *p, struct writer *w);

struct coap_request {
	uint8_t method;
	struct span path[COAP_PATH_MAX]; /**< no segment is empty */
	size_t path_count; /**< 0: "/", no Uri-Path at all */
	int content_format; /**< COAP_FORMAT_NONE: no option */
	int accept; /**< COAP_FORMAT_NONE: no option */
	struct span payload; /**< borrowed until the request's final event */
	size_t block_size; /**< payloads above it go in blocks; 0: 1024,
	                      *   which is the most */
};

/**
 * Start a request of ours. One at a time. Copies the path.
 * Errors: RC_CONFLICT (one is open: NSTART), RC_TOO_LARGE, RC_MEMORY; RC_FULL
 * (more MIDs used within EXCHANGE_LIFETIME than there are); RC_BUG (no method,
 * an empty segment, a Content-Format that is none).
 */
MUST_CHECK enum rc coap_peer_request(struct coap_peer *p,
    const struct coap_request *rq, uint64_t now_ms, uint32_t *ref);

/** Give up the open request: no event comes for it any more. */
void coap_peer_cancel(struct coap_peer *p);

/** A response to a request of the peer. */
struct coap_response {
	uint8_t code;
	int content_format; /**< COAP_FORMAT_NONE: no option */
	int32_t max_age_s; /**< -1: no option */
	struct span payload; /**< copied; at most 512 bytes */
};

/**
 * Answer the request `ref`: piggybacked on the ACK when it is quick. When the
 * answer takes longer than 1 s the layer has sent an empty ACK by itself
 * (coap_peer_deadline says when), and the answer goes as a separate CON with
 * the request's token (RFC 7252 section 5.2.2). A NON request is answered NON.
 * The answer is kept for duplicates.
 * Errors: RC_NOT_FOUND (answered before, or forgotten), RC_TOO_LARGE; and with
 * the request still unanswered RC_MEMORY, RC_FULL (as coap_peer_request),
 * RC_BUG (not a response code).
 */
MUST_CHECK enum rc coap_peer_respond(struct coap_peer *p, uint32_t ref,
    const struct coap_response *rs, uint64_t now_ms);

/** Datagrams received and sent, retransmissions, duplicates, malformed. */
struct coap_counters {
	uint64_t received, sent, retransmitted, duplicate, malformed;
};
const struct coap_counters *coap_peer_counters(const struct coap_peer *p);

#endif
