/**
 * oma_json.h - the JSON of LwM2M 1.0, Content-Format 11543 (LwM2M 1.0 section
 * 6.4.4): {"bn":"/0/1/","e":[{"n":"0","sv":"..."}]}. Opaque values are base64
 * with padding under `sv`, and only the object tables tell them from text.
 *
 * For the 1.0 clients that refuse TLV: what is newer has no use for it.
 */
#ifndef LWM2M_OMA_JSON_H
#define LWM2M_OMA_JSON_H

#include "lwm2m/object.h"

/** See lwm2m_encode. One `bn`, the path of the request. */
MUST_CHECK enum rc oma_json_encode(struct lwm2m_path base,
    const struct lwm2m_entry *entries, size_t count, struct writer *w);

/**
 * See lwm2m_decode. Names in any order, `bn` also behind `e`; without `bn`
 * names are relative to the request's path, or absolute with a slash in front.
 */
MUST_CHECK enum rc oma_json_decode(struct lwm2m_path base, struct span payload,
    struct writer *scratch, struct lwm2m_entry *entries, size_t cap,
    size_t *count);

#endif
