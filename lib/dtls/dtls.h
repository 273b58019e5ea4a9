/**
 * dtls.h - the DTLS server side of one worker: many peers on one port, wolfSSL
 * behind bytes in and bytes out.
 *
 * Sans-IO: datagrams, a peer's address and a time go in; events, datagrams and
 * a deadline come out. After each call that takes a time the owner drains
 * dtls_event() and dtls_output(), then asks dtls_deadline().
 *
 * - A ClientHello without a good cookie costs nothing but an answer smaller
 *   than three times itself: the cookie (RFC 6347 4.2.1) is bound to the
 *   address by a secret that rotates, no state is kept. At most one hello of
 *   a datagram is looked at.
 * - A new ClientHello from the address of a live association never ends that
 *   one: both live side by side until the new handshake has finished (RFC 6347
 *   4.2.8).
 * - The pre-shared key is asked for before wolfSSL needs it: the identity is
 *   read from the plaintext ClientKeyExchange, DTLS_EVENT_PSK_WANTED goes out,
 *   the peer's datagrams wait in a short queue, and dtls_psk_answer() goes on.
 * - An unknown identity and a wrong key look the same to the peer, in bytes
 *   and in order: with an unknown one the handshake goes on under a random
 *   key, fails at Finished, and ends with the fatal alert decrypt_error (51).
 * - Each handshake has an absolute deadline and a budget of datagrams from the
 *   moment its cookie was good.
 * - No source has more than `handshakes_per_source` unfinished ones. As each
 *   asks for at most one key, that also bounds the questions of a source whose
 *   answer is still wanted. When there is no room for a newcomer whose cookie
 *   is good, the oldest handshake without a ClientKeyExchange gives way
 *   (DTLS_FAILED_RESOURCES); only when there is none, the newcomer is ignored.
 * - An identity keeps its newest DTLS_PER_IDENTITY_MAX associations.
 *
 * Associations are named by a number that is never used again.
 */
#ifndef DTLS_DTLS_H
#define DTLS_DTLS_H

#include "base/address.h"
#include "base/heap.h"
#include "base/secret.h"

enum {
	DTLS_DATAGRAM_MAX = 1400, /**< bytes of a datagram we send */
	DTLS_PLAINTEXT_MAX =
	    4096, /**< bytes of one received record's content */
	DTLS_IDENTITY_MAX = 128, /**< bytes (RFC 4279 5.3: at least 128) */
	DTLS_KEY_MIN = 16, /**< bytes of a pre-shared key */
	DTLS_KEY_MAX = 64,
	DTLS_PER_IDENTITY_MAX = 4, /**< live associations */
};

struct dtls_config {
	size_t connections_max; /**< live associations */
	size_t handshakes_max; /**< unfinished ones among them */
	/** Unfinished ones of one IPv4 address, or of one IPv6 /64: 256. */
	size_t handshakes_per_source;
	uint32_t handshake_ms; /**< absolute deadline, 60000 */
	uint32_t handshake_datagrams; /**< budget of received ones, 64 */
	uint32_t idle_ms; /**< without traffic: closed, 300000 */
	uint32_t cookie_rotate_ms; /**< 60000 */
	size_t mtu; /**< bytes of a datagram, 1280 */
};

/** The values in the comments; 20000 connections, 2000 handshakes. */
extern const struct dtls_config dtls_config_default;

struct dtls;

/** What of wolfSSL this build has, found at configure time: "5.9.2, CID,
 *  DTLS 1.3 CCM-8". Static. */
const char *dtls_features(void);

/**
 * Errors: RC_MEMORY, RC_UNSUPPORTED (a cipher suite of the list is missing
 * from wolfSSL). `config` is copied. Owned.
 */
MUST_CHECK enum rc dtls_new(
    const struct dtls_config *config, struct dtls **out);
void dtls_free(struct dtls *d);

/** One datagram from `from`. Borrowed until the return. */
void dtls_receive(struct dtls *d, const struct address *from,
    struct span datagram, uint64_t now_ms);

/** Time has come (dtls_deadline). Harmless when it has not. */
void dtls_tick(struct dtls *d, uint64_t now_ms);
uint64_t dtls_deadline(const struct dtls *d);

/** How an association proved itself. */
enum dtls_credential {
	DTLS_PSK,
	DTLS_X509,
	DTLS_RPK,
};

