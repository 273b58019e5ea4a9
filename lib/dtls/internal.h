/**
 * internal.h - what the files of lib/dtls share: the server (struct dtls) and
 * one association (struct conn). For this directory only.
 *
 *   dtls.c      the calls of dtls.h, timers
 *   route.c     which association each record of a datagram is for
 *   listener.c  hellos: cookies without state, their secrets' rotation
 *   limit.c     how many of all, of a source, of an identity
 *   psk.c       identity seen, key asked for
 *   sign.c      signature asked for
 *   queue.c     datagrams kept meanwhile
 *   peer.c      whose certificate or raw key is let in
 *   proof.c     the signature by which a peer shows that it has the key
 *   alert.c     what a peer is told whose certificate or signature is not good
 *   evidence.c  notes for whoever looks for the key that a peer has used
 *   move.c      Connection IDs: a peer that has changed its address
 *   conn_new.c  an association's wolfSSL
 *   conn.c      its life around that
 *   event.c     what the owner is told
 *   tls.c       in place of route.c, listener.c and queue.c: TLS on a stream
 *   tls_output.c  what goes out on streams
 *
 * An association is in handshake, live, or dead. There is at most one of each
 * of the first two for an address; a live one that has moved to where another
 * one is stands in no table of addresses, and is found by its Connection ID
 * alone. A dead one waits until its owner has taken
 * DTLS_EVENT_CLOSED; wolfSSL's part and all keys are gone by then.
 */
#ifndef DTLS_INTERNAL_H
#define DTLS_INTERNAL_H

#include "base/fifo.h"
#include "base/table.h"
#include "dtls/context.h"
#include "dtls/credentials.h"
#include "dtls/dtls.h"
#include "dtls/evidence.h"
#include "dtls/output.h"
#include "dtls/peek.h"
#include "dtls/peek_tls.h"

#include <sys/queue.h>

enum {
	QUEUE_MAX = 8, /* datagrams kept while something is asked for */
	QUEUED_LEN_MAX = 2048, /* bytes of one of them */
	/* Bytes a record is longer than its content: header, explicit IV, MAC
	 * and padding of CBC-SHA256 with encrypt-then-MAC. */
	RECORD_EXPANSION = 96,
	RECORD_LEN_MAX = DTLS_PLAINTEXT_MAX + RECORD_EXPANSION,
	PLAIN_ALERT_LEN = 15, /* bytes of a record with an alert in the clear */
	TLS_ALERT_LEN = 7, /* likewise of TLS */
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

enum sign_state {
	SIGN_ASKED, /* wolfSSL is not called until the answer */
	SIGN_PUT_OFF, /* could not be had: asked again a little later */
	SIGN_KNOWN,
};

struct signing {
	enum sign_state state;
	uint8_t digest[DTLS_DIGEST_LEN];
	uint8_t signature[DTLS_SIGNATURE_LEN]; /* r, s */
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

/* What an association has on a stream. */
struct tls {
	struct fifo
	    in; /* what wolfSSL has not read, from a record's start on */
	struct fifo hello; /* whole, as one record, until wolfSSL has it */
	struct fifo exchange; /* handshake behind it, up to ClientKeyExchange */
};

/* Bytes on their way out. */
struct chunk {
	TAILQ_ENTRY(chunk) link;
	uint64_t conn;
	size_t cap, len, taken;
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

	/* move.c */
	bool takes_cid; /* its hello says so */
	bool has_cid; /* it was given `cid`, and sends nothing without it */
	struct table_item by_cid;
	uint8_t cid[DTLS_CID_LEN];
	uint64_t next_seq; /* above those of all records that have opened */
	const struct address *from; /* of the record that wolfSSL reads, if the
	                               peer follows it there; else NULL */

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
	struct credentials *credentials; /* NULL once the handshake is over */
	const struct site *site; /* of them */

	uint8_t random[PEEK_RANDOM_LEN]; /* of the hello that began it */
	uint16_t hello_seq; /* its message_seq */
	bool is_13;
	bool only_cookie; /* look at the cookie, and then stop */
	bool cookie_good;
	bool hello_taken; /* wolfSSL has had the hello that it was good of */
	bool certificates; /* DTLS 1.2: by a suite with certificates */
	bool flight_cut; /* ours is in pieces: wolfSSL's limit may rise */
	bool key_exchanged; /* wolfSSL has had the ClientKeyExchange */
	bool cipher_changed; /* and a ChangeCipherSpec behind it */
	bool heard; /* application data: the peer has our Finished */
	struct span in; /* the record that wolfSSL reads next */
	struct tls *tls; /* NULL: dead, or datagrams */

	enum conn_key key_state;
	struct secret key; /* empty once the handshake is over */
	bool key_used; /* the last one given to wolfSSL was the known one */
	uint32_t tag;
	const char *suite_13; /* for a key under DTLS 1.3, NULL: none */
	size_t identity_len;
	uint8_t identity[DTLS_IDENTITY_MAX];
	struct peek_assembly *assembly; /* of a fragmented ClientKeyExchange */
	STAILQ_HEAD(, packet) queue;
	size_t queue_count;

