/**
 * worker_state.h - what a worker holds, shared by the files that make it up:
 * worker.c (loop, links), handshake.c (DTLS), wait.c (what handshakes wait
 * for), show.c (certificates), accept.c and connection.c (TCP), peer.c
 * (datagrams or streams to messages), boot.c (messages to sessions).
 *
 *   listener ─▶ peer (one address, one DTLS association, or one connection;
 *                 │   CoAP exchanges)
 *                 └─▶ boot (one bootstrap: the session and its questions)
 */
#ifndef BOOTSTRAPD_WORKER_STATE_H
#define BOOTSTRAPD_WORKER_STATE_H

#include "base/loop.h"
#include "base/table.h"
#include "coap/peer.h"
#include "dtls/dtls.h"
#include "echo.h"
#include "request.h"
#include "worker.h"

#include "link.h"
#include "packing.h"
#include "papers.h"
#include "shown.h"
#include "sources.h"

#include <sys/queue.h>

struct connection;
struct granted;
struct probe;

struct listener {
	struct worker *worker;
	unsigned index;
	int fd;
	struct dtls *dtls; /**< NULL: plain CoAP */
	struct loop_timer timer;
	bool broken; /**< an association broke as we sent: events wait */
	/* streams */
	bool is_stream; /**< TCP: `fd` listens */
	bool rests; /**< and is not looked at for a while */
	struct loop_timer rest_timer;
	uint64_t last_connection; /**< its number */
};

/** The key of a peer in the worker's table. */
struct peer_key {
	uint8_t listener;
	uint8_t address[ADDRESS_KEY_LEN]; /**< plain CoAP; zeros with DTLS */
	uint64_t conn; /**< DTLS, streams; 0 with plain datagrams */
};

struct peer {
	struct table_item item;
	struct peer_key key;
	struct listener *listener;
	struct address address;
	struct coap_peer *coap;
	struct connection *connection; /**< NULL: datagrams */
	uint64_t used_ms; /**< streams: when it last wanted something */
	struct boot *boot; /**< the bootstrap that goes on; NULL */
	/** A plan was granted to it: its duplicates are remembered for
	 *  EXCHANGE_LIFETIME. Strangers are forgotten at once. */
	bool keep;
	struct granted *granted; /**< the last one; NULL: none (pushed.c) */
	struct loop_timer timer;
	enum q_proof proof;
	struct papers *papers; /**< Q_BY_CERTIFICATE, Q_BY_RAW_KEY */
	uint32_t epoch; /**< of the key that the handshake proved */
	uint8_t identity[DTLS_IDENTITY_MAX];
	size_t identity_len;
};

/** One bootstrap. It outlives its peer until its verdict is recorded. */
struct boot {
	struct table_item item; /**< keyed by the session id */
	struct worker *worker;
	struct session *session;
	struct peer *peer; /**< NULL: superseded, or the transport is gone */
	struct loop_timer timer;
	uint32_t request_ref; /**< the Bootstrap-Request to answer */
	uint32_t command_ref; /**< our open request */
	struct q_begin facts; /**< spans point into the arrays below */
	uint8_t endpoint[256];
	uint8_t credential[DTLS_IDENTITY_MAX];
	struct papers *papers; /**< `facts` borrows them; NULL: none */
	struct packing *packing; /**< a Bootstrap-Pack is asked for; NULL */
	struct address
	    moved; /**< where its device is now; family 0: as asked */
};

/** A handshake that waits for its key, or for a signature. */
struct wait {
	struct table_item item; /**< keyed by `ref` */
	struct worker *worker;
	struct listener *listener;
	uint64_t conn;
	uint64_t ref;
	unsigned asked;
	struct address address;
	struct loop_timer timer;
	bool signature;
	uint32_t key; /**< a signature's */
	uint8_t what[DTLS_IDENTITY_MAX]; /**< identity, or digest */
	size_t what_len;
};

struct worker {
	unsigned index;
	const struct config *config;
	struct loop *loop;
	struct listener listeners[LISTENERS_MAX];
	size_t listener_count;
	int keeper;
	int signals; /**< signalfd */
	struct table peers, boots, waits;
	struct table granted; /**< peers by endpoint: pushed.c */
	struct probe *probes; /**< addresses that are expected to speak */
	size_t probe_count;
	uint64_t wait_salt; /**< of the numbers of questions of handshakes */
	struct papers_room papers;
	struct echo echo; /**< of addresses that are shown fresh */
	bool serving; /**< what is shown is known: handshakes may begin */
	uint8_t shown[SHOWN_DIGEST_LEN]; /**< digest of that */
	struct coap_params coap; /**< of all peers */
	size_t boots_max, peers_max;
	struct table connections;
	size_t connections_max;
	TAILQ_HEAD(, connection) young; /**< the oldest first */
	struct sources sources; /**< of young ones */
	size_t young_per_source;
	STAILQ_HEAD(, connection) buried; /**< closed in this round */
	int idle; /**< pipe to the supervisor */
	bool draining; /**< nothing new begins */
	bool said_idle; /**< and nothing runs any more */
	bool ending; /**< end as soon as nothing runs */
	struct loop_timer drain_timer, stats_timer;
	struct q_stats stats;
	uint64_t log_tokens, log_refill_ms; /**< lines about strangers */
	/** Random bytes for tokens and message IDs, taken from the end: a few
	 *  at a time they would cost a system call each. */
	uint8_t random[512];
	size_t random_left;
};

