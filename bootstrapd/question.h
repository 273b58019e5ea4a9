/**
 * question.h - what worker and keeper say to each other over a socket pair:
 * one message a packet (SOCK_SEQPACKET), a fixed header, big-endian numbers,
 * every length checked. Both sides take the other for hostile.
 *
 * Every question may be asked again (a packet may be lost when a process dies
 * or a queue is full): the answer is the same, and it is recorded once.
 */
#ifndef BOOTSTRAPD_QUESTION_H
#define BOOTSTRAPD_QUESTION_H

#include "base/address.h"
#include "base/evidence.h"
#include "base/secret.h"
#include "bootstrap/session.h"

enum {
	QUESTION_VERSION = 3,
	QUESTION_BYTES_MAX = 49152, /**< one packet: a plan and its header */
	QUESTION_PEER_MAX = 4096, /**< bytes of a certificate, or raw key */
	QUESTION_CHAIN_MAX = 12288, /**< of what came behind it */
	QUESTION_DIGEST_LEN = 32,
	QUESTION_SIGNATURE_LEN = 64, /**< ECDSA P-256: r, then s */
	QUESTION_PUSH_LEN = 16, /**< bytes of what names a push */
	QUESTION_MAX_AGE_S = 86400, /**< the longest that a device is put off */
};

enum question_kind {
	/* worker to keeper */
	Q_HELLO = 1, /**< a new worker process is there */
	Q_PSK, /**< the key of this identity? */
	Q_PSK_FAILED, /**< the handshake under that key failed */
	Q_BEGIN, /**< a Bootstrap-Request: the plan? */
	Q_FINISHING, /**< Finish is about to go out */
	Q_END, /**< record the verdict */
	Q_STATS,
	Q_EVIDENCE, /**< left of a handshake that failed: which key was it? */
	Q_SIGN, /**< this digest, by that key of the server? */
	Q_REFUSED, /**< a certificate or raw key was not let in */
	Q_PUSHED, /**< the answer to Q_PUSH */
	/* keeper to worker */
	Q_PSK_ANSWER = 64,
	Q_BEGIN_ANSWER,
	Q_RECORDED,
	Q_CANCEL, /**< end this session: superseded elsewhere */
	Q_SIGN_ANSWER,
	Q_CREDENTIALS, /**< what to show and accept: with a descriptor */
	Q_PUSH, /**< a bootstrap that an operator wants: see pushed.c */
};

enum psk_status { PSK_KNOWN, PSK_UNKNOWN, PSK_UNAVAILABLE };

/** How a peer has proved itself. */
enum q_proof {
	Q_BY_NOTHING, /**< over plain CoAP */
	Q_BY_PSK,
	Q_BY_CERTIFICATE,
	Q_BY_RAW_KEY,
};

struct q_psk {
	uint64_t ref; /**< the worker's own number */
	struct address address;
	struct span identity; /**< borrowed from the packet */
	/** base/evidence.h; empty as long as Finished has not come. Borrowed. */
	struct span evidence;
};

/** One way: nobody waits for an answer. */
struct q_evidence {
	struct address address;
	struct span identity; /**< borrowed from the packet */
	struct span evidence; /**< likewise; base/evidence.h */
};

struct q_psk_failed {
	struct span identity;
	uint32_t epoch;
	struct address address;
};

struct q_sign {
	uint64_t ref; /**< the worker's own number */
	struct address address;
	uint32_t key; /**< the number that came with the credentials */
	uint8_t digest[QUESTION_DIGEST_LEN];
};

/** One way: nobody waits for an answer. It has proved nothing. */
struct q_refused {
	struct address address;
	enum q_proof kind; /**< Q_BY_CERTIFICATE, Q_BY_RAW_KEY */
	enum reason reason; /**< REASON_REVOKED to REASON_NO_CERTIFICATE */
	struct span peer; /**< what it has shown, DER; may be empty */
};

struct q_begin {
	uint8_t session[SESSION_ID_LEN];
	enum q_proof proof;
	bool has_endpoint;
	bool pack; /**< GET /bspack; else POST /bs */
	bool fresh; /**< Q_BY_NOTHING: its Echo value was good (RFC 9175) */
	bool stream; /**< over TCP or TLS */
	uint32_t epoch; /**< Q_BY_PSK; else 0 */
	int32_t pct; /**< -1: not there; always so of a pack */
	int32_t accept; /**< of a pack: its Content-Format; else -1 */
	enum reason fault;
	struct address address;
	/** The push that this session carries out; zeros: the device asked. */
	uint8_t push[QUESTION_PUSH_LEN];
	struct span credential; /**< Q_BY_PSK: the identity; else empty */
	struct span endpoint;
	struct span peer; /**< DER; empty without certificate and raw key */
	struct span chain; /**< Q_BY_CERTIFICATE: DER end to end; else empty */
};

