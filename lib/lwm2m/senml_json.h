/**
 * senml_json.h - SenML in JSON, Content-Format 110 (RFC 8428 section 5 with the
 * LwM2M Core 7.4.4 rules): an array of records without white space; `bn` once
 * per instance, `n` relative, opaque values as base64url without padding.
 */
#ifndef LWM2M_SENML_JSON_H
#define LWM2M_SENML_JSON_H

#include "lwm2m/object.h"

/** See lwm2m_encode. `base` as for senml_cbor_encode. */
MUST_CHECK enum rc senml_json_encode(struct lwm2m_path base,
    const struct lwm2m_entry *entries, size_t count, struct writer *w);

/** See lwm2m_decode. Names in any order; opaque values in either base64; a base
 *  value (`bv`) and a later version (`bver`) are refused, other fields are
 *  skipped. */
MUST_CHECK enum rc senml_json_decode(struct lwm2m_path base,
    struct span payload, struct writer *scratch, struct lwm2m_entry *entries,
    size_t cap, size_t *count);

#endif
