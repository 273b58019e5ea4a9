/**
 * packing.h - a Bootstrap-Pack on its way to a device: kept as long as its
 * session runs, and handed out block by block as the device asks (RFC 7959
 * section 2.4): in whatever order and as often as it likes, under one ETag.
 */
#ifndef BOOTSTRAPD_PACKING_H
#define BOOTSTRAPD_PACKING_H

#include "bootstrap/pack.h"
#include "coap/peer.h"
#include "request.h"

struct packing;

/** For the request that asks for the first block; there is no pack yet. Owned.
 *  NULL: out of memory. */
struct packing *packing_new(const struct request *rq);
/** Wipes the pack. NULL is harmless. */
void packing_free(struct packing *p);

/**
 * The plan is there: make the pack. `id`: of the session. What is not said by
 * the device itself about its own account, the plan's head says.
 * Errors: as pack_make; RC_UNSUPPORTED also: the device takes no blocks, and
 * one message does not hold it.
 */
MUST_CHECK enum rc packing_make(
    struct packing *p, const struct plan *plan, const uint8_t id[static 16]);

/** Does this request ask for a block of this pack? */
bool packing_is_of(const struct packing *p, const struct request *rq);

/** Answer the request `ref` with the block that `rq` asks for, or 4.00 where
 *  there is none. NULL: the first request. */
void packing_answer(struct packing *p, struct coap_peer *peer, uint32_t ref,
    const struct request *rq, uint64_t now_ms);

bool packing_is_fetched(const struct packing *p);
/** Its Content-Format. */
int packing_format(const struct packing *p);

#endif
