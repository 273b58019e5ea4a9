/**
 * lwm2m_cbor.h - LwM2M CBOR, Content-Format 11544 (LwM2M Core 1.2, section
 * 7.4): a map tree of absolute paths. A key is the next identifier of the path,
 * or an array of the next ones; what it maps to is a value or a map.
 *
 *     {[0, 1]: {0: "coaps://...", 16: {0: 49320, 1: 49326}}}   PUT /0/1
 *     {0: {1: {...}, 2: {...}}}                                PUT /0
 *     {[0, 1]: {...}, [1, 0]: {...}}                           a pack
 */
#ifndef LWM2M_LWM2M_CBOR_H
#define LWM2M_LWM2M_CBOR_H

#include "lwm2m/object.h"

/** See lwm2m_encode. Definite maps. The format has no empty map: no entries
 *  are RC_UNSUPPORTED. */
MUST_CHECK enum rc lwm2m_cbor_encode(struct lwm2m_path base,
    const struct lwm2m_entry *entries, size_t count, struct writer *w);

/**
 * See lwm2m_decode. Keys split in any way, indefinite lengths, every width of
 * number, decimal fractions, dates. An empty map is refused but for the
 * outermost: with that, Anjay says that it has nothing. Text in a key names a
 * device behind a gateway, which no bootstrap is about: refused.
 */
MUST_CHECK enum rc lwm2m_cbor_decode(struct lwm2m_path base,
    struct span payload, struct writer *scratch, struct lwm2m_entry *entries,
    size_t cap, size_t *count);

#endif
