/**
 * peer_internal.h - what the files behind peer.h share: the peer itself, the
 * MIDs it spends, and the short messages that wait to be sent.
 */
#ifndef COAP_PEER_INTERNAL_H
#define COAP_PEER_INTERNAL_H

#include "coap/answer.h"
#include "coap/request.h"
#include "coap/stream.h"

enum {
	NOTES_MAX = 8, /**< short messages that wait; more are dropped */
	NOTE_LEN = 16, /**< bytes; header, token, one option of one byte */
};

/** A message without a body that is sent once and not kept: an empty ACK, an
 *  RST, a refusal. */
struct note {
	uint8_t bytes[NOTE_LEN];
	size_t len;
};

/**
 * MIDs rise from a random start. The two halves of the number space are
 * entered in turn; one is closed until `exchange_lifetime_ms` after its last
 * use, so no MID comes back earlier (RFC 7252 section 4.4).
 */
struct mids {
	uint16_t next;
	bool used[2];
	uint64_t last_ms[2];
};

struct coap_peer {
	const struct coap_params *params; /**< borrowed */
	coap_random_fn random;
	void *random_ctx;
	struct stream *stream; /**< owned; NULL: datagrams */
	/* Datagrams: */
	struct mids mids;
	struct note notes[NOTES_MAX];
	size_t note_first, note_count;
	struct answers answers;
	/* Both: */
	uint32_t last_ref;
	struct exchange exchange;
	struct coap_message in; /**< the last message; events point to it */
	struct coap_event event;
	bool event_waits;
	struct coap_counters counters;
};

/** Errors: RC_FULL (all were used within EXCHANGE_LIFETIME). */
MUST_CHECK enum rc peer_mid(
    struct coap_peer *p, uint64_t now_ms, uint16_t *mid);

uint32_t peer_random(struct coap_peer *p);

/** A number for an event, never 0. */
uint32_t peer_ref(struct coap_peer *p);

/** Encode `m` and let it wait; dropped when it does not fit. */
void peer_note(struct coap_peer *p, const struct coap_message *m);

/** An empty ACK or RST for the peer's message `mid`. */
void peer_note_empty(struct coap_peer *p, enum coap_type type, uint16_t mid);

/** Show `ev` to the owner. */
void peer_emit(struct coap_peer *p, struct coap_event ev);

#endif
