/**
 * timestamp.h - a moment as text (RFC 3339), which CBOR may hold for a Time
 * (tag 0). For the formats of this module.
 */
#ifndef LWM2M_TIMESTAMP_H
#define LWM2M_TIMESTAMP_H

#include "base/rc.h"
#include "base/span.h"

/**
 * Read the whole of `text`, "2023-11-14T22:13:20Z" or "...20.000+01:00", as
 * seconds since 1970. A Time has whole seconds: a fraction must be zero.
 * Errors: RC_MALFORMED.
 */
MUST_CHECK enum rc timestamp_parse(struct span text, int64_t *time_s);

#endif