enum dtls_close_reason {
	DTLS_CLOSED_BY_PEER, /**< close_notify, or a fatal alert */
	DTLS_CLOSED_BY_US, /**< dtls_close */
	DTLS_CLOSED_IDLE,
	DTLS_CLOSED_REPLACED, /**< a new handshake from its address finished, or
	                           began where this one had not finished; or
	                           its identity has newer ones elsewhere */
	DTLS_FAILED_IDENTITY, /**< unknown, or not acceptable (NUL, length) */
	DTLS_FAILED_KEY, /**< Finished did not decrypt: wrong key */
	DTLS_FAILED_TIMEOUT, /**< handshake deadline */
	DTLS_FAILED_BUDGET, /**< handshake datagrams used up */
	DTLS_FAILED_PROTOCOL, /**< no common suite, a broken message */
	DTLS_FAILED_RESOURCES, /**< memory or a limit */
};

/** "wrong-key", "unknown-identity"...: a stable code. */
const char *dtls_close_name(enum dtls_close_reason r);

enum dtls_event_kind {
	DTLS_EVENT_PSK_WANTED, /**< answer with dtls_psk_answer */
	DTLS_EVENT_ESTABLISHED,
	DTLS_EVENT_DATA, /**< one record's content: one CoAP message */
	DTLS_EVENT_CLOSED, /**< the number is dead; also failed handshakes */
};

struct dtls_event {
	enum dtls_event_kind kind;
	uint64_t conn;
	/** All but DATA: the peer. */
	struct address address;
	/** PSK_WANTED, ESTABLISHED, CLOSED: the identity, if an acceptable one
	 *  was seen; bytes of the peer, no NUL; borrowed until the next call. */
	struct span identity;
	/** ESTABLISHED. */
	enum dtls_credential credential;
	const char *suite; /**< IANA-like name, static */
	/** DATA: borrowed until the next call. */
	struct span data;
	/** CLOSED. */
	enum dtls_close_reason reason;
	bool established; /**< CLOSED: it had been */
};

/** Take the next event. False: none. */
bool dtls_event(struct dtls *d, struct dtls_event *ev);

/**
 * The answer to DTLS_EVENT_PSK_WANTED. `key` (DTLS_KEY_MIN..DTLS_KEY_MAX bytes,
 * any other length is as NULL; copied into a secret of the association, wiped
 * after the handshake) or NULL: unknown.
 * `tag` is kept and handed back by dtls_tag(): the caller's note of which key
 * it was (an epoch).
 * Errors: RC_NOT_FOUND (the association is gone: nothing to do), RC_MEMORY
 * (nothing has changed: answer again, or dtls_psk_unavailable).
 */
MUST_CHECK enum rc dtls_psk_answer(struct dtls *d, uint64_t conn,
    const struct secret *key, uint32_t tag, uint64_t now_ms);
/** Of a CLOSED association: until the next dtls_event. 0: dead, or none. */
uint32_t dtls_tag(const struct dtls *d, uint64_t conn);

/**
 * The keeper cannot answer now: the peer's flight is forgotten without a word,
 * as if it had been lost. The peer sends it again by itself, and then
 * DTLS_EVENT_PSK_WANTED comes once more, within the handshake's deadline.
 */
void dtls_psk_unavailable(struct dtls *d, uint64_t conn, uint64_t now_ms);

/**
 * Send one CoAP message as one record. Copied.
 * Errors: RC_NOT_FOUND, RC_TOO_LARGE, RC_IO (the association broke: a CLOSED
 * event follows).
 */
MUST_CHECK enum rc dtls_send(
    struct dtls *d, uint64_t conn, struct span data, uint64_t now_ms);

/** Say close_notify and forget it. Harmless on a dead number. No event. */
void dtls_close(struct dtls *d, uint64_t conn, uint64_t now_ms);

/** The peer's address. Errors: RC_NOT_FOUND. */
MUST_CHECK enum rc dtls_address(
    const struct dtls *d, uint64_t conn, struct address *out);

/**
 * Append the next datagram to send to `w` (at least DTLS_DATAGRAM_MAX free)
 * and say where to. RC_AGAIN: none.
 */
MUST_CHECK enum rc dtls_output(
    struct dtls *d, struct address *to, struct writer *w);

struct dtls_counters {
	uint64_t hellos, cookies_sent, handshakes, established, failed, ignored,
	    live, pending;
};
void dtls_counters(const struct dtls *d, struct dtls_counters *out);

#endif
