/**
 * single_cbor.h - application/cbor, Content-Format 60 (LwM2M Core 1.1, section
 * 7.4; 7.4.3 in 1.1.1): one value as one item of CBOR (RFC 8949).
 */
#ifndef LWM2M_SINGLE_CBOR_H
#define LWM2M_SINGLE_CBOR_H

#include "lwm2m/object.h"

/** See lwm2m_encode. */
MUST_CHECK enum rc single_cbor_encode(struct lwm2m_path base,
    const struct lwm2m_entry *entries, size_t count, struct writer *w);

/** See lwm2m_decode. Every width of number, strings in pieces, decimal
 *  fractions, and for a Time a date (tag 0) or an epoch (tag 1). */
MUST_CHECK enum rc single_cbor_decode(struct lwm2m_path base,
    struct span payload, struct writer *scratch, struct lwm2m_entry *entries,
    size_t cap, size_t *count);

#endif
