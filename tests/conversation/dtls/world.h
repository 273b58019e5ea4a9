/**
 * world.h - a DTLS server and its clients in one process, a clock that only
 * moves when told, and a network that loses what it is told to lose.
 *
 * Events and datagrams are written down as text, one line each, and a test
 * reads as what it expects of both:
 *
 *     C1 hello            ClientHello without a cookie
 *     S1 verify           HelloVerifyRequest
 *     C1 hello+cookie
 *     S1 hello,done
 *     C1 key,ccs,secret   ClientKeyExchange, ChangeCipherSpec, epoch 1
 *     S1 ccs,secret
 *
 * With certificates: cert, exchange (ServerKeyExchange), request, verified.
 * DTLS 1.3: retry (HelloRetryRequest), sealed (epoch 2), data13 (epoch 3).
 * With a Connection ID: cid under DTLS 1.2, and sealed+cid, data13+cid.
 *
 * With config.stream both speak TLS: bytes go where datagrams went, cut as the
 * test says, and are not written down.
 */
#ifndef WORLD_H
#define WORLD_H

#include "base/evidence.h"
#include "dtls/client.h"
#include "dtls/dtls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum {
	WORLD_CLIENTS = 8,
	WORLD_SEEN = 256,
	WORLD_TEXT = 65536,
	WORLD_DATAGRAM = 8192,
};

struct flying {
	size_t len;
	uint8_t bytes[WORLD_DATAGRAM];
};

struct device {
	struct dtls_client *client;
	struct address address;
	size_t cid_len; /* of what it wants to get */
	struct flying *sent; /* WORLD_SEEN: all that it ever sent */
	size_t sent_count;
	struct flying *got; /* WORLD_SEEN: all that the server sent to it */
	size_t got_count;
	uint64_t conn; /* of a stream; 0: none is open */
	enum rc open_rc; /* what the server said to it */
	size_t up, down; /* bytes that have arrived on it */
	size_t last_down; /* of what the server said last */
	char heard[WORLD_TEXT]; /* text of the server's data */
	size_t heard_len;
};

struct world {
	struct dtls *server;
	uint64_t now_ms;
	struct device devices[WORLD_CLIENTS + 1]; /* from 1 */
	/* The link. */
	unsigned lose_up; /* the next ones to the server */
	unsigned lose_down;
	unsigned skip_up; /* deliver so many before losing */
	unsigned skip_down;
	bool twice; /* deliver everything twice */
	bool split; /* each record travels alone */
	/* Streams. */
	bool stream;
	size_t cut; /* bytes that arrive at a time; 0: as they are sent */
	size_t cut_at; /* and one cut behind so many of a device's bytes */
	size_t crumb; /* bytes in a record of handshake in the clear; 0: many */
	size_t delivered_up, delivered_down;
	/* What devices offer that are opened from now on. */
	bool offer_cid;
	size_t cid_len; /* of one of their own */
	/* What the owner of the server does. */
	bool silent_keeper; /* leave PSK_WANTED unanswered */
	uint64_t wanted; /* the association that asked last */
	char wanted_first; /* its identity's first byte */
	uint64_t last_conn; /* of the last event */
	bool echo; /* send each DATA back */
	bool silent_signer; /* leave SIGN_WANTED unanswered */
	unsigned signatures; /* asked for */
	uint64_t sign_conn; /* the association that asked last, */
	uint32_t sign_key; /* with what */
	uint8_t sign_digest[DTLS_DIGEST_LEN];
	struct dtls_fault fault; /* see pki_try */
	/* What the last one with a certificate has shown. */
	size_t peer_len, chain_len;
	uint8_t chain[DTLS_CHAIN_MAX];
	/* What the last association that ended has left for trying keys. */
	enum rc evidence_rc;
	size_t evidence_len;
	uint8_t evidence[EVIDENCE_BYTES_MAX];
	char events[WORLD_TEXT];
	char trace[WORLD_TEXT];
};

/** NULL config: dtls_config_default. */
void world_start(struct world *w, const struct dtls_config *config);
void world_stop(struct world *w);

/** Device `i` at an address of its own; the key is that of the identity's
 *  first byte, or wrong. A device that is there already is thrown away. */
void world_device(struct world *w, unsigned i, const char *identity,
    bool right_key, const char *suite);

/** Likewise with all that a device can hold. */
void world_open(
    struct world *w, unsigned i, const struct dtls_client_config *config);

/** Deliver until nothing flies any more. */
void world_run(struct world *w);
/** Move the clock on by `ms`, meeting each deadline on the way. */
void world_pass(struct world *w, uint64_t ms);
/** Device `i` begins, and all that follows without the clock moving. */
void world_connect(struct world *w, unsigned i);
void world_answer(struct world *w, bool known);
/** Answer the last SIGN_WANTED, as the token would or not at all. */
void world_sign(struct world *w, bool available);

/** Put a datagram of device `i` before the server, and run. */
void world_inject(struct world *w, unsigned i, struct span datagram);
/** The n-th datagram that device `i` ever sent, from 0. */
struct span world_sent(const struct world *w, unsigned i, size_t n);
struct span world_got(const struct world *w, unsigned i, size_t n);
/** Device `i` sends text and the world runs. */
void world_say(struct world *w, unsigned i, const char *text);
/** The server sends text to an association and the world runs. */
void world_tell(struct world *w, uint64_t conn, const char *text);

/** Compare with all events (datagrams) since the last comparison. */
#define expect_events(w, text) \
	expect_text((w)->events, text, "events", __FILE__, __LINE__)
#define expect_trace(w, text) \
	expect_text((w)->trace, text, "datagrams", __FILE__, __LINE__)
void expect_text(
    char *seen, const char *text, const char *what, const char *file, int line);

/** Device `i` goes on with another port, the n-th. */
void world_rebind(struct world *w, unsigned i, unsigned n);
/** Put a datagram before the server as coming from nobody that is known. */
void world_stray(struct world *w, unsigned n, struct span datagram);

/** The datagram in the words of the opening comment; whoever gets it has given
 *  out Connection IDs of `cid_len` bytes. */
void describe(struct span datagram, size_t cid_len, char *text, size_t cap);

/** Key of an identity: 16 bytes of its first byte. Owned. */
struct secret world_key(struct span identity, bool right);

#endif
