/**
 * plain_text.h - text/plain, Content-Format 0 (LwM2M Core 7.4.1 and Appendix
 * C): one value as text, numbers in decimal without an exponent, a Boolean as 0
 * or 1, opaque bytes as base64 with padding (since 1.1).
 */
#ifndef LWM2M_PLAIN_TEXT_H
#define LWM2M_PLAIN_TEXT_H

#include "lwm2m/object.h"

/** See lwm2m_encode. RC_MALFORMED also for a Float that is no number. */
MUST_CHECK enum rc plain_text_encode(struct lwm2m_path base,
    const struct lwm2m_entry *entries, size_t count, struct writer *w);

/** See lwm2m_decode. What the tables do not know is a String. Takes exponents
 *  too, and either base64. */
MUST_CHECK enum rc plain_text_decode(struct lwm2m_path base,
    struct span payload, struct writer *scratch, struct lwm2m_entry *entries,
    size_t cap, size_t *count);

#endif
