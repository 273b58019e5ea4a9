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
 * - DTLS 1.3 stands beside 1.2 where wolfSSL has it. There the identity is in
 *   the second ClientHello: asked for when its cookie was good, and wolfSSL
 *   sees that hello only afterwards. Unknown identity and wrong key fail at
 *   the binder, both with the fatal alert illegal_parameter (47).
 * - Certificates and raw public keys (RFC 7250) are mutual: who shows none is
 *   refused. Which certificate of ours is shown is read from the ClientHello:
 *   server_name, and the certificate types it lists.
 * - Whatever is wrong with what a peer has shown, it gets the same fatal alert,
 *   bad_certificate (42), the same number of records before it, and at the same
 *   place: when it has signed, be it that its certificate is revoked, expired
 *   or untrusted, that one above it is, that nobody knows its raw key, or that
 *   its signature is wrong. The reason is for the owner. What is told sooner is
 *   only what the peer knows without us: that it has shown nothing, nothing
 *   that can be read, more than 9 certificates or a key other than P-256.
 *   (DTLS 1.3 under a shared wolfSSL: wolfSSL's own alert.)
 * - A chain is judged by itself and the trust anchors: what others have shown
 *   before is forgotten.
 * - No private key of ours is ever here: DTLS_EVENT_SIGN_WANTED goes out, that
 *   one handshake stands still, its peer's datagrams wait in the same queue,
 *   and dtls_sign_answer() goes on. All others go on meanwhile.
 * - Each handshake has an absolute deadline and a budget of datagrams from the
 *   moment its cookie was good.
 * - No source has more than `handshakes_per_source` unfinished ones. As each
 *   asks for at most one key, that also bounds the questions of a source whose
 *   answer is still wanted. When there is no room for a newcomer whose cookie
 *   is good, the oldest silent handshake gives way (DTLS_FAILED_RESOURCES):
 *   one without a ClientKeyExchange, without a certificate or raw key that is
 *   let in, or under DTLS 1.3 without a good binder. Only when there is none,
 *   the newcomer is ignored.
 * - Who offers it is given a Connection ID (RFC 9146, RFC 9147 9), where
 *   wolfSSL has that: 8 bytes that name the worker (dtls/cid.h). Its records
 *   are found by that alone, wherever they come from; when one from another
 *   address has been authenticated, and is newer than all before, the
 *   association goes on with that address (DTLS_EVENT_MOVED). A Connection ID
 *   that nobody has is ignored. In handshake it leads nowhere else: the cookie
 *   is of an address.
 * - An identity keeps its newest DTLS_PER_IDENTITY_MAX associations; one by
 *   certificate or raw key has no identity, and no such limit.
 *
 * Associations are named by a number that is never used again.
 */
#ifndef DTLS_DTLS_H
#define DTLS_DTLS_H

#include "base/address.h"
#include "base/heap.h"
#include "base/secret.h"
#include "dtls/cid.h"

enum {
	DTLS_DATAGRAM_MAX = 1400, /**< bytes of a datagram we send */
	DTLS_PLAINTEXT_MAX =
	    4096, /**< bytes of one received record's content */
	DTLS_IDENTITY_MAX = 128, /**< bytes (RFC 4279 5.3: at least 128) */
	DTLS_KEY_MIN = 16, /**< bytes of a pre-shared key */
	DTLS_KEY_MAX = 64,
	DTLS_DIGEST_LEN = 32, /**< bytes that a key of ours signs, SHA-256 */
	DTLS_SIGNATURE_LEN = 64, /**< bytes, ECDSA P-256: r, then s */
	DTLS_SERVERS_MAX = 16, /**< certificates and raw keys of ours */
	/** Bytes of a peer's certificate, and of all that it sends behind it;
	 *  who has more is refused (DTLS_FAILED_CERTIFICATE). */
	DTLS_PEER_MAX = 4096,
	DTLS_CHAIN_MAX = 12288,
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
	/** TLS on connections, and nothing of DTLS. A handshake may then have
	 *  `handshake_datagrams` records. */
	bool stream;
	size_t mtu; /**< bytes of a datagram, 1280 */
	/** In the Connection IDs that are given out. */
	uint8_t worker;
	struct dtls_cid_key cid_key; /**< of all workers the same */
};

/** The values in the comments; 20000 connections, 2000 handshakes. */
extern const struct dtls_config dtls_config_default;

struct dtls;

/** What of wolfSSL this build has, found at configure time: "5.9.2, CID,
 *  DTLS 1.3, RPK". Static. */
const char *dtls_features(void);

/**
 * Errors: RC_MEMORY, RC_UNSUPPORTED (a cipher suite of the list is missing
 * from wolfSSL). `config` is copied. Owned.
 */
MUST_CHECK enum rc dtls_new(
    const struct dtls_config *config, struct dtls **out);
void dtls_free(struct dtls *d);

/** One key pair of this server, P-256; its private half is elsewhere. */
struct dtls_server_credential {
	/** Certificates, the key's own first, then what leads to an anchor of
	 *  the devices: PEM, or DER end to end. Empty: it is only shown raw. */
	struct span chain;
	/** SubjectPublicKeyInfo, DER; may be empty with a chain. */
	struct span public_key;
	/** The owner's number of it, for DTLS_EVENT_SIGN_WANTED. */
	uint32_t key;
};

/** What this server shows, and whom it lets in, other than by PSK. */
struct dtls_credentials {
	/** The first is for hellos that name none of them. A certificate is for
	 *  its dNSNames, without any for its common name. */
	const struct dtls_server_credential *servers;
	size_t server_count; /**< up to DTLS_SERVERS_MAX */
	/** Anchors of the devices' certificates: each PEM, or DER end to end,
	 *  of any number; authorities all of them. */
	const struct span *trust;
	size_t trust_count;
	/** CRLs likewise; the owner has verified them. What they list is
	 *  refused wherever in a chain it stands; an issuer without a CRL has
	 *  revoked nothing. Neither date is looked at. */
	const struct span *crls;
	size_t crl_count;
	/** SHA-256 of the SubjectPublicKeyInfo of each raw key let in. */
	const uint8_t (*raw_keys)[DTLS_DIGEST_LEN];
	size_t raw_key_count;
};

/** What dtls_set_credentials() has refused. */
struct dtls_fault {
	const char *what; /**< "chain", "public-key", "trust", "crl"; static */
	size_t index; /**< in its array */
};

/**
 * Show and accept `c` from now on, all of it in place of all there was; NULL:
 * pre-shared keys alone, as after dtls_new(). Copied. Handshakes that are under
 * way and live associations go on with what they began with; cookies stay good.
 * Errors, nothing having changed: RC_MEMORY; RC_TOO_LARGE (more than
 * DTLS_SERVERS_MAX); RC_MALFORMED (`fault`, unless NULL, says what: no
 * certificate, not P-256, ...); RC_CONFLICT (chain and public key differ);
 * RC_UNSUPPORTED (this wolfSSL cannot; a delta or an indirect CRL).
 */
MUST_CHECK enum rc dtls_set_credentials(
    struct dtls *d, const struct dtls_credentials *c, struct dtls_fault *fault);

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
	DTLS_FAILED_KEY, /**< Finished did not decrypt, or the binder of DTLS
	                      1.3 was another: wrong key */
	DTLS_FAILED_NO_CERTIFICATE, /**< the peer has shown none */
	DTLS_FAILED_UNTRUSTED, /**< no anchor of ours leads to it */
	DTLS_FAILED_EXPIRED, /**< or not valid yet */
	DTLS_FAILED_REVOKED, /**< in a CRL, itself or what stands above it */
	DTLS_FAILED_CERTIFICATE, /**< malformed, or not for this use */
	DTLS_FAILED_RAW_KEY, /**< a raw key that we do not know */
	DTLS_FAILED_TIMEOUT, /**< handshake deadline */
	DTLS_FAILED_BUDGET, /**< handshake datagrams used up */
	DTLS_FAILED_PROTOCOL, /**< no common suite, a broken message */
	DTLS_FAILED_RESOURCES, /**< memory or a limit */
};

