/**
 * dialogue.h - both ends of one bootstrap: server and device, the
 * link between them, and the clock. Internal to lib/cost.
 */
#ifndef COST_DIALOGUE_H
#define COST_DIALOGUE_H

#include "bootstrap/bridge.h"
#include "cost/air.h"
#include "cost/model.h"
#include "cost/secure.h"

/** A CoAP message goes out, before it is protected; borrowed. */
typedef enum rc (*dialogue_said_fn)(
    void *ctx, enum air_way way, struct span message);

struct dialogue {
	const struct cost_case *c;
	dialogue_said_fn said; /**< NULL: nobody listens */
	void *said_ctx;
	uint64_t now_ms, started_ms;
	struct air air;
	struct secure secure; /**< not with COST_UDP */
	/* the device */
	struct model model;
	bool asked;
	/* the server */
	struct coap_peer *coap;
	struct session *session; /**< NULL: nobody has asked yet */
	uint32_t request_ref, command_ref;
	bool decided; /**< `verdict` stands */
	uint64_t decided_ms;
	size_t decided_sent; /**< datagrams by then */
	struct session_verdict verdict;
	uint32_t blocks;
	enum rc rc;
};

/**
 * Hold one bootstrap from `now_ms` on, over `link`; the datagram `lose` (from
 * 1; 0: none) is lost. What happened stands in `t`, which is to be given to
 * dialogue_fini whatever comes out.
 * Errors: as cost_measure. A bootstrap that does not come to its end is none.
 */
MUST_CHECK enum rc dialogue_hold(struct dialogue *t, const struct cost_case *c,
    const struct secure_papers *papers, const struct air_link *link,
    size_t lose, uint64_t now_ms);
/** The same over a link that takes no time, with somebody who hears each
 *  message. What `said` returns ends it. */
MUST_CHECK enum rc dialogue_hear(struct dialogue *t, const struct cost_case *c,
    dialogue_said_fn said, void *ctx);
void dialogue_fini(struct dialogue *t);

#endif
