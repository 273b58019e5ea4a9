/**
 * stream.h - one CoAP connection over TCP or TLS (RFC 8323), as the part of a
 * coap_peer that knows frames instead of datagrams: what comes in, what waits
 * to go out, what both sides have announced, who of the peer's requests waits,
 * and how it ends. Our own requests are request.h's, on both transports.
 * Internal to lib/coap.
 *
 * Files: stream.c (input, requests and responses, output), stream_signal.c
 * (CSM, Ping and Pong), stream_end.c (Release, Abort, silence).
 */
#ifndef COAP_STREAM_H
#define COAP_STREAM_H

#include "coap/answer.h"
#include "coap/inbox.h"
#include "coap/outbox.h"
#include "coap/signalling.h"

enum {
	STREAM_CUSTODY_MAX = 4, /**< Pings that wait for the answers before */
	STREAM_WHY_MAX = 128, /**< bytes of an Abort's diagnostic payload */
};

/** A request of the peer that has no answer yet. */
struct stream_request {
	uint32_t ref; /**< 0: free */
	struct coap_token token;
};

struct stream {
	const struct coap_stream_params *params; /**< borrowed */
	struct inbox in;
	struct outbox out;
	/** The rest of a message of ours whose request is over. */
	struct secret tail;
	size_t tail_sent; /**< bytes of it that have left */
	size_t sent; /**< bytes of exchange.encoded that have left */

	bool heard_csm;
	struct coap_capabilities peer; /**< what it has announced */
	struct stream_request asked[ANSWERS_OPEN_MAX];
	struct coap_token custody[STREAM_CUSTODY_MAX];
	size_t custody_count;

	uint64_t now_ms; /**< of the last call that was given a time */
	uint64_t began_ms;
	uint64_t heard_ms; /**< the last whole message */
	bool pinged; /**< and nothing was heard since */
	uint64_t ping_ms;

	struct coap_end end; /**< .final: without regard to what is open */
	uint64_t end_ms; /**< it is final then */
	uint8_t diagnostic[COAP_END_TEXT_MAX];
};

struct coap_peer;

/** Owned. NULL: out of memory. */
struct stream *stream_new(
    const struct coap_stream_params *params, uint64_t now_ms);
void stream_free(struct stream *s);

/* What compose.c asks. */

/** Bytes of a message that the peer takes and we are ready to send. */
size_t stream_send_max(const struct stream *s);
/** May blocks of ours, or of the peer's, be BERT? Both of us must do it. */
bool stream_sends_bert(const struct stream *s);
bool stream_takes_bert(const struct stream *s);
/** True when no new request may be sent. */
bool stream_ends(const struct stream *s);
/** The exchange's message is to go: what of it has begun will be finished. */
void stream_let_go(struct stream *s, struct exchange *x);

/* The calls of peer.h, for a peer with a stream. */

void stream_receive(struct coap_peer *p, struct span bytes, uint64_t now_ms);
/** Read on until there is an event, or no whole message. */
void stream_read(struct coap_peer *p);
void stream_tick(struct coap_peer *p, uint64_t now_ms);
uint64_t stream_deadline(const struct coap_peer *p);
MUST_CHECK enum rc stream_respond(
    struct coap_peer *p, uint32_t ref, const struct coap_response *rs);
MUST_CHECK enum rc stream_output(struct coap_peer *p, struct writer *w);

/* Among the files of the stream. */

/** Let `m` wait to be sent. A peer that leaves no room for it, or the lack of
 *  memory, ends the connection. */
void stream_put(struct coap_peer *p, const struct coap_message *m);

/** True while a request of the peer waits for its answer. */
bool stream_asked(const struct stream *s);

/** Take the signalling message p->in; `rc` is what decoding it gave. */
void stream_signal(struct coap_peer *p, enum rc rc);

/** All requests are answered: say so to Pings with Custody. */
void stream_custody(struct coap_peer *p);

/** Ask the peer whether it is there. */
void stream_ping(struct coap_peer *p);

/** The peer has sent Release or Abort: p->in. */
void stream_released(struct coap_peer *p);
void stream_aborted(struct coap_peer *p);

/** End it with Abort; `bad_csm` is an option's number or COAP_ABORT_NO_OPTION,
 *  `why` a static sentence that the peer gets to read. */
void stream_abort(
    struct coap_peer *p, enum coap_end_kind kind, const char *why, int bad_csm);

/** End it without a word. */
void stream_close(
    struct coap_peer *p, enum coap_end_kind kind, const char *why);

/** End it in order. */
void stream_release(struct coap_peer *p, uint32_t hold_off_s);

/** True when it is over for good. */
bool stream_over(const struct coap_peer *p);

/** Time has come for an end. */
void stream_end_tick(struct coap_peer *p);
uint64_t stream_end_deadline(const struct coap_peer *p);

#endif