/* peer.c */

/** A datagram came to a plain CoAP socket. */
void peer_datagram(struct listener *l, const struct address *from,
    struct span datagram, uint64_t now_ms);
/** A TCP connection has been accepted. False: no room. */
bool peer_connected(struct connection *c, uint64_t now_ms);
/** The next bytes of its stream. */
void peer_bytes(struct peer *p, struct span bytes, uint64_t now_ms);
/** Its connection is gone. */
void peer_lost(struct peer *p, uint64_t now_ms);
/** A DTLS association was proved. NULL: no room (it is closed). */
struct peer *peer_established(
    struct listener *l, const struct dtls_event *ev, uint64_t now_ms);
/** It is somewhere else now. */
void peer_moved(
    struct listener *l, uint64_t conn, const struct address *address);
/** A record of it came. */
void peer_data(
    struct listener *l, uint64_t conn, struct span data, uint64_t now_ms);
/** It is gone. */
void peer_closed(struct listener *l, uint64_t conn, uint64_t now_ms);
/** Events, datagrams and the timer of a peer after anything happened to it.
 *  The peer may be freed by this when nothing holds it any more. */
void peer_pump(struct peer *p, uint64_t now_ms);
void peer_free(struct peer *p);

enum { PEER_RETRY_AFTER_S = 30 /**< to whom we cannot serve now */ };

/* stream.c */

/** What peer_pump does with a stream: send, and end what is over. False: the
 *  peer is gone. `at`: when it needs us next. */
bool stream_pump(struct peer *p, uint64_t now_ms, uint64_t *at);

/** The peer at that address on a plain listener, a new one if need be; NULL: no
 *  room. */
struct peer *peer_at(
    struct listener *l, const struct address *at, uint64_t now_ms);
/** Can it be sent something yet: is its connection not about to end? */
bool peer_stands(const struct peer *p);

/* pushed.c */

/** What the keeper wants of a push. */
void pushed_take(struct worker *w, const struct q_push *q, uint64_t now_ms);
/** Is that the answer to a probe? Then it is no peer's. */
bool pushed_heard(
    struct worker *w, const struct address *from, struct span datagram);
/** It was granted a bootstrap as that endpoint, after a request with that
 *  `pct`. */
void pushed_granted(
    struct peer *p, struct span endpoint, int32_t pct, uint64_t now_ms);
/** How long it is to stand, for the sake of a push; 0: nothing of that. */
uint64_t pushed_until(const struct peer *p);
void pushed_forget(struct peer *p);
void pushed_fini(struct worker *w);

/* boot.c */

/** A Bootstrap-Request from this peer. False: no room. */
bool boot_start(struct peer *p, uint32_t request_ref, const struct request *rq,
    uint64_t now_ms);
/** Begin without a request, because of a push (QUESTION_PUSH_LEN bytes). `rq`
 *  says what there is to say. False: no room, or draining. */
bool boot_push(struct peer *p, const struct request *rq, const uint8_t *push,
    uint64_t now_ms);
/** An answer, RST, silence to the open command of the peer's bootstrap. */
void boot_event(struct boot *b, const struct coap_event *ev, uint64_t now_ms);
/** Its device is somewhere else now. */
void boot_moved(struct boot *b, const struct address *address);
/** A request for one more block of the pack that the peer fetches. False: it
 *  is not that. */
bool boot_block(struct boot *b, uint32_t request_ref, const struct request *rq,
    uint64_t now_ms);
/** The transport is gone, or a newer request has come. */
void boot_detach(struct boot *b, enum reason why, uint64_t now_ms);
/** The keeper's words. */
void boot_answer(struct worker *w, struct q_begin_answer *a, uint64_t now_ms);
void boot_recorded(struct worker *w, const uint8_t *id, uint64_t now_ms);
void boot_cancel(
    struct worker *w, const uint8_t *id, enum reason why, uint64_t now_ms);
void boot_free(struct boot *b);

/* handshake.c */

/** Take what a DTLS endpoint has found out, then listener_flush. Not from
 *  within a peer: peers come and go in it. */
void listener_serve(struct listener *l, uint64_t now_ms);
/** The keeper's answer about a key. */
void handshake_key(struct worker *w, struct q_psk_answer *a, uint64_t now_ms);
/** And about a signature. */
void handshake_signature(
    struct worker *w, const struct q_sign_answer *a, uint64_t now_ms);
/** Send what a DTLS endpoint has to say, and wake for its deadline. */
void listener_flush(struct listener *l, uint64_t now_ms);

/* wait.c */

/** Ask the keeper for what the event wants. False: no memory. */
bool wait_begin(
    struct listener *l, const struct dtls_event *ev, uint64_t now_ms);
/** NULL: none. */
struct wait *wait_find(struct worker *w, uint64_t ref);
void wait_forget(struct wait *p);
/** The association is gone. */
void wait_end(struct listener *l, uint64_t conn);

/* show.c */

/** What to show and accept from now on, in the descriptor. Begins to serve
 *  DTLS when it is the first. */
void show_take(struct worker *w, const struct q_credentials *q, int fd);

/* worker.c */

/** Be told when its socket has something. Errors: those of loop_watch. */
MUST_CHECK enum rc listener_watch(struct listener *l);

/** May one more line about strangers go into the log? */
bool worker_may_log(struct worker *w, uint64_t now_ms);

#endif
