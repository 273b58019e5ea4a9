/**
 * opaque.h - application/octet-stream, Content-Format 42 (LwM2M Core 7.4.2):
 * the bytes of one Opaque resource and nothing else.
 */
#ifndef LWM2M_OPAQUE_FORMAT_H
#define LWM2M_OPAQUE_FORMAT_H

#include "lwm2m/object.h"

/** See lwm2m_encode. A value of another type is RC_UNSUPPORTED. */
MUST_CHECK enum rc opaque_encode(struct lwm2m_path base,
    const struct lwm2m_entry *entries, size_t count, struct writer *w);

/** See lwm2m_decode. */
MUST_CHECK enum rc opaque_decode(struct lwm2m_path base, struct span payload,
    struct writer *scratch, struct lwm2m_entry *entries, size_t cap,
    size_t *count);

#endif
