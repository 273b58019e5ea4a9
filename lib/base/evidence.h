/**
 * evidence.h - what one handshake of DTLS 1.2 or TLS 1.2 under a pre-shared key
 * leaves for whoever has a key to try on it: with the right key the client's
 * Finished record opens, with any other it does not. Whoever talks to devices
 * writes it down (dtls/dtls.h), whoever has keys tries them (hsm/psk_test.h).
 *
 * There is no secret in it. As bytes, numbers big-endian:
 *
 *     version 1 (u8) | flags (u8) | cipher suite (u16) | client random (32) |
 *     server random (32) | session hash (32) | length (u16) | record
 */
#ifndef BASE_EVIDENCE_H
#define BASE_EVIDENCE_H

#include "base/cursor.h"

enum {
	EVIDENCE_HASH_LEN = 32, /**< bytes, SHA-256 */
	EVIDENCE_RANDOM_LEN = 32, /**< bytes */
	EVIDENCE_HEAD_LEN = 13, /**< bytes of a record's header */
	/** In it, before the length, of a record of the type tls12_cid (25), as
	 *  whoever was given a Connection ID sends it: ours have one length. */
	EVIDENCE_CID_TYPE = 25,
	EVIDENCE_CID_LEN = 8,
	EVIDENCE_CID_HEAD_LEN = EVIDENCE_HEAD_LEN + EVIDENCE_CID_LEN,
	/** Bytes of the record: of the suites that we serve the longest is 93,
	 *  a Connection ID makes it longer by 9 and CBC may pad by 255 more. */
	EVIDENCE_RECORD_MAX = 384,
	EVIDENCE_BYTES_MAX = 6 + 3 * 32 + EVIDENCE_RECORD_MAX,
};

struct psk_evidence {
	/** RFC 7627: the master secret hangs from `session_hash`, and not from
	 *  the randoms. */
	bool extended_master;
	bool encrypt_then_mac; /**< RFC 7366; for CBC */
	uint16_t suite;
	uint8_t client_random[EVIDENCE_RANDOM_LEN];
	uint8_t server_random[EVIDENCE_RANDOM_LEN];
	/** Of the messages from ClientHello (the one with the cookie) to
	 *  ClientKeyExchange, each with its header as if it had come in one
	 *  piece (RFC 7627 3, RFC 6347 4.2.6). */
	uint8_t session_hash[EVIDENCE_HASH_LEN];
	/** The client's Finished, header and ciphertext; of TLS with its number,
	 *  0, in the 8 bytes where DTLS has epoch and number. Borrowed. */
	struct span record;
};

/** Bytes in front of what is encrypted. */
size_t evidence_head_len(struct span record);

/** Append `e`. The caller checks w->full. */
void evidence_put(struct writer *w, const struct psk_evidence *e);

/**
 * Take the bytes apart, all of them; `record` borrows from them. Errors:
 * RC_MALFORMED (also: the record is none of DTLS 1.2, epoch 1, handshake or
 * tls12_cid, nor the first of TLS 1.2 under a key, or its length is not what it says), RC_UNSUPPORTED (another version).
 */
MUST_CHECK enum rc evidence_get(struct span bytes, struct psk_evidence *e);

#endif
