/**
 * peer.h - the CoAP exchange layer toward one peer over one transport
 * association: an address or one DTLS session, RFC 7252 section 4 and 5; or
 * one TCP or TLS connection, RFC 8323. RFC 7959 block-wise transfer is on top
 * of both. Which of the two is chosen when a peer is made; the calls after
 * that are the same.
 *
 * Sans-IO: bytes and a time go in; events, bytes and a deadline come out.
 * After every call that takes a time the owner drains coap_peer_event() and
 * coap_peer_output(), then asks coap_peer_deadline().
 *
 * What it does for datagrams:
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
 * What is different on a stream (coap_peer_new_stream):
 * - the first message each way is a CSM. What the peer has announced there
 *   bounds what it is sent; a body that does not fit into one message goes in
 *   the largest blocks that do, BERT where both sides can (RFC 8323 section 6).
 *   coap_request.block_size is not looked at;
 * - nothing is retransmitted or taken for a duplicate. A request has its time
 *   to be answered, then ends with COAP_EVENT_TIMEOUT;
 * - Ping is answered, with Custody after the requests before it (section
 *   5.4.1); a silent peer is asked with Ping, and given up without an answer;
 * - a connection ends: by Release, Abort, the transport, or a peer that breaks
 *   the protocol. coap_peer_end() says how. Our open request then ends with
 *   COAP_EVENT_FAILED and `gone`; requests of the peer are forgotten.
 *
 * Requests in flight may carry keys: their bytes live in a struct secret, for
 * as long as the exchange is open or they wait to be sent.
 */
#ifndef COAP_PEER_H
#define COAP_PEER_H

#include "base/heap.h"
#include "base/secret.h"
#include "coap/block.h"

enum {
	COAP_DATAGRAM_MAX = 1280, /**< bytes of one CoAP message we send */
	COAP_PATH_MAX = 4, /**< Uri-Path segments of our requests */
	COAP_QUERY_MAX = 4, /**< Uri-Query options of our requests */
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

/** What bounds one connection (RFC 8323). */
struct coap_stream_params {
	/** Options and payload of a message that we take, in bytes; announced
	 *  as Max-Message-Size. */
	uint32_t message_max;
	/** A message of ours, whatever the peer takes; at most SECRET_MAX. */
	size_t send_max;
	/** Answers and signals that wait to be sent, in bytes. With two
	 *  requests of `send_max` beside them, that is all that can wait. */
	size_t queue_max;
	uint32_t csm_timeout_ms; /**< the peer's CSM must be here */
	uint32_t idle_ms; /**< without a message; then Ping. 0: never */
	uint32_t pong_timeout_ms; /**< then the peer is gone */
	uint32_t release_timeout_ms; /**< from Release until the end */
};

/** 16 KiB each; CSM 10 s, idle 60 s, Pong 30 s, Release 5 s. */
extern const struct coap_stream_params coap_stream_params_default;

/**
 * A peer at the other end of a connection that stands now; our CSM waits to be
 * sent. Of `params`, only `response_timeout_ms` and `body_max` say something
 * on a stream. Both are borrowed and outlive the peer. Owned. NULL: out of
 * memory.
 */
struct coap_peer *coap_peer_new_stream(const struct coap_params *params,
    const struct coap_stream_params *stream, coap_random_fn random,
    void *random_ctx, uint64_t now_ms);

void coap_peer_free(struct coap_peer *p);

/** One datagram from the peer, or the next bytes of its stream, cut anywhere.
 *  Borrowed; events may point into it, so drain them before the buffer
 *  changes. */
void coap_peer_receive(struct coap_peer *p, struct span bytes, uint64_t now_ms);

/** Time has come (coap_peer_deadline). Harmless when it has not. */
void coap_peer_tick(struct coap_peer *p, uint64_t now_ms);

/** When coap_peer_tick must be called next; TIME_NEVER. Forgetting old
 *  duplicates needs no tick and is not in it. */
uint64_t coap_peer_deadline(const struct coap_peer *p);

/** Until when this peer must be kept, so that duplicates of what it has sent
 *  are known: `now` or earlier means that it may be freed. On a stream nothing
 *  outlives the connection. */
uint64_t coap_peer_keep_until(const struct coap_peer *p);

enum coap_event_kind {
	COAP_EVENT_REQUEST, /**< answer it with coap_peer_respond(ref) */
	COAP_EVENT_RESPONSE, /**< to our request; body complete */
	COAP_EVENT_RESET, /**< our request was answered with RST */
	COAP_EVENT_TIMEOUT, /**< our request was never answered */
	/** Our request's block transfer cannot go on, its answer has a
	 *  critical option that we do not know (RFC 7252 section 5.4.1), or
	 *  the connection has ended (`gone`). */
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
	/** FAILED: nothing is wrong with the request, but its connection has
	 *  ended: whether the peer has acted on it is not known. */
	bool gone;
};

/** Take the next event. False: none. One that is not taken before the next
 *  bytes or tick may be lost; on a stream that ends it, as a fault. */
bool coap_peer_event(struct coap_peer *p, struct coap_event *ev);

/**
 * Append the next datagram to send to `w` (at least COAP_DATAGRAM_MAX bytes
 * free). RC_AGAIN: none. RC_TOO_LARGE: `w` has less room; nothing is lost.
 * On a stream: as many of the next bytes as `w` has room for, at least one.
 * The owner asks for no more than it can send or is ready to keep.
 */
MUST_CHECK enum rc coap_peer_output(struct coap_peer *p, struct writer *w);

struct coap_request {
	uint8_t method;
	struct span path[COAP_PATH_MAX]; /**< no segment is empty */
	size_t path_count; /**< 0: "/", no Uri-Path at all */
	struct span query[COAP_QUERY_MAX]; /**< "ep=..."; as `path` */
	size_t query_count;
	/** Value of Echo (RFC 9175); empty: no option. As `payload`. */
	struct span echo;
	int content_format; /**< COAP_FORMAT_NONE: no option */
	int accept; /**< COAP_FORMAT_NONE: no option */
	struct span payload; /**< borrowed until the request's final event */
	size_t block_size; /**< payloads above it go in blocks; 0: 1024,
	                      *   which is the most */
	/** On a stream: until each answer must be here. 0, and always for
	 *  datagrams: as coap_params says. */
	uint32_t timeout_ms;
};

/**
 * Start a request of ours. One at a time. Copies path and query.
 * Errors: RC_CONFLICT (one is open: NSTART), RC_TOO_LARGE (on a stream also:
 * for what the peer takes), RC_MEMORY; RC_FULL (more MIDs used within
 * EXCHANGE_LIFETIME than there are); RC_IO (the connection has ended, or is
 * about to); RC_BUG (no method, an empty segment, a Content-Format that is
 * none).
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
	/** Copied. At most 1024 bytes; on a stream what the peer takes. */
	struct span payload;
	/** Others: Block1 or Block2, ETag, Echo. Copied, sorted in. */
	const struct coap_option *options;
	size_t option_count;
};

