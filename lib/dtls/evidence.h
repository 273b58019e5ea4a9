/**
 * evidence.h - notes on a handshake of DTLS 1.2 or TLS 1.2 under a pre-shared key, taken as
 * it goes by: base/evidence.h says what comes of them. Where a message of ours
 * travels in pieces, or there is no memory, there are none; nothing else in a
 * handshake depends on them.
 *
 * For this directory only; the owner's call is dtls_evidence() of dtls.h.
 */
#ifndef DTLS_EVIDENCE_H
#define DTLS_EVIDENCE_H

#include "base/digest.h"
#include "base/evidence.h"

struct conn;

/** Taken from a ClientHello with a cookie until the handshake is over. */
struct evidence {
	struct digest transcript; /**< up to our last message */
	struct psk_evidence facts; /**< its `record` is not used */
	uint16_t next_seq; /**< message_seq of ours that comes next */
	bool hello, server_hello, done; /**< heard; said; our flight is whole */
	bool exchanged; /**< the session hash is there */
	size_t finished_len; /**< 0: it has not come */
	uint8_t finished[EVIDENCE_RECORD_MAX];
};

/** A record with a whole ClientHello: everything begins anew. */
void evidence_hello(struct conn *c, struct span record);
/** What wolfSSL sends: each message counts the first time. */
void evidence_sent(struct conn *c, struct span records);
/** The body of a whole ClientKeyExchange; the last one counts. */
void evidence_exchange(struct conn *c, uint16_t seq, struct span body);
/** The record that did not decrypt. */
void evidence_finished(struct conn *c, struct span record);
void evidence_forget(struct conn *c);

/** What a ServerHello says (RFC 5246 7.4.1.3). False: none of a suite that we
 *  have notes on. */
bool evidence_server_hello(struct psk_evidence *facts, struct span body);

/* The same on a stream. */

/** A whole ClientHello with its header of TLS. */
void evidence_tls_hello(struct conn *c, struct span message);
void evidence_tls_sent(struct conn *c, struct span records);
/** The client's first record behind its ChangeCipherSpec. */
void evidence_tls_finished(struct conn *c, struct span record);
/** That record, if it is among what waits for the key; empty: not yet. */
struct span evidence_tls_waiting(
    const struct conn *c, uint8_t out[static EVIDENCE_RECORD_MAX]);

#endif
