/**
 * plan_wire.h - the few constants and the value codec that the builder and the
 * decoder of plans share. The layout stands in plan.h.
 */
#ifndef BOOTSTRAP_PLAN_WIRE_H
#define BOOTSTRAP_PLAN_WIRE_H

#include "bootstrap/plan.h"

enum {
	PLAN_VERSION = 2,
	PLAN_ENTRY_SECRET = 1,
};

/** The bytes of a value: as they are for text and opaque, 8 bytes big-endian
 *  in `scalar` (borrowed) for everything else. */
struct span plan_value_bytes(
    const struct lwm2m_value *v, struct writer *scalar);

/** The other way. Errors: RC_MALFORMED. */
MUST_CHECK enum rc plan_value_parse(
    unsigned type, struct span bytes, struct lwm2m_value *out);

#endif
