/**
 * connection.h - the TCP connections of a worker: accepted, counted, read,
 * written and ended. What their bytes mean is for others: peer.c reads plain
 * CoAP (RFC 8323), handshake.c what TLS makes of them.
 *
 * - One that has not shown a credential, or been granted a plan, is young. No
 *   source has more young ones than its share, and when there is no room for a
 *   newcomer the oldest young one gives way; before it one that was told to go,
 *   and where there is none the one whose bootstrap has been over the longest.
 * - What a socket does not take is kept (base/fifo.h), and nothing more is made
 *   for it meanwhile. A peer that reads nothing for STALL_MS is given up.
 * - The end: what waits is sent, then FIN, and what still comes is thrown away
 *   for a while, so that our last words are not lost to a reset.
 * - Descriptors are used up: the listener rests for a while instead of
 *   spinning.
 */
#ifndef BOOTSTRAPD_CONNECTION_H
#define BOOTSTRAPD_CONNECTION_H

#include "base/fifo.h"
#include "sources.h"
#include "worker_state.h"

#include <sys/queue.h>

struct connection {
	struct table_item item;
	struct peer_key key; /**< also of its peer */
	struct listener *listener;
	struct peer *peer; /**< NULL: not yet, or not any more */
	int fd; /**< -1: closed, and freed at the end of the round */
	struct address address;
	struct fifo out;
	bool waits_to_write; /**< told by the loop when it can */
	bool broken; /**< writing has failed */
	bool finished; /**< nobody reads or writes it any more */
	bool said_fin;
	struct loop_timer timer;
	struct source *source; /**< NULL: not young */
	TAILQ_ENTRY(connection) young;
	STAILQ_ENTRY(connection) dead;
};

/** Errors: RC_MEMORY. */
MUST_CHECK enum rc connections_init(struct worker *w);
void connections_fini(struct worker *w);
/** Free what was closed. At the end of a round. */
void connections_bury(struct worker *w);

/** A listening socket has something (accept.c). */
void connections_ready(void *ctx, uint32_t events);
/** A descriptor is free again: listeners that rest accept again. */
void connections_wake(struct worker *w);

/** NULL: none. */
struct connection *connection_find(struct listener *l, uint64_t number);

/** Does something wait to be sent, or can nothing be sent any more? */
bool connection_blocked(const struct connection *c);

/** Send now, or as soon as it can be. Copied. */
void connection_send(struct connection *c, struct span bytes, uint64_t now_ms);

/** It is young no more. */
void connection_settle(struct connection *c);

/** Be told of what comes. Errors: those of loop_watch. */
MUST_CHECK enum rc connection_watch(struct connection *c);

/** The transport is gone, by the peer or by us: so is its peer. */
void connection_lose(struct connection *c, uint64_t now_ms);
/** Without asking its peer. Its descriptor goes at once, its memory when
 *  nobody can hold it any more. */
void connection_drop(struct connection *c);

/** It has no peer any more: send what waits, and end in order. */
void connection_finish(struct connection *c, uint64_t now_ms);

#endif