/** "wrong-key", "unknown-identity"...: a stable code. */
const char *dtls_close_name(enum dtls_close_reason r);

enum dtls_event_kind {
	DTLS_EVENT_PSK_WANTED, /**< answer with dtls_psk_answer */
	DTLS_EVENT_SIGN_WANTED, /**< answer with dtls_sign_answer */
	DTLS_EVENT_ESTABLISHED,
	/** Its peer has another address now. Before the data that came with
	 *  that; of several moves the last. */
	DTLS_EVENT_MOVED,
	DTLS_EVENT_DATA, /**< one record's content: one CoAP message */
	DTLS_EVENT_CLOSED, /**< the number is dead; also failed handshakes */
};

struct dtls_event {
	enum dtls_event_kind kind;
	uint64_t conn;
	/** All but DATA: the peer, and where it is now. */
	struct address address;
	/** PSK_WANTED, ESTABLISHED, CLOSED: the identity, if an acceptable one
	 *  was seen; bytes of the peer, no NUL; borrowed until the next call. */
	struct span identity;
	/** SIGN_WANTED: whose private key, and DTLS_DIGEST_LEN bytes; borrowed
	 *  until the next call. */
	uint32_t key;
	struct span digest;
	/** ESTABLISHED. */
	enum dtls_credential credential;
	const char *suite; /**< IANA-like name, static */
	const char *version; /**< "DTLS 1.2", "TLS 1.3", static */
	/** ESTABLISHED: the peer's certificate or SubjectPublicKeyInfo, DER;
	 *  empty with a PSK. CLOSED, of a handshake that failed: the one it has
	 *  shown, if any, which proves nothing. Borrowed until the next call. */
	struct span peer;
	/** ESTABLISHED with a certificate: what came behind it, DER end to end,
	 *  for whoever verifies it once more. Likewise borrowed. */
	struct span chain;
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
 * The answer to DTLS_EVENT_SIGN_WANTED: `signature` is DTLS_SIGNATURE_LEN bytes
 * (copied), or NULL: the key cannot be had now. Then the handshake stands still
 * for another second, and DTLS_EVENT_SIGN_WANTED comes once more with the same
 * digest, and so on until the handshake's deadline. A wrong signature is found
 * by the peer.
 * Errors: RC_NOT_FOUND (the association is gone or waits for none: nothing to
 * do).
 */
MUST_CHECK enum rc dtls_sign_answer(
    struct dtls *d, uint64_t conn, const uint8_t *signature, uint64_t now_ms);

/**
 * Append what a handshake under a pre-shared key leaves for trying keys on it
 * (base/evidence.h), up to EVIDENCE_BYTES_MAX: while DTLS_EVENT_PSK_WANTED is
 * unanswered, and of a CLOSED association until the next dtls_event.
 * Errors: RC_NOT_FOUND (there is nothing: certificates, DTLS 1.3, a message in
 * pieces), RC_AGAIN (not yet: Finished has not come), RC_TOO_LARGE.
 */
MUST_CHECK enum rc dtls_evidence(
    const struct dtls *d, uint64_t conn, struct writer *w);

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

/*
 * TLS 1.2 and 1.3 on connections, for a `dtls` with config.stream: the same
 * events, questions, limits and alerts. In place of dtls_receive() and
 * dtls_output() stand the calls below; cookies and moves there are none, since
 * the transport knows the peer's address. What is different:
 *
 * - dtls_psk_unavailable() asks again a second later, because what has come on a
 *   stream is not sent again;
 * - a wrong key or an unknown identity of TLS 1.2 also ends with decrypt_error,
 *   in place of wolfSSL's alert;
 * - the content of records is a stream: DTLS_EVENT_DATA is the next bytes of
 *   it, and dtls_send() cuts as it likes. Any length will do;
 * - ALPN (RFC 8323 section 8.2): who offers protocols and not "coap" among them
 *   is refused with no_application_protocol (120), who offers none is served.
 *   Where wolfSSL has no ALPN, nothing is said about it.
 */

/**
 * There is a connection from `from`: its handshake begins, within its deadline.
 * Errors: RC_FULL (a limit), RC_MEMORY, RC_UNSUPPORTED (no config.stream).
 */
MUST_CHECK enum rc dtls_stream_open(struct dtls *d, const struct address *from,
    uint64_t now_ms, uint64_t *conn);

/** Its next bytes, cut anywhere. Borrowed. Harmless on a dead number. */
void dtls_stream_receive(
    struct dtls *d, uint64_t conn, struct span bytes, uint64_t now_ms);

/** The connection has ended without a word: CLOSED follows. */
void dtls_stream_ended(struct dtls *d, uint64_t conn, uint64_t now_ms);

/**
 * Append bytes to send, as many as there is room for, and say on which
 * connection: also on one whose number is dead. RC_AGAIN: none.
 */
MUST_CHECK enum rc dtls_stream_output(
    struct dtls *d, uint64_t *conn, struct writer *w);

struct dtls_counters {
	uint64_t hellos, cookies_sent, handshakes, established, failed, ignored,
	    moved, live, pending;
};
void dtls_counters(const struct dtls *d, struct dtls_counters *out);

#endif
