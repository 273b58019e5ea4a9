/**
 * internal.h - what the files of lib/dtls share: the server (struct dtls) and
 * one association (struct conn). For this directory only.
 *
 *   dtls.c      the calls of dtls.h, timers
 *   route.c     which association each record of a datagram is for
 *   listener.c  hellos: cookies without state, their secrets' rotation
 *   limit.c     how many of all, of a source, of an identity
 *   psk.c       identity seen, key asked for, datagrams kept meanwhile
 *   conn.c      an association's life around wolfSSL
 *   event.c     what the owner is told
 *
 * An association is in handshake, live, or dead. There is at most one of each
 * of the first two for an address. A dead one waits until its owner has taken
 * DTLS_EVENT_CLOSED; wolfSSL's part and all keys are gone by then.
 */
#ifndef DTLS_INTERNAL_H
#define DTLS_INTERNAL_H

#include "base/table.h"
#include "dtls/context.h"
#include "dtls/dtls.h"
#include "dtls/output.h"
#include "dtls/peek.h"

#include <sys/queue.h>

enum {
	QUEUE_MAX = 8, /* datagrams kept while a key is asked for */
	QUEUED_LEN_MAX = 2048, /* bytes of one of them */
	/* Bytes a record is longer than its content: header, explicit IV, MAC
	 * and padding of CBC-SHA256 with encrypt-then-MAC. */
	RECORD_EXPANSION = 96,
	RECORD_LEN_MAX = DTLS_PLAINTEXT_MAX + RECORD_EXPANSION,
	OUTPUT_SLOTS = 64,
	/* Room for the datagrams of one flight; dtls_tick() stops below. */
	OUTPUT_ROOM_MIN = 8,
};

enum conn_state {
	CONN_CANDIDATE, /* a listener: no cookie of it was good yet */
	CONN_HANDSHAKE,
	CONN_LIVE,
	CONN_DEAD,
};

enum conn_key {
	KEY_NONE,
	KEY_ASKED, /* wolfSSL is not called until the answer */
	KEY_KNOWN,
	KEY_UNKNOWN, /* the owner knows no such identity */
	KEY_REFUSED, /* an identity that we do not accept: never asked */
};

/* A datagram, or what of it is left, that waits for a key. */
struct packet {
	STAILQ_ENTRY(packet) link;
	size_t len;
	uint8_t bytes[];
};

/* The content of a record on its way to the owner. */
struct datum {
	STAILQ_ENTRY(datum) link;
	size_t len;
	uint8_t bytes[];
};

struct group;

struct conn {
	struct dtls *d;
	WOLFSSL *ssl; /* NULL when dead */
	uint64_t id;
	struct address address;
	enum conn_state state;
	struct table_item by_id;
	struct table_item by_address; /* in d->pending or d->established */
	uint8_t address_key[ADDRESS_KEY_LEN];

	/* limit.c */
	struct group *group; /* NULL: none */
	TAILQ_ENTRY(conn) in_group;
	TAILQ_ENTRY(conn) silent;
	bool in_silent;

	struct timer timer;
	uint64_t deadline_ms; /* of the handshake */
	uint64_t resend_ms; /* wolfSSL's retransmission */
	uint64_t active_ms; /* last traffic */
	uint32_t datagrams; /* received in the handshake */

	uint8_t random[PEEK_RANDOM_LEN]; /* of the hello that began it */
	uint16_t hello_seq; /* its message_seq */
	bool cookie_good;
	bool key_exchanged; /* wolfSSL has had the ClientKeyExchange */
	bool cipher_changed; /* and a ChangeCipherSpec behind it */
	bool heard; /* application data: the peer has our Finished */
	struct span in; /* the record that wolfSSL reads next */

	enum conn_key key_state;
	struct secret key; /* empty once the handshake is over */
	uint32_t tag;
	size_t identity_len;
	uint8_t identity[DTLS_IDENTITY_MAX];
	struct peek_assembly *assembly; /* of a fragmented ClientKeyExchange */
	STAILQ_HEAD(, packet) queue;
	size_t queue_count;

	/* What the owner is still to be told, in this order. */
	TAILQ_ENTRY(conn) ready;
	bool in_ready;
	bool tell_wanted;
	bool tell_established;
	STAILQ_HEAD(, datum) data;
	bool was_established;
	const char *suite; /* static */
	enum dtls_close_reason reason;
};

/* Two listeners: the secret of now and the one before. */
struct listener {
	struct conn *candidate; /* NULL: made when needed */
	struct secret secret; /* empty: this listener does not exist */
};