struct q_end {
	uint8_t session[SESSION_ID_LEN];
	struct session_verdict verdict;
	/** Where the device was in the end, if not where it began; family 0. */
	struct address address;
};

struct q_stats {
	uint64_t sessions, peers, handshakes_pending;
	uint64_t hellos, established, failed, asked, known, unknown;
	uint64_t datagrams_in, datagrams_out, dropped;
	uint64_t moved; /**< devices that changed their address */
};

struct q_psk_answer {
	uint64_t ref;
	enum psk_status status;
	uint32_t epoch;
	struct secret key; /**< owned by whoever parsed it */
};

struct q_sign_answer {
	uint64_t ref;
	bool known; /**< else not now: ask again */
	uint8_t signature[QUESTION_SIGNATURE_LEN];
};

/** The bytes themselves are in the sealed memory file that comes with it
 *  (shown.h). */
struct q_credentials {
	uint64_t len;
	uint32_t generation; /**< counts what was loaded, from 1 */
};

/** A push goes in two steps: whom of the workers does that device reach, and
 *  then that one alone goes. */
enum q_push_what {
	/** Have you a peer that was granted a bootstrap for `endpoint`, and
	 *  stands? */
	Q_PUSH_LOOK,
	/** Send an empty CON with `mid` to `address` (RFC 7252 section 4.3),
	 *  again until Q_PUSH_FORGET, and expect its answer. */
	Q_PUSH_PROBE,
	/** Only expect it: sockets are shared out by the kernel, and what comes
	 *  back comes to the worker that can talk to that address. */
	Q_PUSH_EXPECT,
	/** Begin, over the peer; or where there is an address, with that. The
	 *  Q_BEGIN is the answer when all is well. */
	Q_PUSH_GO,
	Q_PUSH_FORGET, /**< expect nothing more */
};

struct q_push {
	uint64_t ref; /**< the keeper's own number */
	enum q_push_what what;
	uint16_t mid; /**< PROBE, EXPECT */
	uint8_t push[QUESTION_PUSH_LEN];
	struct address address; /**< PROBE, EXPECT, GO; family 0: none */
	struct span endpoint; /**< borrowed from the packet */
};

enum q_pushed_status {
	Q_PUSHED_NONE, /**< no such peer; or no socket to send from */
	Q_PUSHED_FOUND, /**< or the probe was answered */
	Q_PUSHED_BUSY, /**< draining, or no room */
};

struct q_pushed {
	uint64_t ref;
	enum q_pushed_status status;
	uint64_t granted_ms; /**< FOUND by LOOK: monotonic; else 0 */
};

struct q_begin_answer {
	uint8_t session[SESSION_ID_LEN];
	bool granted;
	enum reason reason;
	/** Refused: after how long the device may come again, in s, up to
	 *  QUESTION_MAX_AGE_S; 0: as the worker thinks fit. */
	uint32_t max_age_s;
	struct secret plan; /**< owned by whoever parsed it */
	/** Granted: whose plan it is. Borrowed from the packet. */
	struct span endpoint;
};

struct question {
	enum question_kind kind;
	union {
		uint32_t hello_worker;
		struct q_psk psk;
		struct q_psk_failed psk_failed;
		struct q_evidence evidence;
		struct q_sign sign;
		struct q_refused refused;
		struct q_begin begin;
		struct q_end end;
		struct q_stats stats;
		struct q_psk_answer psk_answer;
		struct q_begin_answer begin_answer;
		struct q_sign_answer sign_answer;
		struct q_credentials credentials;
		struct q_push push;
		struct q_pushed pushed;
		uint8_t
		    session[SESSION_ID_LEN]; /**< FINISHING, RECORDED, CANCEL */
	};
};

/** Append the packet. The caller checks w->full and, where keys went into it,
 *  wipes the buffer. */
void question_put(struct writer *w, const struct question *q);

/**
 * Take a packet apart. Spans borrow from it; secrets are copied (owned:
 * question_fini). Errors: RC_MALFORMED, RC_UNSUPPORTED (version or kind),
 * RC_MEMORY.
 */
MUST_CHECK enum rc question_get(struct span packet, struct question *q);
void question_fini(struct question *q);

#endif
