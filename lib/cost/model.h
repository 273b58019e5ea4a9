/**
 * model.h - the device at the other end while a bootstrap is measured: it keeps
 * to the standard, answers at once, and has what its profile says.
 *
 * It asks with `ep`, and from LwM2M 1.1 on with SenML CBOR as `pct`, as all
 * clients do that were seen, or with what its profile has in its place. It takes
 * and keeps what is written, in blocks too, and answers Read and Discover from that; before
 * anything is written it has what its profile's `discover_reply` tells; without
 * one its Bootstrap-Server Account and `/3/0`, and it knows the objects 1 and 2.
 * Sans-IO, over lib/coap.
 */
#ifndef COST_MODEL_H
#define COST_MODEL_H

#include "coap/peer.h"
#include "cost/shelf.h"
#include "policy/set.h"

enum {
	MODEL_BODY_MAX = SECRET_MAX, /**< bytes of one Write */
	MODEL_ECHO_MAX = 40, /**< bytes (RFC 9175 section 2.2.1) */
};

struct model {
	const struct policy_profile *device;
	struct span endpoint;
	struct coap_peer *coap;
	struct shelf shelf;
	uint16_t account; /**< its own instance of /0 */
	/** What it was given to show its address with; empty: nothing. */
	uint8_t echo[MODEL_ECHO_MAX];
	size_t echo_len;
	uint8_t *up; /**< owned: a Write in blocks, gathered */
	size_t up_len;
	uint8_t *work; /**< owned: decoded texts, an answer's body */
	enum rc rc; /**< the first fault that is ours */
};

/** `coap` is taken, the rest borrowed. Errors: RC_MEMORY. */
MUST_CHECK enum rc model_init(struct model *m,
    const struct policy_profile *device, struct span endpoint,
    struct coap_peer *coap);
void model_fini(struct model *m);

/** The format that such a device names in its request; -1: none. */
int model_prefers(const struct policy_profile *device);

/** Send the Bootstrap-Request. Where it is answered 4.01 with Echo, it goes
 *  out once more with that. */
void model_start(struct model *m, uint64_t now_ms);
/** Take one CoAP message. */
void model_receive(struct model *m, struct span message, uint64_t now_ms);

#endif