struct dtls {
	struct dtls_config config;
	WOLFSSL_CTX *ctx;
	uint64_t now_ms;
	uint64_t last_id;
	struct table by_id;
	struct table pending; /* by address: in handshake */
	struct table established; /* by address: live */
	struct table sources; /* limit.c's groups */
	struct table identities;
	TAILQ_HEAD(, conn) silent; /* only a hello so far, the oldest first */
	bool greeted; /* a hello of this datagram has been looked at */
	struct timer_heap timers;
	struct output out;
	struct listener current, previous;
	uint64_t rotate_ms;
	TAILQ_HEAD(, conn) ready;
	struct conn *told; /* a dead one, freed at the next dtls_event() */
	struct datum *lent; /* likewise */
	struct dtls_counters counters;
	uint8_t plain[RECORD_LEN_MAX];
};

/* conn.c */

/* A candidate with a WOLFSSL of its own. Errors: RC_MEMORY. */
MUST_CHECK enum rc conn_new(
    struct dtls *d, const struct secret *cookie_secret, struct conn **out);
/* At once and without an event; also from all tables and lists. */
void conn_free(struct conn *c);

/* NULL: none. */
struct conn *conn_find(const struct table *t, const struct address *a);
struct conn *conn_by_id(const struct dtls *d, uint64_t id);
/** The association whose `by_id` this is. */
struct conn *conn_of_id(struct table_item *i);

/* The cookie was good: a handshake from now on, with its number and deadline.
 * Errors: RC_MEMORY (`c` is as it was). */
MUST_CHECK enum rc conn_begin(struct conn *c, const struct peek_hello *hello);

/* One call of wolfSSL_accept() and what follows from its result. `raw` is one
 * record, or empty. `c` may be dead afterwards. */
void conn_accept(struct conn *c, struct span raw);
/* What follows from wolfSSL_accept() having returned `ret`. */
void conn_accepted(struct conn *c, int ret);

/* One record for a live one. */
void conn_read(struct conn *c, struct span raw);

/* Finished did not decrypt: say so to the peer, and end. */
void conn_wrong_key(struct conn *c);

/* End it: wipe, forget, tell the owner. */
void conn_kill(struct conn *c, enum dtls_close_reason reason);
/* One close_notify, and nothing of wolfSSL afterwards. */
void conn_say_close(struct conn *c);

/* Arm the timer for whatever comes first. */
void conn_schedule(struct conn *c);
void conn_timer(struct conn *c);

/* route.c */

/* `counted`: the datagram has been counted on its handshake already. */
void route_datagram(struct dtls *d, const struct address *from,
    struct span datagram, bool counted);

/* listener.c */

void listener_hello(struct dtls *d, const struct address *from,
    const struct peek_record *r, const struct peek_hello *hello);
/* A new secret when its time has come. */
void listener_rotate(struct dtls *d);
void listener_fini(struct listener *l);

/* limit.c */

/* Is there room for a handshake, if the cookie is good? Limits are for
 * newcomers: who has an association at that address only renews it. */
bool limit_room(const struct dtls *d, const struct address *from);
/* It is good: the oldest silent handshake ends where there is none else. */
void limit_make_room(struct dtls *d, const struct address *from);
/* `c` is in handshake. Errors: RC_MEMORY. */
MUST_CHECK enum rc limit_begin(struct conn *c);
/* It has sent its ClientKeyExchange. */
void limit_heard(struct conn *c);
/* It is live: older ones of its identity end. Errors: RC_MEMORY. */
MUST_CHECK enum rc limit_established(struct conn *c);
/* Harmless when it counts nowhere. */
void limit_leave(struct conn *c);

/* psk.c */

/* Look for the identity in a plaintext handshake record; true when `c` now
 * waits for the key, and the record has to wait with it. */
bool psk_peek(struct conn *c, struct span body);
/* Keep a datagram until the key is there. */
void psk_queue(struct conn *c, struct span datagram);
void psk_forget_queue(struct conn *c);
unsigned int psk_callback(WOLFSSL *ssl, const char *identity,
    unsigned char *key, unsigned int key_max);

/* event.c */

/* There is something to tell of `c`. */
void event_ready(struct conn *c);
/* It is dead: told before others, so that who is replaced ends before its
 * successor begins. */
void event_ended(struct conn *c);
/* There is not any more, and its data is dropped. */
void event_unready(struct conn *c);
void event_data(struct conn *c, struct span data);
/* Release what dtls_event() had lent out. */
void event_release(struct dtls *d);

#endif
