/**
 * senml_cbor.h - SenML in CBOR, Content-Format 112 (RFC 8428 with the LwM2M
 * Core 7.4.5 rules): a definite array of records; `bn` once per instance, `n`
 * relative, shortest integers.
 */
#ifndef LWM2M_SENML_CBOR_H
#define LWM2M_SENML_CBOR_H

#include "lwm2m/object.h"

/** See lwm2m_encode. `base` may be "/" (a pack: one `bn` per instance) and
 *  down to a resource. */
MUST_CHECK enum rc senml_cbor_encode(struct lwm2m_path base,
    const struct lwm2m_entry *entries, size_t count, struct writer *w);

/**
 * The same with the whole path in every `n` and no `bn`: what factory loaders
 * take. Entries of any objects. Errors: as lwm2m_encode.
 */
MUST_CHECK enum rc senml_cbor_encode_absolute(
    const struct lwm2m_entry *entries, size_t count, struct writer *w);

/** See lwm2m_decode. Keys in any order, indefinite lengths, every width of
 *  number, decimal fractions; a base value (`bv`), a later version (`bver`) and
 *  a label that comes twice are refused, other fields are skipped. */
MUST_CHECK enum rc senml_cbor_decode(struct lwm2m_path base,
    struct span payload, struct writer *scratch, struct lwm2m_entry *entries,
    size_t cap, size_t *count);

#endif
