/**
 * talk.h - the CoAP of a device: the requests that it makes one at a time, and
 * the commands that it answers (RFC 7252 section 4 and 5, RFC 7959).
 *
 * Written apart from lib/coap's exchange layer, on its message codec alone, so
 * that each tests the other. Like real clients it knows a duplicate by its MID
 * alone for EXCHANGE_LIFETIME, gathers Block1 bodies, and serves long answers
 * by Block2.
 *
 * Sans-IO: datagrams and a time go in; what came of them, datagrams and a
 * deadline come out.
 */
#ifndef DEVICE_TALK_H
#define DEVICE_TALK_H

#include "device/behaviour.h"

#include "base/heap.h"
#include "base/secret.h"
#include "coap/block.h"

enum {
	TALK_DATAGRAM_MAX = 1280, /**< bytes */
	TALK_BODY_MAX = 16384, /**< bytes of a body in blocks */
	TALK_ANSWERS_MAX = 16, /**< remembered commands */
	TALK_OUT_MAX = 16, /**< datagrams that wait to be sent */
	TALK_REQUEST_MAX = 600, /**< bytes of a request of ours */
	TALK_LIFETIME_MS = 247000, /**< EXCHANGE_LIFETIME */
};

/** What a datagram, or the time, has brought. */
enum talk_kind {
	TALK_NOTHING,
	TALK_COMMAND, /**< a whole one: answer with talk_answer */
	TALK_RESPONSE, /**< to our request */
	TALK_REJECTED, /**< RST to our request */
	TALK_UNANSWERED, /**< our request was given up */
};

struct talk_heard {
	enum talk_kind kind;
	struct coap_message message; /**< borrows from the datagram */
	struct span body; /**< COMMAND: whole; until the next call */
	unsigned blocks; /**< COMMAND: it came in so many, 0: whole */
};

struct talk_answer {
	uint8_t code;
	int content_format; /**< COAP_FORMAT_NONE: none */
	struct span payload; /**< copied; at most TALK_BODY_MAX */
	enum reaction reaction; /**< NORMAL, SEPARATE or LATE */
	uint32_t delay_ms;
};

/** A command and what it was answered. */
struct talk_known {
	bool used, answered, acked;
	uint16_t mid;
	uint64_t at_ms;
	uint64_t due_ms; /**< a late answer; TIME_NEVER: none */
	uint8_t *bytes; /**< owned: the answer */
	size_t len;
	/* a separate answer on its way */
	bool separate;
	uint16_t own_mid;
	uint64_t timeout_ms, again_ms;
	unsigned tries;
};

struct talk_datagram {
	size_t len;
	uint8_t bytes[TALK_DATAGRAM_MAX];
};

struct talk {
	const struct device_behaviour *behaviour; /**< borrowed */
	uint64_t random; /**< of a generator; never 0 */
	uint16_t mid;
	/* our request */
	bool asking, asking_acked;
	uint8_t request[TALK_REQUEST_MAX];
	size_t request_len;
	uint16_t request_mid;
	struct coap_token token;
	uint64_t request_timeout_ms, request_again_ms;
	unsigned request_tries;
	/* theirs */
	struct talk_known known[TALK_ANSWERS_MAX];
	struct secret body; /**< a Block1 body */
	struct {
		bool open;
		uint8_t method;
		uint32_t path_hash;
		unsigned count;
	} up;
	uint8_t down[TALK_BODY_MAX]; /**< an answer served by Block2 */
	size_t down_len;
	int down_format;
	uint32_t down_path;
	uint8_t down_etag;
	/* to be sent */
	struct talk_datagram out[TALK_OUT_MAX];
	size_t out_first, out_count;
	unsigned sent; /**< datagrams, ever */
	bool dead;
};

/** `seed` decides MIDs and tokens. */
void talk_init(
    struct talk *t, const struct device_behaviour *behaviour, uint64_t seed);
void talk_fini(struct talk *t);

/** Start a request; the one before is forgotten. `m` needs method, options and
 *  payload. Errors: RC_TOO_LARGE. */
MUST_CHECK enum rc talk_ask(
    struct talk *t, struct coap_message *m, uint64_t now_ms);

/** One datagram. Borrowed, and `out` borrows from it. */
void talk_receive(struct talk *t, struct span datagram, uint64_t now_ms,
    struct talk_heard *out);

/** The command just heard is answered. Errors: RC_TOO_LARGE, RC_MEMORY. */
MUST_CHECK enum rc talk_answer(struct talk *t, const struct talk_heard *h,
    const struct talk_answer *a, uint64_t now_ms);

/** The command just heard was never heard: its repetition is new. */
void talk_unhear(struct talk *t, const struct talk_heard *h);

/** RST to the command just heard. */
void talk_reset(struct talk *t, const struct talk_heard *h);

void talk_tick(struct talk *t, uint64_t now_ms, struct talk_heard *out);
uint64_t talk_deadline(const struct talk *t);

/** Append the next datagram. Errors: RC_AGAIN (none), RC_TOO_LARGE. */
MUST_CHECK enum rc talk_output(struct talk *t, struct writer *w);

#endif