/**
 * Answer the request `ref`: piggybacked on the ACK when it is quick. When the
 * answer takes longer than 1 s the layer has sent an empty ACK by itself
 * (coap_peer_deadline says when), and the answer goes as a separate CON with
 * the request's token (RFC 7252 section 5.2.2). A NON request is answered NON.
 * The answer is kept for duplicates. On a stream it just goes.
 * Errors: RC_NOT_FOUND (answered before, or forgotten), RC_TOO_LARGE; and with
 * the request still unanswered RC_MEMORY, RC_FULL (as coap_peer_request; on a
 * stream: too much waits to be sent), RC_BUG (not a response code).
 */
MUST_CHECK enum rc coap_peer_respond(struct coap_peer *p, uint32_t ref,
    const struct coap_response *rs, uint64_t now_ms);

/* The end of a connection. For datagrams these calls do nothing. */

enum coap_end_kind {
	COAP_END_NONE, /**< it goes on */
	COAP_END_RELEASED, /**< the peer wants to end it in order */
	COAP_END_ABORTED, /**< the peer has ended it */
	COAP_END_FAULT, /**< what the peer did has ended it, with Abort */
	COAP_END_SILENT, /**< no CSM or no Pong in time; with Abort */
	COAP_END_OURS, /**< coap_peer_release(), coap_peer_abort() */
	COAP_END_CLOSED, /**< the transport: coap_peer_closed() */
};

enum { COAP_END_TEXT_MAX = 128 /**< bytes kept of what the peer says */ };

struct coap_end {
	enum coap_end_kind kind;
	/** Nothing more happens: send what coap_peer_output() still gives, then
	 *  close. Until then a Release leaves open exchanges their time. */
	bool final;
	const char *why; /**< static sentence; NULL with COAP_END_NONE */
	uint32_t hold_off_s; /**< RELEASED: come back after that; 0: not said */
	/** The peer's own words in Release or Abort: hostile text, cut, borrowed
	 *  until the peer is freed. */
	struct span diagnostic;
};

/** How the connection has ended, or is about to. */
struct coap_end coap_peer_end(const struct coap_peer *p);

/**
 * End it in order: Release, after all that waits to be sent. What is open has
 * until `release_timeout_ms` to be answered, new requests of the peer get 5.03.
 * `hold_off_s`: the peer is asked to stay away so long; 0: not asked.
 */
void coap_peer_release(
    struct coap_peer *p, uint32_t hold_off_s, uint64_t now_ms);

/** End it at once: Abort with the static sentence `why`. What waits to be sent
 *  is dropped, but for the rest of a message that has begun. */
void coap_peer_abort(struct coap_peer *p, const char *why, uint64_t now_ms);

/** The transport is closed: nothing can be sent or received any more. */
void coap_peer_closed(struct coap_peer *p, uint64_t now_ms);

/** Messages received and sent, retransmissions, duplicates, malformed. */
struct coap_counters {
	uint64_t received, sent, retransmitted, duplicate, malformed;
};
const struct coap_counters *coap_peer_counters(const struct coap_peer *p);

#endif
