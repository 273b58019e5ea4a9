/**
 * air.h - the link between the two ends while a bootstrap is measured: it holds
 * datagrams for as long as their bytes and the way take, in order, and loses
 * the one that it is told to. Internal to lib/cost.
 */
#ifndef COST_AIR_H
#define COST_AIR_H

#include "base/heap.h"
#include "base/rc.h"
#include "base/span.h"

enum {
	AIR_DATAGRAM_MAX = 2048, /**< bytes */
	AIR_FLYING_MAX = 64, /**< datagrams at the same time */
	AIR_LOG_MAX = 1024, /**< datagrams of one bootstrap */
};

enum air_way { AIR_UP /**< from the device */, AIR_DOWN };

/** What a kind of link does to a datagram. 0 of a rate: no time at all. */
struct air_link {
	uint32_t bps[2]; /**< by enum air_way */
	uint32_t latency_ms; /**< one way, beside the bytes' time */
	uint32_t setup_ms; /**< before the first datagram */
	uint32_t header_len; /**< bytes beside each datagram */
	bool half_duplex; /**< one way at a time */
};

struct air_flying {
	enum air_way way;
	uint64_t at_ms;
	size_t len;
	uint8_t bytes[AIR_DATAGRAM_MAX];
};

/** One that was sent, lost ones too. */
struct air_sent {
	enum air_way way;
	uint16_t len;
	bool within; /**< behind the handshake */
};

struct air {
	const struct air_link *link;
	uint64_t free_ms[2]; /**< when the carrier is free again */
	struct air_flying *flying; /**< owned, AIR_FLYING_MAX */
	size_t count;
	size_t lose; /**< the n-th that is sent, from 1; 0: none */
	struct air_sent *log; /**< owned, AIR_LOG_MAX */
	size_t sent;
	bool within; /**< the handshake is over */
	bool full; /**< more than there is room for */
};

/** Errors: RC_MEMORY. */
MUST_CHECK enum rc air_init(struct air *a);
void air_fini(struct air *a);
/** Everything afresh, over that link. */
void air_start(struct air *a, const struct air_link *link, uint64_t now_ms);

/** Send one. Copies. */
void air_send(
    struct air *a, enum air_way way, struct span datagram, uint64_t now_ms);
/** Take the next one that is there, into `room`. False: none by now. */
bool air_take(struct air *a, enum air_way way, uint64_t now_ms,
    uint8_t room[static AIR_DATAGRAM_MAX], struct span *out);
uint64_t air_deadline(const struct air *a);

#endif