	struct evidence *evidence; /* NULL: none; of the handshake */

	struct signing *signing; /* NULL: none is waited for */
	struct datum *peer; /* certificate or raw key, until the owner knows */
	struct datum *chain; /* likewise; NULL: nothing came behind it */
	bool peer_good; /* let in by peer_callback() */
	bool peer_refused; /* for `fault`; wolfSSL goes on up to the proof */
	bool proved; /* we have signed: now the peer is to prove itself */
	bool alert_held; /* wolfSSL's; in 1.2: in `alert` */
	size_t alert_len;
	bool verdict; /* the one alert in its place is being said */
	uint8_t alert[PLAIN_ALERT_LEN];
	enum dtls_close_reason fault; /* what it ends with if wolfSSL fails */

	/* What the owner is still to be told, in this order. */
	TAILQ_ENTRY(conn) ready;
	bool in_ready;
	bool tell_wanted;
	bool tell_sign;
	bool tell_established;
	bool tell_moved;
	STAILQ_HEAD(, datum) data;
	bool was_established;
	enum dtls_credential credential;
	const char *suite; /* static */
	const char *version; /* static */
	enum dtls_close_reason reason;
};

/* Two listeners: the secret of now and the one before. */
struct listener {
	/* One a site, NULL: made when needed. */
	struct conn *candidates[CREDENTIALS_SITES];
	struct secret secret; /* empty: this listener does not exist */
};

struct dtls {
	struct dtls_config config;
	struct credentials *credentials; /* of handshakes to come */
	uint64_t now_ms;
	uint64_t last_id;
	struct table by_id;
	struct table pending; /* by address: in handshake */
	struct table established; /* by address: live */
	struct table by_cid; /* in handshake and live */
	size_t live;
	struct table sources; /* limit.c's groups */
	struct table identities;
	TAILQ_HEAD(, conn) silent; /* only a hello so far, the oldest first */
	bool greeted; /* a hello of this datagram has been looked at */
	struct timer_heap timers;
	struct output out;
	TAILQ_HEAD(chunks, chunk) chunks; /* of streams */
	struct listener current, previous;
	uint64_t rotate_ms;
	TAILQ_HEAD(, conn) ready;
	struct conn *told; /* a dead one, freed at the next dtls_event() */
	struct datum *lent, *lent_chain; /* likewise */
	struct dtls_counters counters;
	uint8_t plain[RECORD_LEN_MAX];
};

/* conn_new.c */

/* A candidate with a WOLFSSL of its own, for a site of d->credentials.
 * Errors: RC_MEMORY. */
MUST_CHECK enum rc conn_new(struct dtls *d, const struct site *site,
    const struct secret *cookie_secret, struct conn **out);
/* Whose hello it looks at: binds the cookie to the address. Errors:
 * RC_MEMORY. */
MUST_CHECK enum rc conn_set_peer(struct conn *c, const struct address *from);

/* conn.c */

/* At once and without an event; also from all tables and lists. */
void conn_free(struct conn *c);

/* NULL: none. */
struct conn *conn_find(const struct table *t, const struct address *a);
struct conn *conn_by_id(const struct dtls *d, uint64_t id);
/** The association whose `by_id` this is. */
struct conn *conn_of_id(struct table_item *i);

/* Does the peer have to show a certificate? */
void conn_want_certificate(struct conn *c, bool wanted);

/* The cookie was good: a handshake from now on, with its number and deadline.
 * Errors: RC_MEMORY (`c` is as it was). */
MUST_CHECK enum rc conn_begin(struct conn *c, const struct peek_hello *hello);

/* One call of wolfSSL_accept() and what follows from its result. `raw` is one
 * record, or empty. `c` may be dead afterwards. */
void conn_accept(struct conn *c, struct span raw);
/* What follows from wolfSSL_accept() having returned `ret`. */
void conn_accepted(struct conn *c, int ret);

/* One record for a live one, and where it came from. */
void conn_read(
    struct conn *c, const struct peek_record *r, const struct address *from);

/* Say a fatal alert in the clear, and end. */
void conn_refuse(struct conn *c, int alert, enum dtls_close_reason reason);
/* Finished did not decrypt: say so to the peer, and end. */
void conn_wrong_key(struct conn *c);

/* End it: wipe, forget, tell the owner. */
void conn_kill(struct conn *c, enum dtls_close_reason reason);
/* One close_notify, and nothing of wolfSSL afterwards. */
void conn_say_close(struct conn *c);

/* Arm the timer for whatever comes first. */
void conn_schedule(struct conn *c);
void conn_timer(struct conn *c);

/* It has to be read on, and cannot be: wolfSSL_read() has returned `ret`. */
void conn_read_failed(struct conn *c, int ret);

/* tls.c */

/* What of its stream can be read now. */
void tls_advance(struct conn *c);
void tls_forget(struct conn *c);

/* tls_output.c */

/* One record, on its way to the peer: in a datagram, or on its stream. False:
 * it cannot be. */
bool conn_output(struct conn *c, struct span record);
void tls_output_fini(struct dtls *d);

/* route.c */

/* `counted`: the datagram has been counted on its handshake already. */
void route_datagram(struct dtls *d, const struct address *from,
    struct span datagram, bool counted);

/* listener.c */

void listener_hello(struct dtls *d, const struct address *from,
    const struct peek_record *r, const struct peek_hello *hello);
/* A new secret when its time has come. */
void listener_rotate(struct dtls *d);
/* No candidate of the credentials that there were. */
void listener_drop(struct listener *l);
void listener_fini(struct listener *l);

/* move.c */

/* May it be given a Connection ID? */
bool move_offered(const struct peek_hello *hello, bool is_13);
/* It is given one, if it takes any: at the latest when its handshake begins. */
void move_name(struct conn *c);
/* The hello is about to be read: wolfSSL is told of it. False: it cannot. */
bool move_negotiate(struct conn *c);
/* NULL: none. */
struct conn *conn_by_cid(const struct dtls *d, struct span cid);
/* wolfSSL is about to read a record; false: it must not. */
bool move_begin(
    struct conn *c, const struct peek_record *r, const struct address *from);
/* Has the record that it reads opened? Then what is sent goes there. */
void move_follow(struct conn *c);
/* It has read it. `opened`: it is known to have. */
void move_end(struct conn *c, const struct peek_record *r, bool opened);

/* limit.c */

/* Is there room for a handshake, if the cookie is good? Limits are for
 * newcomers: who has an association at that address only renews it. */
bool limit_room(const struct dtls *d, const struct address *from);
/* It is good: the oldest silent handshake ends where there is none else. */
void limit_make_room(struct dtls *d, const struct address *from);
/* `c` is in handshake. Errors: RC_MEMORY. */
MUST_CHECK enum rc limit_begin(struct conn *c);
/* It has said more than a hello: a ClientKeyExchange, a certificate that is let
 * in, or a binder that is good. */
void limit_heard(struct conn *c);
/* It is live: older ones of its identity end. Errors: RC_MEMORY. */
MUST_CHECK enum rc limit_established(struct conn *c);
/* Harmless when it counts nowhere. */
void limit_leave(struct conn *c);

/* psk.c */

/* Look for the identity in a plaintext handshake record; true when `c` now
 * waits for the key, and the record has to wait with it. */
bool psk_peek(struct conn *c, struct span body);
/* Likewise in the body of a whole ClientKeyExchange. */
bool psk_exchange(struct conn *c, struct span body);
/* It could not be had, and its peer cannot be made to repeat itself: ask again.
 * False: it is not that which is waited for. */
bool psk_timer(struct conn *c);
/* Likewise the identity of a hello of DTLS 1.3. */
bool psk_hello(struct conn *c, struct span identity);
unsigned int psk_callback(WOLFSSL *ssl, const char *identity,
    unsigned char *key, unsigned int key_max);
#if DTLS_HAVE_13
unsigned int psk_callback_13(WOLFSSL *ssl, const char *identity,
    unsigned char *key, unsigned int key_max, const char **suite);
#endif

/* sign.c */

/* The time for sending again has come: true when there is a signature to be
 * waited for instead. */
bool sign_timer(struct conn *c);
int sign_callback(WOLFSSL *ssl, const unsigned char *in, unsigned int in_len,
    unsigned char *out, unsigned int *out_len, const unsigned char *key,
    unsigned int key_len, void *ctx);

/* queue.c */

/* Keep a datagram, or what is left of it, until the answer is there. */
void queue_put(struct conn *c, struct span datagram);
void queue_forget(struct conn *c);
/* What had to wait goes the way it would have gone. */
void queue_replay(struct conn *c);

/* peer.c */

int peer_callback(int good, WOLFSSL_X509_STORE_CTX *store);
void peer_forget(struct conn *c);

/* proof.c */

int proof_callback(WOLFSSL *ssl, const unsigned char *sig, unsigned int sig_len,
    const unsigned char *digest, unsigned int digest_len,
    const unsigned char *key, unsigned int key_len, int *good, void *ctx);

/* alert.c */

/* wolfSSL sends that record: true when it is not to go out. */
bool alert_hold(struct conn *c, struct span record);
/* It has failed with `error`: the alert that is the same for all. False: here
 * is none to be said. */
bool alert_verdict(struct conn *c, int error);

/* event.c */

/* There is something to tell of `c`. */
void event_ready(struct conn *c);
/* It is dead: told before others, so that who is replaced ends before its
 * successor begins. */
void event_ended(struct conn *c);
/* There is not any more, and its data is dropped. */
void event_unready(struct conn *c);
/* False: out of memory. */
bool event_data(struct conn *c, struct span data);
/* Release what dtls_event() had lent out. */
void event_release(struct dtls *d);

#endif
