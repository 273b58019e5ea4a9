/**
 * wire.h - the messages of one bootstrap as they go out: what the server's own
 * session and exchange layer send (lib/bootstrap, lib/coap), and what a device
 * of that profile answers (cost/model.h).
 *
 * Keys are not known here, and not wanted: the bootstrap is held twice, with
 * zeros and with ones in the place of each secret. Where the two differ stands
 * what is secret, in whichever format.
 */
#ifndef COST_WIRE_H
#define COST_WIRE_H

#include "cost/cost.h"

/** One CoAP message (RFC 7252 section 3), as it stands within DTLS too. Message
 *  IDs and tokens are such as there may be. */
struct cost_message {
	bool down; /**< to the device */
	struct span bytes; /**< secrets are zeros */
	/** As long; a byte that is another one there is of a secret. */
	struct span other;
};

/** Borrowed until it returns. What it returns ends cost_wire. */
typedef enum rc (*cost_message_fn)(void *ctx, const struct cost_message *m);

/**
 * Hold the bootstrap of `c`, whose secrets have their lengths (issue/sample.h),
 * and show each message. Of `c` the transport and what goes with it are not
 * looked at, but for `echo`. `end` tells outcome, reason, step and steps.
 * Errors: RC_MEMORY; RC_MALFORMED (no plan); RC_BUG (the two differ in more
 * than secrets); what `each` returns.
 */
MUST_CHECK enum rc cost_wire(const struct cost_case *c, cost_message_fn each,
    void *ctx, struct cost *end);

#endif
