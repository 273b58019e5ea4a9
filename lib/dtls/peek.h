/**
 * peek.h - what DTLS says in the clear (1.2: RFC 6347 4.1, 4.2.2; RFC 4279 2;
 * 1.3: RFC 9147 4, 5.3): the records of a datagram, the handshake messages of
 * a record, the ClientHello with the extensions that decide who answers it,
 * and the identity in a PSK ClientKeyExchange.
 *
 * Pure: no wolfSSL, no allocation, no state but the caller's. Everything
 * returned is borrowed from the input.
 */
#ifndef DTLS_PEEK_H
#define DTLS_PEEK_H

#include "base/cursor.h"

enum {
	PEEK_CHANGE_CIPHER_SPEC = 20, /**< content types */
	PEEK_ALERT = 21,
	PEEK_HANDSHAKE = 22,
	PEEK_APPLICATION_DATA = 23,
	PEEK_CID = 25, /**< tls12_cid: any type, within (RFC 9146 4) */
	PEEK_ACK = 26, /**< of DTLS 1.3, in the clear */
	PEEK_UNIFIED = 0x20, /**< no type: a ciphertext of DTLS 1.3 */
	PEEK_CLIENT_HELLO = 1, /**< handshake types */
	PEEK_CERTIFICATE = 11,
	PEEK_CERTIFICATE_VERIFY = 15,
	PEEK_CLIENT_KEY_EXCHANGE = 16,
	PEEK_RANDOM_LEN = 32, /**< bytes */
	PEEK_RECORD_HEAD_LEN = 13,
	PEEK_MESSAGE_HEAD_LEN = 12,
	/** wolfSSL's own limit for an identity, with its length field. */
	PEEK_KEY_EXCHANGE_MAX = 1538,
};

struct peek_record {
	uint8_t type;
	/** 0xfefd: DTLS 1.2; a first hello may say 0xfeff; PEEK_UNIFIED: 0 */
	uint16_t version;
	uint16_t epoch; /**< PEEK_UNIFIED: its lowest two bits */
	uint64_t seq; /**< sequence number, 48 bits; PEEK_UNIFIED: 0, it is
	                   encrypted */
	struct span cid; /**< empty: none */
	struct span raw; /**< header and body */
	struct span body;
};

/**
 * Take the next record from the front of `datagram`. False: no whole record
 * is left, or what follows is none that we take: not of DTLS, or one with a
 * Connection ID (`datagram` is then as it was).
 */
bool peek_record(struct span *datagram, struct peek_record *out);

/** Likewise, with records that have a Connection ID of `cid_len` bytes: no
 *  header says how long it is, but the receiver has given it out. 0: none. */
bool peek_record_cid(
    struct span *datagram, size_t cid_len, struct peek_record *out);

struct peek_message {
	uint8_t type;
	uint16_t seq; /**< message_seq */
	uint32_t length; /**< bytes of the whole message */
	uint32_t offset; /**< of the fragment in it */
	struct span fragment;
};

/**
 * Take the next handshake message, or fragment of one, from the front of a
 * record's body. RC_AGAIN: the body is at its end.
 * Errors: RC_MALFORMED (a short header, a fragment beyond the body or beyond
 * its message).
 */
MUST_CHECK enum rc peek_message(struct span *body, struct peek_message *out);

/** A message in one piece. */
bool peek_whole(const struct peek_message *m);

struct peek_hello {
	uint16_t seq; /**< message_seq */
	struct span random; /**< PEEK_RANDOM_LEN bytes */
	struct span cookie; /**< of DTLS 1.2; empty: none yet */
	struct span suites; /**< two bytes each */
	/** The rest is of extensions. */
	bool version_13; /**< supported_versions has DTLS 1.3 */
	struct span cookie_13; /**< of DTLS 1.3; empty: none yet */
	struct span server_name; /**< host_name (RFC 6066 3); empty: none */
	/** It wants our key raw (RFC 7250): server_certificate_type has
	 *  RawPublicKey before X509, or has it at all and
	 *  client_certificate_type has it without X509. */
	bool raw_key;
	bool encrypt_then_mac; /**< RFC 7366 2 */
	/** connection_id (RFC 9146 3): it can send ours. `cid` is what it
	 *  wants to get; empty: none. */
	bool takes_cid;
	struct span cid;
	bool psk; /**< has pre_shared_key (RFC 8446 4.2.11) */
	struct span identity; /**< the first one of pre_shared_key */
};

/** Is the record, by its first bytes, a plaintext ClientHello? */
bool peek_is_hello(const struct peek_record *r);

/**
 * Read the record of a whole ClientHello. Errors: RC_MALFORMED (also: another
 * message behind it, an extension of those above twice), RC_UNSUPPORTED (a
 * fragment: answering one would take state before the cookie).
 */
MUST_CHECK enum rc peek_hello(
    const struct peek_record *r, struct peek_hello *out);

/**
 * A ClientKeyExchange put together from its fragments, in any order, twice or
 * overlapping. All zero before the first.
 */
struct peek_assembly {
	uint16_t seq;
	uint32_t length; /**< 0: nothing yet */
	uint32_t missing; /**< bytes */
	uint8_t have[(PEEK_KEY_EXCHANGE_MAX + 7) / 8];
	uint8_t bytes[PEEK_KEY_EXCHANGE_MAX];
};

/**
 * Add a fragment. True: the message is whole, `body` is it, borrowed until the
 * next fragment. One with another message_seq or length starts anew; one that
 * is longer than PEEK_KEY_EXCHANGE_MAX is ignored.
 */
bool peek_assemble(
    struct peek_assembly *a, const struct peek_message *m, struct span *body);

/** An identity that we accept: not empty, no longer than `max` bytes, without
 *  a NUL, which wolfSSL would take for its end. */
bool peek_identity_good(struct span identity, size_t max);

/**
 * The identity in the body of a PSK ClientKeyExchange.
 * Errors: RC_MALFORMED (its length does not fit), RC_DENIED (none that we
 * accept: peek_identity_good).
 */
MUST_CHECK enum rc peek_identity(
    struct span body, size_t max, struct span *identity);

#endif
